// What the tests rely on, engine by engine: a page may ask it, the network cannot, nothing is left of it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { start } from './engines.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const under = path.join(process.env.MEDREC_TARGET ?? path.join(top, 'target'), 'engines');

for (const name of ['anvil', 'ethereumjs']) {
  test(name, async (t) => {
    const { url, chainId, folder, pid, stop } = await start(name, under);
    t.after(stop);

    await t.test('answers a page of any origin', async () => {
      const headers = { origin: 'http://page.test', 'content-type': 'application/json' };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
      const answer = await fetch(url, { method: 'POST', headers, body });
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      assert.equal(Number((await answer.json()).result), chainId);
      const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
      const preflight = await fetch(url, { method: 'OPTIONS', headers: { ...headers, ...asked } });
      assert.ok(preflight.ok);
      assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    });

    await t.test('listens on loopback alone', () => {
      const open = sockets(pid);
      assert.ok(open.includes('127.0.0.1'));
      assert.deepEqual(open.filter((address) => address !== '127.0.0.1'), []);
    });

    await t.test('leaves nothing behind', async () => {
      await stop();
      assert.ok(!existsSync(folder) && !existsSync(`/proc/${pid}`));
    });
  });
}

/** The local addresses of a process's TCP and UDP sockets, as Linux knows them. */
function sockets(pid) {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined; // closed meanwhile
    }
  }));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) => {
    const rows = readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').trim().split('\n').slice(1);
    const columns = rows.map((row) => row.trim().split(/\s+/)).filter((row) => own.has(row[9]));
    return columns.map((row) => readable(row[1].split(':')[0]));
  });
}

/** `0100007F` is 127.0.0.1; an IPv6 address stays as it is. */
function readable(hex) {
  return hex.length === 8 ? hex.match(/../g).reverse().map((byte) => parseInt(byte, 16)).join('.') : hex;
}
