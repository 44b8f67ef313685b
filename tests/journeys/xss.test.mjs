// Nothing that a hospital, a member of the network or another person writes is ever taken for anything but text (Q11).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { arrive, go } from './app.mjs';
import { launch, person } from './browser.mjs';
import { payloads } from './payloads.mjs';
import { Stack } from './stack.mjs';

let stack;
let browser;
let page;
let mine;

before(async () => {
  [stack, browser] = await Promise.all([Stack.start(), launch()]);
  mine = stack.demo.invitations[0];
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const patience = { timeout: 60_000 };

/** What ran, or stands in the page as more than text. Runs in the page. */
function harm() {
  const found = globalThis.ran === undefined ? [] : ['a program ran'];
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      const { localName } = element;
      if (['iframe', 'object', 'embed', 'base', 'frame', 'marquee', 'template'].includes(localName)) found.push(localName);
      if (localName === 'script' && !element.src.startsWith(location.origin)) found.push(element.outerHTML);
      for (const { name, value } of element.attributes) {
        if (name.startsWith('on') || /^\s*(java\s*script|vbscript|data):/i.test(value)) found.push(`${localName} ${name}=${value}`);
      }
      if (element.shadowRoot) look(element.shadowRoot);
    }
  };
  look(document);
  return found;
}

async function clean() {
  assert.deepEqual(await page.evaluate(harm), []);
  assert.deepEqual(page.faults, []);
}

test('the table is long enough', () => {
  assert.ok(payloads.length >= 200, String(payloads.length));
});

test('what a hospital writes is shown as it stands', async () => {
  page = await person(browser);
  page.on('dialog', (dialog) => {
    page.faults.push(dialog.message());
    void dialog.dismiss();
  });
  // In every place of a record that a view shows.
  const conditions = payloads.map((text, index) => ({
    resourceType: 'Condition', id: `x-${index}`, onsetDateTime: '2020-01-01', code: { text }, note: [{ text }], recorder: { display: text },
    clinicalStatus: { text }, bodySite: [{ text }], evidence: [{ detail: [{ display: text }] }],
  }));
  const observations = payloads.flatMap((text, index) => [2020, 2021].map((year) => ({
    resourceType: 'Observation', id: `o-${index}-${year}`, status: 'final', effectiveDateTime: `${year}-01-01`, category: [{ coding: [{ code: 'vital-signs' }] }],
    code: { text }, valueQuantity: { value: index, unit: text }, interpretation: [{ text }], method: { text }, device: { display: text },
  })));
  await stack.takeIn(mine.hospital, mine.id, [...conditions, ...observations]);
  await arrive(page, mine);
  await page.goto(`${stack.demo.app}#/records/problems`);
  const rows = page.locator('medrec-record-list a.record');
  await rows.first().waitFor(patience);
  const all = Number(await page.locator('medrec-record-list .name .muted').first().innerText());
  assert.ok(all >= payloads.length);
  while ((await rows.count()) < all) {
    const before = await rows.count();
    await rows.last().scrollIntoViewIfNeeded();
    await page.waitForFunction((count) => document.querySelector('medrec-patient').shadowRoot.querySelector('medrec-records-page').shadowRoot
      .querySelector('medrec-record-list').shadowRoot.querySelectorAll('a.record').length > count, before);
  }
  await clean();
  // What is out of sight is not laid out, so it has no inner text.
  const shown = new Set(await page.locator('medrec-record-list .title').allTextContents());
  for (const text of payloads.filter((one) => /^[\x20-\x7e]+$/.test(one) && !/ {2}|^ | $/.test(one))) assert.ok(shown.has(text), text);
});

test('neither its details, nor its versions, nor its pictures are more than text', async () => {
  const places = await page.evaluate(() => [...document.querySelector('medrec-patient').shadowRoot.querySelector('medrec-records-page').shadowRoot
    .querySelector('medrec-record-list').shadowRoot.querySelectorAll('a.record')].map(({ hash }) => hash));
  for (const place of places.filter((_, index) => index % 9 === 0)) {
    await page.goto(stack.demo.app + place);
    await page.locator('medrec-record h2').waitFor(patience);
    await clean();
  }
  await page.getByRole('button', { name: 'Look for them' }).click();
  await page.getByText('It never changed since the hospital first sealed it.').waitFor(patience);
  await clean();
  await page.goto(`${stack.demo.app}#/trends`);
  // The parts of a table that stand for all of it.
  const more = page.getByRole('button', { name: /^Show \d+ more/ });
  for (let shown = 0; shown < 6 && (await more.count()) > 0; shown += 1) await more.click();
  await page.getByRole('button', { name: 'As a table' }).first().click();
  await clean();
});

test('nor is what stands in an address, or what the person calls somebody', async () => {
  for (const text of payloads.filter((_, index) => index % 11 === 0)) {
    for (const place of ['invitation', 'guardian', 'records', 'sharing/allow', 'add/x']) {
      await page.goto(`${stack.demo.app}#/${place}/${encodeURIComponent(text)}`);
      await page.locator('main').waitFor();
    }
    await clean();
  }
  await go(page, 'Records');
  await page.getByRole('searchbox').fill(payloads[0]);
  await clean();
});
