//! Why a network description was refused.

use alloy_primitives::{Address, B256};
use lightclient::{Fault, ScheduleError, ValidatorSetError};

use super::OperatorsError;

/// Why a network description was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// A checkpoint at block 0 that is not the genesis block.
    #[error("checkpoint at block 0 has hash {found}, expected the genesis hash {expected}")]
    Checkpoint {
        /// The genesis hash.
        expected: B256,
        /// The checkpoint's hash.
        found: B256,
    },
    /// An endpoint that is no HTTP URL, carries credentials, or is named twice.
    #[error("endpoint {found:?} is not a distinct http or https URL")]
    Endpoint {
        /// The endpoint.
        found: String,
    },
    /// No endpoint, or too many.
    #[error("{found} endpoints, expected 1 to {expected}")]
    EndpointCount {
        /// The most allowed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A value that is not `0x` and hexadecimal digits of the right number.
    #[error("{field} is {found:?}, expected 0x and {digits} hexadecimal digits")]
    Hex {
        /// The field.
        field: &'static str,
        /// How many digits it has to have.
        digits: usize,
        /// The value, cut after 80 characters.
        found: String,
    },
    /// Not JSON, or not the fields of a network description.
    #[error("not a network description: {reason}")]
    Json {
        /// What the JSON reader says, with line and column.
        reason: String,
    },
    /// A network id that does not follow from chain id and genesis hash.
    #[error("network id {found}, expected {expected}")]
    NetworkId {
        /// The id that follows.
        expected: B256,
        /// The id in the description.
        found: B256,
    },
    /// A number out of range.
    #[error("{field} is {found}, expected {least} to {most}")]
    Number {
        /// The field.
        field: &'static str,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
        /// The number.
        found: u64,
    },
    /// The operators are none that could sign.
    #[error("operators cannot be these")]
    Operators(#[from] OperatorsError),
    /// Two contracts at one address.
    #[error("two contracts at address {address}")]
    SameContract {
        /// The address.
        address: Address,
    },
    /// The transitions do not make a schedule.
    #[error("transitions are not a schedule")]
    Schedule(#[from] ScheduleError),
    /// A seal scheme that is not known, or a validator contract with one that has none.
    #[error(
        "seal scheme {found:?}, expected clique, ibft, ibft2 or qbft; only qbft may have a validator contract"
    )]
    SealScheme {
        /// Whether a validator contract stands beside it.
        contract: bool,
        /// The scheme named.
        found: String,
    },
    /// An empty or overlong text.
    #[error("{field} has {found} bytes, expected 1 to {expected}")]
    Text {
        /// The field.
        field: &'static str,
        /// The most bytes allowed.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The file is too long.
    #[error("{found} bytes, expected at most {expected}")]
    TooLong {
        /// The most bytes allowed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A list of validators is not a set in order.
    #[error("{field} is not a set in ascending order")]
    Validators {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: ValidatorSetError,
    },
    /// A version of the format that is not known.
    #[error("version {found}, expected {expected}")]
    Version {
        /// The version known.
        expected: u64,
        /// The version of the file.
        found: u64,
    },
}

impl NetworkError {
    /// Always [`Fault::Caller`]: whoever configured the client gave it a wrong file.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}
