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
