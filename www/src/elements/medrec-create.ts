import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-password-fields.js';
import './medrec-progress.js';

/**
 * First step of a new identity: its password.
 *
 * @fires medrec-password-chosen - `detail` is the password.
 * @fires medrec-back-requested - the person goes back.
 */
export class MedrecCreate extends LitElement {
  static override properties = { busy: { type: Boolean } };
  static override styles = [base, buttons, fields, css`form { max-width: 440px; }`];
  declare busy: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = false;
  }

  override render(): TemplateResult {
    const { create, common } = this.#words.text;
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      <div class="stack">
        <p class="small muted">${common.step(1, 2)}</p>
        <h1 tabindex="-1">${create.title}</h1>
        <p class="lead">${create.lead}</p>
      </div>
      <medrec-password-fields></medrec-password-fields>
      ${this.busy ? html`<medrec-progress .label=${create.busy}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${this.busy}>${create.submit}</button>
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#back}>${common.back}</button>
      </div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const detail = this.renderRoot.querySelector('medrec-password-fields')?.take();
    if (detail === undefined || this.busy) return;
    this.dispatchEvent(new CustomEvent('medrec-password-chosen', { detail, bubbles: true, composed: true }));
  };

  readonly #back = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-back-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-create', MedrecCreate);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-create': MedrecCreate;
  }
  interface HTMLElementEventMap {
    'medrec-password-chosen': CustomEvent<string>;
    'medrec-back-requested': CustomEvent<null>;
  }
}
