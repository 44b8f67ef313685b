import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { SharedView } from '../types.js';
import { icon } from './icons.js';

/** The people who let this person read some of their records. */
export class MedrecSharedList extends LitElement {
  static override properties = { shared: { attribute: false } };
  static override styles = [
    base,
    buttons,
    css`
      li { display: grid; grid-template-columns: auto 1fr auto; gap: 4px 16px; align-items: start; padding: 12px 0; border-bottom: 1px solid var(--medrec-line); }
      .sign { color: var(--medrec-accent); }
      .effective { color: var(--medrec-verified); font-weight: 600; }
      @media (max-width: 559px) { li { grid-template-columns: auto 1fr; } a.button { grid-column: 2; justify-self: start; } }
    `,
  ];
  declare shared: readonly SharedView[];
  readonly #words = new Words(this);

  constructor() {
    super();
    this.shared = [];
  }

  override render(): TemplateResult {
    return html`<ul>${this.shared.map((view) => this.#item(view))}</ul>`;
  }

  #item({ patient, steward, categories, until, state }: SharedView): TemplateResult {
    const { text, format } = this.#words;
    const person = text.common.personAt(format.short(patient));
    return html`<li>
      <span class="sign">${icon('person', 24)}</span>
      <div class="stack tight">
        <strong>${person}</strong>
        <span>${categories.length > 0 ? text.home.mayRead(categories.map((category) => text.category[category]), steward.name) : text.sharing.from(steward.name)}</span>
        <span class="small muted"><span class=${state}>${text.sharing.sharedState[state]}</span>${
          state === 'effective' ? html` · ${until === null ? text.sharing.noEndOther : text.sharing.until(format.day(until))}` : nothing
        }</span>
      </div>
      ${state === 'effective'
        ? html`<a class="button small-button" aria-label=${text.sharing.sharedOpenFor(person)} href=${hashOf({ kind: 'shared', patient, steward: steward.address, category: null, record: null })}>${text.sharing.sharedOpen}</a>`
        : nothing}
    </li>`;
  }
}

customElements.define('medrec-shared-list', MedrecSharedList);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-shared-list': MedrecSharedList;
  }
}
