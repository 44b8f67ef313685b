//! One state for everything that is measured: many plain accounts, the registry of a network, and contracts whose
//! mappings grow from a thousand entries to ten millions.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount};

use crate::trie::{Mapping, Trie};

/// An account and the nodes that prove it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) address: Address,
    pub(crate) state: TrieAccount,
    pub(crate) proof: Vec<Bytes>,
}

/// The state after every block but the first.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) root: B256,
    /// Some of the plain accounts.
    pub(crate) accounts: Vec<Account>,
    pub(crate) registry: Account,
    /// The registry's slots in the order given, with their proofs.
    pub(crate) registry_slots: Vec<(B256, B256, Vec<Bytes>)>,
    /// The contracts with one mapping each.
    pub(crate) mappings: Vec<(Account, Mapping)>,
}

impl State {
    /// Makes `plain` accounts of which `proofs` are proven, the registry with one word, and the contracts.
    pub(crate) fn build(plain: u64, proofs: u64, registry: (B256, B256), mappings: Vec<Mapping>) -> Self {
        let (slot, word) = registry;
        let storage = Trie::build(
            [(keccak256(slot), alloy_rlp::encode(U256::from_be_bytes(word.0)))].into_iter(),
            &[keccak256(slot)],
        );
        let contract = |name: &str, storage_root| {
            let state =
                TrieAccount { nonce: 1, storage_root, code_hash: keccak256(name), ..plain_account(0) };
            (Address::from_word(keccak256(name)), state)
        };
        let mut proven: Vec<(Address, TrieAccount)> = (0..proofs)
            .map(|index| index * (plain / proofs))
            .map(|index| (plain_address(index), plain_account(index)))
            .collect();
        proven.push(contract(REGISTRY, storage.root));
        for mapping in &mappings {
            proven.push(contract(&format!("mapping of {}", mapping.entries), mapping.trie.root));
        }
        let contracts = proven.iter().skip(usize::try_from(proofs).unwrap_or(usize::MAX)).copied();
        let mut leaves: Vec<(B256, TrieAccount)> = (0..plain)
            .map(|index| (plain_address(index), plain_account(index)))
            .chain(contracts)
            .map(|(address, state)| (keccak256(address), state))
            .collect();
        leaves.sort_unstable_by_key(|(key, _)| *key);
        let targets: Vec<B256> = proven.iter().map(|(address, _)| keccak256(address)).collect();
        let trie = Trie::build(leaves.iter().map(|(key, state)| (*key, alloy_rlp::encode(state))), &targets);
        let mut accounts: Vec<Account> = proven
            .into_iter()
            .zip(trie.proofs)
            .map(|((address, state), proof)| Account { address, state, proof })
            .collect();
        let contracts = accounts.split_off(accounts.len() - mappings.len());
        let registry = accounts.pop().expect("it was put in above");
        let registry_slots = storage.proofs.into_iter().map(|proof| (slot, word, proof)).collect();
        let mappings = contracts.into_iter().zip(mappings).collect();
        Self { root: trie.root, accounts, registry, registry_slots, mappings }
    }
}

fn plain_address(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

fn plain_account(index: u64) -> TrieAccount {
    TrieAccount {
        nonce: index + 1,
        balance: U256::from(index) * U256::from(1_000_000_007_u64 * 1_000_000_000),
        storage_root: EMPTY_ROOT_HASH,
        code_hash: KECCAK_EMPTY,
    }
}

/// What the registry's code is the hash of, and its address is cut from.
pub(crate) const REGISTRY: &str = "registry";
