//! Tests of this crate share a chain of their own: keys that seal whatever a test needs, right or wrong.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, b256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use k256::ecdsa::SigningKey;

use crate::{
    ChainRules, Evidence, Header, ParityByte, Schedule, SealScheme, Signature, TrustThreshold,
    TrustedCheckpoint, VerifiedHeader, block_hash, public_key_address, rlp, validator_slots,
    verify_checkpoint,
};

/// Time of the genesis block of these tests.
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;

/// Seconds between blocks.
pub(crate) const BLOCK_PERIOD: u64 = 2;

/// What a client of these tests knows beforehand.
pub(crate) const RULES: ChainRules = ChainRules {
    chain_id: 1,
    schedule: Schedule::constant(SealScheme::Qbft, 100, BLOCK_PERIOD),
    trust: TrustThreshold::OneThird,
    trusting_period: 1000,
    clock_drift: 5,
};

/// `n` keys, in the order of their addresses.
pub(crate) fn keys(n: u8) -> Vec<SigningKey> {
    let mut keys: Vec<SigningKey> =
        (1..=n).map(|seed| SigningKey::from_slice(&[seed; 32]).unwrap()).collect();
    keys.sort_by_key(address);
    keys
}

/// The address of a key.
pub(crate) fn address(key: &SigningKey) -> Address {
    public_key_address(key.verifying_key())
}

/// Signs `digest`, with the low s.
pub(crate) fn sign(key: &SigningKey, digest: B256) -> Signature {
    let (signature, id) = key.sign_prehash_recoverable(digest.as_slice());
    let (r, s) = signature.split_bytes();
    let signature = Signature { r: B256::from_slice(&r), s: B256::from_slice(&s), y_parity: id.is_y_odd() };
    let low = k256::ecdsa::Signature::from_scalars(signature.r.0, signature.s.0).unwrap().normalize_s();
    if low.split_bytes().1 == s { signature } else { twin(&signature) }
}

/// The other signature of the same signer over the same digest: (r, n-s) and the other parity.
pub(crate) fn twin(signature: &Signature) -> Signature {
    const ORDER: U256 =
        U256::from_be_bytes(b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").0);
    let s = B256::from(ORDER - U256::from_be_bytes(signature.s.0));
    Signature { r: signature.r, s, y_parity: !signature.y_parity }
}

/// A header of the Istanbul family that is still being written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) header: Header,
    pub(crate) scheme: SealScheme,
    /// Who seals as proposer under legacy IBFT.
    pub(crate) proposer: Option<SigningKey>,
    /// None where a contract holds them.
    pub(crate) validators: Vec<Address>,
    /// The candidate, and whether in or out.
    pub(crate) vote: Option<(Address, bool)>,
    pub(crate) round: u32,
}

impl Draft {
    /// A genesis block.
    pub(crate) fn genesis(validators: &[SigningKey]) -> Self {
        let header = Header {
            parent_hash: B256::ZERO,
            ommers_hash: keccak256([0xc0]),
            coinbase: Address::ZERO,
            state_root: B256::repeat_byte(0x55),
            transactions_root: B256::ZERO,
            receipts_root: B256::ZERO,
            logs_bloom: Bloom::ZERO,
            difficulty: U256::ONE,
            number: 0,
            gas_limit: 30_000_000,
            gas_used: 0,
            timestamp: GENESIS_TIME,
            extra_data: Bytes::new(),
            mix_hash: B256::from(*b"ctical byzantine fault tolerance"),
            nonce: [0; 8],
            base_fee_per_gas: None,
            withdrawals_root: None,
            blob_gas_used: None,
            excess_blob_gas: None,
            parent_beacon_block_root: None,
            requests_hash: None,
        };
        let validators = validators.iter().map(address).collect();
        Self { header, scheme: SealScheme::Qbft, proposer: None, validators, vote: None, round: 0 }
    }

    /// A block `distance` blocks after `parent`, with the same validators.
    pub(crate) fn after(parent: &VerifiedHeader, distance: u64) -> Self {
        let mut header = parent.raw().clone();
        header.number += distance;
        header.timestamp += distance * BLOCK_PERIOD;
        header.parent_hash = parent.hash();
        header.coinbase = *parent.validators().iter().next().unwrap();
        let validators = parent.validators().iter().copied().collect();
        Self { header, scheme: SealScheme::Qbft, proposer: None, validators, vote: None, round: 0 }
    }

    /// The same under legacy IBFT, without a vote.
    pub(crate) fn by_ibft(mut self, proposer: &SigningKey) -> Self {
        self.header.coinbase = Address::ZERO;
        Self { scheme: SealScheme::Ibft, proposer: Some(proposer.clone()), ..self }
    }

    /// The same with other validators, the first of which proposes.
    pub(crate) fn with_validators(mut self, keys: &[SigningKey]) -> Self {
        self.validators = keys.iter().map(address).collect();
        self.header.coinbase = self.validators[0];
        self
    }

    /// What each seal has to sign.
    pub(crate) fn commit_digest(&self) -> B256 {
        let digest = keccak256(self.header.encode_with_extra(&self.extra(self.round, Some(&[]))));
        match self.scheme {
            SealScheme::Ibft => keccak256([digest.as_slice(), &[2]].concat()),
            SealScheme::Ibft2 => keccak256(self.header.encode_with_extra(&self.extra(self.round, None))),
            _ => digest,
        }
    }

    /// The header with the seals of `signers`.
    pub(crate) fn seal<'k>(&self, signers: impl IntoIterator<Item = &'k SigningKey>) -> Header {
        let digest = self.commit_digest();
        self.with_seals(&signers.into_iter().map(|key| sign(key, digest)).collect::<Vec<_>>())
    }

    /// The header with these seals.
    pub(crate) fn with_seals(&self, seals: &[Signature]) -> Header {
        Header { extra_data: self.extra(self.round, Some(seals)).into(), ..self.header.clone() }
    }

    /// `extraData`, with the item of the seals or without it.
    fn extra(&self, round: u32, seals: Option<&[Signature]>) -> Vec<u8> {
        if self.scheme == SealScheme::Ibft {
            let unsealed = self.header.encode_with_extra(&self.ibft_extra(&[], &[]));
            // The engine hashes what it signs, and what it signs is a hash.
            let digest = keccak256(keccak256(unsealed));
            let proposer_seal = self.proposer.as_ref().map(|key| sign(key, digest));
            let proposer_seal = proposer_seal.map(|seal| seal.to_bytes(ParityByte::FromZero).to_vec());
            return self.ibft_extra(&proposer_seal.unwrap_or_default(), seals.unwrap());
        }
        let mut extra = Vec::new();
        rlp::write_list(&mut extra, |out| {
            rlp::write_bytes(out, &[0; 32]);
            self.write_validators(out);
            self.write_vote(out);
            if self.scheme == SealScheme::Ibft2 {
                rlp::write_bytes(out, &round.to_be_bytes());
            } else {
                rlp::write_scalar(out, &round.to_be_bytes());
            }
            if let Some(seals) = seals {
                write_seals(out, seals);
            }
        });
        extra
    }

    fn ibft_extra(&self, proposer_seal: &[u8], seals: &[Signature]) -> Vec<u8> {
        let mut extra = vec![0; 32];
        let mut list = Vec::new();
        rlp::write_list(&mut list, |out| {
            self.write_validators(out);
            rlp::write_bytes(out, proposer_seal);
            write_seals(out, seals);
        });
        extra.append(&mut list);
        extra
    }

    fn write_validators(&self, out: &mut Vec<u8>) {
        rlp::write_list(out, |out| {
            self.validators.iter().for_each(|validator| rlp::write_bytes(out, validator.as_slice()));
        });
    }

    fn write_vote(&self, out: &mut Vec<u8>) {
        let (is_ibft2, Some((candidate, is_in))) = (self.scheme == SealScheme::Ibft2, self.vote) else {
            out.push(if self.scheme == SealScheme::Ibft2 { 0x80 } else { 0xc0 });
            return;
        };
        let direction: &[u8] = match (is_in, is_ibft2) {
            (true, _) => &[0xff],
            (false, true) => &[0],
            (false, false) => &[],
        };
        rlp::write_list(out, |out| {
            rlp::write_bytes(out, candidate.as_slice());
            rlp::write_bytes(out, direction);
        });
    }
}

fn write_seals(out: &mut Vec<u8>, seals: &[Signature]) {
    rlp::write_list(out, |out| {
        seals.iter().for_each(|seal| rlp::write_bytes(out, &seal.to_bytes(ParityByte::FromZero)));
    });
}

/// The state of a chain where the contract `address` holds `validators` in slot 0: the state root, the nodes to the
/// account, and those to the slots that prove the list.
pub(crate) fn contract_state(
    address: Address,
    validators: &[Address],
) -> (B256, Vec<Bytes>, Vec<Vec<Bytes>>) {
    let slots = validator_slots(U256::ZERO, validators.len());
    let words = validators.iter().map(|validator| U256::from_be_slice(validator.as_slice()));
    let words = core::iter::once(U256::from(validators.len())).chain(words);
    let entries = slots.iter().zip(words).map(|(slot, word)| {
        let mut value = Vec::new();
        rlp::write_scalar(&mut value, &word.to_be_bytes::<32>());
        (keccak256(slot), value)
    });
    let (storage_root, storage_proofs) = trie_of(entries.collect());
    let storage_proofs = slots.iter().map(|slot| storage_proofs[&keccak256(slot)].clone()).collect();
    let mut account = Vec::new();
    rlp::write_list(&mut account, |out| {
        rlp::write_scalar(out, &[1]);
        rlp::write_scalar(out, &[0]);
        rlp::write_bytes(out, storage_root.as_slice());
        rlp::write_bytes(out, keccak256("code").as_slice());
    });
    let (state_root, account_proof) = trie_of([(keccak256(address), account)].into());
    (state_root, account_proof[&keccak256(address)].clone(), storage_proofs)
}

/// Root of a trie, and the way to each of its keys.
fn trie_of(entries: BTreeMap<B256, Vec<u8>>) -> (B256, BTreeMap<B256, Vec<Bytes>>) {
    let paths: Vec<Nibbles> = entries.keys().map(Nibbles::unpack).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter(paths));
    for (key, value) in &entries {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let way = |key| nodes.matching_nodes_sorted(&Nibbles::unpack(key)).into_iter().map(|(_, node)| node);
    (root, entries.keys().map(|key| (*key, way(key).collect())).collect())
}

/// The verified genesis block of these tests.
pub(crate) fn verified_genesis(draft: &Draft) -> VerifiedHeader {
    let header = draft.seal([]);
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &RULES).unwrap() };
    verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES).unwrap()
}
