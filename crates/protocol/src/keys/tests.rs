//! Tests of phrases and derivation against other implementations and the BIPs' own vectors.

use alloy_primitives::Bytes;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const PHRASE: &str = "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic";
/// The entropy `7f…7f`.
const CHINESE: &str = "枪 疫 霉 尝 俩 闹 饿 贤 枪 疫 霉 卿";

#[test]
fn makes_the_phrases_and_seeds_of_bip_39() {
    #[derive(Deserialize)]
    struct Vector {
        entropy: Bytes,
        phrase: String,
        seed: Bytes,
    }
    let text = include_str!("../../../../tests/vectors/protocol/bip39.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), 32);
    for (index, vector) in vectors.into_iter().enumerate() {
        let list = if index < 16 { WordList::English } else { WordList::Chinese };
        let parsed = Phrase::parse(&vector.phrase).unwrap();
        assert_eq!(parsed.to_seed().as_bytes().as_slice(), vector.seed.as_ref());
        assert_eq!(parsed.to_text().as_str(), vector.phrase);
        if let Ok(entropy) = <&[u8; 16]>::try_from(vector.entropy.as_ref()) {
            assert_eq!(Phrase::generate(list, entropy).unwrap().to_text().as_str(), vector.phrase);
        }
    }
}

#[test]
fn derives_the_hardened_children_of_bip_32() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        path: String,
        seed: Bytes,
        key: B256,
        chain_code: B256,
    }
    let text = include_str!("../../../../tests/vectors/protocol/bip32.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), 16);
    for vector in vectors {
        let mut found = ExtendedKey::master(&vector.seed).unwrap();
        for step in vector.path.split('/').skip(1) {
            found = found.child(step.trim_end_matches('\'').parse().unwrap()).unwrap();
        }
        assert_eq!((B256::new(found.key), B256::new(found.chain_code)), (vector.key, vector.chain_code));
    }
}

#[test]
fn derives_the_identities_of_another_implementation() {
    #[derive(Deserialize)]
    struct Vectors {
        phrase: String,
        identities: Vec<Identity>,
    }
    #[derive(Deserialize)]
    struct Identity {
        chain: u64,
        index: u32,
        address: Address,
        delegate: Address,
        encrypt: B256,
    }
    let text = include_str!("../../../../tests/vectors/protocol/identities.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let seed = Phrase::parse(&vectors.phrase).unwrap().to_seed();
    for expected in vectors.identities {
        let found = seed.derive_identity(expected.chain, expected.index).unwrap();
        assert_eq!(found.sign.address(), expected.address);
        assert_eq!(found.delegate.address(), expected.delegate);
        assert_eq!(found.encrypt.public(), expected.encrypt.0);
    }
}

#[test]
fn takes_a_phrase_as_a_person_writes_it() {
    let written = format!("  {}\n", PHRASE.to_uppercase().replace(' ', " \t\n "));
    let same = Phrase::parse(PHRASE).unwrap().to_seed();
    assert_eq!(Phrase::parse(&written).unwrap().to_seed().as_bytes(), same.as_bytes());

    let same = Phrase::parse(CHINESE).unwrap().to_seed();
    for between in ["", "\u{3000}", "\n"] {
        let written = CHINESE.replace(' ', between);
        assert_eq!(Phrase::parse(&written).unwrap().to_seed().as_bytes(), same.as_bytes());
    }
}

#[test]
fn says_what_is_wrong_with_a_phrase_but_never_the_word() {
    for (text, expected) in [
        ("", KeysError::WordCount { found: 0 }),
        ("ozone drill grab", KeysError::WordCount { found: 3 }),
        (&[PHRASE, PHRASE].join(" ").replacen("ozone", "", 1), KeysError::WordCount { found: 23 }),
        (&PHRASE.replace("fiber", "fibre"), KeysError::UnknownWord { position: 4 }),
        (&PHRASE.replace("picnic", "picnïc"), KeysError::UnknownWord { position: 12 }),
        (&PHRASE.replace("ozone drill", "drill ozone"), KeysError::Checksum),
        (&PHRASE.replace("picnic", "picture"), KeysError::Checksum),
        (&CHINESE.replace(' ', "").replace("贤", ""), KeysError::WordCount { found: 11 }),
        (&CHINESE.replace("俩", "龘"), KeysError::UnknownWord { position: 5 }),
        (&CHINESE.replace("俩", "two"), KeysError::WordCount { found: 14 }),
        (&CHINESE.replace("枪 疫", "疫 枪"), KeysError::Checksum),
    ] {
        let found = Phrase::parse(text).unwrap_err();
        assert_eq!(found, expected);
        assert!(!format!("{found} {found:?}").contains("fibre"));
    }
}

#[test]
fn refuses_indexes_that_cannot_be_hardened() {
    let seed = Phrase::parse(PHRASE).unwrap().to_seed();
    for (chain, index, found) in [
        (1 << 31, 0, 1 << 31),
        (u64::MAX, 0, u64::MAX),
        (1, 1 << 31, 1 << 31),
        (1, u32::MAX, u64::from(u32::MAX)),
    ] {
        assert_eq!(seed.derive_identity(chain, index).unwrap_err(), KeysError::IndexTooLarge { found });
    }
}

#[test]
fn every_identity_has_its_own_keys() {
    let seed = Phrase::parse(PHRASE).unwrap().to_seed();
    let mut addresses: Vec<_> = [(1, 0), (1, 1), (2, 0)]
        .into_iter()
        .flat_map(|(chain, index)| {
            let keys = seed.derive_identity(chain, index).unwrap();
            [keys.sign.address(), keys.delegate.address(), Address::from_slice(&keys.encrypt.public()[..20])]
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 9);
}

#[test]
fn signs_with_the_low_s_for_its_own_address() {
    let key = SigningKey::from_bytes(&B256::with_last_byte(1).0).unwrap();
    assert_eq!(key.address().to_string(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    for number in 0..64 {
        let digest = lightclient::keccak256([number]);
        assert_eq!(lightclient::recover_low_s(digest, &key.sign_digest(digest)), Ok(key.address()));
    }
}

#[test]
fn keys_survive_the_way_through_a_file() {
    let key = SigningKey::from_bytes(&[7; 32]).unwrap();
    assert_eq!(*key.to_bytes(), [7; 32]);
    let key = EncryptionKey::derive(&[7; 32]);
    assert_eq!(EncryptionKey::from_bytes(&key.to_bytes()).unwrap().public(), key.public());
    for bytes in [[0; 32], [0xff; 32]] {
        assert_eq!(SigningKey::from_bytes(&bytes).unwrap_err(), KeysError::NoSuchKey);
    }
}

#[test]
fn secrets_are_never_printed() {
    let phrase = Phrase::parse(PHRASE).unwrap();
    let seed = phrase.to_seed();
    let keys = seed.derive_identity(1, 0).unwrap();
    let printed = format!("{phrase:?} {seed:?} {keys:?}");
    assert!(!printed.contains("ozone"));
    assert_eq!(printed.matches("[redacted]").count(), 5);
}
