// Makes the vectors of this folder with implementations that share no code with ours.
// npm ci && node generate.mjs
import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToSeedSync } from '@scure/bip39';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as chinese } from '@scure/bip39/wordlists/simplified-chinese.js';
import { signRequest } from '@slicekit/erc8128';
import canonicalize from 'canonicalize';
import { httpbis } from 'http-message-signatures';
import { privateKeyToAccount } from 'viem/accounts';

const hex = (bytes) => '0x' + bytesToHex(bytes);
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const save = (name, value) => writeFileSync(new URL(name, import.meta.url), JSON.stringify(value, null, 1) + '\n');
const u64 = (number) => { const bytes = new Uint8Array(8); new DataView(bytes.buffer).setBigUint64(0, BigInt(number)); return bytes; };
const addressOf = (key) => keccak_256(secp256k1.getPublicKey(key, false).slice(1)).slice(12);

// BIP-39: the entropies of the reference vectors with 12 or 24 words; no passphrase.
const entropies = [
  '00'.repeat(16), '7f'.repeat(16), '80'.repeat(16), 'ff'.repeat(16),
  '00'.repeat(32), '7f'.repeat(32), '80'.repeat(32), 'ff'.repeat(32),
  '9e885d952ad362caeb4efe34a8e91bd2', 'c0ba5a8e914111210f2bd131f3d5e08d',
  '23db8160a31d3e0dca3688ed941adbf3', 'f30f8c1da665478f49b001d94c5fc452',
  '68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c',
  '9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863',
  '066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad',
  'f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f',
];
save('bip39.json', [english, chinese].flatMap((list) => entropies.map((entropy) => {
  const phrase = entropyToMnemonic(hexToBytes(entropy), list);
  return { entropy: '0x' + entropy, phrase, seed: hex(mnemonicToSeedSync(phrase)) };
})));

// BIP-32: the hardened chains of the BIP's own vectors 1 to 4, and longer ones.
const seeds = {
  1: '000102030405060708090a0b0c0d0e0f',
  2: 'fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542',
  3: '4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be',
  4: '3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678',
};
const published = {
  "1 m/0'": 'xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7',
  "3 m/0'": 'xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L',
  "4 m/0'": 'xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G',
  "4 m/0'/1'": 'xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1',
};
save('bip32.json', Object.entries(seeds).flatMap(([vector, seed]) =>
  ["m", "m/0'", "m/0'/1'", "m/2147483647'/1'/44'"].map((path) => {
    const key = HDKey.fromMasterSeed(hexToBytes(seed)).derive(path);
    const known = published[`${vector} ${path}`];
    if (known !== undefined && known !== key.privateExtendedKey) throw new Error(`${vector} ${path}`);
    return { vector: Number(vector), path, published: known !== undefined, seed: '0x' + seed, key: hex(key.privateKey), chainCode: hex(key.chainCode) };
  })));

// Identities: m/7777'/chain'/index'/{0,1,2}' of one phrase.
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const phrase = entropyToMnemonic(hexToBytes('9e885d952ad362caeb4efe34a8e91bd2'), english);
const identities = [];
for (const [chain, index] of [[81777, 0], [81777, 1], [1, 2147483647]]) {
  const base = HDKey.fromMasterSeed(mnemonicToSeedSync(phrase)).derive(`m/7777'/${chain}'/${index}'`);
  const [sign, encrypt, delegate] = ["0'", "1'", "2'"].map((step) => base.derive('m/' + step).privateKey);
  const pair = await suite.kem.deriveKeyPair(encrypt.buffer.slice(encrypt.byteOffset, encrypt.byteOffset + 32));
  identities.push({
    chain, index, address: hex(addressOf(sign)), delegate: hex(addressOf(delegate)),
    encrypt: hex(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey))),
  });
}
save('identities.json', { phrase, identities });

// A call and its answers: RFC 9421 bases written out by hand, EIP-191, RFC 6979.
const key = (last) => { const bytes = new Uint8Array(32); bytes[31] = last; return bytes; };
const personal = (text) => keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${utf8ToBytes(text).length}`), utf8ToBytes(text)));
const signDigest = (digest, secret) => {
  const bytes = secp256k1.sign(digest, secret, { prehash: false, lowS: true, format: 'recovered' });
  return concatBytes(bytes.slice(1), new Uint8Array([27 + bytes[0]]));
};
const digestOf = (body) => `sha-256=:${base64(sha256(body))}:`;
const patient = key(1), steward = key(2);
const contract = '0x' + '5a'.repeat(20);
const replySecret = new Uint8Array(32).fill(7);
const replyPair = await suite.kem.deriveKeyPair(replySecret.buffer);
const replyKey = new Uint8Array(await suite.kem.serializePublicKey(replyPair.publicKey));
const body = JSON.stringify({
  version: 1, method: 'records.read', params: { categories: ['allergies', 'vital-signs'] }, network: 81777, contract,
  patient: hex(addressOf(patient)), steward: hex(addressOf(steward)),
  head: { number: 1234, hash: '0x' + 'ab'.repeat(32) }, replyKey: hex(replyKey),
});
const nonce = hexToBytes('000102030405060708090a0b0c0d0e0f');
const input = `("@scheme" "@authority" "@method" "@path" "@query" "content-digest" "content-type");created=1700000000;expires=1700000060;nonce="${Buffer.from(nonce).toString('base64url')}";keyid="eip155:81777:${hex(addressOf(patient))}";tag="medrec-v1"`;
const base = `"@scheme": https\n"@authority": records.example:8443\n"@method": POST\n"@path": /v1/call\n"@query": ?\n"content-digest": ${digestOf(utf8ToBytes(body))}\n"content-type": application/json\n"@signature-params": ${input}`;
const requestSignature = signDigest(personal(base), patient);
const answer = (status, type, content) => {
  const params = `("@status" "content-digest" "content-type" "@authority";req "signature";req;key="mr");created=1700000002;keyid="eip155:81777:${hex(addressOf(steward))}";tag="medrec-v1"`;
  const text = `"@status": ${status}\n"content-digest": ${digestOf(content)}\n"content-type": ${type}\n"@authority";req: records.example:8443\n"signature";req;key="mr": :${base64(requestSignature)}:\n"@signature-params": ${params}`;
  return { status, body: hex(content), headers: {
    'content-type': type, 'content-digest': digestOf(content), 'signature-input': `mr=${params}`,
    signature: `mr=:${base64(signDigest(personal(text), steward))}:` } };
};

// The envelope: HPKE with a fixed ephemeral key, padded to 4 KiB and to 64 KiB, in chunks of 64 KiB.
const info = concatBytes(utf8ToBytes('medrec/v1'), u64(81777), hexToBytes(contract.slice(2)), addressOf(patient), addressOf(steward));
const randomness = new Uint8Array(32).fill(9);
const seal = async (plaintext) => {
  const length = 4 + plaintext.length;
  const step = length < 65536 ? 4096 : 65536;
  const padded = new Uint8Array(Math.ceil(length / step) * step);
  new DataView(padded.buffer).setUint32(0, plaintext.length);
  padded.set(plaintext, 4);
  const ekm = await suite.kem.deriveKeyPair(randomness.buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey: replyPair.publicKey, info: info.buffer, ekm });
  const chunks = [];
  for (let start = 0; start < padded.length; start += 65536) {
    const isLast = start + 65536 >= padded.length;
    const aad = concatBytes(sha256(requestSignature), Uint8Array.of(isLast ? 1 : 0));
    chunks.push(new Uint8Array(await sender.seal(padded.slice(start, start + 65536).buffer, aad.buffer)));
  }
  return concatBytes(new Uint8Array(sender.enc), ...chunks);
};
const small = await seal(utf8ToBytes('{"categories":[]}'));
const large = await seal(new Uint8Array(70000).fill(65));
const refusal = utf8ToBytes(JSON.stringify({ code: 'no_grant', reason: 'there is no grant for this viewer', expected: 'a grant', found: 'none', block: 1234 }));
save('call.json', {
  patientKey: hex(patient), stewardKey: hex(steward), origin: 'https://records.example:8443', chainId: 81777, created: 1700000000,
  nonce: hex(nonce), replySecret: hex(replySecret), randomness: hex(randomness), contract, base, body,
  headers: { 'content-type': 'application/json', 'content-digest': digestOf(utf8ToBytes(body)), 'signature-input': `mr=${input}`, signature: `mr=:${base64(requestSignature)}:` },
  sealed: answer(200, 'application/medrec-sealed', small), refusal: answer(403, 'application/json', refusal),
  plaintext: '{"categories":[]}', large: { byte: 65, length: 70000, sha256: hex(sha256(large)), lengthSealed: large.length },
});

// Record sets: the tree by RFC 6962's recursive definition, over real synthetic records.
const hash = (...parts) => sha256(concatBytes(...parts));
const byte = (number) => new Uint8Array([number]);
const tree = (leaves) => {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return hash(byte(1), tree(leaves.slice(0, split)), tree(leaves.slice(split)));
};
const source = new URL(process.env.BUNDLE ?? '../../data/synthea/general-devora-orn.json.gz', import.meta.url);
const kept = { AllergyIntolerance: 0, Condition: 1, MedicationRequest: 2, Immunization: 5, Procedure: 6, Encounter: 7, Patient: 12 };
const dates = { AllergyIntolerance: 'onsetDateTime', Condition: 'onsetDateTime', MedicationRequest: 'authoredOn', Immunization: 'occurrenceDateTime', Procedure: 'performedDateTime' };
const counts = {};
const records = JSON.parse(gunzipSync(readFileSync(source))).entry.map(({ resource }) => resource)
  .filter(({ resourceType }) => resourceType in kept && (counts[resourceType] = (counts[resourceType] ?? 0) + 1) <= 7)
  .map((resource, number) => {
    const { meta, text, ...sealed } = resource;
    const content = canonicalize(sealed);
    const date = resource.resourceType === 'Encounter' ? resource.period.start : resource[dates[resource.resourceType]];
    const time = date === undefined ? u64(0) : u64((1n << 63n) + BigInt(Math.floor(Date.parse(date) / 1000)));
    const id = hash(utf8ToBytes(`${resource.resourceType}/${resource.id}`));
    const category = kept[resource.resourceType];
    const salt = hash(utf8ToBytes(`salt ${number}`));
    const leaf = hash(byte(0), byte(category), time, id, hash(salt, sha256(utf8ToBytes(content))));
    return { category, salt, content, key: bytesToHex(concatBytes(time, id)), leaf };
  });
const salts = Array.from({ length: 16 }, (_, place) => hash(utf8ToBytes(`category ${place}`)));
const places = salts.map((salt, place) => {
  const own = records.filter(({ category }) => category === place).sort((a, b) => (a.key < b.key ? -1 : 1));
  return { own, node: hash(byte(2), byte(place), u64(own.length), tree(own.map(({ leaf }) => leaf)), salt) };
});
const root = hash(byte(3), tree(places.map(({ node }) => node)), u64(records.length));
save('record_set.json', {
  root: hex(root), total: records.length, categorySalts: salts.map(hex),
  records: places.flatMap(({ own }) => own.map(({ category, salt, content, key, leaf }) => ({ category, salt: hex(salt), key: '0x' + key, leaf: hex(leaf), content }))),
});

// RFC 9421 by another library. It is held to the examples of the RFC whose signatures leave no choice (B.2.5 and B.2.6).
const testRequest = { method: 'POST', url: 'https://example.com/foo?param=Value&Pet=dog', headers: {
  date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json', 'content-length': '18' } };
const examples = [
  [['date', '@authority', 'content-type'], 'test-shared-secret', 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    (base) => createHmac('sha256', Buffer.from('uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==', 'base64')).update(base).digest()],
  [['date', '@method', '@path', '@authority', 'content-type', 'content-length'], 'test-key-ed25519',
    'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    (base) => sign(null, base, createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.from('MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF', 'base64') }))],
];
for (const [fields, id, signature, signBase] of examples) {
  const params = { params: ['created', 'keyid'], paramValues: { created: new Date(1618884473000) } };
  const { headers } = await httpbis.signMessage({ fields, ...params, name: 'sig', key: { id, sign: signBase } }, testRequest);
  if (headers.Signature !== `sig=:${signature}:`) throw new Error(`RFC 9421, ${id}: ${headers.Signature}`);
}

// Our profile over many origins, keys, times and bodies; the EIP-191 signature is viem's.
const origins = ['https://records.example', 'https://records.example:8443', 'http://127.0.0.1:8080', 'https://[2001:db8::1]', 'http://[::1]:81', 'https://a-b.c1.example:1'];
const bodies = ['', '{"hello": "world"}', '{"hello": "world"}\n', 'Grüße', '\u0000'.repeat(65536)];
const signedBy = async (account, fields, message, parameters, request) => {
  const paramValues = { ...parameters, created: new Date(parameters.created * 1000), expires: parameters.expires && new Date(parameters.expires * 1000) };
  const key = { id: parameters.keyid, sign: async (raw) => Buffer.from((await account.signMessage({ message: { raw } })).slice(2), 'hex') };
  const config = { fields, name: 'mr', params: [...Object.keys(parameters)], paramValues, key };
  const { headers } = await httpbis.signMessage(config, message, request);
  return { ...message.headers, 'signature-input': headers['Signature-Input'], signature: headers.Signature };
};
const messages = [];
for (let number = 0; number < 30; number += 1) {
  const secret = hash(utf8ToBytes(`key ${number}`)), stewardSecret = hash(utf8ToBytes(`steward ${number}`));
  const [account, steward] = [secret, stewardSecret].map((bytes) => privateKeyToAccount(hex(bytes)));
  const origin = origins[number % origins.length], body = utf8ToBytes(bodies[number % bodies.length]);
  const chainId = [1, 81777, 2147483647][number % 3], created = 1 + number * 58620689;
  const nonce = hash(utf8ToBytes(`nonce ${number}`)).slice(0, 16);
  const keyOf = ({ address }) => `eip155:${chainId}:${address.toLowerCase()}`;
  const request = { method: 'POST', url: `${origin}/v1/call`, headers: { 'content-type': 'application/json', 'content-digest': digestOf(body) } };
  request.headers = await signedBy(account, ['@scheme', '@authority', '@method', '@path', '@query', 'content-digest', 'content-type'], request,
    { created, expires: created + 60, nonce: Buffer.from(nonce).toString('base64url'), keyid: keyOf(account), tag: 'medrec-v1' });
  const status = [200, 400, 401, 403, 409, 413, 429, 503][number % 8];
  const answer = { status, headers: { 'content-type': status === 200 ? 'application/medrec-sealed' : 'application/json', 'content-digest': digestOf(body) } };
  answer.headers = await signedBy(steward, ['@status', 'content-digest', 'content-type', '@authority;req', 'signature;req;key="mr"'], answer,
    { created: created + 1, keyid: keyOf(steward), tag: 'medrec-v1' }, request);
  messages.push({ key: hex(secret), steward: hex(stewardSecret), origin, chainId, created, nonce: hex(nonce), body: hex(body.length < 100 ? body : body.slice(0, 1)), repeat: body.length < 100 ? 1 : body.length, headers: request.headers, status, answer: answer.headers });
}
save('messages.json', messages);

// ERC-8128 by its own library: another key id and other components than ours, but the same base, digest and signature.
save('erc8128.json', await Promise.all(bodies.slice(0, 4).flatMap((body, number) => ['GET', 'POST'].map(async (method) => {
  const secret = hash(utf8ToBytes(`erc8128 ${number}`));
  const account = privateKeyToAccount(hex(secret));
  let base;
  const signer = { chainId: 81777, address: account.address, signMessage: (raw) => { base = raw; return account.signMessage({ message: { raw } }); } };
  const init = method === 'GET' ? { method } : { method, body: body === '' ? new Uint8Array() : body, headers: { 'content-type': 'application/json' } };
  const signed = await signRequest(`${origins[number]}/v1/call?a=${number}`, init, signer, { created: 1700000000 + number, nonce: `nonce-${number}` });
  return { key: hex(secret), address: account.address, base: new TextDecoder().decode(base), body, input: signed.headers.get('signature-input'),
    contentDigest: signed.headers.get('content-digest'), signature: signed.headers.get('signature') };
}))));
