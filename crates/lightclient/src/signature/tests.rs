//! Tests of signatures.

use alloy_primitives::b256;

use super::*;
use crate::testing::{address, keys, sign, twin};

const DIGEST: B256 = B256::repeat_byte(0x42);
const ORDER: B256 = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

#[test]
fn recovers_who_signed() {
    for key in keys(9) {
        let signature = sign(&key, DIGEST);
        assert_eq!(recover_signer(DIGEST, &signature), Ok(address(&key)));
        assert_eq!(recover_low_s(DIGEST, &signature), Ok(address(&key)));
        assert_ne!(recover_signer(B256::ZERO, &signature), Ok(address(&key)));
    }
}

#[test]
fn the_twin_with_the_high_s_is_the_same_signer_but_only_for_seals() {
    for key in keys(9) {
        let twin = twin(&sign(&key, DIGEST));
        assert_eq!(recover_signer(DIGEST, &twin), Ok(address(&key)));
        assert_eq!(recover_low_s(DIGEST, &twin), Err(SignatureError::HighS));
    }
}

/// Key 1 is the generator, whose address is known everywhere.
#[test]
fn the_address_is_the_end_of_the_hash_of_the_point() {
    let mut one = [0; 32];
    one[31] = 1;
    let key = k256::ecdsa::SigningKey::from_slice(&one).unwrap();
    assert_eq!(address(&key).to_string(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
}

#[test]
fn scalars_out_of_range_are_refused() {
    let good = sign(&keys(1)[0], DIGEST);
    for bad in [B256::ZERO, ORDER, B256::repeat_byte(0xff)] {
        for signature in [Signature { r: bad, ..good }, Signature { s: bad, ..good }] {
            assert_eq!(recover_signer(DIGEST, &signature), Err(SignatureError::Scalar));
            assert_eq!(recover_low_s(DIGEST, &signature), Err(SignatureError::Scalar));
        }
    }
}

/// No point of the curve has x = 5.
#[test]
fn an_r_off_the_curve_is_refused() {
    let mut r = B256::ZERO;
    r.0[31] = 5;
    let signature = Signature { r, ..sign(&keys(1)[0], DIGEST) };
    assert_eq!(recover_signer(DIGEST, &signature), Err(SignatureError::NoKey));
}

#[test]
fn reads_and_writes_both_parity_bytes_and_nothing_else() {
    let odd = Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: true };
    let even = Signature { y_parity: false, ..odd };
    let cases = [(odd, ParityByte::FromZero, 1), (even, ParityByte::FromZero, 0)];
    let ethereum = [(odd, ParityByte::From27, 28), (even, ParityByte::From27, 27)];
    for (signature, parity, last) in cases.into_iter().chain(ethereum) {
        let bytes = signature.to_bytes(parity);
        assert_eq!(bytes[64], last);
        assert_eq!(Signature::from_bytes(&bytes, parity), Ok(signature));
    }
    let mut bytes = odd.to_bytes(ParityByte::FromZero);
    let refused = |expected, found| Err(SignatureError::Parity { expected, found });
    assert_eq!(Signature::from_bytes(&bytes, ParityByte::From27), refused(ParityByte::From27, 1));
    for found in [2, 27, 28, 255] {
        bytes[64] = found;
        assert_eq!(Signature::from_bytes(&bytes, ParityByte::FromZero), refused(ParityByte::FromZero, found));
    }
    for found in [0, 31, 32, 63, 64, 66] {
        let length = Err(SignatureError::Length { expected: 65, found });
        assert_eq!(Signature::from_bytes(&vec![0; found], ParityByte::FromZero), length);
    }
}
