//! Tests of legacy transactions.

use alloy_primitives::{b256, hex};

use super::*;
use crate::testing::sign;

/// The example of EIP-155.
fn example() -> Transaction {
    Transaction {
        chain_id: 1,
        nonce: 9,
        gas_price: 20_000_000_000,
        gas_limit: 21_000,
        to: Some(Address::repeat_byte(0x35)),
        value: U256::from(1_000_000_000_000_000_000_u64),
        data: Bytes::new(),
    }
}

#[test]
fn signs_and_encodes_the_example_of_eip_155() {
    let digest = example().signing_digest();
    assert_eq!(digest, b256!("daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"));
    let key = k256::ecdsa::SigningKey::from_slice(&[0x46; 32]).unwrap();
    let raw = example().encode_signed(&sign(&key, digest));
    assert_eq!(
        hex::encode(&raw),
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc\
         2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb196\
         6a3b6d83"
    );
    assert_eq!(transaction_hash(&raw), keccak256(&raw));
}

#[test]
fn a_creation_has_an_empty_receiver() {
    let creation = Transaction { to: None, gas_price: 0, value: U256::ZERO, ..example() };
    let raw = creation.encode_signed(&Signature { r: B256::ZERO, s: B256::ZERO, y_parity: false });
    // nonce 9, price 0, limit 21000, to none, value 0, data empty, v 37, r 0, s 0
    assert_eq!(hex::encode(raw), "cb0980825208808080258080");
}

#[test]
fn the_largest_chain_id_does_not_overflow() {
    let transaction = Transaction { chain_id: u64::MAX, ..example() };
    let raw = transaction.encode_signed(&Signature { r: B256::ZERO, s: B256::ZERO, y_parity: true });
    // v = 2 * (2^64 - 1) + 36 = 2^65 + 34
    assert!(hex::encode(raw).ends_with("890200000000000000228080"));
}

#[test]
fn what_is_signed_depends_on_every_field() {
    let others = [
        Transaction { chain_id: 2, ..example() },
        Transaction { nonce: 10, ..example() },
        Transaction { gas_price: 0, ..example() },
        Transaction { gas_limit: 21_001, ..example() },
        Transaction { to: None, ..example() },
        Transaction { value: U256::ZERO, ..example() },
        Transaction { data: Bytes::from_static(&[0]), ..example() },
    ];
    for other in others {
        assert_ne!(other.signing_digest(), example().signing_digest());
    }
}
