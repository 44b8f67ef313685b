import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { looksLikeCode } from '../text/place.js';
import { Words } from '../text/words.js';

/** Who shall watch over the keys. */
export interface GuardianChoice {
  readonly guardians: readonly { readonly name: string; readonly code: string }[];
  readonly threshold: number;
  readonly delaySeconds: number;
}

const DAY = 86_400;
const MOST = 16;

/**
 * Chooses guardians: their names and sharing codes, how many must agree, and how long the person can object.
 *
 * @slot - ways out, beside the button.
 * @fires medrec-guardians-chosen - `detail` is the choice.
 */
export class MedrecGuardiansForm extends LitElement {
  static override properties = { demo: { type: Boolean }, people: { state: true }, threshold: { state: true }, delaySeconds: { state: true }, tried: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .person { display: grid; gap: 12px; padding-bottom: 20px; border-bottom: 1px solid var(--medrec-line); }
      .person h3 { display: flex; justify-content: space-between; align-items: center; min-height: 44px; }
      @media (min-width: 600px) { .pair { display: grid; grid-template-columns: 1fr 2fr; gap: 12px; } .choices-row { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; } }
      .pair, .choices-row { display: grid; gap: 12px; align-items: start; }
    `,
  ];
  /** Whether the network is one to try things out on, where nobody waits for days. */
  declare demo: boolean;
  declare people: GuardianChoice['guardians'];
  declare threshold: number;
  declare delaySeconds: number;
  declare tried: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.demo = false;
    const nobody = { name: '', code: '' };
    this.people = [nobody, nobody, nobody];
    this.threshold = 2;
    this.delaySeconds = 7 * DAY;
    this.tried = false;
  }

  override render(): TemplateResult {
    const { guardians } = this.#words.text;
    const delays = [...(this.demo ? [60] : []), DAY, 3 * DAY, 7 * DAY, 30 * DAY];
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      ${this.people.map((person, index) => this.#person(person, index))}
      ${this.people.length < MOST ? html`<div class="row"><button type="button" @click=${this.#add}>${guardians.add}</button></div>` : nothing}
      <div class="choices-row">
        <div class="field">
          <label for="threshold">${guardians.threshold}</label>
          <select id="threshold" @change=${this.#chooseThreshold}>
            ${this.people.map((_, index) => html`<option value=${index + 1} ?selected=${index + 1 === this.threshold}>${guardians.of(index + 1, this.people.length)}</option>`)}
          </select>
          <p class="hint">${guardians.thresholdHint}</p>
        </div>
        <div class="field">
          <label for="delay">${guardians.delay}</label>
          <select id="delay" @change=${this.#chooseDelay}>
            ${delays.map((delay) => html`<option value=${delay} ?selected=${delay === this.delaySeconds}>${guardians.span(delay)}</option>`)}
          </select>
          <p class="hint">${guardians.delayHint}</p>
        </div>
      </div>
      <div class="row"><button class="primary">${this.#words.text.common.continue}</button><slot></slot></div>
    </form>`;
  }

  #person({ name, code }: GuardianChoice['guardians'][number], index: number): TemplateResult {
    const { guardians, grant } = this.#words.text;
    const [noName, noCode] = [this.tried && name.trim() === '', this.tried && !this.#isNew(code, index)];
    const title = guardians.number(index + 1);
    return html`<section class="person" aria-label=${title}>
      <h3>${title}${this.people.length > 1
        ? html`<button type="button" class="quiet small-button" aria-label=${guardians.removeOf(index + 1)} @click=${() => { this.#remove(index); }}>${guardians.remove}</button>`
        : nothing}</h3>
      <div class="pair">
        <div class="field">
          <label for=${`name-${index}`}>${guardians.name}</label>
          <input id=${`name-${index}`} type="text" autocomplete="off" maxlength="80" .value=${name} aria-describedby=${`name-wrong-${index}`} aria-invalid=${noName ? 'true' : nothing}
            @input=${(event: Event) => { this.#type(event, index, 'name'); }} />
          <p id=${`name-wrong-${index}`} class="wrong" role="alert">${noName ? guardians.nameMissing : nothing}</p>
        </div>
        <div class="field">
          <label for=${`code-${index}`}>${grant.code}</label>
          <input id=${`code-${index}`} type="text" autocomplete="off" autocapitalize="off" spellcheck="false" .value=${code} aria-describedby=${`code-wrong-${index}`} aria-invalid=${noCode ? 'true' : nothing}
            @input=${(event: Event) => { this.#type(event, index, 'code'); }} />
          <p id=${`code-wrong-${index}`} class="wrong" role="alert">${noCode ? (looksLikeCode(code) ? guardians.twice : grant.codeInvalid) : nothing}</p>
        </div>
      </div>
    </section>`;
  }

  /** Whether it may be a code, and is not one of somebody above. */
  #isNew(code: string, index: number): boolean {
    const addressOf = (text: string): string => text.trim().toLowerCase().replace(/^.*:/, '');
    return looksLikeCode(code) && !this.people.slice(0, index).some((other) => addressOf(other.code) === addressOf(code));
  }

  #type(event: Event, at: number, what: 'name' | 'code'): void {
    const input = event.currentTarget;
    if (input instanceof HTMLInputElement) this.people = this.people.map((person, index) => (index === at ? { ...person, [what]: input.value } : person));
  }

  readonly #add = (): void => {
    this.people = [...this.people, { name: '', code: '' }];
  };

  #remove(at: number): void {
    this.people = this.people.filter((_, index) => index !== at);
    this.threshold = Math.min(this.threshold, this.people.length);
  }

  readonly #chooseThreshold = (event: Event): void => {
    if (event.currentTarget instanceof HTMLSelectElement) this.threshold = Number(event.currentTarget.value);
  };

  readonly #chooseDelay = (event: Event): void => {
    if (event.currentTarget instanceof HTMLSelectElement) this.delaySeconds = Number(event.currentTarget.value);
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.tried = true;
    await this.updateComplete;
    const wrong = this.renderRoot.querySelector<HTMLInputElement>('[aria-invalid="true"]');
    wrong?.focus();
    if (wrong) return;
    const { people: guardians, threshold, delaySeconds } = this;
    this.dispatchEvent(new CustomEvent<GuardianChoice>('medrec-guardians-chosen', { detail: { guardians, threshold, delaySeconds }, bubbles: true, composed: true }));
  };
}

customElements.define('medrec-guardians-form', MedrecGuardiansForm);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-guardians-form': MedrecGuardiansForm;
  }
  interface HTMLElementEventMap {
    'medrec-guardians-chosen': CustomEvent<GuardianChoice>;
  }
}
