/** Puts records of several hospitals into one order for display. Pure; nothing here decides what can be trusted. */
import type { Format } from '../text/format.js';
import { CATEGORIES, type CategoryName, type CategoryView, type RecordEntry, type RecordsView } from '../types.js';
import type { Text } from '../text/en.js';
import type { Trust } from './badge.js';

/** One record in a list. */
export interface Row {
  readonly key: string;
  readonly category: CategoryName;
  readonly relationship: string;
  readonly hospital: string;
  readonly steward: string;
  readonly provenAt: number;
  readonly entry: RecordEntry;
}

/** What one hospital answered for one category. */
export interface Part {
  readonly hospital: string;
  readonly steward: string;
  readonly view: CategoryView;
}

/** One category over all hospitals. */
export interface Group {
  readonly category: CategoryName;
  readonly parts: readonly Part[];
  readonly rows: readonly Row[];
}

/** What narrows a list. */
export interface Filter {
  readonly category: CategoryName | null;
  readonly steward: string | null;
  readonly search: string;
}

/** All categories that hold something, in their order; in each the newest record first, and those that do not hold before all. */
export function groupsOf(views: readonly RecordsView[]): readonly Group[] {
  return CATEGORIES.map((category) => {
    const answers = views.flatMap((view) =>
      view.categories.filter((answer) => answer.category === category).map((answer) => ({ view, answer })),
    );
    const parts = answers.map(({ view: { relationship }, answer }) => {
      return { hospital: relationship.steward.name, steward: relationship.steward.address, view: answer };
    });
    const rows = answers.flatMap(({ view, answer }) => answer.records.map((entry) => rowOf(view, category, entry)));
    return { category, parts, rows: rows.sort(newestFirst) };
  }).filter(({ parts }) => parts.some(({ view }) => view.count > 0 || view.state === 'broken'));
}

/** Keeps what the filter lets through. A search looks at the title, the value, the rows and the date as it is shown. */
export function narrowed(groups: readonly Group[], filter: Filter, text: Text, format: Format): readonly Group[] {
  const words = filter.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .filter(({ category }) => filter.category === null || category === filter.category)
    .map((group) => ({
      ...group,
      parts: group.parts.filter(({ steward }) => filter.steward === null || steward === filter.steward),
      rows: group.rows.filter((row) => {
        if (filter.steward !== null && row.steward !== filter.steward) return false;
        return words.length === 0 || holds(row, words, text, format);
      }),
    }))
    .filter(({ parts, rows }) => rows.length > 0 || (words.length === 0 && parts.some(({ view }) => view.state === 'broken')));
}

/** How many of a category's records can be shown, and what is wrong with the others. */
export function tally(view: CategoryView): { readonly good: number; readonly altered: number; readonly missing: number } {
  const number = (state: RecordEntry['state']): number => view.records.filter((entry) => entry.state === state).length;
  return { good: number('verified'), altered: number('altered'), missing: number('missing') };
}

/** The badge of a record: what was proven stays proven, but an old head makes it stale. */
export function trustOf(entry: RecordEntry, stale: boolean): Trust {
  if (entry.state === 'altered') return 'broken';
  if (entry.state === 'missing') return 'missing';
  return stale ? 'stale' : 'verified';
}

/** What stands as the title of a record. */
export function titleOf(row: Row, text: Text): string {
  const { view, index, count } = row.entry;
  if (view?.resourceType === 'Provenance' && view.title === 'Provenance') return text.records.provenance;
  return view?.title ?? text.records.withheldTitle(index + 1, count);
}

function rowOf(view: RecordsView, category: CategoryName, entry: RecordEntry): Row {
  const { steward } = view.relationship;
  return {
    key: `${category}.${entry.index}.${steward.address}`,
    category,
    relationship: view.relationship.id,
    hospital: steward.name,
    steward: steward.address,
    provenAt: view.provenAt.time,
    entry,
  };
}

function newestFirst(a: Row, b: Row): number {
  const withheld = Number(b.entry.view === null) - Number(a.entry.view === null);
  return withheld || (b.entry.view?.date ?? '').localeCompare(a.entry.view?.date ?? '');
}

function holds(row: Row, words: readonly string[], text: Text, format: Format): boolean {
  const { view } = row.entry;
  const parts = [row.hospital, text.category[row.category], titleOf(row, text)];
  if (view) parts.push(view.value ?? '', view.date ?? '', view.date ? format.recordDate(view.date) : '', ...view.rows.map(({ value }) => value));
  const hay = parts.join('\n').toLowerCase();
  return words.every((word) => hay.includes(word));
}
