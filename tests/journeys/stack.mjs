// The real network for one test file: `xtask demo` on free ports, in a folder of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import path from 'node:path';

export const top = path.resolve(import.meta.dirname, '../..');
export const target = process.env.MEDREC_TARGET ?? path.join(top, 'target');

/** The running network: what `demo.json` says of it, and the handles to disturb it. */
export class Stack {
  #process;

  /** Starts it; a folder that already holds a network goes on with it. */
  static async start(state) {
    const stack = new Stack();
    stack.state = state ?? (await mkdtemp(path.join(target, 'journey-')));
    await stack.#launch();
    return stack;
  }

  async #launch() {
    const args = ['demo', '--no-build', '--free-ports', '--state', this.state];
    this.#process = spawn(path.join(target, 'debug/xtask'), args, { cwd: top, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    this.#process.stderr.on('data', (data) => (said += data));
    for await (const line of createInterface({ input: this.#process.stdout })) {
      if (JSON.parse(line).ready) break;
    }
    if (this.#process.exitCode !== null) throw new Error(`the network did not start:\n${said}`);
    this.demo = JSON.parse(await readFile(path.join(this.state, 'demo.json'), 'utf8'));
  }

  /** Stops all servers and starts them again over the same state. */
  async restart() {
    await this.#end();
    await this.#launch();
  }

  /** Stops all servers and removes their state. */
  async stop() {
    await this.#end();
    await rm(this.state, { recursive: true, force: true });
  }

  async #end() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await ended;
    }
  }

  /** The invitation of `hospital` for the patient with this local number. */
  invitation(hospital, id) {
    return this.demo.invitations.find((one) => one.hospital === hospital && (id === undefined || one.id === id));
  }

  /** Makes every RPC endpoint tell one lie (or the truth again, with `null`). */
  async lie(name, endpoints = this.demo.rpc) {
    for (const endpoint of endpoints) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'devnet_setLie', params: [name] });
      const answer = await fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const { error } = await answer.json();
      if (error) throw new Error(`${endpoint} will not lie: ${error.message}`);
    }
  }

  /** Lets a hospital take in these FHIR resources of one patient, in the place of former versions. */
  async takeIn(hospital, patient, resources) {
    const { config } = this.demo.gatekeepers.find((one) => one.name === hospital);
    const entry = [{ resourceType: 'Patient', id: patient }, ...resources].map((resource) => ({ resource }));
    const file = path.join(this.state, 'taken-in.json');
    await writeFile(file, JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }));
    await run(path.join(target, 'debug/medrec-gatekeeper'), ['import', '--config', config, '--bundle', file]);
  }

  /** Changes one record in a hospital's database behind its gatekeeper's back. */
  async alterRecord(hospital, category) {
    const { database } = this.demo.gatekeepers.find((one) => one.name === hospital);
    return run(path.join(target, 'debug/alter-record'), [database, category]);
  }
}

/** The output of a program that must succeed. */
export function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program}: ${output}`))));
  });
}
