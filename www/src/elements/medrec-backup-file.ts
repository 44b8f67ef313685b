import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import './medrec-progress.js';

/** A backup file and the password that it was made with. */
export interface BackupChoice {
  readonly file: Uint8Array<ArrayBuffer>;
  readonly password: string;
}

/**
 * Takes a backup file and its password.
 *
 * @fires medrec-backup-chosen - `detail` is the `BackupChoice`.
 * @fires medrec-back-requested - the person does not go on.
 * @slot - what went wrong.
 */
export class MedrecBackupFile extends LitElement {
  static override properties = { action: {}, busy: { type: Boolean }, missing: { state: true }, chosen: { state: true } };
  static override styles = [base, buttons, fields, css`
      form { max-width: 440px; }
      /* The browser's own button speaks the browser's language, not the page's. */
      .file { position: relative; display: flex; flex-wrap: wrap; align-items: center; gap: 12px; }
      .file input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
      .file input:focus-visible + .button { outline: 2px solid var(--medrec-accent); outline-offset: 2px; }
      .file span { overflow-wrap: anywhere; }
    `];
  /** What the button says. */
  declare action: string;
  declare busy: boolean;
  declare missing: '' | 'file' | 'password';
  /** The name of the chosen file. */
  declare chosen: string;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.action = '';
    this.busy = false;
    this.missing = '';
    this.chosen = '';
  }

  override render(): TemplateResult {
    const { backup, unlock, common } = this.#words.text;
    return html`<form class="stack" novalidate @submit=${this.#submit}>
      <div class="field">
        <label for="file">${backup.file}</label>
        <div class="file">
          <input id="file" type="file" accept=".medrec" ?disabled=${this.busy} aria-describedby="chosen no-file"
            aria-invalid=${this.missing === 'file' ? 'true' : nothing} @change=${this.#choose} />
          <span class="button" aria-hidden="true">${backup.choose}</span>
          <span id="chosen">${this.chosen}</span>
        </div>
        <p id="no-file" class="wrong" role="alert">${this.missing === 'file' ? backup.noFile : nothing}</p>
      </div>
      <div class="field">
        <label for="password">${backup.filePassword}</label>
        <input id="password" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false" ?disabled=${this.busy}
          aria-describedby="hint empty" aria-invalid=${this.missing === 'password' ? 'true' : nothing} />
        <p id="hint" class="hint">${backup.filePasswordHint}</p>
        <p id="empty" class="wrong" role="alert">${this.missing === 'password' ? unlock.empty : nothing}</p>
      </div>
      ${this.busy ? html`<medrec-progress .label=${backup.opening}></medrec-progress>` : nothing}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${this.busy}>${this.action}</button>
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#back}>${common.cancel}</button>
      </div>
    </form>`;
  }

  readonly #choose = (event: Event): void => {
    if (event.currentTarget instanceof HTMLInputElement) this.chosen = event.currentTarget.files?.[0]?.name ?? '';
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const file = this.renderRoot.querySelector<HTMLInputElement>('#file')?.files?.[0];
    const password = this.renderRoot.querySelector<HTMLInputElement>('#password')?.value ?? '';
    this.missing = file === undefined ? 'file' : password === '' ? 'password' : '';
    if (file === undefined || this.missing !== '' || this.busy) return;
    // Longer than any backup: enough to see that it is none.
    const bytes = new Uint8Array(await file.slice(0, MAX_BYTES).arrayBuffer());
    const detail: BackupChoice = { file: bytes, password };
    this.dispatchEvent(new CustomEvent('medrec-backup-chosen', { detail, bubbles: true, composed: true }));
  };

  readonly #back = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-back-requested', { bubbles: true, composed: true }));
  };
}

const MAX_BYTES = 4 << 20;

customElements.define('medrec-backup-file', MedrecBackupFile);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-backup-file': MedrecBackupFile;
  }
  interface HTMLElementEventMap {
    'medrec-backup-chosen': CustomEvent<BackupChoice>;
  }
}
