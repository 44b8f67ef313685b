// Looks for secrets in the wasm memory of a page's verifier.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Lets the verifier of a page, whenever one starts, keep its memory where `inWasm` finds it. */
export async function rememberWasm(page) {
  await page.route(/\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${String(hook)})();\n${await response.text()}` });
  });
}

/** How often each of these bytes lies in the memory of the verifier, once it has one. */
export async function inWasm(page, secrets) {
  const verifier = page.workers().find((worker) => /\/worker-/.test(worker.url()));
  const values = secrets.map((secret) => [...secret]);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await pause(50)) {
    const found = await verifier.evaluate(search, values);
    if (found !== null) return found;
  }
  return assert.fail('the verifier has no memory');
}

/** Runs in the worker, before anything is instantiated. */
function hook() {
  const original = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...args) => {
    const made = await original.apply(WebAssembly, args);
    globalThis.memoryOfVerifier = made.instance.exports.memory;
    return made;
  };
}

/** Runs in the worker. One character stands for each byte, so that the engine searches. */
function search(secrets) {
  const { memoryOfVerifier } = globalThis;
  if (memoryOfVerifier === undefined) return null;
  const text = (bytes) => new TextDecoder('windows-1252').decode(Uint8Array.from(bytes));
  const memory = text(new Uint8Array(memoryOfVerifier.buffer));
  return secrets.map((secret) => memory.split(text(secret)).length - 1);
}
