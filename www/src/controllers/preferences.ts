/** What this browser remembers about how the page looks and speaks. Nothing about the person is kept here. */
import { preferredLanguage, setLanguage, type Language } from '../text/words.js';

export type LanguageChoice = Language | 'auto';
export type ThemeChoice = 'auto' | 'dark' | 'light';

export interface Preferences {
  readonly language: LanguageChoice;
  readonly theme: ThemeChoice;
}

/** Reads the stored choices; anything unknown is `auto`. */
export function loadPreferences(): Preferences {
  const language = read('medrec-language');
  const theme = read('medrec-theme');
  return {
    language: language === 'en' || language === 'zh' ? language : 'auto',
    theme: theme === 'dark' || theme === 'light' ? theme : 'auto',
  };
}

/** Puts the choices in force and remembers them. */
export function applyPreferences(preferences: Preferences): void {
  const language = preferences.language === 'auto' ? preferredLanguage(navigator.languages) : preferences.language;
  setLanguage(language);
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
  if (preferences.theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = preferences.theme;
  write('medrec-language', preferences.language);
  write('medrec-theme', preferences.theme);
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is refused in some private windows; the page then just does not remember
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See `read`.
  }
}
