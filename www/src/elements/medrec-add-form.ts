import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import type { Correction } from '../text/place.js';
import { Words } from '../text/words.js';
import type { MeasurementName, RelationshipView } from '../types.js';
import { MEASUREMENTS, dayOf, numberIn } from './measurements.js';

/** Something that a person writes down. */
export type AddRequest = { readonly relationship: string; readonly date: string } & (
  | { readonly kind: 'note'; readonly title: string; readonly text: string }
  | { readonly kind: MeasurementName; readonly values: readonly number[] }
);

const KINDS: readonly AddRequest['kind'][] = ['note', 'blood-pressure', 'weight', 'pulse', 'temperature', 'glucose', 'oxygen', 'height'];

/**
 * A note or a measurement: what, when, and which hospital keeps it.
 *
 * @fires medrec-add-requested - `detail` is the request.
 */
export class MedrecAddForm extends LitElement {
  static override properties = { relationships: { attribute: false }, correction: { attribute: false }, now: { type: Number }, busy: { type: Boolean }, kind: { state: true }, tried: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .kinds { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
      .kinds label { position: relative; display: inline-flex; align-items: center; min-height: 44px; padding: 8px 16px; font-weight: 500; cursor: pointer; border: 1px solid var(--medrec-edge); border-radius: 22px; background: var(--medrec-surface); }
      .kinds input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
      .kinds label:has(:checked) { background: var(--medrec-accent); color: var(--medrec-on-accent); border-color: var(--medrec-accent); }
      .kinds label:has(:focus-visible) { outline: 2px solid var(--medrec-accent); outline-offset: 2px; }
      .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 180px), 1fr)); gap: 16px; }
      .field { max-width: 440px; align-content: start; }
      .wide-field { max-width: none; }
      textarea { width: 100%; min-height: 132px; padding: 8px 12px; font: inherit; color: var(--medrec-ink); background: var(--medrec-surface); border: 1px solid var(--medrec-edge); border-radius: 8px; resize: vertical; }
      @media (forced-colors: active) { .kinds label:has(:checked) { outline: 2px solid Highlight; } }
    `,
  ];
  /** The active ones. */
  declare relationships: readonly RelationshipView[];
  declare correction: Correction | null;
  declare now: number;
  declare busy: boolean;
  declare kind: AddRequest['kind'];
  declare tried: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.relationships = [];
    this.correction = null;
    this.now = 0;
    this.busy = false;
    this.kind = 'note';
    this.tried = false;
  }

  protected override willUpdate(): void {
    if (this.correction) this.kind = 'note';
  }

  override render(): TemplateResult {
    const { add } = this.#words.text;
    return html`<form class="stack wide" novalidate @submit=${this.#submit} @input=${() => { if (this.tried) this.requestUpdate(); }}>
      ${this.correction ? nothing : html`<fieldset><legend>${add.what}</legend>
        <div class="kinds">${KINDS.map((kind) => html`<label><input type="radio" name="kind" value=${kind} .checked=${kind === this.kind} @change=${() => { this.#choose(kind); }} />${add.kinds[kind]}</label>`)}</div>
      </fieldset>`}
      ${this.kind === 'note' ? this.#note() : this.#measurement(this.kind)}
      <div class="pair">
        ${this.#field('date', add.date, html`<input id="date" type="date" max=${dayOf(this.now)} .defaultValue=${dayOf(this.now)} aria-describedby="date-wrong" aria-invalid=${this.#wrong('date') ? 'true' : nothing} />`)}
        ${this.relationships.length > 1
          ? html`<div class="field"><label for="where">${add.where}</label>
              <select id="where">${this.relationships.map(({ id, steward }) => html`<option value=${id} ?selected=${id === this.correction?.relationship}>${steward.name}</option>`)}</select>
              <p class="hint">${add.whereHint}</p></div>`
          : nothing}
      </div>
      <slot></slot>
      <div class="row"><button class="primary" ?disabled=${this.busy}>${add.submit}</button></div>
    </form>`;
  }

  #note(): TemplateResult {
    const { add } = this.#words.text;
    return html`${this.#field('title', add.about, html`<input id="title" type="text" maxlength="120" autocomplete="off" .defaultValue=${this.correction ? add.correctionOf(this.correction.title).slice(0, 120) : ''} aria-describedby="title-wrong" aria-invalid=${this.#wrong('title') ? 'true' : nothing} />`)}
      ${this.#field('text', this.correction ? add.correctionText : add.text, html`<textarea id="text" maxlength="10000" aria-describedby="text-wrong" aria-invalid=${this.#wrong('text') ? 'true' : nothing}></textarea>`, 'wide-field')}`;
  }

  #measurement(kind: MeasurementName): TemplateResult {
    const { add } = this.#words.text;
    const { unit, parts } = MEASUREMENTS[kind];
    return html`<div class="pair">${parts.map((part) => this.#field(part, add.inUnit(parts.length > 1 ? add.parts[part] : add.kinds[kind], unit),
      html`<input id=${part} type="text" inputmode="decimal" autocomplete="off" aria-describedby=${`${part}-wrong`} aria-invalid=${this.#wrong(part) ? 'true' : nothing} />`))}</div>`;
  }

  #field(id: string, label: string, input: TemplateResult, style = ''): TemplateResult {
    return html`<div class="field ${style}"><label for=${id}>${label}</label>${input}<p id=${`${id}-wrong`} class="wrong" role="alert">${this.#wrong(id) || nothing}</p></div>`;
  }

  /** What is wrong with a field, once the form was tried. */
  #wrong(id: string): string {
    if (!this.tried) return '';
    const { add } = this.#words.text;
    const value = this.#value(id);
    if (value.trim() === '') return add.missing;
    const isNumber = id === 'upper' || id === 'lower' || id === 'value';
    return isNumber && numberIn(value) === undefined ? add.noNumber : '';
  }

  #value(id: string): string {
    return this.renderRoot.querySelector<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(`#${id}`)?.value ?? '';
  }

  #choose(kind: AddRequest['kind']): void {
    this.kind = kind;
    this.tried = false;
    // A value in one unit is none in another.
    for (const input of this.renderRoot.querySelectorAll<HTMLInputElement>('input[inputmode]')) input.value = '';
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.tried = true;
    await this.updateComplete;
    const wrong = this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]');
    wrong?.focus();
    if (wrong || this.busy) return;
    const { kind } = this;
    const place = { relationship: this.#value('where') || (this.relationships[0]?.id ?? ''), date: this.#value('date') };
    const detail: AddRequest = kind === 'note'
      ? { ...place, kind, title: this.#value('title'), text: this.#value('text') }
      : { ...place, kind, values: MEASUREMENTS[kind].parts.map((part) => numberIn(this.#value(part)) ?? NaN) };
    this.dispatchEvent(new CustomEvent('medrec-add-requested', { detail, bubbles: true, composed: true }));
  };
}

customElements.define('medrec-add-form', MedrecAddForm);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-add-form': MedrecAddForm;
  }
  interface HTMLElementEventMap {
    'medrec-add-requested': CustomEvent<AddRequest>;
  }
}
