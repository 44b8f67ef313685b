import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { Journey } from '../controllers/journey.js';
import type { Known, Library } from '../controllers/library.js';
import { icon } from '../elements/icons.js';
import type { GuardianChoice } from '../elements/medrec-guardians-form.js';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { GuardiansView } from '../types.js';
import { focusHeading } from './focus.js';
import type { OwnedWork } from './owned-action.js';
import './owned-action.js';
import './wards.js';
import '../elements/medrec-guardians-form.js';
import '../elements/medrec-hand-link.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

type Step =
  | { readonly kind: 'look' }
  | { readonly kind: 'choose' }
  | { readonly kind: 'confirm'; readonly choice: GuardianChoice }
  | { readonly kind: 'dismiss' };

/** The person's own guardians: who they are, choosing them, objecting to what they approved; and whom the person guards. */
export class MedrecGuardiansPage extends LitElement {
  static override properties = { library: { attribute: false }, known: { attribute: false }, demo: { type: Boolean }, step: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .page { display: grid; gap: 40px; }
      .points, .people { display: grid; gap: 10px; }
      .points li, .people li { display: grid; grid-template-columns: 24px 1fr; gap: 12px; }
      .points svg, .people svg { color: var(--medrec-accent); margin-top: 2px; }
    `,
  ];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare demo: boolean;
  declare step: Step;
  readonly #words = new Words(this);
  readonly #journey = new Journey<null>(this);

  constructor() {
    super();
    this.demo = false;
    this.step = { kind: 'look' };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.library?.guardians();
  }

  override render(): TemplateResult | typeof nothing {
    const { guardians } = this.#words.text;
    const { value, error } = this.known?.guardians ?? {};
    if (this.step.kind === 'confirm' || this.step.kind === 'dismiss') return this.#owned(this.step);
    return html`<div class="page">
      <div class="stack wide">
        <div class="stack"><h1 tabindex="-1">${guardians.title}</h1><p class="lead">${guardians.lead}</p></div>
        ${error ? html`<medrec-trouble retry .error=${error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
        ${value ? this.#mine(value) : error ? nothing : html`<medrec-progress .label=${guardians.loading}></medrec-progress>`}
      </div>
      <medrec-wards .client=${this.library?.client}></medrec-wards>
    </div>`;
  }

  #mine(view: GuardiansView): TemplateResult {
    const { guardians, common } = this.#words.text;
    const choosing = this.step.kind === 'choose';
    if (view.kit !== null && !choosing) return this.#chosen(view, view.kit);
    return html`${view.unknown && view.kit === null ? html`<p class="notice">${guardians.unknown}</p>${this.#object(view)}` : nothing}
      ${choosing
        ? html`<medrec-guardians-form ?demo=${this.demo} @medrec-guardians-chosen=${this.#choose}>
            <button type="button" class="quiet" @click=${this.#back}>${common.cancel}</button></medrec-guardians-form>`
        : html`<ul class="points">${guardians.points.map((words) => html`<li>${icon('check', 22)}<span>${words}</span></li>`)}</ul>
            <p class="notice">${guardians.caution}</p>
            <div class="row"><button type="button" class="primary" @click=${() => { this.#go({ kind: 'choose' }); }}>${guardians.choose}</button></div>`}`;
  }

  #chosen(view: GuardiansView, kit: string): TemplateResult {
    const { text, format } = this.#words;
    const { guardians } = text;
    const { running } = this.#journey;
    return html`${this.#object(view)}
      ${view.unknown ? html`<p class="notice stale">${guardians.former}</p>` : nothing}
      <section class="stack">
        <h2>${guardians.yours}</h2>
        <ul class="people">${view.guardians.map(({ address, name }) => html`<li>${icon('person', 22)}<span>${name ?? text.common.personAt(format.short(address))}</span></li>`)}</ul>
        <p>${guardians.rule(view.threshold, view.guardians.length, guardians.span(view.delaySeconds ?? 0))}</p>
        ${view.covered < view.addresses
          ? html`<div class="notice row between"><span>${guardians.remind}</span><button type="button" class="small-button" ?disabled=${running} @click=${this.#cover}>${guardians.cover}</button></div>`
          : html`<p class="row">${icon('verified', 20)}<span>${guardians.covered(view.addresses)}</span></p>`}
        ${view.readyAt === null ? this.#doing() : nothing}
      </section>
      <section class="stack">
        <h2>${guardians.hand}</h2>
        <p class="muted">${guardians.handHint}</p>
        <medrec-hand-link .text=${kit} .name=${guardians.link} .action=${guardians.copy}></medrec-hand-link>
      </section>
      <div class="row">
        <button type="button" @click=${() => { this.#go({ kind: 'choose' }); }}>${guardians.others}</button>
        <button type="button" class="quiet danger" @click=${() => { this.#go({ kind: 'dismiss' }); }}>${guardians.dismiss}</button>
      </div>`;
  }

  /** What is being changed, or why it could not be. */
  #doing(): TemplateResult {
    const { error, running, progress } = this.#journey;
    return html`${running ? html`<medrec-progress .label=${this.#words.text.guardians.working} .progress=${progress}></medrec-progress>` : nothing}
      ${error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing}`;
  }

  /** Keys were approved: if it was not the person who lost the former ones, it is stopped here. */
  #object({ readyAt }: GuardiansView): TemplateResult | typeof nothing {
    if (readyAt === null) return nothing;
    const { text, format } = this.#words;
    const { guardians } = text;
    return html`<div class="notice stale stack">
      <p><strong>${guardians.approved(format.moment(readyAt))}</strong><br />${guardians.objectHint}</p>
      <div class="row"><button type="button" class="danger" ?disabled=${this.#journey.running} @click=${this.#objectTo}>${guardians.object}</button></div>
    </div>
    ${this.#doing()}`;
  }

  #owned(step: Extract<Step, { kind: 'confirm' | 'dismiss' }>): TemplateResult {
    const { guardians, common } = this.#words.text;
    const isChoice = step.kind === 'confirm';
    const work: OwnedWork = isChoice ? this.#put(step.choice) : (client, signal, onProgress) => client.dismissGuardians(onProgress, signal);
    return html`<div class="stack wide">
      <div class="stack"><h1 tabindex="-1">${isChoice ? guardians.confirmTitle : guardians.dismissTitle}</h1>
        <p class="lead">${isChoice ? guardians.confirmLead(step.choice.guardians.map(({ name }) => name.trim()), step.choice.threshold, guardians.span(step.choice.delaySeconds)) : guardians.dismissLead}</p></div>
      ${isChoice ? html`<p class="small muted">${guardians.linkable}</p>` : nothing}
      <medrec-owned-action .client=${this.library?.client} .work=${work} .action=${isChoice ? guardians.submit : guardians.dismiss} .working=${guardians.working} .hint=${guardians.workingHint}
        @medrec-owned-done=${this.#done}><button type="button" class="quiet" @click=${this.#back}>${common.cancel}</button></medrec-owned-action>
    </div>`;
  }

  #put({ guardians, threshold, delaySeconds }: GuardianChoice): OwnedWork {
    return async (client, signal, onProgress) => {
      for (const { code, name } of guardians) await client.nameViewer(code, name, signal);
      await client.chooseGuardians(guardians.map(({ code }) => code), threshold, delaySeconds, onProgress, signal);
    };
  }

  readonly #load = (): Promise<void> => this.library?.guardians() ?? Promise.resolve();

  readonly #choose = ({ detail }: CustomEvent<GuardianChoice>): void => {
    this.#go({ kind: 'confirm', choice: detail });
  };

  readonly #cover = (): Promise<void> => this.#run((client, signal, onProgress) => client.coverWithGuardians(onProgress, signal));

  readonly #objectTo = (): Promise<void> => this.#run((client, signal, onProgress) => client.objectToKeys(onProgress, signal));

  async #run(work: OwnedWork): Promise<void> {
    await this.#journey.run(async (signal, onProgress) => {
      if (this.library) await work(this.library.client, signal, onProgress);
      return null;
    });
    await this.#load();
  }

  readonly #done = async (): Promise<void> => {
    await this.#load();
    this.#go({ kind: 'look' });
  };

  readonly #back = (): void => {
    this.#go({ kind: 'look' });
  };

  #go(step: Step): void {
    this.step = step;
    void this.updateComplete.then(() => { focusHeading(this); });
  }
}

customElements.define('medrec-guardians-page', MedrecGuardiansPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-guardians-page': MedrecGuardiansPage;
  }
}
