import { LitElement, css, html, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon } from './icons.js';

/** Steps of a journey in their order: those behind, the one at work, those ahead. */
export class MedrecSteps extends LitElement {
  static override properties = { steps: { attribute: false }, at: { type: Number }, label: {} };
  static override styles = [
    base,
    css`
      li { display: grid; grid-template-columns: 28px 1fr; gap: 12px; padding: 8px 0; color: var(--medrec-muted); align-items: start; }
      .sign { display: grid; place-items: center; width: 28px; height: 28px; margin-top: -2px; border-radius: 50%; border: 1.5px solid var(--medrec-line); font-size: 13px; }
      .done { color: var(--medrec-ink); }
      .done .sign { color: var(--medrec-verified); background: var(--medrec-verified-soft); border-color: transparent; }
      .now { color: var(--medrec-ink); font-weight: 650; }
      .now .sign { border-color: var(--medrec-accent); color: var(--medrec-accent); }
      @media (prefers-reduced-motion: no-preference) {
        .now .sign { animation: breathe 1.2s ease-in-out infinite alternate; }
        @keyframes breathe { from { background: transparent; } to { background: var(--medrec-accent-soft); } }
      }
    `,
  ];
  declare steps: readonly string[];
  declare at: number;
  declare label: string;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.steps = [];
    this.at = 0;
    this.label = '';
  }

  override render(): TemplateResult {
    return html`<ol aria-label=${this.label}>
        ${this.steps.map((step, index) => {
          const state = index < this.at ? 'done' : index === this.at ? 'now' : 'ahead';
          return html`<li class=${state} aria-current=${state === 'now' ? 'step' : 'false'}>
            <span class="sign">${state === 'done' ? icon('check', 16) : index + 1}</span><span>${step}</span>
          </li>`;
        })}
      </ol>
      <p class="hidden-text" role="status">${this.#words.text.common.step(Math.min(this.at + 1, this.steps.length), this.steps.length)}: ${this.steps[this.at] ?? ''}</p>`;
  }
}

customElements.define('medrec-steps', MedrecSteps);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-steps': MedrecSteps;
  }
}
