import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, surface } from '../styles/base.js';
import { explain } from '../text/codes.js';
import { Words } from '../text/words.js';
import { CATEGORIES, type AccessEventView, type AccessView, type AccessesView } from '../types.js';
import { icon } from './icons.js';

/** The accesses of one relationship, newest first, under the sentence that says how far they are proven. */
export class MedrecAccesses extends LitElement {
  static override properties = { view: { attribute: false } };
  static override styles = [
    base,
    surface,
    css`
      .proof { display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; align-items: start; }
      .proof .sign { color: var(--medrec-verified); }
      .proof .open { color: var(--medrec-stale); }
      li { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 16px; padding: 12px 0; border-bottom: 1px solid var(--medrec-line); }
      li:last-child { border-bottom: 0; }
      li .sign { color: var(--medrec-accent); padding-top: 1px; }
      .refused .sign { color: var(--medrec-broken); }
      .unsealed { display: inline-flex; gap: 4px; align-items: center; color: var(--medrec-stale); }
      @media (max-width: 559px) { li { grid-template-columns: auto 1fr; } .unsealed { grid-column: 2; } }
    `,
  ];
  declare view: AccessesView | undefined;
  readonly #words = new Words(this);

  override render(): TemplateResult | typeof nothing {
    const { view } = this;
    if (!view) return nothing;
    return html`<div class="stack">
      ${this.#proof(view)}
      <ul>${view.entries.map((entry) => this.#entry(entry))}</ul>
    </div>`;
  }

  #proof({ anchored, anchoredAt, count }: AccessesView): TemplateResult {
    const { text, format } = this.#words;
    const { activity } = text;
    const when = format.moment(anchoredAt);
    return html`<div class="proof small">
      ${anchored > 0
        ? html`<span class="sign">${icon('verified', 18)}</span>
            <p>${anchored === count ? activity.provenAll(anchored, when) : activity.proven(anchored, when)}</p>`
        : nothing}
      ${anchored < count ? html`<span class="open">${icon('clock', 18)}</span><p>${activity.notYet}</p>` : nothing}
    </div>`;
  }

  #entry({ event, anchored }: AccessView): TemplateResult {
    const { text } = this.#words;
    const { activity } = text;
    const refusal = event?.refusal ?? null;
    const sign = refusal !== null ? 'cross' : event?.byPatient ? 'person' : 'activity';
    return html`<li class=${refusal === null ? '' : 'refused'}>
      <span class="sign">${icon(sign, 22)}</span>
      <div class="stack tight">
        <span>${event ? html`<strong>${this.#who(event)}</strong>${activity.gap}${this.#what(event)}` : activity.unreadable}</span>
        ${refusal === null ? nothing : html`<span class="small muted">${explain(`gatekeeper/refused/${refusal}`, text).means}</span>`}
        ${event ? html`<span class="small muted">${this.#when(event.recorded)}</span>` : nothing}
      </div>
      ${anchored ? nothing : html`<span class="unsealed small">${icon('clock', 16)}${activity.unsealed}</span>`}
    </li>`;
  }

  /** The hospital wrote it: what is no moment is shown as it stands. */
  #when(recorded: string): string {
    const time = Date.parse(recorded);
    return Number.isNaN(time) ? recorded : this.#words.format.moment(time / 1000);
  }

  #who({ byPatient, name, caller, refusal, via }: AccessEventView): string {
    const { text, format } = this.#words;
    if (byPatient && refusal === 'key_replaced') return text.activity.formerWords;
    if (byPatient) return text.activity.you;
    const who = name ?? text.common.personAt(format.short(caller));
    // Whoever was refused may have claimed to act for anybody.
    if (via === null || refusal !== null) return who;
    return via.name === null ? text.activity.inGroup(who) : text.activity.actingFor(who, via.name);
  }

  #what({ method, categories, refusal }: AccessEventView): string {
    const { activity, category, common } = this.#words.text;
    const asked = CATEGORIES.filter((name) => categories.includes(name));
    const what = asked.length === CATEGORIES.length ? activity.everything : common.and(asked.map((name) => category[name]));
    switch (method) {
      case 'records.history':
      case 'records.list':
      case 'records.read': {
        const all = method === 'records.history' ? activity.versions(what) : method === 'records.list' ? activity.list(what) : what;
        return refusal === null ? activity.read(all) : activity.tried(all);
      }
      case 'access.request':
        return refusal === null ? activity.asked(what) : activity.refusedCall(method);
      case 'records.write':
        return refusal === null ? activity.added(what) : activity.triedToAdd(what);
    }
    if (method === 'accesses.list' && refusal === null) return activity.listed;
    return refusal === null ? activity.called(method) : activity.refusedCall(method);
  }
}

customElements.define('medrec-accesses', MedrecAccesses);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-accesses': MedrecAccesses;
  }
}
