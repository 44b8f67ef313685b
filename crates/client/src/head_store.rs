//! The stored head: what is kept of the newest verified header between visits, and how it is trusted again.
//!
//! A head that has been verified once saves the way from the trusted checkpoint. The store is not a trust root: its
//! bytes are decoded strictly, must hash to the hash kept beside them, carry a quorum of their own seals, and be no
//! older than the checkpoint that this version ships with. Whatever fails is reported and the checkpoint is used.
//! **Not** defended against: someone who can write this store and holds a quorum of keys of some validator set; who
//! can write a browser's storage can replace the page as well.
//!
//! Format: `0x02 ‖ Keccak-256 of the rest (32) ‖ block hash (32) ‖ time the validators are known by (8) ‖ count (2) ‖ validators (20 each) ‖ header
//! RLP`; numbers are big-endian. Where the header names its validators, the list kept beside it is not used.

use alloy_primitives::{Address, B256};
use lightclient::{
    ChainRules, Evidence, Fault, Header, HeaderError, TrustedCheckpoint, ValidatorSet, ValidatorSetError,
    VerifiedHeader, VerifyError, keccak256, verify_checkpoint,
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
    /// The bytes are not those that were stored.
    #[error("stored head has digest {found}, expected {expected}")]
    Digest {
        /// The digest stored with them.
        expected: B256,
        /// Their digest.
        found: B256,
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
    /// The validators or their time are not those of the header.
    #[error("stored head {number}: validators are not the header's")]
    Inconsistent {
        /// Its number.
        number: u64,
    },
    /// The validators are not a set.
    #[error("stored validators are damaged")]
    Validators(#[from] ValidatorSetError),
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
    let mut bytes = head.hash().to_vec();
    bytes.extend_from_slice(&head.validators_time().to_be_bytes());
    // A set of more validators than a header has bytes for cannot have been verified.
    let count = u16::try_from(head.validators().len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_be_bytes());
    head.validators().iter().for_each(|validator| bytes.extend_from_slice(validator.as_slice()));
    bytes.extend_from_slice(&head.raw().encode());
    [&[FORMAT], keccak256(&bytes).as_slice(), &bytes].concat()
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
    let (digest, rest) =
        bytes.strip_prefix(&[FORMAT]).and_then(<[u8]>::split_first_chunk::<32>).ok_or_else(format)?;
    let (expected, found) = (B256::from(*digest), keccak256(rest));
    if found != expected {
        return Err(StoredHeadError::Digest { expected, found });
    }
    let (kept, validators, time, rlp) = split(rest).ok_or_else(format)?;
    let validators = ValidatorSet::new(validators)?;
    let header = Header::decode(rlp)?;
    let kept = TrustedCheckpoint { number: header.number, hash: kept };
    let behind =
        kept.number < checkpoint.number || (kept.number == checkpoint.number && kept.hash != checkpoint.hash);
    if behind {
        return Err(StoredHeadError::BehindCheckpoint { expected: checkpoint.number, found: kept.number });
    }
    let evidence = Evidence::Known { validators: &validators, time };
    let head = verify_checkpoint(&kept, &header, evidence, rules)?;
    // What the header says itself must be what was kept beside it.
    if encode_stored_head(&head) != bytes {
        return Err(StoredHeadError::Inconsistent { number: head.number() });
    }
    Ok(head)
}

/// Block hash, validators, the time they are known by, and the header's RLP.
fn split(bytes: &[u8]) -> Option<(B256, Vec<Address>, u64, &[u8])> {
    let (hash, rest) = bytes.split_first_chunk::<32>()?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<2>()?;
    let (validators, rlp) = rest.split_at_checked(20 * usize::from(u16::from_be_bytes(*count)))?;
    let validators = validators.as_chunks::<20>().0.iter().map(Address::from).collect();
    Some((B256::from(*hash), validators, u64::from_be_bytes(*time), rlp))
}

/// The format of the stored bytes; the first one kept no validators.
const FORMAT: u8 = 2;
