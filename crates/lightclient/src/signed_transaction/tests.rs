//! Tests of signed transactions, byte by byte. Those of real chains are in `tests/bodies.rs`.

use alloy_primitives::hex;

use super::*;
use crate::{Signature, Transaction};

fn of_kind(kind: TransactionKind) -> SignedTransaction {
    SignedTransaction {
        nonce: 1,
        gas_limit: 2,
        to: Some(Address::repeat_byte(0xcc)),
        value: U256::from(3),
        data: Bytes::from_static(&[0xdd]),
        kind,
        v: U256::ZERO,
        r: U256::from(4),
        s: U256::from(5),
    }
}

fn access() -> Access {
    Access {
        chain_id: 6,
        list: vec![AccessListItem { address: Address::repeat_byte(0xaa), storage_keys: vec![B256::ZERO] }],
    }
}

fn fees() -> Fees {
    Fees { max_priority_fee_per_gas: U256::from(7), max_fee_per_gas: U256::from(8) }
}

/// gas, to, value and data of the examples.
const MIDDLE: &str = "02 94cccccccccccccccccccccccccccccccccccccccc 03 81dd";
/// The access list of the examples.
const LIST: &str = "f838 f7 94aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \
                    e1 a00000000000000000000000000000000000000000000000000000000000000000";

fn bytes(parts: &[&str]) -> String {
    parts.concat().replace(' ', "")
}

#[test]
fn a_legacy_transaction_is_what_we_would_have_sent() {
    let sent = Transaction {
        chain_id: 81_337,
        nonce: 9,
        gas_price: 10,
        gas_limit: 21_000,
        to: None,
        value: U256::MAX,
        data: Bytes::from_static(b"data"),
    };
    let signature = Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: true };
    let signed = SignedTransaction {
        nonce: 9,
        gas_limit: 21_000,
        to: None,
        value: U256::MAX,
        data: Bytes::from_static(b"data"),
        kind: TransactionKind::Legacy { gas_price: U256::from(10) },
        v: U256::from(2 * 81_337 + 36),
        r: U256::from_be_bytes(signature.r.0),
        s: U256::from_be_bytes(signature.s.0),
    };
    assert_eq!(signed.encode(), sent.encode_signed(&signature));
}

#[test]
fn each_type_has_its_fields_in_the_order_of_its_standard() {
    let authorization = Authorization {
        chain_id: U256::ZERO,
        address: Address::repeat_byte(0xbb),
        nonce: 9,
        y_parity: U256::ONE,
        r: U256::from(10),
        s: U256::from(11),
    };
    let cases = [
        (TransactionKind::Legacy { gas_price: U256::from(7) }, bytes(&["de 01 07", MIDDLE, "80 04 05"])),
        (
            TransactionKind::AccessList { gas_price: U256::from(7), access: access() },
            bytes(&["01 f859 06 01 07", MIDDLE, LIST, "80 04 05"]),
        ),
        (
            TransactionKind::DynamicFee { fees: fees(), access: access() },
            bytes(&["02 f85a 06 01 07 08", MIDDLE, LIST, "80 04 05"]),
        ),
        (
            TransactionKind::Blob {
                fees: fees(),
                access: Access { list: vec![], ..access() },
                max_fee_per_blob_gas: U256::from(12),
                blob_versioned_hashes: vec![B256::repeat_byte(0xee)],
            },
            bytes(&["03 f844 06 01 07 08", MIDDLE, "c0 0c e1 a0", &"ee".repeat(32), "80 04 05"]),
        ),
        (
            TransactionKind::SetCode {
                fees: fees(),
                access: Access { list: vec![], ..access() },
                authorizations: vec![authorization],
            },
            bytes(&[
                "04 f83d 06 01 07 08",
                MIDDLE,
                "c0 db da 80 94",
                &"bb".repeat(20),
                "09 01 0a 0b",
                "80 04 05",
            ]),
        ),
    ];
    for (number, (kind, expected)) in (0..).zip(cases) {
        assert_eq!(kind.number(), number);
        assert_eq!(hex::encode(of_kind(kind).encode()), expected, "type {number}");
    }
}

#[test]
fn what_is_encoded_decodes_and_nothing_else_does() {
    let authorization = Authorization {
        chain_id: U256::ZERO,
        address: Address::repeat_byte(0xbb),
        nonce: 9,
        y_parity: U256::ONE,
        r: U256::from(10),
        s: U256::from(11),
    };
    let kinds = [
        TransactionKind::Legacy { gas_price: U256::from(7) },
        TransactionKind::AccessList { gas_price: U256::from(7), access: access() },
        TransactionKind::DynamicFee { fees: fees(), access: access() },
        TransactionKind::Blob {
            fees: fees(),
            access: access(),
            max_fee_per_blob_gas: U256::from(12),
            blob_versioned_hashes: vec![B256::repeat_byte(0xee)],
        },
        TransactionKind::SetCode { fees: fees(), access: access(), authorizations: vec![authorization] },
    ];
    for kind in kinds {
        for to in [None, Some(Address::repeat_byte(0xcc))] {
            let transaction = SignedTransaction { to, ..of_kind(kind.clone()) };
            let raw = transaction.encode();
            assert_eq!(SignedTransaction::decode(&raw), Ok(transaction));
            for length in 0..raw.len() {
                assert!(SignedTransaction::decode(&raw[..length]).is_err());
            }
            // Another byte is another transaction, or none.
            for (place, bit) in (0..raw.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
                let mut other = raw.clone();
                other[place] ^= 1 << bit;
                if let Ok(decoded) = SignedTransaction::decode(&other) {
                    assert_eq!(decoded.encode(), other);
                }
            }
        }
    }
    assert_eq!(SignedTransaction::decode(&[5, 0xc0]), Err(TransactionError::Type { found: 5 }));
    let wrong_callee = hex::decode("cb 80 80 80 82cccc 80 80 80 80 80".replace(' ', "")).unwrap();
    assert_eq!(SignedTransaction::decode(&wrong_callee), Err(TransactionError::To { found: 2 }));
}

/// The example of EIP-155, with its published signer; and the same before it, signed by the same key.
#[test]
fn recovers_the_sender_with_and_without_replay_protection() {
    let raw = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );
    let transaction = SignedTransaction::decode(&raw).unwrap();
    let sender = hex!("9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f").into();
    assert_eq!((transaction.chain_id(), transaction.sender()), (Some(1), Ok(sender)));
    assert_eq!(transaction.creates(sender), None);

    let key = k256::ecdsa::SigningKey::from_slice(&[0x46; 32]).unwrap();
    let mut without = SignedTransaction { v: U256::from(27), to: None, ..transaction };
    let (signature, id) = key.sign_prehash_recoverable(without.signing_digest().as_slice());
    let (r, s) = signature.split_bytes();
    without.r = U256::from_be_slice(&r);
    without.s = U256::from_be_slice(&s);
    without.v = U256::from(27 + u8::from(id.is_y_odd()));
    assert_eq!((without.chain_id(), without.sender()), (None, Ok(sender)));
    // CREATE by nonce 9 of this account.
    assert_eq!(without.creates(sender), Some(sender.create(9)));
}
