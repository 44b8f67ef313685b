//! Tests of transactions and receipts under a header. Those of real chains are in `tests/bodies.rs`.

use alloy_primitives::Address;

use super::*;
use crate::{
    Log, Outcome, RlpError,
    testing::{Draft, keys, verified_genesis},
};

/// A block with these lists; `bloom` is its header's.
fn block(transactions: &[Bytes], receipts: &[Bytes], bloom: Bloom) -> VerifiedHeader {
    let mut draft = Draft::genesis(&keys(1));
    draft.header.transactions_root = ordered_trie::root(transactions);
    draft.header.receipts_root = ordered_trie::root(receipts);
    draft.header.logs_bloom = bloom;
    verified_genesis(&draft)
}

fn transactions(count: u8) -> Vec<Bytes> {
    (0..count).map(|index| Bytes::from(vec![index; 50])).collect()
}

fn receipt(contract: u8) -> Receipt {
    let log = Log { address: Address::repeat_byte(contract), topics: vec![], data: Bytes::new() };
    let mut receipt = Receipt {
        transaction_type: 0,
        outcome: Outcome::Succeeded,
        cumulative_gas_used: 1,
        logs_bloom: Bloom::ZERO,
        logs: vec![log],
    };
    receipt.logs_bloom = receipt.bloom_of_logs();
    receipt
}

fn raw(receipts: &[Receipt]) -> Vec<Bytes> {
    receipts.iter().map(|receipt| receipt.encode().into()).collect()
}

fn wrong_root(kind: ItemKind, expected: &[Bytes], found: &[Bytes]) -> InclusionError {
    let (expected, found) = (ordered_trie::root(expected), ordered_trie::root(found));
    InclusionError::Root { block: 0, kind, expected, found }
}

#[test]
fn proves_all_transactions_and_names_them_by_their_hash() {
    let raw = transactions(3);
    let header = block(&raw, &[], Bloom::ZERO);
    let proven = verify_transactions(&header, raw.clone()).unwrap();
    assert_eq!(proven.block_hash(), header.hash());
    assert_eq!(proven.transactions().len(), 3);
    let second = proven.find(keccak256(&raw[1])).unwrap();
    assert_eq!((second.index(), second.raw(), second.block_number()), (1, &raw[1], 0));
    assert_eq!(second.block_hash(), header.hash());
    assert_eq!(proven.find(B256::ZERO), None);
    let empty = block(&[], &[], Bloom::ZERO);
    assert_eq!(verify_transactions(&empty, vec![]).unwrap().transactions(), []);
}

#[test]
fn refuses_transactions_that_are_left_out_added_changed_or_swapped() {
    let raw = transactions(3);
    let header = block(&raw, &[], Bloom::ZERO);
    let mut changed = raw.clone();
    changed[2] = Bytes::from_static(&[1]);
    let mut swapped = raw.clone();
    swapped.swap(0, 1);
    let added = [&raw[..], &raw[..1]].concat();
    for list in [raw[..2].to_vec(), raw[1..].to_vec(), vec![], changed, swapped, added] {
        let error = wrong_root(ItemKind::Transaction, &raw, &list);
        assert_eq!(verify_transactions(&header, list), Err(error.clone()));
        assert_eq!(error.fault(), Fault::Peer);
    }
}

#[test]
fn refuses_lists_beyond_the_limits() {
    let header = block(&[], &[], Bloom::ZERO);
    let too_large = |kind, expected, found| InclusionError::TooLarge { block: 0, kind, expected, found };
    let error = too_large(ItemKind::Transaction, 100_000, 100_001);
    assert_eq!(verify_transactions(&header, vec![Bytes::new(); 100_001]), Err(error));
    let megabytes = vec![Bytes::from(vec![0; 1 << 20]); 33];
    let error = too_large(ItemKind::Receipt, 32 << 20, 33 << 20);
    assert_eq!(verify_receipts(&header, &megabytes), Err(error));
}

#[test]
fn proves_all_receipts() {
    let receipts = [receipt(1), receipt(2)];
    let raw = raw(&receipts);
    let header = block(&[], &raw, receipts[0].logs_bloom | receipts[1].logs_bloom);
    let proven = verify_receipts(&header, &raw).unwrap();
    assert_eq!((proven.receipts(), proven.block_hash()), (&receipts[..], header.hash()));
    let second = proven.get(1).unwrap();
    assert_eq!((second.receipt(), second.index(), second.block_number()), (&receipts[1], 1, 0));
    assert_eq!((second.block_hash(), proven.get(2)), (header.hash(), None));
}

#[test]
fn refuses_receipts_that_are_not_those_of_the_block() {
    let receipts = raw(&[receipt(1), receipt(2)]);
    let header = block(&[], &receipts, Bloom::ZERO);
    for list in [&receipts[..1], &receipts[1..], &[]] {
        let error = wrong_root(ItemKind::Receipt, &receipts, list);
        assert_eq!(verify_receipts(&header, list), Err(error));
    }
}

#[test]
fn refuses_what_stands_in_the_trie_but_is_no_receipt() {
    let raw = raw(&[receipt(1)]).into_iter().chain([Bytes::from_static(&[0xc0])]).collect::<Vec<_>>();
    let header = block(&[], &raw, receipt(1).logs_bloom);
    let source = ReceiptError::Rlp(RlpError::End { expected: 1, found: 0 });
    let error = InclusionError::Receipt { block: 0, index: 1, source };
    assert_eq!(verify_receipts(&header, &raw), Err(error));
}

#[test]
fn refuses_a_bloom_that_hides_or_invents_a_log() {
    for bloom in [Bloom::ZERO, receipt(1).logs_bloom | receipt(2).logs_bloom] {
        let hiding = raw(&[receipt(1), Receipt { logs_bloom: bloom, ..receipt(1) }]);
        let header = block(&[], &hiding, receipt(1).logs_bloom | bloom);
        assert_eq!(
            verify_receipts(&header, &hiding),
            Err(InclusionError::ReceiptBloom { block: 0, index: 1 })
        );
        let honest = raw(&[receipt(1)]);
        let header = block(&[], &honest, bloom);
        assert_eq!(verify_receipts(&header, &honest), Err(InclusionError::HeaderBloom { block: 0 }));
    }
}

#[test]
fn proves_one_item_alone_and_that_there_is_none() {
    // A list of one item: the root is its leaf.
    let transaction = Bytes::from(vec![7; 50]);
    let leaf = Bytes::from([&[0xf6, 0x82, 0x20, 0x80, 0xb2][..], &transaction].concat());
    let header = block(core::slice::from_ref(&transaction), &[], Bloom::ZERO);
    let proof = [leaf];
    let proven = verify_transaction(&header, 0, &proof).unwrap().unwrap();
    assert_eq!((proven.index(), proven.raw(), proven.hash()), (0, &transaction, keccak256(&transaction)));
    // Nothing at positions whose keys have the same length and longer ones.
    for index in [1, 0x7f, 0x80, 0x100, usize::MAX] {
        assert_eq!(verify_transaction(&header, index, &proof), Ok(None));
    }
    // The block has no receipts at all.
    assert_eq!(verify_receipt(&header, 0, &[]), Ok(None));
    let source = Box::new(TrieError::MissingNode { index: 0, expected: header.raw().transactions_root });
    let error = InclusionError::Proof { block: 0, kind: ItemKind::Transaction, index: 0, source };
    assert_eq!(verify_transaction(&header, 0, &[]), Err(error));
}

#[test]
fn a_receipt_alone_is_held_to_its_bloom() {
    let honest = receipt(1);
    let hiding = Receipt { logs_bloom: Bloom::ZERO, ..receipt(1) };
    for (receipt, expected) in [
        (&honest, Ok(Some(honest.clone()))),
        (&hiding, Err(InclusionError::ReceiptBloom { block: 0, index: 0 })),
    ] {
        let item = raw(core::slice::from_ref(receipt));
        let mut leaf = Vec::new();
        crate::rlp::write_list(&mut leaf, |out| {
            crate::rlp::write_bytes(out, &[0x20, 0x80]);
            crate::rlp::write_bytes(out, &item[0]);
        });
        let header = block(&[], &item, Bloom::ZERO);
        let found = verify_receipt(&header, 0, &[leaf.into()]);
        assert_eq!(found.map(|found| found.map(|found| found.receipt().clone())), expected);
    }
}
