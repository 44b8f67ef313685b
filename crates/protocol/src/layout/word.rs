//! Slot positions, the binding of proven slots to what was asked, and fields inside a word.

use alloy_primitives::{Address, B256, U256};
use lightclient::{ProvenSlot, keccak256};

use super::{LayoutError, MAX_LIST};

/// The position of state variable number `index`.
pub(super) fn variable(index: u64) -> B256 {
    U256::from(index).into()
}

/// The position of a mapping's value for an address: `keccak256(key ‖ slot)`.
pub(super) fn mapping(slot: B256, key: Address) -> B256 {
    word_mapping(slot, key.into_word())
}

/// The position of a mapping's value for a word.
pub(super) fn word_mapping(slot: B256, key: B256) -> B256 {
    let mut bytes = [0; 64];
    let (left, right) = bytes.split_at_mut(32);
    left.copy_from_slice(key.as_slice());
    right.copy_from_slice(slot.as_slice());
    keccak256(bytes)
}

/// The position `words` after `slot` (modulo 2^256, as the EVM adds).
pub(super) fn offset(slot: B256, words: u64) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(words)).into()
}

/// The position of the first element of a dynamic array, or of the bytes of a long string.
pub(super) fn data(slot: B256) -> B256 {
    keccak256(slot)
}

/// A word together with the slot it was proven at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) slot: B256,
    pub(crate) value: B256,
}

/// Checks that `proven` are exactly the slots `asked`, in this order, in `contract`, at one block.
pub(super) fn bind(
    contract: Address,
    asked: &[B256],
    proven: &[ProvenSlot],
) -> Result<Vec<Word>, LayoutError> {
    let places: Vec<Place> = proven.iter().map(Place::of).collect();
    check_places(contract, asked, &places)?;
    Ok(proven.iter().map(|proven| Word { slot: proven.slot(), value: proven.word() }).collect())
}

/// Where and when a slot was proven.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) contract: Address,
    pub(super) slot: B256,
    pub(super) block: B256,
}

impl Place {
    fn of(proven: &ProvenSlot) -> Self {
        Self { contract: proven.address(), slot: proven.slot(), block: proven.block_hash() }
    }
}

/// The check of [`bind`], apart from the words.
pub(super) fn check_places(contract: Address, asked: &[B256], found: &[Place]) -> Result<(), LayoutError> {
    if found.len() != asked.len() {
        return Err(LayoutError::SlotCount { expected: asked.len(), found: found.len() });
    }
    let block = found.first().map(|place| place.block);
    for (&slot, place) in asked.iter().zip(found) {
        if place.contract != contract {
            return Err(LayoutError::Contract { slot, expected: contract, found: place.contract });
        }
        if place.slot != slot {
            return Err(LayoutError::Slot { expected: slot, found: place.slot });
        }
        if let Some(expected) = block.filter(|&block| block != place.block) {
            return Err(LayoutError::Block { slot, expected, found: place.block });
        }
    }
    Ok(())
}

/// Takes exactly `N` words.
pub(super) fn exactly<const N: usize>(words: &[Word]) -> Result<[Word; N], LayoutError> {
    words.try_into().ok().ok_or(LayoutError::SlotCount { expected: N, found: words.len() })
}

/// Reads packed fields from the low end of a word upwards, as Solidity packs them.
pub(super) struct Fields {
    what: &'static str,
    word: Word,
    rest: U256,
}

impl Fields {
    pub(super) fn new(what: &'static str, word: Word) -> Self {
        Self { what, word, rest: U256::from_be_bytes(word.value.0) }
    }

    /// The next byte.
    pub(super) fn u8(&mut self) -> u8 {
        let [value] = self.bytes();
        value
    }

    /// The next two bytes.
    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }

    /// The next eight bytes.
    pub(super) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    /// The next twenty bytes.
    pub(super) fn address(&mut self) -> Address {
        Address::from(self.bytes::<20>())
    }

    /// Refuses the word if anything is left in it.
    pub(super) fn end(self) -> Result<(), LayoutError> {
        if self.rest.is_zero() { Ok(()) } else { Err(self.refused()) }
    }

    /// The error for a word that the contract never writes.
    pub(super) fn refused(&self) -> LayoutError {
        refused(self.what, self.word)
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let low = self.rest.to_le_bytes::<32>();
        let mut value = [0; N];
        for (to, from) in value.iter_mut().rev().zip(low) {
            *to = from;
        }
        self.rest >>= 8 * N;
        value
    }
}

/// The error for a word that the contract never writes.
pub(super) fn refused(what: &'static str, word: Word) -> LayoutError {
    LayoutError::Word { what, slot: word.slot, word: word.value }
}

/// Reads one whole word as an address.
pub(super) fn address(what: &'static str, word: Word) -> Result<Address, LayoutError> {
    let mut fields = Fields::new(what, word);
    let address = fields.address();
    fields.end()?;
    Ok(address)
}

/// Reads the length of a list.
pub(super) fn length(what: &'static str, word: Word) -> Result<u64, LayoutError> {
    bounded(what, word.slot, U256::from_be_bytes(word.value.0), MAX_LIST)
}

/// Refuses a length above `limit`.
pub(super) fn bounded(what: &'static str, slot: B256, found: U256, limit: u64) -> Result<u64, LayoutError> {
    match u64::try_from(found) {
        Ok(length) if length <= limit => Ok(length),
        _ => Err(LayoutError::TooLong { what, slot, expected: limit, found }),
    }
}
