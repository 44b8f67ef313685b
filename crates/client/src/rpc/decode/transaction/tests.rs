use super::*;
use crate::testing::recorded_bodies;
use alloy_primitives::{Address, B256, Bytes, hex};
use lightclient::transaction_hash;
use serde_json::json;

fn encode(transactions: Value) -> Result<Vec<Vec<u8>>, RpcError> {
    let decoded = decode_transactions(&json!({"transactions": transactions}))?;
    Ok(decoded.iter().map(SignedTransaction::encode).collect())
}

/// A transaction of this type with every member that some type has.
fn example(number: u8) -> Value {
    json!({
        "type": format!("{number:#x}"),
        "chainId": "0x6",
        "nonce": "0x1",
        "gas": "0x2",
        "to": Address::repeat_byte(0xcc),
        "value": "0x3",
        "input": "0xdd",
        "gasPrice": "0x7",
        "maxPriorityFeePerGas": "0x7",
        "maxFeePerGas": "0x8",
        "maxFeePerBlobGas": "0xc",
        "accessList": [{"address": Address::repeat_byte(0xaa), "storageKeys": [B256::ZERO]}],
        "blobVersionedHashes": [B256::repeat_byte(0xee)],
        "authorizationList": [{
            "chainId": "0x0", "address": Address::repeat_byte(0xbb), "nonce": "0x9",
            "yParity": "0x1", "r": "0xa", "s": "0xb",
        }],
        "v": "0x0",
        "yParity": "0x0",
        "r": "0x4",
        "s": "0x5",
    })
}

#[test]
fn every_recorded_transaction_encodes_to_its_hash() {
    for (chain, count) in [("goquorum-qbft", 149), ("ethereumjs-clique", 652)] {
        let mut encoded = 0;
        for body in recorded_bodies(chain) {
            let raw = encode(body["transactions"].clone()).unwrap();
            let recorded = body["transactions"].as_array().unwrap();
            assert_eq!(raw.len(), recorded.len());
            for (raw, recorded) in raw.iter().zip(recorded) {
                assert_eq!(json!(transaction_hash(raw)), recorded["hash"]);
                encoded += 1;
            }
            // What GoQuorum itself gave as bytes.
            if let Some(bytes) = body.get("raw") {
                let raw: Vec<Bytes> = raw.into_iter().map(Bytes::from).collect();
                assert_eq!(json!(raw), *bytes);
            }
        }
        assert_eq!(encoded, count);
    }
}

/// Types 0 to 4 of go-ethereum: each is taken apart by another reader, written as JSON and encoded again.
#[test]
fn transactions_of_every_type_encode_to_the_bytes_of_go_ethereum() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/thirdparty/execution-apis/chain.rlp");
    let Ok(chain) = std::fs::read(path) else {
        println!("NOT CHECKED: transactions of every type, because {path} is not there");
        return;
    };
    let mut counts = [0; 5];
    for block in items(&chain) {
        for transaction in items(items(block.1)[1].1) {
            let raw = if transaction.0[0] < 0xc0 { transaction.1 } else { transaction.0 };
            let json = to_json(raw);
            assert_eq!(encode(json!([json])).as_deref(), Ok(&[raw.to_vec()][..]), "{json}");
            counts[usize::from(if raw[0] < 0xc0 { raw[0] } else { 0 })] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

/// The items of an RLP list, each with and without its prefix.
fn items(mut list: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut items = Vec::new();
    while let Some(&first) = list.first() {
        let long = |size: u8| {
            let size = usize::from(size);
            let length = list[1..=size].iter().fold(0, |length, byte| length * 256 + usize::from(*byte));
            (1 + size, length)
        };
        let (from, length) = match first {
            0..0x80 => (0, 1),
            0x80..0xb8 => (1, usize::from(first - 0x80)),
            0xb8..0xc0 => long(first - 0xb7),
            0xc0..0xf8 => (1, usize::from(first - 0xc0)),
            0xf8.. => long(first - 0xf7),
        };
        let (whole, rest) = list.split_at(from + length);
        items.push((whole, &whole[from..]));
        list = rest;
    }
    items
}

/// A transaction as nodes write it in JSON.
fn to_json(raw: &[u8]) -> Value {
    let (number, list) = if raw[0] < 0xc0 { (raw[0], &raw[1..]) } else { (0, raw) };
    let names: &[&str] = match number {
        0 => &["nonce", "gasPrice", "gas", "to", "value", "input"],
        1 => &["chainId", "nonce", "gasPrice", "gas", "to", "value", "input", "accessList"],
        _ => &[
            "chainId",
            "nonce",
            "maxPriorityFeePerGas",
            "maxFeePerGas",
            "gas",
            "to",
            "value",
            "input",
            "accessList",
        ],
    };
    let own: &[&str] = match number {
        3 => &["maxFeePerBlobGas", "blobVersionedHashes"],
        4 => &["authorizationList"],
        _ => &[],
    };
    let signature = ["v", "r", "s"];
    let names = names.iter().chain(own).chain(&signature);
    let fields = items(items(list)[0].1);
    let mut json = json!({"type": format!("{number:#x}")});
    for (name, (_, field)) in names.zip(fields) {
        json[*name] = member(name, field);
    }
    json
}

fn member(name: &str, field: &[u8]) -> Value {
    let bytes = |field: &[u8]| json!(hex::encode_prefixed(field));
    let quantity = |field: &[u8]| json!(format!("{:#x}", U256::from_be_slice(field)));
    let each =
        |read: &dyn Fn(&[u8]) -> Value| -> Value { items(field).iter().map(|item| read(item.1)).collect() };
    match name {
        "to" if field.is_empty() => Value::Null,
        "to" | "input" => bytes(field),
        "accessList" => each(&|item| {
            let parts = items(item);
            let keys: Vec<Value> = items(parts[1].1).iter().map(|key| bytes(key.1)).collect();
            json!({"address": bytes(parts[0].1), "storageKeys": keys})
        }),
        "blobVersionedHashes" => each(&bytes),
        "authorizationList" => each(&|item| {
            let parts: Vec<&[u8]> = items(item).iter().map(|part| part.1).collect();
            json!({
                "chainId": quantity(parts[0]), "address": bytes(parts[1]), "nonce": quantity(parts[2]),
                "yParity": quantity(parts[3]), "r": quantity(parts[4]), "s": quantity(parts[5]),
            })
        }),
        _ => quantity(field),
    }
}

#[test]
fn refuses_each_member_that_a_type_needs_when_it_is_missing_or_ill_formed() {
    let always = ["type", "nonce", "gas", "value", "input", "r", "s"];
    let own: [&[&str]; 5] = [
        &["gasPrice", "v"],
        &["gasPrice", "chainId", "accessList"],
        &["maxPriorityFeePerGas", "maxFeePerGas", "chainId", "accessList"],
        &[
            "maxPriorityFeePerGas",
            "maxFeePerGas",
            "chainId",
            "accessList",
            "maxFeePerBlobGas",
            "blobVersionedHashes",
        ],
        &["maxPriorityFeePerGas", "maxFeePerGas", "chainId", "accessList", "authorizationList"],
    ];
    for (number, own) in (0..).zip(own) {
        assert!(encode(json!([example(number)])).is_ok());
        for name in always.iter().chain(own) {
            for bad in [Value::Null, json!(1), json!("0x0g"), json!("1"), json!([1]), json!(["0x00"])] {
                let mut changed = example(number);
                changed[*name] = bad.clone();
                let error = encode(json!([changed])).unwrap_err();
                assert_eq!(error.fault(), lightclient::Fault::Peer, "type {number}: {name} = {bad}");
            }
        }
    }
    for (part, name) in
        [("authorizationList", "chainId"), ("authorizationList", "yParity"), ("accessList", "address")]
    {
        let mut changed = example(4);
        changed[part][0][name] = json!("0x");
        assert!(encode(json!([changed])).is_err());
    }
}

#[test]
fn takes_the_parity_from_v_where_an_older_node_has_only_that() {
    for number in 1..=4 {
        let with_both = encode(json!([example(number)]));
        let mut older = example(number);
        older.as_object_mut().unwrap().remove("yParity");
        assert_eq!(encode(json!([older.clone()])), with_both);
        older.as_object_mut().unwrap().remove("v");
        assert_eq!(encode(json!([older])), Err(shape("transaction", "v", "none")));
    }
}

#[test]
fn refuses_types_that_it_does_not_know() {
    let error = shape("type", "0x0 to 0x4", "0x5");
    assert_eq!(encode(json!([example(5)])), Err(error));
    assert_eq!(decode_transactions(&Value::Null), Err(RpcError::Absent { what: "such block" }));
    // Hashes in the place of transactions.
    assert!(matches!(encode(json!([B256::ZERO])), Err(RpcError::Shape { what: "block", .. })));
}

#[test]
fn reads_the_block_of_a_transaction() {
    assert_eq!(decode_transaction_block(&json!({"blockNumber": "0x43"})), Ok(67));
    let pending = RpcError::Absent { what: "block with such transaction" };
    assert_eq!(decode_transaction_block(&json!({"blockNumber": null})), Err(pending));
    let unknown = RpcError::Absent { what: "such transaction" };
    assert_eq!(decode_transaction_block(&Value::Null), Err(unknown));
    assert_eq!(decode_transaction_block(&json!({})), Err(shape("transaction", "blockNumber", "{}")));
    assert!(matches!(
        decode_transaction_block(&json!({"blockNumber": "67"})),
        Err(RpcError::Quantity { .. })
    ));
}

#[test]
fn every_recorded_transaction_decodes_and_has_the_sender_that_its_engine_names() {
    let mut created = 0;
    for chain in ["goquorum-qbft", "ethereumjs-clique"] {
        for body in recorded_bodies(chain) {
            let [transactions, receipts] =
                ["transactions", "receipts"].map(|name| body[name].as_array().unwrap().clone());
            for (recorded, receipt) in transactions.iter().zip(&receipts) {
                let raw = encode(json!([recorded])).unwrap().pop().unwrap();
                let decoded = SignedTransaction::decode(&raw).unwrap();
                assert_eq!(decoded.encode(), raw);
                let sender = decoded.sender().unwrap();
                assert_eq!(
                    json!(sender),
                    json!(recorded["from"].as_str().unwrap().parse::<Address>().unwrap())
                );
                let contract =
                    receipt["contractAddress"].as_str().map(|text| text.parse::<Address>().unwrap());
                assert_eq!(decoded.creates(sender), contract);
                created += usize::from(contract.is_some());
            }
        }
    }
    assert_eq!(created, 3, "contracts in the recordings");
}
