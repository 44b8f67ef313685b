import { LitElement, html, nothing, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { askPasskey } from '../passkey.js';
import { base, buttons } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { OnProgress, PasskeyView } from '../types.js';
import '../elements/medrec-owner.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

/** What is done once the person has shown that the screen is theirs. */
export type OwnedWork = (client: Client, signal: AbortSignal, onProgress: OnProgress) => Promise<void>;

/**
 * A button for what an unlocked screen alone is not enough for: asks for the password or a passkey, then does it.
 *
 * @slot - ways out, beside the button.
 * @fires medrec-owned-done - the work is done.
 */
export class MedrecOwnedAction extends LitElement {
  static override properties = { client: { attribute: false }, work: { attribute: false }, action: {}, working: {}, hint: {}, passkeys: { state: true } };
  static override styles = [base, buttons];
  declare client: Client | undefined;
  declare work: OwnedWork | undefined;
  /** What the button says. */
  declare action: string;
  /** What is being done meanwhile. */
  declare working: string;
  declare hint: string;
  declare passkeys: readonly PasskeyView[];
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.action = '';
    this.working = '';
    this.hint = '';
    this.passkeys = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // Where this cannot be told, the password is asked for.
    void this.client?.ways().then(({ passkeys }) => (this.passkeys = passkeys), () => undefined);
  }

  override render(): TemplateResult {
    const { error, running, progress } = this.#journey;
    return html`<div class="stack wide">
      <medrec-owner ?passkey=${this.passkeys.length > 0} ?busy=${running} @medrec-passkey-requested=${this.#withPasskey} @medrec-owner-entered=${this.#withPassword}></medrec-owner>
      ${running
        ? html`<div class="stack tight"><medrec-progress .label=${progress === null ? this.#words.text.settings.ways.busy : this.working} .progress=${progress}></medrec-progress>${
            progress === null || !this.hint ? nothing : html`<p class="small muted">${this.hint}</p>`
          }</div>`
        : nothing}
      ${error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing}
      <div class="row"><button type="button" class="primary" ?disabled=${running} @click=${this.#withPassword}>${this.action}</button><slot></slot></div>
    </div>`;
  }

  readonly #withPasskey = (): Promise<void> => this.#run(() => askPasskey(this.passkeys));

  readonly #withPassword = async (): Promise<void> => {
    const password = this.renderRoot.querySelector('medrec-owner')?.take();
    if (password !== undefined) await this.#run(() => Promise.resolve(password));
  };

  async #run(owner: () => Promise<Parameters<Client['confirm']>[0]>): Promise<void> {
    const { client, work } = this;
    if (!client || !work || this.#journey.running) return;
    await this.#journey.run(async (signal, onProgress) => {
      await client.confirm(await owner(), signal);
      await work(client, signal, onProgress);
      return null;
    });
    if (this.#journey.state.kind === 'done') this.dispatchEvent(new CustomEvent('medrec-owned-done', { bubbles: true, composed: true }));
  }
}

customElements.define('medrec-owned-action', MedrecOwnedAction);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-owned-action': MedrecOwnedAction;
  }
  interface HTMLElementEventMap {
    'medrec-owned-done': CustomEvent<null>;
  }
}
