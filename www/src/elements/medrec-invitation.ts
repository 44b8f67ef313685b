import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { InvitationView } from '../types.js';
import { badgeStyles } from './badge.js';
import { icon } from './icons.js';
import './medrec-values.js';

/**
 * Shows who invites and what accepting means, before anything is sent.
 *
 * @fires medrec-accept-requested - the person accepts.
 * @fires medrec-later-requested - the person does not accept now.
 */
export class MedrecInvitation extends LitElement {
  static override properties = { view: { attribute: false }, busy: { type: Boolean } };
  static override styles = [
    base,
    buttons,
    surface,
    badgeStyles,
    css`
      .who { display: grid; grid-template-columns: auto 1fr; gap: 4px 16px; }
      .who > .sign { color: var(--medrec-accent); padding-top: 2px; }
      .points { display: grid; gap: 12px; }
      .points li { display: grid; grid-template-columns: 24px 1fr; gap: 12px; }
      .points svg { color: var(--medrec-verified); margin-top: 2px; }
      .checked { white-space: normal; align-items: flex-start; }
    `,
  ];
  declare view: InvitationView | undefined;
  declare busy: boolean;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.busy = false;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.view) return nothing;
    const { steward } = this.view;
    const { invitation, proof } = this.#words.text;
    return html`<article class="stack wide">
      <div class="card who">
        <span class="sign">${icon('hospital', 32)}</span>
        <div class="stack tight">
          <h2>${invitation.from(steward.name)}</h2>
          <p class="muted">${invitation.kind[steward.kind]}</p>
          ${steward.active
            ? html`<p class="badge verified checked">${icon('verified', 18)}<span>${invitation.proven(steward.name)}</span></p>`
            : html`<p class="badge broken checked" role="alert">${icon('altered', 18)}<span>${invitation.inactive(steward.name)}</span></p>`}
          <details>
            <summary class="small muted"><span class="turn">${icon('forward', 16)}</span>${proof.exact}</summary>
            <medrec-values .items=${[[invitation.address, steward.address], [invitation.endpoint, steward.endpoint]]}></medrec-values>
          </details>
        </div>
      </div>
      ${this.busy || !steward.active
        ? nothing
        : html`<section class="stack">
            <h2>${invitation.what}</h2>
            <ul class="points">${invitation.points(steward.name).map((point) => html`<li>${icon('check', 22)}<span>${point}</span></li>`)}</ul>
          </section>`}
      ${this.busy
        ? nothing
        : html`<div class="row">
            ${steward.active ? html`<button type="button" class="primary" @click=${this.#accept}>${invitation.accept}</button>` : nothing}
            <button type="button" @click=${this.#later}>${invitation.later}</button>
          </div>`}
    </article>`;
  }

  readonly #accept = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-accept-requested', { bubbles: true, composed: true }));
  };

  readonly #later = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-later-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-invitation', MedrecInvitation);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-invitation': MedrecInvitation;
  }
}
