import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { ViewerView } from '../types.js';
import { icon, type IconName } from './icons.js';

const signs: Readonly<Record<ViewerView['state'], IconName>> = { effective: 'check', ended: 'cross', pending: 'clock' };

/**
 * The people who may read the records of one relationship, each with a way to stop it, asked once more.
 *
 * @fires medrec-stop-requested - `detail` is the address of the viewer.
 */
export class MedrecViewers extends LitElement {
  static override properties = { viewers: { attribute: false }, stopping: {}, asking: { state: true } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      ul { display: grid; }
      li { display: grid; grid-template-columns: auto 1fr auto; gap: 4px 16px; align-items: start; padding: 12px 0; border-bottom: 1px solid var(--medrec-line); }
      .sign { color: var(--medrec-accent); padding-top: 1px; }
      .state { display: inline-flex; gap: 4px; align-items: center; font-size: 13px; font-weight: 600; color: var(--medrec-verified); }
      .pending { color: var(--medrec-stale); }
      .ended { color: var(--medrec-muted); }
      .ask { grid-column: 1 / -1; display: grid; gap: 12px; }
      @media (max-width: 559px) { li { grid-template-columns: auto 1fr; } .stop { grid-column: 2; justify-self: start; } }
    `,
  ];
  declare viewers: readonly ViewerView[];
  declare stopping: string | null;
  declare asking: string | null;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.viewers = [];
    this.stopping = null;
    this.asking = null;
  }

  override render(): TemplateResult {
    return html`<ul>${this.viewers.map((viewer) => this.#item(viewer))}</ul>`;
  }

  #item(viewer: ViewerView): TemplateResult {
    const { text, format } = this.#words;
    const { sharing } = text;
    const name = viewer.name ?? text.common.personAt(format.short(viewer.viewer));
    const stopping = this.stopping === viewer.viewer;
    const asking = this.asking === viewer.viewer && !stopping;
    return html`<li>
      <span class="sign">${icon(viewer.name === null ? 'person' : 'hospital', 24)}</span>
      <div class="stack tight">
        <strong>${name}</strong>
        <span>${text.common.and(viewer.categories.map((category) => text.category[category]))}</span>
        <span class="row">
          <span class="state ${viewer.state}">${icon(signs[viewer.state], 16)}${sharing.state[viewer.state]}</span>
          <span class="small muted">${viewer.until === null ? sharing.noEnd : sharing.until(format.day(viewer.until))}</span>
        </span>
      </div>
      ${viewer.state === 'ended' || asking || stopping
        ? nothing
        : html`<button type="button" class="small-button danger stop" aria-label=${sharing.stopFor(name)} ?disabled=${this.stopping !== null} @click=${() => (this.asking = viewer.viewer)}>${sharing.stop}</button>`}
      ${asking ? this.#ask(viewer, name) : nothing}
      ${stopping ? html`<p class="ask notice stale small" role="status">${sharing.stopping(name)}</p>` : nothing}
    </li>`;
  }

  #ask(viewer: ViewerView, name: string): TemplateResult {
    const { sharing } = this.#words.text;
    return html`<div class="ask notice" role="group" aria-label=${sharing.stopQuestion(name)}>
      <p><strong>${sharing.stopQuestion(name)}</strong><br />${sharing.stopHint(name)}</p>
      <div class="row">
        <button type="button" class="danger" @click=${() => { this.#stop(viewer); }}>${sharing.stopConfirm}</button>
        <button type="button" class="quiet" @click=${() => (this.asking = null)}>${sharing.keep}</button>
      </div>
    </div>`;
  }

  #stop(viewer: ViewerView): void {
    this.asking = null;
    this.dispatchEvent(new CustomEvent('medrec-stop-requested', { detail: viewer.viewer, bubbles: true, composed: true }));
  }
}

customElements.define('medrec-viewers', MedrecViewers);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-viewers': MedrecViewers;
  }
  interface HTMLElementEventMap {
    'medrec-stop-requested': CustomEvent<string>;
  }
}
