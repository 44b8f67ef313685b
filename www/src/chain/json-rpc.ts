/**
 * How JSON-RPC writes what was proven, and how it asks. Nothing here decides what is answered.
 * Source: EIP-1474, the execution API of Ethereum.
 */
import type { BlockView, LogQuery, LogView, ReceiptView, TransactionView } from '../views.js';
import { invalid } from './errors.js';

/** Addresses and topics of a filter; one address and one topic may stand without a list, null takes any. */
export function logFilter(filter: unknown): LogQuery {
  const { address, topics } = record(filter);
  const anyOf = (value: unknown): string[] =>
    value === undefined || value === null ? [] : [value].flat().map((one) => text(one, 'text'));
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) throw invalid('a list of topics', topics);
  const places: unknown[] = topics ?? [];
  return { addresses: anyOf(address), topics: places.map(anyOf) };
}

/** A header as `eth_getBlockByNumber` has it, without the transactions. */
export function rpcBlock(block: BlockView): Record<string, unknown> {
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

/** A transaction as `eth_getTransactionByHash` has it. */
export function rpcTransaction(transaction: TransactionView): Record<string, unknown> {
  const { index, block, type, chainId, nonce, gas, ...others } = transaction;
  const parity = type === 0 ? {} : { yParity: transaction.v };
  const present = Object.entries(others).filter(([name, value]) => name !== 'raw' && (value !== null || name === 'to'));
  return {
    ...Object.fromEntries(present),
    ...parity,
    type: quantity(type),
    nonce: quantity(nonce),
    gas: quantity(gas),
    blockNumber: quantity(block),
    transactionIndex: quantity(index),
    ...(chainId === null ? {} : { chainId: quantity(chainId) }),
  };
}

/** A receipt as `eth_getTransactionReceipt` has it; the price in wei. */
export function rpcReceipt(receipt: ReceiptView, effectiveGasPrice: string): Record<string, unknown> {
  const { hash, block, blockHash, index, from, to, type } = receipt.transaction;
  const place = { blockHash, blockNumber: quantity(block), transactionHash: hash, transactionIndex: quantity(index) };
  const { firstLogIndex: first, gasUsed } = receipt;
  if (first === null || gasUsed === null) throw invalid('a receipt proven with its block', hash);
  return {
    ...place,
    from,
    to,
    type: quantity(type),
    contractAddress: receipt.creates,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(gasUsed),
    effectiveGasPrice,
    logsBloom: receipt.logsBloom,
    logs: receipt.logs.map((log, at) => ({ ...log, ...place, logIndex: quantity(first + at), removed: false })),
    ...(receipt.succeeded === null ? {} : { status: receipt.succeeded ? '0x1' : '0x0' }),
  };
}

/** A log as `eth_getLogs` has it. */
export function rpcLog(log: LogView): Record<string, unknown> {
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
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** The head is final: sealed by a quorum, or settled under Clique. So these are all the same. */
export function isHeadTag(block: unknown): boolean {
  return block === undefined || block === null || block === 'latest' || block === 'safe' || block === 'finalized';
}

/** A block number as it is asked for. */
export function wholeNumber(value: unknown): number {
  if (typeof value === 'string' && /^0x(0|[1-9a-f][0-9a-f]{0,12})$/i.test(value)) return Number(value);
  throw invalid('a block number as 0x…, or latest', value);
}

/** A slot as 32 bytes; wallets also write it as a quantity. */
export function word(value: unknown): string {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return `0x${value.slice(2).padStart(64, '0')}`;
  throw invalid('a storage slot as 0x…', value);
}

/** A parameter that must be text. */
export function text(value: unknown, expected: string): string {
  if (typeof value === 'string') return value;
  throw invalid(expected, value);
}

/** A parameter that must be an object. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value));
  throw invalid('an object', value);
}
