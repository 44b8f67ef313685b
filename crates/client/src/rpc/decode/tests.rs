use super::*;
use crate::testing::{Chain, block_json};
use alloy_primitives::b256;
use serde_json::json;

/// A header with all the fields that forks have added.
fn full_header() -> Header {
    Header {
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(B256::repeat_byte(1)),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(7),
        parent_beacon_block_root: Some(B256::repeat_byte(2)),
        requests_hash: Some(B256::repeat_byte(3)),
        ..Chain::recorded().header(40).clone()
    }
}

#[test]
fn rebuilds_every_recorded_header() {
    for header in Chain::recorded().headers {
        assert_eq!(decode_header(&block_json(&header)), Ok(header));
    }
}

#[test]
fn rebuilds_headers_of_every_fork() {
    let full = full_header();
    let london = Header {
        withdrawals_root: None,
        blob_gas_used: None,
        excess_blob_gas: None,
        parent_beacon_block_root: None,
        requests_hash: None,
        ..full.clone()
    };
    let shanghai = Header { withdrawals_root: full.withdrawals_root, ..london.clone() };
    let cancun = Header { requests_hash: None, ..full.clone() };
    for header in [london, shanghai, cancun, full] {
        assert_eq!(decode_header(&block_json(&header)), Ok(header));
    }
}

#[test]
fn refuses_a_later_forks_field_without_an_earlier_ones() {
    let header = Header { withdrawals_root: None, ..full_header() };
    let error = RpcError::ForkFields { missing: "withdrawalsRoot", present: "blobGasUsed" };
    assert_eq!(decode_header(&block_json(&header)), Err(error));
}

#[test]
fn refuses_each_missing_and_each_ill_formed_field() {
    let block = block_json(&full_header());
    let ignored = ["hash", "size", "transactions", "uncles"];
    for (name, value) in block.as_object().unwrap() {
        if ignored.contains(&name.as_str()) {
            continue;
        }
        let text = value.as_str().unwrap();
        for bad in [json!(1), json!("0x"), json!(text.trim_start_matches("0x")), json!(format!("{text}g"))] {
            // An empty byte string is a right one.
            if bad == "0x" && name == "extraData" {
                continue;
            }
            let mut changed = block.clone();
            changed[name] = bad.clone();
            assert!(decode_header(&changed).is_err(), "{name} = {bad}");
        }
    }
    let mut missing = block;
    missing.as_object_mut().unwrap().remove("stateRoot");
    assert!(matches!(decode_header(&missing), Err(RpcError::Shape { what: "block", .. })));
    assert_eq!(decode_header(&Value::Null), Err(RpcError::Absent { what: "such block" }));
}

#[test]
fn reads_quantities_in_their_one_right_form() {
    assert_eq!(decode_u64("number", "0x0"), Ok(0));
    assert_eq!(decode_u64("number", "0xffffffffffffffff"), Ok(u64::MAX));
    for found in ["", "0x", "0x00", "0x01", "12", "0x1_0", "0x+1", "0x10000000000000000", "0xg"] {
        let error = RpcError::Quantity {
            field: "number",
            expected: "a quantity of at most 64 bits",
            found: found.to_owned(),
        };
        assert_eq!(decode_u64("number", found), Err(error));
    }
}

#[test]
fn refuses_bytes_beyond_the_limit() {
    let error =
        RpcError::Data { field: "x", expected: "bytes within the limit", found: "0x010203".to_owned() };
    assert_eq!(data("x", "0x010203", 2), Err(error));
    assert_eq!(data("x", "0x0102", 2), Ok(Bytes::from_static(&[1, 2])));
}

const ONE: B256 = b256!("0000000000000000000000000000000000000000000000000000000000000001");
const TWO: B256 = b256!("0000000000000000000000000000000000000000000000000000000000000002");

fn entry(key: &str, node: &str) -> Value {
    json!({"key": key, "value": "0x5", "proof": [node]})
}

#[test]
fn matches_storage_proofs_by_number_whatever_the_order_and_the_padding() {
    let answer =
        json!({"accountProof": ["0xaa"], "storageProof": [entry("0x0002", "0x02"), entry("0x1", "0x01")]});
    let node = |byte: u8| Some(vec![Bytes::copy_from_slice(&[byte])]);
    let expected =
        ProofAnswer { account_proof: vec![Bytes::from_static(&[0xaa])], storage: vec![node(1), node(2)] };
    assert_eq!(decode_proof(&answer, &[ONE, TWO]), Ok(expected));
}

#[test]
fn accepts_an_empty_list_for_slots_and_leaves_it_to_the_account_proof() {
    let answer = json!({"accountProof": [], "storageProof": []});
    let expected = ProofAnswer { account_proof: vec![], storage: vec![None] };
    assert_eq!(decode_proof(&answer, &[ONE]), Ok(expected));
}

#[test]
fn refuses_missing_spare_and_repeated_slots() {
    let proof = |entries: Vec<Value>| json!({"accountProof": [], "storageProof": entries});
    let one = entry("0x1", "0x01");
    let cases = [
        (proof(vec![one.clone()]), RpcError::SlotMissing { slot: TWO }),
        (
            proof(vec![one.clone(), entry("0x3", "0x01")]),
            RpcError::SlotSpare { slot: B256::with_last_byte(3) },
        ),
        (proof(vec![one, entry("0x01", "0x01")]), RpcError::SlotSpare { slot: ONE }),
    ];
    for (answer, error) in cases {
        assert_eq!(decode_proof(&answer, &[ONE, TWO]), Err(error));
    }
    for key in ["1", "0x", "0xg", &format!("0x{}", "0".repeat(65))] {
        let error =
            RpcError::Quantity { field: "key", expected: "0x and 1 to 64 hex digits", found: key.to_owned() };
        assert_eq!(decode_proof(&proof(vec![entry(key, "0x01")]), &[ONE]), Err(error));
    }
    assert_eq!(decode_proof(&Value::Null, &[]), Err(RpcError::Absent { what: "such state" }));
}

#[test]
fn refuses_nodes_beyond_any_trie_node() {
    let answer = json!({"accountProof": [format!("0x{}", "00".repeat(1025))], "storageProof": []});
    assert!(matches!(decode_proof(&answer, &[]), Err(RpcError::Data { field: "proof", .. })));
}
