/** The badge of trust: a sign and a word for each state, never a colour alone. */
import { css, html, type TemplateResult } from 'lit';
import type { Text } from '../text/en.js';
import { icon, type IconName } from './icons.js';

/** What a badge says. `stale` is proven, but against an old head; `pending` has no seal yet. */
export type Trust = 'verified' | 'pending' | 'stale' | 'broken' | 'missing';

const signs: Readonly<Record<Trust, IconName>> = {
  broken: 'altered',
  missing: 'missing',
  pending: 'ring',
  stale: 'clock',
  verified: 'verified',
};

export const badgeStyles = css`
  .badge {
    display: inline-flex; align-items: center; gap: 4px; font-size: 13px; line-height: 1.4; font-weight: 600; white-space: nowrap;
  }
  .badge.verified { color: var(--medrec-verified); }
  .badge.pending { color: var(--medrec-plain); }
  .badge.stale { color: var(--medrec-stale); }
  .badge.broken, .badge.missing { color: var(--medrec-broken); }
  .badge.filled { padding: 4px 10px 4px 8px; border-radius: 999px; }
  .badge.filled.verified { background: var(--medrec-verified-soft); }
  .badge.filled.pending { background: var(--medrec-plain-soft); }
  .badge.filled.stale { background: var(--medrec-stale-soft); }
  .badge.filled.broken, .badge.filled.missing { background: var(--medrec-broken-soft); }
`;

/** Draws the badge of a state. `when` is the time of the last check, in words, for a stale one. */
export function badge(trust: Trust, text: Text, when = '', look: 'plain' | 'filled' = 'plain'): TemplateResult {
  return html`<span class="badge ${trust} ${look}">${icon(signs[trust], look === 'filled' ? 18 : 16)}${word(trust, text, when)}</span>`;
}

function word(trust: Trust, text: Text, when: string): string {
  return trust === 'stale' ? text.trust.stale(when) : text.trust[trust];
}
