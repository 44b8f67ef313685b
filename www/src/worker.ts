/**
 * The worker's end: loads the verifier, hands it what the page asks, and sends back plain objects.
 *
 * Layer: with `kdf.worker.ts` the only importer of `pkg/`. The keys of the unlocked vault live in this worker's wasm
 * memory and nowhere else; the page ends the worker to forget them. Passwords do not enter that memory: they go to a
 * worker of their own, which ends with the derivation.
 */
import init, { Medrec } from '../../pkg/medrec_light.js';
import kdfUrl from './kdf.worker.ts?worker&url';
import type { KdfAnswer, KdfQuestion } from './kdf.worker.js';
import type { Methods } from './methods.js';
import { MedrecError, errorView } from './rpc.js';
import { serve } from './serve.js';
import { trustedWorkerUrl } from './trusted.js';
import type { PasswordParameters } from './types.js';

let medrec: Medrec | undefined;

serve<Methods>({
  open: async ([networkJson]) => {
    await init();
    medrec = await Medrec.open(networkJson);
    return null;
  },
  vaultState: () => opened().vaultState(),
  createVault: async ([password, language]) => {
    const parameters = opened().newPasswordParameters();
    return opened().createVault(parameters, await derive(password, parameters), language);
  },
  restoreVault: async ([phrase, password], { onProgress }) => {
    try {
      const parameters = opened().newPasswordParameters();
      // The phrase is checked first: a mistyped word should not cost the derivation.
      opened().checkPhrase(phrase);
      await opened().restoreVault(phrase, parameters, await derive(password, parameters), onProgress);
      return null;
    } finally {
      phrase.fill(0);
    }
  },
  unlock: async ([password]) => {
    await opened().unlock(await storedKey(password));
    return null;
  },
  unlockWithPasskey: async ([credential, output]) => {
    try {
      await opened().unlockWithPasskey(credential, output);
      return null;
    } finally {
      output.fill(0);
    }
  },
  unlockWithCode: async ([code]) => {
    try {
      await opened().unlockWithCode(code);
      return null;
    } finally {
      code.fill(0);
    }
  },
  ways: () => opened().ways(),
  changePassword: async ([former, password]) => {
    const parameters = opened().newPasswordParameters();
    const formerKey = await storedKey(former);
    await opened().changePassword(formerKey, parameters, await derive(password, parameters));
    return null;
  },
  checkPassword: async ([password]) => {
    await opened().checkPassword(await storedKey(password));
    return null;
  },
  newPasskeySalt: () => Promise.resolve(Uint8Array.from(opened().newPasskeySalt())),
  addPasskey: async ([password, credential, salt, name, output]) => {
    try {
      await opened().addPasskey(await storedKey(password), credential, salt, name, output);
      return null;
    } finally {
      output.fill(0);
    }
  },
  removePasskey: async ([credential]) => {
    await opened().removePasskey(credential);
    return null;
  },
  makeRecoveryCode: async ([password]) => opened().makeRecoveryCode(await storedKey(password)),
  backUp: async ([password]) => Uint8Array.from(await opened().backUp(await storedKey(password))),
  backupTried: () => Promise.resolve(opened().backupTried()),
  tryBackup: async ([file, password]) => opened().tryBackup(file, await derive(password, opened().backupParameters(file))),
  restoreBackup: async ([file, password]) => {
    await opened().restoreBackup(file, await derive(password, opened().backupParameters(file)));
    return null;
  },
  eraseVault: async () => {
    await opened().eraseVault();
    return null;
  },
  newPhrase: ([language]) => Promise.resolve(opened().newPhrase(language)),
  isRenewing: () => Promise.resolve(opened().isRenewing()),
  beginRenewal: async ([phrase]) => {
    try {
      await opened().beginRenewal(phrase);
      return null;
    } finally {
      phrase.fill(0);
    }
  },
  finishRenewal: async (_args, { onProgress }) => {
    await opened().finishRenewal(onProgress);
    return null;
  },
  guardians: () => opened().guardians(),
  chooseGuardians: async ([guardians, threshold, delaySeconds], { onProgress }) => {
    await opened().chooseGuardians([...guardians], threshold, delaySeconds, onProgress);
    return null;
  },
  coverWithGuardians: async (_args, { onProgress }) => {
    await opened().coverWithGuardians(onProgress);
    return null;
  },
  dismissGuardians: async (_args, { onProgress }) => {
    await opened().dismissGuardians(onProgress);
    return null;
  },
  objectToKeys: async (_args, { onProgress }) => {
    await opened().objectToKeys(onProgress);
    return null;
  },
  handover: ([text]) => opened().handover(text),
  keepKit: async ([text, name]) => {
    await opened().keepKit(text, name);
    return null;
  },
  wards: () => Promise.resolve(opened().wards()),
  dropKit: async ([person]) => {
    await opened().dropKit(person);
    return null;
  },
  approveKeys: async ([text], { onProgress }) => {
    await opened().approveKeys(text, onProgress);
    return null;
  },
  beginWayBack: async ([text]) => {
    await opened().beginWayBack(text);
    return null;
  },
  wayBack: () => opened().wayBack(),
  finishWayBack: async (_args, { onProgress }) => {
    await opened().finishWayBack(onProgress);
    return null;
  },
  leaveWayBack: async () => {
    await opened().leaveWayBack();
    return null;
  },
  sync: (_args, options) => opened().sync(options),
  evidence: () => Promise.resolve(opened().evidence() ?? null),
  person: () => Promise.resolve(opened().person()),
  members: () => opened().members(),
  invitation: ([text]) => opened().invitation(text),
  acceptInvitation: ([text], { onProgress }) => opened().acceptInvitation(text, onProgress),
  relationships: () => opened().relationships(),
  records: ([relationship], { onProgress }) => opened().records(relationship, onProgress),
  versions: ([relationship, category, record], { onProgress }) => opened().versions(relationship, category, record, onProgress),
  accesses: ([relationship, all]) => opened().accesses(relationship, all),
  addNote: async ([relationship, title, text, date], { onProgress }) => {
    await opened().addNote(relationship, title, text, date, onProgress);
    return null;
  },
  addMeasurement: async ([relationship, kind, values, date], { onProgress }) => {
    await opened().addMeasurement(relationship, kind, Float64Array.from(values), date, onProgress);
    return null;
  },
  takeAlong: ([relationships, categories, format], { onProgress }) => opened().takeAlong([...relationships], [...categories], format, onProgress),
  sharedWithMe: () => opened().sharedWithMe(),
  sharedRecords: ([patient, steward], { onProgress }) => opened().sharedRecords(patient, steward, onProgress),
  viewers: ([relationship]) => opened().viewers(relationship),
  confirmWithPassword: async ([password]) => {
    await opened().confirmWithPassword(await storedKey(password));
    return null;
  },
  confirmWithPasskey: async ([credential, output]) => {
    try {
      await opened().confirmWithPasskey(credential, output);
      return null;
    } finally {
      output.fill(0);
    }
  },
  grant: ([relationship, viewer, categories, until], { onProgress }) =>
    opened().grant(relationship, viewer, [...categories], until ?? undefined, onProgress),
  revoke: async ([relationship, viewer], { onProgress }) => {
    await opened().revoke(relationship, viewer, onProgress);
    return null;
  },
  nameViewer: async ([viewer, name]) => {
    await opened().nameViewer(viewer, name);
    return null;
  },
});

function opened(): Medrec {
  if (medrec) return medrec;
  throw new MedrecError({ ...errorView(null), code: 'internal/not-open', message: 'the verifier is not open' });
}

/** The key of a typed password, by the parameters of the stored vault. */
async function storedKey(password: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return derive(password, (await opened().ways()).password);
}

/** Runs the slow key derivation in a worker that ends with it, which gives back its memory and the password. */
function derive(password: Uint8Array<ArrayBuffer>, parameters: PasswordParameters): Promise<Uint8Array> {
  const worker = new Worker(trustedWorkerUrl(kdfUrl), { type: 'module', name: 'medrec-kdf' });
  return new Promise<Uint8Array>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<KdfAnswer>) => {
      if (data.kind === 'key') resolve(data.key);
      else reject(new MedrecError(data.error));
    });
    worker.addEventListener('error', (event) => {
      const message = event.message || 'the key derivation did not start';
      reject(new MedrecError({ ...errorView(null), code: 'vault/key-derivation', fault: 'unavailable', message }));
    });
    worker.postMessage({ password, parameters } satisfies KdfQuestion, [password.buffer]);
  }).finally(() => worker.terminate());
}
