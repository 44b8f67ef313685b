import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Known, Library, Loaded } from '../controllers/library.js';
import type { NetworkState } from '../controllers/sync.js';
import { icon } from '../elements/icons.js';
import { groupsOf, narrowed, type Filter, type Group, type Row } from '../elements/rows.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf, type Place } from '../text/place.js';
import { Words } from '../text/words.js';
import type { CategoryName, RecordsView } from '../types.js';
import { recordsLayout } from './records-layout.js';
import './versions.js';
import '../elements/medrec-network.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-record.js';
import '../elements/medrec-record-filter.js';
import '../elements/medrec-record-list.js';
import '../elements/medrec-trouble.js';

type RecordsPlace = Extract<Place, { kind: 'records' | 'shared' }>;

/** One answer to show: which hospital it is from, and how far its fetching is. */
interface Source {
  readonly id: string;
  readonly name: string;
  readonly loaded: Loaded<RecordsView>;
}

/** All records, own or shared: a list to search beside the one that is read. */
export class MedrecRecordsPage extends LitElement {
  static override properties = {
    library: { attribute: false },
    known: { attribute: false },
    network: { attribute: false },
    place: { attribute: false },
    now: { type: Number },
    search: { state: true },
    steward: { state: true },
  };
  static override styles = [base, buttons, surface, recordsLayout, css`.empty { padding: 24px 0; } .ways { gap: 8px; }`];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare network: NetworkState | undefined;
  declare place: RecordsPlace;
  declare now: number;
  declare search: string;
  declare steward: string | null;
  readonly #words = new Words(this);
  /** The groups of the views they were made from, made again only when a view changed. */
  #grouped: { readonly views: readonly RecordsView[]; readonly groups: readonly Group[]; readonly rows: readonly Row[] } = { views: [], groups: [], rows: [] };
  /** What the filter let through, found again only when something of it changed: a new list begins at its top. */
  #narrowed: { readonly inputs: readonly unknown[]; readonly groups: readonly Group[] } = { inputs: [], groups: [] };
  #scrolled = 0;

  constructor() {
    super();
    this.place = { kind: 'records', category: null, record: null };
    this.now = 0;
    this.search = '';
    this.steward = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('place');
    if (before && before.record === null && this.place.record !== null) this.#scrolled = scrollY;
    const views = this.#sources.flatMap(({ loaded }) => loaded.value ?? []);
    if (views.length !== this.#grouped.views.length || views.some((view, index) => view !== this.#grouped.views[index])) {
      const groups = groupsOf(views);
      this.#grouped = { views, groups, rows: groups.flatMap(({ rows }) => rows) };
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get('place');
    // On a phone the record takes the place of the list; going back leads to where one was.
    if (before && before.record !== this.place.record && matchMedia('(max-width: 899px)').matches) {
      scrollTo({ top: this.place.record === null ? this.#scrolled : 0 });
    } else if (before && before.category !== this.place.category) {
      scrollTo({ top: 0 });
    }
    if (before && before.record !== this.place.record) this.renderRoot.querySelector('.record')?.scrollTo({ top: 0 });
    if (changed.has('known')) this.#loadRecords();
    // A hospital may have sealed a newer list meanwhile.
    const network = changed.get('network');
    if (network && network.view !== this.network?.view && this.place.kind === 'records') void this.library?.relationships();
  }

  override render(): TemplateResult | typeof nothing {
    const { place, known } = this;
    if (!known) return nothing;
    const { groups } = this.#grouped;
    const { records } = this.#words.text;
    const row = this.#grouped.rows.find(({ key }) => key === place.record);
    return html`<div class="layout ${place.record === null ? 'list-first' : 'record-first'}">
      <div class="list stack">
        ${this.#heading()}
        ${this.#staleNote()}
        ${this.#sources.map((source) => this.#source(source))}
        ${groups.length > 0 ? this.#list(groups) : this.#empty(known)}
      </div>
      <div class="record" aria-live="off">
        ${place.record === null
          ? groups.length > 0 ? html`<p class="muted choose">${records.choose}</p>` : nothing
          : html`<a class="button quiet back" href=${this.#href(place.category, null)}>${icon('back', 18)}${records.backToCategory}</a>
              ${row
                ? html`<medrec-record .row=${row} .rows=${this.#grouped.rows} .href=${this.#toRecord} .stale=${this.#stale} .shared=${place.kind === 'shared'} .now=${this.now}>${place.kind === 'records' ? html`<medrec-versions .client=${this.library?.client} .row=${row}></medrec-versions>${this.#correction(row)}` : nothing}</medrec-record>`
                : this.#sources.some(({ loaded }) => loaded.busy) ? nothing : html`<p role="status">${records.gone}</p>`}`}
      </div>
    </div>`;
  }

  #heading(): TemplateResult {
    const { text, format } = this.#words;
    const { place } = this;
    const title = place.kind === 'shared' ? text.records.sharedOf(text.common.personAt(format.short(place.patient))) : text.records.title;
    return html`<div class="stack tight">
      <div class="row between"><h1 tabindex="-1">${title}</h1>${place.kind === 'records' ? html`<span class="row ways"><a class="button small-button" href=${hashOf({ kind: 'trends' })}>${icon('trend', 18)}${text.trend.title}</a><a class="button small-button" href=${hashOf({ kind: 'take-along' })}>${icon('download', 18)}${text.take.title}</a></span>` : nothing}</div>
      ${place.kind === 'shared' ? html`<p class="muted">${text.records.sharedNote}</p>` : nothing}
    </div>`;
  }

  #staleNote(): TemplateResult | typeof nothing {
    const { network } = this;
    if (!network || !this.#stale) return nothing;
    const { text, format } = this.#words;
    const when = network.view ? text.network.stale(format.ago(network.view.time, this.now)) : text.network.never;
    return html`<p class="notice stale small" role="status"><strong>${when}</strong><br />${text.network.staleStory}</p>`;
  }

  #source({ id, name, loaded }: Source): TemplateResult | typeof nothing {
    const { records } = this.#words.text;
    if (loaded.error) return html`<medrec-trouble retry .error=${loaded.error} .who=${name} @medrec-retry-requested=${() => void this.#fetch(id)}></medrec-trouble>`;
    return loaded.busy && loaded.value === undefined ? html`<medrec-progress .label=${records.loading(name)} .progress=${loaded.progress}></medrec-progress>` : nothing;
  }

  #list(groups: readonly Group[]): TemplateResult {
    const { text } = this.#words;
    const { place } = this;
    const filter: Filter = { category: place.category, steward: this.steward, search: this.search };
    const shown = this.#shown(groups, filter);
    const searching = this.search.trim() !== '';
    const count = shown.reduce((sum, { rows }) => sum + rows.length, 0);
    return html`<medrec-record-filter .filter=${filter} .groups=${groups} @medrec-filter-changed=${this.#filter}></medrec-record-filter>
      ${place.category !== null && !searching ? html`<p><a class="button quiet up" href=${this.#href(null, null)}>${icon('back', 18)}${text.records.back}</a></p>` : nothing}
      <p class=${searching ? 'small muted' : 'hidden-text'} role="status">${searching ? text.records.found(count) : nothing}</p>
      ${shown.length === 0
        ? html`<div class="empty stack">
            <h2>${text.records.empty.noMatch}</h2>
            <p class="muted">${searching || this.steward !== null || place.category === null ? text.records.empty.noMatchHint : text.records.empty.noneKnown(text.category[place.category])}</p>
            <div><button type="button" @click=${this.#clear}>${text.records.empty.clear}</button></div>
          </div>`
        : html`<medrec-record-list .groups=${shown} .links=${this.#links} ?brief=${place.category === null && !searching} .current=${place.record}
            .stale=${this.#stale} .now=${this.#stale ? this.now : 0} @medrec-retry-requested=${this.#again}></medrec-record-list>`}`;
  }

  #shown(groups: readonly Group[], filter: Filter): readonly Group[] {
    const { text, format } = this.#words;
    const inputs = [groups, filter.category, filter.steward, filter.search, text];
    if (inputs.some((input, index) => input !== this.#narrowed.inputs[index])) {
      this.#narrowed = { inputs, groups: narrowed(groups, filter, text, format) };
    }
    return this.#narrowed.groups;
  }

  #empty({ relationships }: Known): TemplateResult | typeof nothing {
    const { empty } = this.#words.text.records;
    const waits = relationships.value === undefined || this.#sources.some(({ loaded }) => loaded.busy || loaded.error !== undefined);
    if (this.place.kind === 'records' && waits) {
      return relationships.error ? html`<medrec-trouble retry .error=${relationships.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing;
    }
    if (this.#sources.some(({ loaded }) => loaded.busy || loaded.error !== undefined)) return nothing;
    const [title, hint] = this.place.kind === 'shared'
      ? [empty.notShared, empty.notSharedHint]
      : [empty.nothing, this.#sources.length === 0 ? empty.noHospital : empty.nothingHint];
    return html`<div class="empty stack tight"><h2>${title}</h2><p class="muted">${hint}</p></div>`;
  }

  get #sources(): readonly Source[] {
    const { known, place } = this;
    if (!known) return [];
    if (place.kind === 'shared') {
      const id = `${place.patient}:${place.steward}`;
      const loaded = known.records(id);
      return [{ id, name: loaded.value?.relationship.steward.name ?? this.#words.format.short(place.steward), loaded }];
    }
    const open = (known.relationships.value ?? []).filter(({ status }) => status === 'active' || status === 'ended');
    return open.map(({ id, steward }) => ({ id, name: steward.name, loaded: known.records(id) }));
  }

  get #stale(): boolean {
    return this.network !== undefined && (this.network.error !== null || this.network.view?.stale === true);
  }

  readonly #links = {
    record: (row: Row): string => this.#href(this.place.category, row.key),
    category: (category: CategoryName): string => this.#href(category, null),
  };

  /** The way to ask the hospital that wrote a record to correct it. */
  #correction(row: Row): TemplateResult | typeof nothing {
    const { view } = row.entry;
    if (!view || row.category === 'own-data') return nothing;
    const { text, format } = this.#words;
    const title = view.date ? `${view.title}, ${format.recordDate(view.date)}` : view.title;
    const place = hashOf({ kind: 'add', correction: { relationship: row.relationship, title } });
    return html`<p class="small">${text.add.wrong} <a href=${place}>${text.add.askToCorrect(row.hospital)}</a></p>`;
  }

  readonly #toRecord = (key: string): string => this.#href(this.place.category, key);

  #href(category: CategoryName | null, record: string | null): string {
    return hashOf({ ...this.place, category, record });
  }

  readonly #filter = (event: CustomEvent<Filter>): void => {
    const { category, steward, search } = event.detail;
    this.search = search;
    this.steward = steward;
    if (category !== this.place.category) location.hash = this.#href(category, null);
  };

  readonly #clear = (): void => {
    this.search = '';
    this.steward = null;
    location.hash = this.#href(null, null);
  };

  readonly #load = async (): Promise<void> => {
    if (this.place.kind === 'shared') await this.#fetch(`${this.place.patient}:${this.place.steward}`);
    else await this.library?.relationships();
  };

  /** Fetches each relationship's records once, and again when the hospital has sealed a newer list. */
  #loadRecords(): void {
    if (this.place.kind === 'shared') return;
    for (const { id, recordSet } of this.known?.relationships.value ?? []) {
      const records = this.known?.records(id);
      if (!records || records.busy || records.error || recordSet === null || !this.#sources.some((source) => source.id === id)) continue;
      if (records.value === undefined || records.value.relationship.recordSet?.revision !== recordSet.revision) void this.library?.records(id);
    }
  }

  async #fetch(id: string): Promise<void> {
    if (this.place.kind === 'shared') await this.library?.sharedRecords(this.place.patient, this.place.steward);
    else await this.library?.records(id);
  }

  readonly #again = (): void => {
    for (const { id } of this.#sources) void this.#fetch(id);
  };
}

customElements.define('medrec-records-page', MedrecRecordsPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-records-page': MedrecRecordsPage;
  }
}
