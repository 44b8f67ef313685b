import { LitElement, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { textIn } from '../text/place.js';
import { Words } from '../text/words.js';

/**
 * Takes a link that came another way than by a click.
 *
 * @fires medrec-link-pasted - `detail` is what stands behind the place in it.
 */
export class MedrecPasteLink extends LitElement {
  static override properties = { place: {}, label: {}, action: {}, wrong: { state: true } };
  static override styles = [base, buttons, fields];
  /** Of what the link is. */
  declare place: 'invitation' | 'guardian';
  declare label: string;
  declare action: string;
  declare wrong: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.place = 'invitation';
    this.label = '';
    this.action = '';
    this.wrong = false;
  }

  override render(): TemplateResult {
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      <div class="field">
        <label for="link">${this.label}</label>
        <input id="link" type="text" inputmode="url" autocomplete="off" spellcheck="false" aria-describedby="wrong" aria-invalid=${this.wrong ? 'true' : nothing} />
        <p id="wrong" class="wrong" role="alert">${this.wrong ? this.#words.text.common.notThisLink[this.place] : nothing}</p>
      </div>
      <div class="row"><button>${this.action}</button></div>
    </form>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const input = this.renderRoot.querySelector('input');
    const detail = textIn(this.place, input?.value ?? '');
    this.wrong = detail === null;
    if (detail === null) input?.focus();
    else this.dispatchEvent(new CustomEvent('medrec-link-pasted', { detail, bubbles: true, composed: true }));
  };
}

customElements.define('medrec-paste-link', MedrecPasteLink);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-paste-link': MedrecPasteLink;
  }
  interface HTMLElementEventMap {
    'medrec-link-pasted': CustomEvent<string>;
  }
}
