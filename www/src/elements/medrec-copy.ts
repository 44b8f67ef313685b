import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon } from './icons.js';

/** A button that copies one text, and says that it did. `label` is what it says; `name` tells what is copied. */
export class MedrecCopy extends LitElement {
  static override properties = { value: {}, name: {}, label: {}, state: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      :host { display: inline-block; }
      .bare { min-height: 32px; min-width: 32px; padding: 6px; border-color: transparent; background: transparent; }
    `,
  ];
  declare value: string;
  declare name: string;
  declare label: string;
  declare state: 'idle' | 'copied' | 'failed';
  readonly #words = new Words(this);

  constructor() {
    super();
    this.value = '';
    this.name = '';
    this.label = '';
    this.state = 'idle';
  }

  override render(): TemplateResult {
    const { common } = this.#words.text;
    const done = this.state === 'copied';
    return html`<button type="button" class=${this.label ? '' : 'bare'} aria-label=${this.label ? nothing : common.copyOf(this.name)} @click=${this.#copy}>
        ${icon(done ? 'check' : 'copy', 18)}${this.label ? html`<span>${done ? common.copied : this.label}</span>` : nothing}
      </button><span role="status" class=${this.state === 'failed' ? 'small' : 'hidden-text'}>${
        this.state === 'idle' ? nothing : done ? common.copied : common.copyFailed
      }</span>`;
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.value);
      this.state = 'copied';
      setTimeout(() => (this.state = 'idle'), 2500);
    } catch {
      this.state = 'failed';
    }
  };
}

customElements.define('medrec-copy', MedrecCopy);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-copy': MedrecCopy;
  }
}
