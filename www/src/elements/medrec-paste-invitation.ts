import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { invitationIn } from '../text/place.js';
import { Words } from '../text/words.js';

/**
 * Takes an invitation link that came another way than by a click.
 *
 * @fires medrec-invitation-pasted - `detail` is the text of the invitation.
 */
export class MedrecPasteInvitation extends LitElement {
  static override properties = { wrong: { state: true } };
  static override styles = [base, buttons, fields];
  declare wrong: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.wrong = false;
  }

  override render(): TemplateResult {
    const { home } = this.#words.text;
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      <div class="field">
        <label for="link">${home.invitationField}</label>
        <input id="link" type="text" inputmode="url" autocomplete="off" spellcheck="false" aria-describedby="wrong" aria-invalid=${this.wrong ? 'true' : nothing} />
        <p id="wrong" class="wrong" role="alert">${this.wrong ? home.invitationInvalid : nothing}</p>
      </div>
      <div class="row"><button>${home.invitationOpen}</button></div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const input = this.renderRoot.querySelector('input');
    const detail = invitationIn(input?.value ?? '');
    this.wrong = detail === null;
    if (detail === null) input?.focus();
    else this.dispatchEvent(new CustomEvent('medrec-invitation-pasted', { detail, bubbles: true, composed: true }));
  };
}

customElements.define('medrec-paste-invitation', MedrecPasteInvitation);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-paste-invitation': MedrecPasteInvitation;
  }
  interface HTMLElementEventMap {
    'medrec-invitation-pasted': CustomEvent<string>;
  }
}
