/** Tells how far a journey is, from the step names that the verifier reports. */
import type { Progress } from '../types.js';

const orders = {
  grant: [['sign', 'sending', 'send'], ['waiting', 'wait', 'proving', 'prove', 'proven']],
  invitation: [
    ['ask', 'asking', 'asked', 'redeem', 'redeeming'],
    ['open', 'opening', 'opened', 'propose', 'proposed'],
    ['accept', 'accepting', 'accepted'],
    ['prove', 'proving', 'proven'],
  ],
} as const;

/** The place of a step in its journey. Where names are unknown, the numbers that came with them tell. */
export function stepAt(journey: keyof typeof orders, progress: Progress | null): number {
  if (progress === null) return 0;
  const order: readonly (readonly string[])[] = orders[journey];
  const named = order.findIndex((names) => names.includes(progress.step));
  return named >= 0 ? named : Math.min(progress.done, order.length - 1);
}
