// Attacks on the vault as it lies in a real Chromium: the browser is killed while it writes, and what is left on the disk is searched for
// secrets. One line per trust figure; ends badly if one does not hold.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { createIdentity, go, password, unlock } from './app.mjs';
import { executable, flags } from './browser.mjs';
import { Stack } from './stack.mjs';

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } } });
const kills = Math.max(2, Math.round(200 * Number(values.scale)));
const random = mulberry32(Number(values.seed));
const stack = await Stack.start();
const profile = await mkdtemp(path.join(tmpdir(), 'medrec-torture-'));
let running;

/** A Chromium on the profile, in a process group of its own. */
async function start() {
  const port = path.join(profile, 'DevToolsActivePort');
  await rm(port, { force: true });
  const args = [...flags, '--headless', '--no-startup-window', '--remote-debugging-port=0', `--user-data-dir=${profile}`];
  const child = spawn(executable, args, { detached: true, stdio: 'ignore' });
  let address;
  for (const deadline = Date.now() + 30_000; address === undefined; await pause(50)) {
    assert.ok(Date.now() < deadline, 'Chromium did not start');
    address = (await readFile(port, 'utf8').catch(() => '')).split('\n')[0] || undefined;
  }
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${address}`);
  const page = await browser.contexts()[0].newPage();
  running = { child, browser, page };
  return page;
}

/** Ends it as a power cut would, but for what the operating system has taken over. */
async function kill() {
  const { child, browser } = running ?? {};
  running = undefined;
  if (child === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await ended;
  await browser.close().catch(() => undefined);
}

const welcome = (page) => page.getByRole('button', { name: 'Start here' });
const door = (page) => page.getByRole('heading', { name: 'Welcome back' });
const inside = (page) => page.getByRole('navigation', { name: 'Main' });
const wrong = (page) => page.getByText('That is not the password of this device.');

/** Whether a password opens the vault. */
async function opens(page, word) {
  await unlock(page, word);
  await inside(page).or(wrong(page)).waitFor();
  return (await inside(page).count()) > 0;
}

/** Waits a random moment, then kills; whether the page had said that it was done before. */
async function killDuring(work, done, within = 1_500) {
  let acknowledged = false;
  const working = work().then(() => done.waitFor()).then(() => { acknowledged = true; }).catch(() => undefined);
  await pause(random() * within);
  const before = acknowledged;
  await kill();
  await working;
  return before;
}

/** Kills while a first vault is made: afterwards there is one that opens, or none. */
async function create() {
  const page = await start();
  await page.goto(stack.demo.app);
  await welcome(page).click();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('The same password again').fill(password);
  const shown = page.getByRole('list', { name: 'Your twelve recovery words' });
  const acknowledged = await killDuring(() => page.getByRole('button', { name: 'Continue' }).click(), shown);
  const again = await start();
  await again.goto(stack.demo.app);
  await welcome(again).or(door(again)).waitFor();
  const exists = (await door(again).count()) > 0;
  const holds = exists ? await opens(again, password) : !acknowledged;
  await kill();
  await rm(profile, { recursive: true, force: true });
  return holds;
}

/** Kills while the password is changed: afterwards exactly one of the two opens, the new one if the page had said so. */
async function change(former, next) {
  const page = await start();
  await page.goto(stack.demo.app);
  assert.ok(await opens(page, former));
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByLabel('Your password now').fill(former);
  await page.getByLabel('Password', { exact: true }).fill(next);
  await page.getByLabel('The same password again').fill(next);
  const said = page.getByText('The new password is set.');
  const acknowledged = await killDuring(() => page.getByRole('button', { name: 'Change password' }).click(), said);
  const again = await start();
  await again.goto(stack.demo.app);
  const isNext = await opens(again, next);
  const holds = isNext || (!acknowledged && (await opens(again, former)));
  await kill();
  return { holds, word: isNext ? next : former };
}

/**
 * Kills while new recovery words take over: afterwards the vault opens, goes on where it was, and the person is who it was. The next
 * round signs with what this one left.
 */
async function renew(word) {
  const page = await start();
  await page.goto(stack.demo.app);
  assert.ok(await opens(page, word));
  const code = await sharingCode(page);
  await go(page, 'Settings');
  await page.getByRole('link', { name: 'New recovery words' }).click();
  await page.getByRole('button', { name: 'Make new words' }).click();
  await page.getByLabel('I have written down the twelve words, in this order').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Your password now').fill(word);
  const said = page.getByRole('heading', { name: 'The new words are in force' });
  const acknowledged = await killDuring(() => page.getByRole('button', { name: 'Put them in force' }).click(), said, 5_000);
  const again = await start();
  await again.goto(stack.demo.app);
  let holds = await opens(again, word);
  if (holds) {
    await again.getByRole('heading', { name: 'Home', exact: true }).waitFor();
    const unfinished = again.getByRole('link', { name: 'Go on' });
    if ((await unfinished.count()) > 0) {
      holds = !acknowledged;
      await unfinished.click();
      await again.getByRole('button', { name: 'Go on' }).click();
      await again.getByRole('heading', { name: 'The new words are in force' }).waitFor({ timeout: 60_000 });
    }
    holds &&= (await sharingCode(again)) === code;
  }
  await kill();
  return holds;
}

/** Who the person is to others. */
async function sharingCode(page) {
  await go(page, 'Sharing');
  return (await page.getByText(/^medrec:viewer:/).first().innerText()).trim();
}

/** The secrets of an identity that can be found in the files of its profile, after locking. */
async function secretsLeft() {
  const page = await start();
  await page.goto(stack.demo.app);
  const phrase = (await createIdentity(page)).join(' ');
  await inside(page).waitFor();
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'Lock now' }).click();
  await door(page).waitFor();
  await pause(2_000);
  await kill();
  const seed = pbkdf2Sync(phrase, 'mnemonic', 2048, 64, 'sha512');
  const secrets = [phrase, password].flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le')]);
  secrets.push(seed, Buffer.from(seed.toString('hex')), Buffer.from(seed.toString('base64')));
  const files = (await readdir(profile, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(files.some(({ parentPath }) => parentPath.includes('IndexedDB')));
  const contents = await Promise.all(files.map((file) => readFile(path.join(file.parentPath, file.name))));
  return { left: secrets.filter((secret) => contents.some((bytes) => bytes.includes(secret))).length, of: secrets.length };
}

let held = true;
function report(figure, count, of, what) {
  console.log(`${figure} ${count} of ${of} ${what}: ${count === 0 ? 'held' : 'BROKEN'}`);
  held &&= count === 0;
}

try {
  const creations = Math.ceil(kills / 4);
  let lost = 0;
  for (let round = 0; round < creations; round += 1) lost += Number(!(await create()));
  const { left, of } = await secretsLeft();
  let word = password;
  const renewals = Math.ceil(kills / 4);
  for (let round = 0; round < renewals; round += 1) lost += Number(!(await renew(word)));
  for (let round = creations + renewals; round < kills; round += 1) {
    const outcome = await change(word, `${password} ${round}`);
    lost += Number(!outcome.holds);
    word = outcome.word;
  }
  report('Q8', lost, kills, 'kills lost a vault or an acknowledged change');
  report('Q10', left, of, 'secrets found in the profile after locking');
} finally {
  await kill();
  await rm(profile, { recursive: true, force: true });
  await stack.stop();
}
process.exit(held ? 0 : 1);

/** Numbers that are the same for the same seed. */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
