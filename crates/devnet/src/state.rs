//! The state of the chain at one block: accounts, their code and their storage.
//!
//! Accounts and slots are known by the Keccak-256 hashes of their addresses and positions, which is how the tries order
//! them; the plain addresses are never needed again. [`Working`] is the state while a block is being made: it remembers what
//! was touched, so that the block's changes, and the changes that would undo them, can be written down.
//!
//! Source: Yellow Paper §4.1 (world state), EIP-161 (touched empty accounts vanish).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{BufMut, Encodable};
use alloy_trie::{KECCAK_EMPTY, TrieAccount};
use revm::Database;
use revm::state::{AccountInfo, Bytecode, EvmState};
use serde::{Deserialize, Serialize};

use crate::trie::Trie;

/// All accounts at one block; cloning is cheap and the copies share what is equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    accounts: Trie<Account>,
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
    pub(crate) code: Bytecode,
    pub(crate) storage: Trie<U256>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            nonce: 0,
            balance: U256::ZERO,
            code_hash: KECCAK_EMPTY,
            code: Bytecode::default(),
            storage: Trie::default(),
        }
    }
}

impl Encodable for Account {
    fn encode(&self, out: &mut dyn BufMut) {
        TrieAccount::new(self.nonce, self.balance, self.storage.root(), self.code_hash).encode(out);
    }
}

/// The code of every contract there ever was, by its hash.
pub(crate) type Codes = HashMap<B256, Bytes>;

/// What one account is to become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Keccak-256 of the address.
    pub(crate) key: B256,
    /// Nonce, balance and code hash; nothing when the account is gone.
    pub(crate) account: Option<AccountFields>,
    /// Whether the storage is emptied before `slots` are written.
    pub(crate) wiped: bool,
    /// Keccak-256 of the slot position, and the value; zero when it is cleared.
    pub(crate) slots: Vec<(B256, U256)>,
}

/// The part of an account that is not storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountFields {
    pub(crate) nonce: u64,
    pub(crate) balance: U256,
    pub(crate) code_hash: B256,
}

impl State {
    /// Returns the state root.
    pub(crate) fn root(&self) -> B256 {
        self.accounts.root()
    }

    /// Returns an account.
    pub(crate) fn account(&self, address: Address) -> Option<&Account> {
        self.accounts.get(&keccak256(address))
    }

    /// Returns the value of a storage slot, zero when it was never written.
    pub(crate) fn slot(&self, address: Address, slot: B256) -> U256 {
        self.account(address)
            .and_then(|account| account.storage.get(&keccak256(slot)))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the nodes that prove an account, or its absence.
    pub(crate) fn prove_account(&self, address: Address) -> Vec<Bytes> {
        self.accounts.prove(&keccak256(address))
    }

    /// Returns an existing account's proof and itself, other than the one given: the lies need one.
    pub(crate) fn other_account(&self, address: Address) -> Option<(Vec<Bytes>, Account)> {
        let own = keccak256(address);
        let (key, account) = self.accounts.entries().into_iter().find(|(key, _)| *key != own)?;
        Some((self.accounts.prove(&key), account))
    }

    /// Applies changes written down by [`Working`]; `codes` must know the code of every account in them.
    pub(crate) fn apply(&mut self, changes: &[Change], codes: &Codes) {
        for change in changes {
            let Some(fields) = change.account else {
                self.accounts.remove(&change.key);
                continue;
            };
            let mut account = self.accounts.get(&change.key).cloned().unwrap_or_default();
            if account.code_hash != fields.code_hash {
                account.code =
                    codes.get(&fields.code_hash).cloned().map(Bytecode::new_raw).unwrap_or_default();
            }
            (account.nonce, account.balance, account.code_hash) =
                (fields.nonce, fields.balance, fields.code_hash);
            if change.wiped {
                account.storage = Trie::default();
            }
            for (slot, value) in &change.slots {
                write(&mut account.storage, slot, *value);
            }
            self.accounts.insert(&change.key, account);
        }
    }

    /// Describes what makes another state's touched accounts equal to this one's.
    fn changes_from(&self, touched: &BTreeMap<B256, Touched>) -> Vec<Change> {
        let describe = |(key, touched): (&B256, &Touched)| {
            let account = self.accounts.get(key);
            let slots = match account {
                Some(account) if touched.wiped => account.storage.entries(),
                Some(account) => touched
                    .slots
                    .iter()
                    .map(|slot| (*slot, account.storage.get(slot).copied().unwrap_or_default()))
                    .collect(),
                None => Vec::new(),
            };
            let fields = account.map(|account| AccountFields {
                nonce: account.nonce,
                balance: account.balance,
                code_hash: account.code_hash,
            });
            Change { key: *key, account: fields, wiped: touched.wiped, slots }
        };
        touched.iter().map(describe).collect()
    }
}

/// The state while transactions run on it.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    parent: State,
    state: State,
    touched: BTreeMap<B256, Touched>,
    codes: Codes,
}

#[derive(Debug, Clone, Default)]
struct Touched {
    wiped: bool,
    slots: BTreeSet<B256>,
}

/// What a block did to the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    /// From the parent's state to the block's.
    pub(crate) forward: Vec<Change>,
    /// From the block's state back to the parent's.
    pub(crate) undo: Vec<Change>,
    /// The code of contracts made in the block.
    pub(crate) codes: Codes,
}

impl Working {
    /// Starts from the state of the parent block.
    pub(crate) fn new(parent: State) -> Self {
        Self { state: parent.clone(), parent, touched: BTreeMap::new(), codes: Codes::new() }
    }

    /// Returns the state as it is now.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Takes over what a transaction did.
    pub(crate) fn commit(&mut self, outcome: EvmState) {
        for (address, changed) in outcome {
            if !changed.is_touched() {
                continue;
            }
            let key = keccak256(address);
            let touched = self.touched.entry(key).or_default();
            if changed.is_selfdestructed() || changed.is_empty() {
                touched.wiped = true;
                self.state.accounts.remove(&key);
                continue;
            }
            let mut account = self.state.accounts.get(&key).cloned().unwrap_or_default();
            if changed.is_created() && !account.storage.is_empty() {
                touched.wiped = true;
                account.storage = Trie::default();
            }
            let info = &changed.info;
            (account.nonce, account.balance) = (info.nonce, info.balance);
            if let Some(code) = info.code.as_ref().filter(|_| info.code_hash != account.code_hash) {
                (account.code, account.code_hash) = (code.clone(), info.code_hash);
                self.codes.insert(info.code_hash, code.original_bytes());
            }
            for (slot, value) in changed.changed_storage_slots() {
                let slot = keccak256(B256::from(*slot));
                touched.slots.insert(slot);
                write(&mut account.storage, &slot, value.present_value());
            }
            self.state.accounts.insert(&key, account);
        }
    }

    /// Ends the block: its state, and the changes to write down.
    pub(crate) fn finish(self) -> (State, Changes) {
        let forward = self.state.changes_from(&self.touched);
        let undo = self.parent.changes_from(&self.touched);
        (self.state, Changes { forward, undo, codes: self.codes })
    }
}

/// What the EVM reads while it runs: a state, and the hashes of earlier blocks.
pub(crate) struct EvmReader<'a> {
    pub(crate) state: &'a State,
    pub(crate) block_hash: &'a dyn Fn(u64) -> B256,
}

impl std::fmt::Debug for EvmReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvmReader").field("state", self.state).finish_non_exhaustive()
    }
}

impl Database for EvmReader<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.state.account(address).map(|account| {
            AccountInfo::new(account.balance, account.nonce, account.code_hash, account.code.clone())
        }))
    }

    // Never asked for: `basic` always hands the code over together with the account.
    fn code_by_hash(&mut self, _code_hash: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.state.slot(address, B256::from(slot)))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        Ok((self.block_hash)(number))
    }
}

fn write(storage: &mut Trie<U256>, slot: &B256, value: U256) {
    if value.is_zero() {
        storage.remove(slot);
    } else {
        storage.insert(slot, value);
    }
}
