//! Tests of the network description.

use alloy_primitives::{address, b256};
use serde_json::{Value, json};

use super::*;

const GENESIS: B256 = b256!("0x1111111111111111111111111111111111111111111111111111111111111111");

fn network() -> Network {
    let contract = |address| ContractRef { address, code_hash: B256::repeat_byte(7) };
    Network {
        name: "Demo".into(),
        rules: ChainRules {
            chain_id: 81777,
            scheme: SealScheme::Qbft,
            epoch_length: 30_000,
            block_period: 1,
            trusting_period: 1_209_600,
            clock_drift: 5,
        },
        genesis_hash: GENESIS,
        checkpoint: TrustedCheckpoint { number: 0, hash: GENESIS },
        network_id: network_id(81777, GENESIS),
        registry: contract(address!("0x00000000000000000000000000000000000000a1")),
        relationships: contract(address!("0x00000000000000000000000000000000000000b2")),
        summary: contract(address!("0x00000000000000000000000000000000000000c3")),
        endpoints: vec!["http://127.0.0.1:18545".into(), "https://rpc.example.org/path".into()],
        max_head_age: 30,
        demo: true,
    }
}

fn parse(json: &Value) -> Result<Network, NetworkError> {
    Network::parse(json.to_string().as_bytes())
}

fn with(pointer: &str, value: Value) -> Result<Network, NetworkError> {
    let mut json: Value = serde_json::from_str(&network().to_json()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    parse(&json)
}

#[test]
fn reads_what_it_writes() {
    assert_eq!(Network::parse(network().to_json().as_bytes()), Ok(network()));
}

#[test]
fn the_id_follows_from_chain_and_genesis() {
    // keccak256 of 64 zero bytes.
    let expected = b256!("0xad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5");
    assert_eq!(network_id(0, B256::ZERO), expected);
    let (expected, found) = (network_id(81777, GENESIS), B256::repeat_byte(9));
    assert_eq!(
        with("/networkId", json!(found.to_string())),
        Err(NetworkError::NetworkId { expected, found })
    );
}

#[test]
fn every_field_is_needed_and_no_other_is_known() {
    let whole: Value = serde_json::from_str(&network().to_json()).unwrap();
    for inner in ["", "/checkpoint", "/contracts", "/contracts/registry"] {
        let fields: Vec<String> =
            whole.pointer(inner).unwrap().as_object().unwrap().keys().cloned().collect();
        for field in &fields {
            let mut json = whole.clone();
            json.pointer_mut(inner).unwrap().as_object_mut().unwrap().remove(field);
            assert!(matches!(parse(&json), Err(NetworkError::Json { .. })), "without {inner}/{field}");
        }
        let mut json = whole.clone();
        json.pointer_mut(inner).unwrap()["spare"] = json!(1);
        assert!(matches!(parse(&json), Err(NetworkError::Json { .. })), "spare in {inner:?}");
    }
    let doubled = network().to_json().replacen("{", "{\"demo\": false,", 1);
    assert!(matches!(Network::parse(doubled.as_bytes()), Err(NetworkError::Json { .. })));
    let trailing = format!("{}x", network().to_json());
    assert!(matches!(Network::parse(trailing.as_bytes()), Err(NetworkError::Json { .. })));
}

#[test]
fn refuses_values_of_another_form() {
    for (pointer, field, digits) in [
        ("/genesisHash", "genesisHash", 64),
        ("/networkId", "networkId", 64),
        ("/checkpoint/hash", "checkpoint.hash", 64),
        ("/contracts/registry/address", "contracts.address", 40),
        ("/contracts/summary/codeHash", "contracts.codeHash", 64),
    ] {
        let odd = "0x".to_owned() + &"g".repeat(digits);
        let bare = "1".repeat(digits);
        for found in ["", "0x", "0x12", &odd, &bare] {
            let expected = NetworkError::Hex { field, digits, found: found.to_owned() };
            assert_eq!(with(pointer, json!(found)), Err(expected));
        }
    }
    assert_eq!(with("/version", json!(2)), Err(NetworkError::Version { expected: 1, found: 2 }));
    let clique = NetworkError::SealScheme { expected: "qbft", found: "clique".into() };
    assert_eq!(with("/sealScheme", json!("clique")), Err(clique));
}

#[test]
fn refuses_numbers_out_of_range() {
    let most = (1 << 53) - 1;
    for field in ["chainId", "epochLength", "blockPeriod", "trustingPeriod", "maxHeadAge"] {
        for found in [0, most + 1] {
            let expected = NetworkError::Number { field, least: 1, most, found };
            assert_eq!(with(&format!("/{field}"), json!(found)), Err(expected));
        }
    }
    let drift = NetworkError::Number { field: "clockDrift", least: 0, most, found: most + 1 };
    assert_eq!(with("/clockDrift", json!(most + 1)), Err(drift));
    assert!(matches!(with("/chainId", json!(-1)), Err(NetworkError::Json { .. })));
    assert!(matches!(with("/chainId", json!("1")), Err(NetworkError::Json { .. })));
}

#[test]
fn refuses_contradictions() {
    let found = B256::repeat_byte(3);
    assert_eq!(
        with("/checkpoint/hash", json!(found.to_string())),
        Err(NetworkError::Checkpoint { expected: GENESIS, found })
    );
    let later = json!({"number": 7, "hash": found.to_string()});
    assert_eq!(with("/checkpoint", later).unwrap().checkpoint, TrustedCheckpoint { number: 7, hash: found });
    let address = network().registry.address;
    assert_eq!(
        with("/contracts/summary/address", json!(address.to_string())),
        Err(NetworkError::SameContract { address })
    );
}

#[test]
fn refuses_endpoints_that_are_no_urls() {
    for found in [
        "ftp://a",
        "127.0.0.1:1",
        "http://",
        "https:///path",
        "https://user:password@host",
        "https://host/#fragment",
        "https://host name",
        "javascript:alert(1)",
    ] {
        let expected = NetworkError::Endpoint { found: found.into() };
        assert_eq!(with("/endpoints/0", json!(found)), Err(expected));
    }
    let twice = "https://rpc.example.org/path";
    assert_eq!(with("/endpoints/0", json!(twice)), Err(NetworkError::Endpoint { found: twice.into() }));
    assert_eq!(with("/endpoints", json!([])), Err(NetworkError::EndpointCount { expected: 16, found: 0 }));
    let many: Vec<String> = (0..17).map(|number| format!("http://host{number}")).collect();
    assert_eq!(with("/endpoints", json!(many)), Err(NetworkError::EndpointCount { expected: 16, found: 17 }));
    let long = format!("http://{}", "a".repeat(250));
    let expected = NetworkError::Text { field: "endpoints", expected: 256, found: 257 };
    assert_eq!(with("/endpoints/0", json!(long)), Err(expected));
}

#[test]
fn refuses_names_and_files_out_of_bounds() {
    assert_eq!(with("/name", json!("")), Err(NetworkError::Text { field: "name", expected: 256, found: 0 }));
    let long = vec![b' '; 65_537];
    assert_eq!(Network::parse(&long), Err(NetworkError::TooLong { expected: 65_536, found: 65_537 }));
}
