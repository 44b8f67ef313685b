// Another implementation, written from the protocol's document, becomes a patient and reads the same records.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Stack, run, target, top } from './stack.mjs';

let stack;
let invitation;

before(async () => {
  stack = await Stack.start();
  invitation = stack.demo.invitations.find(({ hospital, patient }) => hospital === 'General Hospital' && patient === 'Devora Orn');
});

after(async () => {
  await stack?.stop();
});

test('a client in Python accepts an invitation and reads every record of the bundle, and no other', async () => {
  const { patient, total, categories, accesses, anchored, contribution } = JSON.parse(await secondClient('--accesses', '--contribute'));
  assert.match(patient, /^0x[0-9a-f]{40}$/);
  assert.equal(total, invitation.records);
  assert.deepEqual(Object.values(categories).flat().sort(), await digests('general-devora-orn.json.gz'));
  for (const name of ['allergies', 'medicines', 'results', 'profile']) assert.ok(categories[name].length > 0, name);
  // Its own reading is in the log, by proof.
  assert.deepEqual(accesses, [{ method: 'records.read', caller: patient, refusal: null }]);
  assert.equal(anchored, 1);
  // What it writes is sealed with its author; the correction took the place of the first, which stays provable.
  const { answers, listed, weights } = contribution;
  assert.deepEqual(answers, [{ added: 2, replaced: 0, unchanged: 0 }, { added: 1, replaced: 1, unchanged: 0 }]);
  assert.equal(listed, 3);
  assert.deepEqual(weights, [
    { kilograms: 70.5, since: 2, until: 3, by: [patient] },
    { kilograms: 71.5, since: 3, until: null, by: [patient] },
  ]);
});

test('it takes the signed refusal of an invitation that has been used', async () => {
  await assert.rejects(secondClient(), /Refused: bad_invitation: /);
});

/** The output of the second client as a new person with the invitation. */
function secondClient(...options) {
  const client = path.join(top, 'tests/second-client/medrec_client.py');
  return run(path.join(target, 'tools/python/bin/python'), [client, path.join(stack.state, 'network.json'), invitation.link, ...options]);
}

/** The digests of a bundle's resources, sorted. */
async function digests(bundle) {
  const { entry } = JSON.parse(gunzipSync(await readFile(path.join(top, 'tests/data/synthea', bundle))));
  const texts = entry.map(({ resource: { meta: _meta, text: _text, ...rest } }) => canonical(rest));
  return texts.map((text) => createHash('sha256').update(text).digest('hex')).sort();
}

/** RFC 8785, whose numbers, strings and order of names are those of ECMAScript. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)}}`;
}
