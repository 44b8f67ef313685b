//! Known keys against recovery: Project Wycheproof's vectors, and whatever bytes can be made to mean.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use alloy_primitives::{Address, B256, hex};
use k256::ecdsa::{RecoveryId, VerifyingKey};
use lightclient::{KnownKeys, Signature, SignatureError, Signed, public_key_address, recover_signer};
use serde_json::Value;
use sha2::{Digest, Sha256};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// What recovery says, after checking that known keys say it, too.
fn recover_all(known: &mut KnownKeys, items: &[Signed<'_>]) -> Vec<Result<Address, SignatureError>> {
    let recovered: Vec<_> = items.iter().map(|item| recover_signer(item.digest, &item.signature)).collect();
    assert_eq!(known.recover_all(items), recovered);
    recovered
}

/// The vectors do not tell the parity: a signature is good when one of both gives the key.
#[test]
fn wycheproof_signatures_are_judged_as_by_recovery() {
    let text = include_str!("../../../../tests/vectors/wycheproof/ecdsa_secp256k1_sha256_p1363_test.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut counts = [0, 0];
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = VerifyingKey::from_sec1_bytes(&bytes(&group["publicKey"]["uncompressed"])).unwrap();
        let likely = [public_key_address(&key)];
        // A signature that is not r and s in 32 bytes each never becomes a `Signature`.
        let tests = group["tests"].as_array().unwrap().iter();
        let tests: Vec<&Value> = tests.filter(|test| bytes(&test["sig"]).len() == 64).collect();
        let items: Vec<Signed<'_>> = tests
            .iter()
            .flat_map(|test| {
                let (digest, signature) = (Sha256::digest(bytes(&test["msg"])), bytes(&test["sig"]));
                [false, true].map(|y_parity| Signed {
                    digest: B256::from_slice(&digest),
                    signature: Signature {
                        r: B256::from_slice(&signature[..32]),
                        s: B256::from_slice(&signature[32..]),
                        y_parity,
                    },
                    likely: &likely,
                })
            })
            .collect();
        // So often that the key has its table at the end.
        let mut known = KnownKeys::new();
        let mut found = Vec::new();
        for _ in 0..16 {
            found = recover_all(&mut known, &items);
        }
        for ((test, found), items) in tests.into_iter().zip(found.chunks(2)).zip(items.chunks(2)) {
            let recoverable = test["result"] == "valid" && !is_beyond_recovery(&items[0], &key);
            assert_eq!(found.contains(&Ok(likely[0])), recoverable, "{test}");
            counts[usize::from(recoverable)] += 1;
        }
    }
    // Two of the 167 valid ones of this length are beyond recovery.
    assert_eq!(counts, [69, 165]);
}

/// Valid ECDSA, but x of the point is r + n, for which Ethereum's parity byte has no value.
fn is_beyond_recovery(item: &Signed<'_>, key: &VerifyingKey) -> bool {
    let signature = k256::ecdsa::Signature::from_scalars(item.signature.r.0, item.signature.s.0);
    let recover = |y_parity| {
        let id = RecoveryId::new(y_parity, true);
        VerifyingKey::recover_from_prehash(item.digest.as_slice(), signature.as_ref().ok()?, id).ok()
    };
    [false, true].into_iter().filter_map(recover).any(|found| found == *key)
}

fn bytes(text: &Value) -> Vec<u8> {
    hex::decode(text.as_str().unwrap()).unwrap()
}
