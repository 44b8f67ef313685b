// Canonical forms of every JSON document below a folder, by npm `canonicalize`; read by crates/records/tests/canonical.rs.
// node canonical.mjs FOLDER: one line `SHA256 SHA256-OF-THE-RECORD PATH#INDEX` for each document; a `-` for what there is none of.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import canonicalize from 'canonicalize';

const sha256 = (value) => createHash('sha256').update(canonicalize(value), 'utf8').digest('hex');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const digests = (bytes) => {
  let value;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    return '- -';
  }
  if (typeof value?.resourceType !== 'string' || value.id === undefined) return `${sha256(value)} -`;
  const { meta, text, ...record } = value;
  return `${sha256(value)} ${sha256(record)}`;
};

const folder = process.argv[2];
for (const path of readdirSync(folder, { recursive: true })) {
  const [, kind, packed] = /\.(json|ndjson|smart-health-card)(\.gz)?$/.exec(path) ?? [];
  if (kind === undefined) continue;
  const read = readFileSync(`${folder}/${path}`);
  const bytes = packed === undefined ? read : gunzipSync(read);
  const documents = kind === 'ndjson' ? bytes.toString('latin1').trimEnd().split('\n').map((line) => Buffer.from(line, 'latin1')) : [bytes];
  documents.forEach((document, index) => console.log(`${digests(document)} ${path}#${index}`));
}
