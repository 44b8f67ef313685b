//! Transactions, receipts and logs of real chains; and random lists, with alloy-trie as the other opinion.
//!
//! The blocks were recorded from GoQuorum and EthereumJS: see `tests/vectors/recorded/README.md`. Those of EthereumJS
//! stand under headers of our own here, since it is the lists and their roots that are tested.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U256};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer, root::ordered_trie_root_with_encoder};
use lightclient::{
    Asked, ChainRules, Evidence, Header, InclusionError, Log, LogFilter, LogsError, Outcome, ProvenReceipts,
    ProvenTransactions, Receipt, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint, VerifiedHeader,
    block_hash, keccak256, verify_checkpoint, verify_header, verify_logs, verify_receipt, verify_receipts,
    verify_transaction, verify_transactions,
};
use proptest::{collection, prelude::*, sample::Index};
use serde::Deserialize;

#[test]
fn every_recorded_list_of_transactions_and_receipts_has_its_root() {
    for (name, blocks, items) in [("goquorum-qbft", 37, 149), ("ethereumjs-clique", 77, 652)] {
        let recorded = recorded(name);
        assert_eq!(recorded.len(), blocks);
        assert_eq!(recorded.iter().map(|block| block.receipts.len()).sum::<usize>(), items);
        for block in &recorded {
            let header = block.alone();
            let proven = verify_receipts(&header, &block.raw_receipts()).unwrap();
            assert_eq!(proven.receipts(), block.receipts());
            // EthereumJS gives no bytes of transactions; the client's tests encode them from their JSON.
            let Some(raw) = &block.raw else { continue };
            let proven = verify_transactions(&header, raw.clone()).unwrap();
            let hashes = proven.transactions().iter().map(|transaction| transaction.hash());
            assert!(hashes.eq(block.transactions.iter().map(|transaction| transaction.hash)));
        }
    }
}

/// Trust figure Q5: 1,000 omissions and more, each of them noticed.
#[test]
fn every_omission_is_noticed() {
    let everything = LogFilter::new(vec![], vec![]);
    let mut omissions = 0;
    let mut noticed = |is_error: bool, what: &str, number: u64| {
        assert!(is_error, "{what} left out of block {number}");
        omissions += 1;
    };
    for name in ["goquorum-qbft", "ethereumjs-clique"] {
        for block in recorded(name) {
            let (header, receipts) = (block.alone(), block.receipts());
            let encode =
                |receipts: &[Receipt]| receipts.iter().map(|item| item.encode().into()).collect::<Vec<_>>();
            for (index, receipt) in receipts.iter().enumerate() {
                let mut without = receipts.clone();
                without.remove(index);
                noticed(
                    is_wrong_root(verify_receipts(&header, &encode(&without))),
                    "a receipt",
                    block.number,
                );
                for log in 0..receipt.logs.len() {
                    let mut without = receipts.clone();
                    without[index].logs.remove(log);
                    // A liar makes the bloom fit.
                    without[index].logs_bloom = bloom(&without[index].logs);
                    noticed(
                        is_wrong_root(verify_receipts(&header, &encode(&without))),
                        "a log",
                        block.number,
                    );
                }
            }
            for index in 0..block.raw.as_ref().map_or(0, Vec::len) {
                let mut without = block.raw.clone().unwrap();
                without.remove(index);
                let is_noticed = is_wrong_root(verify_transactions(&header, without));
                noticed(is_noticed, "a transaction", block.number);
            }
        }
    }
    let chain = QbftChain::load();
    let logs = verify_logs(0..=205, &chain.headers, &everything, &chain.bodies).unwrap();
    assert_eq!(logs.len(), 133);
    for number in 0..206_usize {
        let mut without = chain.headers.clone();
        let header = without.remove(number);
        let error = Err(LogsError::HeaderMissing { number: number as u64 });
        noticed(
            verify_logs(0..=205, &without, &everything, &chain.bodies) == error,
            "the header",
            header.number(),
        );
    }
    for index in 0..chain.bodies.len() {
        let mut without = chain.bodies.clone();
        let hash = without.remove(index).0.block_hash();
        let number = chain.headers.iter().find(|header| header.hash() == hash).unwrap().number();
        let error = Err(LogsError::BodyMissing { number, hash });
        noticed(verify_logs(0..=205, &chain.headers, &everything, &without) == error, "the body", number);
    }
    println!("{omissions} omissions, all noticed");
    assert!(omissions >= 1_000);
}

#[test]
fn a_filter_finds_what_a_search_of_all_logs_finds() {
    let chain = QbftChain::load();
    let everything =
        verify_logs(0..=205, &chain.headers, &LogFilter::new(vec![], vec![]), &chain.bodies).unwrap();
    let mut topics: Vec<B256> = everything.iter().flat_map(|log| log.log().topics.clone()).collect();
    topics.sort_unstable();
    topics.dedup();
    let absent = B256::repeat_byte(0xab);
    for topic in topics.into_iter().chain([absent]) {
        for place in 0..3 {
            let wanted = |log: &Log| log.topics.get(place) == Some(&topic);
            let mut places = vec![vec![]; place];
            places.push(vec![topic]);
            let filter = LogFilter::new(vec![], places);
            let bodies = chain.bodies_for(&filter);
            let found = verify_logs(0..=205, &chain.headers, &filter, &bodies).unwrap();
            assert!(found.iter().eq(everything.iter().filter(|log| wanted(log.log()))), "{topic} at {place}");
            assert!(bodies.len() <= chain.bodies.len());
        }
    }
}

fn is_wrong_root<T>(result: Result<T, InclusionError>) -> bool {
    matches!(result, Err(InclusionError::Root { .. }))
}

fn alloy_root(items: &[Bytes]) -> B256 {
    ordered_trie_root_with_encoder(items, |item, out| out.extend_from_slice(item))
}

/// The proof for one position, made by alloy-trie.
fn alloy_proof(items: &[Bytes], target: usize) -> Vec<Bytes> {
    let key = |index: usize| Nibbles::unpack(alloy_rlp::encode(index));
    let target = key(target);
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter([target]));
    let mut entries: Vec<(Nibbles, &Bytes)> =
        items.iter().enumerate().map(|(index, item)| (key(index), item)).collect();
    entries.sort_unstable();
    for (key, item) in entries {
        builder.add_leaf(key, item);
    }
    builder.root();
    let nodes = builder.take_proof_nodes();
    let nodes = nodes.matching_nodes_sorted(&target).into_iter();
    // The builder names the empty trie by a node, and also the short nodes that stand inside another; servers do not.
    let is_served =
        |path: &Nibbles, node: &Bytes| node.as_ref() != [0x80] && (path.is_empty() || node.len() >= 32);
    nodes.filter(|(path, node)| is_served(path, node)).map(|(_, node)| node).collect()
}

fn items(sizes: core::ops::Range<usize>) -> impl Strategy<Value = Vec<Bytes>> {
    collection::vec(collection::vec(any::<u8>(), sizes).prop_map(Bytes::from), 0..300)
}

fn log() -> impl Strategy<Value = Log> {
    let topics = collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..5);
    (any::<[u8; 20]>(), topics, collection::vec(any::<u8>(), 0..100))
        .prop_map(|(address, topics, data)| Log { address: address.into(), topics, data: data.into() })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let outcome = prop_oneof![
        Just(Outcome::Reverted),
        Just(Outcome::Succeeded),
        any::<[u8; 32]>().prop_map(|root| Outcome::StateRoot(root.into())),
    ];
    (0_u8..=4, outcome, any::<u64>(), collection::vec(log(), 0..4)).prop_map(
        |(transaction_type, outcome, cumulative_gas_used, logs)| Receipt {
            transaction_type,
            outcome,
            cumulative_gas_used,
            logs_bloom: bloom(&logs),
            logs,
        },
    )
}

proptest! {
    #[test]
    fn roots_agree_with_alloy_on_lists_of_any_length(items in prop_oneof![items(0..3), items(0..200)]) {
        let header = under(alloy_root(&items), B256::ZERO, Bloom::ZERO);
        let proven = verify_transactions(&header, items.clone()).unwrap();
        prop_assert!(proven.transactions().iter().map(|item| item.raw()).eq(&items));
    }

    #[test]
    fn proofs_of_alloy_prove_presence_and_absence(
        items in prop_oneof![items(0..3), items(0..200)],
        target in 0_usize..400,
    ) {
        let header = under(alloy_root(&items), B256::ZERO, Bloom::ZERO);
        let proof = alloy_proof(&items, target);
        let proven = verify_transaction(&header, target, &proof).unwrap();
        prop_assert_eq!(proven.as_ref().map(|item| item.raw()), items.get(target));
    }

    #[test]
    fn any_changed_byte_of_a_proof_is_refused(
        items in items(20..60).prop_filter("not empty", |items| !items.is_empty()),
        (target, node, byte) in any::<(Index, Index, Index)>(),
        change in 1_u8..,
    ) {
        let header = under(alloy_root(&items), B256::ZERO, Bloom::ZERO);
        let target = target.index(items.len());
        let mut proof = alloy_proof(&items, target);
        let node = node.index(proof.len());
        let mut bytes = proof[node].to_vec();
        let byte = byte.index(bytes.len());
        bytes[byte] ^= change;
        proof[node] = bytes.into();
        prop_assert!(verify_transaction(&header, target, &proof).is_err());
        proof.pop();
        prop_assert!(verify_transaction(&header, target, &proof).is_err());
    }

    #[test]
    fn a_receipt_decodes_to_what_was_encoded_and_any_changed_byte_is_refused(
        receipts in collection::vec(receipt(), 1..6),
        (which, byte) in any::<(Index, Index)>(),
        change in 1_u8..,
    ) {
        let mut raw: Vec<Bytes> = receipts.iter().map(|receipt| receipt.encode().into()).collect();
        let union = receipts.iter().fold(Bloom::ZERO, |union, receipt| union | receipt.logs_bloom);
        let header = under(B256::ZERO, alloy_root(&raw), union);
        let proven = verify_receipts(&header, &raw).unwrap();
        prop_assert_eq!(proven.receipts(), &receipts);
        let which = which.index(raw.len());
        let alone = verify_receipt(&header, which, &alloy_proof(&raw, which)).unwrap().unwrap();
        let among = proven.get(which).unwrap();
        prop_assert_eq!((alone.receipt(), alone.index()), (among.receipt(), among.index()));
        prop_assert_eq!((alone.gas_used(), alone.first_log_index()), (None, None));
        let mut bytes = raw[which].to_vec();
        let byte = byte.index(bytes.len());
        bytes[byte] ^= change;
        raw[which] = bytes.into();
        prop_assert!(verify_receipts(&header, &raw).is_err());
        // What still is a receipt is another one.
        if let Ok(other) = Receipt::decode(&raw[which]) {
            prop_assert_eq!(other.encode(), raw[which].to_vec());
            prop_assert_ne!(&other, &receipts[which]);
        }
    }

    #[test]
    fn no_bytes_break_the_decoder(bytes in collection::vec(any::<u8>(), 0..600)) {
        if let Ok(receipt) = Receipt::decode(&bytes) {
            prop_assert_eq!(receipt.encode(), bytes);
        }
    }
}

fn bloom(logs: &[Log]) -> Bloom {
    let mut bloom = Bloom::ZERO;
    logs.iter().for_each(|log| bloom.accrue_raw_log(log.address, &log.topics));
    bloom
}

#[derive(Deserialize)]
struct File {
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    number: u64,
    transactions_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    transactions: Vec<TransactionJson>,
    raw: Option<Vec<Bytes>>,
    receipts: Vec<ReceiptJson>,
}

#[derive(Deserialize)]
struct TransactionJson {
    r#type: U64,
    hash: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptJson {
    status: U64,
    cumulative_gas_used: U64,
    logs_bloom: Bloom,
    logs: Vec<LogJson>,
}

#[derive(Deserialize)]
struct LogJson {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

fn recorded(name: &str) -> Vec<Block> {
    let path = format!("{}/../../tests/vectors/recorded/{name}/bodies.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str::<File>(&std::fs::read_to_string(path).unwrap()).unwrap().blocks
}

impl Block {
    /// A header of our own with the block's roots and bloom.
    fn alone(&self) -> VerifiedHeader {
        under(self.transactions_root, self.receipts_root, self.logs_bloom)
    }

    fn receipts(&self) -> Vec<Receipt> {
        let receipt = |(transaction, receipt): (&TransactionJson, &ReceiptJson)| Receipt {
            transaction_type: transaction.r#type.to(),
            outcome: if receipt.status == U64::ONE { Outcome::Succeeded } else { Outcome::Reverted },
            cumulative_gas_used: receipt.cumulative_gas_used.to(),
            logs_bloom: receipt.logs_bloom,
            logs: receipt
                .logs
                .iter()
                .map(|log| Log { address: log.address, topics: log.topics.clone(), data: log.data.clone() })
                .collect(),
        };
        self.transactions.iter().zip(&self.receipts).map(receipt).collect()
    }

    fn raw_receipts(&self) -> Vec<Bytes> {
        self.receipts().iter().map(|receipt| receipt.encode().into()).collect()
    }
}

/// The recorded QBFT chain: all headers verified, and the body of every block with logs.
struct QbftChain {
    headers: Vec<VerifiedHeader>,
    bodies: Vec<(ProvenTransactions, ProvenReceipts)>,
}

#[derive(Deserialize)]
struct HeadersFile {
    headers: Vec<HeaderJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderJson {
    hash: B256,
    header_rlp: Bytes,
}

impl QbftChain {
    fn load() -> Self {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/recorded/goquorum-qbft/headers.json");
        let file: HeadersFile = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut headers: Vec<VerifiedHeader> = Vec::new();
        for recorded in &file.headers {
            let header = Header::decode(&recorded.header_rlp).unwrap();
            headers.push(match headers.last() {
                None => verify_checkpoint(
                    &TrustedCheckpoint { number: 0, hash: recorded.hash },
                    &header,
                    Evidence::None,
                    &RULES,
                )
                .unwrap(),
                Some(parent) => verify_header(
                    parent,
                    &header,
                    Evidence::None,
                    Asked::Hash(recorded.hash),
                    &RULES,
                    header.timestamp,
                )
                .unwrap(),
            });
        }
        let mut bodies = Vec::new();
        for block in recorded("goquorum-qbft") {
            let header = &headers[usize::try_from(block.number).unwrap()];
            if !header.raw().logs_bloom.is_zero() {
                bodies.push((
                    verify_transactions(header, block.raw.clone().unwrap()).unwrap(),
                    verify_receipts(header, &block.raw_receipts()).unwrap(),
                ));
            }
        }
        Self { headers, bodies }
    }

    /// The bodies that a filter needs.
    fn bodies_for(&self, filter: &LogFilter) -> Vec<(ProvenTransactions, ProvenReceipts)> {
        let wanted = |hash: B256| {
            let header = self.headers.iter().find(|header| header.hash() == hash).unwrap();
            filter.may_match(&header.raw().logs_bloom)
        };
        self.bodies.iter().filter(|(transactions, _)| wanted(transactions.block_hash())).cloned().collect()
    }
}

const RULES: ChainRules = ChainRules {
    chain_id: 81337,
    schedule: Schedule::constant(SealScheme::Qbft, 60, 1),
    trust: TrustThreshold::OneThird,
    trusting_period: 86_400,
    clock_drift: 5,
};

/// A verified genesis block with these roots and this bloom.
fn under(transactions_root: B256, receipts_root: B256, logs_bloom: Bloom) -> VerifiedHeader {
    // [32 zero bytes, [one validator], [], 0, []]
    let extra = [&[0xf8, 58, 0xa0][..], &[0; 32], &[0xd5, 0x94], &[1; 20], &[0xc0, 0x80, 0xc0]].concat();
    let header = Header {
        parent_hash: B256::ZERO,
        ommers_hash: keccak256([0xc0]),
        coinbase: Address::ZERO,
        state_root: B256::ZERO,
        transactions_root,
        receipts_root,
        logs_bloom,
        difficulty: U256::ONE,
        number: 0,
        gas_limit: 0,
        gas_used: 0,
        timestamp: 0,
        extra_data: extra.into(),
        mix_hash: B256::from(*b"ctical byzantine fault tolerance"),
        nonce: [0; 8],
        base_fee_per_gas: None,
        withdrawals_root: None,
        blob_gas_used: None,
        excess_blob_gas: None,
        parent_beacon_block_root: None,
        requests_hash: None,
    };
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &RULES).unwrap() };
    verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES).unwrap()
}
