// What other libraries need to verify the same headers and proofs. Each does the least that is right: RLP decoded,
// encoded again without the seals, hashed, the parent compared, each seal's signer recovered and looked up in the set.
import { verifyMerkleProof } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { equalBytes } from '@noble/curves/utils.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, fromRlp, keccak256, recoverAddress, toRlp } from 'viem';

const PARENT = 0;
const EXTRA = 12;

/** Verifies a header on top of the one with the hash `parent`; its own hash, and its signers. */
export async function viemHeader(encoded, parent) {
  const fields = fromRlp(encoded, 'hex');
  if (fields[PARENT] !== parent) throw new Error('another parent');
  const [vanity, validators, vote, round, seals] = fromRlp(fields[EXTRA], 'hex');
  if (round !== '0x') throw new Error('the headers measured are of round 0, where one digest serves twice');
  fields[EXTRA] = toRlp([vanity, validators, vote, round, []]);
  const hash = keccak256(toRlp(fields));
  const signers = new Set();
  for (const seal of seals) {
    const signer = (await recoverAddress({ hash, signature: seal })).toLowerCase();
    if (!validators.includes(signer)) throw new Error('a stranger');
    signers.add(signer);
  }
  if (signers.size < Math.ceil((2 * validators.length) / 3)) throw new Error('no quorum');
  return { hash, signers: [...signers] };
}

/** As `viemHeader`, with @noble/curves, @noble/hashes and @ethereumjs/rlp; bytes instead of hex. */
export function nobleHeader(encoded, parent) {
  const fields = RLP.decode(encoded);
  if (bytesToHex(fields[PARENT]) !== parent) throw new Error('another parent');
  const [vanity, validators, vote, round, seals] = RLP.decode(fields[EXTRA]);
  if (round.length !== 0) throw new Error('the headers measured are of round 0, where one digest serves twice');
  fields[EXTRA] = RLP.encode([vanity, validators, vote, round, []]);
  const hash = keccak_256(RLP.encode(fields));
  const signers = new Set();
  for (const seal of seals) {
    const point = secp256k1.Signature.fromBytes(seal.subarray(0, 64), 'compact')
      .addRecoveryBit(seal[64]).recoverPublicKey(hash).toBytes(false);
    const signer = keccak_256(point.subarray(1)).subarray(12);
    if (!validators.some((validator) => equalBytes(validator, signer))) throw new Error('a stranger');
    signers.add(bytesToHex(signer));
  }
  if (signers.size < Math.ceil((2 * validators.length) / 3)) throw new Error('no quorum');
  return { hash: bytesToHex(hash), signers: [...signers] };
}

/** The nonce of an account, proven under a state root. */
export async function mptAccount(root, address, proof) {
  const account = await verifyMerkleProof(address, proof, { root, useKeyHashing: true });
  return BigInt(bytesToHex(RLP.decode(account)[0]));
}
