import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import type { Preferences } from '../controllers/preferences.js';
import { icon } from '../elements/icons.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { SyncView } from '../types.js';
import '../elements/medrec-preferences.js';
import '../elements/medrec-values.js';
import './backup.js';
import './ways.js';

/**
 * Language, appearance, locking, the ways to unlock, and what one can rely on.
 *
 * @fires medrec-lock-requested - the person wants the keys locked.
 */
export class MedrecSettingsPage extends LitElement {
  static override properties = { client: { attribute: false }, tried: { type: Boolean }, network: { attribute: false }, preferences: { attribute: false } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .page { display: grid; gap: 40px; }
      .points { display: grid; gap: 10px; }
      .points li { display: grid; grid-template-columns: 24px 1fr; gap: 12px; }
      .points svg { color: var(--medrec-verified); margin-top: 2px; }
      .limits svg { color: var(--medrec-muted); }
    `,
  ];
  declare client: Client | undefined;
  /** Whether a backup file of these keys was tried. */
  declare tried: boolean;
  declare network: SyncView | null;
  declare preferences: Preferences | undefined;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.network = null;
    this.tried = true;
  }

  override render(): TemplateResult {
    const { settings, network } = this.#words.text;
    return html`<div class="page">
      <div class="stack">
        <h1 tabindex="-1">${settings.title}</h1>
        <medrec-preferences .value=${this.preferences}></medrec-preferences>
      </div>
      <section class="stack">
        <h2>${settings.security}</h2>
        <div class="row"><button type="button" @click=${this.#lock}>${icon('lock', 20)}${settings.lock}</button></div>
        <p class="muted">${settings.lockHint}</p>
      </section>
      <section class="stack">
        <h2>${settings.phrase}</h2>
        <p class="muted">${settings.phraseHint}</p>
        <div class="row"><a class="button" href=${hashOf({ kind: 'words' })}>${this.#words.text.renewal.title}</a></div>
      </section>
      <section class="stack">
        <h2>${this.#words.text.guardians.title}</h2>
        <p class="muted">${settings.guardiansHint}</p>
        <div class="row"><a class="button" href=${hashOf({ kind: 'guardians' })}>${this.#words.text.guardians.title}</a></div>
      </section>
      <section class="stack">
        <h2>${settings.ways.title}</h2>
        <medrec-ways .client=${this.client}></medrec-ways>
      </section>
      <section class="stack">
        <h2>${this.#words.text.backup.title}</h2>
        <medrec-backup .client=${this.client} .tried=${this.tried}></medrec-backup>
      </section>
      <section class="stack">
        <h2>${settings.about}</h2>
        <ul class="points">${settings.can.map((words) => html`<li>${icon('check', 22)}<span>${words}</span></li>`)}</ul>
        <h3>${settings.limits}</h3>
        <ul class="points limits">${settings.cannot.map((words) => html`<li>${icon('ring', 22)}<span>${words}</span></li>`)}</ul>
      </section>
      ${this.network
        ? html`<section class="stack">
            <h2>${settings.network}</h2>
            ${this.network.network.demo ? html`<p class="notice">${settings.demo}</p>` : nothing}
            <medrec-values .items=${[[network.name, this.network.network.name], [network.chainId, this.network.network.chainId]]}></medrec-values>
          </section>`
        : nothing}
    </div>`;
  }

  readonly #lock = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-lock-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-settings-page', MedrecSettingsPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-settings-page': MedrecSettingsPage;
  }
}
