// Runs in the page: every candidate's results are compared first, then all take turns; medians are reported.
import initLight, { Headers, LightClient } from './light.js';
import initRecords, { RecordSet } from './records.js';
import { mptAccount, nobleHeader, viemHeader } from './peers.mjs';
import { bytesToHex, hexToBytes } from 'viem';

/** Measures everything on what the example `data` wrote. */
window.bench = async (rounds) => {
  const data = await (await fetch('data.json')).json();
  await initLight();
  await initRecords();
  const headers = new Headers(data.network, BigInt(data.now), bytesOf(data.headers));
  const state = headers.state();
  return {
    headers: await measureHeaders(headers, data, rounds),
    accounts: await measureAccounts(state, data, rounds),
    mappings: await measureMappings(state, data, rounds),
    syncs: await measureSyncs(data, rounds),
    records: await measureRecords(data.recordSet, rounds),
  };
};

/** Headers per second, one on top of the other, from bytes to known signers. */
async function measureHeaders(ours, data, rounds) {
  const [first, ...run] = bytesOf(data.headers);
  const genesis = JSON.parse(data.network).checkpoint.hash;
  const signers = hexOf(20, ours.verify_together());
  same(hexOf(20, ours.verify_one_by_one()), signers, 'signers');
  const forged = run[0].slice();
  forged[forged.length - 200] ^= 1;
  const forgery = new Headers(data.network, BigInt(data.now), [first, forged]);
  await refuses(() => forgery.verify_together());
  await refuses(() => forgery.verify_one_by_one());
  const peers = { viem: viemHeader, noble: nobleHeader };
  for (const verify of Object.values(peers)) {
    let parent = genesis;
    const found = [];
    for (const header of run.slice(0, CHECKED)) {
      const verified = await verify(header, parent);
      found.push(...verified.signers);
      parent = verified.hash;
    }
    same(found, signers.slice(0, found.length), 'signers');
    await refuses(() => verify(forged, genesis));
  }
  const steps = {
    together: () => ours.verify_together().length / 20 / SEALS,
    oneByOne: () => ours.verify_one_by_one().length / 20 / SEALS,
  };
  for (const [name, verify] of Object.entries(peers)) {
    let next = 0;
    let parent = genesis;
    steps[name] = async () => {
      for (let done = 0; done < STEP; done++) {
        ({ hash: parent } = await verify(run[next], parent));
        if (++next === run.length) [next, parent] = [0, genesis];
      }
      return STEP;
    };
  }
  return { count: run.length, bytes: mean(run.map((header) => header.length)), perSecond: await race(steps, rounds) };
}

/** Account proofs per second. */
async function measureAccounts(state, data, rounds) {
  const addresses = bytesOf(data.accounts.map(({ address }) => address));
  const proofs = data.accounts.map(({ proof }) => bytesOf(proof));
  const nonces = data.accounts.map(({ nonce }) => BigInt(nonce));
  const root = hexToBytes(data.stateRoot);
  const ours = state.accounts(addresses, proofs);
  const mpt = (index) => mptAccount(root, addresses[index], proofs[index]);
  same([...ours.verify()], nonces, 'nonces');
  same(await Promise.all(proofs.map((_, index) => mpt(index))), nonces, 'nonces');
  await refuses(() => state.accounts([addresses[0]], [proofs[1]]).verify());
  await refuses(() => mptAccount(root, addresses[0], proofs[1]));
  let next = 0;
  const perSecond = await race({
    ours: () => ours.verify().length,
    mpt: async () => {
      for (let done = 0; done < STEP; done++) await mpt(next++ % proofs.length);
      return STEP;
    },
  }, rounds);
  return { count: proofs.length, ...shape(proofs), perSecond };
}

/** What one proof from mappings of different sizes takes. */
async function measureMappings(state, data, rounds) {
  const measured = [];
  const steps = {};
  for (const { entries, account, slots } of data.mappings) {
    const proofs = slots.map(({ proof }) => bytesOf(proof));
    const ours = state.slots(hexToBytes(account.address), bytesOf(account.proof),
      bytesOf(slots.map(({ slot }) => slot)), proofs);
    same(hexOf(32, ours.verify()), slots.map(({ word }) => word), 'words');
    steps[entries] = () => ours.verify().length / 32;
    measured.push({ entries, ...shape(proofs) });
  }
  const perSecond = await race(steps, rounds);
  return measured.map((row) => ({ ...row, perSecond: perSecond[row.entries] }));
}

/** Whole syncs of a client that knows only the checkpoint, against the answers that were recorded. */
async function measureSyncs(data, rounds) {
  const measured = [];
  const steps = {};
  for (const { exchanges, ...recorded } of data.syncs) {
    const answers = new Map(Object.entries(exchanges).map(([asked, answer]) => [asked, new TextEncoder().encode(answer)]));
    const host = {
      async post(_url, asked) {
        const answer = answers.get(asked);
        if (answer === undefined) throw new Error(`nobody asked before: ${asked}`);
        return answer;
      },
      now: () => data.now,
    };
    const started = await cpuSeconds();
    const client = new LightClient(data.network, host);
    const synced = await client.sync();
    const firstMillis = (await cpuSeconds() - started) * 1000;
    same([synced.number, synced.requests, synced.headers].map(Number),
      [recorded.blocks, recorded.requests, recorded.headersVerified], 'sync');
    same(bytesToHex(await client.registry([hexToBytes(data.registrySlot)])), data.networkId, 'network id');
    same(await client.logs(synced.number, synced.number), 0, 'logs of a block whose bloom is empty');
    steps[measured.length] = async () => {
      await new LightClient(data.network, host).sync();
      return 1;
    };
    measured.push({ ...recorded, firstMillis });
  }
  const perSecond = await race(steps, rounds);
  return measured.map((row, at) => ({ ...row, millis: 1000 / perSecond[at] }));
}

/** A whole record set, from the opened answer to records that are proven to be all. */
async function measureRecords({ root, count, answer }, rounds) {
  const bytes = new TextEncoder().encode(answer);
  const ours = new RecordSet(hexToBytes(root), BigInt(count), bytes);
  const began = performance.now();
  same(ours.verify(), count, 'records');
  const firstMillis = performance.now() - began;
  const altered = bytes.slice();
  altered[altered.length >> 1] ^= 1;
  await refuses(() => new RecordSet(hexToBytes(root), BigInt(count), altered).verify());
  await refuses(() => new RecordSet(hexToBytes(root), BigInt(count - 1), bytes).verify());
  const { verify } = await race({ verify: () => ours.verify() / count }, rounds);
  return { count, bytes: bytes.length, firstMillis, millis: 1000 / verify };
}

/**
 * Lets all take turns, at least `TURN_MILLIS` each; the median rate of each per second of this thread's processor time,
 * which other programs on the machine do not change much.
 */
async function race(steps, rounds) {
  const rates = Object.fromEntries(Object.keys(steps).map((name) => [name, []]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, step] of Object.entries(steps)) {
      let done = 0;
      const began = await cpuSeconds();
      const end = performance.now() + TURN_MILLIS;
      do done += await step(); while (performance.now() < end);
      const took = await cpuSeconds() - began;
      if (round > 0) rates[name].push(done / took);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, all]) => [name, median(all)]));
}

/** Mean number of nodes and bytes of proofs. */
function shape(proofs) {
  return {
    nodes: mean(proofs.map((proof) => proof.length)),
    bytes: mean(proofs.map((proof) => proof.reduce((sum, node) => sum + node.length, 0))),
  };
}

function same(found, expected, what) {
  if (String(found) !== String(expected)) throw new Error(`${what}: expected ${expected}, found ${found}`);
}

async function refuses(verify) {
  try {
    await verify();
  } catch {
    return;
  }
  throw new Error('a forgery was accepted');
}

/** Bytes in chunks of `size`, each as hex. */
function hexOf(size, bytes) {
  return Array.from({ length: bytes.length / size }, (_, at) => bytesToHex(bytes.subarray(at * size, (at + 1) * size)));
}

function bytesOf(list) {
  return list.map((hex) => hexToBytes(hex));
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

/** Headers that each peer verifies once before it is measured; all of them would take seconds. */
const CHECKED = 100;
/** Seals in each header. */
const SEALS = 3;
/** What a peer verifies between two looks at the clock. */
const STEP = 20;
const TURN_MILLIS = 250;
