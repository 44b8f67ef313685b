/**
 * The language in force, and the one way in which an element reads its sentences.
 *
 * An element holds `readonly #words = new Words(this)` and is drawn again when the language changes.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { en, type Text } from './en.js';
import { Format } from './format.js';
import { terms, type Terms } from './terms.js';
import { zh } from './zh.js';

export type Language = 'en' | 'zh';

const catalogues: Readonly<Record<Language, Text>> = { en, zh };
const locales: Readonly<Record<Language, string>> = { en: 'en-GB', zh: 'zh-Hans-CN' };

let language: Language = 'en';
let format = new Format(locales.en);
const listeners = new Set<() => void>();

/** Puts a language in force everywhere. */
export function setLanguage(next: Language): void {
  if (next === language) return;
  language = next;
  format = new Format(locales[next]);
  for (const listener of listeners) listener();
}

/** The language that suits the browser best: Chinese for any Chinese, otherwise English. */
export function preferredLanguage(accepted: readonly string[]): Language {
  for (const tag of accepted) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'zh') return 'zh';
    if (primary === 'en') return 'en';
  }
  return 'en';
}

function catalogue(): Terms {
  return terms[language];
}

/** Looks a word from outside up among the own words of a catalogue, not among what every object has. */
function worded(words: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** Gives an element the sentences and formats of the language in force. */
export class Words implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #changed = (): void => {
    this.#host.requestUpdate();
  };

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get language(): Language {
    return language;
  }

  get text(): Text {
    return catalogues[language];
  }

  /** The label of a row of a record. */
  label(key: string): string {
    return worded(catalogue().labels, key) ?? key;
  }

  /** A fact of a record: known codes in words, dates as people write them, everything else as it came. */
  fact(value: string): string {
    const { values } = catalogue();
    return value
      .split('; ')
      .map((one) => worded(values, one) ?? one.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (date) => format.recordDate(date)))
      .join('; ');
  }

  /** What was measured, in plain words where there are some, else as it came. */
  measured({ code, name }: { readonly code: string; readonly name: string }): string {
    return worded(catalogue().measures, code.replace(/^http:\/\/loinc\.org\|/, '')) ?? name;
  }

  get format(): Format {
    return format;
  }

  hostConnected(): void {
    listeners.add(this.#changed);
  }

  hostDisconnected(): void {
    listeners.delete(this.#changed);
  }
}
