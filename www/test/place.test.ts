import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashOf, placeOf, textIn, type Place } from '../src/text/place.js';

describe('place', () => {
  const places: readonly Place[] = [
    { kind: 'home' },
    { kind: 'records', category: null, record: null },
    { kind: 'records', category: 'vital-signs', record: null },
    { kind: 'records', category: null, record: 'results.17.0xabc' },
    { kind: 'records', category: 'results', record: 'results.17.0xabc' },
    { kind: 'shared', patient: '0x01', steward: '0x02', category: null, record: null },
    { kind: 'shared', patient: '0x01', steward: '0x02', category: 'allergies', record: 'a/b%?#' },
    { kind: 'sharing' },
    { kind: 'activity' },
    { kind: 'grant', relationship: '0x01:0x02' },
    { kind: 'settings' },
    { kind: 'words' },
    { kind: 'guardians' },
    { kind: 'way-back' },
    { kind: 'trends' },
    { kind: 'add', correction: null },
    { kind: 'add', correction: { relationship: '0x01:0x02', title: 'Haemoglobin / 20 %' } },
    { kind: 'take-along' },
    { kind: 'guardian', text: 'AgAAbC-_123' },
    { kind: 'invitation', text: 'AbC-_123' },
  ];

  for (const place of places) {
    it(`reads ${hashOf(place)} as it was written`, () => {
      assert.deepEqual(placeOf(hashOf(place)), place);
    });
  }

  it('takes what it does not know for Home', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#/invitation/', '#/%E0%A4%A', '#javascript:alert(1)']) {
      assert.deepEqual(placeOf(hash), { kind: 'home' });
    }
  });

  it('drops a category that does not exist', () => {
    assert.deepEqual(placeOf('#/records/everything'), { kind: 'records', category: null, record: null });
  });

  it('finds the invitation in a pasted link', () => {
    assert.equal(textIn('invitation', ' http://127.0.0.1:18600/#/invitation/AbC-_123\n'), 'AbC-_123');
    assert.equal(textIn('invitation', '#/invitation/AbC-_123'), 'AbC-_123');
    assert.equal(textIn('guardian', 'https://records.example/#/guardian/AbC-_123'), 'AbC-_123');
  });

  it('refuses a pasted text without an invitation', () => {
    for (const text of ['', 'hello', 'http://127.0.0.1:18600/', '#/invitation/', '#/invitation/a b c']) assert.equal(textIn('invitation', text), null);
    assert.equal(textIn('guardian', '#/invitation/AbC-_123'), null);
  });
});
