//! Tests of the network description.

use alloy_primitives::{address, b256};
use lightclient::{Schedule, ScheduleError, SealScheme, Transition, TrustThreshold, ValidatorSetError};
use serde_json::{Value, json};

use super::*;

const GENESIS: B256 = b256!("0x1111111111111111111111111111111111111111111111111111111111111111");

pub(crate) fn network() -> Network {
    let contract = |address| ContractRef { address, code_hash: B256::repeat_byte(7) };
    Network {
        name: "Demo".into(),
        rules: ChainRules {
            chain_id: 81777,
            schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
            trust: TrustThreshold::OneThird,
            trusting_period: 1_209_600,
            clock_drift: 5,
        },
        genesis_hash: GENESIS,
        checkpoint: TrustedCheckpoint { number: 0, hash: GENESIS },
        checkpoint_validators: None,
        network_id: network_id(81777, GENESIS),
        registry: contract(address!("0x00000000000000000000000000000000000000a1")),
        relationships: contract(address!("0x00000000000000000000000000000000000000b2")),
        summary: contract(address!("0x00000000000000000000000000000000000000c3")),
        endpoints: vec!["http://127.0.0.1:18545".into(), "https://rpc.example.org/path".into()],
        operators: Some(Operators::new(2, [1, 2, 3].map(Address::repeat_byte).to_vec()).unwrap()),
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
    for inner in ["", "/checkpoint", "/transitions/0", "/contracts", "/contracts/registry", "/operators"] {
        let fields: Vec<String> =
            whole.pointer(inner).unwrap().as_object().unwrap().keys().cloned().collect();
        for field in fields.iter().filter(|field| *field != "operators") {
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
    assert_eq!(with("/version", json!(1)), Err(NetworkError::Version { expected: 2, found: 1 }));
    let unknown = NetworkError::SealScheme { contract: false, found: "ethash".into() };
    assert_eq!(with("/transitions/0/sealScheme", json!("ethash")), Err(unknown));
    assert!(matches!(with("/trustThreshold", json!("half")), Err(NetworkError::Json { .. })));
}

#[test]
fn refuses_numbers_out_of_range() {
    let most = (1 << 53) - 1;
    for (pointer, field) in [
        ("/chainId", "chainId"),
        ("/transitions/0/blockPeriod", "transitions.blockPeriod"),
        ("/trustingPeriod", "trustingPeriod"),
        ("/maxHeadAge", "maxHeadAge"),
    ] {
        for found in [0, most + 1] {
            let expected = NetworkError::Number { field, least: 1, most, found };
            assert_eq!(with(pointer, json!(found)), Err(expected));
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

#[test]
fn knows_every_seal_scheme_and_the_transitions_between_them() {
    let validators = ValidatorSet::new([1, 2].map(Address::repeat_byte).to_vec()).unwrap();
    let contract = SealScheme::QbftContract { address: Address::repeat_byte(0x88), slot: U256::from(3) };
    let transition = |from, scheme, validators| Transition {
        from,
        scheme,
        epoch_length: 30_000,
        block_period: 1 + from,
        validators,
    };
    let bft = vec![
        transition(0, SealScheme::Ibft, None),
        transition(5, SealScheme::Qbft, None),
        transition(9, contract, None),
        transition(20, SealScheme::Qbft, Some(validators.clone())),
    ];
    for transitions in
        [bft, vec![transition(0, SealScheme::Ibft2, None)], vec![transition(0, SealScheme::Clique, None)]]
    {
        let mut network = network();
        network.rules.schedule = Schedule::new(transitions).unwrap();
        network.rules.trust = TrustThreshold::TwoThirds;
        network.checkpoint_validators = Some(validators.clone());
        assert_eq!(Network::parse(network.to_json().as_bytes()), Ok(network));
    }
}

#[test]
fn refuses_transitions_that_cannot_be() {
    let transition = |from: u64, scheme: &str| json!({"from": from, "sealScheme": scheme, "epochLength": 30_000, "blockPeriod": 1});
    let schedule = |transitions: Value| match with("/transitions", transitions) {
        Err(NetworkError::Schedule(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(schedule(json!([])), ScheduleError::Empty);
    assert_eq!(schedule(json!([transition(1, "qbft")])), ScheduleError::Start { found: 1 });
    let back = json!([transition(0, "qbft"), transition(9, "qbft"), transition(9, "ibft2")]);
    assert_eq!(schedule(back), ScheduleError::Order { previous: 9, found: 9 });
    let family = json!([transition(0, "clique"), transition(9, "qbft")]);
    assert_eq!(schedule(family), ScheduleError::Family { number: 9 });
    let mut no_epoch = transition(0, "qbft");
    no_epoch["epochLength"] = json!(0);
    assert_eq!(schedule(json!([no_epoch])), ScheduleError::Epoch { number: 0 });

    let mut contract = transition(0, "clique");
    contract["validatorContract"] = json!({"address": Address::ZERO.to_string(), "slot": 0});
    let refused = NetworkError::SealScheme { contract: true, found: "clique".into() };
    assert_eq!(with("/transitions", json!([contract])), Err(refused));
    let mut twice = transition(0, "qbft");
    twice["validators"] = json!([Address::ZERO.to_string(), Address::ZERO.to_string()]);
    let source = ValidatorSetError::Order { previous: Address::ZERO, found: Address::ZERO };
    let refused = NetworkError::Validators { field: "transitions.validators", source };
    assert_eq!(with("/transitions", json!([twice])), Err(refused));
}

#[test]
fn operators_may_be_missing_but_not_impossible() {
    let mut without: Value = serde_json::from_str(&network().to_json()).unwrap();
    without.as_object_mut().unwrap().remove("operators");
    assert_eq!(parse(&without), Ok(Network { operators: None, ..network() }));

    let [first, second, _] = [1, 2, 3].map(Address::repeat_byte);
    let refused = |threshold: usize, addresses: &[Address]| {
        let addresses: Vec<String> = addresses.iter().map(Address::to_string).collect();
        match with("/operators", json!({"threshold": threshold, "addresses": addresses})) {
            Err(NetworkError::Operators(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(0, &[first]), OperatorsError::Threshold { expected: 1, found: 0 });
    assert_eq!(refused(3, &[first, second]), OperatorsError::Threshold { expected: 2, found: 3 });
    assert_eq!(refused(0, &[]), OperatorsError::Count { expected: 64, found: 0 });
    let many: Vec<Address> = (0..65).map(Address::with_last_byte).collect();
    assert_eq!(refused(1, &many), OperatorsError::Count { expected: 64, found: 65 });
    for (previous, found) in [(second, first), (first, first)] {
        assert_eq!(refused(1, &[previous, found]), OperatorsError::Order { previous, found });
    }
    let odd = NetworkError::Hex { field: "operators.addresses", digits: 40, found: "0x12".into() };
    assert_eq!(with("/operators/addresses/1", json!("0x12")), Err(odd));
}
