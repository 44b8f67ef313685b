import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { Words } from '../text/words.js';
import { badgeStyles } from './badge.js';
import { icon } from './icons.js';
import { tally, type Part } from './rows.js';

/** Says for one category whether all records are there, or exactly what is altered or missing, and from whom. */
export class MedrecCompleteness extends LitElement {
  static override properties = { parts: { attribute: false }, brief: { type: Boolean } };
  static override styles = [base, badgeStyles, css`
    .badge { white-space: normal; align-items: flex-start; font-weight: 400; }
    .badge svg { margin-top: 1px; }
    ul { padding-left: 20px; }
  `];
  declare parts: readonly Part[];
  /** Says where each record comes from only if something is wrong. */
  declare brief: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.parts = [];
    this.brief = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { records } = this.#words.text;
    const told = this.parts.filter(({ view }) => view.count > 0);
    if (told.length === 0) return nothing;
    const all = told.reduce((sum, { view }) => sum + view.count, 0);
    const good = told.reduce((sum, { view }) => sum + tally(view).good, 0);
    const whole = good === all && this.parts.every(({ view }) => view.state === 'complete');
    return html`<p class="badge ${whole ? 'verified' : 'broken'}">
        ${icon(whole ? 'check' : 'missing', 16)}<span>${whole ? records.complete(all) : records.incomplete(good, all)}</span>
      </p>
      ${(told.length > 1 && !this.brief) || !whole ? html`<ul class="small muted">${told.map((part) => this.#part(part))}</ul>` : nothing}`;
  }

  #part({ hospital, view }: Part): TemplateResult {
    const { records } = this.#words.text;
    const { good, altered, missing } = tally(view);
    return html`<li>${good === view.count ? records.completeFrom(view.count, hospital) : records.incompleteFrom(good, view.count, hospital, altered, missing)}</li>`;
  }
}

customElements.define('medrec-completeness', MedrecCompleteness);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-completeness': MedrecCompleteness;
  }
}
