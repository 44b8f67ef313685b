//! Known keys against recovery, whatever bytes can be made to mean.

use std::cell::RefCell;

use alloy_primitives::{B256, U256, uint};
use k256::ecdsa::SigningKey;
use lightclient::{KnownKeys, Signature, Signed, public_key_address};
use proptest::prelude::*;

use crate::recover_all;

const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

/// Signatures of three validators and of one who is none, right, spoilt or senseless, as `bytes` say: 36 for each.
fn known_keys_say_what_recovery_says(known: &mut KnownKeys, bytes: &[u8]) {
    let keys = [1, 2, 3, 4].map(|seed| SigningKey::from_slice(&[seed; 32]).unwrap());
    let round = [0, 1, 2, 0, 1, 2].map(|place: usize| public_key_address(keys[place].verifying_key()));
    let mut items = Vec::new();
    for [key, first, change, place, digest @ ..] in bytes.as_chunks::<36>().0 {
        let digest = B256::from(*digest);
        let (signature, id) = keys[usize::from(key % 4)].sign_prehash_recoverable(digest.as_slice());
        let (r, s) = signature.split_bytes();
        let (mut r, mut s) = (B256::from_slice(&r), B256::from_slice(&s));
        let mut y_parity = id.is_y_odd();
        let (byte, bit) = (usize::from(place / 8), 1 << (place % 8));
        match change % 8 {
            0 => (s, y_parity) = (B256::from(ORDER - U256::from_be_bytes(s.0)), !y_parity),
            1 => y_parity = !y_parity,
            2 => r[byte] ^= bit,
            3 => s[byte] ^= bit,
            4 => (r, s) = (digest, B256::from(U256::from(*place))),
            _ => {}
        }
        let first = usize::from(first % 3);
        items.push(Signed {
            digest,
            signature: Signature { r, s, y_parity },
            likely: &round[first..first + 3],
        });
    }
    recover_all(known, &items);
}

proptest! {
    /// The keys are known from one run to the next, so that nearly all of what is right is recognised.
    #[test]
    fn known_keys_change_no_result(bytes in proptest::collection::vec(any::<u8>(), 0..36 * 16)) {
        thread_local! { static KNOWN: RefCell<KnownKeys> = RefCell::new(KnownKeys::new()); }
        KNOWN.with_borrow_mut(|known| known_keys_say_what_recovery_says(known, &bytes));
    }
}
