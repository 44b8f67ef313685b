//! Tests of the header codec. Real headers of every fork are in `tests/vectors` and `tests/thirdparty`.

use super::*;
use crate::testing::{Draft, keys};

/// Sets the first `count` of the six appended fields.
fn header(count: usize) -> Header {
    let mut header = Draft::genesis(&keys(4)).seal([]);
    header.base_fee_per_gas = (count > 0).then_some(7);
    header.withdrawals_root = (count > 1).then_some(B256::repeat_byte(2));
    header.blob_gas_used = (count > 2).then_some(0);
    header.excess_blob_gas = (count > 3).then_some(131_072);
    header.parent_beacon_block_root = (count > 4).then_some(B256::ZERO);
    header.requests_hash = (count > 5).then_some(B256::repeat_byte(6));
    header
}

#[test]
fn headers_of_every_fork_decode_to_what_was_encoded() {
    for count in [0, 1, 2, 5, 6] {
        let header = header(count);
        assert_eq!(header.check_shape(), Ok(()));
        assert_eq!(Header::decode(&header.encode()), Ok(header), "{count} appended fields");
    }
}

#[test]
fn a_number_of_fields_that_no_fork_has_is_refused() {
    for count in [3, 4] {
        let end = HeaderError::Rlp(RlpError::End { expected: 1, found: 0 });
        assert_eq!(Header::decode(&header(count).encode()), Err(end), "{count} appended fields");
    }
    let mut more = header(6).encode();
    // One empty byte string more, and the list longer by it.
    more.push(0x80);
    more[2] += 1;
    assert_eq!(Header::decode(&more), Err(HeaderError::Rlp(RlpError::Trailing { found: 1 })));
}

#[test]
fn a_field_that_no_hash_would_cover_is_refused() {
    for count in [3, 4] {
        assert_eq!(header(count).check_shape(), Err(HeaderError::Gap { number: 0 }));
    }
    let without_base_fee = Header { base_fee_per_gas: None, ..header(2) };
    assert_eq!(without_base_fee.check_shape(), Err(HeaderError::Gap { number: 0 }));
    let requests_only = Header { requests_hash: Some(B256::ZERO), ..header(0) };
    assert_eq!(requests_only.check_shape(), Err(HeaderError::Gap { number: 0 }));
    let without_beacon_root = Header { parent_beacon_block_root: None, ..header(6) };
    assert_eq!(without_beacon_root.check_shape(), Err(HeaderError::Gap { number: 0 }));
}

#[test]
fn a_header_longer_than_any_is_refused() {
    let too_long = HeaderError::TooLong { expected: 65_536, found: 65_537 };
    assert_eq!(Header::decode(&[0; 65_537]), Err(too_long.clone()));
    let header = Header { extra_data: vec![0; 65_537].into(), ..header(0) };
    assert_eq!(header.check_shape(), Err(too_long));
}

#[test]
fn every_shortened_header_is_refused() {
    let bytes = header(6).encode();
    for length in 0..bytes.len() {
        assert!(Header::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
}
