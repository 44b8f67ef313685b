//! Tests of account and storage proofs, on tries of one leaf. Recorded answers are in `tests/vectors/proofs.rs`.

use super::*;
use crate::{
    Header,
    testing::{Draft, keys, verified_genesis},
};

const ADDRESS: Address = Address::repeat_byte(0x11);
const SLOT: B256 = B256::repeat_byte(0x22);

/// The only node of a trie with one entry, and the root.
fn leaf(hashed_key: B256, value: &[u8]) -> (B256, Bytes) {
    let mut node = Vec::new();
    rlp::write_list(&mut node, |out| {
        rlp::write_bytes(out, &[&[0x20], hashed_key.as_slice()].concat());
        rlp::write_bytes(out, value);
    });
    (keccak256(&node), node.into())
}

fn account(storage_root: B256, extra_field: bool) -> Vec<u8> {
    let mut value = Vec::new();
    rlp::write_list(&mut value, |out| {
        rlp::write_scalar(out, &[7]);
        rlp::write_scalar(out, &[1, 0]);
        rlp::write_bytes(out, storage_root.as_slice());
        rlp::write_bytes(out, B256::repeat_byte(0xcc).as_slice());
        if extra_field {
            rlp::write_scalar(out, &[]);
        }
    });
    value
}

fn header(state_root: B256) -> VerifiedHeader {
    let draft = Draft::genesis(&keys(1));
    verified_genesis(&Draft { header: Header { state_root, ..draft.header.clone() }, ..draft })
}

/// An account whose only slot holds `value`, with the proof of the slot.
fn account_with_slot(value: &[u8]) -> (ProvenAccount, Bytes) {
    let (storage_root, slot_node) = leaf(keccak256(SLOT), value);
    let (state_root, node) = leaf(keccak256(ADDRESS), &account(storage_root, false));
    (verify_account(&header(state_root), ADDRESS, &[node]).unwrap(), slot_node)
}

#[test]
fn proves_what_an_account_holds() {
    let (account, slot_node) = account_with_slot(&[0x82, 0x12, 0x34]);
    assert!(account.exists());
    assert_eq!((account.address(), account.nonce(), account.balance()), (ADDRESS, 7, U256::from(256)));
    assert_eq!((account.code_hash(), account.block_number()), (B256::repeat_byte(0xcc), 0));
    let slot = account.verify_slot(SLOT, &[slot_node]).unwrap();
    assert_eq!((slot.address(), slot.slot(), slot.value()), (ADDRESS, SLOT, U256::from(0x1234)));
    assert_eq!(slot.word(), B256::from(U256::from(0x1234)));
    assert_eq!(
        (slot.block_number(), slot.block_hash(), slot.block_time()),
        (account.block_number(), account.block_hash(), account.block_time())
    );
}

#[test]
fn proves_that_an_account_and_a_slot_are_not_there() {
    let (state_root, node) = leaf(keccak256(Address::ZERO), &account(B256::ZERO, false));
    let absent = verify_account(&header(state_root), ADDRESS, &[node]).unwrap();
    assert!(!absent.exists());
    assert_eq!((absent.nonce(), absent.balance()), (0, U256::ZERO));
    assert_eq!((absent.code_hash(), absent.storage_root()), (keccak256([]), trie::EMPTY_ROOT));
    assert_eq!(absent.verify_slot(SLOT, &[]).unwrap().value(), U256::ZERO);

    let (account, slot_node) = account_with_slot(&[0x01]);
    let slot = account.verify_slot(B256::ZERO, &[slot_node]).unwrap();
    assert_eq!((slot.slot(), slot.value(), slot.word()), (B256::ZERO, U256::ZERO, B256::ZERO));
}

#[test]
fn refuses_what_is_no_account() {
    let refused = |value: &[u8], source| {
        let (state_root, node) = leaf(keccak256(ADDRESS), value);
        assert_eq!(
            verify_account(&header(state_root), ADDRESS, &[node]),
            Err(ProofError::AccountValue { block: 0, address: ADDRESS, source })
        );
    };
    refused(&account(B256::ZERO, true), RlpError::Trailing { found: 1 });
    refused(&[], RlpError::End { expected: 1, found: 0 });
    refused(&[0xc0], RlpError::End { expected: 1, found: 0 });
    refused(&[0xc1, 0x00], RlpError::LeadingZero);
}

#[test]
fn refuses_what_is_no_slot_value() {
    let refused = |value: &[u8], source| {
        let (account, node) = account_with_slot(value);
        assert_eq!(
            account.verify_slot(SLOT, &[node]),
            Err(ProofError::SlotValue { block: 0, address: ADDRESS, slot: SLOT, source })
        );
    };
    refused(&[], RlpError::End { expected: 1, found: 0 });
    refused(&[0x00], RlpError::LeadingZero);
    refused(&[0x01, 0x02], RlpError::Trailing { found: 1 });
    refused(&[&[0xa1][..], &[1; 33]].concat(), RlpError::ScalarTooLong { expected: 32, found: 33 });
}

#[test]
fn an_account_without_storage_takes_no_nodes() {
    let (state_root, node) = leaf(keccak256(ADDRESS), &account(trie::EMPTY_ROOT, false));
    let account = verify_account(&header(state_root), ADDRESS, std::slice::from_ref(&node)).unwrap();
    assert_eq!(account.verify_slot(SLOT, &[]).unwrap().value(), U256::ZERO);
    let source = Box::new(TrieError::SpareNodes { expected: 0, found: 1 });
    assert_eq!(
        account.verify_slot(SLOT, &[node]),
        Err(ProofError::Slot { block: 0, address: ADDRESS, slot: SLOT, source })
    );
}
