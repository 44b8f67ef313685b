import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { LEAST_LENGTH, strengthOf } from '../text/strength.js';
import { Words } from '../text/words.js';

/**
 * A new password, typed twice, with a hint how strong it is. `take()` gives it once both are the same and long enough.
 */
export class MedrecPasswordFields extends LitElement {
  static override properties = { shown: { state: true }, first: { state: true }, second: { state: true }, tried: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .with-button { display: grid; grid-template-columns: 1fr auto; gap: 8px; }
      .bars { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px; }
      .bars span { height: 4px; border-radius: 2px; background: var(--medrec-line); }
      .bars .on { background: var(--medrec-verified); }
      .bars.low .on { background: var(--medrec-stale); }
    `,
  ];
  declare shown: boolean;
  declare first: string;
  declare second: string;
  declare tried: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.shown = false;
    this.first = '';
    this.second = '';
    this.tried = false;
  }

  /** The password, or nothing when it cannot be taken yet; the fields then say why and take the focus. */
  take(): string | undefined {
    if (this.#wrong === undefined) return this.first;
    this.tried = true;
    this.renderRoot.querySelector<HTMLInputElement>(this.#wrong === 'short' ? '#first' : '#second')?.focus();
    return undefined;
  }

  override render(): TemplateResult {
    const { create, common } = this.#words.text;
    const strength = strengthOf(this.first);
    const wrong = this.tried ? this.#wrong : undefined;
    const lit = { none: 0, short: 1, weak: 2, fair: 3, strong: 4 }[strength];
    const type = this.shown ? 'text' : 'password';
    return html`<div class="stack">
      <div class="field">
        <label for="first">${create.password}</label>
        <div class="with-button">
          <input id="first" type=${type} autocomplete="new-password" autocapitalize="off" spellcheck="false" aria-describedby="strength"
            aria-invalid=${wrong === 'short' ? 'true' : nothing} .value=${this.first} @input=${this.#typed} />
          <button type="button" aria-pressed=${String(this.shown)} @click=${() => (this.shown = !this.shown)}>${this.shown ? common.hide : common.show}</button>
        </div>
        <div class="bars ${lit < 3 ? 'low' : ''}" aria-hidden="true">${[1, 2, 3, 4].map((bar) => html`<span class=${bar <= lit ? 'on' : ''}></span>`)}</div>
        <p id="strength" class=${wrong === 'short' ? 'wrong' : 'hint'} role="status">${create.strength[wrong === 'short' ? 'short' : strength]}</p>
      </div>
      <div class="field">
        <label for="second">${create.again}</label>
        <input id="second" type=${type} autocomplete="new-password" autocapitalize="off" spellcheck="false" aria-describedby="mismatch"
          aria-invalid=${wrong === 'mismatch' ? 'true' : nothing} .value=${this.second} @input=${this.#typed} />
        <p id="mismatch" class="wrong" role="alert">${wrong === 'mismatch' ? create.mismatch : nothing}</p>
      </div>
    </div>`;
  }

  get #wrong(): 'short' | 'mismatch' | undefined {
    if (Array.from(this.first).length < LEAST_LENGTH) return 'short';
    return this.first === this.second ? undefined : 'mismatch';
  }

  readonly #typed = (event: Event): void => {
    if (!(event.currentTarget instanceof HTMLInputElement)) return;
    if (event.currentTarget.id === 'first') this.first = event.currentTarget.value;
    else this.second = event.currentTarget.value;
  };
}

customElements.define('medrec-password-fields', MedrecPasswordFields);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-password-fields': MedrecPasswordFields;
  }
}
