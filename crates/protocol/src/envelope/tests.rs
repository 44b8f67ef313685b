//! Tests of sealing, against an independent implementation of HPKE.

use alloy_primitives::{Address, B256, Bytes};
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::request::tests::Vector;

fn context() -> RelationshipId {
    RelationshipId {
        chain_id: 81_777,
        contract: Address::repeat_byte(0x5a),
        patient: Address::repeat_byte(1),
        steward: Address::repeat_byte(2),
    }
}

const SIGNATURE: [u8; 65] = [3; 65];

fn key() -> EncryptionKey {
    EncryptionKey::derive(&[7; 32])
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal(&key().public(), &context(), &SIGNATURE, plaintext, [9; 32]).unwrap()
}

#[test]
fn seals_and_opens_what_another_implementation_sealed() {
    let vector = Vector::load();
    let signature = vector.request_signature();
    let context = vector.context();
    let key = EncryptionKey::derive(&vector.reply_secret.0);
    let theirs = vector.sealed.body.as_ref();
    let ours = seal(&key.public(), &context, &signature, vector.plaintext.as_bytes(), vector.randomness.0);
    assert_eq!(ours.as_deref(), Ok(theirs));
    let opened = open(&key, &context, &signature, theirs).unwrap();
    assert_eq!(opened.as_slice(), vector.plaintext.as_bytes());
    let large = vec![vector.large.byte; vector.large.length];
    let large = seal(&key.public(), &context, &signature, &large, vector.randomness.0).unwrap();
    assert_eq!(large.len(), vector.large.length_sealed);
    assert_eq!(<[u8; 32]>::from(Sha256::digest(large)), vector.large.sha256.0);
}

#[derive(Deserialize)]
struct Rfc9180 {
    suite: Rfc9180Suite,
    keys: Vec<Rfc9180Key>,
}

#[derive(Deserialize)]
struct Rfc9180Suite {
    info: Bytes,
    #[serde(rename = "ikmR")]
    ikm_recipient: B256,
    #[serde(rename = "ikmE")]
    ikm_ephemeral: B256,
    enc: Bytes,
    pt: Bytes,
    /// Those with the sequence numbers 0, 1 and 2.
    encryptions: Vec<Rfc9180Encryption>,
}

#[derive(Deserialize)]
struct Rfc9180Encryption {
    aad: Bytes,
    ct: Bytes,
}

#[derive(Deserialize)]
struct Rfc9180Key {
    ikm: B256,
    public: B256,
}

#[test]
fn seals_and_opens_as_rfc_9180() {
    let text = include_str!("../../../../tests/vectors/rfc9180/x25519_hkdf_sha256_aes_256_gcm.json");
    let Rfc9180 { suite, keys } = serde_json::from_str(text).unwrap();
    let key = EncryptionKey::derive(&suite.ikm_recipient.0);
    let (enc, mut sealer) = sealer(&key.public(), &suite.info, suite.ikm_ephemeral.0).unwrap();
    let mut opener = opener(&key, &enc, &suite.info).unwrap();
    assert_eq!(enc, suite.enc.to_vec());
    assert_eq!(suite.encryptions.len(), 3);
    for Rfc9180Encryption { aad, ct } in &suite.encryptions {
        assert_eq!(sealer.seal(&suite.pt, aad), Ok(ct.to_vec()));
        assert_eq!(opener.open(ct, aad), Ok(suite.pt.to_vec()));
    }
    assert_eq!(keys.len(), 80);
    for Rfc9180Key { ikm, public } in keys {
        assert_eq!(EncryptionKey::derive(&ikm.0).public(), public.0);
    }
}

#[test]
fn lengths_are_padded_to_steps() {
    for (length, expected) in
        [(0, 4096_usize), (4092, 4096), (4093, 8192), (65_531, 65_536), (65_532, 65_536), (65_533, 131_072)]
    {
        let sealed = sealed(&vec![1; length]);
        assert_eq!(sealed.len(), 32 + expected + expected.div_ceil(CHUNK) * 16, "{length}");
        let opened = open(&key(), &context(), &SIGNATURE, &sealed).unwrap();
        assert_eq!(opened.as_slice(), vec![1; length]);
    }
}

#[test]
fn opens_only_for_its_key_relationship_and_request() {
    let sealed = sealed(b"content");
    let refused = Err(EnvelopeError::NotForUs);
    assert_eq!(open(&EncryptionKey::derive(&[8; 32]), &context(), &SIGNATURE, &sealed), refused);
    assert_eq!(open(&key(), &context(), &[4; 65], &sealed), refused);
    let other = Address::repeat_byte(9);
    for context in [
        RelationshipId { chain_id: 1, ..context() },
        RelationshipId { contract: other, ..context() },
        RelationshipId { patient: other, ..context() },
        RelationshipId { steward: other, ..context() },
        RelationshipId { patient: context().steward, steward: context().patient, ..context() },
    ] {
        assert_eq!(open(&key(), &context, &SIGNATURE, &sealed), refused);
    }
}

#[test]
fn refuses_what_is_too_short_or_too_long() {
    let limit = 32 + 4096 + 16;
    for length in [0, 31, 32, limit - 1] {
        assert_eq!(
            open(&key(), &context(), &SIGNATURE, &vec![0; length]),
            Err(EnvelopeError::TooShort { limit, found: length })
        );
    }
    assert_eq!(
        seal(&key().public(), &context(), &SIGNATURE, &vec![0; MAX_PLAINTEXT], [9; 32])
            .map(|sealed| sealed.len() <= MAX_SEALED),
        Ok(true)
    );
    let found = MAX_PLAINTEXT + 1;
    assert_eq!(pad(&vec![0; found]), Err(EnvelopeError::TooLarge { limit: MAX_PLAINTEXT, found }));
}

#[test]
fn refuses_padding_that_is_not_the_one_of_the_content() {
    let seal_raw = |padded: &[u8]| {
        let sealed = seal_padded(&key().public(), &context(), &SIGNATURE, padded, [9; 32]).unwrap();
        open(&key(), &context(), &SIGNATURE, &sealed)
    };
    let padded = pad(b"content").unwrap().to_vec();
    assert!(seal_raw(&padded).is_ok());
    let mut spare = padded.clone();
    spare[4095] = 1;
    let mut longer = padded.clone();
    longer.resize(8192, 0);
    let mut beyond = padded;
    beyond[..4].copy_from_slice(&[0xff; 4]);
    for odd in [spare, longer, beyond] {
        assert_eq!(seal_raw(&odd), Err(EnvelopeError::Padding));
    }
}

#[test]
fn notices_chunks_that_are_missing_swapped_doubled_or_not_the_last() {
    let content: Vec<u8> = (0..=255).cycle().take(250_000).collect();
    let whole = sealed(&content);
    let (enc, chunks) = whole.split_at(32);
    let chunks: Vec<&[u8]> = chunks.chunks(CHUNK + TAG).collect();
    assert_eq!(chunks.len(), 4);
    let opened = |places: &[usize]| {
        let sealed = places.iter().fold(enc.to_vec(), |sealed, place| [&sealed, chunks[*place]].concat());
        open(&key(), &context(), &SIGNATURE, &sealed).map(|opened| opened.to_vec())
    };
    assert_eq!(opened(&[0, 1, 2, 3]), Ok(content));
    for places in
        [&[0][..], &[0, 1, 2], &[1, 2, 3], &[0, 1, 3], &[0, 2, 1, 3], &[0, 1, 2, 3, 3], &[0, 1, 2, 2, 3]]
    {
        assert_eq!(opened(places), Err(EnvelopeError::NotForUs), "{places:?}");
    }
    for missing in [1, 16, CHUNK, CHUNK + TAG - 1] {
        let cut = &whole[..whole.len() - missing];
        assert_eq!(open(&key(), &context(), &SIGNATURE, cut), Err(EnvelopeError::NotForUs), "{missing}");
    }
}

#[test]
fn refuses_keys_that_give_everyone_the_same_secret() {
    for point in [[0; 32], B1] {
        assert_eq!(seal(&point, &context(), &SIGNATURE, b"content", [9; 32]), Err(EnvelopeError::Key));
        let mut sealed = sealed(b"content");
        sealed[..32].copy_from_slice(&point);
        assert!(open(&key(), &context(), &SIGNATURE, &sealed).is_err());
    }
}

/// A point of order 1 (RFC 7748 §6.1 asks to refuse the shared secret of such points).
const B1: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

#[test]
fn other_randomness_gives_another_envelope() {
    let again = seal(&key().public(), &context(), &SIGNATURE, b"content", [10; 32]).unwrap();
    assert_ne!(again, sealed(b"content"));
    let mut given = Given { bytes: [9; 32], used: 0 };
    let mut bytes = [0; 96];
    let Ok(()) = given.try_fill_bytes(&mut bytes);
    assert_eq!(bytes[..32], [9; 32]);
    assert_ne!(bytes[32..64], bytes[64..]);
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[test]
    fn no_changed_byte_opens(place in any::<prop::sample::Index>(), change in 1u8..) {
        let mut sealed = sealed(b"content");
        *place.get_mut(&mut sealed) ^= change;
        let opened = open(&key(), &context(), &SIGNATURE, &sealed);
        // The top bit of an X25519 public key is ignored (RFC 7748 §5), but HPKE binds the bytes as sent.
        prop_assert!(opened.is_err());
    }
}
