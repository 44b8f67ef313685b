//! Tests of this crate share a chain of their own: keys that seal whatever a test needs, right or wrong.

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, b256, keccak256};
use k256::ecdsa::SigningKey;

use crate::{
    ChainRules, Evidence, Header, ParityByte, Schedule, SealScheme, Signature, TrustThreshold,
    TrustedCheckpoint, VerifiedHeader, block_hash, public_key_address, rlp, verify_checkpoint,
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

/// A QBFT header that is still being written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) header: Header,
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
        Self { header, validators: validators.iter().map(address).collect(), vote: None, round: 0 }
    }

    /// A block `distance` blocks after `parent`, with the same validators.
    pub(crate) fn after(parent: &VerifiedHeader, distance: u64) -> Self {
        let mut header = parent.raw().clone();
        header.number += distance;
        header.timestamp += distance * BLOCK_PERIOD;
        header.parent_hash = parent.hash();
        header.coinbase = *parent.validators().iter().next().unwrap();
        Self { header, validators: parent.validators().iter().copied().collect(), vote: None, round: 0 }
    }

    /// What each seal has to sign.
    pub(crate) fn commit_digest(&self) -> B256 {
        keccak256(self.header.encode_with_extra(&self.extra(self.round, &[])))
    }

    /// The header with the seals of `signers`.
    pub(crate) fn seal<'k>(&self, signers: impl IntoIterator<Item = &'k SigningKey>) -> Header {
        let digest = self.commit_digest();
        self.with_seals(&signers.into_iter().map(|key| sign(key, digest)).collect::<Vec<_>>())
    }

    /// The header with these seals.
    pub(crate) fn with_seals(&self, seals: &[Signature]) -> Header {
        Header { extra_data: self.extra(self.round, seals).into(), ..self.header.clone() }
    }

    /// `extraData`.
    pub(crate) fn extra(&self, round: u32, seals: &[Signature]) -> Vec<u8> {
        let mut extra = Vec::new();
        rlp::write_list(&mut extra, |out| {
            rlp::write_bytes(out, &[0; 32]);
            rlp::write_list(out, |out| {
                self.validators.iter().for_each(|validator| rlp::write_bytes(out, validator.as_slice()));
            });
            rlp::write_list(out, |out| {
                if let Some((candidate, is_in)) = self.vote {
                    rlp::write_bytes(out, candidate.as_slice());
                    rlp::write_bytes(out, if is_in { &[0xff] } else { &[] });
                }
            });
            rlp::write_scalar(out, &round.to_be_bytes());
            rlp::write_list(out, |out| {
                seals.iter().for_each(|seal| rlp::write_bytes(out, &seal.to_bytes(ParityByte::FromZero)));
            });
        });
        extra
    }
}

/// The verified genesis block of these tests.
pub(crate) fn verified_genesis(draft: &Draft) -> VerifiedHeader {
    let header = draft.seal([]);
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &RULES).unwrap() };
    verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES).unwrap()
}
