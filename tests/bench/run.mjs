// Serves the page, the data and the light client of FOLDER, runs them in Chromium, and writes what was measured to
// FOLDER/measured.json. Decides nothing.
//
//     node run.mjs FOLDER ROUNDS
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { launch, person } from '../journeys/browser.mjs';

const [folder, rounds] = process.argv.slice(2);
const types = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm' };
const shell = '<!doctype html><title>bench</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>';
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  try {
    const body = path === '/' ? shell : await readFile(join(folder, path));
    response.setHeader('content-type', types[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream');
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const [load] = loadavg();
const browser = await launch();
try {
  const page = await person(browser);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.exposeFunction('cpuSeconds', async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => window.bench !== undefined);
  const measured = await page.evaluate((rounds) => window.bench(rounds), Number(rounds));
  const [first, ...others] = cpus();
  const machine = {
    date: new Date().toISOString().slice(0, 10), cpu: first.model, cores: others.length + 1, load,
    chromium: browser.version(),
  };
  const pkg = join(import.meta.dirname, '../../pkg');
  const sizes = {
    app: await compressed(join(pkg, 'medrec_light_bg.wasm'), join(pkg, 'medrec_light.js')),
    chain: await compressed(join(pkg, 'chain/medrec_chain_bg.wasm'), join(pkg, 'chain/medrec_chain.js')),
    light: await compressed(join(folder, 'light_bg.wasm'), join(folder, 'light.js')),
  };
  await writeFile(join(folder, 'measured.json'), JSON.stringify({ ...measured, machine, sizes }));
} finally {
  await browser.close();
  server.close();
}

/** Bytes of files after brotli, each for itself, as a server sends them. */
async function compressed(...files) {
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };
  const sizes = await Promise.all(files.map(async (file) => brotliCompressSync(await readFile(file), options).length));
  return sizes.reduce((sum, size) => sum + size, 0);
}
