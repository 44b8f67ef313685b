//! Seals: what `extraData` holds in each scheme, what its signers sign, and the keys they sign with.
//!
//! One header has three forms. The *hashed* form makes the block hash, the *signed* form is what signers sign, and the
//! *served* form has everything. In the BFT schemes the hash leaves round and seals out, so it does not depend on who sealed:
//! nodes serve the same block with different seals, and so do the endpoints of this chain. In Clique the seal is part of the
//! hash.
//!
//! This process holds the keys of all validators, which no real network may do.
//!
//! Source: QBFT and IBFT 2.0 as in Besu (`QbftExtraDataCodec`, `IbftExtraDataCodec`), legacy IBFT as in GoQuorum
//! (`core/types/istanbul.go`), Clique as in EIP-225.

mod extra;
mod keys;

use alloy_consensus::Header;
use alloy_primitives::{B256, b256, keccak256};

use crate::rules::Scheme;

pub(crate) use extra::{Extra, Form, Vote};
pub(crate) use keys::{Keys, Seal, generate_secret, key_of, sign};

impl Scheme {
    /// Returns a header with `extraData` in the form given.
    pub(crate) fn form(self, header: &Header, extra: &Extra, form: Form<'_>) -> Header {
        Header { extra_data: extra.encode(self, form), ..header.clone() }
    }

    /// Returns the block hash.
    pub(crate) fn block_hash(self, header: &Header, extra: &Extra, seals: &[Seal]) -> B256 {
        self.form(header, extra, Form::Hashed(seals)).hash_slow()
    }

    /// Returns what a seal signs.
    pub(crate) fn digest(self, header: &Header, extra: &Extra) -> B256 {
        match self {
            Self::Ibft => keccak256([self.block_hash(header, extra, &[]).as_slice(), &[COMMIT]].concat()),
            _ => self.form(header, extra, Form::Signed).hash_slow(),
        }
    }

    /// Returns what the proposer of legacy IBFT signs: the header without any seal, hashed twice.
    pub(crate) fn proposal_digest(self, header: &Header, extra: &Extra) -> B256 {
        keccak256(self.form(header, extra, Form::Signed).hash_slow())
    }

    /// Returns the `mixHash` of all honest headers.
    pub(crate) fn mix_hash(self) -> B256 {
        if self.is_bft() { ISTANBUL_DIGEST } else { B256::ZERO }
    }
}

/// The message code of a commit in legacy IBFT.
const COMMIT: u8 = 2;

/// The `mixHash` by which a header is known to be sealed by a BFT engine: the Keccak-256 of "Istanbul practical byzantine fault
/// tolerance".
pub(crate) const ISTANBUL_DIGEST: B256 =
    b256!("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365");

/// The 32 bytes a proposer may choose freely: "medrec-devnet".
pub(crate) const VANITY: B256 = b256!("6d65647265632d6465766e657400000000000000000000000000000000000000");
