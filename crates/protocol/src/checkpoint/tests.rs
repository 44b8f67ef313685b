//! Tests of checkpoint updates.

use alloy_primitives::{U256, b256};
use lightclient::{Fault, SignatureError, ValidatorSetError};
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::network::Operators;
use crate::network::tests::network as described;

const NUMBER: BlockNumber = 1_000;

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32]).unwrap()
}

/// Two of the keys 1, 2 and 3 move its checkpoint, which is at block 1000.
fn network() -> Network {
    let mut addresses = [1, 2, 3].map(|number| key(number).address());
    addresses.sort_unstable();
    Network {
        operators: Some(Operators::new(2, addresses.to_vec()).unwrap()),
        checkpoint: TrustedCheckpoint { number: NUMBER, hash: B256::repeat_byte(0xaa) },
        ..described()
    }
}

fn unsigned() -> CheckpointUpdate {
    CheckpointUpdate {
        network_id: network().network_id,
        number: 7_654_321,
        hash: B256::repeat_byte(0xbb),
        validators: Some(ValidatorSet::new([4, 5].map(Address::repeat_byte).to_vec()).unwrap()),
        issued: 1_790_000_000,
        signatures: vec![],
    }
}

fn signed(mut update: CheckpointUpdate, signers: &[u8]) -> CheckpointUpdate {
    signers.iter().for_each(|number| update.sign(&key(*number)));
    update
}

fn with(pointer: &str, value: Value) -> Result<CheckpointUpdate, CheckpointError> {
    let mut json: Value = serde_json::from_str(&signed(unsigned(), &[3, 1]).to_json()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    CheckpointUpdate::parse(json.to_string().as_bytes())
}

#[test]
fn enough_operators_move_the_checkpoint_and_nothing_else() {
    let update = signed(unsigned(), &[3, 1]);
    let CheckpointUpdate { number, hash, validators, .. } = update.clone();
    let expected = Network {
        checkpoint: TrustedCheckpoint { number, hash },
        checkpoint_validators: validators,
        ..network()
    };
    assert_eq!(network().updated(&update), Ok(expected.clone()));
    assert_eq!(network().updated(&signed(update, &[2])), Ok(expected.clone()));
    let fewer = CheckpointUpdate { number: number + 1, validators: None, ..unsigned() };
    assert_eq!(expected.updated(&signed(fewer, &[1, 2])).unwrap().checkpoint_validators, None);
}

#[test]
fn reads_what_it_writes() {
    for validators in [unsigned().validators, None] {
        let update = signed(CheckpointUpdate { validators, ..unsigned() }, &[1, 2]);
        assert_eq!(CheckpointUpdate::parse(update.to_json().as_bytes()), Ok(update));
    }
}

/// The digests of `docs/checkpoints.md`, computed by another Keccak.
#[test]
fn signs_the_bytes_that_the_document_lays_out() {
    let update = CheckpointUpdate { network_id: B256::repeat_byte(0x11), ..unsigned() };
    let expected = b256!("dcaa6648784912c74032b74740423bf83617dc6997e2388982213ff0ed42da94");
    assert_eq!(update.digest(), expected);
    let expected = b256!("277d16b6cb46d8d0e4647dcbbaba382a43eaf834b3cc9bc505e8ac9b09cf9573");
    assert_eq!(CheckpointUpdate { validators: None, ..update }.digest(), expected);
}

#[test]
fn fewer_operators_than_it_takes_move_nothing() {
    for signers in [&[][..], &[1]] {
        let refused = CheckpointError::TooFewSigners { expected: 2, found: signers.len() };
        assert_eq!(network().updated(&signed(unsigned(), signers)), Err(refused.clone()));
        assert_eq!(refused.fault(), Fault::Unavailable);
    }
    let nobody = Network { operators: None, ..network() };
    assert_eq!(nobody.updated(&signed(unsigned(), &[1, 2])), Err(CheckpointError::NoOperators));
}

#[test]
fn refuses_an_operator_who_signed_twice_and_a_stranger_beside_enough_others() {
    let double = CheckpointError::DoubleSigner { signer: key(1).address() };
    assert_eq!(network().updated(&signed(unsigned(), &[1, 2, 1])), Err(double));
    let stranger = CheckpointError::UnknownSigner { signer: key(9).address() };
    assert_eq!(network().updated(&signed(unsigned(), &[1, 2, 9])), Err(stranger));
}

#[test]
fn refuses_the_twin_of_a_signature() {
    let order: U256 = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").into();
    let mut update = signed(unsigned(), &[1, 2]);
    let Signature { s, y_parity, .. } = &mut update.signatures[1];
    *s = (order - U256::from_be_bytes(s.0)).into();
    *y_parity = !*y_parity;
    assert_eq!(network().updated(&update), Err(CheckpointError::Signature(SignatureError::HighS)));
}

#[test]
fn trust_never_goes_back_nor_aside() {
    let trusted = network().checkpoint;
    let update = |number, hash| signed(CheckpointUpdate { number, hash, ..unsigned() }, &[1, 2]);
    let behind = CheckpointError::Behind { expected: NUMBER, found: NUMBER - 1 };
    assert_eq!(network().updated(&update(NUMBER - 1, trusted.hash)), Err(behind.clone()));
    assert_eq!(behind.fault(), Fault::Unavailable);
    let found = unsigned().hash;
    let conflict = CheckpointError::Conflict { number: NUMBER, expected: trusted.hash, found };
    assert_eq!(network().updated(&update(NUMBER, found)), Err(conflict));
    let again = CheckpointError::Behind { expected: NUMBER, found: NUMBER };
    assert_eq!(network().updated(&update(NUMBER, trusted.hash)), Err(again));
}

#[test]
fn refuses_an_update_of_another_network_by_the_same_operators() {
    let (expected, found) = (network().network_id, B256::repeat_byte(1));
    let update = signed(CheckpointUpdate { network_id: found, ..unsigned() }, &[1, 2]);
    assert_eq!(network().updated(&update), Err(CheckpointError::NetworkId { expected, found }));
}

#[test]
fn every_field_but_the_validators_is_needed_and_no_other_is_known() {
    let whole: Value = serde_json::from_str(&signed(unsigned(), &[1]).to_json()).unwrap();
    let parse = |json: &str| CheckpointUpdate::parse(json.as_bytes());
    for field in whole.as_object().unwrap().keys() {
        let mut json = whole.clone();
        json.as_object_mut().unwrap().remove(field);
        let is_refused = matches!(parse(&json.to_string()), Err(CheckpointError::Json { .. }));
        assert_eq!(is_refused, field != "validators", "{field}");
    }
    for odd in [
        whole.to_string().replacen('{', "{\"spare\": 1,", 1),
        whole.to_string().replacen('{', "{\"number\": 7654321,", 1),
        format!("{whole}x"),
    ] {
        assert!(matches!(parse(&odd), Err(CheckpointError::Json { .. })), "{odd}");
    }
}

#[test]
fn refuses_values_of_another_form() {
    let most = (1 << 53) - 1;
    let signature = SignatureError::Parity { expected: ParityByte::From27, found: 0 };
    let signature_text = format!("0x{}", "00".repeat(65));
    let hex = |field, digits| NetworkError::Hex { field, digits, found: "0x12".into() };
    let number = |field| NetworkError::Number { field, least: 0, most, found: most + 1 };
    let source = ValidatorSetError::Empty;
    for (pointer, value, expected) in [
        ("/version", json!(2), NetworkError::Version { expected: 1, found: 2 }.into()),
        ("/networkId", json!("0x12"), hex("networkId", 64).into()),
        ("/hash", json!("0x12"), hex("hash", 64).into()),
        ("/signatures/0", json!("0x12"), hex("signatures", 130).into()),
        ("/signatures/0", json!(signature_text), CheckpointError::Signature(signature)),
        ("/number", json!(most + 1), number("number").into()),
        ("/issued", json!(most + 1), number("issued").into()),
        ("/validators", json!([]), NetworkError::Validators { field: "validators", source }.into()),
    ] {
        assert_eq!(with(pointer, value), Err(expected), "{pointer}");
    }
    let long = NetworkError::TooLong { expected: 65_536, found: 65_537 };
    assert_eq!(CheckpointUpdate::parse(&vec![b' '; 65_537]), Err(long.into()));
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    /// White space, and the case of hexadecimal digits, may change without changing what is said; nothing else may.
    #[test]
    fn any_changed_byte_is_refused_or_says_the_same(at: prop::sample::Index, flip in 1..=255_u8) {
        let update = signed(unsigned(), &[1, 2]);
        let mut json = update.to_json().into_bytes();
        json[at.index(update.to_json().len())] ^= flip;
        if let Ok(read) = CheckpointUpdate::parse(&json) {
            prop_assert!(read == update || network().updated(&read).is_err(), "{}", String::from_utf8_lossy(&json));
        }
    }

    #[test]
    fn any_changed_value_is_refused(field in 0..6_usize, by in 1..u64::MAX, at in 0..20_usize) {
        let mut update = signed(unsigned(), &[1, 2]);
        let mut address = Address::repeat_byte(4);
        address.0[at] ^= u8::try_from(by % 255).unwrap() + 1;
        match field {
            0 => update.number ^= by,
            1 => update.issued ^= by,
            2 => update.hash.0[at] ^= 1,
            3 => update.network_id.0[at] ^= 1,
            4 => update.validators = ValidatorSet::new(vec![address]).ok(),
            _ => update.validators = None,
        }
        prop_assert!(network().updated(&update).is_err());
    }
}
