//! Headers and proofs of public chains and engines, read from a folder beside the project.
//!
//! They are not copied into the project. Where the folder is missing (`../shared/vectors/thirdparty`, seen from
//! the project), each test says so in its output and checks nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, keccak256};
use lightclient::{
    ChainRules, Evidence, Header, ProvenAccount, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint,
    VerifiedHeader, block_hash, verify_account, verify_checkpoint, verify_receipts, verify_transactions,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

mod seals;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/thirdparty")
}

/// One of the files, unless the folder is not there.
fn vectors<T: DeserializeOwned>(path: &str) -> Option<T> {
    let folder = folder();
    if !folder.exists() {
        println!("NOT CHECKED: {path}, because {} is not there", folder.display());
        return None;
    }
    Some(serde_json::from_str(&std::fs::read_to_string(folder.join(path)).unwrap()).unwrap())
}

const RULES: ChainRules = ChainRules {
    chain_id: 2018,
    schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
    trust: TrustThreshold::OneThird,
    trusting_period: 3600,
    clock_drift: 0,
};

#[derive(Deserialize)]
struct PlainHeaders {
    headers: Vec<PlainHeader>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainHeader {
    number: u64,
    hash: B256,
    state_root: B256,
    header_rlp: Bytes,
}

/// Frontier to Osaka: 15, 16, 17, 20 and 21 fields, made by go-ethereum.
#[test]
fn headers_of_every_fork_encode_to_their_hash() {
    let Some(file) = vectors::<PlainHeaders>("execution-apis/headers.json") else { return };
    assert_eq!(file.headers.len(), 54);
    for recorded in file.headers {
        let header = Header::decode(&recorded.header_rlp).unwrap();
        assert_eq!((header.number, header.state_root), (recorded.number, recorded.state_root));
        assert_eq!(keccak256(header.encode()), recorded.hash, "header {}", recorded.number);
    }
}

/// Transactions of types 0 to 4, made by go-ethereum.
#[test]
fn transactions_of_every_type_have_the_root_of_their_header() {
    let Some(file) = vectors::<PlainHeaders>("execution-apis/headers.json") else { return };
    let chain = std::fs::read(folder().join("execution-apis/chain.rlp")).unwrap();
    let mut types = BTreeSet::new();
    let blocks = items(&chain);
    assert_eq!(blocks.len(), file.headers.len());
    for (recorded, block) in file.headers.iter().zip(blocks) {
        let list = items(block.payload)[1].payload;
        let raw: Vec<Bytes> = items(list).iter().map(Item::transaction).collect();
        types.extend(raw.iter().map(|raw| raw[0].min(0xc0)));
        let count = raw.len();
        let header = Header::decode(&recorded.header_rlp).unwrap();
        let proven = verify_transactions(&header_like(header), raw).unwrap();
        assert_eq!(proven.transactions().len(), count);
    }
    assert_eq!(types, BTreeSet::from([1, 2, 3, 4, 0xc0]));
}

#[test]
fn raw_receipts_of_go_ethereum_have_the_root_of_their_header() {
    let Some(file) = vectors::<PlainHeaders>("execution-apis/headers.json") else { return };
    let Some(cases) = vectors::<Value>("execution-apis/cases.json") else { return };
    let cases = cases["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["file"] == "debug_getRawReceipts/get-block-n.io").unwrap();
    let raw: Vec<Bytes> = serde_json::from_value(case["response"]["result"].clone()).unwrap();
    let recorded = file.headers.iter().find(|header| header.number == 3).unwrap();
    let header = header_like(Header::decode(&recorded.header_rlp).unwrap());
    let proven = verify_receipts(&header, &raw).unwrap();
    assert!(proven.receipts().iter().map(|receipt| Bytes::from(receipt.encode())).eq(raw));
}

/// An item of an RLP list, with and without its prefix.
struct Item<'a> {
    whole: &'a [u8],
    payload: &'a [u8],
}

impl Item<'_> {
    /// A transaction in a block: a list, or a byte string of a type and a list.
    fn transaction(&self) -> Bytes {
        Bytes::copy_from_slice(if self.whole[0] < 0xc0 { self.payload } else { self.whole })
    }
}

fn items(mut list: &[u8]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    while !list.is_empty() {
        let mut payload = list;
        let length = alloy_rlp::Header::decode(&mut payload).unwrap().payload_length;
        let (whole, rest) = list.split_at(list.len() - payload.len() + length);
        items.push(Item { whole, payload: &payload[..length] });
        list = rest;
    }
    items
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProofAnswer {
    address: Address,
    account_proof: Vec<Bytes>,
    balance: U256,
    nonce: U256,
    code_hash: B256,
    storage_hash: B256,
    storage_proof: Vec<SlotAnswer>,
}

#[derive(Deserialize)]
struct SlotAnswer {
    /// Besu trims it: a number, not bytes.
    key: U256,
    value: U256,
    proof: Vec<Bytes>,
}

#[derive(Deserialize)]
struct RealProofs {
    cases: Vec<RealProof>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RealProof {
    name: String,
    state_root: B256,
    proof: ProofAnswer,
    exists: bool,
}

#[test]
fn real_proofs_of_ropsten_and_mainnet_prove_their_values() {
    let Some(file) = vectors::<RealProofs>("eips/eip1186-real.json") else { return };
    assert!(!file.cases.is_empty());
    for case in file.cases {
        let account = check_answer(case.state_root, &case.proof);
        assert_eq!(account.exists(), case.exists, "{}", case.name);
    }
}

#[test]
fn answers_of_besu_prove_their_values() {
    let Some(file) = vectors::<Value>("besu/eth_getProof.json") else { return };
    let answers = file["cases"].as_array().unwrap().iter().filter(|case| case["stateRoot"].is_string());
    let mut checked = 0;
    for case in answers {
        let state_root = serde_json::from_value(case["stateRoot"].clone()).unwrap();
        check_answer(state_root, &serde_json::from_value(case["response"]["result"].clone()).unwrap());
        checked += 1;
    }
    assert!(checked > 0);
}

fn check_answer(state_root: B256, answer: &ProofAnswer) -> ProvenAccount {
    let header = header_with(state_root);
    let account = verify_account(&header, answer.address, &answer.account_proof).unwrap();
    assert_eq!(U256::from(account.nonce()), answer.nonce);
    assert_eq!(account.balance(), answer.balance);
    assert_eq!(account.code_hash(), answer.code_hash);
    assert_eq!(account.storage_root(), answer.storage_hash);
    for slot in &answer.storage_proof {
        let proven = account.verify_slot(B256::from(slot.key), &slot.proof).unwrap();
        assert_eq!(proven.value(), slot.value);
    }
    account
}

/// A genesis block of our own around a state root of another chain.
fn header_with(state_root: B256) -> VerifiedHeader {
    header_like(Header {
        parent_hash: B256::ZERO,
        ommers_hash: B256::ZERO,
        coinbase: Address::ZERO,
        state_root,
        transactions_root: B256::ZERO,
        receipts_root: B256::ZERO,
        logs_bloom: Bloom::ZERO,
        difficulty: U256::from(1),
        number: 0,
        gas_limit: 0,
        gas_used: 0,
        timestamp: 0,
        extra_data: Bytes::new(),
        mix_hash: B256::ZERO,
        nonce: [0; 8],
        base_fee_per_gas: None,
        withdrawals_root: None,
        blob_gas_used: None,
        excess_blob_gas: None,
        parent_beacon_block_root: None,
        requests_hash: None,
    })
}

/// A genesis block of our own with the roots of a header of another chain.
fn header_like(header: Header) -> VerifiedHeader {
    // [32 zero bytes, [one validator], [], 0, []]
    let extra = [&[0xf8, 58, 0xa0][..], &[0; 32], &[0xd5, 0x94], &[1; 20], &[0xc0, 0x80, 0xc0]].concat();
    let header = Header { number: 0, extra_data: extra.into(), ..header };
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&header, &RULES).unwrap() };
    verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES).unwrap()
}
