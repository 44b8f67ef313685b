/** What changed from one version of a record to the next, as it is shown. Pure. */
import type { RecordView } from '../types.js';

/** One fact that is not the same in both; null where there was none. */
export interface Change {
  /** `title`, `value`, `date`, or the label of a row. */
  readonly label: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function changesOf(before: RecordView, after: RecordView): readonly Change[] {
  const [old, now] = [factsOf(before), factsOf(after)];
  const labels = [...new Set([...old.keys(), ...now.keys()])];
  return labels
    .map((label) => ({ label, before: old.get(label) ?? null, after: now.get(label) ?? null }))
    .filter((change) => change.before !== change.after);
}

function factsOf({ title, value, date, rows }: RecordView): ReadonlyMap<string, string> {
  const facts = new Map<string, string>([['title', title]]);
  if (value !== null) facts.set('value', value);
  if (date !== null) facts.set('date', date);
  for (const { label, value: fact } of rows) facts.set(label, facts.has(label) ? `${facts.get(label) ?? ''}; ${fact}` : fact);
  return facts;
}
