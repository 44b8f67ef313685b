//! Why proven slots could not be read as what was asked.

use alloy_primitives::{Address, B256, U256};
use lightclient::Fault;

/// A mismatch between the proven slots and the layout that we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The slots were proven at different blocks.
    #[error("slot {slot} proven at block {found}, expected {expected}")]
    Block {
        /// The slot that differs.
        slot: B256,
        /// Hash of the block of the first slot.
        expected: B256,
        /// Hash of the block of this slot.
        found: B256,
    },
    /// A slot was proven in another contract.
    #[error("slot {slot} proven in contract {found}, expected {expected}")]
    Contract {
        /// The slot that differs.
        slot: B256,
        /// The contract that was asked.
        expected: Address,
        /// The contract it was proven in.
        found: Address,
    },
    /// Another slot was proven than the one asked at this place.
    #[error("slot {found} proven, expected {expected}")]
    Slot {
        /// The slot that was asked.
        expected: B256,
        /// The slot that was proven.
        found: B256,
    },
    /// More or fewer slots than asked.
    #[error("{found} slots proven, expected {expected}")]
    SlotCount {
        /// How many were asked.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A text that is not UTF-8.
    #[error("{what} at slot {slot} is not UTF-8")]
    Text {
        /// What the text is.
        what: &'static str,
        /// Its head slot.
        slot: B256,
    },
    /// A list or text longer than the contract allows.
    #[error("{what} at slot {slot} has length {found}, expected at most {expected}")]
    TooLong {
        /// What the list or text is.
        what: &'static str,
        /// The slot of its length.
        slot: B256,
        /// The greatest length allowed.
        expected: u64,
        /// The length in the slot.
        found: U256,
    },
    /// A word with bits that the contract never sets, or an unknown enum value.
    #[error("{what} at slot {slot} holds {word}, which the contract never writes")]
    Word {
        /// What the word is.
        what: &'static str,
        /// Its slot.
        slot: B256,
        /// The word.
        word: B256,
    },
}

impl LayoutError {
    /// Always [`Fault::Caller`]: the words are proven, so no peer can have made them up. Either the wrong
    /// slots were handed over, or the network description names contracts of another version.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}
