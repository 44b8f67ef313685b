/** Finds what was measured again and again, over all hospitals. Pure; only records that hold have a view. */
import type { CategoryName, RecordView } from '../types.js';
import type { Words } from '../text/words.js';
import type { Row } from './rows.js';

/** One thing that was measured. */
export interface Line {
  readonly code: string;
  readonly name: string;
}

/** One time at which some of a trend's lines were measured. */
export interface Moment {
  /** The row of the record. */
  readonly key: string;
  readonly time: number;
  readonly date: string;
  /** Who has a record of it. */
  readonly hospitals: readonly string[];
  /** One for each line; null if that was not measured then. */
  readonly values: readonly (number | null)[];
}

/** The ends of a reference range, as far as there are. */
export interface Range {
  readonly low: number | null;
  readonly high: number | null;
}

/** Lines of one unit over time, the oldest moment first. */
export interface Trend {
  /** What the record with several lines calls them together. */
  readonly title: string;
  readonly category: CategoryName;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly moments: readonly Moment[];
  /** The newest reference range of the first line. */
  readonly range: Range | null;
}

/** The fewest moments that are a trend. */
const FEW = 2;

/** What a record measured, with all other times at which the same was: a trend for each unit. */
export function trendsOf(like: Row, rows: readonly Row[]): readonly Trend[] {
  return plansOf(like).map((plan) => trendOf(plan, rows)).filter(({ moments }) => moments.length >= FEW);
}

/** Everything that was measured at least `least` times: measurements before laboratory results, what has several lines first, then the most frequent. */
export function allTrends(rows: readonly Row[], least: number): readonly Trend[] {
  const found = new Map<string, Plan>();
  for (const plan of rows.flatMap(plansOf)) {
    const key = [plan.unit, ...plan.lines.map(({ code }) => code).toSorted()].join('\n');
    if (!found.has(key)) found.set(key, plan);
  }
  const order = ({ category }: Trend): number => (category === 'vital-signs' ? 0 : 1);
  const plans = [...found.values()].filter((plan, _, all) => !all.some((other) => other !== plan && isPartOf(plan, other)));
  const trends = plans.map((plan) => trendOf(plan, rows)).filter(({ moments }) => moments.length >= least);
  return trends.sort((a, b) => order(a) - order(b) || b.lines.length - a.lines.length || b.moments.length - a.moments.length);
}

/** What a trend is called: the two blood pressures together have a name of their own. */
export function titleOfTrend({ lines, title }: Trend, words: Pick<Words, 'text' | 'measured' | 'fact'>): string {
  const [line, ...others] = lines;
  if (line && others.length === 0) return words.measured(line);
  const isPressure = ['8480-6', '8462-4'].every((code) => lines.some((one) => one.code === `http://loinc.org|${code}`));
  return isPressure ? words.text.trend.bloodPressure : words.fact(title);
}

type Plan = Pick<Trend, 'title' | 'category' | 'unit' | 'lines'>;

/** What a record alone says of its trends. */
function plansOf({ category, entry: { view } }: Row): readonly Plan[] {
  const measures = view?.measures ?? [];
  return [...new Set(measures.map(({ unit }) => unit))].map((unit) => {
    const lines = measures.filter((measure) => measure.unit === unit).map(({ code, name }) => ({ code, name }));
    return { title: lines.length === 1 && lines[0] ? lines[0].name : (view?.title ?? ''), category, unit, lines };
  });
}

/** Whether all lines of a plan are among those of another one, which has more. */
function isPartOf(plan: Plan, other: Plan): boolean {
  const codes = new Set(other.lines.map(({ code }) => code));
  return plan.unit === other.unit && plan.lines.length < codes.size && plan.lines.every(({ code }) => codes.has(code));
}

function trendOf(plan: Plan, rows: readonly Row[]): Trend {
  const { lines, unit } = plan;
  const found = rows.flatMap((row) => {
    const { view } = row.entry;
    const time = timeOf(view);
    if (!view?.date || time === null) return [];
    const measures = lines.map(({ code }) => view.measures.find((measure) => measure.code === code && measure.unit === unit));
    if (measures.every((measure) => measure === undefined)) return [];
    const moment: Moment = { key: row.key, time, date: view.date, hospitals: [row.hospital], values: measures.map((measure) => measure?.value ?? null) };
    return [{ moment, range: rangeOf(measures[0]) }];
  }).sort((a, b) => a.moment.time - b.moment.time);
  const range = found.map((one) => one.range).findLast((one) => one !== null) ?? null;
  return { ...plan, moments: merged(found.map(({ moment }) => moment)), range };
}

/** Counts a measurement once: there may be a panel and its parts of it, and two hospitals. In the order of time. */
function merged(all: readonly Moment[]): readonly Moment[] {
  const moments: Moment[] = [];
  for (const moment of all) {
    let same = moments.length - 1;
    while (moments[same]?.time === moment.time && !agree(moments[same], moment)) same -= 1;
    const before = moments[same];
    if (before?.time !== moment.time) {
      moments.push(moment);
      continue;
    }
    const hospitals = [...new Set([...before.hospitals, ...moment.hospitals])];
    moments[same] = { ...before, hospitals, values: before.values.map((value, line) => value ?? moment.values[line] ?? null) };
  }
  return moments;
}

function agree(one: Moment | undefined, other: Moment): boolean {
  return one?.values.every((value, line) => value === null || other.values[line] === null || value === other.values[line]) ?? false;
}

function rangeOf(measure: Range | undefined): Range | null {
  return measure && (measure.low !== null || measure.high !== null) ? { low: measure.low, high: measure.high } : null;
}

/** When it was, in seconds; a year or month stands at its beginning. */
function timeOf(view: RecordView | null): number | null {
  const time = Date.parse(view?.date ?? '');
  return Number.isNaN(time) ? null : time / 1000;
}

/** Round numbers that divide a span into about `count` parts. */
export function ticks(low: number, high: number, count: number): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? raw;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
