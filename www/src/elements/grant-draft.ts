/** What a person has chosen so far while letting someone read, and what is still missing. Pure. */
import { looksLikeCode } from '../text/place.js';
import type { CategoryName } from '../types.js';

export type Span = 'week' | 'month' | 'year' | 'date' | 'open';

export interface GrantDraft {
  /** The address of a member, or `code` for someone with a sharing code. */
  readonly who: string;
  readonly code: string;
  readonly relationship: string;
  readonly categories: readonly CategoryName[];
  readonly span: Span;
  /** `YYYY-MM-DD`, for the span `date`. */
  readonly day: string;
}

/** A finished choice. */
export interface GrantRequest {
  readonly relationship: string;
  readonly viewer: string;
  readonly name: string;
  readonly categories: readonly CategoryName[];
  readonly until: number | null;
  /** What the person showed it with that the screen is theirs; `null` for a passkey that is yet to be asked. */
  readonly password: string | null;
}

export type GrantGap = 'who' | 'code' | 'categories' | 'until';

/** The span in seconds from `now` on; `null` is an open end, `undefined` an unusable day. */
export function untilOf(draft: GrantDraft, now: number): number | null | undefined {
  if (draft.span === 'open') return null;
  const end = new Date(now * 1000);
  if (draft.span === 'week') end.setDate(end.getDate() + 7);
  else if (draft.span === 'month') addMonths(end, 1);
  else if (draft.span === 'year') addMonths(end, 12);
  else {
    const [year, month, day] = draft.day.split('-').map(Number);
    if (year === undefined || month === undefined || day === undefined) return undefined;
    end.setFullYear(year, month - 1, day);
  }
  end.setHours(23, 59, 59, 0); // the last day counts whole
  const time = Math.floor(end.getTime() / 1000);
  return Number.isSafeInteger(time) && time > now ? time : undefined;
}

/** What is missing on a step, if anything: 1 is who, 2 is what and until when. */
export function gapOf(draft: GrantDraft, step: number, now: number): GrantGap | undefined {
  if (step === 1) {
    if (draft.who === '') return 'who';
    return draft.who === 'code' && !looksLikeCode(draft.code) ? 'code' : undefined;
  }
  if (draft.categories.length === 0) return 'categories';
  return untilOf(draft, now) === undefined ? 'until' : undefined;
}

/** Goes on by months, to the last day of a month that is shorter. */
function addMonths(date: Date, months: number): void {
  const day = date.getDate();
  date.setMonth(date.getMonth() + months);
  if (date.getDate() !== day) date.setDate(0);
}
