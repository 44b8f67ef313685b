//! Validators that a contract holds: the list, proven in the state that a block is built on.
//!
//! In QBFT's contract mode the header says nothing about who may seal it. The nodes call `getValidators()` on the state
//! *after the parent block*, so the list for block h is proven under the state root of block h-1: its length in the
//! slot of the array, its entries behind the Keccak-256 of that slot. Block h-1 itself need not be verified: it is
//! bound to h by the parent hash, and h is only accepted if the validators proven there have sealed it *and* enough
//! of them are trusted already.
//!
//! Defends against an invented list, entries left out or added, and an entry that is no address.
//! **Not checked**: that the contract's code returns this very array from `getValidators()`; that is for whoever
//! writes the network description (the slot stands there).
//!
//! Source: Besu `TransactionValidatorProvider`, `QbftValidatorsValidationRule`; Solidity's storage layout of a dynamic
//! array.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::{
    BlockNumber, Fault, Header, ProofError, ProvenAccount, ValidatorSet, ValidatorSetError,
    proof::prove_account,
};

/// The answer to `eth_getProof` about a list of validators, with the header of the block under whose state it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorProof {
    /// The header of the block before; for a checkpoint that is the genesis block, the genesis header itself.
    pub header: Header,
    /// The nodes from the state root to the contract.
    pub account_proof: Vec<Bytes>,
    /// The nodes from the storage root to the slots of [`validator_slots`], in that order.
    pub storage_proofs: Vec<Vec<Bytes>>,
}

/// The slots that prove a list of `count` validators in an `address[]` at `slot`: its length, then its entries.
pub fn validator_slots(slot: U256, count: usize) -> Vec<B256> {
    let first = U256::from_be_bytes(keccak256(B256::from(slot)).0);
    let entries = (0..count).map(|index| B256::from(first.wrapping_add(U256::from(index))));
    core::iter::once(B256::from(slot)).chain(entries).collect()
}

impl ValidatorProof {
    /// Verifies the list that the contract `address` holds in `slot`, after the block whose hash is `hash`.
    pub(crate) fn verify(
        &self,
        hash: B256,
        address: Address,
        slot: U256,
    ) -> Result<ValidatorSet, ValidatorListError> {
        let account = prove_account(hash, &self.header, address, &self.account_proof)?;
        let found = self.storage_proofs.len().saturating_sub(1);
        let slots = validator_slots(slot, found);
        let mut words =
            slots.iter().zip(&self.storage_proofs).map(|(slot, nodes)| word(&account, *slot, nodes));
        let length = words.next().unwrap_or(Ok(U256::ZERO))?;
        if length != U256::from(found) {
            let block = self.header.number;
            return Err(ValidatorListError::Length { block, expected: length, found });
        }
        let validators = words
            .map(|entry| {
                let entry = B256::from(entry?);
                if entry.iter().take(ADDRESS_PADDING).any(|byte| *byte != 0) {
                    return Err(ValidatorListError::Entry { block: self.header.number, found: entry });
                }
                Ok(Address::from_word(entry))
            })
            .collect::<Result<Vec<_>, _>>()?;
        // The contract may keep them in any order; nodes sort them.
        Ok(ValidatorSet::of_unordered(validators)?)
    }
}

fn word(account: &ProvenAccount, slot: B256, nodes: &[Bytes]) -> Result<U256, ProofError> {
    account.verify_slot(slot, nodes).map(|proven| proven.value())
}

/// Why a contract's list of validators is not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorListError {
    /// An entry is not an address.
    #[error("validator list at block {block}: entry {found} is no address")]
    Entry {
        /// Height of the block under whose state it is.
        block: BlockNumber,
        /// What stands there.
        found: B256,
    },
    /// Proofs for another number of entries than the list has.
    #[error("validator list at block {block}: proofs of {found} entries, expected {expected}")]
    Length {
        /// Height of the block under whose state it is.
        block: BlockNumber,
        /// The length of the list.
        expected: U256,
        /// How many entries were proven.
        found: usize,
    },
    /// A proof does not hold.
    #[error("validator list: proof refused")]
    Proof(#[from] ProofError),
    /// The entries are not a set.
    #[error("validator list: not a set")]
    Validators(#[from] ValidatorSetError),
}

impl ValidatorListError {
    /// Whose fault it is: who sent the proof. A list of another length than was asked about is no lie: ask again.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Length { .. } => Fault::Unavailable,
            _ => Fault::Peer,
        }
    }
}

/// Zeros before an address in a 32-byte word.
const ADDRESS_PADDING: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_stand_behind_the_hash_of_the_slot() {
        let [length, first, second] = validator_slots(U256::ZERO, 2).try_into().unwrap();
        assert_eq!(length, B256::ZERO);
        // keccak256 of 32 zero bytes, as Solidity has it.
        assert_eq!(first.to_string(), "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563");
        assert_eq!(second.to_string(), "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e564");
        assert_eq!(validator_slots(U256::from(7), 0), [B256::from(U256::from(7))]);
    }
}
