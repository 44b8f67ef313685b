/** Finds the sentences for an error code. Codes come from the verifier and are stable; sentences stand in the catalogues. */
import type { Text } from './en.js';

/** What an error means to a patient: what happened, what it means, what to do now. */
export interface Explanation {
  readonly what: string;
  readonly means: string;
  readonly now: string;
}

type ErrorKey = Exclude<keyof Text['errors'], 'labels' | 'sources'>;

/** Explains a code: the exact one, else the longest known beginning of it, else the fallback. */
export function explain(code: string, text: Text): Explanation {
  return text.errors[keyOf(code)];
}

/** The key of the sentences for a code. */
export function keyOf(code: string): ErrorKey {
  const parts = code.split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const key = known.get(parts.slice(0, length).join('/'));
    if (key !== undefined) return key;
  }
  return 'fallback';
}

const known: ReadonlyMap<string, ErrorKey> = new Map([
  ['network', 'unreachable'],
]);
