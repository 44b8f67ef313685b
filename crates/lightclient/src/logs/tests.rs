//! Tests of logs over a range, on a chain of our own. The omissions from real chains are in `tests/bodies.rs`.

use alloy_primitives::Bytes;
use k256::ecdsa::SigningKey;

use super::*;
use crate::{
    Asked, Evidence, Outcome, Receipt, ordered_trie,
    testing::{Draft, GENESIS_TIME, RULES, keys, verified_genesis},
    verify_header, verify_receipts, verify_transactions,
};

type Body = (ProvenTransactions, ProvenReceipts);

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const WORD: B256 = B256::repeat_byte(1);
const OTHER: B256 = B256::repeat_byte(2);

fn log(address: Address, topics: &[B256]) -> Log {
    Log { address, topics: topics.to_vec(), data: Bytes::new() }
}

fn filter(addresses: &[Address], topics: &[&[B256]]) -> LogFilter {
    LogFilter::new(addresses.to_vec(), topics.iter().map(|any_of| any_of.to_vec()).collect())
}

/// A block on top of `parent` with one transaction for each list of logs.
fn block(parent: &VerifiedHeader, key: &SigningKey, logs: &[Vec<Log>]) -> (VerifiedHeader, Body) {
    let mut draft = Draft::after(parent, 1);
    let number = parent.number() + 1;
    let transactions: Vec<Bytes> = (0..logs.len())
        .map(|index| Bytes::from(format!("transaction {number}.{index}").into_bytes()))
        .collect();
    let mut union = Bloom::ZERO;
    let receipts: Vec<Bytes> = logs
        .iter()
        .map(|logs| {
            let mut receipt = Receipt {
                transaction_type: 0,
                outcome: Outcome::Succeeded,
                cumulative_gas_used: number,
                logs_bloom: Bloom::ZERO,
                logs: logs.clone(),
            };
            receipt.logs_bloom = receipt.bloom_of_logs();
            union |= receipt.logs_bloom;
            receipt.encode().into()
        })
        .collect();
    draft.header.transactions_root = ordered_trie::root(&transactions);
    draft.header.receipts_root = ordered_trie::root(&receipts);
    draft.header.logs_bloom = union;
    let header = draft.seal([key]);
    let now = GENESIS_TIME + 60;
    let header = verify_header(parent, &header, Evidence::None, Asked::Latest, &RULES, now).unwrap();
    let body =
        (verify_transactions(&header, transactions).unwrap(), verify_receipts(&header, &receipts).unwrap());
    (header, body)
}

/// Blocks 1 to 5: nothing; Alice twice around Bob; Bob; nothing; Alice.
fn chain() -> (Vec<VerifiedHeader>, Vec<Body>) {
    let keys = keys(1);
    let mut parent = verified_genesis(&Draft::genesis(&keys));
    let alice = log(ALICE, &[WORD]);
    let bob = log(BOB, &[OTHER, WORD]);
    let blocks = [
        vec![],
        vec![vec![alice.clone(), bob.clone()], vec![], vec![alice.clone()]],
        vec![vec![bob]],
        vec![vec![]],
        vec![vec![alice]],
    ];
    blocks
        .iter()
        .map(|logs| {
            let (header, body) = block(&parent, &keys[0], logs);
            parent = header.clone();
            (header, body)
        })
        .unzip()
}

/// The bodies of the blocks with these numbers.
fn of(bodies: &[Body], numbers: &[usize]) -> Vec<Body> {
    numbers.iter().map(|number| bodies[number - 1].clone()).collect()
}

#[test]
fn finds_all_logs_and_where_they_stand() {
    let (headers, bodies) = chain();
    let logs = verify_logs(1..=5, &headers, &filter(&[ALICE], &[]), &of(&bodies, &[2, 5])).unwrap();
    let places: Vec<_> =
        logs.iter().map(|log| (log.block_number(), log.transaction_index(), log.log_index())).collect();
    assert_eq!(places, [(2, 0, 0), (2, 2, 2), (5, 0, 0)]);
    for log in &logs {
        let header = &headers[usize::try_from(log.block_number()).unwrap() - 1];
        assert_eq!((log.log(), log.block_hash()), (&self::log(ALICE, &[WORD]), header.hash()));
        let transaction = format!("transaction {}.{}", log.block_number(), log.transaction_index());
        assert_eq!(log.transaction_hash(), crate::keccak256(transaction));
    }
    let all = verify_logs(1..=5, &headers, &filter(&[], &[]), &of(&bodies, &[2, 3, 5])).unwrap();
    assert_eq!(all.len(), 5);
}

#[test]
fn a_range_without_blocks_or_bloom_hits_needs_no_bodies() {
    let (headers, _) = chain();
    let everything = filter(&[], &[]);
    assert_eq!(verify_logs(4..=4, &headers[3..4], &everything, &[]), Ok(vec![]));
    let nothing = RangeInclusive::new(5, 4);
    assert_eq!(verify_logs(nothing, &[], &everything, &[]), Ok(vec![]));
}

#[test]
fn refuses_a_range_with_a_header_missing_or_spare() {
    let (headers, bodies) = chain();
    let (filter, bodies) = (filter(&[ALICE], &[]), of(&bodies, &[2, 5]));
    let missing = |number| Err(LogsError::HeaderMissing { number });
    assert_eq!(verify_logs(1..=5, &headers[..4], &filter, &bodies), missing(5));
    assert_eq!(verify_logs(1..=5, &headers[1..], &filter, &bodies), missing(1));
    assert_eq!(verify_logs(1..=5, &[], &filter, &bodies), missing(1));
    let gap = [&headers[..1], &headers[2..]].concat();
    assert_eq!(verify_logs(1..=5, &gap, &filter, &bodies), missing(2));
    let twice = [&headers[..2], &headers[1..]].concat();
    assert_eq!(verify_logs(1..=5, &twice, &filter, &bodies), missing(3));
    let spare = LogsError::HeaderSpare { number: 5 };
    assert_eq!(verify_logs(1..=4, &headers, &filter, &bodies), Err(spare.clone()));
    assert_eq!(
        (spare.fault(), LogsError::HeaderMissing { number: 1 }.fault()),
        (Fault::Caller, Fault::Unavailable)
    );
}

#[test]
fn refuses_headers_of_two_chains() {
    let keys = keys(1);
    let (mut headers, _) = chain();
    let (other, _) = block(&headers[0], &keys[0], &[]);
    let (third, _) = block(&other, &keys[0], &[]);
    let expected = headers[1].hash();
    headers[2] = third;
    let error = LogsError::Parent { number: 3, expected, found: other.hash() };
    assert_eq!(verify_logs(1..=5, &headers, &filter(&[ALICE], &[]), &[]), Err(error.clone()));
    assert_eq!(error.fault(), Fault::Peer);
}

#[test]
fn names_the_block_whose_receipts_are_missing() {
    let (headers, bodies) = chain();
    let alice = filter(&[ALICE], &[]);
    let missing = |number: usize| {
        let hash = headers[number - 1].hash();
        Err(LogsError::BodyMissing { number: number as u64, hash })
    };
    assert_eq!(verify_logs(1..=5, &headers, &alice, &[]), missing(2));
    assert_eq!(verify_logs(1..=5, &headers, &alice, &of(&bodies, &[2])), missing(5));
    assert_eq!(verify_logs(1..=5, &headers, &alice, &of(&bodies, &[5])), missing(2));
    assert_eq!(verify_logs(1..=5, &headers, &alice, &of(&bodies, &[5, 2])), missing(2));
    // Receipts of one block with the transactions of another.
    let mixed = [(bodies[1].0.clone(), bodies[2].1.clone()), bodies[4].clone()];
    assert_eq!(verify_logs(1..=5, &headers, &alice, &mixed), missing(2));
    let mixed = [(bodies[2].0.clone(), bodies[1].1.clone()), bodies[4].clone()];
    assert_eq!(verify_logs(1..=5, &headers, &alice, &mixed), missing(2));
    // Bob's block is not asked for.
    assert_eq!(verify_logs(1..=5, &headers, &alice, &of(&bodies, &[2, 3, 5])), missing(5));
    let spare = LogsError::BodySpare { hash: headers[4].hash() };
    assert_eq!(verify_logs(1..=4, &headers[..4], &alice, &of(&bodies, &[2, 5])), Err(spare));
}

#[test]
fn refuses_a_block_that_has_not_one_receipt_for_each_transaction() {
    let keys = keys(1);
    let (headers, bodies) = chain();
    let mut draft = Draft::after(&headers[4], 1);
    // The receipts of block 5 are one, the transactions none.
    draft.header = crate::Header { transactions_root: ordered_trie::root(&[]), ..draft.header };
    let header = draft.seal([&keys[0]]);
    let header =
        verify_header(&headers[4], &header, Evidence::None, Asked::Latest, &RULES, GENESIS_TIME + 60)
            .unwrap();
    let raw: Vec<Bytes> = bodies[4].1.receipts().iter().map(|receipt| receipt.encode().into()).collect();
    let body = (verify_transactions(&header, vec![]).unwrap(), verify_receipts(&header, &raw).unwrap());
    let error = LogsError::Count { number: 6, expected: 0, found: 1 };
    assert_eq!(verify_logs(6..=6, &[header], &filter(&[ALICE], &[]), &[body]), Err(error));
}

#[test]
fn matches_as_eth_get_logs_does() {
    let two = log(ALICE, &[WORD, OTHER]);
    type Case = (&'static [Address], &'static [&'static [B256]], bool);
    let cases: [Case; 14] = [
        (&[], &[], true),
        (&[ALICE], &[], true),
        (&[BOB], &[], false),
        (&[BOB, ALICE], &[], true),
        (&[], &[&[WORD]], true),
        (&[], &[&[OTHER]], false),
        (&[], &[&[OTHER, WORD]], true),
        (&[], &[&[], &[OTHER]], true),
        (&[], &[&[], &[WORD]], false),
        (&[], &[&[WORD], &[OTHER]], true),
        (&[], &[&[WORD], &[]], true),
        // There is no third topic, so not even "anything" matches it.
        (&[], &[&[], &[], &[]], false),
        (&[BOB], &[&[WORD]], false),
        (&[ALICE], &[&[WORD], &[OTHER]], true),
    ];
    for (addresses, topics, expected) in cases {
        let filter = filter(addresses, topics);
        assert_eq!(filter.matches(&two), expected, "{filter:?}");
        let mut bloom = Bloom::ZERO;
        bloom.accrue_raw_log(two.address, &two.topics);
        assert!(filter.may_match(&bloom) || !expected, "a bloom never hides a log");
        assert!(!filter.may_match(&Bloom::ZERO));
    }
}

#[test]
fn a_bloom_without_one_of_the_wanted_words_rules_a_block_out() {
    let bloom_of = |log: &Log| {
        let mut bloom = Bloom::ZERO;
        bloom.accrue_raw_log(log.address, &log.topics);
        bloom
    };
    let bloom = bloom_of(&log(ALICE, &[WORD]));
    assert!(filter(&[ALICE], &[&[WORD]]).may_match(&bloom));
    assert!(filter(&[BOB, ALICE], &[&[OTHER, WORD]]).may_match(&bloom));
    assert!(!filter(&[BOB], &[&[WORD]]).may_match(&bloom));
    assert!(!filter(&[ALICE], &[&[OTHER]]).may_match(&bloom));
    assert!(!filter(&[ALICE], &[&[WORD], &[OTHER]]).may_match(&bloom));
}
