import { LitElement, html, type TemplateResult } from 'lit';
import { base, buttons } from '../styles/base.js';
import { icon } from './icons.js';

/** A button that saves one text, or bytes, as a file. `name` is the file's, `type` its media type, `label` what the button says. */
export class MedrecSave extends LitElement {
  static override properties = { value: { attribute: false }, name: {}, type: {}, label: {} };
  static override styles = [base, buttons];
  declare value: string | Uint8Array<ArrayBuffer>;
  declare name: string;
  declare type: string;
  declare label: string;

  constructor() {
    super();
    this.value = '';
    this.name = '';
    this.type = 'text/plain';
    this.label = '';
  }

  override render(): TemplateResult {
    return html`<button type="button" @click=${this.#save}>${icon('download', 18)}<span>${this.label}</span></button>`;
  }

  readonly #save = (): void => {
    const address = URL.createObjectURL(new Blob([this.value], { type: this.type }));
    const link = document.createElement('a');
    link.href = address;
    link.download = this.name;
    link.click();
    // Not at once: some browsers begin to read it only later.
    setTimeout(() => { URL.revokeObjectURL(address); }, 60_000);
  };
}

customElements.define('medrec-save', MedrecSave);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-save': MedrecSave;
  }
}
