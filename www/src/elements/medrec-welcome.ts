import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import { icon, type IconName } from './icons.js';

const signs: readonly IconName[] = ['hospital', 'verified', 'sharing'];

/**
 * The first screen: what this is, and the ways in.
 *
 * @fires medrec-create-requested - the person starts new.
 * @fires medrec-way-back-requested - the person has lost everything, and has guardians.
 * @fires medrec-restore-requested - the person has recovery words.
 */
export class MedrecWelcome extends LitElement {
  static override properties = { invited: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      h1 { font-size: 34px; line-height: 1.18; }
      .lead { font-size: 20px; line-height: 1.45; }
      .points { display: grid; gap: 20px; }
      .points li { display: grid; grid-template-columns: 40px 1fr; gap: 2px 12px; }
      .points h2 { font-size: 16px; line-height: 1.5; }
      .points svg { color: var(--medrec-accent); grid-row: span 2; margin-top: 2px; }
      .ways { display: grid; gap: 12px; justify-items: start; }
      .ways button { min-width: min(100%, 320px); }
      @media (max-width: 599px) { h1 { font-size: 26px; } .lead { font-size: 16px; } .ways button { width: 100%; } }
    `,
  ];
  declare invited: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.invited = false;
  }

  override render(): TemplateResult {
    const { welcome } = this.#words.text;
    return html`<div class="stack wide">
      <div class="stack">
        <h1 tabindex="-1">${welcome.title}</h1>
        <p class="lead">${welcome.lead}</p>
      </div>
      ${this.invited ? html`<p class="notice accent">${welcome.invitationWaits}</p>` : nothing}
      <ul class="points">
        ${welcome.points.map(([title, words], index) => html`<li>${icon(signs[index] ?? 'check', 28)}<h2>${title}</h2><p class="muted">${words}</p></li>`)}
      </ul>
      <div class="ways">
        <button type="button" class="primary" @click=${this.#create}>${welcome.create}</button>
        <p class="small muted">${welcome.createHint}</p>
        <button type="button" @click=${this.#restore}>${welcome.restore}</button>
        <button type="button" class="quiet" @click=${this.#lost}>${welcome.lost}</button>
      </div>
    </div>`;
  }

  readonly #create = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-create-requested', { bubbles: true, composed: true }));
  };

  readonly #lost = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-way-back-requested', { bubbles: true, composed: true }));
  };

  readonly #restore = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-restore-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-welcome', MedrecWelcome);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-welcome': MedrecWelcome;
  }
}
