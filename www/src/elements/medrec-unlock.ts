import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon } from './icons.js';
import './medrec-progress.js';

/**
 * Asks for what opens the keys of this device: a passkey if there is one, the password, or the recovery code.
 *
 * @fires medrec-unlock-requested - `detail` is the password.
 * @fires medrec-passkey-requested - the person would like to use a passkey.
 * @fires medrec-code-entered - `detail` is the recovery code.
 * @fires medrec-restore-requested - the person would rather use the recovery words.
 */
export class MedrecUnlock extends LitElement {
  static override properties = {
    busy: { attribute: false },
    absence: {},
    passkey: { type: Boolean },
    code: { type: Boolean },
    empty: { state: true },
    asksCode: { state: true },
  };
  static override styles = [base, buttons, fields, surface, css`form, .row { max-width: 440px; }`];
  /** What is waited for. */
  declare busy: 'no' | 'passkey' | 'secret';
  /** Why it was locked, if nobody asked for it. */
  declare absence: 'idle' | 'away' | 'asleep' | null;
  /** Whether a passkey, or a recovery code, opens these keys. */
  declare passkey: boolean;
  declare code: boolean;
  declare empty: boolean;
  declare asksCode: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = 'no';
    this.absence = null;
    this.passkey = false;
    this.code = false;
    this.empty = false;
    this.asksCode = false;
  }

  override render(): TemplateResult {
    const { unlock } = this.#words.text;
    const busy = this.busy !== 'no';
    return html`<div class="stack wide">
      <div class="stack">
        <h1 tabindex="-1">${unlock.title}</h1>
        <p class="lead">${this.absence ? unlock.lockedBy[this.absence] : unlock.lead}</p>
      </div>
      ${this.passkey
        ? html`<div class="row"><button type="button" class="primary" ?disabled=${busy} @click=${this.#passkey}>${icon('person', 20)}${unlock.withPasskey}</button></div>
            ${this.busy === 'passkey' ? html`<medrec-progress .label=${unlock.waiting}></medrec-progress>` : nothing}
            <h2>${unlock.orPassword}</h2>`
        : nothing}
      <form class="stack" novalidate @submit=${this.#submit}>
        <div class="field">
          <label for="password">${unlock.password}</label>
          <input id="password" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false"
            aria-describedby="empty" aria-invalid=${this.empty ? 'true' : nothing} />
          <p id="empty" class="wrong" role="alert">${this.empty ? unlock.empty : nothing}</p>
        </div>
        ${this.busy === 'secret' ? html`<medrec-progress .label=${unlock.busy}></medrec-progress>` : nothing}
        <slot></slot>
        <div class="row"><button class=${this.passkey ? '' : 'primary'} ?disabled=${busy}>${unlock.submit}</button></div>
      </form>
      <hr />
      <div class="stack">
        <div class="stack tight"><h2>${unlock.forgot}</h2><p class="muted">${unlock.forgotHint}</p></div>
        ${this.asksCode ? this.#codeForm(busy) : nothing}
        <div class="row">
          ${this.code && !this.asksCode ? html`<button type="button" ?disabled=${busy} @click=${() => (this.asksCode = true)}>${unlock.withCode}</button>` : nothing}
          <button type="button" ?disabled=${busy} @click=${this.#restore}>${unlock.restore}</button>
        </div>
      </div>
    </div>`;
  }

  #codeForm(busy: boolean): TemplateResult {
    const { unlock } = this.#words.text;
    return html`<form class="stack" novalidate @submit=${this.#enterCode}>
      <div class="field">
        <label for="code">${unlock.code}</label>
        <input id="code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint" />
        <p id="code-hint" class="hint">${unlock.codeHint}</p>
      </div>
      <div class="row"><button class="primary" ?disabled=${busy}>${unlock.submit}</button></div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const detail = this.renderRoot.querySelector<HTMLInputElement>('#password')?.value ?? '';
    this.empty = detail === '';
    if (this.empty || this.busy !== 'no') return;
    this.dispatchEvent(new CustomEvent('medrec-unlock-requested', { detail, bubbles: true, composed: true }));
  };

  readonly #enterCode = (event: Event): void => {
    event.preventDefault();
    const detail = this.renderRoot.querySelector<HTMLInputElement>('#code')?.value ?? '';
    if (this.busy !== 'no') return;
    this.dispatchEvent(new CustomEvent('medrec-code-entered', { detail, bubbles: true, composed: true }));
  };

  readonly #passkey = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-passkey-requested', { bubbles: true, composed: true }));
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
    'medrec-code-entered': CustomEvent<string>;
    'medrec-unlock-requested': CustomEvent<string>;
  }
}
