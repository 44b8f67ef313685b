import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-password-fields.js';
import './medrec-progress.js';

/** What a person confirmed: the password, and what else was asked for. */
export interface Confirmation {
  readonly password: string;
  readonly name: string;
  readonly newPassword: string;
}

/**
 * Asks for the password once more before the ways into the vault are changed; with `asks`, also for a name or a new
 * password.
 *
 * @fires medrec-confirmed - `detail` is the `Confirmation`.
 * @fires medrec-back-requested - the person does not go on.
 * @slot - what went wrong.
 */
export class MedrecConfirm extends LitElement {
  static override properties = { action: {}, lead: {}, asks: {}, busy: {}, empty: { state: true } };
  static override styles = [base, buttons, fields, css`form { max-width: 440px; }`];
  declare action: string;
  declare lead: string;
  declare asks: 'name' | 'password' | '';
  /** What is being done, while it is. */
  declare busy: string;
  declare empty: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.action = '';
    this.lead = '';
    this.asks = '';
    this.busy = '';
    this.empty = false;
  }

  override render(): TemplateResult {
    const { settings, unlock, common } = this.#words.text;
    const { ways } = settings;
    const busy = this.busy !== '';
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      ${this.lead ? html`<p class="muted">${this.lead}</p>` : nothing}
      ${this.asks === 'name'
        ? html`<div class="field"><label for="name">${ways.name}</label>
            <input id="name" type="text" maxlength="60" autocomplete="off" placeholder=${ways.nameExample} ?disabled=${busy} /></div>`
        : nothing}
      <div class="field">
        <label for="password">${ways.current}</label>
        <input id="password" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false" ?disabled=${busy}
          aria-describedby="empty" aria-invalid=${this.empty ? 'true' : nothing} />
        <p id="empty" class="wrong" role="alert">${this.empty ? unlock.empty : nothing}</p>
      </div>
      ${this.asks === 'password' ? html`<medrec-password-fields></medrec-password-fields>` : nothing}
      ${busy ? html`<medrec-progress .label=${this.busy}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${busy}>${this.action}</button>
        <button type="button" class="quiet" ?disabled=${busy} @click=${this.#back}>${common.cancel}</button>
      </div>
    </form>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus();
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const value = (id: string): string => this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)?.value ?? '';
    const password = value('password');
    this.empty = password === '';
    const newPassword = this.asks === 'password' ? this.renderRoot.querySelector('medrec-password-fields')?.take() : '';
    if (this.empty || newPassword === undefined || this.busy !== '') return;
    const detail: Confirmation = { password, name: value('name').trim(), newPassword };
    this.dispatchEvent(new CustomEvent('medrec-confirmed', { detail, bubbles: true, composed: true }));
  };

  readonly #back = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-back-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-confirm', MedrecConfirm);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-confirm': MedrecConfirm;
  }
  interface HTMLElementEventMap {
    'medrec-confirmed': CustomEvent<Confirmation>;
  }
}
