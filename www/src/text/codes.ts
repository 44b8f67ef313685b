/** Finds the sentences for an error code. Codes come from the verifier and are stable; sentences stand in the catalogues. */
import type { Text } from './en.js';

/** What an error means to a patient: what happened, what it means, what to do now. */
export interface Explanation {
  readonly what: string;
  readonly means: string;
  readonly now: string;
}

type ErrorKey = Exclude<keyof Text['errors'], 'labels' | 'sources'>;

/** Explains a code: the exact one, else the longest known beginning of it, else the fallback. */
export function explain(code: string, text: Text): Explanation {
  return text.errors[keyOf(code)];
}

/** The key of the sentences for a code. */
export function keyOf(code: string): ErrorKey {
  const parts = code.split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const key = known.get(parts.slice(0, length).join('/'));
    if (key !== undefined) return key;
  }
  return 'fallback';
}

/** Why an access is refused: signed by a hospital (`gatekeeper/refused/…`), or seen in the proven state (`access/…`). */
const refusals: readonly (readonly [string, ErrorKey])[] = [
  ['bad_invitation', 'invitationUsed'],
  ['category_not_granted', 'noGrant'],
  ['expired', 'clock'],
  ['grant_expired', 'grantExpired'],
  ['grant_not_yet_valid', 'grantNotYet'],
  ['key_replaced', 'keyReplaced'],
  ['no_grant', 'noGrant'],
  ['no_relationship', 'noRelationship'],
  ['not_a_member', 'memberGone'],
  ['not_yet_valid', 'clock'],
  ['relationship_not_active', 'relationshipInactive'],
  ['replayed', 'replayed'],
  ['right_not_granted', 'noGrant'],
  ['stale_head', 'stale'],
  ['too_many_requests', 'hospitalUnavailable'],
  ['unavailable', 'hospitalUnavailable'],
];

const known: ReadonlyMap<string, ErrorKey> = new Map<string, ErrorKey>([
  ['access', 'noGrant'],
  ['access-log', 'accessLog'],
  ...refusals.map(([code, key]) => [`access/${code}`, key] as const),
  ['clock', 'clock'],
  ['guardians', 'guardianLink'],
  ['guardians/circle', 'guardianCircle'],
  ['guardians/in-use', 'wayBackInUse'],
  ['guardians/keys', 'guardianKeys'],
  ['guardians/no-kit', 'noKit'],
  ['guardians/not-approved', 'notApproved'],
  ['guardians/not-guarded', 'notGuarded'],
  ['guardians/not-guardian', 'notGuardian'],
  ['guardians/on-the-way', 'onWayBack'],
  ['guardians/own', 'ownGuardian'],
  ['gatekeeper', 'hospitalSignature'],
  ['gatekeeper/http-status', 'hospitalUnavailable'],
  ['gatekeeper/member-removed', 'memberGone'],
  ['gatekeeper/no-member', 'memberGone'],
  ['gatekeeper/refused', 'refused'],
  ...refusals.map(([code, key]) => [`gatekeeper/refused/${code}`, key] as const),
  ['gatekeeper/timeout', 'hospitalUnavailable'],
  ['gatekeeper/unreachable', 'hospitalUnavailable'],
  ['header', 'lying'],
  ['header/not-enough-seals', 'seals'],
  ['header/not-enough-trust', 'seals'],
  ['header/not-settled', 'seals'],
  ['header/trust-expired', 'tooOld'],
  ['identity', 'keyReplaced'],
  ['internal/worker', 'browser'],
  ['invitation', 'invitationMalformed'],
  ['invitation/other-network', 'invitationOther'],
  ['invitation/unknown-steward', 'invitationOther'],
  ['layout', 'proof'],
  ['network', 'unreachable'],
  ['network/ancestry', 'lying'],
  ['network/answer-too-large', 'lying'],
  ['network/bad-url', 'description'],
  ['network/conflicting-head', 'lying'],
  ['network/description', 'description'],
  ['network/equivocation', 'fork'],
  ['network/no-contract', 'wrongNetwork'],
  ['network/no-description', 'description'],
  ['network/stale-head', 'stale'],
  ['network/wrong-code', 'wrongNetwork'],
  ['network/wrong-network', 'wrongNetwork'],
  ['own-data', 'ownData'],
  ['own-data/bounds', 'ownDataBounds'],
  ['phrase', 'phrase'],
  ['platform', 'browser'],
  ['proof', 'proof'],
  ['passkey', 'passkeyUnavailable'],
  ['passkey/exists', 'passkeyExists'],
  ['passkey/no-secret', 'passkeyNoSecret'],
  ['passkey/refused', 'passkeyRefused'],
  ['record', 'incomplete'],
  ['record/altered', 'altered'],
  ['relationship', 'relationshipInactive'],
  ['relationship/not-published', 'notPublished'],
  ['restore/words-replaced', 'wordsReplaced'],
  ['rpc', 'lying'],
  ['storage', 'storage'],
  ['transaction', 'notConfirmed'],
  ['vault', 'vaultDamaged'],
  ['vault/code-mistyped', 'codeMistyped'],
  ['vault/damaged/backup', 'backupDamaged'],
  ['vault/exists', 'vaultReplaced'],
  ['vault/key-derivation', 'browser'],
  ['vault/locked', 'vaultLocked'],
  ['vault/no-backup', 'noBackup'],
  ['vault/none', 'vaultNone'],
  ['vault/older', 'vaultOlder'],
  ['vault/renewing', 'renewing'],
  ['vault/replaced', 'vaultReplaced'],
  ['vault/storage', 'storage'],
  ['vault/storage-denied', 'storageDenied'],
  ['vault/storage-full', 'storageFull'],
  ['vault/too-many-passkeys', 'tooManyPasskeys'],
  ['vault/unconfirmed', 'vaultLocked'],
  ['vault/unknown-version', 'vaultVersion'],
  ['vault/used-elsewhere', 'usedElsewhere'],
  ['vault/wrong-backup-password', 'wrongBackupPassword'],
  ['vault/wrong-code', 'wrongCode'],
  ['vault/wrong-passkey', 'wrongPasskey'],
  ['vault/wrong-password', 'wrongPassword'],
  ['viewer', 'viewerCode'],
]);
