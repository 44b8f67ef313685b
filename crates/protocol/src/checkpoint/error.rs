//! Why a checkpoint update was refused.

use alloy_primitives::{Address, B256};
use lightclient::{BlockNumber, Fault, SignatureError};

use crate::network::NetworkError;

/// Why a checkpoint update was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is not later than what is trusted already.
    #[error("checkpoint update of block {found}, expected later than block {expected}")]
    Behind {
        /// The height of the trusted checkpoint, or of the verified head.
        expected: BlockNumber,
        /// The update's height.
        found: BlockNumber,
    },
    /// It names another block at a height where one is trusted or verified already.
    #[error("checkpoint update at block {number} has hash {found}, expected {expected}")]
    Conflict {
        /// The height of both.
        number: BlockNumber,
        /// Our block's hash.
        expected: B256,
        /// The update's hash.
        found: B256,
    },
    /// An operator signed twice.
    #[error("operator {signer} signed twice")]
    DoubleSigner {
        /// The operator.
        signer: Address,
    },
    /// A value is not of its form; the readers are those of the network description.
    #[error("checkpoint update: {0}")]
    Form(#[from] NetworkError),
    /// Not JSON, or not the fields of a checkpoint update.
    #[error("not a checkpoint update: {reason}")]
    Json {
        /// What the JSON reader says, with line and column.
        reason: String,
    },
    /// It is of another network.
    #[error("checkpoint update of network {found}, expected {expected}")]
    NetworkId {
        /// Our network.
        expected: B256,
        /// The update's network.
        found: B256,
    },
    /// The network description names no operators, so nobody can move its checkpoint.
    #[error("network has no operators")]
    NoOperators,
    /// A signature is damaged.
    #[error("signature of a checkpoint update is none")]
    Signature(#[from] SignatureError),
    /// Fewer operators signed than it takes.
    #[error("{found} operators signed, expected {expected}")]
    TooFewSigners {
        /// How many it takes.
        expected: usize,
        /// How many signed.
        found: usize,
    },
    /// Whoever signed is no operator: a stranger, or what was signed is not what the update says.
    #[error("signed by {signer}, who is no operator")]
    UnknownSigner {
        /// The address that the signature recovers to.
        signer: Address,
    },
}

impl CheckpointError {
    /// Whose fault it is: an old update, or one that waits for signatures, is nobody's lie.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Behind { .. } | Self::TooFewSigners { .. } => Fault::Unavailable,
            Self::NoOperators => Fault::Caller,
            Self::Conflict { .. }
            | Self::DoubleSigner { .. }
            | Self::Form(_)
            | Self::Json { .. }
            | Self::NetworkId { .. }
            | Self::Signature(_)
            | Self::UnknownSigner { .. } => Fault::Peer,
        }
    }
}
