//! Tests of the RLP reader and writer.

use alloy_primitives::hex;

use super::*;

/// The examples of the Yellow Paper's appendix and the lengths around each change of form.
#[test]
fn byte_strings_are_written_in_their_one_right_form_and_read_back() {
    let long = [7; 1024];
    let cases: [(&[u8], &str); 8] = [
        (&[], "80"),
        (&[0x00], "00"),
        (&[0x7f], "7f"),
        (&[0x80], "8180"),
        (b"dog", "83646f67"),
        (&long[..55], "b7"),
        (&long[..56], "b838"),
        (&long, "b90400"),
    ];
    for (bytes, start) in cases {
        let mut out = Vec::new();
        write_list(&mut out, |out| write_bytes(out, bytes));
        let mut list = Reader::open(&out).unwrap();
        assert!(hex::encode(list.rest()).starts_with(start), "{start}");
        assert_eq!(list.bytes(), Ok(bytes));
        assert_eq!(list.finish(), Ok(()));
    }
}

#[test]
fn lists_of_every_length_read_back() {
    for length in [0, 1, 54, 55, 56, 57, 254, 255, 256, 257, 65_535, 65_536] {
        let mut out = Vec::new();
        write_list(&mut out, |out| (0..length).for_each(|_| write_bytes(out, &[1])));
        assert_eq!(Reader::open(&out).unwrap().rest().len(), length);
    }
}

#[test]
fn scalars_have_no_leading_zero() {
    let cases =
        [(0, "80"), (1, "01"), (127, "7f"), (128, "8180"), (256, "820100"), (u64::MAX, "88ffffffffffffffff")];
    for (value, expected) in cases {
        let mut out = Vec::new();
        write_scalar(&mut out, &value.to_be_bytes());
        assert_eq!(hex::encode(&out), expected);
        assert_eq!(decode_scalar(&out).map(u64::from_be_bytes), Ok(value));
    }
}

#[test]
fn every_other_form_is_refused() {
    let cases = [
        ("", RlpError::End { expected: 1, found: 0 }),
        ("8100", RlpError::LongForm),
        ("817f", RlpError::LongForm),
        ("b801ff", RlpError::LongForm),
        ("b83700", RlpError::LongForm),
        ("b90038", RlpError::LeadingZero),
        ("f800", RlpError::LeadingZero),
        ("f80101", RlpError::LongForm),
        ("83646f", RlpError::End { expected: 3, found: 2 }),
        ("b838", RlpError::End { expected: 56, found: 0 }),
        ("b9ff", RlpError::End { expected: 2, found: 1 }),
        ("c2", RlpError::End { expected: 2, found: 0 }),
    ];
    for (input, error) in cases {
        let bytes = hex::decode(input).unwrap();
        assert_eq!(Reader::of_payload(&bytes).item(), Err(error), "{input}");
    }
}

#[test]
fn a_length_that_no_memory_holds_is_refused() {
    let result = Reader::of_payload(&hex::decode("bfffffffffffffffff").unwrap()).item().map(|_| ());
    assert_eq!(result, Err(RlpError::End { expected: usize::MAX, found: 0 }));
}

#[test]
fn a_list_must_be_all_there_is() {
    assert_eq!(Reader::open(&[0xc0, 0x00]).map(|_| ()), Err(RlpError::Trailing { found: 1 }));
    let mut list = Reader::open(&[0xc2, 0x01, 0x02]).unwrap();
    assert_eq!(list.u64(), Ok(1));
    assert_eq!(list.finish(), Err(RlpError::Trailing { found: 1 }));
    assert_eq!(decode_scalar::<8>(&[0x01, 0x02]), Err(RlpError::Trailing { found: 1 }));
}

#[test]
fn an_item_of_the_other_kind_is_refused() {
    let (bytes, list) = (RlpKind::Bytes, RlpKind::List);
    assert_eq!(Reader::of_payload(&[0xc0]).bytes(), Err(RlpError::Kind { expected: bytes, found: list }));
    let result = Reader::of_payload(&[0x80]).list().map(|_| ());
    assert_eq!(result, Err(RlpError::Kind { expected: list, found: bytes }));
}

#[test]
fn fixed_fields_and_scalars_keep_to_their_length() {
    let word = [&[0xa0][..], &[1; 32]].concat();
    assert_eq!(Reader::of_payload(&word).fixed::<32>(), Ok([1; 32]));
    assert_eq!(Reader::of_payload(&word).fixed::<20>(), Err(RlpError::Length { expected: 20, found: 32 }));
    assert_eq!(Reader::of_payload(&word).u256(), Ok(U256::from_be_bytes([1; 32])));
    assert_eq!(Reader::of_payload(&word).u64(), Err(RlpError::ScalarTooLong { expected: 8, found: 32 }));
    assert_eq!(Reader::of_payload(&word).u32(), Err(RlpError::ScalarTooLong { expected: 4, found: 32 }));
    assert_eq!(Reader::of_payload(&[0x00]).u64(), Err(RlpError::LeadingZero));
    assert_eq!(Reader::of_payload(&[0x82, 0x00, 0x01]).u64(), Err(RlpError::LeadingZero));
}
