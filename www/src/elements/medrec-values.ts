import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, values } from '../styles/base.js';
import './medrec-copy.js';

/** One exact value under a label; several of one kind stand in a list. */
export type ExactValue = readonly [label: string, value: string | number | readonly string[]];

/** Exact values for those who want to check by hand: each can be copied. */
export class MedrecValues extends LitElement {
  static override properties = { items: { attribute: false } };
  static override styles = [
    base,
    values,
    css`
      :host { container-type: inline-size; }
      .value { display: flex; align-items: flex-start; gap: 4px; }
      .value code { padding: 6px 0; min-width: 0; flex: 1; }
      dt { padding-top: 5px; }
    `,
  ];
  declare items: readonly ExactValue[];

  constructor() {
    super();
    this.items = [];
  }

  override render(): TemplateResult {
    return html`<dl>
      ${this.items.map(([label, value]) => {
        const all = typeof value === 'object' ? value : [String(value)];
        return all.length === 0 ? nothing : html`<div><dt>${label}</dt>${all.map((one) => this.#one(label, one))}</div>`;
      })}
    </dl>`;
  }

  #one(label: string, value: string): TemplateResult {
    return html`<dd class="value"><code>${value}</code><medrec-copy .value=${value} .name=${label}></medrec-copy></dd>`;
  }
}

customElements.define('medrec-values', MedrecValues);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-values': MedrecValues;
  }
}
