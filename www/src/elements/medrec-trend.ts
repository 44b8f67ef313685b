import { LitElement, css, html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import { base, buttons } from '../styles/base.js';
import { Words } from '../text/words.js';
import { ticks, type Moment, type Trend } from './trends.js';

const HEIGHT = 200;
const LEFT = 44;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;

/**
 * Something measured over time: a line with the reference range, and under it a slider that reads out one value after the other.
 * The same as a table for whoever prefers it.
 */
export class MedrecTrend extends LitElement {
  static override properties = { trend: { attribute: false }, current: {}, href: { attribute: false }, width: { state: true }, at: { state: true }, table: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      figure { display: grid; gap: 8px; }
      figcaption button { margin-left: auto; }
      figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; align-items: baseline; }
      .key { display: flex; flex-wrap: wrap; gap: 4px 16px; }
      .key span::before { content: ''; display: inline-block; width: 18px; border-top: 2px solid var(--medrec-accent); margin-right: 6px; vertical-align: middle; }
      .key span + span::before { border-top: 2px dashed var(--medrec-muted); }
      svg { width: 100%; height: ${HEIGHT}px; overflow: visible; font: 12px var(--medrec-font); }
      .grid { stroke: var(--medrec-line); }
      .band { fill: var(--medrec-verified-soft); }
      text { fill: var(--medrec-muted); font-variant-numeric: tabular-nums; }
      polyline { fill: none; stroke: var(--medrec-accent); stroke-width: 2; stroke-linejoin: round; }
      .second polyline { stroke: var(--medrec-muted); stroke-dasharray: 5 4; }
      circle, rect.out { fill: var(--medrec-surface); stroke: var(--medrec-accent); stroke-width: 2; }
      .second circle { stroke: var(--medrec-muted); }
      rect.out { stroke: var(--medrec-stale); fill: var(--medrec-stale-soft); }
      .cursor { stroke: var(--medrec-edge); stroke-dasharray: 2 3; }
      input { width: 100%; min-height: 32px; margin: 0; accent-color: var(--medrec-accent); }
      .said { min-height: 1.5em; font-variant-numeric: tabular-nums; }
      table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { text-align: left; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--medrec-line); font-weight: 400; }
      th { color: var(--medrec-muted); font-size: 13px; }
      .scroll { max-height: 320px; overflow: auto; }
      @media print { input, button { display: none; } .scroll { max-height: none; } }
      @media (forced-colors: active) { polyline, circle { stroke: CanvasText; } .band { fill: none; stroke: GrayText; } }
    `,
  ];
  declare trend: Trend | undefined;
  /** The row of the record that is open. */
  declare current: string | null;
  declare href: ((key: string) => string) | undefined;
  declare width: number;
  /** Which moment is read out. */
  declare at: number;
  declare table: boolean;
  readonly #words = new Words(this);
  readonly #size = new ResizeObserver(([entry]) => {
    if (entry && entry.contentRect.width > 0) this.width = Math.round(entry.contentRect.width);
  });

  constructor() {
    super();
    this.current = null;
    this.width = 480;
    this.at = 0;
    this.table = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('trend') && !changed.has('current')) return;
    const moments = this.trend?.moments ?? [];
    const open = moments.findIndex(({ key }) => key === this.current);
    this.at = open >= 0 ? open : Math.max(0, moments.length - 1);
  }

  override render(): TemplateResult | typeof nothing {
    const { trend } = this;
    const moment = trend?.moments[this.at];
    if (!trend || !moment) return nothing;
    const { text } = this.#words;
    return html`<figure>
      <figcaption>
        ${trend.lines.length > 1 ? html`<span class="key small">${trend.lines.map((line) => html`<span>${this.#words.measured(line)}</span>`)}</span>` : html`<span class="small muted">${this.#summary(trend)}</span>`}
        <button type="button" class="quiet small-button" @click=${() => (this.table = !this.table)}>${this.table ? text.trend.asPicture : text.trend.asTable}</button>
      </figcaption>
      ${this.table ? this.#asTable(trend) : this.#asPicture(trend, moment)}
    </figure>`;
  }

  #asPicture(trend: Trend, moment: Moment): TemplateResult {
    const { text, format } = this.#words;
    const { x, y, low, high } = this.#scale(trend);
    const { range, moments } = trend;
    const band = range && { top: y(Math.min(range.high ?? high, high)), bottom: y(Math.max(range.low ?? low, low)) };
    const [first, last] = [moments[0], moments[moments.length - 1]];
    return html`<svg role="img" aria-label=${this.#summary(trend)} viewBox="0 0 ${this.width} ${HEIGHT}" @pointermove=${(event: PointerEvent) => { this.#point(event, x); }} @pointerdown=${(event: PointerEvent) => { this.#point(event, x); }}>
        ${band && band.bottom > band.top ? svg`<rect class="band" x=${LEFT} width=${Math.max(0, this.width - LEFT - RIGHT)} y=${band.top} height=${band.bottom - band.top}></rect>` : nothing}
        ${ticks(low, high, 4).map((tick) => svg`<line class="grid" x1=${LEFT} x2=${this.width - RIGHT} y1=${y(tick)} y2=${y(tick)}></line><text x=${LEFT - 6} y=${y(tick) + 4} text-anchor="end">${format.number(tick)}</text>`)}
        <line class="cursor" x1=${x(moment)} x2=${x(moment)} y1=${TOP} y2=${HEIGHT - BOTTOM}></line>
        ${trend.lines.map((_, index) => this.#line(trend, index, x, y))}
        <text x=${LEFT} y=${HEIGHT - 6}>${first ? format.recordDate(first.date.slice(0, 7)) : nothing}</text>
        <text x=${this.width - RIGHT} y=${HEIGHT - 6} text-anchor="end">${last ? format.recordDate(last.date.slice(0, 7)) : nothing}</text>
      </svg>
      <input type="range" min="0" max=${moments.length - 1} step="1" .value=${String(this.at)} aria-label=${text.trend.slider} aria-valuetext=${this.#said(trend, moment)}
        @input=${(event: Event) => { if (event.currentTarget instanceof HTMLInputElement) this.at = Number(event.currentTarget.value); }} />
      <p class="said small" aria-hidden="true"><strong>${this.#values(trend, moment)}</strong> · ${format.recordDate(moment.date)} · ${text.common.and(moment.hospitals)}
        ${this.href && moment.key !== this.current ? html` · <a tabindex="-1" href=${this.href(moment.key)}>${text.trend.open}</a>` : nothing}</p>
      ${range ? html`<p class="small muted">${text.trend.range(this.#range(trend))}</p>` : nothing}`;
  }

  #line({ moments, range }: Trend, index: number, x: (moment: Moment) => number, y: (value: number) => number): unknown {
    const points = moments.flatMap((moment) => {
      const value = moment.values[index];
      return value === null || value === undefined ? [] : [{ x: x(moment), y: y(value), out: index === 0 && range !== null && (value > (range.high ?? Infinity) || value < (range.low ?? -Infinity)), here: moment === moments[this.at] }];
    });
    const many = points.length > 60;
    return svg`<g class=${index === 0 ? 'first' : 'second'}>
      <polyline points=${points.map((point) => `${point.x},${point.y}`).join(' ')}></polyline>
      ${points.map((point) => point.out
        ? svg`<rect class="out" x=${point.x - 4} y=${point.y - 4} width="8" height="8" transform="rotate(45 ${point.x} ${point.y})"></rect>`
        : many && !point.here ? nothing : svg`<circle cx=${point.x} cy=${point.y} r=${point.here ? 5 : 3}></circle>`)}
    </g>`;
  }

  #asTable(trend: Trend): TemplateResult {
    const { text, format } = this.#words;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.#summary(trend)}><table>
      <thead><tr><th scope="col">${text.trend.date}</th>${trend.lines.map((line) => html`<th scope="col">${this.#words.measured(line)}${trend.unit ? ` (${trend.unit})` : nothing}</th>`)}<th scope="col">${text.trend.hospital}</th></tr></thead>
      <tbody>${trend.moments.toReversed().map(({ key, date, hospitals, values }) => html`<tr>
        <td>${this.href ? html`<a href=${this.href(key)}>${format.recordDate(date)}</a>` : format.recordDate(date)}</td>
        ${values.map((value) => html`<td>${value === null ? '–' : format.number(value)}</td>`)}<td>${text.common.and(hospitals)}</td></tr>`)}</tbody>
    </table></div>`;
  }

  /** Where times and values lie; the reference range is in sight unless it is far away. */
  #scale({ moments, range }: Trend): { x: (moment: Moment) => number; y: (value: number) => number; low: number; high: number } {
    const values = moments.flatMap(({ values: all }) => all.filter((value) => value !== null));
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const reach = Math.max(high - low, Math.abs(high) * 0.1, 1e-9);
    for (const end of [range?.low, range?.high]) {
      if (end !== null && end !== undefined && end > low - 2 * reach && end < high + 2 * reach) [low, high] = [Math.min(low, end), Math.max(high, end)];
    }
    const room = Math.max((high - low) * 0.08, Math.abs(high) * 0.02, 1e-9);
    // Nothing that is measured here goes below zero by itself.
    [low, high] = [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
    const [from, to] = [moments[0]?.time ?? 0, moments[moments.length - 1]?.time ?? 0];
    const wide = this.width - LEFT - RIGHT;
    return {
      low,
      high,
      x: ({ time }) => (to === from ? LEFT + wide / 2 : LEFT + 6 + ((time - from) / (to - from)) * (wide - 12)),
      y: (value) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM),
    };
  }

  /** Reads out the moment that is nearest to the pointer. */
  #point(event: PointerEvent, x: (moment: Moment) => number): void {
    const { trend } = this;
    if (!trend || !(event.currentTarget instanceof SVGElement)) return;
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const away = trend.moments.map((moment) => Math.abs(x(moment) - at));
    this.at = away.indexOf(Math.min(...away));
  }

  #values({ unit }: Trend, { values }: Moment): string {
    const { format } = this.#words;
    const numbers = values.map((value) => (value === null ? '–' : format.number(value))).join(' / ');
    return unit === '' ? numbers : unit === '%' ? `${numbers}%` : `${numbers} ${unit}`;
  }

  #said(trend: Trend, moment: Moment): string {
    return `${this.#values(trend, moment)}, ${this.#words.format.recordDate(moment.date)}, ${this.#words.text.common.and(moment.hospitals)}`;
  }

  #range({ range, unit }: Trend): string {
    const { format } = this.#words;
    const [low, high] = [range?.low ?? null, range?.high ?? null];
    const numbers = low === null ? `≤ ${format.number(high ?? 0)}` : high === null ? `≥ ${format.number(low)}` : `${format.number(low)} – ${format.number(high)}`;
    return unit === '' ? numbers : `${numbers} ${unit}`;
  }

  #summary(trend: Trend): string {
    const { text, format } = this.#words;
    const [first, last] = [trend.moments[0], trend.moments[trend.moments.length - 1]];
    if (!first || !last) return '';
    return text.trend.summary(trend.moments.length, format.recordDate(first.date.slice(0, 7)), format.recordDate(last.date.slice(0, 7)));
  }
}

customElements.define('medrec-trend', MedrecTrend);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-trend': MedrecTrend;
  }
}
