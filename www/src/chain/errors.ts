/** The errors of the provider: the codes of EIP-1193 and of JSON-RPC, with ours in `data`. */
import { errorView } from '../rpc.js';
import type { ErrorView } from '../views.js';

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

/** An error of the caller's. */
export function refusal(code: string, message: string, found: string): ErrorView {
  return { code, fault: 'caller', message, expected: null, found, endpoint: null };
}

/** A parameter that is not what it should be. */
export function invalid(expected: string, found: unknown): ProviderRpcError {
  const view = refusal('provider/invalid-params', `expected ${expected}`, String(found));
  return new ProviderRpcError(-32602, { ...view, expected });
}

/** Refused by proof is −32000; a caller's mistake −32602; nobody to ask 4900 (disconnected). */
export function asRpcError(thrown: unknown): ProviderRpcError {
  if (thrown instanceof ProviderRpcError) return thrown;
  const view = errorView(thrown);
  if (view.code === 'call/argument' || view.code.startsWith('history/')) return new ProviderRpcError(-32602, view);
  return new ProviderRpcError(SILENCE.has(view.code) ? 4900 : -32000, view);
}

/** The codes of an endpoint that does not answer. */
const SILENCE: ReadonlySet<string> = new Set(['network/unreachable', 'network/timeout', 'network/http-status']);
