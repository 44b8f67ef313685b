// The light client in Chromium follows a chain that another implementation seals: EthereumJS, Clique (L4).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { start } from '../engines/engines.mjs';
import { launch } from './browser.mjs';
import { developer, serveDeveloperPage } from './developer.mjs';

const target = process.env.MEDREC_TARGET ?? path.resolve(import.meta.dirname, '../../target');

let folder;
let engine;
let browser;
let site;
let network;
let page;

before(async () => {
  folder = await mkdtemp(path.join(target, 'journey-'));
  [engine, browser, site] = await Promise.all([start('ethereumjs', folder), launch(), serveDeveloperPage()]);
  const [key, out] = ['operator.key', 'network.json'].map((name) => path.join(folder, name));
  await writeFile(key, `${engine.key}\n`, { mode: 0o600 });
  const options = { rpc: engine.url, 'key-file': key, 'chain-name': 'EthereumJS', out, scheme: 'clique', 'gas-price': 10e9 };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await promisify(execFile)(path.join(target, 'debug/medrec'), ['operator', 'deploy', '--demo', ...args]);
  network = JSON.parse(await readFile(out, 'utf8'));
  page = await developer(await browser.newContext(), site.url, network);
});

after(async () => {
  await browser?.close();
  site?.close();
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('forty blocks are followed, each head on the one before', async () => {
  const heads = await page.evaluate(() => new Promise((resolve, reject) => {
    const seen = [];
    const end = globalThis.light.subscribe({
      onSync: ({ block, stale, endpoints: [{ state, error }] }) => {
        if (state !== 'agrees' || stale) reject(new Error(`${state} ${error?.code}`));
        seen.push(block);
        if (block - seen[0] < 40) return;
        end();
        resolve(seen);
      },
      onError: reject,
    }, { interval: 500 });
  }));
  assert.ok(heads.every((block, at) => at === 0 || block >= heads[at - 1]));
});

test('a contract’s storage, its receipt and its logs are proven', async () => {
  const proven = await page.evaluate(async (address) => {
    const { light } = globalThis;
    const slots = await light.storage(address, [`0x${'00'.repeat(32)}`]);
    const { number } = await light.head();
    const logs = await light.logs({ addresses: [address], fromBlock: 0, toBlock: number });
    const receipt = await light.receipt(logs[0].transactionHash);
    return { slots, logs, receipt };
  }, network.contracts.registry.address);
  assert.equal(proven.slots[0].value.length, 66);
  assert.ok(proven.logs.length > 0);
  assert.equal(proven.receipt.creates.toLowerCase(), network.contracts.registry.address.toLowerCase());
  assert.equal(proven.receipt.transaction.from.toLowerCase(), '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266');
});
