import { LitElement, css, html, type TemplateResult } from 'lit';
import { base, fields } from '../styles/base.js';
import { Words } from '../text/words.js';

const languages = ['auto', 'en', 'zh'] as const;
const themes = ['auto', 'light', 'dark'] as const;

/** How the page looks and speaks. */
export interface PreferencesDraft {
  readonly language: (typeof languages)[number];
  readonly theme: (typeof themes)[number];
}

/**
 * Chooses language and appearance.
 *
 * @fires medrec-preferences-changed - `detail` is the new choice.
 */
export class MedrecPreferences extends LitElement {
  static override properties = { value: { attribute: false } };
  static override styles = [
    base,
    fields,
    css`
      :host { display: flex; flex-wrap: wrap; gap: 12px; }
      label { font-weight: 400; }
      select { width: auto; min-width: 132px; padding-block: 6px; }
      @media print { :host { display: none; } }
    `,
  ];
  declare value: PreferencesDraft;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.value = { language: 'auto', theme: 'auto' };
  }

  override render(): TemplateResult {
    const { settings } = this.#words.text;
    // Each language is named in itself, so that it can be found by whoever reads only that one.
    const names = { auto: settings.languageAuto, en: 'English', zh: '简体中文' };
    return html`
      <label class="field"><span class="hint">${settings.language}</span>
        <select @change=${this.#language}>
          ${languages.map((language) => html`<option value=${language} ?selected=${language === this.value.language}>${names[language]}</option>`)}
        </select>
      </label>
      <label class="field"><span class="hint">${settings.theme}</span>
        <select @change=${this.#theme}>
          ${themes.map((theme) => html`<option value=${theme} ?selected=${theme === this.value.theme}>${settings.themes[theme]}</option>`)}
        </select>
      </label>
    `;
  }

  readonly #language = (event: Event): void => {
    const language = languages.find((name) => event.currentTarget instanceof HTMLSelectElement && name === event.currentTarget.value);
    if (language) this.#change({ ...this.value, language });
  };

  readonly #theme = (event: Event): void => {
    const theme = themes.find((name) => event.currentTarget instanceof HTMLSelectElement && name === event.currentTarget.value);
    if (theme) this.#change({ ...this.value, theme });
  };

  #change(detail: PreferencesDraft): void {
    this.dispatchEvent(new CustomEvent('medrec-preferences-changed', { detail, bubbles: true, composed: true }));
  }
}

customElements.define('medrec-preferences', MedrecPreferences);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-preferences': MedrecPreferences;
  }
  interface HTMLElementEventMap {
    'medrec-preferences-changed': CustomEvent<PreferencesDraft>;
  }
}
