//! Project Wycheproof: the primitives of the envelope and of the vault.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use alloy_primitives::{Address, hex};
use hkdf::Hkdf;
use serde_json::Value;
use sha2::Sha256;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::envelope::{EnvelopeError, seal};
use crate::relationship::RelationshipId;

/// The groups of a file, each with its tests.
fn groups(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["testGroups"].as_array().unwrap().clone()
}

fn tests(group: &Value) -> &[Value] {
    group["tests"].as_array().unwrap()
}

fn bytes(test: &Value, member: &str) -> Vec<u8> {
    hex::decode(test[member].as_str().unwrap()).unwrap()
}

fn key(test: &Value, member: &str) -> [u8; 32] {
    bytes(test, member).try_into().unwrap()
}

/// A public key with which everybody shares the same secret is refused by the envelope, and no other is.
#[test]
fn x25519_shares_the_secrets_of_wycheproof() {
    let context = RelationshipId {
        chain_id: 1,
        contract: Address::ZERO,
        patient: Address::ZERO,
        steward: Address::ZERO,
    };
    let mut counts = [0, 0];
    for group in groups(include_str!("../../../../tests/vectors/wycheproof/x25519_test.json")) {
        for test in tests(&group) {
            let (public, expected) = (key(test, "public"), key(test, "shared"));
            assert_eq!(x25519_dalek::x25519(key(test, "private"), public), expected, "{test}");
            let sealed = seal(&public, &context, &[3; 65], b"content", [9; 32]);
            let is_shared = expected != [0; 32];
            assert_eq!(sealed.err(), (!is_shared).then_some(EnvelopeError::Key), "{test}");
            counts[usize::from(is_shared)] += 1;
        }
    }
    assert_eq!(counts, X25519);
}

#[test]
fn aes_256_gcm_opens_what_wycheproof_sealed_and_nothing_else() {
    let mut counts = [0, 0];
    for group in groups(include_str!("../../../../tests/vectors/wycheproof/aes_gcm_test.json")) {
        // Ours are the keys of 256 bits with nonces of 96 and whole tags.
        if ["keySize", "ivSize", "tagSize"].map(|size| group[size].as_u64().unwrap()) != [256, 96, 128] {
            continue;
        }
        for test in tests(&group) {
            let cipher = Aes256Gcm::new(&key(test, "key").into());
            let nonce = Nonce::from(<[u8; 12]>::try_from(bytes(test, "iv")).unwrap());
            let (aad, content) = (bytes(test, "aad"), bytes(test, "msg"));
            let sealed = [bytes(test, "ct"), bytes(test, "tag")].concat();
            let is_valid = test["result"] == "valid";
            let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &aad });
            assert_eq!(opened.ok(), is_valid.then(|| content.clone()), "{test}");
            let ours = cipher.encrypt(&nonce, Payload { msg: &content, aad: &aad }).unwrap();
            assert_eq!(ours == sealed, is_valid, "{test}");
            counts[usize::from(is_valid)] += 1;
        }
    }
    assert_eq!(counts, AES_256_GCM);
}

#[test]
fn hkdf_expands_as_wycheproof() {
    let mut counts = [0, 0];
    for group in groups(include_str!("../../../../tests/vectors/wycheproof/hkdf_sha256_test.json")) {
        for test in tests(&group) {
            let length = usize::try_from(test["size"].as_u64().unwrap()).unwrap();
            let mut found = vec![0; length];
            let hkdf = Hkdf::<Sha256>::new(Some(&bytes(test, "salt")), &bytes(test, "ikm"));
            let is_valid = hkdf.expand(&bytes(test, "info"), &mut found).is_ok();
            assert_eq!(is_valid, test["result"] == "valid", "{test}");
            assert!(!is_valid || found == bytes(test, "okm"), "{test}");
            counts[usize::from(is_valid)] += 1;
        }
    }
    assert_eq!(counts, HKDF);
}

/// How many tests are of each kind: without a secret, with one; invalid, valid.
const X25519: [usize; 2] = [31, 487];
const AES_256_GCM: [usize; 2] = [27, 39];
const HKDF: [usize; 2] = [3, 83];
