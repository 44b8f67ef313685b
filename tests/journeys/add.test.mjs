// A patient writes something down; a hospital keeps it, the network seals it, and it is read back as verified (P15).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { arrive, badges, createIdentity, go, password } from './app.mjs';
import { launch, person, violations } from './browser.mjs';
import { Stack } from './stack.mjs';

let stack;
let browser;
let page;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const patience = { timeout: 60_000 };
const someone = () => person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
const submit = () => page.getByRole('button', { name: 'Add it' }).click();
const added = () => page.getByRole('heading', { name: 'Added and sealed' }).waitFor(patience);

test('a note is signed, sealed and read back word by word', async () => {
  page = await someone();
  await arrive(page, stack.demo.invitations[0]);
  await go(page, 'Add');
  await page.getByRole('radio', { name: 'A note' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await submit();
  assert.equal(await page.getByText('Please fill this in.').count(), 2);
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('What is it about?').fill('Headache');
  await page.getByLabel('When was it?').fill('2025-03-04');
  await page.getByLabel('What do you want to write down?').fill('Since Monday.\n<img src=x onerror=alert(1)> 夜里更重。');
  await submit();
  await added();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('link', { name: 'See it' }).click();
  // Listed by the day that it is about.
  await page.getByRole('link').filter({ hasText: 'Headache' }).filter({ hasText: '4 Mar 2025' }).click(patience);
  await page.getByText('Since Monday.').waitFor(patience);
  await page.getByText('<img src=x onerror=alert(1)> 夜里更重。', { exact: false }).waitFor();
  await page.getByText('What you read here is exactly that record.').waitFor(patience);
});

test('measurements of one’s own are drawn, and slips of the hand are refused', async () => {
  for (const [upper, lower] of [['128', '84'], ['121,5', '79']]) {
    await go(page, 'Home');
    await go(page, 'Add');
    await page.getByRole('radio', { name: 'Blood pressure' }).check();
    await page.getByLabel('Upper value in mmHg').fill(upper);
    await page.getByLabel('Lower value in mmHg').fill(lower);
    await submit();
    await added();
  }
  await page.getByRole('link', { name: 'See it' }).click();
  await badges(page, 'Verified').first().waitFor(patience);
  await page.getByRole('link').filter({ hasText: '121.5 / 79 mmHg' }).first().click(patience);
  await page.getByRole('heading', { name: 'Blood pressure over time' }).waitFor(patience);

  await go(page, 'Add');
  await page.getByRole('radio', { name: 'Weight' }).check();
  await page.getByLabel('Weight in kg').fill('heavy');
  await submit();
  await page.getByText('Type a number.').waitFor();
  await page.getByLabel('Weight in kg').fill('7000');
  await submit();
  await page.getByText('This value cannot be right.').waitFor(patience);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.faults, []);
});

test('a hospital is asked to correct a record (P15)', async () => {
  await go(page, 'Records');
  await page.getByRole('combobox').first().selectOption('allergies');
  await page.getByRole('main').getByRole('link').filter({ hasText: 'Verified' }).first().click(patience);
  await page.getByRole('link', { name: `Ask ${stack.demo.invitations[0].hospital} to correct it` }).click();
  assert.match(await page.getByLabel('What is it about?').inputValue(), /^Please correct: ./);
  assert.deepEqual(await violations(page), []);
  await page.getByLabel('What is wrong, and how should it be?').fill('I never had this.');
  await submit();
  await added();
  await page.getByRole('link', { name: 'See it' }).click();
  await page.getByRole('link').filter({ hasText: 'Please correct:' }).first().waitFor(patience);
});

test('all of it is taken along as a file that others can read (P17)', async () => {
  await go(page, 'Records');
  await page.getByRole('link', { name: 'Take along' }).click();
  await page.getByRole('checkbox', { name: stack.demo.invitations[0].hospital }).waitFor(patience);
  assert.deepEqual(await violations(page), []);
  await page.getByRole('radio', { name: 'Only some categories' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Choose at least one of each.').waitFor();
  await page.getByRole('checkbox', { name: 'Your own data' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('The file is not locked.', { exact: false }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Make the file' }).click();
  await page.getByText('Type your password', { exact: false }).waitFor();
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Make the file' }).click();
  await page.getByRole('heading', { name: 'The file is ready' }).waitFor(patience);
  assert.deepEqual(await violations(page), []);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the file' }).click()]);
  const bundle = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.deepEqual([bundle.resourceType, bundle.type], ['Bundle', 'collection']);
  const types = bundle.entry.map(({ resource }) => resource.resourceType).toSorted();
  assert.deepEqual(types, ['DocumentReference', 'DocumentReference', 'Observation', 'Observation', ...Array(4).fill('Provenance')]);
  const note = bundle.entry.find(({ resource }) => resource.description === 'Headache');
  assert.ok(note.fullUrl.endsWith(`/DocumentReference/${note.resource.id}`));
  assert.match(Buffer.from(note.resource.content[0].attachment.data, 'base64').toString(), /夜里更重/);
});

test('without a hospital it says what is missing', async () => {
  const other = await someone();
  await other.goto(stack.demo.app);
  await createIdentity(other);
  await go(other, 'Add');
  await other.getByText('You need a hospital first, to keep what you write.').waitFor(patience);
  await other.context().close();
});
