import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain, keyOf } from '../src/text/codes.js';
import { en } from '../src/text/en.js';
import { invitationStep, stepName } from '../src/text/steps.js';
import { terms } from '../src/text/terms.js';
import { Words } from '../src/text/words.js';
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
    ['access/grant_expired', 'grantExpired'],
    ['relationship/not-published', 'notPublished'],
    ['phrase/unknown-word', 'phrase'],
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

describe('the steps of accepting an invitation', () => {
  it('follow the steps of the verifier', () => {
    const at = (done: number): number => invitationStep({ step: 'wait', done, total: 7 });
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7].map(at), [0, 0, 0, 1, 2, 2, 3, 4]);
    assert.equal(invitationStep(null), 0);
  });

  it('have names only where they are known', () => {
    assert.equal(stepName({ step: 'ask', done: 1, total: 2 }, en), 'Asking the hospital');
    assert.equal(stepName({ step: 'nothing', done: 1, total: 2 }, en), '');
    assert.equal(stepName(null, en), '');
  });
});

describe('words of records', () => {
  const words = new Words({ addController: () => undefined, removeController: () => undefined, requestUpdate: () => undefined, updateComplete: Promise.resolve(true) });

  it('are worded where they are known, and dates are written as people write them', () => {
    assert.equal(words.label('body-site'), 'Part of the body');
    assert.equal(words.fact('food; environment'), 'food; environment');
    assert.equal(words.fact('IMP'), 'Inpatient');
    assert.equal(words.fact('2015-02-03 – 2015-03-04'), '3 Feb 2015 – 4 Mar 2015');
  });

  it('stay as they came where they are not', () => {
    for (const hostile of ['constructor', '__proto__', 'toString', '<img src=x onerror=alert(1)>', '']) {
      assert.equal(words.label(hostile), hostile);
      assert.equal(words.fact(hostile), hostile);
    }
  });
});
