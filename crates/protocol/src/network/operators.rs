//! The operators of a network: who may together name a newer checkpoint.

use alloy_primitives::Address;
use lightclient::Fault;

/// So many of these must sign: at least one, at most all of at most 64, in ascending order, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operators {
    threshold: usize,
    addresses: Vec<Address>,
}

impl Operators {
    /// Makes operators of addresses that are in ascending order already.
    ///
    /// # Errors
    /// [`OperatorsError`] when the list is empty, too long or out of order, or fewer or more have to sign than can.
    pub fn new(threshold: usize, addresses: Vec<Address>) -> Result<Self, OperatorsError> {
        let count = addresses.len();
        if !(1..=MAX_OPERATORS).contains(&count) {
            return Err(OperatorsError::Count { expected: MAX_OPERATORS, found: count });
        }
        for (previous, next) in addresses.iter().zip(addresses.iter().skip(1)) {
            if previous >= next {
                return Err(OperatorsError::Order { previous: *previous, found: *next });
            }
        }
        if !(1..=count).contains(&threshold) {
            return Err(OperatorsError::Threshold { expected: count, found: threshold });
        }
        Ok(Self { threshold, addresses })
    }

    /// How many have to sign.
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// The operators in ascending order.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }
}

/// Why operators cannot be these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorsError {
    /// No operator, or too many.
    #[error("{found} operators, expected 1 to {expected}")]
    Count {
        /// The most allowed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An address is not above the one before it.
    #[error("operator {found} after {previous}, expected ascending order")]
    Order {
        /// The address before.
        previous: Address,
        /// The address that is not above it.
        found: Address,
    },
    /// Nobody has to sign, or more than there are.
    #[error("{found} operators have to sign, expected 1 to {expected}")]
    Threshold {
        /// How many there are.
        expected: usize,
        /// How many have to sign.
        found: usize,
    },
}

impl OperatorsError {
    /// Always [`Fault::Caller`]: whoever wrote the description wrote a wrong one.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

const MAX_OPERATORS: usize = 64;
