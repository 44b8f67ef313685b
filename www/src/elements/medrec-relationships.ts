import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { RelationshipView } from '../types.js';
import { icon } from './icons.js';

/** The hospitals one is connected with: state, number of records, and the ways on. */
export class MedrecRelationships extends LitElement {
  static override properties = { relationships: { attribute: false }, now: { type: Number } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      ul { display: grid; gap: 12px; }
      li { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; }
      .sign { color: var(--medrec-accent); padding-top: 1px; }
      .ways { grid-column: 2; display: flex; flex-wrap: wrap; gap: 8px; padding-top: 12px; }
      .status { font-size: 13px; color: var(--medrec-muted); }
    `,
  ];
  declare relationships: readonly RelationshipView[];
  declare now: number;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.relationships = [];
    this.now = 0;
  }

  override render(): TemplateResult {
    return html`<ul>${this.relationships.map((relationship) => this.#item(relationship))}</ul>`;
  }

  #item({ steward, status, recordSet, id }: RelationshipView): TemplateResult {
    const { text, format } = this.#words;
    const { home } = text;
    const open = status === 'active' || status === 'ended';
    return html`<li class="card">
      <span class="sign">${icon('hospital', 26)}</span>
      <div class="stack tight">
        <div class="row between"><h3>${steward.name}</h3><span class="status">${home.status[status]}</span></div>
        <p class="muted">
          ${status === 'proposed'
            ? home.proposedHint
            : recordSet
              ? home.sealedRecords(recordSet.count, format.ago(recordSet.publishedAt, this.now))
              : home.nothingSealed}
        </p>
      </div>
      ${open
        ? html`<div class="ways">
            <a class="button small-button" href=${hashOf({ kind: 'records', category: null, record: null })} aria-label=${`${home.openRecords}: ${steward.name}`}>${home.openRecords}</a>
            ${status === 'active'
              ? html`<a class="button small-button" href=${hashOf({ kind: 'grant', relationship: id })} aria-label=${`${text.sharing.share}: ${steward.name}`}>${text.sharing.share}</a>`
              : nothing}
          </div>`
        : nothing}
    </li>`;
  }
}

customElements.define('medrec-relationships', MedrecRelationships);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-relationships': MedrecRelationships;
  }
}
