import { LitElement, css, html, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { Words } from '../text/words.js';
import { CATEGORIES, type ViewerView } from '../types.js';
import { icon } from './icons.js';

/** People × categories: who may read what, as a table with a sign and a word in each place. */
export class MedrecMatrix extends LitElement {
  static override properties = { viewers: { attribute: false }, caption: {} };
  static override styles = [
    base,
    css`
      .frame { overflow-x: auto; }
      .frame:focus-visible { outline-offset: 2px; }
      table { border-collapse: collapse; min-width: 100%; }
      th, td { padding: 7px 12px; border-bottom: 1px solid var(--medrec-line); }
      th { text-align: left; font-weight: 400; }
      thead th { font-size: 13px; line-height: 1.35; font-weight: 650; text-align: center; vertical-align: bottom; min-width: 104px; max-width: 150px; overflow-wrap: anywhere; }
      tbody th { padding-left: 0; white-space: nowrap; position: sticky; left: 0; background: var(--medrec-paper); }
      td { text-align: center; }
      td svg { margin: 0 auto; }
      .may { color: var(--medrec-verified); }
      .pending { color: var(--medrec-stale); }
      .not { color: var(--medrec-line); }
      tbody tr:hover > * { background: var(--medrec-sunken); }
    `,
  ];
  declare viewers: readonly ViewerView[];
  declare caption: string;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.viewers = [];
    this.caption = '';
  }

  override render(): TemplateResult {
    const { text, format } = this.#words;
    const shown = this.viewers.filter(({ state }) => state !== 'ended');
    return html`<div class="frame" tabindex="0" role="region" aria-label=${this.caption}>
      <table>
        <caption class="hidden-text">${this.caption}</caption>
        <thead>
          <tr>
            <td></td>
            ${shown.map(({ name, viewer }) => html`<th scope="col">${name ?? text.common.personAt(format.short(viewer))}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${CATEGORIES.map((category) => {
            return html`<tr>
              <th scope="row">${text.category[category]}</th>
              ${shown.map((viewer) => this.#cell(viewer, viewer.categories.includes(category)))}
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #cell(viewer: ViewerView, may: boolean): TemplateResult {
    const { sharing } = this.#words.text;
    if (!may) return html`<td class="not"><span aria-hidden="true">–</span><span class="hidden-text">${sharing.mayNot}</span></td>`;
    const pending = viewer.state === 'pending';
    return html`<td class=${pending ? 'pending' : 'may'}>${icon(pending ? 'clock' : 'check', 20)}<span class="hidden-text">${pending ? sharing.state.pending : sharing.may}</span></td>`;
  }
}

customElements.define('medrec-matrix', MedrecMatrix);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-matrix': MedrecMatrix;
  }
}
