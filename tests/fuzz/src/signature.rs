//! Signatures: bytes in one form only, and of the two twins exactly one is low.

use alloy_primitives::{B256, U256, b256, keccak256};
use lightclient::{ParityByte, Signature, SignatureError, block_hash, recover_low_s, recover_signer};

use crate::recorded::Chain;

/// Input: the signature of 65 bytes; what was signed is derived from the rest, if any.
pub(crate) fn signature(data: &[u8]) {
    let (bytes, signed) = data.split_at(data.len().min(65));
    for parity_byte in [ParityByte::From27, ParityByte::FromZero] {
        let Ok(signature) = Signature::from_bytes(bytes, parity_byte) else { continue };
        assert_eq!(signature.to_bytes(parity_byte), bytes, "from_bytes is not the inverse of to_bytes");
        check_recovery(keccak256(signed), &signature);
    }
}

fn check_recovery(digest: B256, signature: &Signature) {
    let (any, low) = (recover_signer(digest, signature), recover_low_s(digest, signature));
    let Ok(signer) = any else {
        assert!(low.is_err(), "low s accepts what is nobody's");
        return;
    };
    let s = B256::from(ORDER - U256::from_be_bytes(signature.s.0));
    let twin = Signature { r: signature.r, s, y_parity: !signature.y_parity };
    assert_eq!(recover_signer(digest, &twin), Ok(signer), "the twin is somebody else's");
    let twin_low = recover_low_s(digest, &twin);
    match low {
        Ok(low_signer) => {
            assert_eq!(low_signer, signer);
            assert_eq!(twin_low, Err(SignatureError::HighS), "both twins are low");
        }
        Err(error) => {
            assert_eq!(error, SignatureError::HighS);
            assert_eq!(twin_low, Ok(signer), "neither twin is low");
        }
    }
}

/// The seals of a recorded header stand at the end of its `extraData`, the last one in its last 65 bytes.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let sealed = Chain::qbft().headers.iter().skip(1).step_by(29);
    sealed
        .flat_map(|header| {
            let extra = &header.raw().extra_data;
            let seal = &extra[extra.len() - 65..];
            let hash = block_hash(header.raw(), &Chain::qbft().rules).expect("a recorded header has a hash");
            [[seal, hash.as_slice()].concat(), [&seal[..64], &[27 + seal[64]], hash.as_slice()].concat()]
        })
        .collect()
}

/// Order of the group.
const ORDER: U256 =
    U256::from_be_bytes(b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").0);
