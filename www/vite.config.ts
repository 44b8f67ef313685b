import { defineConfig } from 'vite';

/** The patient app: one page, its worker, and the wasm as a separate file. */
export default defineConfig({
  build: {
    target: 'es2022',
    // Nothing is inlined: the content security policy knows no `data:` scripts, and wasm is to be streamed and cached.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  // `pkg/` lies beside `www/`.
  server: { host: '127.0.0.1', fs: { allow: ['..'] } },
  preview: { host: '127.0.0.1' },
});
