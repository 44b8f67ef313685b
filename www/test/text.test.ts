import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain, keyOf } from '../src/text/codes.js';
import { en } from '../src/text/en.js';
import { terms } from '../src/text/terms.js';
import { zh } from '../src/text/zh.js';

/** Every path to a sentence, with the number of arguments of those that are functions. */
function paths(value: unknown, at = ''): readonly string[] {
  if (typeof value === 'function') return [`${at}()`];
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}/${key}`));
}

describe('catalogues', () => {
  it('have the same sentences in both languages', () => {
    assert.deepEqual(paths(zh).toSorted(), paths(en).toSorted());
    assert.deepEqual(paths(terms.zh).toSorted(), paths(terms.en).toSorted());
  });

  it('say nothing of a chain on the first screens', () => {
    const first = JSON.stringify([en.welcome, en.create, en.phrase, en.restore, en.unlock]);
    assert.doesNotMatch(first, /block|chain|hash|transaction|gas|nonce|wallet/i);
  });
});

describe('error codes', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['network/unreachable', 'unreachable'],
    ['network/stale-head', 'stale'],
    ['network/equivocation', 'fork'],
    ['network/wrong-network', 'wrongNetwork'],
    ['header/not-enough-seals', 'seals'],
    ['header/constants', 'lying'],
    ['proof/root-mismatch', 'proof'],
    ['gatekeeper/refused/no_grant', 'noGrant'],
    ['gatekeeper/refused/something_new', 'refused'],
    ['gatekeeper/bad-signature', 'hospitalSignature'],
    ['vault/wrong-password', 'wrongPassword'],
    ['vault/damaged', 'vaultDamaged'],
    ['record/altered', 'altered'],
    ['invitation/malformed', 'invitationMalformed'],
    ['nothing/known', 'fallback'],
    ['', 'fallback'],
    ['__proto__', 'fallback'],
  ];

  for (const [code, key] of cases) {
    it(`explains ${code || 'an empty code'} as ${key}`, () => {
      assert.equal(keyOf(code), key);
      for (const text of [en, zh]) {
        const { what, means, now } = explain(code, text);
        assert.ok(what && means && now);
      }
    });
  }
});
