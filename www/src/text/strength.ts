/** How hard a password is to guess, roughly: a hint to a person, not a rule. */

export type Strength = 'none' | 'short' | 'weak' | 'fair' | 'strong';

/** The least length that is taken: the only rule there is. */
export const LEAST_LENGTH = 8;

export function strengthOf(password: string): Strength {
  const length = Array.from(password).length;
  if (length === 0) return 'none';
  if (length < LEAST_LENGTH) return 'short';
  const bits = Math.min(new Set(password).size * 1.2, length) * Math.log2(alphabet(password));
  if (bits < 48) return 'weak';
  return bits < 72 ? 'fair' : 'strong';
}

/** How many characters the password seems to be drawn from. */
function alphabet(password: string): number {
  const classes: readonly [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/\d/, 10],
    [/[ -/:-@[-`{-~]/, 20],
    [/[^ -~]/, 500],
  ];
  return classes.reduce((sum, [pattern, size]) => (pattern.test(password) ? sum + size : sum), 0);
}
