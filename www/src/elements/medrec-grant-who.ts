import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { MemberView } from '../types.js';
import type { GrantDraft, GrantGap } from './grant-draft.js';

/**
 * Step one of letting someone read: a member of the directory, or a person with a sharing code.
 *
 * @fires medrec-draft-changed - `detail` is what changed of the draft.
 */
export class MedrecGrantWho extends LitElement {
  static override properties = { draft: { attribute: false }, gap: { attribute: false }, members: { attribute: false } };
  static override styles = [base, fields, css`.code { padding-left: 32px; }`];
  declare draft: GrantDraft | undefined;
  declare gap: GrantGap | undefined;
  declare members: readonly MemberView[];
  readonly #words = new Words(this);

  constructor() {
    super();
    this.members = [];
  }

  override render(): TemplateResult | typeof nothing {
    const { draft, gap } = this;
    if (!draft) return nothing;
    const { grant, invitation } = this.#words.text;
    return html`<div class="stack wide">
      <fieldset class="stack tight">
        <legend>${grant.whoMember}</legend>
        ${this.members.length === 0 ? html`<p class="muted">${grant.noMembers}</p>` : nothing}
        <div class="choices">
          ${this.members.map(({ address, name, kind }) => {
            return html`<label class="choice">
              <input type="radio" name="who" .checked=${draft.who === address} @change=${() => { this.#change({ who: address }); }} />
              <span>${name}<br /><span class="small muted">${invitation.kind[kind]}</span></span>
            </label>`;
          })}
        </div>
      </fieldset>
      <fieldset class="stack tight">
        <legend class="hidden-text">${grant.whoCode}</legend>
        <label class="choice">
          <input type="radio" name="who" .checked=${draft.who === 'code'} @change=${() => { this.#change({ who: 'code' }); }} />
          <span>${grant.whoCode}</span>
        </label>
        ${draft.who === 'code'
          ? html`<div class="field code">
              <label for="code">${grant.code}</label>
              <input id="code" type="text" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="code-hint code-wrong"
                aria-invalid=${gap === 'code' ? 'true' : nothing} .value=${draft.code} @input=${this.#typed} />
              <p id="code-hint" class="hint">${grant.whoCodeHint}</p>
              <p id="code-wrong" class="wrong" role="alert">${gap === 'code' ? grant.codeInvalid : nothing}</p>
            </div>`
          : nothing}
      </fieldset>
      <p class="wrong" role="alert">${gap === 'who' ? grant.whoMissing : nothing}</p>
    </div>`;
  }

  readonly #typed = (event: Event): void => {
    if (event.currentTarget instanceof HTMLInputElement) this.#change({ code: event.currentTarget.value });
  };

  #change(detail: Partial<GrantDraft>): void {
    this.dispatchEvent(new CustomEvent('medrec-draft-changed', { detail, bubbles: true, composed: true }));
  }
}

customElements.define('medrec-grant-who', MedrecGrantWho);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-grant-who': MedrecGrantWho;
  }
}
