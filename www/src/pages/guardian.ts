import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { base, buttons, fields, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { HandoverView } from '../types.js';
import { focusHeading } from './focus.js';
import type { OwnedWork } from './owned-action.js';
import './owned-action.js';
import '../elements/medrec-approvals.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

type Kit = Extract<HandoverView, { kind: 'kit' }>;
type Request = Extract<HandoverView, { kind: 'request' }>;

/** What somebody sent to their guardian: to keep it for them, or to approve their new keys. */
export class MedrecGuardianPage extends LitElement {
  static override properties = { client: { attribute: false }, text: {}, said: { state: true }, unnamed: { state: true } };
  static override styles = [base, buttons, fields, surface];
  declare client: Client | undefined;
  /** What stands behind the place in the link. */
  declare text: string;
  declare said: boolean;
  declare unnamed: boolean;
  readonly #words = new Words(this);
  readonly #look = new Journey<HandoverView>(this);
  readonly #keep = new Journey<null>(this);

  constructor() {
    super();
    this.text = '';
    this.said = false;
    this.unnamed = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('text')) {
      this.said = false;
      this.unnamed = false;
      this.#keep.reset();
    }
    if (changed.has('text') || changed.has('client')) void this.#load();
  }

  override render(): TemplateResult {
    const { guardian } = this.#words.text;
    const { value, error } = this.#look;
    if (value) return value.kind === 'kit' ? this.#kit(value) : this.#request(value);
    return html`<div class="stack wide">
      <h1 tabindex="-1">${guardian.title}</h1>
      ${error
        ? html`<medrec-trouble retry .error=${error} @medrec-retry-requested=${this.#load}></medrec-trouble>`
        : html`<medrec-progress .label=${guardian.looking}></medrec-progress>`}
    </div>`;
  }

  #kit({ threshold, guardians: of, mine, name }: Kit): TemplateResult {
    const { guardian, guardians, common } = this.#words.text;
    if (this.said) return this.#done(guardian.kept, guardian.keptLead(name ?? ''));
    return html`<div class="stack wide">
      <div class="stack"><h1 tabindex="-1">${guardian.title}</h1><p class="lead">${guardian.lead}</p></div>
      <p>${guardians.of(threshold, of)}. ${guardian.duties}</p>
      ${mine
        ? html`<form class="stack" novalidate @submit=${this.#submit}>
            <div class="field">
              <label for="name">${guardian.whose}</label>
              <input id="name" type="text" autocomplete="off" maxlength="80" .value=${name ?? ''} aria-describedby="unnamed" aria-invalid=${this.unnamed ? 'true' : nothing} />
              <p id="unnamed" class="wrong" role="alert">${this.unnamed ? guardians.nameMissing : nothing}</p>
            </div>
            ${this.#keep.error ? html`<medrec-trouble .error=${this.#keep.error}></medrec-trouble>` : nothing}
            <div class="row"><button class="primary" ?disabled=${this.#keep.running}>${guardian.keep}</button>
              <a class="button quiet" href=${hashOf({ kind: 'home' })}>${common.cancel}</a></div>
          </form>`
        : html`<p class="notice stale">${guardian.notMine}</p>`}
    </div>`;
  }

  #request({ name, approved, approvals }: Request): TemplateResult {
    const { guardian, common } = this.#words.text;
    const over = approved || approvals.taken;
    return html`<div class="stack wide">
      <div class="stack"><h1 tabindex="-1">${guardian.asks(name)}</h1><p class="lead">${approved ? guardian.approved(name) : approvals.taken ? guardian.over(name) : guardian.compare(name)}</p></div>
      <medrec-approvals .approvals=${approvals}></medrec-approvals>
      ${over
        ? html`<div class="row"><a class="button" href=${hashOf({ kind: 'home' })}>${this.#words.text.app.home}</a></div>`
        : html`<p class="notice stale">${guardian.warning(name)}</p>
            <medrec-owned-action .client=${this.client} .work=${this.#approve} .action=${guardian.approve} .working=${guardian.working} .hint=${this.#words.text.guardians.workingHint}
              @medrec-owned-done=${this.#load}><a class="button quiet" href=${hashOf({ kind: 'home' })}>${common.cancel}</a></medrec-owned-action>`}
    </div>`;
  }

  #done(title: string, lead: string): TemplateResult {
    const { app } = this.#words.text;
    return html`<div class="stack wide">
      <div class="stack" role="status"><h1 tabindex="-1">${title}</h1><p class="lead">${lead}</p></div>
      <div class="row"><a class="button primary" href=${hashOf({ kind: 'home' })}>${app.home}</a></div>
    </div>`;
  }

  readonly #approve: OwnedWork = (client, signal, onProgress) => client.approveKeys(this.text, onProgress, signal);

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const input = this.renderRoot.querySelector('input');
    const name = input?.value.trim() ?? '';
    this.unnamed = name === '';
    if (this.unnamed) {
      input?.focus();
      return;
    }
    await this.#keep.run(async (signal) => {
      await this.client?.keepKit(this.text, name, signal);
      return null;
    });
    if (this.#keep.state.kind !== 'done') return;
    this.said = true;
    await this.#load();
    // A secret that is kept leaves the address, so that no one finds it in the history.
    history.replaceState(null, '', '#/');
  };

  readonly #load = async (): Promise<void> => {
    const { client } = this;
    if (!client) return;
    await this.#look.run((signal) => client.handover(this.text, signal));
    focusHeading(this);
  };
}

customElements.define('medrec-guardian-page', MedrecGuardianPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-guardian-page': MedrecGuardianPage;
  }
}
