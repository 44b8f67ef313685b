import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Known, Library } from '../controllers/library.js';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { AccessesView, RelationshipView } from '../types.js';
import '../elements/medrec-accesses.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

/** Who read one's records, or tried to: for each hospital the whole list, and why it is known to be whole. */
export class MedrecActivityPage extends LitElement {
  static override properties = { library: { attribute: false }, known: { attribute: false } };
  static override styles = [base, buttons, surface, css`.page { display: grid; gap: 32px; }`];
  declare library: Library | undefined;
  declare known: Known | undefined;
  readonly #words = new Words(this);
  #again: number | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#again);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('known')) return;
    for (const { id } of this.known?.relationships.value ?? []) {
      const accesses = this.known?.accesses(id);
      if (accesses && !accesses.busy && accesses.value === undefined && accesses.error === undefined) void this.library?.accesses(id);
    }
    this.#lookAgain();
  }

  override render(): TemplateResult | typeof nothing {
    const { known } = this;
    if (!known) return nothing;
    const { activity, home } = this.#words.text;
    const { value, error, busy } = known.relationships;
    return html`<div class="page">
      <div class="stack tight">
        <h1 tabindex="-1">${activity.title}</h1>
        <p class="lead">${activity.lead}</p>
      </div>
      ${error ? html`<medrec-trouble retry .error=${error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
      ${value === undefined && busy ? html`<medrec-progress .label=${home.loading}></medrec-progress>` : nothing}
      ${value?.length === 0 ? html`<p class="muted">${activity.noHospital}</p>` : nothing}
      ${value?.map((relationship) => this.#relationship(known, relationship))}
    </div>`;
  }

  #relationship(known: Known, { id, steward }: RelationshipView): TemplateResult {
    const { activity } = this.#words.text;
    const { value, error, busy } = known.accesses(id);
    return html`<section class="stack" aria-labelledby=${`at-${id}`}>
      <div class="row between">
        <h2 id=${`at-${id}`}>${activity.at(steward.name)}</h2>
        ${value ? html`<span class="muted small">${activity.count(value.count)}</span>` : nothing}
      </div>
      ${error ? html`<medrec-trouble retry .error=${error} .who=${steward.name} @medrec-retry-requested=${() => void this.library?.accesses(id)}></medrec-trouble>` : nothing}
      ${value === undefined && busy ? html`<medrec-progress .label=${activity.loading}></medrec-progress>` : nothing}
      ${value ? this.#accesses(value, busy) : nothing}
    </section>`;
  }

  #accesses(view: AccessesView, busy: boolean): TemplateResult {
    const { activity } = this.#words.text;
    if (view.count === 0) return html`<p class="muted">${activity.none}</p>`;
    return html`<medrec-accesses .view=${view}></medrec-accesses>
      ${view.whole
        ? nothing
        : html`<div><button type="button" ?disabled=${busy} @click=${() => void this.library?.accesses(view.relationship, true)}>${activity.older}</button></div>`}`;
  }

  /** The network seals the newest entries before long: while some are open, the page looks again by itself. */
  #lookAgain(): void {
    window.clearTimeout(this.#again);
    const views = (this.known?.relationships.value ?? []).map(({ id }) => this.known?.accesses(id).value);
    const open = views.filter((view) => view !== undefined).filter(({ anchored, count }) => anchored < count);
    if (open.length === 0) return;
    this.#again = window.setTimeout(() => {
      for (const { relationship, whole } of open) void this.library?.accesses(relationship, whole);
    }, LOOK_AGAIN_MILLIS);
  }

  readonly #load = async (): Promise<void> => {
    const { library, known } = this;
    if (!library) return;
    const again = (known?.relationships.value ?? []).map(({ id }) => library.accesses(id));
    await Promise.all([library.relationships(), ...again]);
  };
}

const LOOK_AGAIN_MILLIS = 10_000;

customElements.define('medrec-activity-page', MedrecActivityPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-activity-page': MedrecActivityPage;
  }
}
