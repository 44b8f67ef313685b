/**
 * Passkeys: asks the browser for a secret that only a person's authenticator can make (WebAuthn PRF).
 *
 * Only a page can ask, a worker cannot; so the secret passes through here on its way to the verifier, as bytes that are
 * handed over and not kept. No server checks a signature, the secret itself is what opens the vault: the challenge is of no
 * consequence, but whoever holds the key must be verified each time.
 * Source: W3C Web Authentication Level 3 §10.1.4.
 */
import { MedrecError } from './rpc.js';
import type { PasskeyView } from './types.js';

/** A passkey and what it gave for its salt. */
export interface PasskeyAnswer {
  readonly credential: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
}

/** Whether this browser may have passkeys that give a secret; only asking one tells for sure. */
export async function mayHavePasskeys(): Promise<boolean> {
  if (!('PublicKeyCredential' in globalThis)) return false;
  // Older browsers cannot tell; then one tries.
  if (!('getClientCapabilities' in PublicKeyCredential)) return true;
  return PublicKeyCredential.getClientCapabilities().then((able) => able['extension:prf'] !== false, () => false);
}

/** Makes a passkey for this device's keys. */
export async function createPasskey(salt: Uint8Array<ArrayBuffer>, label: string, others: readonly PasskeyView[]): Promise<PasskeyAnswer> {
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'MedRec Light' },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: label, displayName: label },
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: others.map(descriptor),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const { prf } = credential.getClientExtensionResults();
  if (prf?.enabled === false) throw failure('passkey/no-secret', 'the authenticator makes no secrets');
  const made = { credential: hex(new Uint8Array(credential.rawId)), salt: hex(salt), name: label };
  // Some authenticators give the secret only when they are asked the next time.
  return answer(credential) ?? askPasskey([made]);
}

/** Asks one of these passkeys for its secret. */
export async function askPasskey(passkeys: readonly PasskeyView[]): Promise<PasskeyAnswer> {
  const evalByCredential = Object.fromEntries(passkeys.map(({ credential, salt }) => [base64url(bytes(credential)), { first: bytes(salt) }]));
  const credential = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: passkeys.map(descriptor),
        userVerification: 'required',
        extensions: { prf: { evalByCredential } },
      },
    }),
  );
  const given = answer(credential);
  if (given === undefined) throw failure('passkey/no-secret', 'the authenticator made no secret');
  return given;
}

/** The bytes of a hexadecimal text of the verifier's. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function descriptor({ credential }: PasskeyView): PublicKeyCredentialDescriptor {
  return { type: 'public-key', id: bytes(credential) };
}

function answer(credential: PublicKeyCredential): PasskeyAnswer | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return undefined;
  const output = first instanceof ArrayBuffer ? new Uint8Array(first) : new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  return { credential: new Uint8Array(credential.rawId), output: Uint8Array.from(output) };
}

/** Runs a call of the browser's and gives each way in which it fails a code of ours. */
async function asked(call: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await call();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (thrown) {
    const name = thrown instanceof DOMException ? thrown.name : '';
    if (name === 'InvalidStateError') throw failure('passkey/exists', 'the authenticator has a passkey for these keys already');
    if (name !== 'NotAllowedError' && name !== 'AbortError') throw failure('passkey/unavailable', `${name}: ${String(thrown)}`);
  }
  // The browser does not tell apart who cancelled, waited too long, or could not be verified.
  throw failure('passkey/refused', 'no passkey was used');
}

function failure(code: string, message: string): MedrecError {
  return new MedrecError({ code, fault: 'caller', message, expected: null, found: null, endpoint: null });
}
