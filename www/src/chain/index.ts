/**
 * `@medrec/light/chain`: the light client of one network, in a worker of its own.
 *
 * Whatever a method returns was proven against a header that enough validators sealed, or the method rejects with a
 * `MedrecError`. A worker that ends is replaced and asked again; the verified head is kept in IndexedDB and shared by
 * all tabs of the origin.
 */
import { MedrecError, RpcCaller, errorView } from '../rpc.js';
import type {
  AccountView,
  BlockView,
  CallOptions,
  ErrorView,
  LogQuery,
  LogView,
  ReceiptView,
  SlotView,
  SyncView,
  TransactionView,
} from '../views.js';
import type { Methods } from './methods.js';
import { Provider, troubleOf } from './provider.js';

export { MedrecError };
export { ProviderRpcError } from './errors.js';
export { Provider } from './provider.js';
export type * from '../views.js';

/** How the light client is opened. */
export interface OpenOptions {
  /** Gives up opening. */
  readonly signal?: AbortSignal | undefined;
  /** Starts the worker; for pages whose policy or bundler wants a say. It must run `@medrec/light/chain/worker.js`. */
  readonly startWorker?: (() => Worker) | undefined;
}

/** What a subscriber is told. */
export interface HeadListener {
  /** A sync is done: a new head or the one before, and what each endpoint did. */
  readonly onSync: (sync: SyncView) => void;
  /** A sync failed; the next one comes by itself. */
  readonly onError?: ((error: MedrecError) => void) | undefined;
}

/** How often a subscriber is told. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between two syncs; 4,000 if not said. After failures it waits longer, up to a minute. */
  readonly interval?: number | undefined;
}

/**
 * Opens the light client of the network that this description names: its JSON text, or the object.
 *
 * @throws MedrecError `network/description` if it describes no network, `internal/worker` if the worker does not start.
 */
export async function openLightClient(network: string | object, options: OpenOptions = {}): Promise<LightClient> {
  const json = typeof network === 'string' ? network : JSON.stringify(network);
  let light: LightClient | undefined;
  try {
    light = new LightClient(json, options.startWorker ?? startWorker);
    // Answered once the worker is open.
    await light.evidence(options);
    return light;
  } catch (thrown) {
    light?.close();
    throw errorOf(thrown);
  }
}

/** A light client of one network. Made by {@link openLightClient}. */
export class LightClient {
  readonly #networkJson: string;
  readonly #startWorker: () => Worker;
  #provider: Provider | undefined;
  #rpc: RpcCaller;
  #wasOpen = false;
  #isClosed = false;

  constructor(networkJson: string, startWorker: () => Worker) {
    this.#networkJson = networkJson;
    this.#startWorker = startWorker;
    this.#rpc = this.#start();
  }

  /** Brings the client to the newest block that it can verify, and tells what each endpoint did. */
  sync(options?: CallOptions): Promise<SyncView> {
    return this.#call('sync', [], options);
  }

  /** Syncs from a checkpoint that enough operators of the network have signed: for a client that was away too long. */
  checkpoint(json: string, options?: CallOptions): Promise<SyncView> {
    return this.#call('checkpoint', [json], options);
  }

  /** The verified head, as it is known; before the first sync it rejects with `network/no-head`. */
  head(options?: CallOptions): Promise<BlockView> {
    return this.#call('head', [], options);
  }

  /** Proves the header of a block before the head, 10,000 blocks back at most. */
  block(number: number, options?: CallOptions): Promise<BlockView> {
    return this.#call('block', [number], options);
  }

  /** Proves all transactions of a block before the head. */
  transactions(number: number, options?: CallOptions): Promise<readonly TransactionView[]> {
    return this.#call('transactions', [number], options);
  }

  /** Proves an account at the head; that it does not exist is proven too. */
  account(address: string, options?: CallOptions): Promise<AccountView> {
    return this.#call('account', [address], options);
  }

  /** Proves storage slots of a contract at the head, in the order asked. */
  storage(address: string, slots: readonly string[], options?: CallOptions): Promise<readonly SlotView[]> {
    return this.#call('storage', [address, slots], options);
  }

  /** The code of an account, compared with the proven code hash. */
  code(address: string, options?: CallOptions): Promise<string> {
    return this.#call('code', [address], options);
  }

  /** Proves a transaction and who sent it. */
  transaction(hash: string, options?: CallOptions): Promise<TransactionView> {
    return this.#call('transaction', [hash], options);
  }

  /** Proves what became of a transaction. */
  receipt(hash: string, options?: CallOptions): Promise<ReceiptView> {
    return this.#call('receipt', [hash], options);
  }

  /** Proves all logs that the query wants: complete, or it rejects. */
  logs(query: LogQuery, options?: CallOptions): Promise<readonly LogView[]> {
    return this.#call('logs', [query], options);
  }

  /** Hands in a signed transaction and returns its hash; whether it took effect is for a receipt or state to prove. */
  send(raw: string, options?: CallOptions): Promise<string> {
    return this.#call('send', [raw], options);
  }

  /**
   * The evidence that two sealed blocks share a height, if that was seen: a JSON text to keep as a file. What an earlier
   * visit saw is known after the first sync, which then rejects with `network/equivocation`.
   */
  evidence(options?: CallOptions): Promise<string | null> {
    return this.#call('evidence', [], options);
  }

  /** Syncs again and again and tells of it, until the signal is given or the returned function is called. */
  subscribe(listener: HeadListener, options: SubscribeOptions = {}): () => void {
    const end = new AbortController();
    options.signal?.addEventListener('abort', () => end.abort(), { once: true });
    if (options.signal?.aborted) end.abort();
    void this.#follow(listener, options.interval ?? INTERVAL, end.signal);
    return () => end.abort();
  }

  /** An EIP-1193 provider whose answers are all proven, or refused. */
  get provider(): Provider {
    return (this.#provider ??= new Provider(this));
  }

  /** Ends the worker. Open calls reject; the verified head stays for the next visit. */
  close(): void {
    this.#isClosed = true;
    this.#rpc.close(closed);
  }

  async #follow({ onSync, onError }: HeadListener, interval: number, signal: AbortSignal): Promise<void> {
    let wait = interval;
    const isOver = (): boolean => signal.aborted || this.#isClosed;
    while (!isOver()) {
      const result = await this.sync({ signal }).catch(errorOf);
      if (isOver()) return;
      const isTrouble = result instanceof MedrecError || troubleOf(result) !== undefined;
      wait = isTrouble ? Math.min(wait * 2, LONGEST_INTERVAL) : interval;
      try {
        if (result instanceof MedrecError) onError?.(result);
        else onSync(result);
      } catch (thrown) {
        // A listener's fault is the page's to see, and no reason to stop.
        reportError(thrown);
      }
      await pause(wait, signal);
    }
  }

  async #call<Name extends keyof Methods>(
    method: Name,
    args: Parameters<Methods[Name]>,
    options?: CallOptions,
  ): Promise<ReturnType<Methods[Name]>> {
    for (let isFirst = true; ; isFirst = false) {
      const rpc = this.#live();
      try {
        const value = await rpc.call(method, args, options);
        // The worker is of the same build and checked against the same `Methods`.
        return value as ReturnType<Methods[Name]>;
      } catch (thrown) {
        // What a worker was asked that the browser has ended is asked once more, of the next one: nothing changes by
        // being asked twice. What made it panic is not.
        const hasEnded = thrown instanceof MedrecError && thrown.code === 'internal/worker' && this.#wasOpen;
        if (!isFirst || !hasEnded || options?.signal?.aborted) throw thrown;
      }
    }
  }

  /** The worker, or another one if it has ended. One that never opened would not open the next time either. */
  #live(): RpcCaller {
    if (this.#rpc.isClosed && this.#wasOpen && !this.#isClosed) this.#rpc = this.#start();
    return this.#rpc;
  }

  #start(): RpcCaller {
    const rpc: RpcCaller = new RpcCaller(this.#startWorker(), (error) => rpc.close(error));
    // The worker answers what follows once this is done, and with its error if it fails.
    rpc.call('open', [this.#networkJson]).then(
      () => (this.#wasOpen = true),
      // Whatever kept it from opening again may be over by the next call.
      (thrown: unknown) => this.#wasOpen && rpc.close(errorView(thrown)),
    );
    return rpc;
  }
}

function errorOf(thrown: unknown): MedrecError {
  return thrown instanceof MedrecError ? thrown : new MedrecError(errorView(thrown));
}

function startWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'medrec-chain' });
}

/** Waits, but no longer than until the network is back or the signal is given. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
    addEventListener('online', done);
  });
}

const closed: ErrorView = {
  code: 'call/closed',
  fault: 'caller',
  message: 'the light client was closed',
  expected: null,
  found: null,
  endpoint: null,
};
const INTERVAL = 4_000;
const LONGEST_INTERVAL = 60_000;
