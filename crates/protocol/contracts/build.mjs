// Compiles the contracts with the pinned solc of package.json into compiled/*.json.
//   node build.mjs          writes the files
//   node build.mjs --check  compares them and fails if any differs
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const folder = dirname(fileURLToPath(import.meta.url));
const compiledFolder = join(folder, "compiled");

/** Source files by name, in the order of their names. */
function readSources() {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sol")).sort();
  return Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), "utf8") }]));
}

/** Runs the compiler; any error or warning stops the build. */
function compile(sources) {
  const input = {
    language: "Solidity",
    sources,
    settings: {
      evmVersion: "berlin",
      optimizer: { enabled: true, runs: 200 },
      // No path- or comment-dependent bytes in the code: its hash is part of the network description.
      metadata: { bytecodeHash: "none", appendCBOR: false },
      outputSelection: {
        "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const messages = (output.errors ?? []).map((error) => error.formattedMessage);
  if (messages.length > 0) throw new Error(messages.join("\n"));
  return output.contracts;
}

/** Struct types carry the compiler's AST ids, which change with unrelated edits; their names say enough. */
function stableLayout(layout) {
  const text = JSON.stringify(layout).replace(/\)\d+(?=_storage|\b|_)/g, ")").replace(/"astId":\d+,/g, "");
  return JSON.parse(text);
}

/** The same value with the members of every object in the order of their names. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/** File names and contents of the compiled contracts; interfaces are left out. */
function artefacts() {
  const files = new Map();
  for (const [source, contracts] of Object.entries(compile(readSources()))) {
    const name = source.replace(/\.sol$/, "");
    const { abi, evm, storageLayout } = contracts[name];
    const artefact = {
      compiler: solc.version(),
      abi,
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
      storageLayout: stableLayout(storageLayout),
    };
    files.set(`${name}.json`, `${JSON.stringify(sorted(artefact), null, 2)}\n`);
  }
  return files;
}

function write(files) {
  mkdirSync(compiledFolder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(compiledFolder, name), content);
  console.log(`wrote ${[...files.keys()].join(", ")}`);
}

function check(files) {
  const found = readdirSync(compiledFolder).filter((name) => name.endsWith(".json"));
  const names = new Set([...found, ...files.keys()]);
  const differing = [...names].filter((name) => {
    if (!found.includes(name) || !files.has(name)) return true;
    return readFileSync(join(compiledFolder, name), "utf8") !== files.get(name);
  });
  if (differing.length > 0) {
    console.error(`compiled/ differs from what solc makes of the sources: ${differing.sort().join(", ")}`);
    process.exitCode = 1;
    return;
  }
  console.log(`compiled/ is what solc ${solc.version()} makes of the sources`);
}

const [argument, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (argument !== undefined && argument !== "--check")) {
  console.error("usage: node build.mjs [--check]");
  process.exitCode = 2;
} else if (argument === "--check") {
  check(artefacts());
} else {
  write(artefacts());
}
