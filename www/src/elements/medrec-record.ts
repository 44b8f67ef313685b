import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { base, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import { badge, badgeStyles } from './badge.js';
import { titleOf, trustOf, type Row } from './rows.js';
import { titleOfTrend, trendsOf, type Trend } from './trends.js';
import './medrec-proof.js';
import './medrec-trend.js';

/**
 * One record with all it says, and the proof it rests on. A record that does not hold shows no content, but why.
 *
 * @slot - what else belongs to it.
 */
export class MedrecRecord extends LitElement {
  static override properties = { row: { attribute: false }, rows: { attribute: false }, href: { attribute: false }, stale: { type: Boolean }, shared: { type: Boolean }, now: { type: Number } };
  static override styles = [
    base,
    surface,
    badgeStyles,
    css`
      .head { display: grid; gap: 8px; justify-items: start; }
      .figure { font-size: 26px; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; }
      dl { display: grid; container-type: inline-size; }
      dl > div { display: grid; gap: 0 16px; padding: 10px 0; border-bottom: 1px solid var(--medrec-line); }
      dl > div:first-child { border-top: 1px solid var(--medrec-line); }
      dt { color: var(--medrec-muted); }
      dd { overflow-wrap: anywhere; white-space: pre-line; }
      @container (min-width: 400px) { dl > div { grid-template-columns: 150px 1fr; } }
      .withheld { background: var(--medrec-broken-soft); border-radius: var(--medrec-radius); padding: 16px; }
    `,
  ];
  declare row: Row | undefined;
  /** All records that are known, in which the same may have been measured. */
  declare rows: readonly Row[];
  /** Where a row leads to. */
  declare href: ((key: string) => string) | undefined;
  declare stale: boolean;
  declare shared: boolean;
  declare now: number;
  readonly #words = new Words(this);
  #trends: readonly Trend[] = [];

  constructor() {
    super();
    this.rows = [];
    this.stale = false;
    this.shared = false;
    this.now = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('row') || changed.has('rows')) this.#trends = this.row ? trendsOf(this.row, this.rows) : [];
  }

  override render(): TemplateResult | typeof nothing {
    const { row } = this;
    if (!row) return nothing;
    const { text, format } = this.#words;
    const { view } = row.entry;
    return html`<article class="stack wide" aria-labelledby="title">
      <div class="head">
        <p class="muted small">${text.category[row.category]}${view?.date ? html` · ${format.recordDate(view.date)}` : nothing}</p>
        <h2 id="title" tabindex="-1">${titleOf(row, text)}</h2>
        ${view?.value ? html`<p class="figure">${this.#words.fact(view.value)}</p>` : nothing}
        ${badge(trustOf(row.entry, this.stale), text, format.ago(row.provenAt, this.now), 'filled')}
        <p class="muted">${text.records.from(row.hospital)}</p>
      </div>
      ${view ? this.#content(view.rows) : html`<p class="withheld" role="alert">${row.entry.state === 'altered' ? text.records.alteredHint(row.hospital) : text.records.missingHint(row.hospital)}</p>`}
      ${this.#trends.map((trend) => html`<section class="card stack tight"><h3>${text.trend.over(titleOfTrend(trend, this.#words))}</h3>
        <medrec-trend .trend=${trend} .current=${row.key} .href=${this.href}></medrec-trend></section>`)}
      <slot></slot>
      <medrec-proof .proof=${row.entry.proof} .hospital=${row.hospital} .shared=${this.shared} .now=${this.now}></medrec-proof>
    </article>`;
  }

  #content(rows: readonly { readonly label: string; readonly value: string }[]): TemplateResult | typeof nothing {
    if (rows.length === 0) return nothing;
    return html`<dl>
      ${rows.map(({ label, value }) => html`<div><dt>${this.#words.label(label)}</dt><dd>${this.#words.fact(value)}</dd></div>`)}
    </dl>`;
  }
}

customElements.define('medrec-record', MedrecRecord);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-record': MedrecRecord;
  }
}
