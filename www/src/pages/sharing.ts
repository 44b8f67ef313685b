import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Journey } from '../controllers/journey.js';
import type { Known, Library } from '../controllers/library.js';
import type { NetworkState } from '../controllers/sync.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { RelationshipView } from '../types.js';
import '../elements/medrec-matrix.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-shared-list.js';
import '../elements/medrec-sharing-code.js';
import '../elements/medrec-trouble.js';
import '../elements/medrec-viewers.js';

/** Who reads one's records, one's own sharing code, and what others share. */
export class MedrecSharingPage extends LitElement {
  static override properties = {
    library: { attribute: false },
    known: { attribute: false },
    network: { attribute: false },
    stopping: { state: true },
    told: { state: true },
  };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .page { display: grid; gap: 40px; }
      .head { align-items: flex-start; }
    `,
  ];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare network: NetworkState | undefined;
  /** The grant that is being ended. */
  declare stopping: { readonly relationship: string; readonly viewer: string; readonly name: string } | null;
  /** What came of the last one, in words. */
  declare told: string;
  readonly #words = new Words(this);
  readonly #stop = new Journey<null>(this);

  constructor() {
    super();
    this.stopping = null;
    this.told = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('known')) return;
    for (const { id } of this.known?.relationships.value ?? []) {
      const viewers = this.known?.viewers(id);
      if (viewers && !viewers.busy && viewers.value === undefined && viewers.error === undefined) void this.library?.viewers(id);
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { known } = this;
    if (!known) return nothing;
    const { sharing, home } = this.#words.text;
    const relationships = known.relationships.value;
    return html`<div class="page">
      <div class="stack tight">
        <h1 tabindex="-1">${sharing.title}</h1>
        <p class="lead">${sharing.lead}</p>
      </div>
      ${known.relationships.error ? html`<medrec-trouble retry .error=${known.relationships.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
      ${relationships === undefined && known.relationships.busy ? html`<medrec-progress .label=${home.loading}></medrec-progress>` : nothing}
      ${relationships?.length === 0 ? html`<p class="muted">${sharing.noHospital}</p>` : nothing}
      ${relationships?.map((relationship) => this.#relationship(known, relationship))}
      <p class=${this.told ? 'notice accent' : 'hidden-text'} role="status">${this.told}</p>
      <section class="stack" aria-labelledby="code">
        <h2 id="code">${sharing.code}</h2>
        ${known.person.value ? html`<medrec-sharing-code .card=${known.person.value.viewerCard}></medrec-sharing-code>` : nothing}
        ${known.person.error ? html`<medrec-trouble .error=${known.person.error}></medrec-trouble>` : nothing}
      </section>
      <section class="stack tight" aria-labelledby="shared">
        <h2 id="shared">${sharing.sharedWithMe}</h2>
        ${known.shared.error ? html`<medrec-trouble retry .error=${known.shared.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
        ${known.shared.value?.length
          ? html`<medrec-shared-list .shared=${known.shared.value}></medrec-shared-list>`
          : known.shared.value ? html`<p class="muted">${sharing.sharedNone}</p>` : nothing}
      </section>
    </div>`;
  }

  #relationship(known: Known, { id, steward, status }: RelationshipView): TemplateResult {
    const { sharing } = this.#words.text;
    const viewers = known.viewers(id);
    const shown = viewers.value ?? [];
    const effective = shown.filter(({ state }) => state !== 'ended');
    const failed = this.stopping?.relationship === id ? this.#stop.error : undefined;
    return html`<section class="stack" aria-labelledby=${`of-${id}`}>
      <div class="row between head">
        <h2 id=${`of-${id}`}>${sharing.from(steward.name)}</h2>
        ${status === 'active' ? html`<a class="button primary" aria-label=${`${sharing.share}: ${steward.name}`} href=${hashOf({ kind: 'grant', relationship: id })}>${sharing.share}</a>` : nothing}
      </div>
      ${viewers.error ? html`<medrec-trouble retry .error=${viewers.error} @medrec-retry-requested=${() => void this.library?.viewers(id)}></medrec-trouble>` : nothing}
      ${failed ? html`<medrec-trouble .error=${failed}></medrec-trouble>` : nothing}
      ${viewers.value === undefined
        ? viewers.busy ? html`<medrec-progress .label=${sharing.loading}></medrec-progress>` : nothing
        : shown.length === 0 ? html`<p class="muted">${sharing.none}</p>` : html`<medrec-viewers .viewers=${shown}
            .stopping=${this.#stop.running && this.stopping?.relationship === id ? this.stopping.viewer : null}
            @medrec-stop-requested=${(event: CustomEvent<string>) => void this.#revoke(id, event.detail)}></medrec-viewers>`}
      ${effective.length > 0 ? html`<medrec-matrix .viewers=${effective} .caption=${`${sharing.matrix}: ${steward.name}`}></medrec-matrix>` : nothing}
    </section>`;
  }

  async #revoke(relationship: string, viewer: string): Promise<void> {
    const { library } = this;
    if (!library) return;
    const { text, format } = this.#words;
    const name = this.known?.viewers(relationship).value?.find((one) => one.viewer === viewer)?.name ?? text.common.personAt(format.short(viewer));
    this.told = '';
    this.stopping = { relationship, viewer, name };
    await this.#stop.run(async (signal, onProgress) => {
      await library.client.revoke(relationship, viewer, onProgress, signal);
      return null;
    });
    if (this.#stop.state.kind === 'done') this.told = text.sharing.stopped(name);
    await library.viewers(relationship);
  }

  readonly #load = async (): Promise<void> => {
    const { library, known } = this;
    if (!library) return;
    const again = (known?.relationships.value ?? []).map(({ id }) => library.viewers(id));
    await Promise.all([library.relationships(), library.person(), library.shared(), ...again]);
  };
}

customElements.define('medrec-sharing-page', MedrecSharingPage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-sharing-page': MedrecSharingPage;
  }
}
