import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { CategoryView } from '../types.js';
import type { GrantDraft } from './grant-draft.js';

/** Step three of letting someone read: the whole choice as one sentence, and what they will see. */
export class MedrecGrantReview extends LitElement {
  static override properties = { draft: { attribute: false }, who: {}, hospital: {}, until: { attribute: false }, known: { attribute: false } };
  static override styles = [
    base,
    surface,
    css`
      table { width: 100%; border-collapse: collapse; }
      caption { text-align: left; font-weight: 650; padding-bottom: 4px; }
      th, td { padding: 8px 0; border-bottom: 1px solid var(--medrec-line); font-weight: 400; text-align: left; }
      td { text-align: right; }
      .total { padding-top: 8px; }
    `,
  ];
  declare draft: GrantDraft | undefined;
  declare who: string;
  declare hospital: string;
  declare until: number | null;
  declare known: readonly CategoryView[] | undefined;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.who = '';
    this.hospital = '';
    this.until = null;
  }

  override render(): TemplateResult | typeof nothing {
    const { draft } = this;
    if (!draft) return nothing;
    const { text, format } = this.#words;
    const { grant } = text;
    const counts = draft.categories.map((category) => this.known?.find((view) => view.category === category)?.count ?? 0);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return html`<div class="stack">
      <p>${grant.reviewSentence(this.who, this.hospital)}</p>
      <div class="card">
        <table>
          <caption>${grant.preview}</caption>
          <tbody>
            ${draft.categories.map((category, index) => {
              return html`<tr><th scope="row">${text.category[category]}</th><td>${this.known ? format.number(counts[index] ?? 0) : nothing}</td></tr>`;
            })}
          </tbody>
        </table>
        <p class="small muted total">${this.known ? grant.previewTotal(total) : grant.previewUnknown}</p>
      </div>
      <p><strong>${this.until === null ? grant.reviewOpen : grant.reviewUntil(format.day(this.until))}</strong></p>
      <p class="muted">${grant.warning}</p>
    </div>`;
  }
}

customElements.define('medrec-grant-review', MedrecGrantReview);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-grant-review': MedrecGrantReview;
  }
}
