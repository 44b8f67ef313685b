/** One longer piece of work, from its start to its result or error, as something a page can draw. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { errorView } from '../client.js';
import type { ErrorView, OnProgress, Progress } from '../types.js';

export type JourneyState<T> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress: Progress | null }
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: ErrorView };

export type Work<T> = (signal: AbortSignal, onProgress: OnProgress) => Promise<T>;

/** Runs one piece of work at a time; a new run, or leaving the page, gives up the old one. */
export class Journey<T> implements ReactiveController {
  state: JourneyState<T> = { kind: 'idle' };
  readonly #host: ReactiveControllerHost;
  #abort: AbortController | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get running(): boolean {
    return this.state.kind === 'running';
  }

  /** The result of the last run, if it came to one. */
  get value(): T | undefined {
    return this.state.kind === 'done' ? this.state.value : undefined;
  }

  get error(): ErrorView | undefined {
    return this.state.kind === 'failed' ? this.state.error : undefined;
  }

  get progress(): Progress | null {
    return this.state.kind === 'running' ? this.state.progress : null;
  }

  /** Starts the work. Resolves when it is over, however it ended: the state tells how. */
  async run(work: Work<T>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#show({ kind: 'running', progress: null });
    try {
      const value = await work(abort.signal, (progress) => {
        if (!abort.signal.aborted) this.#show({ kind: 'running', progress });
      });
      if (!abort.signal.aborted) this.#show({ kind: 'done', value });
    } catch (thrown) {
      if (!abort.signal.aborted) this.#show({ kind: 'failed', error: errorView(thrown) });
    }
  }

  /** Gives up the work and forgets its result. */
  reset(): void {
    this.#abort?.abort();
    this.#show({ kind: 'idle' });
  }

  hostDisconnected(): void {
    this.#abort?.abort();
  }

  #show(state: JourneyState<T>): void {
    this.state = state;
    this.#host.requestUpdate();
  }
}
