import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Journey } from '../controllers/journey.js';
import type { Known, Library } from '../controllers/library.js';
import type { AddRequest } from '../elements/medrec-add-form.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf, type Correction } from '../text/place.js';
import { Words } from '../text/words.js';
import { focusHeading } from './focus.js';
import '../elements/medrec-add-form.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

/** Writing something down: a note or a measurement of one's own, which a hospital keeps and the network seals. */
export class MedrecAddPage extends LitElement {
  static override properties = { library: { attribute: false }, known: { attribute: false }, correction: { attribute: false }, now: { type: Number }, hospital: { state: true } };
  static override styles = [base, buttons, surface];
  declare library: Library | undefined;
  declare known: Known | undefined;
  /** What a hospital is asked to correct, if that is what the note is for. */
  declare correction: Correction | null;
  declare now: number;
  /** Which hospital keeps the last one. */
  declare hospital: string;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.correction = null;
    this.now = 0;
    this.hospital = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    // Another errand than the one that was done.
    if (changed.has('correction') && this.#journey.state.kind === 'done') this.#journey.reset();
  }

  override render(): TemplateResult | typeof nothing {
    const { known } = this;
    if (!known) return nothing;
    const { add, home } = this.#words.text;
    const { state, progress } = this.#journey;
    const { relationships } = known;
    const active = relationships.value?.filter(({ status }) => status === 'active') ?? [];
    if (state.kind === 'done') return this.#done();
    return html`<div class="stack wide">
      <div class="stack"><h1 tabindex="-1">${this.correction ? add.correction : add.title}</h1><p class="lead">${this.correction ? add.correctionLead : add.lead}</p></div>
      ${relationships.error ? html`<medrec-trouble retry .error=${relationships.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
      ${relationships.value === undefined
        ? relationships.busy ? html`<medrec-progress .label=${home.loading}></medrec-progress>` : nothing
        : active.length === 0
          ? html`<p class="notice">${add.none}</p>`
          : html`<medrec-add-form .relationships=${active} .correction=${this.correction} .now=${this.now} ?busy=${state.kind === 'running'} @medrec-add-requested=${this.#add}>
              ${state.kind === 'running' ? html`<div class="stack tight"><medrec-progress .label=${add.working(this.hospital)} .progress=${progress}></medrec-progress><p class="small muted">${add.workingHint}</p></div>` : nothing}
              ${state.kind === 'failed' ? html`<medrec-trouble .error=${state.error} .who=${this.hospital}></medrec-trouble>` : nothing}
            </medrec-add-form>`}
    </div>`;
  }

  #done(): TemplateResult {
    const { add } = this.#words.text;
    return html`<div class="stack wide">
      <div class="stack" role="status"><h1 tabindex="-1">${add.done}</h1><p class="lead">${add.doneHint(this.hospital)}</p></div>
      <div class="row">
        <a class="button primary" href=${hashOf({ kind: 'records', category: 'own-data', record: null })}>${add.see}</a>
        <button type="button" @click=${() => { this.#journey.reset(); focusHeading(this); }}>${add.another}</button>
      </div>
    </div>`;
  }

  readonly #load = (): Promise<void> => this.library?.relationships() ?? Promise.resolve();

  readonly #add = async ({ detail }: CustomEvent<AddRequest>): Promise<void> => {
    const { library } = this;
    if (!library) return;
    const { relationship, date } = detail;
    this.hospital = this.known?.relationships.value?.find(({ id }) => id === relationship)?.steward.name ?? '';
    await this.#journey.run(async (signal, onProgress) => {
      if (detail.kind === 'note') await library.client.addNote(relationship, detail.title, detail.text, date, onProgress, signal);
      else await library.client.addMeasurement(relationship, detail.kind, detail.values, date, onProgress, signal);
      return null;
    });
    if (this.#journey.state.kind !== 'done') return;
    focusHeading(this);
    // The list that is sealed now is a newer one.
    await library.relationships();
  };
}

customElements.define('medrec-add-page', MedrecAddPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-add-page': MedrecAddPage;
  }
}
