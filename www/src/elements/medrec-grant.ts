import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { CategoryView, MemberView, RelationshipView } from '../types.js';
import { gapOf, untilOf, type GrantDraft, type GrantGap, type GrantRequest } from './grant-draft.js';
import './medrec-grant-review.js';
import './medrec-grant-what.js';
import './medrec-grant-who.js';
import './medrec-owner.js';

/**
 * Lets someone read, in three steps: who; what and until when; look it over and allow.
 *
 * @fires medrec-grant-requested - `detail` is a `GrantRequest`.
 * @fires medrec-later-requested - the person gives it up.
 * @slot - what stands above the last buttons: progress or an error.
 */
export class MedrecGrant extends LitElement {
  static override properties = {
    members: { attribute: false },
    relationships: { attribute: false },
    chosen: {},
    categories: { attribute: false },
    now: { type: Number },
    passkey: { type: Boolean },
    busy: { type: Boolean },
    draft: { state: true },
    step: { state: true },
    gap: { state: true },
  };
  static override styles = [base, buttons, surface, css`form { max-width: 640px; }`];
  declare members: readonly MemberView[];
  declare relationships: readonly RelationshipView[];
  /** The relationship that is offered first. */
  declare chosen: string;
  /** What the records of each relationship hold, as far as it is known: for the preview. */
  declare categories: ReadonlyMap<string, readonly CategoryView[]>;
  declare now: number;
  /** Whether a passkey opens these keys. */
  declare passkey: boolean;
  declare busy: boolean;
  declare draft: GrantDraft;
  declare step: 1 | 2 | 3;
  declare gap: GrantGap | undefined;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.members = [];
    this.relationships = [];
    this.chosen = '';
    this.categories = new Map();
    this.now = 0;
    this.passkey = false;
    this.busy = false;
    this.draft = { who: '', code: '', relationship: '', categories: [], span: 'month', day: '' };
    this.step = 1;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('chosen')) this.draft = { ...this.draft, relationship: this.chosen };
  }

  override render(): TemplateResult {
    const { grant, common } = this.#words.text;
    const title = [grant.who, grant.what, grant.review][this.step - 1] ?? grant.title;
    return html`<form class="stack wide" novalidate @submit=${this.#next} @medrec-draft-changed=${this.#changed}>
      <div class="stack tight">
        <p class="small muted" role="status">${common.step(this.step, 3)}</p>
        <h1 tabindex="-1">${title}</h1>
      </div>
      ${this.#step()}
      <slot></slot>
      <div class="row">
        <button class="primary" ?disabled=${this.busy}>${this.step === 3 ? grant.allow : common.continue}</button>
        ${this.step > 1 ? html`<button type="button" ?disabled=${this.busy} @click=${this.#back}>${common.back}</button>` : nothing}
        <button type="button" class="quiet" ?disabled=${this.busy} @click=${this.#later}>${common.cancel}</button>
      </div>
    </form>`;
  }

  #step(): TemplateResult {
    const { draft, gap } = this;
    const known = this.categories.get(draft.relationship);
    const relationship = this.relationships.find(({ id }) => id === draft.relationship);
    switch (this.step) {
      case 1:
        return html`<medrec-grant-who .draft=${draft} .gap=${gap}
          .members=${this.members.filter(({ address }) => address !== relationship?.steward.address)}></medrec-grant-who>`;
      case 2:
        return html`<medrec-grant-what .draft=${draft} .gap=${gap} .relationships=${this.relationships} .known=${known} .now=${this.now}></medrec-grant-what>`;
      case 3:
        return html`<medrec-grant-review .draft=${draft} .who=${this.#name} .hospital=${relationship?.steward.name ?? ''} .known=${known}
          .until=${untilOf(draft, this.now) ?? null}></medrec-grant-review>
          <medrec-owner ?passkey=${this.passkey} ?busy=${this.busy} @medrec-passkey-requested=${() => { this.#ask(null); }}
            @medrec-owner-entered=${this.#next}></medrec-owner>`;
    }
  }

  get #name(): string {
    const { text, format } = this.#words;
    const { who, code } = this.draft;
    return this.members.find(({ address }) => address === who)?.name ?? text.common.personAt(format.short(code.trim().split(':').at(-1) ?? ''));
  }

  readonly #changed = (event: CustomEvent<Partial<GrantDraft>>): void => {
    event.stopPropagation();
    this.draft = { ...this.draft, ...event.detail };
    this.gap = undefined;
  };

  readonly #next = (event: Event): void => {
    event.preventDefault();
    if (this.busy) return;
    if (this.step < 3) {
      this.gap = gapOf(this.draft, this.step, this.now);
      if (this.gap === undefined) this.#go(this.step === 1 ? 2 : 3);
      return;
    }
    const password = this.renderRoot.querySelector('medrec-owner')?.take();
    if (password !== undefined) this.#ask(password);
  };

  #ask(password: string | null): void {
    const { who, code, relationship, categories } = this.draft;
    const until = untilOf(this.draft, this.now);
    if (until === undefined) return;
    const detail: GrantRequest = { relationship, viewer: who === 'code' ? code.trim() : who, name: this.#name, categories, until, password };
    this.dispatchEvent(new CustomEvent('medrec-grant-requested', { detail, bubbles: true, composed: true }));
  }

  readonly #back = (): void => {
    this.#go(this.step === 3 ? 2 : 1);
  };

  readonly #later = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-later-requested', { bubbles: true, composed: true }));
  };

  #go(step: 1 | 2 | 3): void {
    this.step = step;
    // The new step is read out from its heading on.
    void this.updateComplete.then(() => this.renderRoot.querySelector('h1')?.focus());
  }
}

customElements.define('medrec-grant', MedrecGrant);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-grant': MedrecGrant;
  }
  interface HTMLElementEventMap {
    'medrec-draft-changed': CustomEvent<Partial<GrantDraft>>;
    'medrec-grant-requested': CustomEvent<GrantRequest>;
  }
}
