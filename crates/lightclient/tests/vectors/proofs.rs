//! Answers of `eth_getProof` that GoQuorum gave: what they prove, and that nothing else is proven by them.

use alloy_primitives::{Address, B256, Bytes, U256};
use lightclient::{ProofError, ProvenAccount, TrieError, keccak256, verify_account};
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{Chain, qbft};

#[test]
fn all_55_recorded_proofs_prove_the_recorded_values() {
    let chain = qbft::load();
    let file = Proofs::load();
    assert_eq!(file.proofs.len(), 55);
    let (mut absent_accounts, mut absent_slots, mut present_slots) = (0, 0, 0);
    for answer in &file.proofs {
        let account = file.prove(&chain, answer).unwrap();
        assert_eq!(account.address(), answer.address);
        assert_eq!(U256::from(account.nonce()), answer.nonce);
        assert_eq!(account.balance(), answer.balance);
        assert_eq!(account.code_hash(), answer.code_hash);
        assert_eq!(account.storage_root(), answer.storage_hash);
        let number = usize::try_from(answer.block).unwrap();
        let block = (answer.block, chain.recorded[number].hash, chain.headers[number].timestamp);
        assert_eq!((account.block_number(), account.block_hash(), account.block_time()), block);
        absent_accounts += usize::from(!account.exists());
        for slot in &answer.slots {
            let proven = account.verify_slot(slot.slot, &file.nodes(&slot.proof)).unwrap();
            assert_eq!((proven.address(), proven.slot()), (answer.address, slot.slot));
            assert_eq!((proven.value(), proven.word()), (slot.value, B256::from(slot.value)));
            assert_eq!((proven.block_number(), proven.block_hash(), proven.block_time()), block);
            let count = if slot.value.is_zero() { &mut absent_slots } else { &mut present_slots };
            *count += 1;
        }
    }
    assert_eq!((absent_accounts, absent_slots, present_slots), (25, 134, 75));
}

#[test]
fn a_proof_that_answers_another_question_is_refused() {
    let chain = qbft::load();
    let file = Proofs::load();
    let contract = file.proofs.iter().rfind(|answer| answer.slots.len() > 1).unwrap();
    let account = file.prove(&chain, contract).unwrap();
    // Of another account of the same block: the nodes may be right, but not for the one that was asked for.
    let header = qbft::trusted(&chain, usize::try_from(contract.block).unwrap());
    let others = file
        .proofs
        .iter()
        .filter(|answer| answer.block == contract.block && answer.account_proof != contract.account_proof);
    for other in others {
        let result = verify_account(&header, contract.address, &file.nodes(&other.account_proof));
        let Err(ProofError::Account { block, address, .. }) = result else { panic!("accepted {result:?}") };
        assert_eq!((block, address), (contract.block, contract.address));
    }
    // Of another block.
    let genesis = qbft::trusted(&chain, 0);
    let nodes = file.nodes(&contract.account_proof);
    let (expected, found) = (genesis.state_root(), keccak256(&nodes[0]));
    assert_eq!(
        verify_account(&genesis, contract.address, &nodes),
        Err(ProofError::Account {
            block: 0,
            address: contract.address,
            source: Box::new(TrieError::Root { expected, found }),
        })
    );
    // Of another slot.
    for asked in &contract.slots {
        for answered in contract.slots.iter().filter(|answered| answered.proof != asked.proof) {
            let result = account.verify_slot(asked.slot, &file.nodes(&answered.proof));
            let Err(ProofError::Slot { block, address, slot, .. }) = result else {
                panic!("slot {}: accepted {result:?}", asked.slot)
            };
            assert_eq!((block, address, slot), (contract.block, contract.address, asked.slot));
        }
    }
}

#[test]
fn any_changed_byte_or_node_of_a_proof_is_refused() {
    let chain = qbft::load();
    let file = Proofs::load();
    for answer in file.proofs.iter().rev().take(10) {
        let header = qbft::trusted(&chain, usize::try_from(answer.block).unwrap());
        for_each_change(&file.nodes(&answer.account_proof), |changed| {
            assert!(verify_account(&header, answer.address, changed).is_err(), "{changed:?}");
        });
        let account = file.prove(&chain, answer).unwrap();
        for slot in &answer.slots {
            for_each_change(&file.nodes(&slot.proof), |changed| {
                assert!(account.verify_slot(slot.slot, changed).is_err(), "{changed:?}");
            });
        }
    }
}

/// Calls `check` with `nodes` after each change of one byte, and of the list: spare, missing, twice, swapped.
fn for_each_change(nodes: &[Bytes], check: impl Fn(&[Bytes])) {
    let mut changed = nodes.to_vec();
    for (index, node) in nodes.iter().enumerate() {
        for (position, flip) in (0..node.len()).flat_map(|position| [(position, 0x01), (position, 0x80)]) {
            let mut bytes = node.to_vec();
            bytes[position] ^= flip;
            changed[index] = bytes.into();
            check(&changed);
        }
        for other in [[node.as_ref(), &[0]].concat().into(), node.slice(..node.len() - 1)] {
            changed[index] = other;
            check(&changed);
        }
        changed[index] = node.clone();
        let mut without = nodes.to_vec();
        without.remove(index);
        check(&without);
        let mut twice = nodes.to_vec();
        twice.insert(index, node.clone());
        check(&twice);
        if index > 0 {
            let mut swapped = nodes.to_vec();
            swapped.swap(index - 1, index);
            check(&swapped);
        }
    }
    for spare in [Bytes::new(), Bytes::from_static(&[0x80]), Bytes::from_static(&[0xc0])] {
        check(&[nodes, &[spare]].concat());
    }
}

/// The proofs name their nodes by position: many share them.
#[derive(Deserialize)]
struct Proofs {
    nodes: Vec<Bytes>,
    proofs: Vec<Answer>,
}

impl Proofs {
    fn load() -> Self {
        serde_json::from_str(PROOFS).unwrap()
    }

    fn prove(&self, chain: &Chain, answer: &Answer) -> Result<ProvenAccount, ProofError> {
        let header = qbft::trusted(chain, usize::try_from(answer.block).unwrap());
        verify_account(&header, answer.address, &self.nodes(&answer.account_proof))
    }

    fn nodes(&self, positions: &[usize]) -> Vec<Bytes> {
        positions.iter().map(|position| self.nodes[*position].clone()).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    block: u64,
    address: Address,
    balance: U256,
    nonce: U256,
    code_hash: B256,
    storage_hash: B256,
    account_proof: Vec<usize>,
    slots: Vec<SlotAnswer>,
}

#[derive(Deserialize)]
struct SlotAnswer {
    slot: B256,
    value: U256,
    proof: Vec<usize>,
}

const PROOFS: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft/proofs.json");
