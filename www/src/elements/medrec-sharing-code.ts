import { LitElement, css, html, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-copy.js';

/** The code that this person gives to others who want to share with them. */
export class MedrecSharingCode extends LitElement {
  static override properties = { card: {} };
  static override styles = [
    base,
    css`
      .code { display: grid; gap: 12px; justify-items: start; }
      code { font: 14px/1.5 var(--medrec-mono); overflow-wrap: anywhere; padding: 10px 12px; border-radius: 8px; background: var(--medrec-sunken); }
    `,
  ];
  declare card: string;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.card = '';
  }

  override render(): TemplateResult {
    const { sharing } = this.#words.text;
    return html`<div class="code">
      <p class="muted">${sharing.codeHint}</p>
      <code aria-label=${sharing.code}>${this.card}</code>
      <medrec-copy .value=${this.card} .name=${sharing.code} .label=${sharing.codeCopy}></medrec-copy>
    </div>`;
  }
}

customElements.define('medrec-sharing-code', MedrecSharingCode);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-sharing-code': MedrecSharingCode;
  }
}
