//! Tests of receipts.

use alloy_primitives::{address, hex};

use super::*;
use crate::RlpKind;

fn example() -> Receipt {
    let log = Log {
        address: address!("00000000000000000000000000000000000000aa"),
        topics: vec![B256::repeat_byte(1), B256::repeat_byte(2)],
        data: Bytes::from_static(&[3, 4]),
    };
    Receipt {
        transaction_type: 2,
        outcome: Outcome::Succeeded,
        cumulative_gas_used: 21_000,
        logs_bloom: Bloom::repeat_byte(7),
        logs: vec![log.clone(), Log { topics: vec![], data: Bytes::new(), ..log }],
    }
}

/// A receipt of these encoded fields.
fn list(fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    rlp::write_list(&mut out, |out| fields.iter().for_each(|field| out.extend_from_slice(field)));
    out
}

/// A bloom of zeros, encoded.
fn bloom() -> Vec<u8> {
    [&[0xb9, 1, 0][..], &[0; 256]].concat()
}

#[test]
fn encodes_a_receipt_without_logs_to_its_bytes() {
    let receipt = Receipt {
        transaction_type: 0,
        outcome: Outcome::Reverted,
        cumulative_gas_used: 0,
        logs_bloom: Bloom::ZERO,
        logs: vec![],
    };
    let bytes = [&hex!("f90106 80 80 b90100")[..], &[0; 256], &[0xc0]].concat();
    assert_eq!(receipt.encode(), bytes);
    assert_eq!(Receipt::decode(&bytes), Ok(receipt.clone()));
    let typed = Receipt { transaction_type: 4, outcome: Outcome::Succeeded, ..receipt };
    let bytes = [&hex!("04 f90106 01 80 b90100")[..], &[0; 256], &[0xc0]].concat();
    assert_eq!(typed.encode(), bytes);
    assert_eq!(Receipt::decode(&bytes), Ok(typed));
}

#[test]
fn decodes_what_was_encoded_for_every_type_and_outcome() {
    for transaction_type in 0..=4 {
        for outcome in [Outcome::Reverted, Outcome::StateRoot(B256::repeat_byte(9)), Outcome::Succeeded] {
            let receipt = Receipt { transaction_type, outcome, ..example() };
            assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
        }
    }
}

#[test]
fn refuses_types_that_it_does_not_know() {
    let legacy = Receipt { transaction_type: 0, ..example() }.encode();
    for found in [0, 5, 0x7f, 0xbf] {
        let raw = [&[found][..], &legacy].concat();
        assert_eq!(Receipt::decode(&raw), Err(ReceiptError::Type { found }));
    }
    let error = ReceiptError::Rlp(RlpError::End { expected: 1, found: 0 });
    assert_eq!(Receipt::decode(&[]), Err(error.clone()));
    assert_eq!(error.fault(), Fault::Peer);
}

#[test]
fn refuses_an_outcome_that_is_neither_status_nor_root() {
    for (field, found) in [(&[2][..], 1), (&[0x82, 1, 0], 2), (&[0], 1)] {
        let raw = list(&[field, &[0x80], &bloom(), &[0xc0]]);
        assert_eq!(Receipt::decode(&raw), Err(ReceiptError::Outcome { found }));
    }
}

#[test]
fn refuses_missing_spare_and_misshapen_fields() {
    let rlp = |raw: &[u8], source| assert_eq!(Receipt::decode(raw), Err(ReceiptError::Rlp(source)));
    rlp(&list(&[&[1], &[0x80], &bloom()]), RlpError::End { expected: 1, found: 0 });
    rlp(&list(&[&[1], &[0x80], &bloom(), &[0xc0], &[0]]), RlpError::Trailing { found: 1 });
    rlp(&list(&[&[1], &[0], &bloom(), &[0xc0]]), RlpError::LeadingZero);
    rlp(&list(&[&[1], &[0x80], &[0x80], &[0xc0]]), RlpError::Length { expected: 256, found: 0 });
    let kind = RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes };
    rlp(&list(&[&[1], &[0x80], &bloom(), &[0x80]]), kind);
    rlp(&list(&[&[1], &[0x80], &bloom(), &[0xc1, 0x80]]), kind);
    rlp(&[example().encode(), vec![0]].concat(), RlpError::Trailing { found: 1 });
}

#[test]
fn refuses_a_log_that_no_contract_can_write() {
    let with = |topics: Vec<B256>| {
        let mut receipt = example();
        receipt.logs[0].topics = topics;
        receipt
    };
    let four = with(vec![B256::ZERO; 4]);
    assert_eq!(Receipt::decode(&four.encode()), Ok(four));
    let five = with(vec![B256::ZERO; 5]);
    assert_eq!(Receipt::decode(&five.encode()), Err(ReceiptError::Topics { expected: 4 }));
    // An address of 19 bytes.
    let log = [&[0xd6, 0x93][..], &[1; 19], &[0xc0, 0x80]].concat();
    let raw = list(&[&[1], &[0x80], &bloom(), &list(&[&log])]);
    let length = RlpError::Length { expected: 20, found: 19 };
    assert_eq!(Receipt::decode(&raw), Err(ReceiptError::Rlp(length)));
}
