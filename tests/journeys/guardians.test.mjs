// Guardians: somebody who has lost every key gets everything back from people they trust, and whoever still has the keys can
// stop it (P4).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acceptInvitation, arrive, badges, go } from './app.mjs';
import { launch, person, violations } from './browser.mjs';
import { askGuardians, befriend, chooseGuardians, confirm, keepKit, loseEverything, nameGuardians, openGuardians, paste } from './circle.mjs';
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

const digitsOn = (page) => page.getByText(/^\d{4} \d{4} \d{4} \d{4} \d{4}$/).innerText();

/** Opens a request as a guardian, compares the digits, and agrees. */
async function agree(guardian, link, digits) {
  await openGuardians(guardian);
  await paste(guardian, 'Link that somebody sent you', link);
  await guardian.getByRole('heading', { name: 'Ana asks for new keys' }).waitFor(patience);
  assert.equal(await digitsOn(guardian), digits);
  assert.deepEqual(await violations(guardian), []);
  await confirm(guardian, 'The digits are the same: agree');
  await guardian.getByText('You have agreed.', { exact: false }).waitFor(patience);
}

test('two guardians give back everything that was lost, unless its owner stops them', async () => {
  const [ben, carla, ana] = await Promise.all([someone(), someone(), someone()]);
  const codes = await Promise.all([befriend(ben, stack.demo.app), befriend(carla, stack.demo.app)]);
  const [first] = stack.demo.invitations;
  const later = stack.demo.invitations.find(({ hospital }) => hospital !== first.hospital);
  await arrive(ana, first);

  // Ana chooses two people.
  await openGuardians(ana);
  assert.deepEqual(await violations(ana), []);
  await nameGuardians(ana, [['Ben', codes[0]], ['', codes[0]]]);
  await ana.getByRole('button', { name: 'Continue' }).click();
  await ana.getByText('Type a name, so that you know who it is.').waitFor();
  await ana.getByText('This code stands above already.').waitFor();
  assert.deepEqual(await violations(ana), []);
  await ana.getByLabel('Name', { exact: true }).nth(1).fill('Carla');
  await ana.getByLabel('Sharing code').nth(1).fill(codes[1]);
  const kit = await chooseGuardians(ana);
  assert.deepEqual(await violations(ana), []);

  // Both keep the link; nobody else can use it.
  for (const guardian of [ben, carla]) await keepKit(guardian, kit, 'Ana');
  await openGuardians(ana);
  await paste(ana, 'Link that somebody sent you', kit);
  await ana.getByText('This link is meant for other people', { exact: false }).waitFor(patience);

  // A hospital that comes later is watched over as well.
  await acceptInvitation(ana, later);
  await openGuardians(ana);
  await ana.getByText('They watch over your identity at every hospital.').waitFor(patience);

  // Everything is lost: new device, new words.
  const found = await someone();
  await loseEverything(found, stack.demo.app);
  await paste(found, 'Link that a guardian gave you', kit.slice(0, -1));
  await found.getByText('This link is damaged or not for guardians.').waitFor(patience);
  await openGuardians(ben);
  await ben.getByText('Ana', { exact: true }).click();
  const request = await askGuardians(found, await ben.getByLabel('Link that you keep for Ana').innerText());
  assert.deepEqual(await violations(found), []);
  const digits = await digitsOn(found);
  await agree(ben, request, digits);
  await found.getByText('1 of 2 have agreed').waitFor(patience);
  await agree(carla, request, digits);
  await found.getByText('The new keys can take over from', { exact: false }).waitFor(patience);
  assert.ok(await found.getByRole('button', { name: 'Take over' }).isDisabled());

  // Ana still has the former keys, and stops it.
  await go(ana, 'Home');
  await ana.getByText('Your guardians have approved new keys for you.', { exact: false }).waitFor(patience);
  assert.deepEqual(await violations(ana), []);
  await ana.getByRole('link', { name: 'Look' }).click();
  await ana.getByRole('button', { name: 'This was not me: stop it' }).click();
  await ana.getByText('Your guardians have approved', { exact: false }).waitFor({ ...patience, state: 'detached' });
  await found.getByText('0 of 2 have agreed').waitFor(patience);

  // Until then nothing is begun with the keys that wait.
  await found.goto(first.link);
  await found.getByRole('button', { name: 'Accept' }).click();
  await found.getByText('First finish the way back to your keys.').waitFor(patience);
  await go(found, 'Home');
  await found.getByRole('link', { name: 'Go on' }).click();

  // This time it is let happen.
  await agree(ben, request, digits);
  await agree(carla, request, digits);
  await found.getByText('The waiting time is over.').waitFor({ timeout: 120_000 });
  await found.getByRole('button', { name: 'Take over' }).click();
  await found.getByRole('heading', { name: 'You have everything back' }).waitFor(patience);
  assert.deepEqual(await violations(found), []);
  await go(found, 'Home');
  for (const { hospital } of [first, later]) await found.getByText(hospital).first().waitFor(patience);
  await go(found, 'Records');
  await badges(found, 'Verified').first().waitFor(patience);
  await found.getByRole('link', { name: 'Over time' }).click();
  await found.getByRole('slider').first().waitFor(patience);
  assert.deepEqual(await violations(found), []);
  await openGuardians(found);
  await found.getByText('They watch over your identity at every hospital.').waitFor(patience);

  // The lost keys are good for nothing.
  await go(ana, 'Records');
  await ana.getByText('The keys on this device are no longer yours to use.').first().waitFor(patience);
  assert.deepEqual([...ana.faults, ...ben.faults, ...carla.faults, ...found.faults], []);
});
