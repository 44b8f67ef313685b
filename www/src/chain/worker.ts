/** The light client's worker: loads the wasm beside it and answers `index.ts`. */
import { MedrecError, errorView } from '../rpc.js';
import { serve } from '../serve.js';
import init, { LightClient } from './medrec_chain.js';
import type { Methods } from './methods.js';

let opening: Promise<LightClient> | undefined;

serve<Methods>({
  open: async ([networkJson]) => {
    opening = init().then(() => LightClient.open(networkJson));
    await opening;
    return null;
  },
  sync: async (_args, options) => (await opened()).sync(options),
  checkpoint: async ([json], options) => (await opened()).checkpoint(json, options),
  head: async () => (await opened()).head(),
  block: async ([number], options) => (await opened()).block(number, options),
  transactions: async ([number], options) => (await opened()).transactions(number, options),
  account: async ([address], options) => (await opened()).account(address, options),
  storage: async ([address, slots], options) => (await opened()).storage(address, [...slots], options),
  code: async ([address], options) => (await opened()).code(address, options),
  transaction: async ([hash], options) => (await opened()).transaction(hash, options),
  receipt: async ([hash], options) => (await opened()).receipt(hash, options),
  logs: async ([query], options) => (await opened()).logs(query, options),
  send: async ([raw], options) => (await opened()).send(raw, options),
  evidence: async () => (await opened()).evidence() ?? null,
});

/** What is asked while the client opens waits until it is open. */
function opened(): Promise<LightClient> {
  const message = 'the light client is not open';
  return opening ?? Promise.reject(new MedrecError({ ...errorView(null), code: 'internal/not-open', message }));
}
