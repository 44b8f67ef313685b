/**
 * An EIP-1193 provider over proven state: each answer was proven, or the request is refused.
 *
 * What a light client cannot prove (running a contract, guessing a price, what waits in a pool) it does not answer;
 * what it has no key for it does not sign. State is that of the head, or of the block asked for if that is the head.
 * Source: EIP-1193, EIP-1474, the execution API of Ethereum.
 */
import { MedrecError, errorView } from '../rpc.js';
import type { BlockView, ErrorView, LogQuery, LogView, ReceiptView, SyncView, TransactionView } from '../views.js';
import type { LightClient } from './index.js';

/** An error as EIP-1193 has it; `data` says what the light client found. */
export class ProviderRpcError extends Error {
  override readonly name = 'ProviderRpcError';
  readonly code: number;
  readonly data: Omit<ErrorView, 'message'>;

  constructor(code: number, view: ErrorView) {
    super(view.message);
    this.code = code;
    this.data = { code: view.code, fault: view.fault, expected: view.expected, found: view.found, endpoint: view.endpoint };
  }
}

/** What is asked of a provider. */
export interface RequestArguments {
  readonly method: string;
  readonly params?: readonly unknown[] | object | undefined;
}

type Listener = (event: unknown) => void;
type EventName = 'accountsChanged' | 'chainChanged' | 'connect' | 'disconnect' | 'message';
type Method = (params: readonly unknown[]) => unknown;

/** The provider of one light client. */
export class Provider {
  readonly #light: LightClient;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #subscriptions = new Map<string, (from: number, head: number) => Promise<void>>();
  readonly #methods: Readonly<Record<string, Method>>;
  #following: (() => void) | undefined;
  #seen: number | undefined;
  #lastSubscription = 0;
  #isConnected = false;
  #chainId: string | undefined;

  constructor(light: LightClient) {
    this.#light = light;
    this.#methods = {
      eth_accounts: () => [],
      eth_blockNumber: async () => quantity((await this.#head()).number),
      eth_chainId: () => this.#readChainId(),
      eth_getBalance: async ([address, block]) => {
        const account = await light.account(text(address, 'an address'));
        await this.#atHead(account.block, block);
        return account.balance;
      },
      eth_getBlockByNumber: ([block, full]) => this.#blockByNumber(block, full === true),
      eth_getBlockTransactionCountByNumber: async ([block]) =>
        quantity((await light.transactions(await this.#number(block))).length),
      eth_getCode: async ([address, block]) => {
        await this.#atHead((await this.#head()).number, block);
        return light.code(text(address, 'an address'));
      },
      eth_getLogs: async ([filter]) => (await light.logs(await this.#logQuery(filter))).map(rpcLog),
      eth_getStorageAt: async ([address, slot, block]) => {
        const [proven] = await light.storage(text(address, 'an address'), [word(slot)]);
        await this.#atHead(proven?.block, block);
        return proven?.value;
      },
      eth_getRawTransactionByHash: async ([hash]) => (await light.transaction(text(hash, 'a hash'))).raw,
      eth_getTransactionByHash: ([hash]) => this.#transaction(text(hash, 'a hash')),
      eth_getTransactionCount: async ([address, block]) => {
        const account = await light.account(text(address, 'an address'));
        await this.#atHead(account.block, block);
        return quantity(account.nonce);
      },
      eth_getTransactionReceipt: ([hash]) => this.#receipt(text(hash, 'a hash')),
      eth_sendRawTransaction: ([raw]) => light.send(text(raw, 'a signed transaction')),
      eth_subscribe: (params) => this.#subscribe(params),
      eth_syncing: () => false,
      eth_unsubscribe: ([id]) => this.#unsubscribe(id),
      net_version: async () => String(Number(await this.#readChainId())),
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
    for (const listener of this.#listeners.get(event) ?? []) listener(data);
  }

  /** Syncs while somebody listens. */
  #follow(): void {
    const isWanted = this.#subscriptions.size > 0 || [...this.#listeners.values()].some((set) => set.size > 0);
    if (isWanted && !this.#following) {
      this.#following = this.#light.subscribe({
        onSync: (sync) => void this.#onSync(sync),
        onError: (error) => this.#disconnected(asRpcError(error)),
      });
    } else if (!isWanted) {
      this.#following?.();
      this.#following = undefined;
      this.#seen = undefined;
    }
  }

  async #onSync(sync: SyncView): Promise<void> {
    const { block, network } = sync;
    const silence = unreachable(sync);
    if (silence) {
      this.#disconnected(asRpcError(silence));
      return;
    }
    this.#chainId = quantity(network.chainId);
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#emit('connect', { chainId: this.#chainId });
    }
    const seen = this.#seen ?? block;
    this.#seen = block;
    if (block <= seen) return;
    for (const tell of this.#subscriptions.values()) {
      await tell(seen + 1, block).catch((thrown: unknown) => this.#disconnected(asRpcError(thrown)));
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
    if (kind === 'newHeads') {
      this.#subscriptions.set(id, async (_from, head) => tell(rpcBlock(await this.#light.block(head))));
    } else if (kind === 'logs') {
      const wanted = logFilter(filter ?? {});
      this.#subscriptions.set(id, async (fromBlock, toBlock) => {
        for (const log of await this.#light.logs({ ...wanted, fromBlock, toBlock })) tell(rpcLog(log));
      });
    } else {
      throw invalid('newHeads or logs', kind);
    }
    this.#follow();
    return id;
  }

  #unsubscribe(id: unknown): boolean {
    const isKnown = this.#subscriptions.delete(String(id));
    this.#follow();
    return isKnown;
  }

  async #head(): Promise<BlockView> {
    const silence = unreachable(await this.#light.sync());
    if (silence) throw silence;
    return this.#light.head();
  }

  async #readChainId(): Promise<string> {
    return (this.#chainId ??= quantity((await this.#light.sync()).network.chainId));
  }

  /** Refuses to answer for another block than the one the state was proven at. */
  async #atHead(proven: number | undefined, asked: unknown): Promise<void> {
    if (isHeadTag(asked)) return;
    const found = await this.#number(asked);
    if (proven !== found) throw invalid(`the head, block ${proven}: other state is not proven`, found);
  }

  /** The number that a block parameter means. */
  async #number(asked: unknown): Promise<number> {
    if (isHeadTag(asked)) return (await this.#head()).number;
    if (asked === 'earliest') return 0;
    return wholeNumber(asked);
  }

  async #blockByNumber(asked: unknown, full: boolean): Promise<unknown> {
    const block = isHeadTag(asked) ? await this.#head() : await this.#light.block(await this.#number(asked));
    const transactions = await this.#light.transactions(block.number);
    return {
      ...rpcBlock(block),
      transactions: full ? transactions.map(rpcTransaction) : transactions.map(({ hash }) => hash),
      uncles: [],
    };
  }

  async #transaction(hash: string): Promise<unknown> {
    const found = await unlessAbsent(this.#light.transaction(hash));
    return found && rpcTransaction(found);
  }

  async #receipt(hash: string): Promise<unknown> {
    const found = await unlessAbsent(this.#light.receipt(hash));
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

/** The error of a sync that reached nobody: it succeeds, since the head is verified still, but it is news of nothing. */
function unreachable({ endpoints }: SyncView): MedrecError | undefined {
  const [first] = endpoints;
  const isSilent = endpoints.every(({ state }) => state === 'unreachable');
  return isSilent && first?.error ? new MedrecError({ ...first.error, code: 'network/unreachable' }) : undefined;
}

/** A node that knows of no such transaction is no failure here: EIP-1474 wants null. */
async function unlessAbsent<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (thrown) {
    if (thrown instanceof MedrecError && thrown.code === 'rpc/absent') return null;
    throw thrown;
  }
}

/** Addresses and topics of a filter; one address and one topic may stand without a list, null takes any. */
function logFilter(filter: unknown): LogQuery {
  const { address, topics } = record(filter);
  const anyOf = (value: unknown): string[] =>
    value === undefined || value === null ? [] : [value].flat().map((one) => text(one, 'text'));
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) throw invalid('a list of topics', topics);
  const places: unknown[] = topics ?? [];
  return { addresses: anyOf(address), topics: places.map(anyOf) };
}

function rpcBlock(block: BlockView): Record<string, unknown> {
  const { number, timestamp, gasLimit, gasUsed, baseFeePerGas, ...others } = block;
  return {
    ...others,
    number: quantity(number),
    timestamp: quantity(timestamp),
    gasLimit: quantity(gasLimit),
    gasUsed: quantity(gasUsed),
    ...(baseFeePerGas === null ? {} : { baseFeePerGas: quantity(baseFeePerGas) }),
  };
}

function rpcTransaction(transaction: TransactionView): Record<string, unknown> {
  const { index, block, type, chainId, nonce, gas, ...others } = transaction;
  const present = Object.entries(others).filter(([name, value]) => name !== 'raw' && (value !== null || name === 'to'));
  return {
    ...Object.fromEntries(present),
    type: quantity(type),
    nonce: quantity(nonce),
    gas: quantity(gas),
    blockNumber: quantity(block),
    transactionIndex: quantity(index),
    ...(chainId === null ? {} : { chainId: quantity(chainId) }),
  };
}

function rpcReceipt(receipt: ReceiptView, effectiveGasPrice: string): Record<string, unknown> {
  const { hash, block, blockHash, index, from, to, type } = receipt.transaction;
  const place = { blockHash, blockNumber: quantity(block), transactionHash: hash, transactionIndex: quantity(index) };
  const first = receipt.firstLogIndex ?? 0;
  return {
    ...place,
    from,
    to,
    type: quantity(type),
    contractAddress: receipt.creates,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: receipt.gasUsed === null ? null : quantity(receipt.gasUsed),
    effectiveGasPrice,
    logsBloom: receipt.logsBloom,
    logs: receipt.logs.map((log, at) => ({ ...log, ...place, logIndex: quantity(first + at), removed: false })),
    ...(receipt.succeeded === null ? {} : { status: receipt.succeeded ? '0x1' : '0x0' }),
  };
}

function rpcLog(log: LogView): Record<string, unknown> {
  const { block, transactionIndex, logIndex, ...others } = log;
  return {
    ...others,
    blockNumber: quantity(block),
    transactionIndex: quantity(transactionIndex),
    logIndex: quantity(logIndex),
    removed: false,
  };
}

/** A number as JSON-RPC has it: no leading zeros. */
function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** Sealed headers are final, so these are all the head. */
function isHeadTag(block: unknown): boolean {
  return block === undefined || block === null || block === 'latest' || block === 'safe' || block === 'finalized';
}

function wholeNumber(value: unknown): number {
  if (typeof value === 'string' && /^0x(0|[1-9a-f][0-9a-f]{0,12})$/i.test(value)) return Number(value);
  throw invalid('a block number as 0x…, or latest', value);
}

/** A slot as 32 bytes; wallets also write it as a quantity. */
function word(value: unknown): string {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return `0x${value.slice(2).padStart(64, '0')}`;
  throw invalid('a storage slot as 0x…', value);
}

function text(value: unknown, expected: string): string {
  if (typeof value === 'string') return value;
  throw invalid(expected, value);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value));
  throw invalid('an object', value);
}

function refusal(code: string, message: string, found: string): ErrorView {
  return { code, fault: 'caller', message, expected: null, found, endpoint: null };
}

function invalid(expected: string, found: unknown): ProviderRpcError {
  const view = refusal('provider/invalid-params', `expected ${expected}`, String(found));
  return new ProviderRpcError(-32602, { ...view, expected });
}

/** Refused by proof is −32000; a caller's mistake −32602; nobody to ask 4900 (disconnected). */
function asRpcError(thrown: unknown): ProviderRpcError {
  if (thrown instanceof ProviderRpcError) return thrown;
  const view = errorView(thrown);
  if (view.code === 'call/argument' || view.code.startsWith('history/')) return new ProviderRpcError(-32602, view);
  return new ProviderRpcError(view.fault === 'unavailable' ? 4900 : -32000, view);
}
