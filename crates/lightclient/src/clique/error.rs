//! Why a Clique header is refused: one variant for each rule.

use alloy_primitives::{Address, B256, U256};

use crate::{BlockNumber, Fault, SignatureError, UnixTime, ValidatorSetError};

/// Why a header is not the next one of a Clique chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CliqueError {
    /// A field of a fork that Clique never had: Shanghai or later.
    #[error("header {number}: {field} is there, expected none")]
    Appended {
        /// Height.
        number: BlockNumber,
        /// The name of the first such field.
        field: &'static str,
    },
    /// `baseFeePerGas` does not follow from the parent (EIP-1559), or went away.
    #[error("header {number}: base fee {found:?}, expected {expected:?}")]
    BaseFee {
        /// Height.
        number: BlockNumber,
        /// What follows from the parent.
        expected: Option<u64>,
        /// What the header says.
        found: Option<u64>,
    },
    /// A checkpoint names another set than the votes before it made.
    #[error("header {number}: checkpoint of signers {found:?}, expected {expected:?}")]
    CheckpointSigners {
        /// Height.
        number: BlockNumber,
        /// The set after the parent.
        expected: Vec<Address>,
        /// What the header says.
        found: Vec<Address>,
    },
    /// A checkpoint votes: `coinbase` or `nonce` is not zero.
    #[error("header {number}: checkpoint votes on {candidate} with nonce {nonce:?}, expected zeros")]
    CheckpointVote {
        /// Height.
        number: BlockNumber,
        /// `coinbase`.
        candidate: Address,
        /// `nonce`.
        nonce: [u8; 8],
    },
    /// `difficulty` is neither 1 nor 2.
    #[error("header {number}: difficulty {found}, expected 1 or 2")]
    Difficulty {
        /// Height.
        number: BlockNumber,
        /// What the header says.
        found: U256,
    },
    /// `extraData` is not vanity and seal, with whole addresses between them at a checkpoint and nothing else.
    #[error(
        "header {number}: extraData of {found} bytes, expected 97, at a checkpoint and 20 for each signer"
    )]
    ExtraLength {
        /// Height.
        number: BlockNumber,
        /// Bytes that are there.
        found: usize,
    },
    /// `gasLimit` is a 1024th or more away from the parent's, below 5000 or above 2^63-1.
    #[error("header {number}: gas limit {found}, expected one near {expected}")]
    GasLimit {
        /// Height.
        number: BlockNumber,
        /// That of the parent; twice that in the first block of London.
        expected: u64,
        /// What the header says.
        found: u64,
    },
    /// `gasUsed` above `gasLimit`.
    #[error("header {number}: gas used {found}, expected at most {expected}")]
    GasUsed {
        /// Height.
        number: BlockNumber,
        /// `gasLimit`.
        expected: u64,
        /// `gasUsed`.
        found: u64,
    },
    /// `mixHash` is not zero.
    #[error("header {number}: mixHash {found}, expected zero")]
    MixHash {
        /// Height.
        number: BlockNumber,
        /// What the header says.
        found: B256,
    },
    /// `nonce` is neither all ones nor all zeros.
    #[error("header {number}: nonce {found:?}, expected all ones or all zeros")]
    Nonce {
        /// Height.
        number: BlockNumber,
        /// What the header says.
        found: [u8; 8],
    },
    /// A header to start from that is neither the genesis block nor at the end of an epoch: it names no set.
    #[error("header {number} is no checkpoint of an epoch of {epoch_length} blocks")]
    NotCheckpoint {
        /// Height.
        number: BlockNumber,
        /// Blocks between checkpoints.
        epoch_length: u64,
    },
    /// Not the height after the parent's.
    #[error("header {found}, expected {expected}")]
    Number {
        /// The next height.
        expected: BlockNumber,
        /// The height of the header.
        found: BlockNumber,
    },
    /// `sha3Uncles` is not that of an empty list.
    #[error("header {number}: ommers hash {found}, expected {expected}")]
    Ommers {
        /// Height.
        number: BlockNumber,
        /// The hash of an empty list.
        expected: B256,
        /// What the header says.
        found: B256,
    },
    /// Sealed by a signer who sealed one of the last floor(n/2) blocks.
    #[error("header {number}: sealed by {signer}, who has sealed one of the {window} blocks before")]
    RecentSigner {
        /// Height.
        number: BlockNumber,
        /// Who made the seal.
        signer: Address,
        /// floor(n/2).
        window: usize,
    },
    /// The seal is not a signature, or nobody's.
    #[error("header {number}: the seal is not valid")]
    Seal {
        /// Height.
        number: BlockNumber,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The signers of a checkpoint are not a set in order.
    #[error("header {number}: the signers are not a set")]
    SignerList {
        /// Height.
        number: BlockNumber,
        /// What is wrong with them.
        source: ValidatorSetError,
    },
    /// Earlier than the block period allows.
    #[error("header {number}: time {found}, expected at least {expected}")]
    TooEarly {
        /// Height.
        number: BlockNumber,
        /// Time of the parent and one block period.
        expected: UnixTime,
        /// What the header says.
        found: UnixTime,
    },
    /// `difficulty` says in turn of a signer who is not, or out of turn of the one who is.
    #[error("header {number}: difficulty {found} by {signer}, expected {expected}")]
    Turn {
        /// Height.
        number: BlockNumber,
        /// Who made the seal.
        signer: Address,
        /// 2 in turn, 1 out of turn.
        expected: U256,
        /// What the header says.
        found: U256,
    },
    /// Sealed by somebody who is not a signer (which also shows when a sealed field was changed).
    #[error("header {number}: sealed by {signer}, who is not a signer")]
    UnknownSigner {
        /// Height.
        number: BlockNumber,
        /// Who made the seal.
        signer: Address,
    },
}

impl CliqueError {
    /// Whose fault it is: who sent the header.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}
