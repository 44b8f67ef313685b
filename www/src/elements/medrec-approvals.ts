import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { ApprovalsView } from '../types.js';
import { icon } from './icons.js';

/** A request for new keys: the digits that both sides compare, and how many guardians have agreed. */
export class MedrecApprovals extends LitElement {
  static override properties = { approvals: { attribute: false } };
  static override styles = [
    base,
    surface,
    css`
      .digits { font: 600 26px/1.4 var(--medrec-mono); letter-spacing: 0.04em; overflow-wrap: normal; }
      .dots { display: flex; flex-wrap: wrap; gap: 8px; }
      .dots svg { color: var(--medrec-muted); }
      .dots .on svg { color: var(--medrec-verified); }
      @media (max-width: 399px) { .digits { font-size: 20px; } }
    `,
  ];
  declare approvals: ApprovalsView | undefined;
  readonly #words = new Words(this);

  override render(): TemplateResult | typeof nothing {
    const { approvals } = this;
    if (!approvals) return nothing;
    const { text, format } = this.#words;
    const { wayBack } = text;
    const { digits, by, threshold, readyAt, taken, addresses } = approvals;
    // Whoever agreed is counted anew once the keys have taken over.
    const agreed = taken || readyAt !== null ? Math.max(by, threshold) : by;
    return html`<div class="card stack">
      <div class="stack tight"><p class="small muted">${wayBack.digits}</p><p class="digits">${digits}</p></div>
      <div class="stack tight" role="status">
        <p class="dots" aria-hidden="true">${Array.from({ length: Math.max(threshold, agreed) }, (_, index) => {
          return html`<span class=${index < agreed ? 'on' : ''}>${icon(index < agreed ? 'check' : 'ring', 22)}</span>`;
        })}</p>
        <p><strong>${wayBack.agreed(agreed, threshold)}</strong></p>
        <p class="muted">${taken ? wayBack.taken : readyAt === null ? wayBack.then(text.guardians.span(approvals.delaySeconds)) : wayBack.readyAt(format.moment(readyAt))}</p>
        <p class="small muted">${wayBack.addresses(addresses)}</p>
      </div>
    </div>`;
  }
}

customElements.define('medrec-approvals', MedrecApprovals);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-approvals': MedrecApprovals;
  }
}
