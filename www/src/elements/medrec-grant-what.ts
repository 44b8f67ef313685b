import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { base, fields } from '../styles/base.js';
import { Words } from '../text/words.js';
import { CATEGORIES, type CategoryName, type CategoryView, type RelationshipView } from '../types.js';
import type { GrantDraft, GrantGap, Span } from './grant-draft.js';

const spans: readonly Span[] = ['week', 'month', 'year', 'date', 'open'];

/**
 * Step two of letting someone read: whose records, which categories, for how long.
 *
 * @fires medrec-draft-changed - `detail` is what changed of the draft.
 */
export class MedrecGrantWhat extends LitElement {
  static override properties = {
    draft: { attribute: false },
    gap: { attribute: false },
    relationships: { attribute: false },
    known: { attribute: false },
    now: { type: Number },
  };
  static override styles = [base, fields, css`.day { max-width: 240px; padding-left: 32px; }`];
  declare draft: GrantDraft | undefined;
  declare gap: GrantGap | undefined;
  declare relationships: readonly RelationshipView[];
  declare known: readonly CategoryView[] | undefined;
  declare now: number;
  readonly #words = new Words(this);

  constructor() {
    super();
    this.relationships = [];
    this.now = 0;
  }

  override render(): TemplateResult | typeof nothing {
    const { draft, gap } = this;
    if (!draft) return nothing;
    const { grant } = this.#words.text;
    return html`<div class="stack wide">
      ${this.relationships.length > 1
        ? html`<fieldset class="stack tight">
            <legend>${grant.fromHospital}</legend>
            <div class="choices">
              ${this.relationships.map(({ id, steward }) => this.#radio('from', steward.name, draft.relationship === id, { relationship: id }))}
            </div>
          </fieldset>`
        : nothing}
      <fieldset class="stack tight">
        <legend>${grant.categories}</legend>
        <div class="choices columns">${CATEGORIES.map((category) => this.#category(draft, category))}</div>
        <p class="wrong" role="alert">${gap === 'categories' ? grant.categoriesMissing : nothing}</p>
      </fieldset>
      <fieldset class="stack tight">
        <legend>${grant.until}</legend>
        <div class="choices">${spans.map((span) => this.#radio('span', grant.untilChoice[span], draft.span === span, { span }))}</div>
        ${draft.span === 'date'
          ? html`<div class="field day">
              <label for="day">${grant.untilDate}</label>
              <input id="day" type="date" min=${this.#tomorrow} .value=${draft.day} aria-describedby="day-wrong" aria-invalid=${gap === 'until' ? 'true' : nothing}
                @change=${this.#day} />
              <p id="day-wrong" class="wrong" role="alert">${gap === 'until' ? grant.untilMissing : nothing}</p>
            </div>`
          : nothing}
      </fieldset>
    </div>`;
  }

  #category(draft: GrantDraft, category: CategoryName): TemplateResult {
    const { text } = this.#words;
    const chosen = draft.categories.includes(category);
    const count = this.known?.find((view) => view.category === category)?.count;
    const toggle = (): void => {
      this.#change({ categories: CATEGORIES.filter((one) => (one === category ? !chosen : draft.categories.includes(one))) });
    };
    return html`<label class="choice">
      <input type="checkbox" .checked=${chosen} @change=${toggle} />
      <span>${count === undefined ? text.category[category] : text.records.withCount(text.category[category], count)}</span>
    </label>`;
  }

  #radio(name: string, label: string, checked: boolean, change: Partial<GrantDraft>): TemplateResult {
    return html`<label class="choice">
      <input type="radio" name=${name} .checked=${checked} @change=${() => { this.#change(change); }} /><span>${label}</span>
    </label>`;
  }

  get #tomorrow(): string {
    return new Date((this.now + 24 * 3600) * 1000).toISOString().slice(0, 10);
  }

  readonly #day = (event: Event): void => {
    if (event.currentTarget instanceof HTMLInputElement) this.#change({ day: event.currentTarget.value });
  };

  #change(detail: Partial<GrantDraft>): void {
    this.dispatchEvent(new CustomEvent('medrec-draft-changed', { detail, bubbles: true, composed: true }));
  }
}

customElements.define('medrec-grant-what', MedrecGrantWhat);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-grant-what': MedrecGrantWhat;
  }
}
