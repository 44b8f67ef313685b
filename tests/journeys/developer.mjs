// The page of a developer who embeds the light client: an origin of its own, nothing of ours but the package.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const pkg = path.resolve(import.meta.dirname, '../../pkg');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
  + "connect-src 'self' http://127.0.0.1:*";
const page = {
  '/': '<!doctype html><html lang="en"><title>Developer</title><script type="module" src="/page.js"></script>',
  '/page.js': 'import { openLightClient } from "/pkg/chain/index.js"; globalThis.openLightClient = openLightClient;',
};

/** Serves the page on a free port of loopback. */
export async function serveDeveloperPage() {
  const server = createServer((request, response) => void answer(request.url, response));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

async function answer(url, response) {
  const file = url.startsWith('/pkg/') && !url.includes('..') ? path.join(pkg, url.slice(5)) : undefined;
  const body = page[url] ?? (file && (await readFile(file).catch(() => undefined)));
  const type = types[path.extname(url) || '.html'];
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain', 'content-security-policy': policy });
  response.end(body);
}

/** Opens the page in a browser context and in it a light client of this network, as `light`. */
export async function developer(context, url, network) {
  const opened = await context.newPage();
  await opened.goto(url);
  await opened.waitForFunction(() => 'openLightClient' in globalThis);
  await opened.evaluate(async (description) => {
    globalThis.light = await globalThis.openLightClient(description);
  }, network);
  return opened;
}
