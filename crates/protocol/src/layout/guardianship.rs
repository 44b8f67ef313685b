//! `Registry`: who may give somebody a new key, and what they have approved.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use lightclient::{ProvenSlot, UnixTime};

use super::LayoutError;
use super::registry::{APPROVALS, GUARDIANSHIPS};
use super::word::{Fields, Word, address, bind, exactly, mapping, offset, refused, variable, word_mapping};

/// Asks who may give an address a new key, and what they have approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardianshipQuery {
    /// The address.
    pub identity: Address,
}

impl GuardianshipQuery {
    /// The four slots to prove in `Registry`.
    pub fn slots(&self) -> Vec<B256> {
        let base = mapping(variable(GUARDIANSHIPS), self.identity);
        (0..4).map(|word| offset(base, word)).collect()
    }

    /// Reads the proven slots; `None` if the address has no guardians.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<GuardianshipState>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Option<GuardianshipState>, LayoutError> {
        let [circle, next, times, key] = exactly(words)?;
        let mut fields = Fields::new("guardianship", times);
        let (delay, round, ready_at) = (fields.u64(), fields.u64(), fields.u64());
        fields.end()?;
        let key = address("approved key", key)?;
        if key.is_zero() != (ready_at == 0) {
            return Err(refused("guardianship", times));
        }
        let approved = (!key.is_zero()).then_some((key, ready_at));
        let state = GuardianshipState { circle: circle.value, next: next.value, delay, round, approved };
        Ok((!circle.value.is_zero()).then_some(state))
    }
}

/// Who may give an address a new key. Made only by [`GuardianshipQuery::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardianshipState {
    /// The digest of who they are ([`Circle::digest`](crate::guardians::Circle::digest)).
    pub circle: B256,
    /// The person's next address, hidden.
    pub next: B256,
    /// How long the key of today has to object, in seconds.
    pub delay: u64,
    /// Counts changes and vetoes.
    pub round: u64,
    /// The key that enough of them have approved, and from when it may take over.
    pub approved: Option<(Address, UnixTime)>,
}

/// Asks which guardians have approved a key for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalsQuery {
    /// The address.
    pub identity: Address,
    /// The round of its guardianship; what was approved in another one counts for nothing.
    pub round: u64,
    /// The key.
    pub key: Address,
    /// Of whom it is asked.
    pub guardians: Vec<Address>,
}

impl ApprovalsQuery {
    /// The slots to prove in `Registry`, one for each guardian.
    pub fn slots(&self) -> Vec<B256> {
        let place = keccak256((self.identity, U256::from(self.round), self.key).abi_encode());
        let own = self.guardians.iter().map(|guardian| keccak256((place, *guardian).abi_encode()));
        own.map(|own| word_mapping(variable(APPROVALS), own)).collect()
    }

    /// Reads the proven slots: who has approved.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<Vec<Address>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Vec<Address>, LayoutError> {
        let mut approved = Vec::new();
        for (guardian, word) in self.guardians.iter().zip(words) {
            match U256::from_be_bytes(word.value.0) {
                U256::ZERO => {}
                U256::ONE => approved.push(*guardian),
                _ => return Err(refused("approval", *word)),
            }
        }
        Ok(approved)
    }
}
