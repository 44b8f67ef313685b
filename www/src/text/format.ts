/** Dates, numbers and addresses as people of one language write them. Pure: the present moment is an argument. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Writes values for one locale. Times are UNIX seconds. */
export class Format {
  readonly #number: Intl.NumberFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #calendarDay: Intl.DateTimeFormat;

  constructor(locale: string) {
    this.#number = new Intl.NumberFormat(locale);
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
    this.#day = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
    this.#moment = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
    // Record dates are calendar days, not moments: they are never moved to another time zone.
    this.#calendarDay = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
    this.#month = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' });
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  /** A day, written out. */
  day(time: number): string {
    return this.#day.format(time * 1000);
  }

  /** A day and a time of day. */
  moment(time: number): string {
    return this.#moment.format(time * 1000);
  }

  /** Relative under a day, absolute after. */
  ago(time: number, now: number): string {
    const seconds = Math.max(0, Math.round(now - time));
    if (seconds < MINUTE) return this.#relative.format(-Math.max(1, seconds), 'second');
    if (seconds < HOUR) return this.#relative.format(-Math.floor(seconds / MINUTE), 'minute');
    if (seconds < DAY) return this.#relative.format(-Math.floor(seconds / HOUR), 'hour');
    return this.moment(time);
  }

  /** An ISO 8601 date in the precision it was recorded with: a year, a month, or a day. Anything else stays as it is. */
  recordDate(date: string): string {
    const [, year, month, day] = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:T|$)/.exec(date) ?? [];
    if (year === undefined) return date;
    if (month === undefined) return year;
    const time = Date.UTC(Number(year), Number(month) - 1, Number(day ?? '1'));
    return (day === undefined ? this.#month : this.#calendarDay).format(time);
  }

  /** The two ends of an address or hash. */
  short(hex: string): string {
    return hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
  }

  /** The host of an address of a server, or the text itself. */
  host(url: string): string {
    return URL.canParse(url) ? new URL(url).host : url;
  }
}
