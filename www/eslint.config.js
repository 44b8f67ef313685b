import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What would run a string as code or as markup. Text reaches the page by lit's text bindings only. */
const markup = [
  ...['innerHTML', 'outerHTML', 'srcdoc'].map((name) => ({
    selector: `MemberExpression[property.name='${name}']`,
    message: `${name} is not used: bind text.`,
  })),
  ...['insertAdjacentHTML', 'setHTMLUnsafe', 'parseHTMLUnsafe', 'createContextualFragment'].map((name) => ({
    selector: `CallExpression[callee.property.name='${name}']`,
    message: `${name} is not used: bind text.`,
  })),
  { selector: "CallExpression[callee.object.name='document'][callee.property.name=/^write/]", message: 'Bind text.' },
  { selector: 'TSNonNullExpression', message: 'Narrow the value instead of asserting it.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
];

const globals = [
  'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'indexedDB', 'crypto', 'caches', 'localStorage',
  'sessionStorage', 'Worker', 'SharedWorker', 'eval', 'Function',
].map((name) => ({ name, message: 'Only client.ts, worker.ts, passkey.ts and the preferences may reach outside the page.' }));

const markupImports = ['lit/directives/unsafe-html.js', 'lit/directives/unsafe-svg.js', 'lit/static-html.js']
  .map((name) => ({ name, message: 'Text bindings only.' }));

/** Refuses imports of the layers that a folder must not know. */
const layer = (files, forbidden) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', {
      paths: markupImports,
      patterns: [{ group: forbidden, message: 'See ARCHITECTURE.md: pages → elements → text, styles; only the client knows wasm.' }],
    }],
  },
});

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-syntax': ['error', ...markup],
      'no-restricted-globals': ['error', ...globals],
      'no-restricted-imports': ['error', { paths: markupImports }],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
    },
  },
  layer(['src/elements/**/*.ts'], ['**/pages/*', '**/controllers/*', '**/client.js', '**/worker.js', '**/rpc.js', '**/pkg/**']),
  layer(['src/text/**/*.ts', 'src/styles/**/*.ts'], ['**/pages/*', '**/elements/*', '**/controllers/*', '**/client.js', '**/worker.js', '**/rpc.js', '**/pkg/**']),
  layer(['src/pages/**/*.ts', 'src/controllers/**/*.ts'], ['**/worker.js', '**/rpc.js', '**/pkg/**']),
  {
    // The edge to the worker and to wasm: the only files that may reach outside the page.
    files: ['src/client.ts', 'src/worker.ts', 'src/kdf.worker.ts', 'src/rpc.ts', 'src/serve.ts', 'src/trusted.ts', 'src/chain/*.ts'],
    rules: {
      'no-restricted-globals': 'off',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A rejection is handed on as it came.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
    },
  },
  { files: ['src/controllers/preferences.ts', 'src/passkey.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    // `describe` and `it` of node:test return promises that the runner itself awaits.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
);
