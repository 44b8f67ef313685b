import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { ProofRung, ProofView } from '../types.js';
import { icon, type IconName } from './icons.js';
import type { ExactValue } from './medrec-values.js';
import './medrec-values.js';

type RungState = 'passed' | 'failed' | 'skipped';

const rungs: readonly ProofRung[] = ['header', 'registry', 'relationship', 'record', 'digest'];
const signs: Readonly<Record<RungState, IconName>> = { failed: 'cross', passed: 'check', skipped: 'ring' };

/** The ladder of a proof: five plain sentences, each with its exact values. The first that does not hold is red, the rest grey. */
export class MedrecProof extends LitElement {
  static override properties = { proof: { attribute: false }, hospital: {}, shared: { type: Boolean }, now: { type: Number } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      ol { padding-top: 12px; }
      li { position: relative; display: grid; grid-template-columns: 28px 1fr; gap: 0 14px; padding-bottom: 12px; }
      li::before { content: ''; position: absolute; left: 13px; top: 28px; bottom: 0; width: 2px; background: var(--medrec-verified); opacity: 0.35; }
      li:last-child::before { content: none; }
      li.failed::before, li.skipped::before { background: var(--medrec-line); opacity: 1; }
      .sign { display: grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; color: var(--medrec-verified); background: var(--medrec-verified-soft); }
      .failed .sign { color: var(--medrec-broken); background: var(--medrec-broken-soft); }
      .skipped .sign { color: var(--medrec-muted); background: var(--medrec-plain-soft); }
      .failed .sentence { color: var(--medrec-broken); font-weight: 600; }
      .skipped .sentence { color: var(--medrec-muted); }
      .body { min-width: 0; padding-top: 2px; }
      summary { display: inline-flex; min-height: 32px; font-size: 13px; color: var(--medrec-muted); }
      medrec-values { padding: 4px 0 8px; }
      @media print { details { display: none; } }
    `,
  ];
  declare proof: ProofView | undefined;
  declare hospital: string;
  declare shared: boolean;
  declare now: number;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.hospital = '';
    this.shared = false;
    this.now = 0;
  }

  override render(): TemplateResult | typeof nothing {
    const { proof } = this;
    if (!proof) return nothing;
    const { text } = this.#words;
    const broken = proof.brokenRung === null ? rungs.length : rungs.indexOf(proof.brokenRung);
    return html`<section class="card" aria-labelledby="why">
      <h3 id="why">${proof.brokenRung === null ? text.proof.title : text.proof.titleBroken}</h3>
      <ol>
        ${rungs.map((rung, index) => this.#rung(proof, rung, index < broken ? 'passed' : index === broken ? 'failed' : 'skipped'))}
      </ol>
    </section>`;
  }

  #rung(proof: ProofView, rung: ProofRung, state: RungState): TemplateResult {
    const words = this.#words.text.proof;
    return html`<li class=${state}>
      <span class="sign">${icon(signs[state], 18)}</span>
      <div class="body">
        <p class="sentence"><span class="hidden-text">${words[state]}: </span>${state === 'failed' ? this.#brokenSentence(rung) : this.#sentence(proof, rung)}</p>
        ${state === 'failed' ? html`<p>${this.#mend(rung)}</p>` : nothing}
        ${state === 'skipped'
          ? nothing
          : html`<details>
              <summary><span class="turn">${icon('forward', 14)}</span>${words.exact}</summary>
              <medrec-values .items=${this.#values(proof, rung)}></medrec-values>
            </details>`}
      </div>
    </li>`;
  }

  #sentence({ header, record }: ProofView, rung: ProofRung): string {
    const { text, format } = this.#words;
    const words = text.proof;
    switch (rung) {
      case 'header':
        return words.header(header.seals, header.validators, header.number, format.ago(header.time, this.now));
      case 'relationship':
        return (this.shared ? words.relationshipShared : words.relationship)(this.hospital);
      case 'record':
        return words.record(record.index + 1, record.count, text.category[record.category]);
      case 'registry':
      case 'digest':
        return words[rung];
    }
  }

  #brokenSentence(rung: ProofRung): string {
    const { broken } = this.#words.text.proof;
    return rung === 'relationship' ? broken.relationship(this.hospital) : broken[rung];
  }

  #mend(rung: ProofRung): string {
    const { mend } = this.#words.text.proof;
    return rung === 'header' || rung === 'registry' ? mend.network : mend.hospital(this.hospital);
  }

  #values({ header, registry, relationship, record, digest }: ProofView, rung: ProofRung): readonly ExactValue[] {
    const { text, format } = this.#words;
    const { labels } = text.proof;
    switch (rung) {
      case 'header':
        return [
          [labels.block, header.number],
          [labels.blockHash, header.hash],
          [labels.time, format.moment(header.time)],
          [labels.seals, labels.sealsOf(header.seals, header.validators, header.quorum)],
          [labels.signers, header.signers],
          [labels.proposer, header.proposer],
          [labels.round, header.round],
        ];
      case 'registry':
        return [[labels.registry, registry.address], [labels.networkId, registry.networkId], [labels.slot, registry.slot]];
      case 'relationship':
        return [
          [labels.contract, relationship.contract],
          [this.shared ? labels.patientOther : labels.patient, relationship.patient],
          [labels.steward, relationship.steward],
          [labels.slot, relationship.slot],
          [labels.root, relationship.root],
          [labels.count, relationship.count],
          [labels.revision, relationship.revision],
        ];
      case 'record':
        return [
          [labels.position, text.common.progress(record.index + 1, record.count)],
          [labels.leaf, record.leaf],
          [labels.path, record.path],
          [labels.root, record.root],
        ];
      case 'digest':
        return [[labels.algorithm, digest.algorithm], [labels.digest, digest.value === null ? [] : [digest.value]], [labels.canonical, digest.canonical]];
    }
  }
}

customElements.define('medrec-proof', MedrecProof);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-proof': MedrecProof;
  }
}
