import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { createPasskey, mayHavePasskeys } from '../passkey.js';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { PasskeyView, VaultWays } from '../types.js';
import type { Confirmation } from '../elements/medrec-confirm.js';
import { icon } from '../elements/icons.js';
import '../elements/medrec-code.js';
import '../elements/medrec-confirm.js';
import '../elements/medrec-trouble.js';

/** What is being changed, or has just been. */
type Step =
  | { readonly kind: 'none'; readonly said: '' | 'added' | 'changed' | 'removed' }
  | { readonly kind: 'password' }
  | { readonly kind: 'passkey' }
  | { readonly kind: 'code' }
  | { readonly kind: 'shown'; readonly code: string };

/** The ways into the vault of this device, and changing them. */
export class MedrecWays extends LitElement {
  static override properties = { client: { attribute: false }, ways: { state: true }, able: { state: true }, step: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .way { display: grid; gap: 12px; padding: 16px 0; border-top: 1px solid var(--medrec-line); }
      .way:first-child { border-top: 0; padding-top: 0; }
      .passkeys li { display: flex; justify-content: space-between; align-items: center; gap: 12px; }
      .passkeys span { display: flex; gap: 8px; align-items: center; min-width: 0; overflow-wrap: anywhere; }
      .passkeys svg { color: var(--medrec-verified); }
    `,
  ];
  declare client: Client | undefined;
  declare ways: VaultWays | undefined;
  declare able: boolean;
  declare step: Step;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.able = true;
    this.step = { kind: 'none', said: '' };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('client')) void this.#load();
  }

  override render(): TemplateResult {
    const { ways } = this.#words.text.settings;
    if (!this.ways) return html`<p class="muted">${ways.loading}</p>${this.#trouble()}`;
    return html`<div class="card">${this.#password()}${this.#passkeys(this.ways.passkeys)}${this.#code(this.ways.code)}</div>
      <p role="status" class="small">${this.step.kind === 'none' && this.step.said ? ways[this.step.said] : nothing}</p>
      ${this.step.kind === 'none' ? this.#trouble() : nothing}`;
  }

  #password(): TemplateResult {
    const { ways } = this.#words.text.settings;
    return html`<section class="way">
      <div class="stack tight"><h3>${ways.password}</h3><p class="small muted">${ways.passwordHint}</p></div>
      ${this.step.kind === 'password'
        ? html`<medrec-confirm .asks=${'password'} .action=${ways.change} .busy=${this.#journey.running ? ways.busy : ''}
            @medrec-confirmed=${this.#changePassword} @medrec-back-requested=${this.#back}>${this.#trouble()}</medrec-confirm>`
        : html`<div class="row"><button type="button" @click=${() => { this.#go({ kind: 'password' }); }}>${ways.change}</button></div>`}
    </section>`;
  }

  #passkeys(passkeys: readonly PasskeyView[]): TemplateResult {
    const { ways } = this.#words.text.settings;
    return html`<section class="way">
      <div class="stack tight"><h3>${ways.passkeys}</h3><p class="small muted">${this.able ? ways.passkeysHint : ways.passkeysMissing}</p></div>
      ${passkeys.length > 0
        ? html`<ul class="passkeys stack tight">${passkeys.map(
            (passkey) => html`<li><span>${icon('check', 18)}${passkey.name}</span>
              <button type="button" class="quiet danger" aria-label=${ways.removeOf(passkey.name)} ?disabled=${this.#journey.running}
                @click=${() => this.#remove(passkey)}>${ways.remove}</button></li>`,
          )}</ul>`
        : nothing}
      ${this.step.kind === 'passkey'
        ? html`<medrec-confirm .asks=${'name'} .action=${ways.add} .lead=${ways.addLead} .busy=${this.#journey.running ? this.#words.text.unlock.waiting : ''}
            @medrec-confirmed=${this.#addPasskey} @medrec-back-requested=${this.#back}>${this.#trouble()}</medrec-confirm>`
        : this.able
          ? html`<div class="row"><button type="button" @click=${() => { this.#go({ kind: 'passkey' }); }}>${ways.add}</button></div>`
          : nothing}
    </section>`;
  }

  #code(there: boolean): TemplateResult {
    const { ways } = this.#words.text.settings;
    const action = there ? ways.replaceCode : ways.makeCode;
    return html`<section class="way">
      <div class="stack tight"><h3>${ways.code}</h3><p class="small muted">${ways.codeHint} ${there ? ways.codeThere : ways.codeNone}</p></div>
      ${this.step.kind === 'shown'
        ? html`<medrec-code .code=${this.step.code} @medrec-code-kept=${this.#back}></medrec-code>`
        : this.step.kind === 'code'
          ? html`<medrec-confirm .action=${action} .busy=${this.#journey.running ? ways.busy : ''}
              @medrec-confirmed=${this.#makeCode} @medrec-back-requested=${this.#back}>${this.#trouble()}</medrec-confirm>`
          : html`<div class="row"><button type="button" @click=${() => { this.#go({ kind: 'code' }); }}>${action}</button></div>`}
    </section>`;
  }

  #trouble(): TemplateResult | typeof nothing {
    const { error } = this.#journey;
    return error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing;
  }

  async #load(): Promise<void> {
    this.able = await mayHavePasskeys();
    await this.#run(() => Promise.resolve(), undefined);
  }

  readonly #changePassword = ({ detail }: CustomEvent<Confirmation>): Promise<void> =>
    this.#run((client, signal) => client.changePassword(detail.password, detail.newPassword, signal), 'changed');

  readonly #addPasskey = ({ detail }: CustomEvent<Confirmation>): Promise<void> =>
    this.#run(async (client, signal) => {
      // A passkey that is made and then opens nothing would stay on the device.
      await client.checkPassword(detail.password, signal);
      const { passkeys } = await client.ways(signal);
      const salt = await client.newPasskeySalt(signal);
      const name = detail.name || this.#words.text.settings.ways.nameExample;
      const answer = await createPasskey(salt, name, passkeys);
      await client.addPasskey(detail.password, answer, salt, name, signal);
    }, 'added');

  #remove(passkey: PasskeyView): Promise<void> {
    return this.#run((client, signal) => client.removePasskey(passkey, signal), 'removed');
  }

  readonly #makeCode = ({ detail }: CustomEvent<Confirmation>): Promise<void> =>
    this.#run(async (client, signal) => {
      this.step = { kind: 'shown', code: await client.makeRecoveryCode(detail.password, signal) };
    }, undefined);

  /** Carries out a change, looks the ways up anew, and says what was done. */
  async #run(work: (client: Client, signal: AbortSignal) => Promise<void>, said: 'added' | 'changed' | 'removed' | undefined): Promise<void> {
    const { client } = this;
    if (!client) return;
    await this.#journey.run(async (signal) => {
      await work(client, signal);
      this.ways = await client.ways(signal);
      return null;
    });
    if (said !== undefined && this.#journey.state.kind === 'done') this.step = { kind: 'none', said };
  }

  readonly #back = (): void => {
    this.#go({ kind: 'none', said: '' });
  };

  #go(step: Step): void {
    this.#journey.reset();
    this.step = step;
  }
}

customElements.define('medrec-ways', MedrecWays);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-ways': MedrecWays;
  }
}
