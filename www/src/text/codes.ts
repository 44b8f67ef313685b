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

const known: ReadonlyMap<string, ErrorKey> = new Map([
  ['clock', 'clock'],
  ['gatekeeper', 'hospitalSignature'],
  ['gatekeeper/refused', 'refused'],
  ['gatekeeper/refused/bad_invitation', 'invitationUsed'],
  ['gatekeeper/refused/category_not_granted', 'noGrant'],
  ['gatekeeper/refused/expired', 'clock'],
  ['gatekeeper/refused/grant_expired', 'grantExpired'],
  ['gatekeeper/refused/grant_not_yet_valid', 'grantNotYet'],
  ['gatekeeper/refused/no_grant', 'noGrant'],
  ['gatekeeper/refused/no_relationship', 'noRelationship'],
  ['gatekeeper/refused/not_yet_valid', 'clock'],
  ['gatekeeper/refused/relationship_not_active', 'relationshipInactive'],
  ['gatekeeper/refused/replayed', 'replayed'],
  ['gatekeeper/refused/right_not_granted', 'noGrant'],
  ['gatekeeper/refused/stale_head', 'stale'],
  ['gatekeeper/refused/too_many_requests', 'hospitalUnavailable'],
  ['gatekeeper/refused/unavailable', 'hospitalUnavailable'],
  ['gatekeeper/http-status', 'hospitalUnavailable'],
  ['gatekeeper/timeout', 'hospitalUnavailable'],
  ['gatekeeper/unreachable', 'hospitalUnavailable'],
  ['header', 'lying'],
  ['header/not-enough-seals', 'seals'],
  ['header/not-enough-trust', 'seals'],
  ['header/trust-expired', 'tooOld'],
  ['internal/worker', 'browser'],
  ['invitation', 'invitationMalformed'],
  ['invitation/other-network', 'invitationOther'],
  ['invitation/unknown-steward', 'invitationOther'],
  ['invitation/used', 'invitationUsed'],
  ['layout', 'proof'],
  ['network', 'unreachable'],
  ['network/answer-too-large', 'lying'],
  ['network/conflicting-head', 'lying'],
  ['network/description', 'description'],
  ['network/equivocation', 'fork'],
  ['network/no-contract', 'wrongNetwork'],
  ['network/no-description', 'description'],
  ['network/stale-head', 'stale'],
  ['network/wrong-code', 'wrongNetwork'],
  ['network/wrong-network', 'wrongNetwork'],
  ['network-description', 'description'],
  ['phrase', 'phrase'],
  ['platform', 'browser'],
  ['proof', 'proof'],
  ['record', 'incomplete'],
  ['record/altered', 'altered'],
  ['rpc', 'lying'],
  ['storage', 'storage'],
  ['transaction', 'notConfirmed'],
  ['vault', 'vaultDamaged'],
  ['vault/bad-phrase', 'phrase'],
  ['vault/locked', 'vaultLocked'],
  ['vault/none', 'vaultNone'],
  ['vault/phrase', 'phrase'],
  ['vault/storage', 'storage'],
  ['vault/wrong-password', 'wrongPassword'],
  ['viewer', 'viewerCode'],
]);
