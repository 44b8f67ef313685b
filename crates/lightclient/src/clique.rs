//! Clique (EIP-225): a chain sealed by one signer at a time, who may vote others in and out.
//!
//! A known set of *signers* makes the blocks, and each block carries exactly one seal. `extraData` is not RLP
//! but three pieces, one after the other:
//!
//! | piece | bytes | holds |
//! | --- | --- | --- |
//! | vanity | 32 | anything |
//! | signers | 20 each | the whole set, ascending; only in the genesis block and every `epoch` blocks |
//! | seal | 65 | `r ‖ s ‖ v` over the header without these 65 bytes |
//!
//! **Whose turn.** Signers are counted from 0 in the order of their addresses. The one whose position is
//! `number % n` is *in turn* and seals with difficulty 2; if that signer is late any other may seal *out of
//! turn* with difficulty 1, so that the chain of most difficulty is the one of most turns kept. Who has sealed
//! one of the last floor(n/2) blocks may not seal again: any floor(n/2)+1 blocks in a row are by as many
//! signers, a majority, and no minority can run the chain alone.
//!
//! **Votes.** A signer votes with its block: `coinbase` is the candidate, `nonce` is all ones for *in* and all
//! zeros for *out* (`coinbase` 0 and *out* is how nobody is voted on). More than half of the signers change the
//! set, from the next block on. At every `epoch`-th block, a *checkpoint*, all pending votes are dropped and
//! the set is written down, so that a client may start there. Between checkpoints no header names the set: it
//! has to be followed vote by vote, which is what a `Snapshot` does.
//!
//! **Finality.** There is none in one header: one signer alone can make any number of blocks beside each other
//! at one height. But fewer than a majority can never put floor(n/2)+1 blocks on top of one, so a block counts
//! as *settled* when that many distinct signers have sealed blocks that descend from it.
//!
//! **One block, two hashes.** The seal is in the block hash and has a twin, (r, n-s) with the other parity, by
//! the same signer over the same content. Anybody can make the second block hash from the first block. Both are
//! valid Clique; the next block's `parentHash` chooses. So nothing here counts seals or hashes, only addresses.
//!
//! Defends against blocks by strangers, by removed signers, and by one signer too often; against a set that was
//! never voted for, a checkpoint that names another set, and against any field that engines refuse.
//! **Not checked here**: that `parentHash` is the parent's [`block_hash`], and that the time is not in the
//! future (both are the caller's); which of two competing chains has the higher total difficulty; chains whose
//! base fee is configured to be another than EIP-1559's (Besu's `zeroBaseFee`). The blocks just before the
//! checkpoint we start from are not known, so for floor(n/2) blocks a signer of one of them is not noticed.
//!
//! Source: EIP-225; go-ethereum 1.13 `consensus/clique` (`verifyHeader`, `verifySeal`, `snapshot.apply`).

use alloy_primitives::{Address, B256, keccak256};

pub use self::error::CliqueError;
pub(crate) use self::{
    rules::{check_fields, check_successor},
    snapshot::{Snapshot, majority},
};
use crate::{Header, ParityByte, Signature, ValidatorSet, signature::recover_signer};

mod error;
mod rules;
mod snapshot;

/// The block hash of a Clique header: Keccak-256 of its RLP as it is, with the seal.
pub(crate) fn block_hash(header: &Header) -> B256 {
    keccak256(header.encode())
}

/// The `extraData` of a Clique header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtraData<'h> {
    /// Everything before the seal.
    unsealed: &'h [u8],
    /// The set that may seal the next block; at a checkpoint always, elsewhere never.
    signers: Option<ValidatorSet>,
    seal: Signature,
}

impl<'h> ExtraData<'h> {
    /// Takes it apart; the height of the header decides whether there must be signers.
    ///
    /// # Errors
    /// [`CliqueError`] when a byte is missing or spare, the signers are not a set in order, or the last byte of
    /// the seal is neither 0 nor 1.
    pub(crate) fn decode(header: &'h Header, epoch_length: u64) -> Result<Self, CliqueError> {
        let number = header.number;
        let length = || CliqueError::ExtraLength { number, found: header.extra_data.len() };
        let (unsealed, seal) = header.extra_data.split_last_chunk::<SEAL_BYTES>().ok_or_else(length)?;
        let (_vanity, list) = unsealed.split_first_chunk::<VANITY_BYTES>().ok_or_else(length)?;
        let signers = if is_checkpoint(number, epoch_length) {
            let (addresses, rest) = list.as_chunks::<20>();
            if !rest.is_empty() {
                return Err(length());
            }
            let addresses = addresses.iter().map(Address::from).collect();
            // Whoever wrote the genesis block may have them in any order.
            let signers = if number == 0 {
                ValidatorSet::of_unordered(addresses)
            } else {
                ValidatorSet::new(addresses)
            };
            Some(signers.map_err(|source| CliqueError::SignerList { number, source })?)
        } else if list.is_empty() {
            None
        } else {
            return Err(length());
        };
        let seal = Signature::from_bytes(seal, ParityByte::FromZero)
            .map_err(|source| CliqueError::Seal { number, source })?;
        Ok(Self { unsealed, signers, seal })
    }

    /// Digest of `header` without its seal: what the seal signs.
    pub(crate) fn seal_digest(&self, header: &Header) -> B256 {
        keccak256(header.encode_with_extra(self.unsealed))
    }

    /// Recovers who made the seal, low s or high. Whether this signer may seal is not checked.
    pub(crate) fn signer(&self, header: &Header) -> Result<Address, CliqueError> {
        recover_signer(self.seal_digest(header), &self.seal)
            .map_err(|source| CliqueError::Seal { number: header.number, source })
    }
}

/// Tells whether the block at `number` drops the votes and names the set; the genesis block always does.
pub(crate) const fn is_checkpoint(number: u64, epoch_length: u64) -> bool {
    number.is_multiple_of(epoch_length)
}

const VANITY_BYTES: usize = 32;
const SEAL_BYTES: usize = 65;

#[cfg(test)]
pub(crate) mod tests;
