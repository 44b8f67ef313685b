import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { Client, errorView } from '../client.js';
import { Idle, type Absence } from '../controllers/idle.js';
import { Library } from '../controllers/library.js';
import { applyPreferences, loadPreferences, type Preferences } from '../controllers/preferences.js';
import { Sync } from '../controllers/sync.js';
import { icon } from '../elements/icons.js';
import type { NavEntry } from '../elements/medrec-nav.js';
import { base, buttons, surface } from '../styles/base.js';
import { hashOf, placeOf, type Place } from '../text/place.js';
import { Words } from '../text/words.js';
import type { ErrorView } from '../types.js';
import { focusHeading } from './focus.js';
import { shell } from './shell.js';
import '../elements/medrec-nav.js';
import '../elements/medrec-preferences.js';
import '../elements/medrec-progress.js';
import '../elements/medrec-trouble.js';
import './entry.js';
import './home.js';
import './invitation.js';
import './records.js';
import './settings.js';
import './sharing.js';
import './take-along.js';
import './trends.js';
import './activity.js';
import './add.js';
import './grant.js';
import './words.js';
import './guardian.js';
import './guardians.js';
import './way-back.js';

const TICK_MS = 5000;

type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly error: ErrorView }
  | { readonly kind: 'entry'; readonly vault: 'none' | 'locked'; readonly absence: Absence | null; readonly error: ErrorView | null }
  | { readonly kind: 'open' };

/** The patient app: opens the verifier, lets the person in, and shows the page that the address names. */
export class MedrecPatient extends LitElement {
  static override properties = {
    phase: { state: true },
    place: { state: true },
    preferences: { state: true },
    waiting: { state: true },
    tried: { state: true },
    renewing: { state: true },
    now: { state: true },
  };
  static override styles = [base, buttons, surface, shell, css`.start { max-width: 440px; }`];
  declare phase: Phase;
  declare place: Place;
  declare preferences: Preferences;
  /** An invitation that was looked at and put off. */
  declare waiting: string | null;
  /** Whether a backup file of these keys was tried; taken for granted until it is known. */
  declare tried: boolean;
  /** Whether new recovery words are about to take over. */
  declare renewing: boolean;
  declare now: number;
  readonly #words = new Words(this);
  readonly #sync = new Sync(this);
  readonly #library = new Library(this);
  #client: Client | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.phase = { kind: 'starting' };
    this.place = placeOf(location.hash);
    this.preferences = loadPreferences();
    this.waiting = null;
    this.tried = true;
    this.renewing = false;
    this.now = present();
    applyPreferences(this.preferences);
    new Idle(this, (absence) => {
      if (this.phase.kind === 'open') this.#lock(absence);
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('hashchange', this.#moved);
    this.#tick = setInterval(() => (this.now = present()), TICK_MS);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.#moved);
    clearInterval(this.#tick);
  }

  protected override willUpdate(): void {
    // A fresh check is never shown as lying in the future.
    this.now = Math.max(this.now, this.#sync.state.view?.time ?? 0);
  }

  protected override updated(changed: PropertyValues<this>): void {
    document.title = `${this.#title()} · ${this.#words.text.app.name}`;
    const before = changed.get('place');
    const entered = changed.get('phase') !== undefined && this.phase.kind === 'open';
    if (entered || (before !== undefined && before.kind !== this.place.kind)) {
      const page = this.renderRoot.querySelector<LitElement>('main > *:not(.aside)');
      if (page) focusHeading(page);
    }
  }

  override render(): TemplateResult {
    return this.phase.kind === 'open' ? this.#open() : this.#outside(this.phase);
  }

  #outside(phase: Exclude<Phase, { kind: 'open' }>): TemplateResult {
    const { app } = this.#words.text;
    return html`<div class="outside">
      <header><span class="brand">${icon('verified', 28)}<span>${app.name}</span></span></header>
      <main>${this.#entry(phase)}</main>
      <footer class="stack">
        ${this.#demo()}
        <medrec-preferences .value=${this.preferences} @medrec-preferences-changed=${this.#prefer}></medrec-preferences>
      </footer>
    </div>`;
  }

  #entry(phase: Exclude<Phase, { kind: 'open' }>): TemplateResult {
    const { app } = this.#words.text;
    switch (phase.kind) {
      case 'starting':
        return html`<div class="start stack"><medrec-progress .label=${app.starting}></medrec-progress><p class="muted">${app.startingHint}</p></div>`;
      case 'failed':
        return html`<medrec-trouble retry .error=${phase.error} @medrec-retry-requested=${this.#start}></medrec-trouble>`;
      case 'entry':
        return html`${phase.error ? html`<medrec-trouble .error=${phase.error}></medrec-trouble>` : nothing}
          <medrec-entry-page .client=${this.#client} .vault=${phase.vault} .absence=${phase.absence} .invited=${this.place.kind === 'invitation'}
          @medrec-entered=${this.#entered}></medrec-entry-page>`;
    }
  }

  #open(): TemplateResult {
    const { app } = this.#words.text;
    return html`<a class="skip" href="#main" @click=${this.#skip}>${app.skip}</a>
      <div class="inside">
        <medrec-nav .current=${navEntry(this.place)} @medrec-lock-requested=${this.#lockNow}></medrec-nav>
        <main id="main" class=${this.place.kind === 'records' || this.place.kind === 'shared' || this.place.kind === 'trends' ? 'wide-page' : ''}>
          ${this.#page()}
          <div class="aside">${this.#demo()}</div>
        </main>
      </div>`;
  }

  #page(): TemplateResult {
    const { place, now } = this;
    const network = this.#sync.state;
    const library = this.#library;
    const { known } = library;
    switch (place.kind) {
      case 'home':
        return html`<medrec-home-page .library=${library} .known=${known} .network=${network} .now=${now} .waiting=${this.waiting} .tried=${this.tried} .renewing=${this.renewing}
          @medrec-refresh-requested=${this.#refresh} @medrec-link-pasted=${this.#pasted}></medrec-home-page>`;
      case 'records':
      case 'shared':
        return html`<medrec-records-page .library=${library} .known=${known} .network=${network} .now=${now} .place=${place}></medrec-records-page>`;
      case 'add':
        return html`<medrec-add-page .library=${library} .known=${known} .now=${now} .correction=${place.correction}></medrec-add-page>`;
      case 'take-along':
        return html`<medrec-take-along-page .library=${library} .known=${known}></medrec-take-along-page>`;
      case 'trends':
        return html`<medrec-trends-page .library=${library} .known=${known}></medrec-trends-page>`;
      case 'sharing':
        return html`<medrec-sharing-page .library=${library} .known=${known} .network=${network}></medrec-sharing-page>`;
      case 'grant':
        return html`<medrec-grant-page .library=${library} .known=${known} .now=${now} .relationship=${place.relationship}></medrec-grant-page>`;
      case 'activity':
        return html`<medrec-activity-page .library=${library} .known=${known}></medrec-activity-page>`;
      case 'settings':
        return html`<medrec-settings-page .client=${this.#client} .tried=${this.tried} @medrec-backup-tried=${this.#backupTried} .network=${network.view} .preferences=${this.preferences}
          @medrec-preferences-changed=${this.#prefer} @medrec-lock-requested=${this.#lockNow}></medrec-settings-page>`;
      case 'words':
        return html`<medrec-words-page .client=${this.#client} .renewing=${this.renewing} @medrec-words-changed=${this.#wordsChanged}></medrec-words-page>`;
      case 'guardians':
        return html`<medrec-guardians-page .library=${library} .known=${known} .demo=${network.view?.network.demo ?? false}></medrec-guardians-page>`;
      case 'guardian':
        return html`<medrec-guardian-page .client=${this.#client} .text=${place.text}></medrec-guardian-page>`;
      case 'way-back':
        return html`<medrec-way-back-page .client=${this.#client} @medrec-way-back-done=${this.#wayBackDone}></medrec-way-back-page>`;
      case 'invitation':
        return html`<medrec-invitation-page .library=${library} .text=${place.text}
          @medrec-accepted=${this.#accepted} @medrec-later-requested=${this.#later}></medrec-invitation-page>`;
    }
  }

  #demo(): TemplateResult | typeof nothing {
    return this.#sync.state.view?.network.demo ? html`<p class="notice small muted">${this.#words.text.app.demo}</p>` : nothing;
  }

  #title(): string {
    const { app, guardian, invitation, wayBack, welcome } = this.#words.text;
    if (this.phase.kind !== 'open') return welcome.title;
    const entry = navEntry(this.place);
    if (entry !== null) return app[entry];
    return (this.place.kind === 'guardian' ? guardian : this.place.kind === 'way-back' ? wayBack : invitation).title;
  }

  readonly #start = async (): Promise<void> => {
    this.phase = { kind: 'starting' };
    try {
      const client = this.#client ?? (await Client.open());
      this.#client = client;
      client.onLocked = () => { this.#outOf(null, null); };
      client.onWorkerError = (error) => { this.#outOf(null, error); };
      this.#library.use(client);
      const vault = await client.vaultState();
      this.phase = vault === 'unlocked' ? { kind: 'open' } : { kind: 'entry', vault, absence: null, error: null };
      this.#sync.start(client);
    } catch (thrown) {
      this.phase = { kind: 'failed', error: errorView(thrown) };
    }
  };

  readonly #moved = (): void => {
    this.place = placeOf(location.hash);
  };

  readonly #backupTried = (): void => {
    this.tried = true;
  };

  readonly #wayBackDone = (): void => {
    this.tried = false;
    this.#library.forget();
  };

  readonly #wordsChanged = ({ detail }: CustomEvent<boolean>): void => {
    this.renewing = detail;
    // A backup of before has the former keys.
    if (!detail) this.tried = false;
  };

  readonly #entered = async (): Promise<void> => {
    // Known before a page shows that asks for it.
    const renewing = await this.#client?.isRenewing().catch(() => undefined);
    // Locked again meanwhile, or the verifier broke: the door still stands.
    if (renewing === undefined) return;
    this.renewing = renewing;
    this.phase = { kind: 'open' };
    void this.#client?.backupTried().then((tried) => (this.tried = tried), () => undefined);
    void this.#sync.refresh();
  };

  readonly #lockNow = (): void => {
    this.#lock(null);
  };

  #lock(absence: Absence | null): void {
    // Before the client says that it is locked, which says no reason.
    this.#outOf(absence, null);
    // A window that sleeps takes nobody else's keys away.
    this.#client?.lock(absence === 'asleep' ? 'here' : 'everywhere');
  }

  /** Shows the way in again, with nothing left of what was open. */
  #outOf(absence: Absence | null, error: ErrorView | null): void {
    this.#library.forget();
    if (this.phase.kind === 'open') this.phase = { kind: 'entry', vault: 'locked', absence, error };
  }

  readonly #refresh = (): void => {
    void this.#sync.refresh();
  };

  readonly #pasted = (event: CustomEvent<string>): void => {
    location.hash = hashOf({ kind: 'invitation', text: event.detail });
  };

  // An invitation that is used up leaves the address, so that no one finds it in the history.
  readonly #accepted = (): void => {
    this.waiting = null;
    history.replaceState(null, '', '#/');
    void this.#sync.refresh();
  };

  readonly #later = (): void => {
    if (this.place.kind === 'invitation') this.waiting = this.place.text;
    location.hash = hashOf({ kind: 'home' });
  };

  readonly #prefer = (event: CustomEvent<Preferences>): void => {
    this.preferences = event.detail;
    applyPreferences(event.detail);
  };

  readonly #skip = (event: Event): void => {
    event.preventDefault();
    const page = this.renderRoot.querySelector<LitElement>('main > *:not(.aside)');
    if (page) focusHeading(page);
  };
}

function navEntry(place: Place): NavEntry | null {
  switch (place.kind) {
    case 'activity':
    case 'add':
    case 'home':
    case 'records':
    case 'settings':
    case 'sharing':
      return place.kind;
    case 'take-along':
    case 'trends':
      return 'records';
    case 'grant':
    case 'shared':
      return 'sharing';
    case 'guardians':
    case 'words':
      return 'settings';
    case 'guardian':
    case 'invitation':
    case 'way-back':
      return null;
  }
}

function present(): number {
  return Math.floor(Date.now() / 1000);
}

customElements.define('medrec-patient', MedrecPatient);

declare global {
  interface HTMLElementTagNameMap {
    'medrec-patient': MedrecPatient;
  }
}
