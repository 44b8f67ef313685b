// What a person does in the patient app, by the names that stand on the page (English).
import assert from 'node:assert/strict';

export const password = 'four old boats at sunset';

/** Patient enough for a hospital to open a relationship: a few blocks. */
const patience = { timeout: 60_000 };

/** Starts an identity from the welcome page; answers the twelve words. */
export async function createIdentity(page, way = 'Start here') {
  await page.getByRole('button', { name: way }).click();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  return keepWords(page);
}

/** Reads the twelve words that are shown, and says that they are written down. */
export async function keepWords(page) {
  const words = page.getByRole('list', { name: 'Your twelve recovery words' }).getByRole('listitem');
  await words.first().waitFor(patience);
  const phrase = (await words.allInnerTexts()).map((text) => text.replace(/[\d\s]/g, ''));
  assert.equal(phrase.length, 12);
  await page.getByLabel('I have written down the twelve words, in this order').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  return phrase;
}

/** Types twelve words and a password into the form that restores. */
export async function fillWords(page, phrase) {
  for (const [index, word] of phrase.entries()) await page.getByLabel(`Word ${index + 1}`, { exact: true }).fill(word);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
}

/** Opens an invitation and accepts it; ends when the page has proven the relationship. */
export async function acceptInvitation(page, invitation) {
  await page.goto(invitation.link);
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('heading', { name: `You are connected with ${invitation.hospital}` }).waitFor(patience);
}

/** A new person who connects with one hospital: from an empty browser to connected. */
export async function arrive(page, invitation) {
  await page.goto(invitation.link);
  const phrase = await createIdentity(page);
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('heading', { name: `You are connected with ${invitation.hospital}` }).waitFor(patience);
  return phrase;
}

/** Unlocks after a reload. */
export async function unlock(page, word = password) {
  await page.getByLabel('Password', { exact: true }).fill(word);
  await page.getByRole('button', { name: 'Unlock', exact: true }).click();
}

/** Goes to a main page by its navigation entry. */
export async function go(page, name) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
}

/** The badges shown with this word. */
export function badges(page, word) {
  return page.getByText(word, { exact: true });
}
