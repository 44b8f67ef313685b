// The ways into the vault: a passkey (Chromium's virtual authenticator), a password that changes, a code on paper (P2); and a
// backup file, tried and restored (P5).
import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { acceptInvitation, badges, createIdentity, go, password, unlock } from './app.mjs';
import { forgetful, launch, person, violations } from './browser.mjs';
import { inWasm, rememberWasm } from './memory.mjs';
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

/** A person with an identity and a device that recognises its owner; `options` change the device. */
async function withDevice(options = {}) {
  const page = await person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  const { authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      automaticPresenceSimulation: true, isUserVerified: true, hasPrf: true, ...options,
    },
  });
  const recognises = (isUserVerified) => device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  await page.goto(stack.demo.app);
  await createIdentity(page);
  await page.getByRole('heading', { name: 'Home', exact: true }).waitFor();
  await go(page, 'Settings');
  const made = async () => (await device.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length;
  return { page, recognises, made };
}

async function addPasskey(page, name, word = password) {
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('What do you call it?').fill(name);
  await page.getByLabel('Your password now').fill(word);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
}

async function lock(page) {
  await page.getByRole('button', { name: 'Lock now' }).click();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
}

const isIn = (page) => page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();

test('a passkey opens the vault until it is removed; a device that does not recognise its owner opens nothing', async () => {
  const { page, recognises, made } = await withDevice();
  await addPasskey(page, 'My laptop', 'not my password');
  await page.getByText('That is not the password of this device.').waitFor();
  assert.equal(await made(), 0, 'a passkey that opens nothing');
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Added. From now on you can unlock with it.').waitFor();
  await page.getByText('My laptop').waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], `settings, ${colorScheme}`);
  }

  await lock(page);
  await page.getByRole('button', { name: 'Unlock with your passkey' }).waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], `unlock, ${colorScheme}`);
  }
  await page.getByRole('button', { name: 'Unlock with your passkey' }).click();
  await isIn(page);

  await lock(page);
  await recognises(false);
  await page.getByRole('button', { name: 'Unlock with your passkey' }).click();
  await page.getByText('No passkey was used.').waitFor();
  await unlock(page);
  await isIn(page);

  await recognises(true);
  await page.getByRole('button', { name: 'Remove passkey My laptop' }).click();
  await page.getByText('Removed. It no longer opens anything here.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await page.getByLabel('Password', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Unlock with your passkey' }).count(), 0);
  assert.deepEqual(page.faults, []);
});

test('an authenticator that makes no secrets is refused in words, and the password stays', async () => {
  const { page } = await withDevice({ hasPrf: false });
  await addPasskey(page, 'Old key');
  await page.getByText('This passkey cannot lock your keys.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await page.getByText('Old key').count(), 0);
  await lock(page);
  assert.equal(await page.getByRole('button', { name: 'Unlock with your passkey' }).count(), 0);
  await unlock(page);
  await isIn(page);
});

test('a new password takes the place of the former one, also in the eyes of another window', async () => {
  const { page } = await withDevice();
  const change = async (former, word) => {
    await page.getByLabel('Your password now').fill(former);
    await page.getByLabel('Password', { exact: true }).fill(word);
    await page.getByLabel('The same password again').fill(word);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await page.getByRole('button', { name: 'Change password' }).click();
  await change('not my password', 'nine grey herons fly home');
  await page.getByText('That is not the password of this device.').waitFor();
  await change(password, 'nine grey herons fly home');
  await page.getByText('The new password is set. The former one no longer opens anything.').waitFor();

  const other = await page.context().newPage();
  await other.goto(stack.demo.app);
  await unlock(other);
  await other.getByText('That is not the password of this device.').waitFor();
  await unlock(other, 'nine grey herons fly home');
  await other.getByRole('heading', { name: 'Home', exact: true }).waitFor();
});

test('a code on paper opens the vault, however it is typed; a mistyped or former one does not', async () => {
  const { page } = await withDevice();
  const make = async (name) => {
    await page.getByRole('button', { name }).click();
    await page.getByLabel('Your password now').fill(password);
    await page.getByRole('button', { name }).click();
    const shown = page.getByLabel('Your recovery code').filter({ hasText: '-' });
    await shown.waitFor();
    const code = await shown.innerText();
    assert.match(code, /^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    return code;
  };
  const former = await make('Make a recovery code');
  const code = await make('Make a new one');
  assert.notEqual(former, code);
  await lock(page);
  await page.getByRole('button', { name: 'Use the recovery code' }).click();
  const enter = async (text) => {
    await page.getByLabel('Recovery code').fill(text);
    await page.getByRole('button', { name: 'Unlock' }).last().click();
  };
  await enter(code.slice(0, -1));
  await page.getByText('This cannot be your recovery code.').waitFor();
  await enter(former);
  await page.getByText('That is not the recovery code of this device.').waitFor();
  await enter(code.toLowerCase().replaceAll('-', ' '));
  await isIn(page);
  // The code is shown once, and left nowhere.
  assert.equal(await page.getByText(code).count(), 0);
});

test('a backup file is asked for until it was tried once, and brings everything back in another browser', async () => {
  const { page } = await withDevice();
  await acceptInvitation(page, stack.demo.invitations[0]);
  await go(page, 'Home');
  await page.getByText('Your keys are only on this device.').waitFor();
  await page.getByRole('link', { name: 'Backup' }).click();
  await page.getByRole('button', { name: 'Make a backup file' }).click();
  await page.getByLabel('Your password now').fill(password);
  await page.getByRole('button', { name: 'Make a backup file' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the file' }).click();
  const saved = await saving;
  assert.equal(saved.suggestedFilename(), 'medrec-keys.medrec');
  const file = { name: 'medrec-keys.medrec', mimeType: 'application/octet-stream', buffer: await readFile(await saved.path()) };
  assert.deepEqual(await violations(page), []);

  await page.getByRole('button', { name: 'Try a backup file' }).click();
  const attempt = async (buffer, word, name = 'Try a backup file') => {
    await page.getByLabel('Backup file').setInputFiles({ ...file, buffer });
    await page.getByLabel('Password of that time').fill(word);
    await page.getByRole('button', { name }).click();
  };
  await attempt(Buffer.from('a letter'), password);
  await page.getByText('This file is no backup of your keys.').waitFor();
  await attempt(file.buffer.subarray(0, 300), password);
  await page.getByText('This backup file is damaged.').waitFor();
  await attempt(file.buffer, 'not my password');
  await page.getByText('That password does not open this file.').waitFor();
  await page.getByText('No backup file of these keys has been tried yet.').waitFor();
  await attempt(file.buffer, password);
  await page.getByText('The file works. It brings back your keys and one hospital.').waitFor();
  await page.getByText('You have tried a backup file of these keys. It works.').waitFor();
  await go(page, 'Home');
  await page.getByRole('heading', { name: 'Your hospitals' }).waitFor();
  assert.equal(await page.getByText('Your keys are only on this device.').count(), 0);

  const other = await person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
  await other.goto(stack.demo.app);
  await other.getByRole('button', { name: 'I already have twelve words' }).click();
  await other.getByRole('button', { name: 'Restore from a backup file' }).click();
  await other.getByRole('button', { name: 'Restore', exact: true }).click();
  await other.getByText('Choose a file.').waitFor();
  assert.deepEqual(await violations(other), []);
  await other.getByLabel('Backup file').setInputFiles(file);
  await other.getByLabel('Password of that time').fill(password);
  await other.getByRole('button', { name: 'Restore', exact: true }).click();
  await go(other, 'Records');
  await badges(other, 'Verified').first().waitFor();
  assert.deepEqual(other.faults, []);
});

test('the page locks in all its windows when nobody touches or sees one, and where it is put to sleep', async () => {
  const { page } = await withDevice();
  const other = await page.context().newPage();
  // One clock for both windows.
  await page.clock.install();
  await page.reload();
  await other.goto(stack.demo.app);
  const enter = async () => {
    for (const window of [page, other]) {
      await window.getByLabel('Password', { exact: true }).waitFor();
      await unlock(window);
      await window.getByRole('navigation', { name: 'Main' }).waitFor();
    }
  };
  const pass = (time) => page.clock.runFor(time);
  const isOpen = async (window) => (await window.getByRole('navigation', { name: 'Main' }).count()) === 1;
  const look = (window, state) => window.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

  await enter();
  await pass('09:30');
  // Whoever touches one window is here for the other, too.
  await other.keyboard.press('Tab');
  await pass('09:30');
  assert.deepEqual([await isOpen(page), await isOpen(other)], [true, true]);
  await pass('01:00');
  for (const window of [page, other]) await window.getByRole('heading', { name: 'Welcome back' }).waitFor();
  const said = 'Locked after ten minutes without use.';
  assert.ok((await page.getByText(said).count()) + (await other.getByText(said).count()) > 0);

  await enter();
  await look(page, 'hidden');
  await pass('03:00');
  assert.deepEqual([await isOpen(page), await isOpen(other)], [true, true], 'the other one is looked at');
  await look(other, 'hidden');
  await pass('02:30');
  for (const window of [page, other]) {
    await look(window, 'visible');
    await window.getByRole('heading', { name: 'Welcome back' }).waitFor();
  }

  await enter();
  await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
  await page.getByText('Locked because your device put this page to sleep.').waitFor();
  assert.ok(await isOpen(other));
});

test('a Chinese page gives Chinese words, which bring everything back as they are pasted', async () => {
  const [, invitation] = stack.demo.invitations;
  const options = { bypassCSP: true, reducedMotion: 'reduce', locale: 'zh-CN', permissions: ['clipboard-read', 'clipboard-write'] };
  const page = await person(browser, options);
  await page.goto(invitation.link);
  await page.getByRole('button', { name: '开始使用' }).click();
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByLabel('再次输入密码').fill(password);
  await page.getByRole('button', { name: '继续' }).click();
  const words = page.getByRole('list', { name: '您的十二个助记词' }).locator('.word');
  await words.first().waitFor();
  const phrase = await words.allInnerTexts();
  assert.ok(phrase.length === 12 && phrase.every((word) => /^\p{Script=Han}$/u.test(word)), phrase.join(' '));
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: '复制助记词' }).click();
  await page.getByText('已复制').waitFor();
  await page.getByLabel('我已按顺序抄下这十二个助记词').check();
  await page.getByRole('button', { name: '继续' }).click();
  await page.getByRole('button', { name: '接受' }).click();
  await page.getByRole('heading', { name: `您已与${invitation.hospital}建立连接` }).waitFor({ timeout: 60_000 });

  const other = await person(browser, options);
  await other.goto(stack.demo.app);
  await other.getByRole('button', { name: '我已有十二个助记词' }).click();
  await other.getByLabel('第 1 个助记词', { exact: true }).focus();
  await other.keyboard.press('Control+V');
  assert.equal(await other.getByLabel('第 12 个助记词', { exact: true }).inputValue(), phrase[11]);
  assert.deepEqual(await violations(other), []);
  await other.getByLabel('密码', { exact: true }).fill(password);
  await other.getByLabel('再次输入密码').fill(password);
  await other.getByRole('button', { name: '恢复', exact: true }).click();
  await other.getByText(invitation.hospital).first().waitFor({ timeout: 60_000 });
  assert.deepEqual(other.faults, []);
});

test('a grant asks for its owner again, whom a passkey shows', async () => {
  const { page } = await withDevice();
  await addPasskey(page, 'My laptop');
  await page.getByText('Added. From now on you can unlock with it.').waitFor();
  await acceptInvitation(page, stack.demo.invitations[2]);
  await go(page, 'Sharing');
  await page.getByRole('link', { name: /^Let someone read/ }).first().click();
  await page.getByRole('radio').first().check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Vaccinations', { exact: false }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Allow with your passkey' }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Allow with your passkey' }).click();
  await page.getByText('can read now', { exact: false }).first().waitFor({ timeout: 60_000 });
});

test('a browser without room says so, keeps what it had, and goes on when there is some', async () => {
  const page = await person(browser, { bypassCSP: true, reducedMotion: 'reduce' });
  const device = await page.context().newCDPSession(page);
  const allow = (quota) => device.send('Storage.overrideQuotaForOrigin', { origin: new URL(stack.demo.app).origin, ...quota });
  await page.goto(stack.demo.app);
  await createIdentity(page);
  await go(page, 'Settings');
  await allow({ quotaSize: 1 });
  // Chromium remembers for half a minute how much room there was.
  await page.waitForTimeout(31_000);
  const change = page.getByRole('button', { name: 'Change password' });
  await change.click();
  const enter = async () => {
    await page.getByLabel('Your password now').fill(password);
    await page.getByLabel('Password', { exact: true }).fill('five new boats at sunrise');
    await page.getByLabel('The same password again').fill('five new boats at sunrise');
    await change.click();
  };
  await enter();
  await page.getByText('There is no room left in this browser.').waitFor();
  assert.deepEqual(await violations(page), []);
  await lock(page);
  await unlock(page);
  await isIn(page);

  await allow({});
  await change.click();
  await enter();
  await page.getByText('The new password is set.', { exact: false }).waitFor();
  await lock(page);
  await unlock(page, 'five new boats at sunrise');
  await isIn(page);
});

test('a browser that lets the page keep nothing says so before anything is made', async () => {
  const profile = await mkdtemp(path.join(tmpdir(), 'medrec-profile-'));
  const page = await forgetful(profile);
  try {
    await page.goto(stack.demo.app);
    await page.getByText('This browser lets the page keep nothing.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    assert.deepEqual(await violations(page), []);
  } finally {
    await page.context().close();
    await rm(profile, { recursive: true });
  }
});

test('the seed is in one place of the memory of the verifier while it is unlocked, and nowhere after locking', async () => {
  const page = await person(browser);
  await rememberWasm(page);
  await page.goto(stack.demo.app);
  const phrase = (await createIdentity(page)).join(' ');
  await page.getByRole('heading', { name: 'Home', exact: true }).waitFor();
  const secrets = [pbkdf2Sync(phrase, 'mnemonic', 2048, 64, 'sha512'), Buffer.from(phrase), Buffer.from(password)];
  assert.deepEqual(await inWasm(page, secrets), [1, 0, 0], 'the seed in one place, and never the password');
  await go(page, 'Settings');
  await lock(page);
  assert.deepEqual(await inWasm(page, secrets), [0, 0, 0]);
  await unlock(page);
  await isIn(page);
  assert.deepEqual(await inWasm(page, secrets), [1, 0, 0]);
});
