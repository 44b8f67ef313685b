//! The stored head: what is kept of the newest verified header between visits, and how it is trusted again.
//!
//! A head that has been verified once saves the way from the trusted checkpoint. The store is not a trust root: its
//! bytes are decoded strictly, must hash to the hash kept beside them, carry a quorum of their own seals, and be no
//! older than the checkpoint that this version ships with. Whatever fails is reported and the checkpoint is used.
//! **Not** defended against: someone who can write this store and holds a quorum of keys of some validator set; who
//! can write a browser's storage can replace the page as well.
//!
//! Format: `0x01 ‖ block hash (32) ‖ header RLP`.

use alloy_primitives::B256;
use lightclient::{
    ChainRules, Evidence, Fault, Header, HeaderError, TrustedCheckpoint, VerifiedHeader, VerifyError,
    verify_checkpoint,
};

/// Why a stored head is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredHeadError {
    /// It is older than the trusted checkpoint, or is another block at that height.
    #[error("stored head {found} does not come after the trusted checkpoint {expected}")]
    BehindCheckpoint {
        /// The checkpoint's block number.
        expected: u64,
        /// The stored block number.
        found: u64,
    },
    /// The bytes are not of the stored format.
    #[error("stored head has format {found:?}, expected {expected}")]
    Format {
        /// The format byte wanted.
        expected: u8,
        /// The first byte found, if any.
        found: Option<u8>,
    },
    /// The header is damaged.
    #[error("stored header is damaged")]
    Header(#[from] HeaderError),
    /// The header does not stand the checks that a trusted checkpoint must stand.
    #[error("stored header does not verify")]
    Verify(#[from] VerifyError),
}

impl StoredHeadError {
    /// Returns who is to blame: this machine's storage, never a peer.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// Encodes a head for the store.
#[must_use]
pub fn encode_stored_head(head: &VerifiedHeader) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(head.hash().as_slice());
    bytes.extend_from_slice(&head.raw().encode());
    bytes
}

/// Decodes a stored head and verifies it again.
///
/// # Errors
/// [`StoredHeadError`]; the caller then starts from the checkpoint.
pub fn verify_stored_head(
    bytes: &[u8],
    checkpoint: &TrustedCheckpoint,
    rules: &ChainRules,
) -> Result<VerifiedHeader, StoredHeadError> {
    let format = || StoredHeadError::Format { expected: FORMAT, found: bytes.first().copied() };
    let (hash, rlp) = bytes
        .strip_prefix(&[FORMAT])
        .and_then(|rest| rest.split_at_checked(B256::len_bytes()))
        .ok_or_else(format)?;
    let header = Header::decode(rlp)?;
    let kept = TrustedCheckpoint { number: header.number, hash: B256::from_slice(hash) };
    let behind =
        kept.number < checkpoint.number || (kept.number == checkpoint.number && kept.hash != checkpoint.hash);
    if behind {
        return Err(StoredHeadError::BehindCheckpoint { expected: checkpoint.number, found: kept.number });
    }
    Ok(verify_checkpoint(&kept, &header, Evidence::None, rules)?)
}

/// The format of the stored bytes.
const FORMAT: u8 = 1;
