import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, values } from '../styles/base.js';
import { explain } from '../text/codes.js';
import { Words } from '../text/words.js';
import type { ErrorView } from '../types.js';
import { icon } from './icons.js';

/**
 * Tells of an error: what happened, what it means, what to do now; the exact details for support behind a disclosure.
 *
 * @fires medrec-retry-requested - the person wants to try again (only with `retry`).
 * @slot - further buttons.
 */
export class MedrecTrouble extends LitElement {
  static override properties = { error: { attribute: false }, who: {}, retry: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    values,
    css`
      .box {
        display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; padding: 16px; border-radius: var(--medrec-radius);
        background: var(--medrec-broken-soft); container-type: inline-size;
      }
      .box.unavailable { background: var(--medrec-stale-soft); }
      .sign { color: var(--medrec-broken); padding-top: 2px; }
      .unavailable .sign { color: var(--medrec-stale); }
      strong { font-weight: 650; }
      .actions { display: flex; flex-wrap: wrap; gap: 12px; padding-top: 8px; }
      .actions:empty { display: none; }
      summary { font-size: 13px; color: var(--medrec-muted); }
      .rest { min-width: 0; display: grid; gap: 4px; }
    `,
  ];
  declare error: ErrorView | undefined;
  declare who: string;
  declare retry: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.who = '';
    this.retry = false;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.error) return nothing;
    const { text } = this.#words;
    const { what, means, now } = explain(this.error.code, text);
    return html`<div class="box ${this.error.fault}">
      <span class="sign">${icon(this.error.fault === 'unavailable' ? 'clock' : 'altered', 22)}</span>
      <div class="rest">
        <div role="alert" class="stack tight">
          <p><strong>${what}</strong></p>
          ${this.who ? html`<p class="small muted">${text.errors.sources(this.who)}</p>` : nothing}
          <p>${means}</p>
          <p>${now}</p>
        </div>
        <div class="actions">
          ${this.retry ? html`<button type="button" @click=${this.#retry}>${text.common.retry}</button>` : nothing}<slot></slot>
        </div>
        ${this.#details(this.error)}
      </div>
    </div>`;
  }

  #details(error: ErrorView): TemplateResult {
    const { labels } = this.#words.text.errors;
    const rows: readonly (readonly [string, string | null])[] = [
      [labels.code, error.code],
      [labels.fault, labels.faults[error.fault]],
      [labels.expected, error.expected],
      [labels.found, error.found],
      [labels.endpoint, error.endpoint],
      [labels.message, error.message],
    ];
    return html`<details>
      <summary><span class="turn">${icon('forward', 16)}</span>${this.#words.text.common.details}</summary>
      <dl>${rows.map(([label, value]) => (value ? html`<div><dt>${label}</dt><dd><code>${value}</code></dd></div>` : nothing))}</dl>
    </details>`;
  }

  readonly #retry = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-retry-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-trouble', MedrecTrouble);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-trouble': MedrecTrouble;
  }
}
