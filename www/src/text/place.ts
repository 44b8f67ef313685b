/** Where in the app one is, as it stands behind the `#` of the address. Pure text: reading and writing are exact inverses. */
import { CATEGORIES, type CategoryName } from '../types.js';

export type Place =
  | { readonly kind: 'home' }
  | { readonly kind: 'records'; readonly category: CategoryName | null; readonly record: string | null }
  | { readonly kind: 'trends' }
  | { readonly kind: 'add'; readonly correction: Correction | null }
  | { readonly kind: 'take-along' }
  | { readonly kind: 'sharing' }
  | { readonly kind: 'activity' }
  | { readonly kind: 'grant'; readonly relationship: string }
  | { readonly kind: 'shared'; readonly patient: string; readonly steward: string; readonly category: CategoryName | null; readonly record: string | null }
  | { readonly kind: 'settings' }
  | { readonly kind: 'words' }
  | { readonly kind: 'guardians' }
  | { readonly kind: 'way-back' }
  | { readonly kind: 'invitation' | 'guardian'; readonly text: string };

/** What a hospital is asked to correct: in which relationship, and which record. */
export interface Correction {
  readonly relationship: string;
  readonly title: string;
}

/** Reads a location hash. What it does not know is Home. */
export function placeOf(hash: string): Place {
  const [name = '', ...rest] = hash.replace(/^#?\/?/, '').split('/').map(decoded);
  const at = (index: number): string => rest[index] ?? '';
  switch (name) {
    case 'records':
      return { kind: 'records', category: categoryOf(at(0)), record: at(1) || null };
    case 'shared':
      if (!at(0) || !at(1)) return { kind: 'sharing' };
      return { kind: 'shared', patient: at(0), steward: at(1), category: categoryOf(at(2)), record: at(3) || null };
    case 'sharing':
      return at(0) === 'allow' && at(1) ? { kind: 'grant', relationship: at(1) } : { kind: 'sharing' };
    case 'activity':
      return { kind: 'activity' };
    case 'settings':
      return { kind: settingsOf(at(0)) };
    case 'add':
      return { kind: 'add', correction: at(0) && at(1) ? { relationship: at(0), title: at(1) } : null };
    case 'take-along':
    case 'trends':
    case 'way-back':
      return { kind: name };
    case 'guardian':
    case 'invitation':
      return at(0) ? { kind: name, text: at(0) } : { kind: 'home' };
    default:
      return { kind: 'home' };
  }
}

/** Writes a place as a location hash. */
export function hashOf(place: Place): string {
  switch (place.kind) {
    case 'records':
      return path('records', ...selection(place));
    case 'shared':
      return path('shared', place.patient, place.steward, ...selection(place));
    case 'grant':
      return path('sharing', 'allow', place.relationship);
    case 'guardian':
    case 'invitation':
      return path(place.kind, place.text);
    case 'guardians':
    case 'words':
      return path('settings', place.kind);
    case 'add':
      return path('add', ...(place.correction ? [place.correction.relationship, place.correction.title] : []));
    case 'activity':
    case 'home':
    case 'settings':
    case 'sharing':
    case 'take-along':
    case 'trends':
    case 'way-back':
      return path(place.kind);
  }
}

/** Finds the text of an invitation, or of what is for a guardian, in what somebody pasted: a whole link, or the part behind its `#`. */
export function textIn(kind: 'invitation' | 'guardian', pasted: string): string | null {
  const [, found, text] = /#\/(invitation|guardian)\/([^\s/?#]+)\s*$/.exec(pasted) ?? [];
  return found !== kind || text === undefined ? null : decoded(text);
}

/** Whether a text has the shape of a sharing code or an address. Only the verifier decides whether it is one. */
export function looksLikeCode(text: string): boolean {
  return /^(medrec:viewer:\d+:)?0x[0-9a-f]{40}$/i.test(text.trim());
}

function settingsOf(name: string): 'words' | 'guardians' | 'settings' {
  return name === 'words' || name === 'guardians' ? name : 'settings';
}

/** The category list of all records is written `all` when a record is open in it. */
function selection(place: { readonly category: CategoryName | null; readonly record: string | null }): string[] {
  if (place.record !== null) return [place.category ?? 'all', place.record];
  return place.category === null ? [] : [place.category];
}

function categoryOf(name: string): CategoryName | null {
  return CATEGORIES.find((category) => category === name) ?? null;
}

function path(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray `%` stands for itself
  }
}
