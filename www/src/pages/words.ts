import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { icon } from '../elements/icons.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { OnProgress } from '../types.js';
import { focusHeading } from './focus.js';
import type { OwnedWork } from './owned-action.js';
import './owned-action.js';
import '../elements/medrec-phrase.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

type Step =
  | { readonly kind: 'why' }
  | { readonly kind: 'words'; readonly phrase: string }
  | { readonly kind: 'confirm'; readonly phrase: string }
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'done' };

/**
 * New recovery words in the place of the former ones: why, the words, the owner's confirmation, and the change itself, which
 * goes on where it was interrupted.
 *
 * @fires medrec-words-changed - `detail` says whether new words are about to take over; if not, they just did.
 */
export class MedrecWordsPage extends LitElement {
  static override properties = { client: { attribute: false }, renewing: { type: Boolean }, step: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .points { display: grid; gap: 10px; }
      .points li { display: grid; grid-template-columns: 24px 1fr; gap: 12px; }
      .points svg { color: var(--medrec-accent); margin-top: 2px; }
    `,
  ];
  declare client: Client | undefined;
  /** Whether new words were about to take over when the page opened. */
  declare renewing: boolean;
  declare step: Step;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.renewing = false;
    this.step = { kind: 'why' };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.step = { kind: this.renewing ? 'unfinished' : 'why' };
  }

  override render(): TemplateResult {
    const { renewal } = this.#words.text;
    switch (this.step.kind) {
      case 'why':
        return this.#page(
          renewal.title,
          renewal.lead,
          html`<ul class="points">${renewal.points.map((words) => html`<li>${icon('check', 22)}<span>${words}</span></li>`)}</ul><p class="small muted">${renewal.linkable}</p>`,
          html`<button type="button" class="primary" ?disabled=${this.#journey.running} @click=${this.#make}>${renewal.make}</button>${this.#leave()}`,
        );
      case 'words':
        return html`<medrec-phrase .phrase=${this.step.phrase} .step=${this.#words.text.common.step(1, 2)} @medrec-phrase-kept=${this.#kept}></medrec-phrase>`;
      case 'confirm':
        return this.#page(
          renewal.confirmTitle,
          renewal.confirmLead,
          html`<medrec-owned-action .client=${this.client} .work=${this.#begin} .action=${renewal.submit} .working=${renewal.working}
            @medrec-owned-done=${this.#begun}>${this.#leave()}</medrec-owned-action>`,
          nothing,
        );
      case 'unfinished':
        return this.#page(
          renewal.unfinishedTitle,
          renewal.unfinishedLead,
          nothing,
          html`<button type="button" class="primary" ?disabled=${this.#journey.running} @click=${this.#goOn}>${renewal.goOn}</button>`,
        );
      case 'done':
        return this.#page(
          renewal.doneTitle,
          renewal.doneLead,
          nothing,
          html`<a class="button primary" href=${hashOf({ kind: 'settings' })}>${renewal.doneBackup}</a>`,
        );
    }
  }

  #page(title: string, lead: string, body: TemplateResult | typeof nothing, actions: TemplateResult | typeof nothing): TemplateResult {
    const { error, running } = this.#journey;
    const { common, renewal } = this.#words.text;
    const { kind } = this.step;
    return html`<div class="stack wide">
      <div class="stack">
        ${kind === 'confirm' ? html`<p class="small muted">${common.step(2, 2)}</p>` : nothing}
        <h1 tabindex="-1">${title}</h1>
        <p class="lead">${lead}</p>
      </div>
      ${body}
      ${running && kind === 'unfinished'
        ? html`<div class="stack tight"><medrec-progress .label=${renewal.working} .progress=${this.#journey.progress}></medrec-progress><p class="small muted">${renewal.workingHint}</p></div>`
        : nothing}
      ${error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing}
      <div class="row">${actions}</div>
    </div>`;
  }

  #leave(): TemplateResult {
    return html`<a class="button quiet" href=${hashOf({ kind: 'settings' })}>${this.#words.text.common.cancel}</a>`;
  }

  readonly #make = (): Promise<void> =>
    this.#run(async (client, signal) => {
      this.#go({ kind: 'words', phrase: await client.newPhrase(this.#words.language, signal) });
    });

  readonly #kept = (): void => {
    if (this.step.kind === 'words') this.#go({ kind: 'confirm', phrase: this.step.phrase });
  };

  readonly #begin: OwnedWork = async (client, signal) => {
    if (this.step.kind !== 'confirm') return;
    await client.beginRenewal(this.step.phrase, signal);
  };

  /** From here on the words are the vault's to keep, and the page only goes on. */
  readonly #begun = (): Promise<void> => {
    this.#changed(true);
    this.#go({ kind: 'unfinished' });
    return this.#goOn();
  };

  readonly #goOn = async (): Promise<void> => {
    await this.#run(async (client, signal, onProgress) => {
      await client.finishRenewal(onProgress, signal);
      this.#changed(false);
      this.#go({ kind: 'done' });
    });
  };

  #run(work: (client: Client, signal: AbortSignal, onProgress: OnProgress) => Promise<void>): Promise<void> {
    return this.#journey.run(async (signal, onProgress) => {
      if (this.client) await work(this.client, signal, onProgress);
      return null;
    });
  }

  #changed(detail: boolean): void {
    this.dispatchEvent(new CustomEvent('medrec-words-changed', { detail, bubbles: true, composed: true }));
  }

  #go(step: Step): void {
    this.step = step;
    // The new step is read out from its heading on.
    void this.updateComplete.then(() => { focusHeading(this); });
  }
}

customElements.define('medrec-words-page', MedrecWordsPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-words-page': MedrecWordsPage;
  }
  interface HTMLElementEventMap {
    'medrec-words-changed': CustomEvent<boolean>;
  }
}
