/**
 * A promise proxy over a Worker: one message per call, one per result, and any number of progress messages between.
 *
 * The two ends are our own code of one build on one origin, so the messages are not authenticated; they are typed
 * and closed unions. An aborted or failed call forgets its id, and a late result for it is dropped.
 */
import type { CallOptions, ErrorView, OnProgress, Progress } from './types.js';

/** What the page sends: a call by method name, or that it gave one up. Byte arrays in `args` are transferred. */
export type PageMessage =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'abort'; readonly id: number }
  /** The worker is to hold this lock as long as it lives. */
  | { readonly kind: 'live'; readonly lock: string };

/** What the worker sends back. `fatal` means that the worker can no longer be used. */
export type WorkerMessage =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorView }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'fatal'; readonly error: ErrorView }
  | { readonly kind: 'alive' };

/** An error with a stable code; the only thing that calls reject with. */
export class MedrecError extends Error implements ErrorView {
  override readonly name = 'MedrecError';
  readonly code: string;
  readonly fault: ErrorView['fault'];
  readonly expected: string | null;
  readonly found: string | null;
  readonly endpoint: string | null;

  constructor(view: ErrorView) {
    super(view.message);
    this.code = view.code;
    this.fault = view.fault;
    this.expected = view.expected;
    this.found = view.found;
    this.endpoint = view.endpoint;
  }
}

/** Tells what anything thrown says, without keeping the thrown object. */
export function errorView(thrown: unknown): ErrorView {
  const field = (name: string): string | null => {
    const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
    return typeof value === 'string' ? value : null;
  };
  const fault = field('fault');
  return {
    code: field('code') ?? (field('name') === 'AbortError' ? 'call/aborted' : 'internal/unexpected'),
    fault: fault === 'peer' || fault === 'unavailable' ? fault : 'caller',
    message: field('message') ?? String(thrown),
    expected: field('expected'),
    found: field('found'),
    endpoint: field('endpoint'),
  };
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: OnProgress | undefined;
}

/** The page's end: calls methods of one worker until it is closed. */
export class RpcCaller {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #closed: ErrorView | undefined;

  constructor(worker: Worker, onFatal: (error: ErrorView) => void) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<WorkerMessage>) => {
      if (event.data.kind === 'fatal') onFatal(event.data.error);
      else if (event.data.kind === 'alive') void this.#awaitEnd(lock, onFatal);
      else this.#settle(event.data);
    });
    worker.addEventListener('error', (event) => {
      onFatal({ ...workerEnded, message: event.message || 'the worker did not start' });
    });
    const lock = `medrec-worker-${crypto.randomUUID()}`;
    this.#send({ kind: 'live', lock });
  }

  /** Whether the worker has been ended. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  call(method: string, args: readonly unknown[], { onProgress, signal }: CallOptions = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(new MedrecError(this.#closed));
    if (signal?.aborted) return Promise.reject(new MedrecError(aborted));
    const id = ++this.#lastId;
    return new Promise<unknown>((resolve, reject) => {
      const onAbort = (): void => {
        this.#pending.delete(id);
        this.#send({ kind: 'abort', id });
        reject(new MedrecError(aborted));
      };
      const done = (): void => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, {
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
        onProgress,
      });
      const bytes = args.filter((arg) => arg instanceof Uint8Array).map((arg) => arg.buffer);
      try {
        this.#send({ kind: 'call', id, method, args }, bytes);
      } catch (thrown) {
        // An argument that cannot be copied to the worker.
        this.#settle({ kind: 'error', id, error: { ...errorView(thrown), code: 'call/argument' } });
      }
    });
  }

  /** Ends the worker, and with it every key it held; open calls reject with `reason`. */
  close(reason: ErrorView): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#worker.terminate();
    for (const pending of this.#pending.values()) pending.reject(new MedrecError(reason));
    this.#pending.clear();
  }

  #send(message: PageMessage, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** A worker that the browser ends says nothing more; but the lock that it holds is ours then. */
  async #awaitEnd(lock: string, onFatal: (error: ErrorView) => void): Promise<void> {
    await navigator.locks.request(lock, () => undefined);
    if (!this.#closed) onFatal(workerEnded);
  }

  #settle(message: Exclude<WorkerMessage, { kind: 'fatal' | 'alive' }>): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if (message.kind === 'progress') {
      pending.onProgress?.(message.progress);
      return;
    }
    this.#pending.delete(message.id);
    if (message.kind === 'result') pending.resolve(message.value);
    else pending.reject(new MedrecError(message.error));
  }
}

const workerEnded: ErrorView = {
  code: 'internal/worker',
  fault: 'unavailable',
  message: 'the worker has ended',
  expected: null,
  found: null,
  endpoint: null,
};
const aborted: ErrorView = {
  code: 'call/aborted',
  fault: 'caller',
  message: 'the page no longer waits for this',
  expected: null,
  found: null,
  endpoint: null,
};
