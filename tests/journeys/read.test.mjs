// A patient reads records that the browser has proven; what does not hold is named and not shown.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { acceptInvitation, arrive, badges, createIdentity, fillWords, go, password, unlock } from './app.mjs';
import { launch, person, violations } from './browser.mjs';
import { Stack } from './stack.mjs';

const general = 'General Hospital';
const riverside = 'Riverside Clinic';
/** The number of the category of measurements in the record tree. */
const measurements = '4';
const patience = { timeout: 60_000 };

let stack;
let browser;
let page;
let phrase;
let mine;
let device;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launch()]);
  const atRiverside = stack.demo.invitations.filter((one) => one.hospital === riverside).map((one) => one.patient);
  mine = stack.demo.invitations.find((one) => one.hospital === general && atRiverside.includes(one.patient));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test('a new patient accepts an invitation and reads verified records', async () => {
  page = await person(browser);
  phrase = await arrive(page, mine);
  await page.getByRole('link', { name: 'Read my records' }).click();
  await badges(page, 'Verified').first().waitFor(patience);
  assert.equal(await page.getByText('Altered – not shown').count(), 0);
  await page.getByText(/^Nothing was left out/).first().waitFor();
});

test('each record shows the whole proof, from the seals to its bytes', async () => {
  await openRecord(page);
  const panel = page.getByRole('region', { name: 'Why you can trust this' });
  await panel.getByText(/of 4 sealing members sealed block/).waitFor();
  await panel.getByText('The registry of this network is in that block.').waitFor();
  await panel.getByText(`Your relationship with ${general} is in it`, { exact: false }).waitFor();
  await panel.getByText(/This record is number \d+ of \d+ in that list/).waitFor();
  await panel.getByText('What you read here is exactly that record.').waitFor();
});

test('a second hospital adds its records to the same list', async () => {
  await acceptInvitation(page, stack.demo.invitations.find((one) => one.hospital === riverside && one.patient === mine.patient));
  await go(page, 'Records');
  for (const hospital of [riverside, general]) {
    await page.getByRole('combobox', { name: 'Hospital' }).selectOption({ label: hospital }, patience);
    await badges(page, 'Verified').first().waitFor(patience);
    await page.getByText(/^Nothing was left out/).first().waitFor();
  }
});

test('what was measured again and again is drawn over both hospitals (P22)', async () => {
  await go(page, 'Records');
  await page.getByRole('link', { name: 'Over time' }).click();
  const pressure = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Blood pressure' }) });
  await pressure.getByRole('img').waitFor(patience);
  // The slider reads out one value after the other.
  const slider = pressure.getByRole('slider');
  const newest = await slider.getAttribute('aria-valuetext');
  assert.match(newest, /^[\d.]+ \/ [\d.]+ mmHg, .*(General Hospital|Riverside Clinic)/);
  await slider.press('ArrowLeft');
  assert.notEqual(await slider.getAttribute('aria-valuetext'), newest);
  await pressure.getByRole('button', { name: 'As a table' }).click();
  const rows = pressure.getByRole('row');
  assert.ok((await rows.count()) > 3);
  const hospitals = (await rows.allInnerTexts()).join('\n');
  for (const hospital of [general, riverside]) assert.ok(hospitals.includes(hospital), hospital);
  // Each value leads to its record, which shows the same picture.
  const [, upper] = await rows.nth(1).getByRole('cell').allInnerTexts();
  await rows.nth(1).getByRole('link').click();
  await page.getByRole('heading', { name: 'Blood pressure over time' }).waitFor();
  assert.ok((await page.locator('medrec-record .figure').innerText()).startsWith(upper));
});

test('all versions of a record are told, with what changed (P9)', async () => {
  const asthma = (text, status) => ({
    resourceType: 'Condition', id: 'asthma-1', onsetDateTime: '2020-01-01', code: { text }, subject: { reference: `Patient/${mine.id}` },
    clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: status }] },
  });
  const become = async (text, status) => {
    await stack.takeIn(general, mine.id, [asthma(text, status)]);
    await go(page, 'Home');
    await go(page, 'Records');
    await page.getByRole('searchbox').fill('asthma');
    await page.getByRole('link').filter({ hasText: text }).waitFor(patience);
  };
  await become('Asthma, mild', 'active');
  await become('Asthma, controlled', 'inactive');
  await page.getByRole('link').filter({ hasText: 'Asthma, controlled' }).click();
  await page.getByRole('button', { name: 'Look for them' }).click();
  await page.getByText('Nothing is missing between them', { exact: false }).waitFor(patience);
  const changes = (await page.locator('medrec-versions tbody tr').allInnerTexts()).map((text) => text.split(/\s*\t\s*/));
  assert.deepEqual(changes, [['Name', 'Asthma, mild', 'Asthma, controlled'], ['Status', 'active', 'inactive']]);
  await page.getByText('As it was first sealed').waitFor();
  await page.getByRole('searchbox').fill('');
});

test('an invitation works once', async () => {
  const other = await person(browser);
  await other.goto(mine.link);
  await createIdentity(other);
  await other.getByRole('button', { name: 'Accept' }).click();
  await other.getByRole('alert').getByText('The hospital does not accept this invitation.').waitFor(patience);
  await other.context().close();
});

test('a wrong password is told apart and nothing is lost', async () => {
  await page.reload();
  await unlock(page, 'not my password');
  await page.getByRole('alert').getByText('That is not the password of this device.').waitFor(patience);
  await unlock(page, password);
  await badges(page, 'Verified').first().waitFor(patience);
});

test('restoring over a network that does not answer leaves the keys as they were', async () => {
  await page.reload();
  await page.getByRole('button', { name: 'Restore with twelve words' }).click();
  await fillWords(page, phrase);
  await stack.lie('dead');
  try {
    await page.getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByRole('alert').getByText('The network did not answer.').waitFor(patience);
  } finally {
    await stack.lie(null);
  }
  await page.reload();
  await unlock(page);
  await badges(page, 'Verified').first().waitFor(patience);
});

test('a record altered in the hospital’s database is not shown, all others are', async () => {
  const good = await badges(page, 'Verified').count();
  await stack.alterRecord(general, measurements);
  await page.reload();
  await unlock(page);
  await badges(page, 'Altered – not shown').first().waitFor(patience);
  assert.ok(good > 0 && (await badges(page, 'Verified').count()) > 0);
});

for (const [lie, words] of [
  ['wrong-proof', 'An answer from the network could not be proven.'],
  ['other-account', 'An answer from the network could not be proven.'],
  ['short-seals', 'A block without enough seals was offered.'],
  ['dead', 'The network did not answer.'],
]) {
  test(`when every source lies (${lie}) nothing unproven is shown, and the page says so`, async () => {
    const visitor = await person(browser);
    await stack.lie(lie);
    try {
      await arriveAgainstLies(visitor);
      await visitor.getByText(words).or(visitor.getByText('The network’s sources gave answers that do not hold.')).first().waitFor(patience);
      assert.equal(await badges(visitor, 'Verified').count(), 0);
    } finally {
      await stack.lie(null);
      await visitor.context().close();
    }
  });
}

test('one honest source of three is enough, and the liars are named', async () => {
  await stack.lie('wrong-proof', stack.demo.rpc.slice(0, 2));
  try {
    await page.reload();
    await unlock(page);
    await badges(page, 'Verified').first().waitFor(patience);
  } finally {
    await stack.lie(null);
  }
});

test('after a restart of everything the same patient reads on', async () => {
  await stack.restart();
  await page.reload();
  await unlock(page);
  await badges(page, 'Verified').first().waitFor(patience);
});

test('twelve words bring everything back on a new device', async () => {
  // axe runs inside the page, which its own policy would not allow.
  device = await person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
  await device.goto(stack.demo.app);
  await device.getByRole('button', { name: 'I already have twelve words' }).click();
  await fillWords(device, phrase);
  await device.getByRole('button', { name: 'Restore', exact: true }).click();
  await device.getByRole('navigation', { name: 'Main' }).waitFor(patience);
  await go(device, 'Records');
  await badges(device, 'Verified').first().waitFor(patience);
});

for (const colorScheme of ['light', 'dark']) {
  test(`no screen breaks WCAG 2.2 AA (${colorScheme})`, async () => {
    await device.emulateMedia({ colorScheme });
    for (const name of ['Home', 'Sharing', 'Activity', 'Settings', 'Records']) {
      await go(device, name);
      await device.getByRole('heading', { name, exact: true }).waitFor(patience);
      assert.deepEqual(await violations(device), [], name);
    }
    await openRecord(device);
    assert.deepEqual(await violations(device), [], 'record');
  });
}

// The last: the gatekeepers are light clients, too, and stop for good with everybody else.
test('two sealed blocks of one height stop everything, and the person can save the evidence', async () => {
  const visitor = await person(browser);
  await visitor.goto(stack.demo.app);
  await createIdentity(visitor);
  await stack.lie('fork', stack.demo.rpc.slice(1));
  try {
    await go(visitor, 'Home');
    await visitor.getByText('Two sealed versions of the same moment exist.').first().waitFor(patience);
    const saving = visitor.waitForEvent('download');
    await visitor.getByRole('button', { name: 'Save the evidence' }).click();
    const file = await saving;
    assert.equal(file.suggestedFilename(), 'medrec-evidence.json');
    const { first, second, doubleSigners } = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.ok(first.hash !== second.hash && doubleSigners.length >= 2);
  } finally {
    await stack.lie(null);
    await visitor.context().close();
  }
});

async function openRecord(page) {
  await page.getByRole('main').getByRole('link').filter({ hasText: 'Verified' }).first().click();
  await page.getByText('Why you can trust this').waitFor(patience);
}

/** A person with an identity and an invitation, in front of a network that lies. */
async function arriveAgainstLies(visitor) {
  await visitor.goto(stack.demo.invitations.find((one) => one.patient !== mine.patient).link);
  await createIdentity(visitor);
}
