use super::*;
use crate::testing::recorded_bodies;
use alloy_primitives::{Address, B256, Bytes};
use serde_json::json;

fn example() -> Value {
    json!({
        "status": "0x1",
        "type": "0x7f",
        "cumulativeGasUsed": "0x5208",
        "logsBloom": Bloom::repeat_byte(1),
        "logs": [{
            "address": Address::repeat_byte(2),
            "topics": [B256::repeat_byte(3)],
            "data": "0x04",
            "logIndex": "not read",
        }],
    })
}

#[test]
fn reads_a_receipt_with_the_type_of_its_transaction() {
    let log = Log {
        address: Address::repeat_byte(2),
        topics: vec![B256::repeat_byte(3)],
        data: Bytes::from_static(&[4]),
    };
    let expected = Receipt {
        transaction_type: 2,
        outcome: Outcome::Succeeded,
        cumulative_gas_used: 21_000,
        logs_bloom: Bloom::repeat_byte(1),
        logs: vec![log],
    };
    assert_eq!(decode_receipt(&example(), 2), Ok(expected.clone()));
    assert_eq!(decode_receipts(&json!([example()]), &[2]), Ok(vec![expected.clone()]));
    let with = |name: &str, value: Value| {
        let mut receipt = example();
        receipt[name] = value;
        decode_receipt(&receipt, 2)
    };
    let reverted = Receipt { outcome: Outcome::Reverted, ..expected.clone() };
    assert_eq!(with("status", json!("0x0")), Ok(reverted));
    let mut early = example();
    early["root"] = json!(B256::repeat_byte(5));
    early.as_object_mut().unwrap().remove("status");
    let rooted = Receipt { outcome: Outcome::StateRoot(B256::repeat_byte(5)), ..expected };
    assert_eq!(decode_receipt(&early, 2), Ok(rooted));
}

#[test]
fn refuses_each_missing_and_each_ill_formed_member() {
    for name in ["status", "cumulativeGasUsed", "logsBloom", "logs"] {
        for bad in [Value::Null, json!(1), json!("0x"), json!("0x0g"), json!("0x2")] {
            // A quantity.
            if bad == "0x2" && name == "cumulativeGasUsed" {
                continue;
            }
            let mut changed = example();
            changed[name] = bad.clone();
            assert!(decode_receipt(&changed, 0).is_err(), "{name} = {bad}");
        }
    }
    for name in ["address", "topics", "data"] {
        for bad in [Value::Null, json!(1), json!("0x0"), json!(["0x00"])] {
            let mut changed = example();
            changed["logs"][0][name] = bad.clone();
            assert!(decode_receipt(&changed, 0).is_err(), "{name} = {bad}");
        }
    }
}

#[test]
fn refuses_another_number_of_receipts_than_of_transactions() {
    for (count, found) in [(1, "2"), (3, "2")] {
        let error = shape("receipts", &count.to_string(), found);
        assert_eq!(decode_receipts(&json!([example(), example()]), &vec![0; count]), Err(error));
    }
    assert_eq!(decode_receipts(&json!([]), &[]), Ok(vec![]));
    assert_eq!(decode_receipts(&json!({}), &[]), Err(shape("receipts", "a list", "{}")));
    let absent = RpcError::Absent { what: "receipts of such block" };
    assert_eq!(decode_receipts(&Value::Null, &[]), Err(absent));
    assert_eq!(decode_receipt(&Value::Null, 0), Err(RpcError::Absent { what: "such receipt" }));
}

#[test]
fn reads_every_recorded_receipt() {
    for chain in ["goquorum-qbft", "ethereumjs-clique"] {
        for body in recorded_bodies(chain) {
            let receipts = body["receipts"].as_array().unwrap();
            let decoded = decode_receipts(&body["receipts"], &vec![0; receipts.len()]).unwrap();
            assert_eq!(decoded.len(), receipts.len());
        }
    }
}
