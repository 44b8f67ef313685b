/** Tells how far a journey is, from the steps that the verifier reports. */
import type { Text } from './en.js';
import type { Progress } from '../types.js';

/**
 * The steps of accepting an invitation as a person sees them, by the number of the verifier's own steps that come
 * before the end of each: asking (sync, prove, ask), the hospital's opening (wait), accepting (sync, send), proof (wait).
 */
const INVITATION = [3, 4, 6, 7] as const;

/** The place of the step at work, from 0; the number of steps once all are done. */
export function invitationStep(progress: Progress | null): number {
  const done = progress?.done ?? 0;
  return INVITATION.filter((end) => end <= done).length;
}

/** What is being done, in words; nothing for a step that this version does not know. */
export function stepName(progress: Progress | null, text: Text): string {
  const names: Readonly<Record<string, string>> = text.step;
  return (progress && names[progress.step]) ?? '';
}
