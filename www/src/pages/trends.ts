import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Known, Library } from '../controllers/library.js';
import { icon } from '../elements/icons.js';
import { groupsOf } from '../elements/rows.js';
import { allTrends, titleOfTrend, type Trend } from '../elements/trends.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { RecordsView } from '../types.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trend.js';
import '../elements/medrec-trouble.js';

/** The fewest values that are drawn here. */
const LEAST = 3;
const PAGE = 8;

/** What was measured again and again, over all hospitals: one picture each. */
export class MedrecTrendsPage extends LitElement {
  static override properties = { library: { attribute: false }, known: { attribute: false }, shown: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .trends { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 16px; }
      .card { min-width: 0; align-content: start; }
      .back { justify-self: start; }
    `,
  ];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare shown: number;
  readonly #words = new Words(this);
  /** The trends of the views they were found in, found again only when a view changed. */
  #found: { readonly views: readonly RecordsView[]; readonly trends: readonly Trend[] } = { views: [], trends: [] };

  constructor() {
    super();
    this.shown = PAGE;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override willUpdate(): void {
    const views = this.#open.flatMap(({ id }) => this.known?.records(id).value ?? []);
    if (views.length !== this.#found.views.length || views.some((view, index) => view !== this.#found.views[index])) {
      this.#found = { views, trends: allTrends(groupsOf(views).flatMap(({ rows }) => rows), LEAST) };
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('known')) return;
    for (const { id, recordSet } of this.#open) {
      const records = this.known?.records(id);
      if (recordSet && records && !records.busy && !records.value && !records.error) void this.library?.records(id);
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { known } = this;
    if (!known) return nothing;
    const { trend, records } = this.#words.text;
    const { trends } = this.#found;
    const all = this.#open.filter(({ recordSet }) => recordSet !== null).map(({ id, steward }) => ({ id, name: steward.name, loaded: known.records(id) }));
    const { relationships } = known;
    const settled = relationships.value !== undefined && all.every(({ loaded }) => loaded.value !== undefined);
    return html`<div class="stack wide">
      <div class="stack">
        <a class="button quiet back" href=${hashOf({ kind: 'records', category: null, record: null })}>${icon('back', 18)}${records.title}</a>
        <h1 tabindex="-1">${trend.title}</h1>
        <p class="lead">${trend.lead}</p>
      </div>
      ${relationships.error ? html`<medrec-trouble retry .error=${relationships.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
      ${all.map(({ id, name, loaded }) => loaded.error
        ? html`<medrec-trouble retry .error=${loaded.error} .who=${name} @medrec-retry-requested=${() => void this.library?.records(id)}></medrec-trouble>`
        : loaded.busy && !loaded.value ? html`<medrec-progress .label=${records.loading(name)} .progress=${loaded.progress}></medrec-progress>` : nothing)}
      ${trends.length === 0 && settled ? html`<p class="muted" role="status">${trend.none}</p>` : nothing}
      <div class="trends">
        ${trends.slice(0, this.shown).map((one) => html`<section class="card stack tight">
          <h2>${titleOfTrend(one, this.#words)}</h2>
          <medrec-trend .trend=${one} .href=${this.#href}></medrec-trend>
        </section>`)}
      </div>
      ${trends.length > this.shown ? html`<div class="row"><button type="button" @click=${() => (this.shown += PAGE)}>${trend.more(trends.length - this.shown)}</button></div>` : nothing}
    </div>`;
  }

  get #open(): NonNullable<Known['relationships']['value']> {
    return (this.known?.relationships.value ?? []).filter(({ status }) => status === 'active' || status === 'ended');
  }

  readonly #load = (): Promise<void> => this.library?.relationships() ?? Promise.resolve();

  readonly #href = (key: string): string => hashOf({ kind: 'records', category: null, record: key });
}

customElements.define('medrec-trends-page', MedrecTrendsPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-trends-page': MedrecTrendsPage;
  }
}
