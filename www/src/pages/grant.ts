import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Journey } from '../controllers/journey.js';
import type { Known, Library } from '../controllers/library.js';
import type { GrantRequest } from '../elements/grant-draft.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { PasskeyView, ViewerView } from '../types.js';
import { askPasskey } from '../passkey.js';
import { focusHeading } from './focus.js';
import '../elements/medrec-grant.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

/** Lets someone read the records of one relationship, and says so only once it is proven. */
export class MedrecGrantPage extends LitElement {
  static override properties = {
    library: { attribute: false },
    known: { attribute: false },
    relationship: {},
    now: { type: Number },
    name: { state: true },
    passkeys: { state: true },
  };
  static override styles = [base, buttons, surface];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare relationship: string;
  declare now: number;
  /** Whom the last request was for. */
  declare name: string;
  declare passkeys: readonly PasskeyView[];
  readonly #words = new Words(this);
  readonly #grant = new Journey<ViewerView>(this);

  constructor() {
    super();
    this.relationship = '';
    this.now = 0;
    this.name = '';
    this.passkeys = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    // The preview counts what they will see. What cannot be fetched is said so there; it stops nothing.
    if (!changed.has('known')) return;
    for (const { id, status, recordSet } of this.known?.relationships.value ?? []) {
      const records = this.known?.records(id);
      if (status === 'active' && recordSet && records && !records.busy && !records.value && !records.error) void this.library?.records(id);
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { known } = this;
    if (!known) return nothing;
    if (this.#grant.value) return this.#done(this.#grant.value);
    const { grant } = this.#words.text;
    const { error } = this.#grant;
    const trouble = known.members.error ?? known.relationships.error;
    if (trouble) return html`<medrec-trouble retry .error=${trouble} @medrec-retry-requested=${this.#load}></medrec-trouble>`;
    if (!known.members.value || !known.relationships.value) return html`<medrec-progress .label=${grant.loading}></medrec-progress>`;
    const relationships = known.relationships.value.filter(({ status }) => status === 'active');
    const categories = new Map(relationships.flatMap(({ id }) => {
      const records = known.records(id).value;
      return records ? [[id, records.categories] as const] : [];
    }));
    return html`<medrec-grant .members=${known.members.value.filter(({ active }) => active)} .relationships=${relationships} .chosen=${this.relationship}
      .categories=${categories} .now=${this.now} .busy=${this.#grant.running} ?passkey=${this.passkeys.length > 0} @medrec-grant-requested=${this.#allow} @medrec-later-requested=${this.#leave}>
      ${this.#grant.running ? html`<div class="stack tight"><medrec-progress .label=${grant.working(this.name)} .progress=${this.#grant.progress}></medrec-progress><p class="small muted">${grant.workingHint}</p></div>` : nothing}
      ${error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing}
    </medrec-grant>`;
  }

  #done(viewer: ViewerView): TemplateResult {
    const { grant, sharing, home, common, category } = this.#words.text;
    const hospital = this.known?.relationships.value?.find(({ id }) => id === this.relationship)?.steward.name ?? '';
    return html`<div class="stack wide">
      <div class="stack" role="status">
        <h1 tabindex="-1">${viewer.state === 'pending' ? sharing.state.pending : grant.done(this.name)}</h1>
        <p class="lead">${viewer.state === 'pending' ? grant.workingHint : grant.doneHint}</p>
        <p>${home.mayRead(viewer.categories.map((name) => category[name]), hospital || common.unknownPerson)}</p>
      </div>
      <div class="row"><a class="button primary" href=${hashOf({ kind: 'sharing' })}>${grant.finish}</a></div>
    </div>`;
  }

  readonly #load = async (): Promise<void> => {
    const { library } = this;
    if (!library) return;
    // Where this cannot be told, the password is asked for.
    const ways = library.client.ways().then(({ passkeys }) => (this.passkeys = passkeys), () => undefined);
    await Promise.all([library.members(), library.relationships(), ways]);
  };

  readonly #allow = async (event: CustomEvent<GrantRequest>): Promise<void> => {
    const { library } = this;
    if (!library) return;
    const { relationship, viewer, name, categories, until, password } = event.detail;
    this.name = name;
    this.relationship = relationship;
    await this.#grant.run(async (signal, onProgress) => {
      await library.client.confirm(password ?? (await askPasskey(this.passkeys)), signal);
      return library.client.grant(relationship, viewer, categories, until, onProgress, signal);
    });
    if (this.#grant.state.kind !== 'done') return;
    focusHeading(this);
    await library.viewers(relationship);
  };

  readonly #leave = (event: Event): void => {
    event.stopPropagation();
    location.hash = hashOf({ kind: 'sharing' });
  };
}

customElements.define('medrec-grant-page', MedrecGrantPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-grant-page': MedrecGrantPage;
  }
}
