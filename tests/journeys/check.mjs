// `cargo xtask demo --check`: one person reads a first record; screenshots of each screen; three figures.
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { acceptInvitation, badges, createIdentity, go, password, unlock } from './app.mjs';
import { launch, person } from './browser.mjs';
import { askGuardians, befriend, chooseGuardians, confirm, keepKit, loseEverything, nameGuardians, openGuardians } from './circle.mjs';

const demo = JSON.parse(await readFile(process.env.MEDREC_DEMO, 'utf8'));
const folder = process.env.MEDREC_SCREENS;
await mkdir(folder, { recursive: true });
const browser = await launch();

/** One screenshot in each theme and width. */
async function shoot(page, name, language) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [[390, 844], [1280, 860]]) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}-${language}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** The screens before there is an identity, in both languages. */
async function entry() {
  const ways = {
    en: { locale: 'en-GB', create: 'Start here', restore: 'I already have twelve words' },
    zh: { locale: 'zh-CN', create: '开始使用', restore: '我已有十二个助记词' },
  };
  for (const [language, { locale, ...buttons }] of Object.entries(ways)) {
    const page = await person(browser, { locale, reducedMotion: 'reduce' });
    await page.goto(demo.app);
    await page.getByRole('button', { name: buttons.create }).waitFor();
    await shoot(page, 'welcome', language);
    for (const [name, button] of Object.entries(buttons)) {
      await page.goto(demo.app);
      await page.reload();
      await page.getByRole('button', { name: button }).click();
      await shoot(page, name, language);
    }
    await page.context().close();
  }
}

/** A patient of both hospitals: from an empty browser to the first verified record, and again after a reload. */
async function read(page) {
  const mine = demo.invitations.filter((one) => one.patient === both());
  let started = Date.now();
  await page.goto(demo.app);
  await page.getByRole('button', { name: 'Start here' }).waitFor();
  let machine = Date.now() - started;
  await createIdentity(page);
  for (const invitation of mine) await acceptInvitation(page, invitation);
  started = Date.now();
  await go(page, 'Records');
  await badges(page, 'Verified').first().waitFor();
  const first = machine + Date.now() - started;

  started = Date.now();
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).waitFor();
  machine = Date.now() - started;
  started = Date.now();
  await unlock(page);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  const unlocked = Date.now() - started;
  started = Date.now();
  await badges(page, 'Verified').first().waitFor();
  return { first, again: machine + Date.now() - started, unlocked };
}

/** A device that recognises its owner, and a passkey on it. */
async function addPasskey(page) {
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      automaticPresenceSimulation: true, isUserVerified: true, hasPrf: true,
    },
  });
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('What do you call it?').fill('My laptop');
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Added. From now on you can unlock with it.').waitFor();
}

/** The door with a passkey, and the forms of the backup, in both languages. */
async function door(page) {
  for (const language of ['en', 'zh']) {
    await page.goto(`${demo.app}#/settings`);
    await page.getByRole('combobox').first().selectOption(language);
    const forms = page.locator('medrec-backup');
    for (const [index, name] of ['backup-make', 'backup-try'].entries()) {
      await forms.getByRole('button').nth(index).click();
      await forms.locator('form').scrollIntoViewIfNeeded();
      await shoot(page, name, language);
      await forms.locator('form button.quiet').click();
    }
    await page.reload();
    // Passkey, password, and the way back to the words.
    await page.locator('medrec-unlock button').nth(2).waitFor();
    await shoot(page, 'door', language);
    await page.locator('medrec-unlock button').first().click();
    await page.locator('medrec-nav').waitFor();
  }
}

/** Places of an open app in both languages; `before` does what the picture needs. */
async function shootPlaces(page, places) {
  for (const language of ['en', 'zh']) {
    await page.goto(`${demo.app}#/settings`);
    await page.getByRole('combobox').first().selectOption(language);
    for (const [name, place, before] of places) {
      await page.goto(demo.app + place);
      await page.waitForFunction(isAtRest);
      await before?.();
      await shoot(page, name, language);
    }
  }
  await page.goto(`${demo.app}#/settings`);
  await page.getByRole('combobox').first().selectOption('en');
}

/** Guardians: the patient's choice, the guardian's pages, and the way back of somebody who has lost everything. */
async function guardians(ana) {
  const [ben, carla, lost] = await Promise.all([1, 2, 3].map(() => person(browser, { reducedMotion: 'reduce' })));
  const codes = [await befriend(ben, demo.app), await befriend(carla, demo.app)];
  await shootPlaces(ana, [['guardians-none', '#/settings/guardians'], ['guardians-form', '#/settings/guardians', () => ana.locator('button.primary').click()]]);
  await openGuardians(ana);
  await nameGuardians(ana, [['Ben Carter', codes[0]], ['Carla Ruiz', codes[1]]]);
  const kit = await chooseGuardians(ana);
  await shootPlaces(ben, [['guardian-kit', new URL(kit).hash]]);
  await keepKit(ben, kit, 'Ana');
  await loseEverything(lost, demo.app);
  await shootPlaces(lost, [['way-back-start', '#/way-back']]);
  await lost.goto(`${demo.app}#/way-back`);
  const request = await askGuardians(lost, kit);
  await shootPlaces(ben, [['guardian-request', new URL(request).hash], ['guardians-wards', '#/settings/guardians', () => ben.locator('medrec-wards summary').click()]]);
  for (const [guardian, name] of [[ben, 'Ana'], [carla, 'Ana']]) {
    if (guardian === carla) await keepKit(carla, kit, name);
    await guardian.goto(request);
    await confirm(guardian, 'The digits are the same: agree');
    await guardian.getByText('You have agreed.', { exact: false }).waitFor({ timeout: 60_000 });
  }
  await lost.getByText('The new keys can take over from', { exact: false }).waitFor({ timeout: 60_000 });
  await shootPlaces(lost, [['way-back', '#/way-back']]);
  await shootPlaces(ana, [['guardians-approved', '#/settings/guardians'], ['home-approved', '#/home']]);
  await openGuardians(ana);
  await ana.getByRole('button', { name: 'This was not me: stop it' }).click();
  await ana.getByText('Your guardians have approved', { exact: false }).waitFor({ timeout: 60_000, state: 'detached' });
  for (const page of [ben, carla, lost]) await page.context().close();
}

/** The patient whom both hospitals know. */
function both() {
  const hospitals = new Map();
  for (const one of demo.invitations) hospitals.set(one.patient, (hospitals.get(one.patient) ?? 0) + 1);
  return [...hospitals].find(([, count]) => count > 1)[0];
}

/** Whether nothing on the page is still being looked up. Runs in the page. */
function isAtRest(root = document) {
  return [...root.querySelectorAll('*')].every((element) =>
    element.localName !== 'medrec-progress' && (!element.shadowRoot || isAtRest(element.shadowRoot)));
}

/** The screens of an open app, in both languages. */
async function screens(page) {
  await go(page, 'Records');
  const record = page.getByRole('main').getByRole('link').filter({ hasText: 'Verified' }).first();
  await record.click();
  await page.getByRole('heading', { name: 'Why you can trust this' }).waitFor();
  const recordPlace = new URL(page.url()).hash;
  await go(page, 'Sharing');
  await page.getByRole('link', { name: /^Let someone read/ }).first().click();
  await page.getByRole('heading', { name: 'Who may read?' }).waitFor();
  const grantPlace = new URL(page.url()).hash;
  await page.getByRole('radio', { name: 'Riverside Clinic' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  for (const category of ['Vaccinations', 'Medicines']) await page.getByLabel(category, { exact: false }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await page.getByRole('heading', { name: 'Riverside Clinic can read now' }).waitFor({ timeout: 60_000 });
  for (const language of ['en', 'zh']) {
    await page.goto(`${demo.app}#/settings`);
    await page.getByRole('combobox').first().selectOption(language);
    await shoot(page, 'settings', language);
    const places = [['home', '#/home'], ['records', '#/records'], ['trends', '#/trends'], ['add', '#/add'], ['take-along', '#/take-along'], ['record', recordPlace], ['sharing', '#/sharing'],
      ['grant', grantPlace], ['activity', '#/activity'], ['words', '#/settings/words']];
    for (const [name, place] of places) {
      await page.goto(demo.app + place);
      await page.waitForLoadState('networkidle');
      // The worker asks, which the page's own network does not show.
      await page.waitForFunction(isAtRest);
      await shoot(page, name, language);
    }
    await page.locator('button.primary').click();
    await page.getByRole('checkbox').check();
    await shoot(page, 'new-words', language);
    await page.locator('button.primary').click();
    await page.locator('medrec-owner').waitFor();
    await shoot(page, 'words-confirm', language);
    await page.goto(demo.app + grantPlace);
    for (const choice of ['radio', 'checkbox']) {
      await page.getByRole(choice).first().check();
      await page.locator('form button.primary').click();
    }
    await page.locator('medrec-owner').waitFor();
    await shoot(page, 'allow', language);
  }
}

try {
  await entry();
  const page = await person(browser, { reducedMotion: 'reduce' });
  const { first, again, unlocked } = await read(page);
  await addPasskey(page);
  await screens(page);
  await door(page);
  await page.goto(`${demo.app}#/settings`);
  await page.getByRole('combobox').first().selectOption('en');
  await guardians(page);
  if (page.faults.length > 0) throw new Error(`the page complained:\n${page.faults.join('\n')}`);
  console.log(`first verified record in ${first} ms (first visit), ${again} ms (return visit), unlocked in ${unlocked} ms`);
} finally {
  await browser.close();
}
