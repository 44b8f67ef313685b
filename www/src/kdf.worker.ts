/** Derives one password key and is ended by whoever started it: its memory, with the password in it, ends with it. */
import init, { derivePasswordKey } from '../../pkg/medrec_light.js';
import { errorView } from './rpc.js';
import type { ErrorView, PasswordParameters } from './types.js';

/** The one message that this worker takes. */
export interface KdfQuestion {
  readonly password: Uint8Array<ArrayBuffer>;
  readonly parameters: PasswordParameters;
}

/** The one message that this worker gives. */
export type KdfAnswer =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'error'; readonly error: ErrorView };

async function derive({ password, parameters }: KdfQuestion): Promise<KdfAnswer> {
  try {
    await init();
    return { kind: 'key', key: derivePasswordKey(password, parameters) };
  } catch (thrown) {
    return { kind: 'error', error: errorView(thrown) };
  }
}

self.addEventListener('message', (event: MessageEvent<KdfQuestion>) => {
  void derive(event.data).then((answer) => self.postMessage(answer));
});
