/**
 * The worker's end of `rpc.ts`: answers calls by the handlers it is given, and stops a call that the page gave up.
 *
 * A trap of the wasm leaves the verifier in no state to go on: the page is told and replaces the worker.
 */
import { errorView, type PageMessage, type WorkerMessage } from './rpc.js';
import type { OnProgress } from './types.js';

/** What the worker can say and hear while a call runs. */
interface Running {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What a worker can do: methods by name. */
export type Handlers<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...args: infer Args) => infer Result
    ? (args: Args, running: Running) => Promise<Result>
    : never;
};

/** Answers the page's calls from now on. */
export function serve<Methods>(handlers: Handlers<Methods>): void {
  const running = new Map<number, AbortController>();

  async function answer(message: PageMessage): Promise<void> {
    if (message.kind === 'abort') {
      running.get(message.id)?.abort();
      return;
    }
    if (message.kind === 'live') {
      live(message.lock);
      return;
    }
    const { id, method, args } = message;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      // Only our own front sends, and it is checked against the same methods.
      const handler = handlers[method as keyof Methods] as (args: unknown, running: Running) => Promise<unknown>;
      const onProgress: OnProgress = (progress) => send({ kind: 'progress', id, progress });
      send({ kind: 'result', id, value: await handler(args, { signal: controller.signal, onProgress }) });
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) die(thrown);
      else send({ kind: 'error', id, error: errorView(thrown) });
    } finally {
      running.delete(id);
    }
  }

  self.addEventListener('message', (event: MessageEvent<PageMessage>) => void answer(event.data));
  self.addEventListener('error', (event) => die(event.error));
  self.addEventListener('unhandledrejection', (event) => die(event.reason));
}

/** Holds the lock until this worker ends, however it ends. Where locks are refused its end is not noticed, and no more. */
function live(lock: string): void {
  const forever = new Promise<never>(() => undefined);
  navigator.locks.request(lock, () => (send({ kind: 'alive' }), forever)).catch(() => undefined);
}

function send(message: WorkerMessage): void {
  self.postMessage(message);
}

function die(thrown: unknown): void {
  send({ kind: 'fatal', error: { ...errorView(thrown), code: 'internal/panic' } });
}
