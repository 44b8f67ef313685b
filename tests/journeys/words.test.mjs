// New recovery words: they take over everywhere, find everything again, and the former ones open nothing (P4).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { arrive, badges, fillWords, go, keepWords, password, unlock } from './app.mjs';
import { launch, person, violations } from './browser.mjs';
import { Stack } from './stack.mjs';

let stack;
let browser;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const patience = { timeout: 60_000 };
const someone = () => person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
const inForce = (page) => page.getByRole('heading', { name: 'The new words are in force' });

/** Makes new words and writes them down; ends where the owner is asked for. */
async function newWords(page) {
  await go(page, 'Settings');
  await page.getByRole('link', { name: 'New recovery words' }).click();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Make new words' }).click();
  const phrase = await keepWords(page);
  await page.getByRole('heading', { name: 'Put the new words in force' }).waitFor();
  return phrase;
}

async function putInForce(page, word = password) {
  await page.getByLabel('Your password now').fill(word);
  await page.getByRole('button', { name: 'Put them in force' }).click();
}

/** Restores on another device. */
async function restore(phrase) {
  const page = await someone();
  await page.goto(stack.demo.app);
  await page.getByRole('button', { name: 'I already have twelve words' }).click();
  await fillWords(page, phrase);
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  return page;
}

test('new words keep every hospital and every grant, find them again, and the former ones open nothing', async () => {
  const [ana, ben] = [await someone(), await someone()];
  const former = await arrive(ana, stack.demo.invitations[0]);
  await arrive(ben, stack.demo.invitations[1]);
  // Ben lets Ana read: her own address as a reader stays, too.
  await go(ana, 'Sharing');
  const code = (await ana.getByText(/^medrec:viewer:/).first().innerText()).trim();
  await go(ben, 'Sharing');
  await ben.getByRole('link', { name: /^Let someone read/ }).first().click();
  await ben.getByLabel('Someone with a sharing code').check();
  await ben.getByLabel('Sharing code', { exact: true }).fill(code);
  await ben.getByRole('button', { name: 'Continue' }).click();
  await ben.getByLabel('Vaccinations', { exact: false }).check();
  await ben.getByRole('button', { name: 'Continue' }).click();
  await ben.getByLabel('Your password now').fill(password);
  await ben.getByRole('button', { name: 'Allow', exact: true }).click();
  await ben.getByText('can read now', { exact: false }).first().waitFor(patience);

  // Somebody else has seen her words, and is in.
  const thief = await restore(former);
  await thief.getByRole('heading', { name: 'Home', exact: true }).waitFor(patience);

  const phrase = await newWords(ana);
  assert.notDeepEqual(phrase, former);
  assert.deepEqual(await violations(ana), []);
  await putInForce(ana, 'not my password');
  await ana.getByText('That is not the password of this device.').waitFor();
  const other = await ana.context().newPage();
  await other.goto(stack.demo.app);
  await unlock(other);
  await other.getByRole('heading', { name: 'Home', exact: true }).waitFor();
  await putInForce(ana);
  await inForce(ana).waitFor(patience);
  assert.deepEqual(await violations(ana), []);
  // The other window has the former keys.
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();

  const reads = async (page) => {
    await go(page, 'Records');
    await badges(page, 'Verified').first().waitFor(patience);
    await go(page, 'Sharing');
    await page.getByText(code).waitFor();
    await page.getByRole('link', { name: /^Open the records of/ }).first().click();
    await page.getByRole('heading', { name: 'Vaccinations' }).first().waitFor(patience);
    await go(page, 'Home');
    await page.getByRole('heading', { name: 'Shared with you' }).waitFor(patience);
  };
  await reads(ana);
  await ana.getByText('Your keys are only on this device.').waitFor();

  await go(thief, 'Records');
  await thief.getByText('The keys on this device are no longer yours to use.').first().waitFor(patience);
  assert.equal(await badges(thief, 'Verified').count(), 0);
  await go(ana, 'Activity');
  await ana.getByText('Somebody with your former words').first().waitFor(patience);

  const found = await restore(phrase);
  await found.getByRole('heading', { name: 'Home', exact: true }).waitFor(patience);
  await reads(found);
  const refused = await restore(former);
  await refused.getByText('These words were replaced by newer ones.').waitFor(patience);
  assert.deepEqual([...ana.faults, ...ben.faults, ...found.faults], []);
});

test('what is interrupted goes on with the same words, also after locking', async () => {
  const page = await someone();
  await arrive(page, stack.demo.invitations[2]);
  const phrase = await newWords(page);
  // Nobody takes a transaction.
  await page.context().route(/.*/, (route) => {
    const body = route.request().postData() ?? '';
    return body.includes('eth_sendRawTransaction') ? route.abort() : route.fallback();
  });
  await putInForce(page);
  await page.getByRole('heading', { name: 'New words are about to take over' }).waitFor();
  await page.getByRole('alert').first().waitFor(patience);
  assert.deepEqual(await violations(page), []);
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'Lock now' }).click();
  await unlock(page);
  await go(page, 'Home');
  await page.getByText('Your new recovery words are not yet in force everywhere.').waitFor();
  assert.deepEqual(await violations(page), []);
  // Until then the former keys are good.
  await go(page, 'Records');
  await badges(page, 'Verified').first().waitFor(patience);
  await go(page, 'Home');
  await page.getByRole('link', { name: 'Go on' }).click();
  await page.context().unrouteAll();
  await page.getByRole('button', { name: 'Go on' }).click();
  await inForce(page).waitFor(patience);
  await go(page, 'Home');
  assert.equal(await page.getByText('Your new recovery words are not yet in force everywhere.').count(), 0);
  const found = await restore(phrase);
  await go(found, 'Records');
  await badges(found, 'Verified').first().waitFor(patience);
});
