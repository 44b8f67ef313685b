import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon } from './icons.js';

/**
 * New recovery words, shown once as numbered words, to be written down or printed.
 *
 * @fires medrec-phrase-kept - the person says that the words are written down.
 */
export class MedrecPhrase extends LitElement {
  static override properties = { phrase: { attribute: false }, step: {}, sure: { state: true }, tried: { state: true }, copied: { state: true } };
  static override styles = [
    base,
    buttons,
    fields,
    surface,
    css`
      .words { display: grid; grid-template-rows: repeat(6, auto); grid-auto-flow: column; grid-auto-columns: 1fr; gap: 4px 24px; }
      .words li { display: grid; grid-template-columns: 32px 1fr; gap: 8px; align-items: baseline; padding: 6px 0; border-bottom: 1px solid var(--medrec-line); }
      .words .number { color: var(--medrec-muted); text-align: right; font-size: 13px; }
      .words .word { font: 600 16px/1.5 var(--medrec-mono); }
      @media (min-width: 600px) { .words { grid-template-rows: repeat(4, auto); } }
      .print-only { display: none; }
      @media print { .print-only { display: block; } .screen-only { display: none !important; } .card { border: 1px solid; } }
    `,
  ];
  declare phrase: string;
  /** Which step of what it is. */
  declare step: string;
  declare sure: boolean;
  declare tried: boolean;
  declare copied: 'no' | 'yes' | 'failed';
  readonly #words = new Words(this);

  constructor() {
    super();
    this.phrase = '';
    this.step = '';
    this.sure = false;
    this.tried = false;
    this.copied = 'no';
  }

  override render(): TemplateResult {
    const { phrase, common } = this.#words.text;
    // The words stay in the language they were made in, also when the page changes its own.
    const lang = /^[a-z]/.test(this.phrase) ? 'en' : 'zh-Hans';
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      <div class="stack screen-only">
        <p class="small muted">${this.step}</p>
        <h1 tabindex="-1">${phrase.title}</h1>
        <p class="lead">${phrase.lead}</p>
        <p>${phrase.how}</p>
      </div>
      <h1 class="print-only">${phrase.printTitle}</h1>
      <ol class="card words" aria-label=${phrase.list} translate="no">
        ${this.phrase.split(' ').map((word, index) => html`<li><span class="number">${index + 1}</span><span class="word" lang=${lang}>${word}</span></li>`)}
      </ol>
      <p class="print-only">${phrase.printNote}</p>
      <div class="stack screen-only">
        <div class="row">
          <button type="button" @click=${this.#print}>${phrase.print}</button>
          <button type="button" @click=${this.#copy}>${icon('copy', 18)}${phrase.copy}</button>
        </div>
        <p class="small muted" role="status">${{ no: nothing, yes: phrase.copied, failed: common.copyFailed }[this.copied]}</p>
        <label class="choice"><input type="checkbox" .checked=${this.sure} aria-describedby="missing" @change=${this.#confirm} /><span>${phrase.confirm}</span></label>
        <p id="missing" class="wrong" role="alert">${this.tried && !this.sure ? phrase.confirmMissing : nothing}</p>
        <div class="row"><button class="primary">${phrase.submit}</button></div>
      </div>
    </form>`;
  }

  readonly #print = (): void => {
    window.print();
  };

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.phrase);
      this.copied = 'yes';
    } catch {
      this.copied = 'failed';
    }
  };

  readonly #confirm = (event: Event): void => {
    if (event.currentTarget instanceof HTMLInputElement) this.sure = event.currentTarget.checked;
  };

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    this.tried = true;
    if (this.sure) this.dispatchEvent(new CustomEvent('medrec-phrase-kept', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-phrase', MedrecPhrase);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-phrase': MedrecPhrase;
  }
}
