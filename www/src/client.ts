/**
 * The page's only door to the verifier: one async method per journey, carried out by Rust in a Worker.
 *
 * Layer: the only importer of `worker.ts`. Keys live in the Worker alone; locking ends the Worker, which frees its
 * memory, and starts an empty one. Every method rejects with a `MedrecError`, never with a string.
 */
import type { Methods } from './methods.js';
import { bytes, type PasskeyAnswer } from './passkey.js';
import { MedrecError, RpcCaller, errorView } from './rpc.js';
import type { Language } from './text/words.js';
import { trustedWorkerUrl } from './trusted.js';
import workerUrl from './worker.ts?worker&url';
import type {
  AccessesView,
  BackupView,
  CategoryName,
  ErrorView,
  GuardiansView,
  HandoverView,
  InvitationView,
  MeasurementName,
  MemberView,
  OnProgress,
  PersonView,
  RecordsView,
  RelationshipView,
  SharedView,
  SyncView,
  TakenView,
  PasskeyView,
  VaultState,
  VaultWays,
  VersionsView,
  ViewerView,
  WardView,
  WayBackView,
} from './types.js';

export { MedrecError, errorView };
export type * from './types.js';

/** The verifier of one page. */
export class Client {
  /** Called when the worker broke and was replaced; the vault is then locked. */
  onWorkerError: ((error: ErrorView) => void) | undefined;
  /** Called when the vault was locked, by this tab or by another one. */
  onLocked: (() => void) | undefined;

  readonly #networkJson: string;
  readonly #tabs = new BroadcastChannel('medrec-lock');
  #rpc: RpcCaller;
  #opened: Promise<unknown>;

  private constructor(networkJson: string) {
    this.#networkJson = networkJson;
    [this.#rpc, this.#opened] = this.#start();
    this.#tabs.addEventListener('message', () => this.#restart(locked));
  }

  /** Starts the verifier with the network description that this page's own origin serves. */
  static async open(signal?: AbortSignal): Promise<Client> {
    const client = new Client(await fetchNetwork(signal));
    await client.#opened;
    return client;
  }

  vaultState(signal?: AbortSignal): Promise<VaultState> {
    return this.#call('vaultState', [], undefined, signal);
  }

  /** Makes a new identity and answers its recovery phrase in the words of a language, which is never shown again. */
  createVault(password: string, language: Language, onProgress?: OnProgress, signal?: AbortSignal): Promise<string> {
    return this.#call('createVault', [secretBytes(password), language], onProgress, signal);
  }

  /** Makes the vault from a recovery phrase and finds the relationships that its keys have on chain. */
  async restoreVault(phrase: string, password: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('restoreVault', [secretBytes(phrase), secretBytes(password)], onProgress, signal);
  }

  async unlock(password: string, signal?: AbortSignal): Promise<void> {
    await this.#call('unlock', [secretBytes(password)], undefined, signal);
  }

  async unlockWithPasskey({ credential, output }: PasskeyAnswer, signal?: AbortSignal): Promise<void> {
    await this.#call('unlockWithPasskey', [credential, output], undefined, signal);
  }

  async unlockWithCode(code: string, signal?: AbortSignal): Promise<void> {
    await this.#call('unlockWithCode', [secretBytes(code)], undefined, signal);
  }

  /** What opens the vault of this browser. */
  ways(signal?: AbortSignal): Promise<VaultWays> {
    return this.#call('ways', [], undefined, signal);
  }

  async changePassword(former: string, password: string, signal?: AbortSignal): Promise<void> {
    await this.#call('changePassword', [secretBytes(former), secretBytes(password)], undefined, signal);
  }

  /** Refuses a wrong password. */
  async checkPassword(password: string, signal?: AbortSignal): Promise<void> {
    await this.#call('checkPassword', [secretBytes(password)], undefined, signal);
  }

  /** Random bytes from which a passkey to be made gives its secret. */
  newPasskeySalt(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('newPasskeySalt', [], undefined, signal);
  }

  /** Lets a passkey open the vault, too; for whoever knows the password. */
  async addPasskey(
    password: string,
    { credential, output }: PasskeyAnswer,
    salt: Uint8Array<ArrayBuffer>,
    name: string,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#call('addPasskey', [secretBytes(password), credential, salt, name, output], undefined, signal);
  }

  async removePasskey({ credential }: PasskeyView, signal?: AbortSignal): Promise<void> {
    await this.#call('removePasskey', [bytes(credential)], undefined, signal);
  }

  /** Makes a code that opens the vault, for paper; a former one no longer does. */
  makeRecoveryCode(password: string, signal?: AbortSignal): Promise<string> {
    return this.#call('makeRecoveryCode', [secretBytes(password)], undefined, signal);
  }

  /** Makes a backup file of the vault, for whoever knows the password. */
  backUp(password: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('backUp', [secretBytes(password)], undefined, signal);
  }

  /** Whether a backup file of this vault was ever tried. */
  backupTried(signal?: AbortSignal): Promise<boolean> {
    return this.#call('backupTried', [], undefined, signal);
  }

  /** Opens a backup file to see that it works, and changes nothing. */
  tryBackup(file: Uint8Array<ArrayBuffer>, password: string, signal?: AbortSignal): Promise<BackupView> {
    return this.#call('tryBackup', [file, secretBytes(password)], undefined, signal);
  }

  /** Goes on from a backup file, in the place of what this browser has. */
  async restoreBackup(file: Uint8Array<ArrayBuffer>, password: string, signal?: AbortSignal): Promise<void> {
    await this.#call('restoreBackup', [file, secretBytes(password)], undefined, signal);
  }

  /** Forgets the keys in memory, in this window or in all of them. The vault on disk stays. */
  lock(where: 'everywhere' | 'here' = 'everywhere'): void {
    if (where === 'everywhere') this.#tabs.postMessage('lock');
    this.#restart(locked);
  }

  /** Deletes the vault from this browser. Without the recovery phrase, the identity is lost. */
  async eraseVault(signal?: AbortSignal): Promise<void> {
    await this.#call('eraseVault', [], undefined, signal);
  }

  /** Makes new recovery words. Nothing has changed yet. */
  newPhrase(language: Language, signal?: AbortSignal): Promise<string> {
    return this.#call('newPhrase', [language], undefined, signal);
  }

  /** Whether new recovery words are about to take over. */
  isRenewing(signal?: AbortSignal): Promise<boolean> {
    return this.#call('isRenewing', [], undefined, signal);
  }

  /** Lets new words, which are written down, be the next ones, once confirmed. */
  async beginRenewal(phrase: string, signal?: AbortSignal): Promise<void> {
    await this.#call('beginRenewal', [secretBytes(phrase)], undefined, signal);
  }

  /** Lets the new words take over, and locks the other windows, which have the former keys. Interrupted, it goes on. */
  async finishRenewal(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('finishRenewal', [], onProgress, signal);
    this.#tabs.postMessage('lock');
  }

  /** How the person's own guardians stand. */
  guardians(signal?: AbortSignal): Promise<GuardiansView> {
    return this.#call('guardians', [], undefined, signal);
  }

  /** Chooses guardians (sharing codes), once confirmed: `threshold` of them can give the person new keys after a delay. */
  async chooseGuardians(guardians: readonly string[], threshold: number, delaySeconds: number, onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('chooseGuardians', [guardians, threshold, delaySeconds], onProgress, signal);
  }

  /** Lets the chosen guardians watch over what came later. */
  async coverWithGuardians(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('coverWithGuardians', [], onProgress, signal);
  }

  /** Has no guardians any more, once confirmed. */
  async dismissGuardians(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('dismissGuardians', [], onProgress, signal);
  }

  /** Objects to the keys that the guardians have approved. */
  async objectToKeys(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('objectToKeys', [], onProgress, signal);
  }

  /** Reads what somebody gave to this person as a guardian. */
  handover(text: string, signal?: AbortSignal): Promise<HandoverView> {
    return this.#call('handover', [text], undefined, signal);
  }

  /** Keeps the kit of somebody whom this person guards, under a name. */
  async keepKit(text: string, name: string, signal?: AbortSignal): Promise<void> {
    await this.#call('keepKit', [text, name], undefined, signal);
  }

  /** Those whom this person guards. */
  wards(signal?: AbortSignal): Promise<readonly WardView[]> {
    return this.#call('wards', [], undefined, signal);
  }

  async dropKit(person: string, signal?: AbortSignal): Promise<void> {
    await this.#call('dropKit', [person], undefined, signal);
  }

  /** Approves the keys of a request as a guardian, once confirmed. */
  async approveKeys(text: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('approveKeys', [text], onProgress, signal);
  }

  /** Begins the way back to lost keys with the kit that a guardian kept; the vault must be fresh. */
  async beginWayBack(text: string, signal?: AbortSignal): Promise<void> {
    await this.#call('beginWayBack', [text], undefined, signal);
  }

  wayBack(signal?: AbortSignal): Promise<WayBackView | null> {
    return this.#call('wayBack', [], undefined, signal);
  }

  /** Lets the approved keys take over and finds every hospital again. Interrupted, it goes on. */
  async finishWayBack(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('finishWayBack', [], onProgress, signal);
  }

  async leaveWayBack(signal?: AbortSignal): Promise<void> {
    await this.#call('leaveWayBack', [], undefined, signal);
  }

  sync(signal?: AbortSignal): Promise<SyncView> {
    return this.#call('sync', [], undefined, signal);
  }

  /** What two sealed blocks of one height leave behind: both of them, as a JSON text to keep as a file. */
  evidence(signal?: AbortSignal): Promise<string | null> {
    return this.#call('evidence', [], undefined, signal);
  }

  person(signal?: AbortSignal): Promise<PersonView> {
    return this.#call('person', [], undefined, signal);
  }

  members(signal?: AbortSignal): Promise<readonly MemberView[]> {
    return this.#call('members', [], undefined, signal);
  }

  invitation(text: string, signal?: AbortSignal): Promise<InvitationView> {
    return this.#call('invitation', [text], undefined, signal);
  }

  acceptInvitation(text: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<RelationshipView> {
    return this.#call('acceptInvitation', [text], onProgress, signal);
  }

  relationships(signal?: AbortSignal): Promise<readonly RelationshipView[]> {
    return this.#call('relationships', [], undefined, signal);
  }

  records(relationship: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<RecordsView> {
    return this.#call('records', [relationship], onProgress, signal);
  }

  /** All versions of a record (`Type/id`), the newest first. */
  versions(relationship: string, category: CategoryName, record: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<VersionsView> {
    return this.#call('versions', [relationship, category, record], onProgress, signal);
  }

  /** Who read the records or tried to, newest first; `all` goes back to the first entry. */
  accesses(relationship: string, all: boolean, signal?: AbortSignal): Promise<AccessesView> {
    return this.#call('accesses', [relationship, all], undefined, signal);
  }

  /** Writes a note about a day down, kept and sealed by the hospital of the relationship. */
  async addNote(relationship: string, title: string, text: string, date: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('addNote', [relationship, title, text, date], onProgress, signal);
  }

  async addMeasurement(
    relationship: string,
    kind: MeasurementName,
    values: readonly number[],
    date: string,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#call('addMeasurement', [relationship, kind, values, date], onProgress, signal);
  }

  /** Writes verified records into one file, once confirmed. */
  takeAlong(
    relationships: readonly string[],
    categories: readonly CategoryName[],
    format: 'bundle' | 'ndjson',
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<TakenView> {
    return this.#call('takeAlong', [relationships, categories, format], onProgress, signal);
  }

  sharedWithMe(signal?: AbortSignal): Promise<readonly SharedView[]> {
    return this.#call('sharedWithMe', [], undefined, signal);
  }

  sharedRecords(patient: string, steward: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<RecordsView> {
    return this.#call('sharedRecords', [patient, steward], onProgress, signal);
  }

  viewers(relationship: string, signal?: AbortSignal): Promise<readonly ViewerView[]> {
    return this.#call('viewers', [relationship], undefined, signal);
  }

  /** Lets the next thing happen that needs it: the person has typed the password, or touched a passkey, again. */
  async confirm(owner: string | PasskeyAnswer, signal?: AbortSignal): Promise<void> {
    if (typeof owner === 'string') await this.#call('confirmWithPassword', [secretBytes(owner)], undefined, signal);
    else await this.#call('confirmWithPasskey', [owner.credential, owner.output], undefined, signal);
  }

  /** Lets `viewer` (an address or a viewer card) read, once confirmed, and answers when the chain proves it. */
  grant(
    relationship: string,
    viewer: string,
    categories: readonly CategoryName[],
    until: number | null,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<ViewerView> {
    return this.#call('grant', [relationship, viewer, categories, until], onProgress, signal);
  }

  async revoke(relationship: string, viewer: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#call('revoke', [relationship, viewer], onProgress, signal);
  }

  /** Remembers in the vault what the person calls a viewer; an empty name forgets it. */
  async nameViewer(viewer: string, name: string, signal?: AbortSignal): Promise<void> {
    await this.#call('nameViewer', [viewer, name], undefined, signal);
  }

  async #call<Name extends keyof Methods>(
    method: Name,
    args: Parameters<Methods[Name]>,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<ReturnType<Methods[Name]>> {
    const rpc = this.#rpc;
    await this.#opened;
    const value = await rpc.call(method, args, { onProgress, signal });
    // The worker is of the same build, and `worker.ts` is checked against the same `Methods`.
    return value as ReturnType<Methods[Name]>;
  }

  #start(): [RpcCaller, Promise<unknown>] {
    const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module', name: 'medrec-verifier' });
    let started = false;
    const rpc: RpcCaller = new RpcCaller(worker, (error) => {
      if (rpc !== this.#rpc) return;
      // A worker that never started would not start the next time either.
      if (started) this.#restart(error);
      else rpc.close(error);
      this.onWorkerError?.(error);
    });
    const opened = rpc.call('open', [this.#networkJson]).then(() => (started = true));
    // Whoever calls next awaits `#opened` and sees the error; without a caller it must not count as unhandled.
    opened.catch(() => undefined);
    return [rpc, opened];
  }

  #restart(reason: ErrorView): void {
    this.#rpc.close(reason);
    [this.#rpc, this.#opened] = this.#start();
    if (reason === locked) this.onLocked?.();
  }
}

/** Gives the bytes of a typed secret, normalised so that every keyboard types the same one. */
function secretBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text.normalize('NFKC'));
}

async function fetchNetwork(signal?: AbortSignal): Promise<string> {
  const url = new URL('/network.json', location.origin).href;
  try {
    const init: RequestInit = { cache: 'no-cache', credentials: 'omit', redirect: 'error' };
    const response = await fetch(url, signal ? { ...init, signal } : init);
    if (response.ok) return await response.text();
    throw new MedrecError({ ...unavailable(url), expected: '200', found: String(response.status) });
  } catch (thrown) {
    if (thrown instanceof MedrecError) throw thrown;
    throw new MedrecError(unavailable(url));
  }
}

function unavailable(endpoint: string): ErrorView {
  const message = 'the network description did not arrive';
  return { code: 'network/no-description', fault: 'unavailable', message, expected: null, found: null, endpoint };
}

const locked: ErrorView = {
  code: 'vault/locked',
  fault: 'caller',
  message: 'the vault was locked',
  expected: null,
  found: null,
  endpoint: null,
};
