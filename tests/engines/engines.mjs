// Ethereum nodes that other people wrote, each on a free port of 127.0.0.1 over a fresh folder.
//
// `node engines.mjs NAME FOLDER` starts one with its data under FOLDER, prints one line of JSON that says where it
// stands, and ends it when standard input ends: so the node never outlives the program that asked for it.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** The first account of the mnemonic that all development nodes share: rich on both engines, seals on EthereumJS. */
const account = {
  address: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  key: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
};

const engines = {
  /** Foundry's anvil: a block for each transaction, unsealed headers of the newest fork. */
  anvil: {
    chainId: 31337,
    launch() {
      const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch];
      const binary = require.resolve(`@foundry-rs/anvil-${process.platform}-${machine}/bin/anvil`);
      return spawn(binary, ['--host', '127.0.0.1', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    },
    port(node, heard) {
      node.stdout.on('data', () => heard(/Listening on 127\.0\.0\.1:(\d+)/.exec(node.said)?.[1]));
    },
  },

  /** The EthereumJS client: one Clique signer (EIP-225), London rules, a block each second. */
  ethereumjs: {
    chainId: 7331,
    launch(folder) {
      const [genesis, key] = ['genesis.json', 'key.txt'].map((name) => path.join(folder, name));
      writeFileSync(genesis, JSON.stringify(cliqueGenesis(this.chainId)));
      writeFileSync(key, account.key.slice(2));
      // No `--sync=none`: it would start no miner.
      const options = {
        gethGenesis: genesis, unlock: key, dataDir: path.join(folder, 'data'), isSingleNode: true, discDns: false,
        discV4: false, maxPeers: 0, rpcAddr: '127.0.0.1', rpcCors: '*', logLevel: 'warn',
      };
      const named = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
      const cli = path.join(import.meta.dirname, 'node_modules/@ethereumjs/client/dist/esm/bin/cli.js');
      const args = ['--require', path.join(import.meta.dirname, 'ethereumjs.cjs'), cli, '--mine', '--rpc', ...named];
      return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    },
    port(node, heard) {
      node.on('message', ({ port }) => heard(port));
    },
  },
};

/** A running engine: its `url`, its `chainId`, the private `key` of a rich account, and `stop`. */
export async function start(name, under) {
  const engine = engines[name];
  if (!engine) throw new Error(`no such engine: ${name}`);
  mkdirSync(under, { recursive: true });
  const folder = mkdtempSync(path.join(under, `${name}-`));
  const node = engine.launch(folder);
  node.said = '';
  for (const stream of [node.stdout, node.stderr]) stream.on('data', (data) => (node.said += data));
  const ended = new Promise((resolve) => node.once('close', resolve));
  const stop = async () => {
    // It has nothing to save, and would take seconds to say good-bye.
    node.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const failed = ended.then(() => Promise.reject(new Error(`${name} ended:\n${node.said}`)));
  failed.catch(() => {});
  const port = await Promise.race([failed, new Promise((heard) => engine.port(node, (port) => port && heard(port)))]);
  return { url: `http://127.0.0.1:${port}`, chainId: engine.chainId, key: account.key, folder, pid: node.pid, failed, stop };
}

/** A chain that `account` alone seals; the epoch is long, since the client leaves the signers out of later epochs. */
function cliqueGenesis(chainId) {
  const forks = ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul',
    'berlin', 'london'];
  const zeros = (bytes) => '00'.repeat(bytes);
  return {
    config: {
      chainId, ...Object.fromEntries(forks.map((fork) => [`${fork}Block`, 0])), clique: { period: 1, epoch: 30000 },
    },
    timestamp: `0x${Math.floor(Date.now() / 1000).toString(16)}`,
    extraData: `0x${zeros(32)}${account.address.slice(2)}${zeros(65)}`,
    alloc: { [account.address.slice(2)]: { balance: `0x${(10n ** 24n).toString(16)}` } },
    nonce: '0x0', difficulty: '0x1', mixHash: `0x${zeros(32)}`, coinbase: `0x${zeros(20)}`, number: '0x0',
    gasLimit: '0x1c9c380', gasUsed: '0x0', parentHash: `0x${zeros(32)}`, baseFeePerGas: '0x3b9aca00',
  };
}

if (import.meta.filename === process.argv[1]) {
  const { stop, failed, ...place } = await start(process.argv[2], process.argv[3]);
  console.log(JSON.stringify(place));
  const closed = new Promise((resolve) => process.stdin.resume().once('close', resolve));
  await Promise.race([closed, failed]);
  await stop();
}
