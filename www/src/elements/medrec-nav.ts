import { LitElement, css, html, type TemplateResult } from 'lit';
import { base, buttons } from '../styles/base.js';
import { hashOf, type Place } from '../text/place.js';
import { Words } from '../text/words.js';
import { icon, type IconName } from './icons.js';

const entries = [
  { kind: 'home', sign: 'home', place: { kind: 'home' } },
  { kind: 'records', sign: 'records', place: { kind: 'records', category: null, record: null } },
  { kind: 'sharing', sign: 'sharing', place: { kind: 'sharing' } },
  { kind: 'activity', sign: 'activity', place: { kind: 'activity' } },
  { kind: 'add', sign: 'add', place: { kind: 'add', correction: null } },
  { kind: 'settings', sign: 'settings', place: { kind: 'settings' } },
] as const satisfies readonly { kind: string; sign: IconName; place: Place }[];

export type NavEntry = (typeof entries)[number]['kind'];

/**
 * The ways through the app: at the left of a wide window, at the bottom of a phone.
 *
 * @fires medrec-lock-requested - the person wants the keys locked.
 */
export class MedrecNav extends LitElement {
  static override properties = { current: {} };
  static override styles = [
    base,
    buttons,
    css`
      ul { display: flex; }
      li { flex: 1; }
      a {
        display: flex; flex-direction: column; align-items: center; gap: 2px; min-height: 56px; padding: 8px 4px 6px;
        font-size: 13px; line-height: 1.3; color: var(--medrec-muted); text-decoration: none; border-radius: 8px;
      }
      a[aria-current='page'] { color: var(--medrec-accent); font-weight: 650; }
      .brand, .foot { display: none; }
      @media (min-width: 900px) {
        :host { height: 100%; }
        .frame { display: flex; flex-direction: column; height: 100%; padding: 24px 16px; gap: 24px; }
        .brand { display: flex; align-items: center; gap: 10px; padding: 0 12px; font-weight: 650; }
        .brand svg { color: var(--medrec-accent); }
        ul { flex-direction: column; gap: 4px; }
        a { flex-direction: row; gap: 12px; min-height: 44px; padding: 8px 12px; font-size: 16px; }
        a:hover { background: var(--medrec-sunken); color: var(--medrec-ink); }
        a[aria-current='page'] { background: var(--medrec-accent-soft); color: var(--medrec-accent-strong); }
        .foot { display: block; margin-top: auto; }
        .foot button { color: var(--medrec-muted); width: 100%; justify-content: flex-start; gap: 12px; font-weight: 400; }
      }
    `,
  ];
  declare current: NavEntry | null;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.current = null;
  }

  override render(): TemplateResult {
    const { app } = this.#words.text;
    return html`<nav class="frame" aria-label=${app.navigation}>
      <div class="brand">${icon('verified', 26)}<span>${app.name}</span></div>
      <ul>
        ${entries.map(({ kind, sign, place }) => {
          return html`<li><a href=${hashOf(place)} aria-current=${kind === this.current ? 'page' : 'false'}>${icon(sign, 22)}<span>${app[kind]}</span></a></li>`;
        })}
      </ul>
      <div class="foot"><button type="button" class="quiet" @click=${this.#lock}>${icon('lock', 22)}${app.lock}</button></div>
    </nav>`;
  }

  readonly #lock = (): void => {
    this.dispatchEvent(new CustomEvent('medrec-lock-requested', { bubbles: true, composed: true }));
  };
}

customElements.define('medrec-nav', MedrecNav);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-nav': MedrecNav;
  }
}
