// What guardians and those whom they guard do in the patient app, by the names that stand on the page (English).
import { createIdentity, go, password } from './app.mjs';

const patience = { timeout: 60_000 };

/** Makes an identity without a hospital; answers its sharing code. */
export async function befriend(page, app) {
  await page.goto(app);
  await createIdentity(page);
  await go(page, 'Sharing');
  return (await page.getByText(/^medrec:viewer:/).first().innerText()).trim();
}

export async function openGuardians(page) {
  await go(page, 'Settings');
  await page.getByRole('link', { name: 'Guardians' }).click();
  await page.getByRole('heading', { name: 'Guardians', exact: true }).waitFor();
}

/** Opens the form for two guardians and names them; does not send it. */
export async function nameGuardians(page, guardians) {
  await page.getByRole('button', { name: 'Choose guardians' }).click();
  await page.getByRole('button', { name: 'Remove guardian 3' }).click();
  for (const [index, [name, code]] of guardians.entries()) {
    await page.getByLabel('Name', { exact: true }).nth(index).fill(name);
    await page.getByLabel('Sharing code').nth(index).fill(code);
  }
  await page.getByLabel('How long can you stop it?').selectOption('60');
}

/** Shows that the screen is one's own, and does what the button says. */
export async function confirm(page, action) {
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: action }).click();
}

/** Sends the form; answers the link that is handed to the guardians. */
export async function chooseGuardians(page) {
  await page.getByRole('button', { name: 'Continue' }).click();
  await confirm(page, 'Choose them');
  await page.getByText('They watch over your identity at every hospital.').waitFor(patience);
  return page.getByLabel('Link for your guardians').innerText();
}

/** Keeps the link of somebody, as whom it is given. */
export async function keepKit(page, kit, name) {
  await page.goto(kit);
  await page.getByLabel('Who sent it to you?').fill(name, patience);
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('heading', { name: 'You keep it now' }).waitFor(patience);
}

export async function paste(page, label, link) {
  await page.getByLabel(label).fill(link);
  await page.getByRole('button', { name: 'Open link' }).click();
}

/** Starts anew without anything; ends where a guardian's link is asked for. */
export async function loseEverything(page, app) {
  await page.goto(app);
  await createIdentity(page, 'I have lost my words, but I have guardians');
  await page.getByRole('heading', { name: 'Back to your keys' }).waitFor(patience);
}

/** Goes the way back with a guardian's link; answers the one with the new keys. */
export async function askGuardians(page, kit) {
  await paste(page, 'Link that a guardian gave you', kit);
  return page.getByLabel('Link with your new keys').innerText(patience);
}
