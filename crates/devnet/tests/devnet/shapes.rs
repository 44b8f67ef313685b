//! Blocks, transactions, receipts and proofs have the JSON shapes of a real engine, recorded from GoQuorum.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::check::check;
use crate::clique::Snapshot;
use crate::harness::{Account, Net, WRITER, text, words};

/// Reads a file of the recorded chain; says so when it is not on this machine.
fn recorded(chain: &str, name: &str) -> Option<Value> {
    let folder = std::env::var_os("MEDREC_VECTORS").map_or_else(|| PathBuf::from(VECTORS), PathBuf::from);
    let path = folder.join("recorded").join(chain).join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("NOT CHECKED: {} is not there", path.display());
        return None;
    };
    Some(serde_json::from_slice(&bytes).expect("JSON"))
}

/// The forms all values of one key have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Form {
    kinds: BTreeSet<&'static str>,
    lengths: BTreeSet<usize>,
    is_quantity: bool,
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::String(_) => "string",
    }
}

fn forms(objects: &[Value]) -> BTreeMap<String, Form> {
    let mut forms = BTreeMap::new();
    for (key, value) in objects.iter().flat_map(|object| object.as_object().expect("an object")) {
        let fresh = || Form { kinds: BTreeSet::new(), lengths: BTreeSet::new(), is_quantity: true };
        let form = forms.entry(key.clone()).or_insert_with(fresh);
        form.kinds.insert(kind(value));
        if let Some(text) = value.as_str() {
            assert!(text.starts_with("0x"), "{key}: {text}");
            form.lengths.insert(text.len());
            form.is_quantity &= text == "0x0" || (text.len() > 2 && !text.starts_with("0x0"));
        }
    }
    forms
}

/// Expects the same keys, kinds that the engine's values have too, and the same fixed lengths and number formats.
fn assert_same_shape(what: &str, recorded: &[Value], ours: &[Value]) {
    assert!(!recorded.is_empty() && !ours.is_empty(), "{what}");
    let (recorded, ours) = (forms(recorded), forms(ours));
    assert_eq!(recorded.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>(), "{what}");
    for (key, expected) in &recorded {
        let found = &ours[key];
        assert!(found.kinds.is_subset(&expected.kinds), "{what}.{key}: {found:?}, expected {expected:?}");
        let fixed = expected.lengths.len() == 1
            && expected.lengths.iter().all(|length| [18, 42, 66, 514].contains(length));
        if fixed {
            assert_eq!(found.lengths, expected.lengths, "{what}.{key}");
        } else if expected.is_quantity {
            assert!(found.is_quantity, "{what}.{key}: {found:?}");
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

#[test]
fn serves_the_same_json_shapes_as_a_real_engine() {
    let (Some(blocks), Some(receipts), Some(proofs)) =
        (recorded(QBFT, "blocks.json"), recorded(QBFT, "receipts.json"), recorded(QBFT, "proofs.json"))
    else {
        return;
    };
    let (mut net, mut account) = (Net::start(), Account::new(1));
    let contract = net.deploy(&mut account, WRITER);
    net.transact(&mut account, Some(contract), words(1, 6));
    net.transact(&mut account, Some(contract), words(2, 3));
    net.transact(&mut account, Some(contract), []);
    let numbers: Vec<String> = (0..=4).map(|number| format!("{number:#x}")).collect();
    let full: Vec<Value> =
        numbers.iter().map(|number| net.ask("eth_getBlockByNumber", json!([number, true]))).collect();
    let brief: Vec<Value> =
        numbers.iter().map(|number| net.ask("eth_getBlockByNumber", json!([number, false]))).collect();
    assert!(text(&brief[1]["transactions"][0]).len() == 66);

    let blocks = list(&blocks);
    let headers: Vec<Value> = blocks.iter().map(|block| block["header"].clone()).collect();
    assert_same_shape("block", &headers, &brief);
    // The recorded chain has a few of type 1, which this chain refuses.
    let transactions = blocks.iter().filter_map(|block| block["transactions"].as_array()).flatten();
    let theirs: Vec<Value> =
        transactions.filter(|transaction| transaction["type"] == "0x0").cloned().collect();
    let ours: Vec<Value> = full.iter().flat_map(|block| list(&block["transactions"])).collect();
    assert_same_shape("transaction", &theirs, &ours);

    let mut theirs: Vec<Value> = receipts.as_object().expect("by block").values().flat_map(list).collect();
    for receipt in &mut theirs {
        // GoQuorum's own, about private transactions; Besu and geth have nothing like it.
        receipt.as_object_mut().expect("an object").remove("isPrivacyMarkerTransaction");
    }
    let ours: Vec<Value> =
        numbers.iter().flat_map(|number| list(&net.ask("eth_getBlockReceipts", json!([number])))).collect();
    assert_same_shape("receipt", &theirs, &ours);
    let logs =
        |receipts: &[Value]| receipts.iter().flat_map(|receipt| list(&receipt["logs"])).collect::<Vec<_>>();
    assert_same_shape("log", &logs(&theirs), &logs(&ours));

    let theirs: Vec<Value> = list(&proofs).iter().map(|proof| proof["result"].clone()).collect();
    let slot = format!("{:#066x}", 1);
    let ours: Vec<Value> =
        numbers.iter().map(|number| net.ask("eth_getProof", json!([contract, [slot], number]))).collect();
    assert_same_shape("proof", &theirs, &ours);
    let slots =
        |proofs: &[Value]| proofs.iter().flat_map(|proof| list(&proof["storageProof"])).collect::<Vec<_>>();
    assert_same_shape("storage proof", &slots(&theirs), &slots(&ours));
}

#[test]
fn the_check_of_seals_accepts_a_real_chain() {
    let Some(blocks) = recorded(QBFT, "blocks.json") else { return };
    for block in list(&blocks) {
        let sealed = check(&block["header"]).unwrap_or_else(|fault| panic!("{}: {fault:?}", block["number"]));
        // The engine was asked at another node, whose seals may be in another order.
        if let Some(committers) = block["istanbul_getSignersFromBlock"]["Committers"].as_array() {
            let expected: BTreeSet<&str> = committers.iter().map(text).collect();
            let found: Vec<String> = sealed.signers.iter().map(|signer| format!("{signer:#x}")).collect();
            assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
        }
    }
}

#[test]
fn the_check_of_clique_accepts_a_real_chain() {
    let Some(blocks) = recorded("ethereumjs-clique", "blocks.json") else { return };
    let blocks = list(&blocks);
    let mut snapshot = Snapshot::genesis(&blocks[0]["header"], 30_000);
    for block in &blocks[1..] {
        snapshot.apply(&block["header"]).unwrap_or_else(|fault| panic!("{}: {fault:?}", block["number"]));
    }
}

const QBFT: &str = "goquorum-qbft";
const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");
