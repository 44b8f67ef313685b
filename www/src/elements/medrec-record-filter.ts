import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import { CATEGORIES, type CategoryName } from '../types.js';
import { icon } from './icons.js';
import type { Filter, Group } from './rows.js';

/**
 * Narrows the list of records: words to search, a category, a hospital.
 *
 * @fires medrec-filter-changed - `detail` is the new `Filter`.
 */
export class MedrecRecordFilter extends LitElement {
  static override properties = { filter: { attribute: false }, groups: { attribute: false } };
  static override styles = [
    base,
    fields,
    css`
      form { display: grid; gap: 12px; }
      .search { position: relative; }
      .search svg { position: absolute; left: 12px; top: 12px; color: var(--medrec-muted); pointer-events: none; }
      .search input { padding-left: 40px; }
      .selects { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
      @media print { :host { display: none; } }
    `,
  ];
  declare filter: Filter;
  declare groups: readonly Group[];
  readonly #words = new Words(this);

  constructor() {
    super();
    this.filter = { category: null, steward: null, search: '' };
    this.groups = [];
  }

  override render(): TemplateResult {
    const { records, category } = this.#words.text;
    const hospitals = new Map(this.groups.flatMap(({ parts }) => parts.map(({ steward, hospital }) => [steward, hospital] as const)));
    const total = this.groups.reduce((sum, group) => sum + countOf(group), 0);
    return html`<form role="search" @submit=${(event: Event) => { event.preventDefault(); }}>
      <div class="search">
        ${icon('search', 20)}
        <input type="search" aria-label=${records.search} placeholder=${records.searchHint} autocomplete="off" .value=${this.filter.search} @input=${this.#search} />
      </div>
      <div class="selects">
        <select aria-label=${records.category} @change=${this.#category}>
          <option value="" ?selected=${this.filter.category === null}>${records.allCategories(total)}</option>
          ${this.groups.map((group) => html`<option value=${group.category} ?selected=${group.category === this.filter.category}>${records.withCount(category[group.category], countOf(group))}</option>`)}
        </select>
        ${hospitals.size > 1
          ? html`<select aria-label=${records.hospital} @change=${this.#hospital}>
              <option value="" ?selected=${this.filter.steward === null}>${records.allHospitals}</option>
              ${[...hospitals].map(([steward, name]) => html`<option value=${steward} ?selected=${steward === this.filter.steward}>${name}</option>`)}
            </select>`
          : nothing}
      </div>
    </form>`;
  }

  readonly #search = (event: Event): void => {
    if (event.currentTarget instanceof HTMLInputElement) this.#change({ ...this.filter, search: event.currentTarget.value });
  };

  readonly #category = (event: Event): void => {
    if (event.currentTarget instanceof HTMLSelectElement) this.#change({ ...this.filter, category: named(event.currentTarget.value) });
  };

  readonly #hospital = (event: Event): void => {
    if (event.currentTarget instanceof HTMLSelectElement) this.#change({ ...this.filter, steward: event.currentTarget.value || null });
  };

  #change(detail: Filter): void {
    this.dispatchEvent(new CustomEvent('medrec-filter-changed', { detail, bubbles: true, composed: true }));
  }
}

function countOf(group: Group): number {
  return group.parts.reduce((sum, { view }) => sum + view.count, 0);
}

function named(value: string): CategoryName | null {
  return CATEGORIES.find((category) => category === value) ?? null;
}

customElements.define('medrec-record-filter', MedrecRecordFilter);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-record-filter': MedrecRecordFilter;
  }
  interface HTMLElementEventMap {
    'medrec-filter-changed': CustomEvent<Filter>;
  }
}
