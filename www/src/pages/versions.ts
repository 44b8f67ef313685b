import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Client } from '../client.js';
import { Journey } from '../controllers/journey.js';
import type { Row } from '../elements/rows.js';
import { changesOf, type Change } from '../elements/versions.js';
import { base, buttons, surface } from '../styles/base.js';
import { Words } from '../text/words.js';
import type { VersionView, VersionsView } from '../types.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';

/** The past of one record, looked up when the person asks: each version with what it changed. */
export class MedrecVersions extends LitElement {
  static override properties = { client: { attribute: false }, row: { attribute: false } };
  static override styles = [
    base,
    buttons,
    surface,
    css`
      ol { display: grid; gap: 16px; }
      li { display: grid; gap: 6px; padding-left: 16px; border-left: 2px solid var(--medrec-line); }
      li:first-child { border-left-color: var(--medrec-verified); }
      table { width: 100%; border-collapse: collapse; table-layout: fixed; }
      th, td { text-align: left; vertical-align: top; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--medrec-line); font-weight: 400; overflow-wrap: anywhere; }
      thead th { font-size: 13px; color: var(--medrec-muted); }
      del { color: var(--medrec-muted); }
      ins { text-decoration: none; font-weight: 600; }
    `,
  ];
  declare client: Client | undefined;
  declare row: Row | undefined;
  readonly #words = new Words(this);
  readonly #journey = new Journey<VersionsView>(this);

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('row');
    if (before && before.key !== this.row?.key) this.#journey.reset();
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.row?.entry.view) return nothing;
    const { versions } = this.#words.text;
    const { state } = this.#journey;
    return html`<section class="card stack">
      <h3>${versions.title}</h3>
      ${state.kind === 'idle' ? html`<div class="row"><button type="button" @click=${this.#look}>${versions.look}</button></div>` : nothing}
      ${state.kind === 'running' ? html`<medrec-progress .label=${versions.loading} .progress=${state.progress}></medrec-progress>` : nothing}
      ${state.kind === 'failed' ? html`<medrec-trouble retry .error=${state.error} .who=${this.row.hospital} @medrec-retry-requested=${this.#look}></medrec-trouble>` : nothing}
      ${state.kind === 'done' ? this.#found(state.value) : nothing}
    </section>`;
  }

  #found({ versions: all, whole, withheld }: VersionsView): TemplateResult {
    const { versions } = this.#words.text;
    // What cannot be shown may be of this record.
    const claim = !whole ? versions.notWhole : all.length > 1 ? versions.whole : versions.one;
    return html`<p role="status">${withheld > 0 ? versions.withheld(withheld) : claim}</p>
      ${all.length > 1 ? html`<ol>${all.map((version, index) => this.#version(version, all[index + 1]))}</ol>` : nothing}`;
  }

  #version({ since, until, view }: VersionView, before: VersionView | undefined): TemplateResult {
    const { text, format } = this.#words;
    const { versions } = text;
    return html`<li>
      <p class="small muted">${since === null ? versions.older : until === null ? versions.from(format.moment(since)) : versions.span(format.moment(since), format.moment(until))}</p>
      ${before ? this.#changes(changesOf(before.view, view)) : html`<p>${since === null ? versions.oldest : versions.first}${view.value === null ? nothing : html`: ${this.#words.fact(view.value)}`}</p>`}
    </li>`;
  }

  #changes(changes: readonly Change[]): TemplateResult {
    const { versions } = this.#words.text;
    if (changes.length === 0) return html`<p>${versions.same}</p>`;
    const fact = (value: string | null): string => (value === null ? versions.absent : this.#words.fact(value));
    return html`<table>
      <thead><tr><th scope="col">${versions.what}</th><th scope="col">${versions.was}</th><th scope="col">${versions.became}</th></tr></thead>
      <tbody>${changes.map(({ label, before, after }) => html`<tr><th scope="row">${this.#words.label(label)}</th><td><del>${fact(before)}</del></td><td><ins>${fact(after)}</ins></td></tr>`)}</tbody>
    </table>`;
  }

  readonly #look = async (): Promise<void> => {
    const { client, row } = this;
    const view = row?.entry.view;
    if (!client || !view) return;
    await this.#journey.run((signal, onProgress) => client.versions(row.relationship, row.category, `${view.resourceType}/${view.id}`, onProgress, signal));
  };
}

customElements.define('medrec-versions', MedrecVersions);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-versions': MedrecVersions;
  }
}
