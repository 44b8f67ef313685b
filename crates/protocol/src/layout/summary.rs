//! `Summary`: for each participant the list of relationships it has a part in.

use std::ops::Range;

use alloy_primitives::{Address, B256, U256};
use lightclient::ProvenSlot;

use super::LayoutError;
use super::word::{Word, address, bind, bounded, data, exactly, mapping, offset, variable};

/// Asks for the relationships of one participant (patient, steward or viewer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryQuery {
    /// Whose list.
    pub participant: Address,
}

impl SummaryQuery {
    /// The one slot of the list's length in `Summary`.
    pub fn length_slots(&self) -> Vec<B256> {
        vec![mapping(variable(ENTRIES), self.participant)]
    }

    /// Reads the list's length.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a length that no chain reaches (2^32).
    pub fn decode_length(&self, contract: Address, proven: &[ProvenSlot]) -> Result<u64, LayoutError> {
        Self::read_length(&bind(contract, &self.length_slots(), proven)?)
    }

    pub(crate) fn read_length(words: &[Word]) -> Result<u64, LayoutError> {
        let [Word { slot, value }] = exactly(words)?;
        bounded("summary", slot, U256::from_be_bytes(value.0), u32::MAX.into())
    }

    /// The slots of the entries with these indexes, two for each. Anyone may be made a viewer, so the list has no
    /// upper bound; the caller chooses how much of it to read at a time.
    pub fn slots(&self, indexes: Range<u64>) -> Vec<B256> {
        let first = data(mapping(variable(ENTRIES), self.participant));
        indexes
            .flat_map(|index| {
                let entry = offset(first, index.wrapping_mul(ENTRY_WORDS));
                [entry, offset(entry, 1)]
            })
            .collect()
    }

    /// Reads the proven slots of the entries with these indexes.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that are no addresses.
    pub fn decode(
        &self,
        contract: Address,
        indexes: Range<u64>,
        proven: &[ProvenSlot],
    ) -> Result<Vec<SummaryEntry>, LayoutError> {
        Self::read(&bind(contract, &self.slots(indexes), proven)?)
    }

    pub(crate) fn read(words: &[Word]) -> Result<Vec<SummaryEntry>, LayoutError> {
        words
            .chunks(2)
            .map(|entry| {
                let [patient, steward] = exactly(entry)?;
                Ok(SummaryEntry {
                    patient: address("summary patient", patient)?,
                    steward: address("summary steward", steward)?,
                })
            })
            .collect()
    }
}

/// One relationship in a participant's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SummaryEntry {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
}

/// `Summary.entries`, a state variable.
pub(super) const ENTRIES: u64 = 0;
/// Words of the struct `Entry`.
pub(super) const ENTRY_WORDS: u64 = 2;
