import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-password-fields.js';
import './medrec-progress.js';

/** The former password and the one to take its place. */
export interface PasswordChange {
  readonly former: string;
  readonly password: string;
}

/**
 * Asks for the password as it is and for a new one.
 *
 * @fires medrec-password-changed - `detail` is the `PasswordChange`.
 * @fires medrec-back-requested - the person does not go on.
 * @slot - what went wrong.
 */
export class MedrecChangePassword extends LitElement {
  static override properties = { busy: { type: Boolean }, empty: { state: true } };
  static override styles = [base, buttons, fields, css`form { max-width: 440px; }`];
  declare busy: boolean;
  declare empty: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = false;
    this.empty = false;
  }

  override render(): TemplateResult {
    const { settings, unlock, common } = this.#words.text;
    const { ways } = settings;
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      <div class="field">
        <label for="former">${ways.current}</label>
        <input id="former" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false"
          aria-describedby="empty" aria-invalid=${this.empty ? 'true' : nothing} />
        <p id="empty" class="wrong" role="alert">${this.empty ? unlock.empty : nothing}</p>
      </div>
      <medrec-password-fields></medrec-password-fields>
      ${this.busy ? html`<medrec-progress .label=${ways.busy}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${this.busy}>${ways.change}</button>
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#back}>${common.cancel}</button>
      </div>
    </form>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus();
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const former = this.renderRoot.querySelector('input')?.value ?? '';
    this.empty = former === '';
    const password = this.renderRoot.querySelector('medrec-password-fields')?.take();
    if (this.empty || password === undefined || this.busy) return;
    const detail: PasswordChange = { former, password };
    this.dispatchEvent(new CustomEvent('medrec-password-changed', { detail, bubbles: true, composed: true }));
  };

  readonly #back = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-back-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-change-password', MedrecChangePassword);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-change-password': MedrecChangePassword;
  }
  interface HTMLElementEventMap {
    'medrec-password-changed': CustomEvent<PasswordChange>;
  }
}
