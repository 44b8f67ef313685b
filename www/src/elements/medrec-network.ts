import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { ErrorView, SyncView } from '../types.js';
import { icon } from './icons.js';
import './medrec-endpoints.js';
import './medrec-save.js';
import './medrec-trouble.js';
import './medrec-values.js';

/**
 * The state of the network in one line, which opens into the whole story: who sealed, who answered, what was checked.
 *
 * @fires medrec-refresh-requested - the person wants it checked again.
 */
export class MedrecNetwork extends LitElement {
  static override properties = { view: { attribute: false }, error: { attribute: false }, evidence: {}, busy: { type: Boolean }, now: { type: Number } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      .card { padding: 0; }
      summary { padding: 10px 16px; gap: 12px; border-radius: var(--medrec-radius); }
      .sign { color: var(--medrec-verified); }
      .stale .sign { color: var(--medrec-stale); }
      .line { flex: 1; min-width: 0; display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; }
      .line strong { font-weight: 650; }
      .story { display: grid; gap: 24px; padding: 8px 16px 20px; border-top: 1px solid var(--medrec-line); margin-top: 4px; }
      .alone { display: flex; gap: 12px; align-items: center; padding: 14px 16px; }
      .trouble { display: grid; gap: 12px; }
    `,
  ];
  declare view: SyncView | null;
  declare error: ErrorView | null;
  declare evidence: string | null;
  declare busy: boolean;
  declare now: number;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.view = null;
    this.error = null;
    this.evidence = null;
    this.busy = false;
    this.now = 0;
  }

  override render(): TemplateResult {
    const { network } = this.#words.text;
    const trouble = this.error ? html`<medrec-trouble ?retry=${!this.evidence} .error=${this.error} @medrec-retry-requested=${this.#refresh}>
          ${this.evidence ? html`<medrec-save .value=${this.evidence} .label=${network.saveEvidence} name="medrec-evidence.json" type="application/json"></medrec-save>` : nothing}
        </medrec-trouble>` : nothing;
    return html`<section class="trouble" aria-label=${network.title}>
      ${trouble}
      ${this.view
        ? this.#known(this.view)
        : this.error
          ? nothing
          : html`<div class="card alone" role="status"><span class="muted">${icon('ring', 22)}</span><span class="muted">${network.checking}</span></div>`}
    </section>`;
  }

  #known(view: SyncView): TemplateResult {
    const { text, format } = this.#words;
    const { network } = text;
    const stale = view.stale || this.error !== null;
    const when = format.ago(view.time, this.now);
    const agreeing = view.endpoints.filter(({ state }) => state === 'agrees').length;
    return html`<details class="card ${stale ? 'stale' : ''}">
      <summary>
        <span class="sign">${icon(stale ? 'clock' : 'verified', 24)}</span>
        <span class="line">
          <strong>${stale ? network.stale(when) : network.current(when)}</strong>
          <span class="muted small">${network.line(view.block, view.seals, view.validators)} · ${network.endpointsLine(agreeing, view.endpoints.length)}</span>
        </span>
        <span class="turn">${icon('forward', 18)}</span>
      </summary>
      <div class="story">
        <div class="stack tight">
          <p>${network.story(view.block, format.moment(view.time), view.seals, view.validators, view.quorum)}</p>
          ${stale ? html`<p class="notice stale">${network.staleStory}</p>` : nothing}
          <p>${network.ancestry[view.ancestry]}</p>
          <p class="muted">${network.proof(view.headersVerified, view.requests)}</p>
        </div>
        <medrec-endpoints .endpoints=${view.endpoints}></medrec-endpoints>
        <medrec-values .items=${[
          [network.name, view.network.name],
          [network.chainId, view.network.chainId],
          [network.blockHash, view.hash],
          [network.signers, view.signers.map((signer) => (signer === view.proposer ? `${signer} (${network.proposer})` : signer))],
          [network.round, view.round],
        ]}></medrec-values>
        <div class="row"><button type="button" ?disabled=${this.busy} @click=${this.#refresh}>${this.busy ? network.checking : network.refresh}</button></div>
      </div>
    </details>`;
  }

  readonly #refresh = (event: Event): void => {
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent('medrec-refresh-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-network', MedrecNetwork);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-network': MedrecNetwork;
  }
}
