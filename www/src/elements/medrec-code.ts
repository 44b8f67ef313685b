import { LitElement, css, html, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-copy.js';

/**
 * A new recovery code, to be written down or printed; it is shown once.
 *
 * @fires medrec-code-kept - the person has kept it.
 */
export class MedrecCode extends LitElement {
  static override properties = { code: { attribute: false } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .code { font: 600 18px/1.8 var(--medrec-mono); overflow-wrap: anywhere; user-select: all; }
      @media print { .screen-only { display: none !important; } }
    `,
  ];
  declare code: string;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.code = '';
  }

  override render(): TemplateResult {
    const { settings, phrase } = this.#words.text;
    const { ways } = settings;
    return html`<div class="stack">
      <p class="screen-only">${ways.codeLead}</p>
      <div class="notice stack tight">
        <p class="small muted">${ways.codeShown}</p>
        <p class="code" translate="no" lang="en" aria-label=${ways.codeShown}>${this.code}</p>
      </div>
      <div class="row screen-only">
        <button type="button" class="primary" @click=${this.#kept}>${ways.codeDone}</button>
        <button type="button" @click=${this.#print}>${phrase.print}</button>
        <medrec-copy .value=${this.code} .name=${ways.codeShown} .label=${this.#words.text.common.copy}></medrec-copy>
      </div>
    </div>`;
  }

  readonly #print = (): void => {
    window.print();
  };

  readonly #kept = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-code-kept', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-code', MedrecCode);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-code': MedrecCode;
  }
}
