import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base } from '../styles/base.js';
import { stepName } from '../text/steps.js';
import { Words } from '../text/words.js';
import type { Progress } from '../types.js';

/** A bar with what is being done. Without a known total it says only that work goes on. */
export class MedrecProgress extends LitElement {
  static override properties = { label: {}, progress: { attribute: false } };
  static override styles = [
    base,
    css`
      .stack { gap: 8px; }
      progress {
        appearance: none; display: block; width: 100%; height: 6px; border: 0; border-radius: 3px; overflow: hidden;
        background: var(--medrec-line); color: var(--medrec-accent);
      }
      progress::-webkit-progress-bar { background: var(--medrec-line); }
      progress::-webkit-progress-value { background: var(--medrec-accent); transition: inline-size var(--medrec-motion); }
      progress::-moz-progress-bar { background: var(--medrec-accent); }
      .endless { height: 6px; border-radius: 3px; background: var(--medrec-line); overflow: hidden; }
      .endless::before { content: ''; display: block; width: 30%; height: 100%; border-radius: 3px; background: var(--medrec-accent); }
      @media (prefers-reduced-motion: no-preference) {
        .endless::before { animation: go 1.6s ease-in-out infinite alternate; }
        @keyframes go { to { transform: translateX(233%); } }
      }
    `,
  ];
  declare label: string;
  declare progress: Progress | null;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.label = '';
    this.progress = null;
  }

  override render(): TemplateResult {
    const { progress } = this;
    const known = progress !== null && progress.total > 1;
    const { text } = this.#words;
    const step = stepName(progress, text);
    return html`<div class="stack" role="group" aria-label=${this.label}>
      <p role="status">${this.label}</p>
      ${known
        ? html`<progress max=${progress.total} .value=${progress.done} aria-label=${this.label}></progress>`
        : html`<div class="endless" role="progressbar" aria-label=${this.label}></div>`}
      ${step ? html`<p class="small muted">${step}</p>` : known ? html`<p class="small muted">${text.common.progress(progress.done, progress.total)}</p>` : nothing}
    </div>`;
  }
}

customElements.define('medrec-progress', MedrecProgress);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-progress': MedrecProgress;
  }
}
