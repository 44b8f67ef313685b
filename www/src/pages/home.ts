import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Known, Library } from '../controllers/library.js';
import type { NetworkState } from '../controllers/sync.js';
import { icon } from '../elements/icons.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { GuardiansView, RelationshipView } from '../types.js';
import '../elements/medrec-network.js';
import '../elements/medrec-paste-link.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-relationships.js';
import '../elements/medrec-shared-list.js';
import '../elements/medrec-trouble.js';

/** Home: the state of the network, one's hospitals, and who can read. */
export class MedrecHomePage extends LitElement {
  static override properties = {
    library: { attribute: false },
    known: { attribute: false },
    network: { attribute: false },
    now: { type: Number },
    waiting: {},
    tried: { type: Boolean },
    renewing: { type: Boolean },
  };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .page { display: grid; gap: 32px; }
      .readers li { display: grid; grid-template-columns: auto 1fr; gap: 0 12px; padding: 10px 0; border-bottom: 1px solid var(--medrec-line); }
      .readers svg { color: var(--medrec-accent); margin-top: 1px; }
    `,
  ];
  declare library: Library | undefined;
  declare known: Known | undefined;
  declare network: NetworkState | undefined;
  declare now: number;
  declare waiting: string | null;
  /** Whether a backup file of these keys was tried. */
  declare tried: boolean;
  /** Whether new recovery words are about to take over. */
  declare renewing: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.now = 0;
    this.waiting = null;
    this.tried = true;
    this.renewing = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('known')) this.#loadViewers();
    // What guardians do can be stopped for a while only, so it is not found out late.
    const before = changed.get('network');
    if (before && before.view !== this.network?.view) void this.library?.guardians();
  }

  override render(): TemplateResult | typeof nothing {
    const { known, network } = this;
    if (!known || !network) return nothing;
    const { home } = this.#words.text;
    const guardians = known.guardians.value;
    const shared = known.shared.value?.filter(({ state }) => state === 'effective') ?? [];
    return html`<div class="page">
      <div class="stack">
        <h1 tabindex="-1">${home.title}</h1>
        <medrec-network .view=${network.view} .error=${network.error} .evidence=${network.evidence} .busy=${network.busy} .now=${this.now}></medrec-network>
        ${this.waiting === null
          ? nothing
          : html`<div class="notice accent row between">
              <span>${home.pending}</span>
              <a class="button small-button" href=${hashOf({ kind: 'invitation', text: this.waiting })}>${home.pendingOpen}</a>
            </div>`}
        ${this.renewing
          ? html`<div class="notice row between">
              <span>${this.#words.text.renewal.remind}</span>
              <a class="button small-button" href=${hashOf({ kind: 'words' })}>${this.#words.text.renewal.goOn}</a>
            </div>`
          : nothing}
        ${known.guardians.error ? html`<medrec-trouble .error=${known.guardians.error}></medrec-trouble>` : nothing}
        ${guardians === undefined ? nothing : this.#guardians(guardians)}
        ${this.tried || !known.relationships.value?.length
          ? nothing
          : html`<div class="notice row between">
              <span>${this.#words.text.backup.remind}</span>
              <a class="button small-button" href=${hashOf({ kind: 'settings' })}>${this.#words.text.backup.remindOpen}</a>
            </div>`}
      </div>
      ${this.#hospitals(known)}
      ${known.relationships.value?.length ? this.#readers(known, known.relationships.value) : nothing}
      ${shared.length > 0 ? html`<section class="stack tight"><h2>${home.sharedWithMe}</h2><medrec-shared-list .shared=${shared}></medrec-shared-list></section>` : nothing}
    </div>`;
  }

  /** What guardians have to do with the person just now, if anything. */
  #guardians({ lost, readyAt, kit, covered, addresses }: GuardiansView): TemplateResult | typeof nothing {
    const { text, format } = this.#words;
    const { guardians, wayBack } = text;
    const notice = (words: string, open: string, kind: 'guardians' | 'way-back', alarming: boolean): TemplateResult =>
      html`<div class="notice row between ${alarming ? 'stale' : ''}"><span>${words}</span><a class="button small-button" href=${hashOf({ kind })}>${open}</a></div>`;
    if (lost) return notice(wayBack.remind, wayBack.goOn, 'way-back', false);
    if (readyAt !== null) return notice(guardians.approved(format.moment(readyAt)), guardians.look, 'guardians', true);
    return kit !== null && covered < addresses ? notice(guardians.remind, guardians.look, 'guardians', false) : nothing;
  }

  #hospitals({ relationships }: Known): TemplateResult {
    const { home } = this.#words.text;
    const paste = html`<medrec-paste-link .place=${'invitation'} .label=${home.invitationField} .action=${home.invitationOpen}></medrec-paste-link>`;
    return html`<section class="stack">
      <h2>${home.hospitals}</h2>
      ${relationships.error ? html`<medrec-trouble retry .error=${relationships.error} @medrec-retry-requested=${this.#load}></medrec-trouble>` : nothing}
      ${relationships.value === undefined
        ? relationships.busy
          ? html`<medrec-progress .label=${home.loading}></medrec-progress>`
          : nothing
        : relationships.value.length === 0
          ? html`<div class="card stack"><h3>${home.noHospital}</h3><p class="muted">${home.noHospitalHint}</p>${paste}</div>`
          : html`<medrec-relationships .relationships=${relationships.value} .now=${this.now}></medrec-relationships>
              <details>
                <summary><span class="turn">${icon('forward', 16)}</span>${home.addHospital}</summary>
                <div class="stack"><p class="muted">${home.noHospitalHint}</p>${paste}</div>
              </details>`}
    </section>`;
  }

  #readers(known: Known, relationships: readonly RelationshipView[]): TemplateResult {
    const { text, format } = this.#words;
    const { home } = text;
    const all = relationships.map(({ id, steward }) => ({ steward, viewers: known.viewers(id) }));
    const shown = all.flatMap(({ steward, viewers }) => (viewers.value ?? []).filter(({ state }) => state !== 'ended').map((viewer) => ({ steward, viewer })));
    const settled = all.every(({ viewers }) => viewers.value !== undefined || viewers.error !== undefined);
    return html`<section class="stack tight">
      <div class="row between"><h2>${home.readers}</h2><a href=${hashOf({ kind: 'sharing' })}>${home.manage}</a></div>
      ${all.map(({ viewers }) => (viewers.error ? html`<medrec-trouble .error=${viewers.error}></medrec-trouble>` : nothing))}
      ${shown.length > 0
        ? html`<ul class="readers">
            ${shown.map(({ steward, viewer }) => {
              const name = viewer.name ?? text.common.personAt(format.short(viewer.viewer));
              const categories = viewer.categories.map((category) => text.category[category]);
              return html`<li>${icon(viewer.name === null ? 'person' : 'hospital', 22)}<span><strong>${name}</strong><br /><span class="muted">${home.mayRead(categories, steward.name)}</span></span></li>`;
            })}
          </ul>`
        : html`<p class="muted" role="status">${settled ? home.readersNone : home.readersLoading}</p>`}
    </section>`;
  }

  readonly #load = async (): Promise<void> => {
    await Promise.all([this.library?.relationships(), this.library?.shared(), this.library?.guardians()]);
  };

  /** Asks once for the viewers of each relationship that has come to be known. */
  #loadViewers(): void {
    for (const { id } of this.known?.relationships.value ?? []) {
      const viewers = this.known?.viewers(id);
      if (viewers && !viewers.busy && viewers.value === undefined && viewers.error === undefined) void this.library?.viewers(id);
    }
  }
}

customElements.define('medrec-home-page', MedrecHomePage);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-home-page': MedrecHomePage;
  }
}
