import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import { icon } from '../elements/icons.js';
import { base, buttons } from '../styles/base.js';
import { hashOf } from '../text/place.js';
import { Words } from '../text/words.js';
import type { WardView } from '../types.js';
import '../elements/medrec-hand-link.js';
import '../elements/medrec-paste-link.js';
import '../elements/medrec-trouble.js';

/** Those whom the person guards: what they need when they have lost everything, and a link that they sent. */
export class MedrecWards extends LitElement {
  static override properties = { client: { attribute: false }, asking: { state: true } };
  static override styles = [
    base,
    buttons,
    css`
      li { padding: 12px 0; border-bottom: 1px solid var(--medrec-line); }
      summary svg { color: var(--medrec-accent); }
      .inner { display: grid; gap: 12px; padding: 4px 0 12px; justify-items: start; }
    `,
  ];
  declare client: Client | undefined;
  /** Whose kit is about to be forgotten. */
  declare asking: string | null;
  readonly #words = new Words(this);
  readonly #journey = new Journey<readonly WardView[]>(this);

  constructor() {
    super();
    this.asking = null;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('client')) void this.#run(() => Promise.resolve());
  }

  override render(): TemplateResult {
    const { wards } = this.#words.text;
    const { error, value } = this.#journey;
    return html`<section class="stack">
      <h2>${wards.title}</h2>
      <p class="muted">${wards.lead}</p>
      ${error ? html`<medrec-trouble .error=${error}></medrec-trouble>` : nothing}
      ${value?.length ? html`<ul>${value.map((ward) => this.#ward(ward))}</ul>` : nothing}
      <medrec-paste-link .place=${'guardian'} .label=${wards.paste} .action=${wards.open} @medrec-link-pasted=${this.#pasted}></medrec-paste-link>
    </section>`;
  }

  #ward({ person, name, kit }: WardView): TemplateResult {
    const { wards, common } = this.#words.text;
    return html`<li><details>
      <summary>${icon('person', 22)}<strong>${name}</strong></summary>
      <div class="inner">
        <p class="muted">${wards.lost(name)}</p>
        <medrec-hand-link .text=${kit} .name=${wards.kitOf(name)} .action=${wards.copy}></medrec-hand-link>
        ${this.asking === person
          ? html`<p>${wards.dropHint(name)}</p><div class="row"><button type="button" class="danger" @click=${() => this.#drop(person)}>${wards.drop}</button>
              <button type="button" class="quiet" @click=${() => (this.asking = null)}>${common.cancel}</button></div>`
          : html`<button type="button" class="quiet danger" @click=${() => (this.asking = person)}>${wards.drop}</button>`}
      </div>
    </details></li>`;
  }

  #drop(person: string): Promise<void> {
    this.asking = null;
    return this.#run((client, signal) => client.dropKit(person, signal));
  }

  readonly #pasted = ({ detail }: CustomEvent<string>): void => {
    location.hash = hashOf({ kind: 'guardian', text: detail });
  };

  async #run(work: (client: Client, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { client } = this;
    if (!client) return;
    await this.#journey.run(async (signal) => {
      await work(client, signal);
      return client.wards(signal);
    });
  }
}

customElements.define('medrec-wards', MedrecWards);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-wards': MedrecWards;
  }
}
