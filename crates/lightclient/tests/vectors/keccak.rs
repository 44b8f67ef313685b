//! Two byte strings hashed at once, beside each hashed alone by another implementation.

use lightclient::{keccak256, keccak256_pair};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn pairs_of_all_lengths_have_the_hashes_that_each_has_alone() {
    let mut data = Vec::new();
    while data.len() < 2 * LONGEST {
        data.extend(keccak256(data.len().to_be_bytes()));
    }
    for length in 0..=LONGEST {
        // 1201 is prime: the other is of each length once, too.
        let other_length = 7 * length % (LONGEST + 1);
        let (one, other) = (&data[..length], &data[length..length + other_length]);
        assert_eq!(
            keccak256_pair(one, other),
            [keccak256(one), keccak256(other)],
            "{length}, {other_length}"
        );
        assert_eq!(keccak256_pair(one, one), [keccak256(one); 2], "{length}");
    }
}

/// More than two full branches, and than eight blocks.
const LONGEST: usize = 1200;
