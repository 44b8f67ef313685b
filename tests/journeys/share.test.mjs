// A patient lets another person read one category, and stops it again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { arrive, badges, createIdentity, go, password, unlock } from './app.mjs';
import { launch, person } from './browser.mjs';
import { Stack } from './stack.mjs';

const hospital = 'General Hospital';
const patience = { timeout: 60_000 };

let stack;
let browser;
let patient;
let friend;
let code;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launch()]);
  patient = await person(browser);
  await arrive(patient, stack.invitation(hospital));
  friend = await person(browser);
  await friend.goto(stack.demo.app);
  await createIdentity(friend);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test('somebody without a grant finds nothing', async () => {
  await go(friend, 'Sharing');
  await friend.getByText('Nobody shares records with you.', { exact: false }).waitFor(patience);
  code = (await friend.getByText(/^medrec:viewer:/).first().innerText()).trim();
  assert.match(code, /^medrec:viewer:\d+:0x[0-9a-fA-F]{40}$/);
});

test('a patient allows one category, and it is shown as effective once it is proven', async () => {
  await go(patient, 'Sharing');
  await patient.getByRole('link', { name: /^Let someone read/ }).first().click();
  await patient.getByLabel('Someone with a sharing code').check();
  await patient.getByLabel('Sharing code', { exact: true }).fill(code);
  await patient.getByRole('button', { name: 'Continue' }).click();
  await patient.getByLabel('Vaccinations', { exact: false }).check();
  await patient.getByRole('button', { name: 'Continue' }).click();
  await patient.getByRole('button', { name: 'Allow', exact: true }).click();
  await patient.getByText('Type your password.').waitFor();
  await patient.getByLabel('Your password now').fill('not my password');
  await patient.getByRole('button', { name: 'Allow', exact: true }).click();
  await patient.getByText('That is not the password of this device.').waitFor(patience);
  await patient.getByLabel('Your password now').fill(password);
  await patient.getByLabel('Your password now').press('Enter');
  await patient.getByText('can read now', { exact: false }).first().waitFor(patience);
});

test('the other person reads that category, verified, and no other', async () => {
  await friend.reload();
  await unlock(friend);
  await go(friend, 'Sharing');
  await friend.getByRole('link', { name: /^Open the records of/ }).first().click();
  await badges(friend, 'Verified').first().waitFor(patience);
  assert.equal(await friend.getByRole('heading', { name: 'Vaccinations' }).count() > 0, true);
  assert.equal(await friend.getByRole('heading', { name: 'Health problems' }).count(), 0);
});

test('after the patient stops it the other person is refused', async () => {
  await go(patient, 'Sharing');
  await patient.getByRole('button', { name: /^Stop sharing/ }).first().click();
  await patient.getByRole('group', { name: /^Stop sharing with/ }).getByRole('button', { name: 'Stop sharing' }).click();
  await patient.getByText('can no longer read', { exact: false }).first().waitFor(patience);
  await friend.reload();
  await unlock(friend);
  await friend.getByText(/You may not read this|Not shared with you|Stopped by this person/).first().waitFor(patience);
  assert.equal(await badges(friend, 'Verified').count(), 0);
});

test('the patient sees who read, and by proof that nobody was left out', async () => {
  // The client refuses before it asks, so what reached the hospital is what was released.
  const reading = patient.getByRole('listitem').filter({ hasText: /read Vaccinations/ });
  await go(patient, 'Activity');
  await reading.first().waitFor(patience);
  await patient.getByText(/entr(y is|ies are) sealed by the network/).first().waitFor(patience);
  assert.equal(await patient.getByText('An entry that this page cannot read').count(), 0);
});
