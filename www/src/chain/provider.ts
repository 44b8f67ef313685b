/**
 * An EIP-1193 provider over proven state: what it says of the chain was proven, or the request is refused. Only `null` for a
 * transaction that no endpoint shows, and the hash of one that was handed in, rest on nothing but what was asked.
 *
 * What a light client cannot prove (running a contract, guessing a price, what waits in a pool) it does not answer;
 * what it has no key for it does not sign. State is that of the head, or of the block asked for if that is the head.
 * Source: EIP-1193, EIP-1474, the execution API of Ethereum.
 */
import { MedrecError } from '../rpc.js';
import type { AccountView, BlockView, LogQuery, SyncView, TransactionView } from '../views.js';
import { ProviderRpcError, asRpcError, invalid, refusal } from './errors.js';
import type { LightClient } from './index.js';
import { isHeadTag, logFilter, quantity, record, rpcBlock, rpcLog, rpcReceipt, rpcTransaction, text, wholeNumber, word } from './json-rpc.js';

/** What is asked of a provider. */
export interface RequestArguments {
  readonly method: string;
  readonly params?: readonly unknown[] | object | undefined;
}

type Listener = (event: unknown) => void;
type EventName = 'accountsChanged' | 'chainChanged' | 'connect' | 'disconnect' | 'message';
type Method = (params: readonly unknown[]) => unknown;

/** What somebody subscribed to: the next block to tell of, and how. */
interface Subscription {
  next: number | undefined;
  readonly tell: (from: number, to: number) => Promise<void>;
}

/** The provider of one light client. */
export class Provider {
  readonly #light: LightClient;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #methods: Readonly<Record<string, Method>>;
  #following: (() => void) | undefined;
  #telling: Promise<void> = Promise.resolve();
  #lastSubscription = 0;
  #isConnected = false;
  #synced: { readonly at: number; readonly chainId: string } | undefined;

  constructor(light: LightClient) {
    this.#light = light;
    this.#methods = {
      eth_accounts: () => [],
      eth_blockNumber: async () => quantity((await this.#head()).number),
      eth_chainId: () => this.#chainId(),
      eth_getBalance: async ([address, block]) => (await this.#account(address, block)).balance,
      eth_getBlockByNumber: ([block, full]) => unlessAfterHead(this.#blockByNumber(block, full === true)),
      eth_getBlockTransactionCountByNumber: ([block]) => unlessAfterHead(this.#countTransactions(block)),
      eth_getCode: ([address, block]) => this.#code(address, block),
      eth_getLogs: async ([filter]) => (await light.logs(await this.#logQuery(filter))).map(rpcLog),
      eth_getRawTransactionByHash: async ([hash]) => (await this.#transaction(hash))?.raw ?? null,
      eth_getStorageAt: ([address, slot, block]) => this.#storageAt(address, slot, block),
      eth_getTransactionByHash: async ([hash]) => {
        const found = await this.#transaction(hash);
        return found && rpcTransaction(found);
      },
      eth_getTransactionCount: async ([address, block]) => quantity((await this.#account(address, block)).nonce),
      eth_getTransactionReceipt: ([hash]) => this.#receipt(hash),
      eth_sendRawTransaction: ([raw]) => light.send(text(raw, 'a signed transaction')),
      eth_subscribe: (params) => this.#subscribe(params),
      eth_syncing: () => false,
      eth_unsubscribe: ([id]) => this.#unsubscribe(id),
      net_version: async () => String(Number(await this.#chainId())),
      web3_clientVersion: () => '@medrec/light',
    };
  }

  /** Asks; rejects with a {@link ProviderRpcError}. */
  async request({ method, params }: RequestArguments): Promise<unknown> {
    try {
      const known = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined;
      if (!known) throw new ProviderRpcError(4200, refusal('provider/unsupported', 'no light client can prove it', method));
      const list: unknown = params ?? [];
      if (!Array.isArray(list)) throw invalid('a list of parameters', typeof params);
      const answer = await known(list);
      return answer;
    } catch (thrown) {
      const error = asRpcError(thrown);
      if (error.code === 4900) this.#disconnected(error);
      throw error;
    }
  }

  /** Has a listener told; `message` carries what was subscribed to, by `eth_subscribe`. */
  on(event: EventName, listener: Listener): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    this.#follow();
    return this;
  }

  /** Ends what {@link on} began. */
  removeListener(event: EventName, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener);
    this.#follow();
    return this;
  }

  #emit(event: EventName, data: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(data);
      } catch (thrown) {
        // A listener's fault is the page's to see, and no reason to tell the others less.
        reportError(thrown);
      }
    }
  }

  /** Syncs while somebody listens. */
  #follow(): void {
    const isWanted = this.#subscriptions.size > 0 || [...this.#listeners.values()].some((set) => set.size > 0);
    if (isWanted && !this.#following) {
      this.#following = this.#light.subscribe({
        // One after the other, so that nobody is told of a block before those in front of it.
        onSync: (sync) => {
          this.#telling = this.#telling.then(() => this.#onSync(sync));
        },
        onError: (error) => this.#disconnected(asRpcError(error)),
      });
    } else if (!isWanted) {
      this.#following?.();
      this.#following = undefined;
    }
  }

  async #onSync(sync: SyncView): Promise<void> {
    const trouble = troubleOf(sync);
    if (trouble) {
      this.#disconnected(asRpcError(trouble));
      return;
    }
    const { chainId } = this.#remember(sync);
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#emit('connect', { chainId });
    }
    for (const subscription of this.#subscriptions.values()) {
      const from = subscription.next ?? sync.block + 1;
      subscription.next = from;
      if (from > sync.block) continue;
      try {
        await subscription.tell(from, sync.block);
        subscription.next = sync.block + 1;
      } catch (thrown) {
        // What could not be proven now is told with the next head.
        this.#disconnected(asRpcError(thrown));
      }
    }
  }

  #disconnected(error: ProviderRpcError): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#emit('disconnect', error);
  }

  #subscribe([kind, filter]: readonly unknown[]): string {
    const id = quantity(++this.#lastSubscription);
    const tell = (result: unknown): void =>
      this.#emit('message', { type: 'eth_subscription', data: { subscription: id, result } });
    this.#subscriptions.set(id, { next: undefined, tell: this.#teller(kind, filter, tell) });
    this.#follow();
    return id;
  }

  #teller(kind: unknown, filter: unknown, tell: (result: unknown) => void): Subscription['tell'] {
    if (kind === 'newHeads') {
      return async (from, to) => {
        // After a long pause only the newest: each is proven by the way back from the head.
        for (let number = Math.max(from, to - MAX_HEADS + 1); number <= to; number += 1) tell(rpcBlock(await this.#light.block(number)));
      };
    }
    if (kind !== 'logs') throw invalid('newHeads or logs', kind);
    const wanted = logFilter(filter ?? {});
    return async (fromBlock, toBlock) => {
      for (const log of await this.#light.logs({ ...wanted, fromBlock, toBlock })) tell(rpcLog(log));
    };
  }

  #unsubscribe(id: unknown): boolean {
    const isKnown = this.#subscriptions.delete(String(id));
    this.#follow();
    return isKnown;
  }

  #remember({ network }: SyncView): { readonly at: number; readonly chainId: string } {
    return (this.#synced = { at: performance.now(), chainId: quantity(network.chainId) });
  }

  /** A head that is news, not only what was verified once; no endpoint is asked twice within a moment. */
  async #head(): Promise<BlockView> {
    if (!this.#synced || performance.now() - this.#synced.at > MOMENT) {
      const sync = await this.#light.sync();
      const trouble = troubleOf(sync);
      if (trouble) throw trouble;
      this.#remember(sync);
    }
    return this.#light.head();
  }

  async #chainId(): Promise<string> {
    return (this.#synced ?? this.#remember(await this.#light.sync())).chainId;
  }

  async #account(address: unknown, block: unknown): Promise<AccountView> {
    await this.#head();
    const account = await this.#light.account(text(address, 'an address'));
    requireHead(account.block, block);
    return account;
  }

  async #storageAt(address: unknown, slot: unknown, block: unknown): Promise<string> {
    await this.#head();
    const [proven] = await this.#light.storage(text(address, 'an address'), [word(slot)]);
    if (!proven) throw invalid('one slot', slot);
    requireHead(proven.block, block);
    return proven.value;
  }

  async #code(address: unknown, block: unknown): Promise<string> {
    const before = await this.#head();
    const code = await this.#light.code(text(address, 'an address'));
    const after = await this.#light.head();
    // It was proven at one of the two.
    requireHead(before.number, block);
    requireHead(after.number, block);
    return code;
  }

  /** The number that a block parameter means. */
  async #number(asked: unknown): Promise<number> {
    const { number } = await this.#head();
    if (isHeadTag(asked)) return number;
    return asked === 'earliest' ? 0 : wholeNumber(asked);
  }

  async #countTransactions(asked: unknown): Promise<string> {
    return quantity((await this.#light.transactions(await this.#number(asked))).length);
  }

  async #blockByNumber(asked: unknown, full: boolean): Promise<unknown> {
    const block = await this.#light.block(await this.#number(asked));
    const transactions = await this.#light.transactions(block.number);
    return {
      ...rpcBlock(block),
      transactions: full ? transactions.map(rpcTransaction) : transactions.map(({ hash }) => hash),
      uncles: [],
    };
  }

  async #transaction(hash: unknown): Promise<TransactionView | null> {
    await this.#head();
    return unlessUnknown(this.#light.transaction(text(hash, 'a hash')));
  }

  async #receipt(hash: unknown): Promise<unknown> {
    await this.#head();
    const found = await unlessUnknown(this.#light.receipt(text(hash, 'a hash')));
    if (!found) return null;
    const price = found.transaction.gasPrice ?? (await this.#dynamicPrice(found.transaction));
    return rpcReceipt(found, price);
  }

  /** What a gas cost since EIP-1559: the base fee of its block and the tip, no more than the limit. */
  async #dynamicPrice({ block, maxFeePerGas, maxPriorityFeePerGas }: TransactionView): Promise<string> {
    const { baseFeePerGas } = await this.#light.block(block);
    const [limit, tip] = [BigInt(maxFeePerGas ?? 0), BigInt(maxPriorityFeePerGas ?? 0)];
    const price = BigInt(baseFeePerGas ?? 0) + tip;
    return quantity(price < limit ? price : limit);
  }

  async #logQuery(filter: unknown): Promise<LogQuery> {
    const fields = record(filter);
    if (fields['blockHash'] !== undefined) throw invalid('fromBlock and toBlock', 'blockHash');
    const [fromBlock, toBlock] = [await this.#number(fields['fromBlock']), await this.#number(fields['toBlock'])];
    return { ...logFilter(fields), fromBlock, toBlock };
  }
}

/** Why a sync that succeeded is no news: nobody shows our chain, so the head is only what was verified before. */
export function troubleOf({ endpoints }: SyncView): MedrecError | undefined {
  if (endpoints.some(({ state }) => state === 'agrees' || state === 'behind')) return undefined;
  const error = endpoints.find(({ state }) => state === 'lies')?.error;
  if (error) return new MedrecError(error);
  const [silent] = endpoints;
  return silent?.error ? new MedrecError({ ...silent.error, code: 'network/unreachable' }) : undefined;
}

/** Refuses to answer for another block than the one that state was proven at. */
function requireHead(proven: number, asked: unknown): void {
  if (isHeadTag(asked)) return;
  const found = asked === 'earliest' ? 0 : wholeNumber(asked);
  if (proven !== found) throw invalid(`the head, block ${proven}: other state is not proven`, found);
}

/** Of a transaction that no endpoint shows EIP-1474 wants null; that it is nowhere cannot be proven. */
function unlessUnknown<T>(found: Promise<T>): Promise<T | null> {
  return unless('rpc/absent', found);
}

/** Of a block that is not there yet EIP-1474 wants null. */
function unlessAfterHead<T>(found: Promise<T>): Promise<T | null> {
  return unless('history/after-head', found);
}

async function unless<T>(code: string, found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (thrown) {
    if (thrown instanceof MedrecError && thrown.code === code) return null;
    throw thrown;
  }
}

/** Heads that a subscriber is told of at once. */
const MAX_HEADS = 16;
/** How long a sync is news, in milliseconds: less than the time between two blocks. */
const MOMENT = 1_000;
