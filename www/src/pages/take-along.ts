import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import type { Known, Library } from '../controllers/library.js';
import { base, buttons, fields, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import { CATEGORIES, type CategoryName, type RelationshipView, type TakenView } from '../types.js';
import { focusHeading } from './focus.js';
import type { OwnedWork } from './owned-action.js';
import './owned-action.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-save.js';
import '../elements/medrec-trouble.js';

type Format = 'bundle' | 'ndjson';
type Step =
  | { readonly kind: 'choose' }
  | { readonly kind: 'confirm'; readonly relationships: readonly string[]; readonly categories: readonly CategoryName[]; readonly format: Format }
  | { readonly kind: 'done'; readonly format: Format; readonly taken: TakenView };

/** One's records as a file for others: from which hospitals, which of them, in which form. */
export class MedrecTakeAlongPage extends LitElement {
  static override properties = { library: { attribute: false }, known: { attribute: false }, step: { state: true }, some: { state: true }, missing: { state: true } };
  static override styles = [base, buttons, fields, surface, css`.back { justify-self: start; }`];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare step: Step;
  declare some: boolean;
  declare missing: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.step = { kind: 'choose' };
    this.some = false;
    this.missing = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override render(): TemplateResult | typeof nothing {
    const { known, step } = this;
    if (!known) return nothing;
    const { take, common, home } = this.#words.text;
    const { value, error, busy } = known.relationships;
    switch (step.kind) {
      case 'choose':
        return html`<div class="stack wide">
          <div class="stack"><h1 tabindex="-1">${take.title}</h1><p class="lead">${take.lead}</p></div>
          ${error ? html`<medrec-trouble retry .error=${error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
          ${value ? this.#choice(value.filter(({ recordSet }) => recordSet !== null)) : busy ? html`<medrec-progress .label=${home.loading}></medrec-progress>` : nothing}
        </div>`;
      case 'confirm':
        return html`<div class="stack wide">
          <div class="stack"><h1 tabindex="-1">${take.confirmTitle}</h1><p class="notice stale">${take.warning}</p></div>
          <medrec-owned-action .client=${this.library?.client} .work=${this.#take} .action=${take.submit} .working=${take.working}>
            <button type="button" class="quiet" @click=${this.#back}>${common.cancel}</button></medrec-owned-action>
        </div>`;
      case 'done':
        return this.#done(step.format, step.taken);
    }
  }

  #choice(relationships: readonly RelationshipView[]): TemplateResult {
    const { take, common, category, home } = this.#words.text;
    if (relationships.length === 0) return html`<p class="notice">${home.noHospitalHint}</p>`;
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      <fieldset class="stack tight"><legend>${take.from}</legend>
        ${relationships.map(({ id, steward }) => html`<label class="choice"><input type="checkbox" name="from" value=${id} checked /><span>${steward.name}</span></label>`)}</fieldset>
      <fieldset class="stack tight"><legend>${take.what}</legend>
        <label class="choice"><input type="radio" name="what" .checked=${!this.some} @change=${() => (this.some = false)} /><span>${take.all}</span></label>
        <label class="choice"><input type="radio" name="what" .checked=${this.some} @change=${() => (this.some = true)} /><span>${take.some}</span></label>
        ${this.some ? html`<div class="choices columns">${CATEGORIES.map((name) => html`<label class="choice"><input type="checkbox" name="category" value=${name} /><span>${category[name]}</span></label>`)}</div>` : nothing}</fieldset>
      <fieldset class="stack tight"><legend>${take.format}</legend>
        ${(['bundle', 'ndjson'] as const).map((format) => {
          const [title, hint] = take.formats[format];
          return html`<label class="choice"><input type="radio" name="format" value=${format} ?checked=${format === 'bundle'} /><span>${title}<br /><span class="small muted">${hint}</span></span></label>`;
        })}</fieldset>
      <p class="wrong" role="alert">${this.missing ? take.missing : nothing}</p>
      <div class="row"><button class="primary">${common.continue}</button>
        <a class="button quiet" href=${hashOf({ kind: 'records', category: null, record: null })}>${common.cancel}</a></div>
    </form>`;
  }

  #done(format: Format, { text, records, withheld }: TakenView): TemplateResult {
    const { take } = this.#words.text;
    const [name, type] = format === 'bundle' ? ['medrec-records.json', 'application/fhir+json'] : ['medrec-records.ndjson', 'application/fhir+ndjson'];
    return html`<div class="stack wide">
      <div class="stack" role="status"><h1 tabindex="-1">${take.done}</h1><p class="lead">${take.doneLead(records)}</p>
        ${withheld > 0 ? html`<p class="notice stale">${take.withheld(withheld)}</p>` : nothing}</div>
      <p class="small muted">${take.warning}</p>
      <div class="row"><medrec-save .value=${text} .name=${name} .type=${type} .label=${take.save}></medrec-save>
        <button type="button" class="quiet" @click=${this.#back}>${take.again}</button></div>
    </div>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const chosen = (name: string): readonly string[] => [...this.renderRoot.querySelectorAll<HTMLInputElement>(`[name="${name}"]:checked`)].map(({ value }) => value);
    const relationships = chosen('from');
    const names = chosen('category');
    const categories = this.some ? CATEGORIES.filter((category) => names.includes(category)) : CATEGORIES;
    this.missing = relationships.length === 0 || categories.length === 0;
    if (!this.missing) this.#go({ kind: 'confirm', relationships, categories, format: chosen('format')[0] === 'ndjson' ? 'ndjson' : 'bundle' });
  };

  readonly #take: OwnedWork = async (client, signal, onProgress) => {
    if (this.step.kind !== 'confirm') return;
    const { relationships, categories, format } = this.step;
    this.#go({ kind: 'done', format, taken: await client.takeAlong(relationships, categories, format, onProgress, signal) });
  };

  readonly #load = (): Promise<void> => this.library?.relationships() ?? Promise.resolve();

  readonly #back = (): void => {
    this.#go({ kind: 'choose' });
  };

  #go(step: Step): void {
    this.missing = false;
    this.step = step;
    void this.updateComplete.then(() => { focusHeading(this); });
  }
}

customElements.define('medrec-take-along-page', MedrecTakeAlongPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-take-along-page': MedrecTakeAlongPage;
  }
}
