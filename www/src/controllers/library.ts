/** What the pages share: proven views by key, each loaded once, with its progress and its last error. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { errorView, type Client } from '../client.js';
import type {
  AccessesView,
  ErrorView,
  GuardiansView,
  MemberView,
  OnProgress,
  PersonView,
  Progress,
  RecordsView,
  RelationshipView,
  SharedView,
  ViewerView,
} from '../types.js';

/** One view: what is known of it, whether it is being fetched, and why the last try failed. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: ErrorView | undefined;
  readonly progress: Progress | null;
  readonly busy: boolean;
}

/** Everything known at one moment. A new object whenever something changed. */
export interface Known {
  readonly relationships: Loaded<readonly RelationshipView[]>;
  readonly shared: Loaded<readonly SharedView[]>;
  readonly members: Loaded<readonly MemberView[]>;
  readonly person: Loaded<PersonView>;
  readonly guardians: Loaded<GuardiansView>;
  readonly viewers: (relationship: string) => Loaded<readonly ViewerView[]>;
  readonly records: (relationship: string) => Loaded<RecordsView>;
  readonly accesses: (relationship: string) => Loaded<AccessesView>;
}

const empty = { value: undefined, error: undefined, progress: null, busy: false } as const;

/** Views of one type by key. Fetching again keeps what was known until the new answer is there. */
class Shelf<T> {
  readonly #views = new Map<string, Loaded<T>>();
  readonly #changed: () => void;
  #generation = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  at(key: string): Loaded<T> {
    return this.#views.get(key) ?? empty;
  }

  async fetch(key: string, work: (onProgress: OnProgress) => Promise<T>): Promise<void> {
    const before = this.at(key);
    if (before.busy) return;
    const generation = this.#generation;
    const put = (view: Loaded<T>): void => {
      if (generation !== this.#generation) return;
      this.#views.set(key, view);
      this.#changed();
    };
    put({ ...before, busy: true });
    try {
      const value = await work((progress) => {
        put({ ...before, busy: true, progress });
      });
      put({ ...empty, value });
    } catch (thrown) {
      put({ ...before, busy: false, progress: null, error: errorView(thrown) });
    }
  }

  clear(): void {
    this.#generation += 1;
    this.#views.clear();
  }
}

export class Library implements ReactiveController {
  known: Known;
  readonly #host: ReactiveControllerHost;
  readonly #relationships = this.#shelf<readonly RelationshipView[]>();
  readonly #shared = this.#shelf<readonly SharedView[]>();
  readonly #members = this.#shelf<readonly MemberView[]>();
  readonly #person = this.#shelf<PersonView>();
  readonly #guardians = this.#shelf<GuardiansView>();
  readonly #viewers = this.#shelf<readonly ViewerView[]>();
  readonly #records = this.#shelf<RecordsView>();
  readonly #accesses = this.#shelf<AccessesView>();
  #client: Client | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    this.known = this.#look();
    host.addController(this);
  }

  hostConnected(): void {
    // Nothing to do: the library lives as long as its page.
  }

  use(client: Client): void {
    this.#client = client;
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('the library is used before the client is open');
    return this.#client;
  }

  relationships(): Promise<void> {
    return this.#relationships.fetch('', () => this.client.relationships());
  }

  shared(): Promise<void> {
    return this.#shared.fetch('', () => this.client.sharedWithMe());
  }

  members(): Promise<void> {
    return this.#members.fetch('', () => this.client.members());
  }

  person(): Promise<void> {
    return this.#person.fetch('', () => this.client.person());
  }

  guardians(): Promise<void> {
    return this.#guardians.fetch('', () => this.client.guardians());
  }

  viewers(relationship: string): Promise<void> {
    return this.#viewers.fetch(relationship, () => this.client.viewers(relationship));
  }

  records(relationship: string): Promise<void> {
    return this.#records.fetch(relationship, (onProgress) => this.client.records(relationship, onProgress));
  }

  accesses(relationship: string, all = false): Promise<void> {
    return this.#accesses.fetch(relationship, () => this.client.accesses(relationship, all));
  }

  sharedRecords(patient: string, steward: string): Promise<void> {
    return this.#records.fetch(`${patient}:${steward}`, (onProgress) => this.client.sharedRecords(patient, steward, onProgress));
  }

  /** Forgets everything: the keys were locked, and what they opened goes with them. */
  forget(): void {
    for (const shelf of [this.#relationships, this.#shared, this.#members, this.#person, this.#guardians, this.#viewers, this.#records, this.#accesses]) shelf.clear();
    this.#changed();
  }

  #shelf<T>(): Shelf<T> {
    return new Shelf<T>(() => {
      this.#changed();
    });
  }

  #changed(): void {
    this.known = this.#look();
    this.#host.requestUpdate();
  }

  #look(): Known {
    return {
      relationships: this.#relationships.at(''),
      shared: this.#shared.at(''),
      members: this.#members.at(''),
      person: this.#person.at(''),
      guardians: this.#guardians.at(''),
      viewers: (relationship) => this.#viewers.at(relationship),
      records: (relationship) => this.#records.at(relationship),
      accesses: (relationship) => this.#accesses.at(relationship),
    };
  }
}
