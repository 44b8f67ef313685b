// A developer's page proves what a chain says, by the package alone: `@medrec/light/chain` (L5–L14).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { developer, serveDeveloperPage } from './developer.mjs';
import { Stack } from './stack.mjs';

let stack;
let browser;
let context;
let site;
let network;
let page;

before(async () => {
  [stack, browser, site] = await Promise.all([Stack.start(), launch(), serveDeveloperPage()]);
  network = JSON.parse(await readFile(path.join(stack.state, 'network.json'), 'utf8'));
  context = await browser.newContext();
  page = await developer(context, site.url, network);
});

after(async () => {
  await browser?.close();
  site?.close();
  await stack?.stop();
});

/** Asks a node as it is, which the page must never believe. */
async function rpc(method, ...params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await fetch(stack.demo.rpc[0], { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** Calls a method of `light` in a page; an error comes as what programs read of it. */
function call(opened, method, ...args) {
  return opened.evaluate(async ([name, given]) => {
    try {
      return { value: await globalThis.light[name](...given) };
    } catch (thrown) {
      const { name: kind, code, fault, expected, found, endpoint } = thrown;
      return { error: { kind, code, fault, expected, found, endpoint } };
    }
  }, [method, args]);
}

/** Asks the provider in a page. */
function ask(opened, method, ...params) {
  return opened.evaluate(async (request) => {
    try {
      return { value: await globalThis.light.provider.request(request) };
    } catch (thrown) {
      const { name, code, data } = thrown;
      return { error: { name, code, data } };
    }
  }, { method, params });
}

test('the head is verified, bound to the network, and its cost is told', async () => {
  const before = await call(page, 'head');
  assert.equal(before.error.code, 'network/no-head');
  const { value: sync } = await call(page, 'sync');
  const block = await rpc('eth_getBlockByNumber', `0x${sync.block.toString(16)}`, false);
  assert.equal(sync.hash, block.hash);
  assert.ok(sync.seals >= 3 && sync.validators === 4 && sync.quorum === 3);
  assert.ok(sync.requests > 0 && sync.headersVerified > 0 && !sync.stale);
  assert.deepEqual(sync.endpoints.map(({ state }) => state), ['agrees', 'agrees', 'agrees']);
  const { value: head } = await call(page, 'head');
  assert.deepEqual([head.number, head.hash, head.stateRoot], [sync.block, block.hash, block.stateRoot]);
});

test('accounts, storage, code, transactions, receipts and logs are what the chain holds', async () => {
  const { address, codeHash } = network.contracts.registry;
  const { value: account } = await call(page, 'account', address);
  assert.ok(account.exists && account.codeHash === codeHash);
  const nobody = await call(page, 'account', '0x00000000000000000000000000000000deadbeef');
  assert.equal(nobody.value.exists, false);
  const slot = `0x${'00'.repeat(32)}`;
  const { value: [proven] } = await call(page, 'storage', address, [slot]);
  assert.equal(BigInt(proven.value), BigInt(await rpc('eth_getStorageAt', address, slot, `0x${proven.block.toString(16)}`)));
  assert.equal((await call(page, 'code', address)).value, await rpc('eth_getCode', address, 'latest'));

  const { value: head } = await call(page, 'head');
  const { value: logs } = await call(page, 'logs', { addresses: [address], fromBlock: 1, toBlock: head.number });
  const told = await rpc('eth_getLogs', { address, fromBlock: '0x1', toBlock: `0x${head.number.toString(16)}` });
  assert.ok(logs.length > 0);
  assert.deepEqual(logs.map(({ transactionHash, logIndex }) => [transactionHash, logIndex]),
    told.map(({ transactionHash, logIndex }) => [transactionHash, Number(logIndex)]));

  const hash = logs[0].transactionHash;
  const { value: { transaction, succeeded, gasUsed } } = await call(page, 'receipt', hash);
  const said = await rpc('eth_getTransactionByHash', hash);
  assert.equal(succeeded, true);
  assert.equal(gasUsed, Number((await rpc('eth_getTransactionReceipt', hash)).gasUsed));
  assert.equal(transaction.hash, hash);
  assert.deepEqual([transaction.nonce, transaction.input], [Number(said.nonce), said.input]);
  assert.equal((await call(page, 'transaction', hash)).value.from, transaction.from);
  const { value: all } = await call(page, 'transactions', transaction.block);
  assert.ok(all.some((one) => one.hash === hash));
});

test('what cannot be is refused, with a code and whose fault it is', async () => {
  for (const [method, args, code] of [
    ['account', ['0x12'], 'call/argument'],
    ['block', [1e9], 'history/after-head'],
    ['logs', [{ adress: [] }], 'call/argument'],
    ['send', ['0xnothing'], 'call/argument'],
  ]) {
    const { error } = await call(page, method, ...args);
    assert.deepEqual([error.kind, error.code, error.fault], ['MedrecError', code, 'caller'], method);
  }
  const unknown = await call(page, 'transaction', `0x${'ab'.repeat(32)}`);
  assert.deepEqual([unknown.error.code, unknown.error.fault], ['rpc/absent', 'unavailable']);
  const description = await page.evaluate((text) => globalThis.openLightClient(text).catch(({ code }) => code), '{}');
  assert.equal(description, 'network/description');
});

test('a provider answers what is proven and refuses everything else', async () => {
  const { value: sync } = await call(page, 'sync');
  const { address } = network.contracts.registry;
  assert.equal((await ask(page, 'eth_chainId')).value, `0x${sync.network.chainId.toString(16)}`);
  assert.ok(Number((await ask(page, 'eth_blockNumber')).value) >= sync.block);
  assert.deepEqual((await ask(page, 'eth_accounts')).value, []);
  assert.equal((await ask(page, 'eth_getCode', address, 'latest')).value, await rpc('eth_getCode', address, 'latest'));
  const [first] = (await ask(page, 'eth_getLogs', { address, fromBlock: 'earliest', toBlock: 'latest' })).value;
  const [theirs] = await rpc('eth_getLogs', { address, fromBlock: '0x0', toBlock: 'latest' });
  for (const name of ['blockNumber', 'blockHash', 'transactionHash', 'transactionIndex', 'logIndex', 'data', 'topics']) {
    assert.deepEqual(first[name], theirs[name], name);
  }
  const receipt = (await ask(page, 'eth_getTransactionReceipt', first.transactionHash)).value;
  const told = await rpc('eth_getTransactionReceipt', first.transactionHash);
  for (const name of ['status', 'gasUsed', 'cumulativeGasUsed', 'blockNumber', 'transactionIndex', 'logsBloom']) {
    assert.equal(receipt[name], told[name], name);
  }
  for (const name of ['from', 'to', 'contractAddress']) assert.equal(receipt[name]?.toLowerCase(), told[name]?.toLowerCase(), name);
  const block = (await ask(page, 'eth_getBlockByNumber', first.blockNumber, false)).value;
  const served = await rpc('eth_getBlockByNumber', first.blockNumber, false);
  for (const name of ['hash', 'parentHash', 'timestamp', 'stateRoot', 'transactions', 'extraData']) {
    assert.deepEqual(block[name], served[name], name);
  }
  for (const [method, parameter] of [['eth_getTransactionReceipt', `0x${'ab'.repeat(32)}`], ['eth_getBlockByNumber', '0xffffff']]) {
    assert.equal((await ask(page, method, parameter)).value, null, method);
  }

  for (const [method, params, code, reason] of [
    ['eth_call', [{ to: address, data: '0x' }, 'latest'], 4200, 'provider/unsupported'],
    ['eth_sign', ['0x', '0x'], 4200, 'provider/unsupported'],
    ['toString', [], 4200, 'provider/unsupported'],
    ['eth_getBalance', [address, '0x1'], -32602, 'provider/invalid-params'],
    ['eth_getBalance', [7], -32602, 'provider/invalid-params'],
    ['eth_getLogs', [{ blockHash: first.blockHash }], -32602, 'provider/invalid-params'],
  ]) {
    const { error } = await ask(page, method, ...params);
    assert.deepEqual([error.name, error.code, error.data.code], ['ProviderRpcError', code, reason], method);
  }
});

test('new heads come by subscription', async () => {
  const numbers = await page.evaluate(() => new Promise((resolve) => {
    const { provider } = globalThis.light;
    const heads = [];
    const listen = ({ data }) => {
      heads.push(Number(data.result.number));
      if (heads.length < 2) return;
      provider.removeListener('message', listen);
      void provider.request({ method: 'eth_unsubscribe', params: [data.subscription] }).then(() => resolve(heads));
    };
    provider.on('message', listen);
    void provider.request({ method: 'eth_subscribe', params: ['newHeads'] });
  }));
  assert.ok(numbers[1] > numbers[0]);
});

for (const [lie, code] of [
  ['wrong-proof', 'proof/node-mismatch'],
  ['other-account', 'proof/node-mismatch'],
  ['missing-node', 'proof/incomplete'],
  ['spare-node', 'proof/spare-nodes'],
  ['omitted-slot', 'proof/slot-missing'],
  ['short-seals', 'header/not-enough-seals'],
  ['outsider-seal', 'header/unknown-signer'],
  ['forged-header', 'header/unknown-signer'],
  ['unsorted-validators', 'header/extra-data'],
  ['foreign-chain', 'header/hash-mismatch'],
  ['garbage', 'rpc/not-json'],
  ['huge', 'network/answer-too-large'],
  ['dead', 'network/unreachable'],
]) {
  test(`when all endpoints lie (${lie}) nothing is believed, and the lie is named`, async () => {
    const visitor = await browser.newContext();
    const opened = await developer(visitor, site.url, network);
    await stack.lie(lie);
    try {
      const { error } = await call(opened, 'storage', network.contracts.registry.address, [`0x${'00'.repeat(32)}`]);
      assert.equal(error.code, code);
      assert.equal(error.fault, lie === 'dead' ? 'unavailable' : 'peer');
      if (lie !== 'dead') assert.ok(stack.demo.rpc.some((url) => error.endpoint.startsWith(url)), error.endpoint);
    } finally {
      await stack.lie(null);
      await visitor.close();
    }
  });
}

test('one honest endpoint of three is enough, and the liars are named', async () => {
  const visitor = await browser.newContext();
  const opened = await developer(visitor, site.url, network);
  await stack.lie('forged-header', stack.demo.rpc.slice(0, 2));
  try {
    const { value } = await call(opened, 'sync');
    assert.deepEqual(value.endpoints.map(({ state }) => state), ['lies', 'lies', 'agrees']);
    assert.equal(value.endpoints[0].error.code, 'header/unknown-signer');
  } finally {
    await stack.lie(null);
    await visitor.close();
  }
});

test('a call can be given up, and the client goes on', async () => {
  await stack.lie('hang');
  try {
    const code = await page.evaluate(async () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      return globalThis.light.sync({ signal: abort.signal }).then(() => 'done', (error) => error.code);
    });
    assert.equal(code, 'call/aborted');
  } finally {
    await stack.lie(null);
  }
  assert.ok((await call(page, 'sync')).value.block > 0);
});

test('a long look into the past tells how far it is', async () => {
  const steps = await page.evaluate(async (address) => {
    const told = [];
    const { number } = await globalThis.light.head();
    const query = { addresses: [address], fromBlock: 0, toBlock: number };
    await globalThis.light.logs(query, { onProgress: (progress) => told.push(progress) });
    return told;
  }, network.contracts.registry.address);
  assert.ok(steps.some(({ step }) => step === 'prove') && steps.some(({ step }) => step === 'verify'));
  for (const step of ['prove', 'verify']) {
    const last = steps.filter((one) => one.step === step).at(-1);
    assert.equal(last.done, last.total);
  }
});

test('a worker that the browser ends is replaced without a reload', async () => {
  const { value: before } = await call(page, 'sync');
  const asked = call(page, 'sync');
  await page.workers()[0].evaluate(() => self.close());
  assert.ok((await asked).value.block >= before.block);
  assert.ok((await call(page, 'sync')).value.block >= before.block);
  assert.equal(page.workers().length, 1);
});

/** Whether a request goes to the network and not to the developer's own site. */
const isNode = (url) => stack.demo.rpc.some((node) => new URL(node).host === url.host);

test('without a network it says so, and goes on when the network is back', async () => {
  const told = page.evaluate(() => new Promise((resolve) => {
    const seen = new Set();
    const end = globalThis.light.subscribe({
      onSync: ({ endpoints }) => {
        for (const { state } of endpoints) seen.add(state);
        if (!seen.has('unreachable') || endpoints[0].state !== 'agrees') return;
        end();
        resolve([...seen]);
      },
    }, { interval: 200 });
  }));
  await context.route(isNode, (route) => route.abort('internetdisconnected'));
  const { value } = await call(page, 'sync');
  assert.deepEqual(value.endpoints.map(({ state }) => state), Array(3).fill('unreachable'));
  const { error } = await call(page, 'account', network.contracts.registry.address);
  assert.deepEqual([error.code, error.fault], ['network/unreachable', 'unavailable']);
  const refused = await ask(page, 'eth_blockNumber');
  assert.deepEqual([refused.error.code, refused.error.data.code], [4900, 'network/unreachable']);
  await page.waitForTimeout(500);
  await context.unroute(isNode);
  assert.ok((await told).includes('unreachable'));
});

test('tabs share one verified head, and it never goes back', async () => {
  const { value: here } = await call(page, 'sync');
  const other = await developer(context, site.url, network);
  const { value: there } = await call(other, 'sync');
  assert.ok(there.block >= here.block);
  // From the stored head to the next takes no look at the checkpoint: one header of each endpoint, and the binding.
  const stored = await other.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('medrec-chain');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = opening.result.transaction('heads').objectStore('heads').getAllKeys();
      asked.onsuccess = () => resolve(asked.result);
    };
  }));
  assert.ok(stored.includes(network.networkId), stored.join());
  await stack.lie('stale');
  try {
    for (const tab of [page, other]) assert.ok((await call(tab, 'sync')).value.block >= there.block);
  } finally {
    await stack.lie(null);
  }
  await other.close();
});

test('two sealed blocks of one height stop the client for good and are handed out as evidence', async () => {
  const visitor = await browser.newContext();
  let opened = await developer(visitor, site.url, network);
  assert.ok((await call(opened, 'sync')).value.block > 0);
  assert.equal((await call(opened, 'evidence')).value, null);
  await stack.lie('fork', stack.demo.rpc.slice(1));
  try {
    for (let reload = 0; reload < 2; reload += 1) {
      const { error } = await call(opened, 'sync');
      assert.deepEqual([error.code, error.fault], ['network/equivocation', 'peer']);
      const evidence = JSON.parse((await call(opened, 'evidence')).value);
      assert.notEqual(evidence.first.hash, evidence.second.hash);
      assert.ok(evidence.doubleSigners.length >= 2 && evidence.networkId === network.networkId);
      assert.equal((await call(opened, 'account', network.contracts.registry.address)).error.code, 'network/equivocation');
      await stack.lie(null);
      await opened.close();
      opened = await developer(visitor, site.url, network);
    }
  } finally {
    await stack.lie(null);
    await visitor.close();
  }
});
