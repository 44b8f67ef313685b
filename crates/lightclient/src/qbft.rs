//! QBFT: what stands in `extraData`, and the three encodings of one header.
//!
//! `extraData` is the RLP list `[vanity, validators, vote, round, seals]`. One header is encoded in three ways:
//!
//! | encoding | round | seals | used for |
//! | --- | --- | --- | --- |
//! | as served | as it is | as they are | storage, JSON-RPC |
//! | commit digest | as it is | none | what each seal signs |
//! | block hash | 0 | none | `hash`, `parentHash` |
//!
//! so the Keccak-256 of the served bytes is *not* the block hash, and seals and round may differ from server to
//! server under one block hash. Vanity, validators and vote are taken over byte for byte, never encoded anew:
//! what Besu would tolerate and rewrite (a sixth item, another byte for a vote) would have another hash in Besu
//! than here, so it is refused.
//!
//! Source: Besu `QbftExtraDataCodec`, `BftBlockHashing`; GoQuorum `core/types/istanbul.go`. Chains that keep
//! their validators in a contract have an empty list here and are refused as [`ValidatorSetError::Empty`].

use alloy_primitives::{Address, B256, keccak256};

use crate::{
    Fault, Header, ParityByte, Signature, SignatureError, ValidatorSet, ValidatorSetError, rlp,
    rlp::RlpError, signature::recover_signer,
};

/// The block hash of a QBFT header: round 0, no seals.
///
/// # Errors
/// [`QbftError`] when `extraData` is not that of a QBFT header.
pub fn block_hash(header: &Header) -> Result<B256, QbftError> {
    Ok(ExtraData::decode(&header.extra_data)?.block_hash(header))
}

/// The `extraData` of a QBFT header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtraData<'a> {
    /// Vanity, validators and vote as they were encoded.
    leading: &'a [u8],
    /// The set that may seal this very block.
    pub(crate) validators: ValidatorSet,
    /// Whom the proposer votes in or out, if anybody.
    pub(crate) candidate: Option<Address>,
    /// The round in which the block was sealed.
    pub(crate) round: u32,
    /// The committed seals, in the order in which they were served.
    pub(crate) seals: Vec<Signature>,
}

impl<'a> ExtraData<'a> {
    /// Decodes exactly five items, each in its one right form.
    pub(crate) fn decode(extra: &'a [u8]) -> Result<Self, QbftError> {
        let mut items = rlp::Reader::open(extra).map_err(item("list"))?;
        let all = items.rest();
        items.fixed::<VANITY_BYTES>().map_err(item("vanity"))?;
        let validators = decode_validators(items.list().map_err(item("validators"))?)?;
        let candidate = decode_vote(items.list().map_err(item("vote"))?)?;
        let leading_length = all.len() - items.rest().len();
        let round = items.u32().map_err(item("round"))?;
        let seals = decode_seals(items.list().map_err(item("seals"))?)?;
        items.finish().map_err(item("list"))?;
        Ok(Self {
            leading: all.get(..leading_length).unwrap_or_default(),
            validators,
            candidate,
            round,
            seals,
        })
    }

    /// Digest of `header` with round 0 and without seals.
    pub(crate) fn block_hash(&self, header: &Header) -> B256 {
        self.digest_without_seals(header, 0)
    }

    /// Digest of `header` with its round and without seals: what each seal signs.
    ///
    /// `block_hash` is the hash computed before; in round 0 the two are the same.
    pub(crate) fn commit_digest(&self, header: &Header, block_hash: B256) -> B256 {
        if self.round == 0 { block_hash } else { self.digest_without_seals(header, self.round) }
    }

    /// Recovers who made each seal, one after the other, in the order of the seals. Whether they may seal is
    /// not checked.
    pub(crate) fn sealers(&self, commit_digest: B256) -> impl Iterator<Item = Result<Address, QbftError>> {
        self.seals.iter().enumerate().map(move |(index, seal)| {
            recover_signer(commit_digest, seal).map_err(|source| QbftError::Seal { index, source })
        })
    }

    fn digest_without_seals(&self, header: &Header, round: u32) -> B256 {
        let mut extra = Vec::with_capacity(self.leading.len() + 16);
        rlp::write_list(&mut extra, |out| {
            out.extend_from_slice(self.leading);
            rlp::write_scalar(out, &round.to_be_bytes());
            rlp::write_list(out, |_| ());
        });
        keccak256(header.encode_with_extra(&extra))
    }
}

fn decode_validators(mut items: rlp::Reader<'_>) -> Result<ValidatorSet, QbftError> {
    let mut addresses = Vec::with_capacity(items.rest().len() / ENCODED_ADDRESS_BYTES);
    while !items.is_at_end() {
        addresses.push(Address::from(items.fixed::<20>().map_err(item("validators"))?));
    }
    Ok(ValidatorSet::new(addresses)?)
}

/// A vote is the empty list, or an address and `0xff` (in) or nothing (out).
fn decode_vote(mut items: rlp::Reader<'_>) -> Result<Option<Address>, QbftError> {
    if items.is_at_end() {
        return Ok(None);
    }
    let candidate = Address::from(items.fixed::<20>().map_err(item("vote"))?);
    match items.bytes().map_err(item("vote"))? {
        [] | [0xff] => {}
        [found, ..] => return Err(QbftError::Vote { candidate, found: *found }),
    }
    items.finish().map_err(item("vote"))?;
    Ok(Some(candidate))
}

fn decode_seals(mut items: rlp::Reader<'_>) -> Result<Vec<Signature>, QbftError> {
    let mut seals = Vec::with_capacity(items.rest().len() / ENCODED_SEAL_BYTES);
    while !items.is_at_end() {
        let bytes = items.bytes().map_err(item("seals"))?;
        let seal = Signature::from_bytes(bytes, ParityByte::FromZero)
            .map_err(|source| QbftError::Seal { index: seals.len(), source })?;
        seals.push(seal);
    }
    Ok(seals)
}

fn item(name: &'static str) -> impl Fn(RlpError) -> QbftError {
    move |source| QbftError::Rlp { item: name, source }
}

/// Why `extraData` is not that of a QBFT header, or a seal in it is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QbftError {
    /// An item of `extraData` is not the one right RLP encoding.
    #[error("extraData: {item} is not well-formed")]
    Rlp {
        /// Which item: `list` for the whole.
        item: &'static str,
        /// What is wrong with it.
        source: RlpError,
    },
    /// A seal is not a signature, or nobody's.
    #[error("extraData: seal {index} is not valid")]
    Seal {
        /// Position among the seals.
        index: usize,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The list of validators is not a set in order.
    #[error("extraData: validators are not a set")]
    Validators(#[from] ValidatorSetError),
    /// A vote that is neither in (`0xff`) nor out (empty).
    #[error("extraData: vote on {candidate} is {found:#04x}, expected 0xff or nothing")]
    Vote {
        /// Whom the vote is about.
        candidate: Address,
        /// First byte of the vote.
        found: u8,
    },
}

impl QbftError {
    /// Whose fault it is: who sent the header.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

const VANITY_BYTES: usize = 32;
/// A 20-byte string with its prefix.
const ENCODED_ADDRESS_BYTES: usize = 21;
/// A 65-byte string with its prefix.
const ENCODED_SEAL_BYTES: usize = 67;

#[cfg(test)]
mod tests;
