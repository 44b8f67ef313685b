import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Journey } from '../controllers/journey.js';
import type { Library } from '../controllers/library.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { invitationStep } from '../text/steps.js';
import { Words } from '../text/words.js';
import type { InvitationView, RelationshipView } from '../types.js';
import { focusHeading } from './focus.js';
import '../elements/medrec-invitation.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-steps.js';
import '../elements/medrec-trouble.js';

/**
 * An invitation: who invites, accepting it, and what came of it.
 *
 * @fires medrec-accepted - the relationship is proven.
 * @fires medrec-later-requested - the person does not accept now.
 */
export class MedrecInvitationPage extends LitElement {
  static override properties = { library: { attribute: false }, text: {} };
  static override styles = [base, buttons, surface];
  declare library: Library | undefined;
  declare text: string;
  readonly #words = new Words(this);
  readonly #looking = new Journey<InvitationView>(this);
  readonly #accepting = new Journey<RelationshipView>(this);

  constructor() {
    super();
    this.text = '';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('text')) {
      this.#accepting.reset();
      void this.#look();
    }
  }

  override render(): TemplateResult {
    const { invitation } = this.#words.text;
    const view = this.#looking.value;
    const done = this.#accepting.value;
    if (done) return this.#done(done);
    if (view?.alreadyAccepted && !this.#accepting.running) return this.#already(view);
    return html`<div class="stack wide">
      <h1 tabindex="-1">${invitation.title}</h1>
      ${this.#looking.running ? html`<medrec-progress .label=${invitation.loading}></medrec-progress>` : nothing}
      ${this.#looking.error
        ? html`<medrec-trouble retry .error=${this.#looking.error} @medrec-retry-requested=${this.#look}>
            <a class="button" href=${hashOf({ kind: 'home' })}>${invitation.home}</a>
          </medrec-trouble>`
        : nothing}
      ${view
        ? html`<medrec-invitation .view=${view} .busy=${this.#accepting.running} @medrec-accept-requested=${this.#accept}></medrec-invitation>
            ${this.#accepting.running ? this.#steps(view) : nothing}
            ${this.#accepting.error ? html`<medrec-trouble .error=${this.#accepting.error}></medrec-trouble>` : nothing}`
        : nothing}
    </div>`;
  }

  #steps({ steward: { name } }: InvitationView): TemplateResult {
    const { invitation } = this.#words.text;
    const { asked, opened, accepted, proven } = invitation.steps;
    return html`<section class="stack">
      <h2>${invitation.working(name)}</h2>
      <medrec-steps .label=${invitation.working(name)} .steps=${[asked(name), opened(name), accepted, proven]} .at=${invitationStep(this.#accepting.progress)}></medrec-steps>
    </section>`;
  }

  #done({ steward, recordSet }: RelationshipView): TemplateResult {
    const { invitation } = this.#words.text;
    return html`<div class="stack wide">
      <div class="stack" role="status">
        <h1 tabindex="-1">${invitation.done(steward.name)}</h1>
        <p class="lead">${recordSet ? invitation.doneCount(recordSet.count) : invitation.doneNone}</p>
      </div>
      ${this.#ways()}
    </div>`;
  }

  #already({ steward }: InvitationView): TemplateResult {
    const { invitation } = this.#words.text;
    return html`<div class="stack wide">
      <h1 tabindex="-1">${invitation.already(steward.name)}</h1>
      ${this.#ways()}
    </div>`;
  }

  #ways(): TemplateResult {
    const { invitation } = this.#words.text;
    return html`<div class="row">
      <a class="button primary" href=${hashOf({ kind: 'records', category: null, record: null })}>${invitation.read}</a>
      <a class="button" href=${hashOf({ kind: 'home' })}>${invitation.home}</a>
    </div>`;
  }

  readonly #look = async (): Promise<void> => {
    const { library, text } = this;
    if (library) await this.#looking.run((signal) => library.client.invitation(text, signal));
  };

  readonly #accept = async (): Promise<void> => {
    const { library, text } = this;
    if (!library) return;
    await this.#accepting.run((signal, onProgress) => library.client.acceptInvitation(text, onProgress, signal));
    if (this.#accepting.state.kind !== 'done') return;
    this.dispatchEvent(new CustomEvent('medrec-accepted', { bubbles: true, composed: true }));
    focusHeading(this);
    await library.relationships();
  };
}

customElements.define('medrec-invitation-page', MedrecInvitationPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-invitation-page': MedrecInvitationPage;
  }
}
