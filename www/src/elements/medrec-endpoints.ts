import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { explain } from '../text/codes.js';
import { Words } from '../text/words.js';
import type { EndpointView } from '../types.js';
import { icon, type IconName } from './icons.js';

const signs: Readonly<Record<EndpointView['state'], IconName>> = { agrees: 'check', behind: 'clock', lies: 'altered', unreachable: 'cross' };

/** A table of the sources that were asked, and what each of them answered. */
export class MedrecEndpoints extends LitElement {
  static override properties = { endpoints: { attribute: false } };
  static override styles = [
    base,
    css`
      table { width: 100%; border-collapse: collapse; }
      caption { text-align: left; padding-bottom: 8px; }
      caption strong { display: block; font-weight: 650; }
      th { font-size: 13px; font-weight: 400; color: var(--medrec-muted); text-align: left; }
      th, td { padding: 8px 12px 8px 0; border-bottom: 1px solid var(--medrec-line); vertical-align: top; overflow-wrap: anywhere; }
      .with-note td { border-bottom: 0; padding-bottom: 0; }
      .note { padding-top: 0; }
      @media (max-width: 599px) { td { font-size: 13px; } th, td { padding-right: 8px; } }
      .number { text-align: right; white-space: nowrap; }
      th:last-child, td:last-child { padding-right: 0; }
      .state { display: inline-flex; gap: 6px; align-items: center; white-space: nowrap; color: var(--medrec-verified); }
      .behind, .unreachable { color: var(--medrec-stale); }
      .lies { color: var(--medrec-broken); }
    `,
  ];
  declare endpoints: readonly EndpointView[];
  readonly #words = new Words(this);

  constructor() {
    super();
    this.endpoints = [];
  }

  override render(): TemplateResult {
    const { network } = this.#words.text;
    const lying = this.endpoints.filter(({ state }) => state === 'lies').length;
    return html`<table>
        <caption>
          <strong>${network.sources}</strong><span class="small muted">${network.sourcesHint}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">${network.source}</th>
            <th scope="col">${network.answer}</th>
            <th scope="col" class="number">${network.atBlock}</th>
            <th scope="col" class="number">${network.delay}</th>
          </tr>
        </thead>
        <tbody>
          ${this.endpoints.map((endpoint) => this.#row(endpoint))}
        </tbody>
      </table>
      ${lying > 0 ? html`<p class="small muted">${network.liesHint(lying)}</p>` : nothing}`;
  }

  #row({ url, state, block, latencyMs, error }: EndpointView): TemplateResult {
    const { text, format } = this.#words;
    return html`<tr class=${error ? 'with-note' : ''}>
      <td>${format.host(url)}</td>
      <td><span class="state ${state}">${icon(signs[state], 16)}${text.network.state[state]}</span></td>
      <td class="number">${block === null ? '–' : format.number(block)}</td>
      <td class="number">${latencyMs === null ? '–' : text.network.milliseconds(latencyMs)}</td>
      </tr>
      ${error ? html`<tr><td colspan="4" class="note small muted">${explain(error.code, text).what} <code>${error.code}</code></td></tr>` : nothing}`;
  }
}

customElements.define('medrec-endpoints', MedrecEndpoints);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-endpoints': MedrecEndpoints;
  }
}
