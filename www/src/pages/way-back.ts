import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { base, buttons } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { OnProgress, WayBackView } from '../types.js';
import { focusHeading } from './focus.js';
import '../elements/medrec-approvals.js';
import '../elements/medrec-hand-link.js';
import '../elements/medrec-paste-link.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

const LOOK_MS = 5000;

/**
 * The way back for somebody who has lost everything: what a guardian kept, what the guardians are asked for, and the keys that
 * they approved.
 *
 * @fires medrec-way-back-done - the keys have taken over.
 */
export class MedrecWayBackPage extends LitElement {
  static override properties = { client: { attribute: false }, view: { state: true }, done: { state: true }, asking: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      ol { display: grid; gap: 28px; counter-reset: step; }
      ol > li { display: grid; grid-template-columns: 32px 1fr; gap: 12px; counter-increment: step; }
      ol > li::before { content: counter(step); font-weight: 650; font-size: 20px; line-height: 1.3; color: var(--medrec-accent); }
      ol > li > * { min-width: 0; }
    `,
  ];
  declare client: Client | undefined;
  /** Null while no kit is there; not set while that is not known. */
  declare view: WayBackView | null | undefined;
  declare done: boolean;
  declare asking: boolean;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);
  #looking = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.done = false;
    this.asking = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('client')) void this.#run(() => Promise.resolve());
  }

  override render(): TemplateResult {
    const { wayBack, app } = this.#words.text;
    const { error, running, progress } = this.#journey;
    const trouble = error ? html`<medrec-trouble retry .error=${error} @medrec-retry-requested=${this.#again}></medrec-trouble>` : nothing;
    if (this.done) {
      return html`<div class="stack wide">
        <div class="stack" role="status"><h1 tabindex="-1">${wayBack.doneTitle}</h1><p class="lead">${wayBack.doneLead}</p></div>
        <div class="row"><a class="button primary" href=${hashOf({ kind: 'home' })}>${app.home}</a></div>
      </div>`;
    }
    return html`<div class="stack wide">
      <div class="stack"><h1 tabindex="-1">${wayBack.title}</h1><p class="lead">${wayBack.lead}</p></div>
      ${this.view === undefined
        ? html`${trouble}${running ? html`<medrec-progress .label=${wayBack.looking}></medrec-progress>` : nothing}`
        : html`<ol>
            <li><section class="stack"><h2>${wayBack.kit}</h2>${this.view === null ? this.#ask() : html`<p class="muted">${wayBack.kitThere}</p>`}</section></li>
            ${this.view === null ? nothing : this.#waiting(this.view)}
          </ol>
          ${running ? html`<medrec-progress .label=${wayBack.working} .progress=${progress}></medrec-progress>` : nothing}
          ${trouble}${this.view === null ? nothing : this.#leaving()}`}
    </div>`;
  }

  #ask(): TemplateResult {
    const { wayBack } = this.#words.text;
    return html`<p class="muted">${wayBack.kitHint}</p>
      <medrec-paste-link .place=${'guardian'} .label=${wayBack.kitField} .action=${wayBack.kitOpen} @medrec-link-pasted=${this.#begin}></medrec-paste-link>`;
  }

  #waiting({ request, ready, approvals }: WayBackView): TemplateResult {
    const { wayBack } = this.#words.text;
    return html`<li><section class="stack">
        <h2>${wayBack.send}</h2><p class="muted">${wayBack.sendHint(approvals.threshold)}</p>
        <medrec-hand-link .text=${request} .name=${wayBack.link} .action=${wayBack.copy}></medrec-hand-link>
        <medrec-approvals .approvals=${approvals}></medrec-approvals>
      </section></li>
      <li><section class="stack">
        <h2>${wayBack.finishTitle}</h2><p class="muted">${ready ? wayBack.finishReady : wayBack.finishLater}</p>
        <div class="row"><button type="button" class="primary" ?disabled=${!ready || this.#journey.running} @click=${this.#finish}>${wayBack.finish}</button></div>
      </section></li>`;
  }

  #leaving(): TemplateResult {
    const { wayBack, common } = this.#words.text;
    return this.asking
      ? html`<div class="row"><span>${wayBack.leaveHint}</span><button type="button" class="danger" @click=${this.#leave}>${wayBack.leave}</button>
          <button type="button" class="quiet" @click=${() => (this.asking = false)}>${common.cancel}</button></div>`
      : html`<div class="row"><button type="button" class="quiet" @click=${() => (this.asking = true)}>${wayBack.leave}</button></div>`;
  }

  readonly #again = (): Promise<void> => this.#run(() => Promise.resolve());

  readonly #begin = ({ detail }: CustomEvent<string>): Promise<void> => this.#run((client, signal) => client.beginWayBack(detail, signal));

  readonly #leave = (): Promise<void> => {
    this.asking = false;
    return this.#run((client, signal) => client.leaveWayBack(signal));
  };

  readonly #finish = async (): Promise<void> => {
    await this.#run((client, signal, onProgress) => client.finishWayBack(onProgress, signal));
    if (this.#journey.state.kind !== 'done') return;
    this.done = true;
    clearInterval(this.#timer);
    this.dispatchEvent(new CustomEvent('medrec-way-back-done', { bubbles: true, composed: true }));
    void this.updateComplete.then(() => { focusHeading(this); });
  };

  #isIdle(): boolean {
    return !this.#journey.running && !this.done;
  }

  /** How far the guardians are, while nothing else is done. */
  async #look(): Promise<void> {
    const { client, view: before } = this;
    if (!client || !before || this.#looking || !this.#isIdle()) return;
    this.#looking = true;
    // What cannot be looked up now may be later.
    const view = await client.wayBack().catch(() => undefined);
    this.#looking = false;
    // Given up, or gone on, meanwhile.
    if (view !== undefined && this.view === before && this.#isIdle()) this.view = view;
  }

  async #run(work: (client: Client, signal: AbortSignal, onProgress: OnProgress) => Promise<void>): Promise<void> {
    const { client } = this;
    if (!client) return;
    await this.#journey.run(async (signal, onProgress) => {
      await work(client, signal, onProgress);
      this.view = await client.wayBack(signal);
      return null;
    });
  }
}

customElements.define('medrec-way-back-page', MedrecWayBackPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-way-back-page': MedrecWayBackPage;
  }
  interface HTMLElementEventMap {
    'medrec-way-back-done': CustomEvent<null>;
  }
}
