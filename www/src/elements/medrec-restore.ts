import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { Progress } from '../types.js';
import './medrec-password-fields.js';
import './medrec-progress.js';

const LENGTH = 12;

/** What a person typed to restore: the phrase, and the new password of this device. */
export interface RestoreRequest {
  readonly phrase: string;
  readonly password: string;
}

/**
 * Takes twelve recovery words and a new password for this device.
 *
 * @fires medrec-restore-confirmed - `detail` is a `RestoreRequest`.
 * @fires medrec-file-requested - the person has a backup file instead.
 * @fires medrec-back-requested - the person goes back.
 */
export class MedrecRestore extends LitElement {
  static override properties = {
    busy: { type: Boolean },
    replaces: { type: Boolean },
    progress: { attribute: false },
    cells: { state: true },
    shown: { state: true },
    tried: { state: true },
  };
  static override styles = [
    base,
    buttons,
    fields,
    css`
      .words { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 12px; }
      .words label { font-weight: 400; font-size: 13px; color: var(--medrec-muted); }
      .password { max-width: 440px; }
    `,
  ];
  declare busy: boolean;
  declare replaces: boolean;
  declare progress: Progress | null;
  declare cells: readonly string[];
  declare shown: boolean;
  declare tried: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = false;
    this.replaces = false;
    this.progress = null;
    this.cells = Array.from({ length: LENGTH }, () => '');
    this.shown = false;
    this.tried = false;
  }

  override render(): TemplateResult {
    const { restore, common } = this.#words.text;
    const missing = this.cells.filter((word) => !word).length;
    return html`<form class="stack wide" novalidate @submit=${this.#submit}>
      <div class="stack">
        <h1 tabindex="-1">${restore.title}</h1>
        <p class="lead">${restore.lead}</p>
        ${this.replaces ? html`<p class="lead">${restore.replaces}</p>` : nothing}
      </div>
      <fieldset class="stack">
        <legend class="hidden-text">${restore.words}</legend>
        <div class="words">${this.cells.map((word, index) => this.#cell(word, index))}</div>
        <label class="choice"><input type="checkbox" .checked=${this.shown} @change=${() => (this.shown = !this.shown)} /><span>${restore.reveal}</span></label>
        <p class="wrong" role="alert">${this.tried && missing > 0 ? restore.incomplete(missing) : nothing}</p>
      </fieldset>
      <section class="stack password">
        <h2>${restore.passwordTitle}</h2>
        <medrec-password-fields></medrec-password-fields>
      </section>
      ${this.busy ? html`<medrec-progress .label=${restore.busy} .progress=${this.progress}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${this.busy}>${restore.submit}</button>
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#back}>${common.back}</button>
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#file}>${this.#words.text.backup.restore}</button>
      </div>
    </form>`;
  }

  #cell(word: string, index: number): TemplateResult {
    const id = `word-${index + 1}`;
    return html`<div class="field">
      <label for=${id}>${this.#words.text.restore.word(index + 1)}</label>
      <input id=${id} type=${this.shown ? 'text' : 'password'} autocomplete="off" autocapitalize="off" spellcheck="false"
        aria-invalid=${this.tried && !word ? 'true' : nothing} .value=${word}
        @input=${(event: Event) => { this.#typed(event, index); }} @paste=${(event: ClipboardEvent) => { this.#pasted(event, index); }} />
    </div>`;
  }

  #typed(event: Event, index: number): void {
    const { currentTarget } = event;
    if (currentTarget instanceof HTMLInputElement) this.cells = this.cells.with(index, currentTarget.value.trim().toLowerCase());
  }

  /** Spreads pasted words over the cells, from the one they were pasted into. Numbers and points between them are dropped. */
  #pasted(event: ClipboardEvent, index: number): void {
    const found = (event.clipboardData?.getData('text') ?? '').toLowerCase().match(/[a-z]+|[\u4e00-\u9fff]/g) ?? [];
    if (found.length < 2) return;
    event.preventDefault();
    const start = found.length >= LENGTH ? 0 : index;
    this.cells = this.cells.map((word, at) => found[at - start] ?? word);
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    this.tried = true;
    const empty = this.cells.findIndex((word) => !word);
    if (empty >= 0) {
      this.renderRoot.querySelector<HTMLInputElement>(`#word-${empty + 1}`)?.focus();
      return;
    }
    const password = this.renderRoot.querySelector('medrec-password-fields')?.take();
    if (password === undefined || this.busy) return;
    const detail: RestoreRequest = { phrase: this.cells.join(' '), password };
    this.dispatchEvent(new CustomEvent('medrec-restore-confirmed', { detail, bubbles: true, composed: true }));
  };

  readonly #file = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-file-requested', { bubbles: true, composed: true }));
  };

  readonly #back = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-back-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-restore', MedrecRestore);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-restore': MedrecRestore;
  }
  interface HTMLElementEventMap {
    'medrec-restore-confirmed': CustomEvent<RestoreRequest>;
  }
}
