import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon } from './icons.js';

/**
 * Asks who sits at an unlocked screen to show that it is theirs: with the password, which `take()` gives, or a passkey.
 *
 * @fires medrec-passkey-requested - the person would like to use a passkey.
 * @fires medrec-owner-entered - the person pressed Enter.
 */
export class MedrecOwner extends LitElement {
  static override properties = { passkey: { type: Boolean }, busy: { type: Boolean }, empty: { state: true } };
  static override styles = [base, buttons, fields, css`.field { max-width: 440px; }`];
  /** Whether a passkey opens these keys. */
  declare passkey: boolean;
  declare busy: boolean;
  declare empty: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.passkey = false;
    this.busy = false;
    this.empty = false;
  }

  /** The password, or nothing when none was typed; the field then says so and takes the focus. */
  take(): string | undefined {
    const field = this.renderRoot.querySelector<HTMLInputElement>('#password');
    this.empty = !field?.value;
    if (this.empty) field?.focus();
    return field?.value || undefined;
  }

  override render(): TemplateResult {
    const { owner, unlock, settings } = this.#words.text;
    return html`<div class="stack">
      <p>${owner.lead}</p>
      ${this.passkey
        ? html`<div class="row"><button type="button" ?disabled=${this.busy} @click=${this.#passkey}>${icon('person', 20)}${owner.passkey}</button></div>`
        : nothing}
      <div class="field">
        <label for="password">${settings.ways.current}</label>
        <input id="password" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false" ?disabled=${this.busy}
          aria-describedby="empty" aria-invalid=${this.empty ? 'true' : nothing} @keydown=${this.#key} />
        <p id="empty" class="wrong" role="alert">${this.empty ? unlock.empty : nothing}</p>
      </div>
    </div>`;
  }

  /** Enter sends the form around it, which cannot see this field. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') this.dispatchEvent(new CustomEvent('medrec-owner-entered', { bubbles: true, composed: true }));
  };

  readonly #passkey = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-passkey-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-owner', MedrecOwner);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-owner': MedrecOwner;
  }
  interface HTMLElementEventMap {
    'medrec-owner-entered': CustomEvent<null>;
  }
}
