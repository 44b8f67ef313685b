import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { isKept, keep } from '../controllers/keeping.js';
import type { BackupChoice } from '../elements/medrec-backup-file.js';
import type { Confirmation } from '../elements/medrec-confirm.js';
import { icon } from '../elements/icons.js';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { BackupView } from '../types.js';
import '../elements/medrec-backup-file.js';
import '../elements/medrec-confirm.js';
import '../elements/medrec-save.js';
import '../elements/medrec-trouble.js';

type Step =
  | { readonly kind: 'none' }
  | { readonly kind: 'make' }
  | { readonly kind: 'made'; readonly file: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'try' }
  | { readonly kind: 'tried'; readonly found: BackupView };

/**
 * What keeps the keys when this device does not: a backup file, tried once, and the browser's promise.
 *
 * @fires medrec-backup-tried - a backup file of these keys works.
 */
export class MedrecBackup extends LitElement {
  static override properties = { client: { attribute: false }, tried: { type: Boolean }, kept: { state: true }, step: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .state { display: grid; grid-template-columns: auto 1fr; gap: 12px; align-items: start; }
      .state svg { color: var(--medrec-stale); margin-top: 2px; }
      .state.good svg { color: var(--medrec-verified); }
    `,
  ];
  declare client: Client | undefined;
  declare tried: boolean;
  /** Whether the browser has promised not to clear the keys by itself; nothing where it cannot tell. */
  declare kept: boolean | undefined;
  declare step: Step;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.tried = false;
    this.step = { kind: 'none' };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void isKept().then((kept) => (this.kept = kept));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('client')) this.#go({ kind: 'none' });
  }

  override render(): TemplateResult {
    const { backup } = this.#words.text;
    return html`<div class="stack">
      <p class="muted">${backup.lead}</p>
      <p class="state ${this.tried ? 'good' : ''}">${icon(this.tried ? 'check' : 'clock', 20)}<span>${this.tried ? backup.isTried : backup.isNotTried}</span></p>
      ${this.#file()}
      ${this.kept === undefined
        ? nothing
        : html`<p class="state ${this.kept ? 'good' : ''}">${icon(this.kept ? 'check' : 'clock', 20)}<span>${this.kept ? backup.kept : backup.notKept}</span></p>
            ${this.kept ? nothing : html`<div class="row"><button type="button" @click=${this.#keep}>${backup.keep}</button></div>`}`}
    </div>`;
  }

  #file(): TemplateResult {
    const { backup } = this.#words.text;
    const busy = this.#journey.running;
    const { error } = this.#journey;
    const trouble = error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing;
    switch (this.step.kind) {
      case 'make':
        return html`<medrec-confirm .action=${backup.make} .lead=${backup.makeLead} .busy=${busy ? backup.making : ''}
          @medrec-confirmed=${this.#make} @medrec-back-requested=${this.#back}>${trouble}</medrec-confirm>`;
      case 'try':
        return html`<medrec-backup-file .action=${backup.try} .busy=${busy} @medrec-backup-chosen=${this.#try} @medrec-back-requested=${this.#back}>${trouble}</medrec-backup-file>`;
      case 'made':
      case 'none':
      case 'tried':
        return html`${this.#said(this.step)}
          <div class="row">
            <button type="button" @click=${() => { this.#go({ kind: 'make' }); }}>${backup.make}</button>
            <button type="button" @click=${() => { this.#go({ kind: 'try' }); }}>${backup.try}</button>
          </div>`;
    }
  }

  #said(step: Step): TemplateResult | typeof nothing {
    const { backup } = this.#words.text;
    if (step.kind === 'made') {
      return html`<div class="notice accent stack" role="status"><p>${backup.made}</p>
        <div class="row"><medrec-save .value=${step.file} .label=${backup.save} name="medrec-keys.medrec" type="application/octet-stream"></medrec-save></div></div>`;
    }
    if (step.kind !== 'tried') return nothing;
    return html`<p class="notice accent" role="status">${step.found.own ? backup.works(step.found.relationships) : backup.worksElsewhere}</p>`;
  }

  readonly #make = ({ detail }: CustomEvent<Confirmation>): Promise<void> =>
    this.#run(async (client, signal) => ({ kind: 'made', file: await client.backUp(detail.password, signal) }));

  readonly #try = ({ detail }: CustomEvent<BackupChoice>): Promise<void> =>
    this.#run(async (client, signal) => {
      const found = await client.tryBackup(detail.file, detail.password, signal);
      if (found.own) this.dispatchEvent(new CustomEvent('medrec-backup-tried', { bubbles: true, composed: true }));
      return { kind: 'tried', found };
    });

  async #run(work: (client: Client, signal: AbortSignal) => Promise<Step>): Promise<void> {
    const { client } = this;
    if (!client) return;
    await this.#journey.run(async (signal) => {
      this.step = await work(client, signal);
      return null;
    });
  }

  readonly #keep = async (): Promise<void> => {
    this.kept = await keep();
  };

  readonly #back = (): void => {
    this.#go({ kind: 'none' });
  };

  #go(step: Step): void {
    this.#journey.reset();
    this.step = step;
  }
}

customElements.define('medrec-backup', MedrecBackup);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-backup': MedrecBackup;
  }
}
