//! Account and storage proofs: what a contract holds, proven under a verified header.
//!
//! `eth_getProof` answers with trie nodes and with values. Only the nodes are used: the values come out of
//! them, at the place that *we* asked for, under the state root of a header that *we* verified. An answer that
//! is valid for another address, slot or block is worth nothing here. That there is no such account or no such
//! value is proven in the same way.
//!
//! Servers differ about absent accounts (a `storageProof` of `[]` or one empty list for each slot; zero or empty
//! hashes as `storageHash` and `codeHash`). None of those fields is read, so none of it matters.
//!
//! Source: EIP-1186; Yellow Paper §4.1.

use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};

use crate::{
    BlockNumber, Fault, Header, TrieError, UnixTime, VerifiedHeader,
    rlp::{self, RlpError},
    trie,
};

/// Verifies an `accountProof`: what `address` holds after the block of `header`.
///
/// An account that is proven absent is `Ok` too, with [`ProvenAccount::exists`] false, no storage and no code.
///
/// # Errors
/// [`ProofError`] unless the nodes are exactly the way from the state root to the account or to its absence.
pub fn verify_account(
    header: &VerifiedHeader,
    address: Address,
    proof: &[Bytes],
) -> Result<ProvenAccount, ProofError> {
    prove_account(header.hash(), header.raw(), address, proof)
}

/// As [`verify_account`], under a header whose block hash was computed but which is not verified yet.
pub(crate) fn prove_account(
    hash: B256,
    header: &Header,
    address: Address,
    proof: &[Bytes],
) -> Result<ProvenAccount, ProofError> {
    let position = Position { number: header.number, hash, time: header.timestamp };
    let block = position.number;
    let value = trie::find(header.state_root, &keccak256(address), proof)
        .map_err(|source| ProofError::Account { block, address, source: Box::new(source) })?;
    let state = value.map(AccountState::decode).transpose().map_err(|source| ProofError::AccountValue {
        block,
        address,
        source,
    })?;
    Ok(ProvenAccount { address, position, state })
}

/// The block under which something was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) number: BlockNumber,
    pub(crate) hash: B256,
    time: UnixTime,
}

impl Position {
    pub(crate) const fn of(header: &VerifiedHeader) -> Self {
        Self { number: header.number(), hash: header.hash(), time: header.timestamp() }
    }
}

/// The four fields of an account in the state trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AccountState {
    nonce: u64,
    balance: U256,
    storage_root: B256,
    code_hash: B256,
}

impl AccountState {
    fn decode(value: &[u8]) -> Result<Self, RlpError> {
        let mut fields = rlp::Reader::open(value)?;
        let state = Self {
            nonce: fields.u64()?,
            balance: fields.u256()?,
            storage_root: fields.fixed()?.into(),
            code_hash: fields.fixed()?.into(),
        };
        fields.finish()?;
        Ok(state)
    }
}

/// An account as it is after a verified block, or proven not to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenAccount {
    address: Address,
    position: Position,
    state: Option<AccountState>,
}

impl ProvenAccount {
    /// The address that was asked for.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Whether the state trie has the account.
    pub const fn exists(&self) -> bool {
        self.state.is_some()
    }

    /// Number of transactions sent (or contracts created) by the account; 0 when absent.
    pub fn nonce(&self) -> u64 {
        self.state.map_or(0, |state| state.nonce)
    }

    /// Balance in wei; 0 when absent.
    pub fn balance(&self) -> U256 {
        self.state.map_or(U256::ZERO, |state| state.balance)
    }

    /// Keccak-256 of the account's code; that of no code when absent.
    pub fn code_hash(&self) -> B256 {
        self.state.map_or(NO_CODE_HASH, |state| state.code_hash)
    }

    /// Root of the account's storage trie (`storageHash`); that of an empty trie when absent.
    pub fn storage_root(&self) -> B256 {
        self.state.map_or(trie::EMPTY_ROOT, |state| state.storage_root)
    }

    /// Height of the block under which the account was proven.
    pub const fn block_number(&self) -> BlockNumber {
        self.position.number
    }

    /// Hash of that block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }

    /// Time of that block.
    pub const fn block_time(&self) -> UnixTime {
        self.position.time
    }

    /// Verifies one `storageProof`: what is at `slot` of this account.
    ///
    /// `slot` is the plain 32-byte position, as in `eth_getStorageAt`; it is hashed here. A slot that is proven
    /// absent holds zero. An absent account, and one without storage, needs no nodes at all.
    ///
    /// # Errors
    /// [`ProofError`] unless the nodes are exactly the way from the storage root to the slot or to its absence.
    pub fn verify_slot(&self, slot: B256, proof: &[Bytes]) -> Result<ProvenSlot, ProofError> {
        let (block, address) = (self.position.number, self.address);
        let value = trie::find(self.storage_root(), &keccak256(slot), proof)
            .map_err(|source| ProofError::Slot { block, address, slot, source: Box::new(source) })?;
        let value = value.map(decode_slot_value).transpose().map_err(|source| ProofError::SlotValue {
            block,
            address,
            slot,
            source,
        })?;
        Ok(ProvenSlot { address, slot, position: self.position, value: value.unwrap_or_default() })
    }
}

fn decode_slot_value(value: &[u8]) -> Result<U256, RlpError> {
    rlp::decode_scalar(value).map(U256::from_be_bytes::<32>)
}

/// A storage slot as it is after a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenSlot {
    address: Address,
    slot: B256,
    position: Position,
    value: U256,
}

impl ProvenSlot {
    /// The contract whose slot it is.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The plain slot position that was asked for.
    pub const fn slot(&self) -> B256 {
        self.slot
    }

    /// What the slot holds, as a number; zero when absent.
    pub const fn value(&self) -> U256 {
        self.value
    }

    /// What the slot holds, as 32 big-endian bytes.
    pub fn word(&self) -> B256 {
        B256::from(self.value)
    }

    /// Height of the block under which the slot was proven.
    pub const fn block_number(&self) -> BlockNumber {
        self.position.number
    }

    /// Hash of that block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }

    /// Time of that block.
    pub const fn block_time(&self) -> UnixTime {
        self.position.time
    }
}

/// Why a proof does not prove what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The nodes do not lead from the state root to the account.
    #[error("account {address} at block {block}: proof refused")]
    Account {
        /// Height of the header that was proven under.
        block: BlockNumber,
        /// The account that was asked for.
        address: Address,
        /// What is wrong with the nodes.
        source: Box<TrieError>,
    },
    /// What stands at the account's place is no account.
    #[error("account {address} at block {block}: not well-formed")]
    AccountValue {
        /// Height of the header that was proven under.
        block: BlockNumber,
        /// The account that was asked for.
        address: Address,
        /// What is wrong with it.
        source: RlpError,
    },
    /// The nodes do not lead from the storage root to the slot.
    #[error("slot {slot} of {address} at block {block}: proof refused")]
    Slot {
        /// Height of the header that was proven under.
        block: BlockNumber,
        /// The contract.
        address: Address,
        /// The slot that was asked for.
        slot: B256,
        /// What is wrong with the nodes.
        source: Box<TrieError>,
    },
    /// What stands at the slot's place is no storage value.
    #[error("slot {slot} of {address} at block {block}: not well-formed")]
    SlotValue {
        /// Height of the header that was proven under.
        block: BlockNumber,
        /// The contract.
        address: Address,
        /// The slot that was asked for.
        slot: B256,
        /// What is wrong with it.
        source: RlpError,
    },
}

impl ProofError {
    /// Whose fault it is: who sent the proof.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Keccak-256 of nothing: the code hash of an account without code.
const NO_CODE_HASH: B256 = b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

#[cfg(test)]
mod tests;
