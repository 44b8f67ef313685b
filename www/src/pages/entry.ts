import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { type Client } from '../client.js';
import type { Absence } from '../controllers/idle.js';
import { Journey } from '../controllers/journey.js';
import type { BackupChoice } from '../elements/medrec-backup-file.js';
import type { RestoreRequest } from '../elements/medrec-restore.js';
import { askPasskey } from '../passkey.js';
import { base, buttons } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { VaultWays } from '../types.js';
import { focusHeading } from './focus.js';
import '../elements/medrec-backup-file.js';
import '../elements/medrec-create.js';
import '../elements/medrec-phrase.js';
import '../elements/medrec-restore.js';
import '../elements/medrec-trouble.js';
import '../elements/medrec-unlock.js';
import '../elements/medrec-welcome.js';

type Screen =
  | { readonly kind: 'create' }
  | { readonly kind: 'phrase'; readonly phrase: string }
  | { readonly kind: 'file' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'unlock' }
  | { readonly kind: 'welcome' };

/**
 * The way in: make an identity, restore one, or unlock the one of this device.
 *
 * @fires medrec-entered - the vault is open.
 */
export class MedrecEntryPage extends LitElement {
  static override properties = {
    client: { attribute: false },
    vault: {},
    absence: {},
    invited: { type: Boolean },
    screen: { state: true },
    ways: { state: true },
    waitsFor: { state: true },
  };
  static override styles = [base, buttons];
  declare client: Client | undefined;
  declare vault: 'none' | 'locked';
  /** Why it was locked, if nobody asked for it. */
  declare absence: Absence | null;
  declare invited: boolean;
  declare screen: Screen;
  /** What opens the vault, once it is known; a vault that is damaged says so when it is opened. */
  declare ways: VaultWays | undefined;
  declare waitsFor: 'passkey' | 'secret';
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.vault = 'none';
    this.absence = null;
    this.invited = false;
    this.screen = { kind: 'welcome' };
    this.waitsFor = 'secret';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.vault === 'locked' && (changed.has('vault') || changed.has('client'))) {
      void this.client?.ways().then((ways) => (this.ways = ways), () => undefined);
    }
    if (changed.has('vault')) this.screen = { kind: this.vault === 'locked' ? 'unlock' : 'welcome' };
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get('screen');
    if (before !== undefined && !changed.has('vault')) focusHeading(this);
  }

  override render(): TemplateResult {
    const busy = this.#journey.running;
    switch (this.screen.kind) {
      case 'create':
        return html`<medrec-create .busy=${busy} @medrec-password-chosen=${this.#create} @medrec-back-requested=${this.#back}>${this.#trouble()}</medrec-create>`;
      case 'phrase':
        return html`<medrec-phrase .phrase=${this.screen.phrase} .step=${this.#words.text.common.step(2, 2)} @medrec-phrase-kept=${this.#enter}></medrec-phrase>`;
      case 'file':
        return html`<div class="stack wide"><h1 tabindex="-1">${this.#words.text.backup.restoreTitle}</h1>
          ${this.vault === 'locked' ? html`<p class="muted">${this.#words.text.restore.replaces}</p>` : nothing}
          <medrec-backup-file .action=${this.#words.text.backup.restoreSubmit} .busy=${busy}
            @medrec-backup-chosen=${this.#restoreFile} @medrec-back-requested=${this.#goRestore}>${this.#trouble()}</medrec-backup-file></div>`;
      case 'restore':
        return html`<medrec-restore .busy=${busy} .progress=${this.#journey.progress} .replaces=${this.vault === 'locked'}
          @medrec-restore-confirmed=${this.#restore} @medrec-file-requested=${this.#goFile} @medrec-back-requested=${this.#back}>${this.#trouble()}</medrec-restore>`;
      case 'unlock':
        return html`<medrec-unlock .busy=${busy ? this.waitsFor : 'no'} .absence=${this.absence} .passkey=${(this.ways?.passkeys.length ?? 0) > 0} .code=${this.ways?.code ?? false}
          @medrec-unlock-requested=${this.#unlock} @medrec-passkey-requested=${this.#passkey} @medrec-code-entered=${this.#code} @medrec-restore-requested=${this.#goRestore}>${this.#trouble()}</medrec-unlock>`;
      case 'welcome':
        return html`<medrec-welcome .invited=${this.invited} @medrec-create-requested=${this.#goCreate} @medrec-way-back-requested=${this.#goLost} @medrec-restore-requested=${this.#goRestore}></medrec-welcome>`;
    }
  }

  #trouble(): TemplateResult | typeof nothing {
    const { error } = this.#journey;
    if (!error) return nothing;
    const restore = ['vault/damaged', 'vault/older'].includes(error.code) && this.screen.kind === 'unlock';
    return html`<medrec-trouble .error=${error}>${
      restore ? html`<button type="button" @click=${this.#goRestore}>${this.#words.text.unlock.restore}</button>` : nothing
    }</medrec-trouble>`;
  }

  readonly #create = async (event: CustomEvent<string>): Promise<void> => {
    await this.#journey.run(async (signal, onProgress) => {
      const phrase = await this.client?.createVault(event.detail, this.#words.language, onProgress, signal);
      if (phrase !== undefined) this.screen = { kind: 'phrase', phrase };
      return null;
    });
  };

  readonly #restore = async (event: CustomEvent<RestoreRequest>): Promise<void> => {
    const { phrase, password } = event.detail;
    await this.#journey.run(async (signal, onProgress) => {
      await this.client?.restoreVault(phrase, password, onProgress, signal);
      return null;
    });
    if (this.#journey.state.kind === 'done') this.#enter();
  };

  readonly #restoreFile = ({ detail }: CustomEvent<BackupChoice>): Promise<void> =>
    this.#open('secret', (client, signal) => client.restoreBackup(detail.file, detail.password, signal));

  readonly #unlock = ({ detail }: CustomEvent<string>): Promise<void> => this.#open('secret', (client, signal) => client.unlock(detail, signal));

  readonly #code = ({ detail }: CustomEvent<string>): Promise<void> =>
    this.#open('secret', (client, signal) => client.unlockWithCode(detail, signal));

  readonly #passkey = (): Promise<void> =>
    this.#open('passkey', async (client, signal) => {
      await client.unlockWithPasskey(await askPasskey(this.ways?.passkeys ?? []), signal);
    });

  async #open(waitsFor: 'passkey' | 'secret', work: (client: Client, signal: AbortSignal) => Promise<void>): Promise<void> {
    this.waitsFor = waitsFor;
    await this.#journey.run(async (signal) => {
      if (this.client) await work(this.client, signal);
      return null;
    });
    if (this.#journey.state.kind === 'done') this.#enter();
  }

  readonly #enter = (): void => {
    // The phrase is not kept a moment longer than it is shown.
    this.screen = { kind: 'unlock' };
    this.dispatchEvent(new CustomEvent('medrec-entered', { bubbles: true, composed: true }));
  };

  readonly #goCreate = (): void => {
    this.#go({ kind: 'create' });
  };

  /** Fresh keys first; then the way back to the lost ones. */
  readonly #goLost = (): void => {
    location.hash = hashOf({ kind: 'way-back' });
    this.#goCreate();
  };

  readonly #goRestore = (): void => {
    this.#go({ kind: 'restore' });
  };

  readonly #goFile = (): void => {
    this.#go({ kind: 'file' });
  };

  readonly #back = (): void => {
    this.#go({ kind: this.vault === 'locked' ? 'unlock' : 'welcome' });
  };

  #go(screen: Screen): void {
    this.#journey.reset();
    this.screen = screen;
  }
}

customElements.define('medrec-entry-page', MedrecEntryPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-entry-page': MedrecEntryPage;
  }
}
