import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-progress.js';

/**
 * Asks for the password of this device.
 *
 * @fires medrec-unlock-requested - `detail` is the password.
 * @fires medrec-restore-requested - the person would rather use the recovery words.
 */
export class MedrecUnlock extends LitElement {
  static override properties = { busy: { type: Boolean }, idle: { type: Boolean }, empty: { state: true } };
  static override styles = [base, buttons, fields, surface, css`form { max-width: 440px; }`];
  declare busy: boolean;
  declare idle: boolean;
  declare empty: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = false;
    this.idle = false;
    this.empty = false;
  }

  override render(): TemplateResult {
    const { unlock } = this.#words.text;
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      <div class="stack">
        <h1 tabindex="-1">${unlock.title}</h1>
        <p class="lead">${this.idle ? unlock.lockedByIdle : unlock.lead}</p>
      </div>
      <div class="field">
        <label for="password">${unlock.password}</label>
        <input id="password" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false"
          aria-describedby="empty" aria-invalid=${this.empty ? 'true' : nothing} />
        <p id="empty" class="wrong" role="alert">${this.empty ? unlock.empty : nothing}</p>
      </div>
      ${this.busy ? html`<medrec-progress .label=${unlock.busy}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row"><button class="primary" ?disabled=${this.busy}>${unlock.submit}</button></div>
      <hr />
      <div class="stack tight">
        <h2>${unlock.forgot}</h2>
        <p class="muted">${unlock.forgotHint}</p>
        <div class="row"><button type="button" ?disabled=${this.busy} @click=${this.#restore}>${unlock.restore}</button></div>
      </div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const detail = this.renderRoot.querySelector('input')?.value ?? '';
    this.empty = detail === '';
    if (this.empty || this.busy) return;
    this.dispatchEvent(new CustomEvent('medrec-unlock-requested', { detail, bubbles: true, composed: true }));
  };

  readonly #restore = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-restore-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-unlock', MedrecUnlock);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-unlock': MedrecUnlock;
  }
  interface HTMLElementEventMap {
    'medrec-unlock-requested': CustomEvent<string>;
  }
}
