/** Follows the network: asks for the verified head again and again while the page is looked at. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { errorView, type Client } from '../client.js';
import type { ErrorView, SyncView } from '../types.js';

const PERIOD_MS = 12_000;

/** What is known of the network: the last verified state, and the error of the last try if it failed. */
export interface NetworkState {
  readonly view: SyncView | null;
  readonly error: ErrorView | null;
  readonly busy: boolean;
  /** Once two sealed blocks share a height: both of them, to hand on as a file. */
  readonly evidence: string | null;
}

export class Sync implements ReactiveController {
  state: NetworkState = { view: null, error: null, busy: false, evidence: null };
  readonly #host: ReactiveControllerHost;
  #client: Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Begins to follow the network with `client`. */
  start(client: Client): void {
    this.#client = client;
    void this.refresh();
  }

  /** Asks now. A failed try keeps what was proven before: it only becomes older. */
  async refresh(): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.state.busy) return;
    clearTimeout(this.#timer);
    this.#show({ ...this.state, busy: true });
    try {
      this.#show({ view: await client.sync(), error: null, busy: false, evidence: null });
    } catch (thrown) {
      const error = errorView(thrown);
      // Locking replaces the verifier in the middle of a question; that says nothing about the network.
      if (error.code === 'network/equivocation') {
        // Nothing of this network may be believed any more, what was shown before included.
        this.#show({ view: null, error, busy: false, evidence: await client.evidence().catch(() => null) });
        return;
      }
      this.#show({ ...this.state, error: error.code === 'vault/locked' ? this.state.error : error, busy: false });
    }
    this.#plan();
  }

  hostConnected(): void {
    document.addEventListener('visibilitychange', this.#wake);
    addEventListener('online', this.#wake);
  }

  hostDisconnected(): void {
    document.removeEventListener('visibilitychange', this.#wake);
    removeEventListener('online', this.#wake);
    clearTimeout(this.#timer);
  }

  readonly #wake = (): void => {
    if (document.visibilityState === 'visible') void this.refresh();
  };

  #plan(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#wake, PERIOD_MS);
  }

  #show(state: NetworkState): void {
    this.state = state;
    this.#host.requestUpdate();
  }
}
