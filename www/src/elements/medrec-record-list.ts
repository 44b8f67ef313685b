import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { base, buttons } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { CategoryName } from '../types.js';
import { badge, badgeStyles } from './badge.js';
import { icon } from './icons.js';
import { titleOf, trustOf, type Group, type Row } from './rows.js';
import './medrec-completeness.js';
import './medrec-trouble.js';

const FEW = 5;
const PAGE = 100;

/** Where the entries of a list lead to. */
export interface ListLinks {
  readonly record: (row: Row) => string;
  readonly category: (category: CategoryName) => string;
}

/**
 * Records under their categories. `brief` shows the newest few of each; otherwise all are shown, more of them as one scrolls.
 *
 * @fires medrec-retry-requested - the person wants a category fetched again.
 */
export class MedrecRecordList extends LitElement {
  static override properties = {
    groups: { attribute: false },
    links: { attribute: false },
    brief: { type: Boolean },
    stale: { type: Boolean },
    now: { type: Number },
    current: {},
    limit: { state: true },
  };
  static override styles = [
    base,
    buttons,
    badgeStyles,
    css`
      .groups { display: grid; gap: 28px; }
      header { display: grid; gap: 2px; margin: 0 -8px; padding: 0 8px 8px; border-bottom: 1px solid var(--medrec-line); }
      .name { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; }
      .name .muted { font-weight: 400; }
      ul.rows { margin: 0 -8px; }
      ul.rows > li { content-visibility: auto; contain-intrinsic-size: auto 69px; border-bottom: 1px solid var(--medrec-line); }
      a.record {
        display: grid; grid-template-columns: 1fr auto; gap: 2px 16px; padding: 10px 8px; min-height: 44px;
        color: inherit; text-decoration: none; border-radius: 8px;
      }
      a.record:hover { background: var(--medrec-sunken); }
      a.record[aria-current='true'] { background: var(--medrec-accent-soft); }
      a.record:focus-visible { outline-offset: -2px; border-radius: 8px; }
      .title { font-weight: 500; overflow-wrap: anywhere; min-width: 0; }
      .value { text-align: right; max-width: 16ch; overflow-wrap: anywhere; }
      a.record .badge { justify-self: end; }
      .withheld .title { color: var(--medrec-broken); }
      .more { display: flex; gap: 4px; align-items: center; min-height: 44px; font-weight: 600; text-decoration: none; }
      medrec-trouble { padding-top: 12px; }
    `,
  ];
  declare groups: readonly Group[];
  declare links: ListLinks | undefined;
  declare brief: boolean;
  declare stale: boolean;
  declare now: number;
  declare current: string | null;
  declare limit: number;
  readonly #words = new Words(this);
  readonly #more = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.limit += PAGE;
  }, { rootMargin: '800px' });

  constructor() {
    super();
    this.groups = [];
    this.brief = false;
    this.stale = false;
    this.now = 0;
    this.current = null;
    this.limit = PAGE;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#more.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('groups')) this.limit = PAGE;
  }

  override render(): TemplateResult {
    const several = new Set(this.groups.flatMap(({ parts }) => parts.map(({ steward }) => steward))).size > 1;
    let left = this.limit;
    return html`<div class="groups">
      ${this.groups.map((group) => {
        const rows = group.rows.slice(0, this.brief ? FEW : left);
        left -= rows.length;
        return rows.length > 0 || group.rows.length === 0 ? this.#group(group, rows, several) : nothing;
      })}
      ${left <= 0 && !this.brief ? html`<p class="end muted small" role="status">${this.#words.text.common.progress(this.limit, this.groups.reduce((sum, { rows }) => sum + rows.length, 0))}</p>` : nothing}
    </div>`;
  }

  protected override updated(): void {
    this.#more.disconnect();
    const end = this.renderRoot.querySelector('.end');
    if (end) this.#more.observe(end);
  }

  #group(group: Group, rows: readonly Row[], several: boolean): TemplateResult {
    const { text, format } = this.#words;
    const { category, parts } = group;
    const title = `category-${category}`;
    const broken = parts.filter(({ view }) => view.state === 'broken');
    return html`<section aria-labelledby=${title}>
      <header>
        <h2 class="name" id=${title}><span>${text.category[category]}</span> <span class="muted">${format.number(group.rows.length)}</span></h2>
        <medrec-completeness .parts=${parts} ?brief=${this.brief}></medrec-completeness>
      </header>
      ${broken.map(({ hospital, view }) => html`<medrec-trouble retry .error=${view.error ?? undefined} .who=${text.records.brokenCategory(hospital, text.category[category])}></medrec-trouble>`)}
      <ul class="rows" aria-labelledby=${title}>
        ${repeat(rows, ({ key }) => key, (row) => this.#row(row, several))}
      </ul>
      ${rows.length < group.rows.length && this.brief
        ? html`<a class="more" href=${this.links?.category(category) ?? nothing}>${text.records.showAll(group.rows.length, text.category[category])}${icon('forward', 16)}</a>`
        : nothing}
    </section>`;
  }

  #row(row: Row, several: boolean): TemplateResult {
    const { text, format } = this.#words;
    const { view } = row.entry;
    const date = view?.date ? format.recordDate(view.date) : view ? text.records.undated : row.hospital;
    return html`<li class=${view ? '' : 'withheld'}>
      <a class="record" href=${this.links?.record(row) ?? nothing} aria-current=${row.key === this.current ? 'true' : 'false'}>
        <span class="title">${titleOf(row, text)}</span>
        <span class="value">${view?.value ? this.#words.fact(view.value) : nothing}</span>
        <span class="small muted">${date}${several && view ? html` · ${row.hospital}` : nothing}</span>
        ${badge(trustOf(row.entry, this.stale), text, format.ago(row.provenAt, this.now))}
      </a>
    </li>`;
  }
}

customElements.define('medrec-record-list', MedrecRecordList);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-record-list': MedrecRecordList;
  }
}
