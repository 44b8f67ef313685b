import { LitElement, css, html, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import './medrec-copy.js';

/** A link for a guardian, to be handed over by whatever way. */
export class MedrecHandLink extends LitElement {
  static override properties = { text: {}, name: {}, action: {} };
  static override styles = [
    base,
    css`
      :host { display: grid; gap: 12px; justify-items: start; }
      code { font: 13px/1.5 var(--medrec-mono); overflow-wrap: anywhere; padding: 10px 12px; border-radius: 8px; background: var(--medrec-sunken); max-height: 7.5em; overflow-y: auto; width: 100%; }
    `,
  ];
  /** What stands behind the place in the link. */
  declare text: string;
  /** What kind of link it is. */
  declare name: string;
  declare action: string;

  constructor() {
    super();
    this.text = '';
    this.name = '';
    this.action = '';
  }

  override render(): TemplateResult {
    const link = new URL(hashOf({ kind: 'guardian', text: this.text }), location.href).href;
    return html`<code tabindex="0" role="textbox" aria-readonly="true" aria-label=${this.name}>${link}</code>
      <medrec-copy .value=${link} .name=${this.name} .label=${this.action}></medrec-copy>`;
  }
}

customElements.define('medrec-hand-link', MedrecHandLink);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-hand-link': MedrecHandLink;
  }
}
