//! The vault against real IndexedDB, Web Locks and random numbers, in a worker as in the product.

use core::{
    cell::Cell,
    future::Future as _,
    task::{Context, Waker},
};

use alloy_primitives::{Address, B256, hex};
use js_sys::{Function, Reflect, global};
use protocol::keys::Seed;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use zeroize::Zeroizing;

use super::{
    Contents, KdfParameters, Passkey, PasskeyOutput, PasswordKey, RecoveryCode, Secret, Session,
    StoredRelationship, VaultError, VaultStorage, derive_password_key,
    format::{AnyHeader, CONTENTS, HEADER, Header, IDENTITY, SealedRecord},
    storage::StoredVault,
    ways::{MAX_PASSKEYS, Way},
};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SEED: [u8; 64] = [0xA5; 64];

fn password(byte: u8) -> PasswordKey {
    PasswordKey::new(Zeroizing::new([byte; 32]))
}

/// An empty database of its own for each test.
async fn fresh_storage() -> VaultStorage {
    thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    let number = COUNT.replace(COUNT.get() + 1);
    let storage = VaultStorage::open(&format!("vault-test-{number}")).await.unwrap();
    storage.erase().await.unwrap();
    storage
}

async fn create(storage: &VaultStorage) -> Session {
    let kdf = Session::new_parameters().unwrap();
    Session::create(storage, kdf, &password(1), Seed::from_bytes(&SEED), Contents::default()).await.unwrap()
}

async fn stored(storage: &VaultStorage) -> StoredVault {
    storage.read().await.unwrap().unwrap()
}

async fn put(storage: &VaultStorage, vault: &StoredVault) {
    let identity = vault.identity.as_deref().unwrap();
    storage.write(&vault.header, identity, vault.contents.as_deref().unwrap()).await.unwrap();
}

async fn unlock(storage: &VaultStorage, key: &PasswordKey) -> Result<Session, VaultError> {
    Session::unlock(storage, Secret::Password(key)).await
}

async fn unlock_error(storage: &VaultStorage, key: &PasswordKey) -> VaultError {
    unlock(storage, key).await.unwrap_err()
}

fn header_of(vault: &StoredVault) -> Header {
    match AnyHeader::decode(&vault.header).unwrap() {
        AnyHeader::Current(header) => header,
        former @ AnyHeader::Former(_) => panic!("{former:?}"),
    }
}

fn relationship(index: u32) -> StoredRelationship {
    StoredRelationship { network: B256::repeat_byte(7), index, steward: Address::repeat_byte(9) }
}

#[wasm_bindgen_test]
async fn opens_with_the_password_it_was_made_with() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    session.update(&storage, |contents| contents.relationships.push(relationship(1))).await.unwrap();
    let contents = session.contents();
    drop(session);
    let session = unlock(&storage, &password(1)).await.unwrap();
    assert_eq!(session.seeds().current.as_bytes(), &SEED);
    assert_eq!(session.contents(), contents);
    assert_eq!(contents.relationships, [relationship(1)]);
}

#[wasm_bindgen_test]
async fn tells_a_wrong_password_from_damage() {
    let storage = fresh_storage().await;
    create(&storage).await;
    assert_eq!(unlock_error(&storage, &password(2)).await, VaultError::WrongPassword);
}

#[wasm_bindgen_test]
async fn tells_a_missing_vault() {
    let storage = fresh_storage().await;
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::NoVault);
    assert_eq!(Session::ways(&storage).await, Err(VaultError::NoVault));
}

#[wasm_bindgen_test]
async fn never_overwrites_a_vault() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let before = stored(&storage).await;
    let kdf = Session::new_parameters().unwrap();
    let again =
        Session::create(&storage, kdf, &password(2), Seed::from_bytes(&[0; 64]), Contents::default()).await;
    assert_eq!(again.unwrap_err(), VaultError::Exists);
    assert_eq!(stored(&storage).await, before);
}

#[wasm_bindgen_test]
async fn a_restored_vault_takes_the_place_of_any_other_even_a_damaged_one() {
    let storage = fresh_storage().await;
    let former = create(&storage).await;
    let mut damaged = stored(&storage).await;
    damaged.header.clear();
    put(&storage, &damaged).await;
    let kdf = Session::new_parameters().unwrap();
    Session::replace(&storage, kdf, &password(2), Seed::from_bytes(&SEED), Contents::default())
        .await
        .unwrap();
    assert_eq!(unlock(&storage, &password(2)).await.unwrap().seeds().current.as_bytes(), &SEED);
    let late = former.update(&storage, |contents| contents.relationships.push(relationship(1))).await;
    assert_eq!(late.unwrap_err(), VaultError::Replaced);
}

#[wasm_bindgen_test]
async fn refuses_every_flipped_byte_of_the_header() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    for position in 0..good.header.len() {
        let mut bad = good.clone();
        bad.header[position] ^= 0x20;
        put(&storage, &bad).await;
        let expected = match position {
            0..7 => VaultError::Foreign,
            7 => VaultError::UnknownVersion { expected: 2, found: 0x22 },
            _ => VaultError::Damaged { part: HEADER },
        };
        assert_eq!(unlock_error(&storage, &password(1)).await, expected, "byte {position}");
    }
}

#[wasm_bindgen_test]
async fn refuses_every_flipped_byte_of_each_record() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    for part in [IDENTITY, CONTENTS] {
        let length = if part == IDENTITY { &good.identity } else { &good.contents }.as_ref().unwrap().len();
        for position in 0..length {
            let mut bad = good.clone();
            let record = if part == IDENTITY { &mut bad.identity } else { &mut bad.contents };
            record.as_mut().unwrap()[position] ^= 1;
            put(&storage, &bad).await;
            assert_eq!(
                unlock_error(&storage, &password(1)).await,
                VaultError::Damaged { part },
                "byte {position}"
            );
        }
    }
    put(&storage, &good).await;
    unlock(&storage, &password(1)).await.unwrap();
}

#[wasm_bindgen_test]
async fn refuses_shortened_parts() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    for length in 0..good.header.len() {
        let mut bad = good.clone();
        bad.header.truncate(length);
        put(&storage, &bad).await;
        let expected = if length < 7 { VaultError::Foreign } else { VaultError::Damaged { part: HEADER } };
        assert_eq!(unlock_error(&storage, &password(1)).await, expected, "{length} bytes");
    }
    for length in 0..good.identity.as_ref().unwrap().len() {
        let mut bad = good.clone();
        bad.identity.as_mut().unwrap().truncate(length);
        put(&storage, &bad).await;
        let expected = VaultError::Damaged { part: IDENTITY };
        assert_eq!(unlock_error(&storage, &password(1)).await, expected, "{length} bytes");
    }
}

#[wasm_bindgen_test]
async fn refuses_records_in_each_others_place() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    let swapped = StoredVault { identity: good.contents.clone(), contents: good.identity.clone(), ..good };
    put(&storage, &swapped).await;
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::Damaged { part: IDENTITY });
}

#[wasm_bindgen_test]
async fn refuses_a_record_of_another_vault() {
    let (one, other) = (fresh_storage().await, fresh_storage().await);
    create(&one).await;
    create(&other).await;
    let mixed = StoredVault { identity: stored(&other).await.identity, ..stored(&one).await };
    put(&one, &mixed).await;
    assert_eq!(unlock_error(&one, &password(1)).await, VaultError::Damaged { part: IDENTITY });
}

#[wasm_bindgen_test]
async fn refuses_a_renumbered_record() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    let mut record = SealedRecord::decode(CONTENTS, good.contents.as_deref().unwrap()).unwrap();
    record.epoch += 1;
    put(&storage, &StoredVault { contents: Some(record.encode()), ..good }).await;
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::Damaged { part: CONTENTS });
}

#[wasm_bindgen_test]
async fn refuses_costs_out_of_bounds_before_deriving() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    for (name, value, least, most) in [
        ("memoryKib", 65_535_u32, 65_536, 262_144),
        ("memoryKib", 4 << 20, 65_536, 262_144),
        ("passes", 2, 3, 12),
        ("passes", 4_000_000, 3, 12),
        ("lanes", 0, 1, 1),
        ("lanes", 4, 1, 1),
    ] {
        let mut json = serde_json::to_value(header_of(&good)).unwrap();
        json["ways"][0]["password"]["kdf"][name] = value.into();
        // Re-encoding gives the checksum that an editor of the storage would put there.
        let header = serde_json::from_value::<Header>(json).unwrap();
        put(&storage, &StoredVault { header: header.encode(), ..good.clone() }).await;
        let expected = VaultError::Parameter { name, least, most, found: value };
        assert_eq!(Session::ways(&storage).await, Err(expected.clone()));
        assert_eq!(derive_password_key(b"password", header.password().unwrap()).unwrap_err(), expected);
    }
}

#[wasm_bindgen_test]
async fn refuses_other_parameters_within_bounds() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let good = stored(&storage).await;
    let mut header = header_of(&good);
    let Way::Password { kdf, .. } = &mut header.ways[0] else { panic!("{header:?}") };
    *kdf = KdfParameters::new([0; 16]);
    put(&storage, &StoredVault { header: header.encode(), ..good }).await;
    // The wrap is bound to the parameters, so even the right key does not open it.
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::WrongPassword);
}

#[wasm_bindgen_test]
async fn keeps_the_changes_of_two_tabs() {
    let storage = fresh_storage().await;
    create(&storage).await;
    let (one, two) =
        (unlock(&storage, &password(1)).await.unwrap(), unlock(&storage, &password(1)).await.unwrap());
    one.update(&storage, |contents| contents.relationships.push(relationship(1))).await.unwrap();
    two.update(&storage, |contents| contents.relationships.push(relationship(2))).await.unwrap();
    let contents = two.contents();
    assert_eq!(contents.relationships, [relationship(1), relationship(2)]);
    assert_eq!(unlock(&storage, &password(1)).await.unwrap().contents(), contents);
}

#[wasm_bindgen_test]
async fn does_not_write_into_a_vault_made_since() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    storage.erase().await.unwrap();
    let nothing = session.update(&storage, |_| {}).await;
    assert_eq!(nothing.unwrap_err(), VaultError::NoVault);
    create(&storage).await;
    let before = stored(&storage).await;
    let replaced = session.update(&storage, |_| {}).await;
    assert_eq!(replaced.unwrap_err(), VaultError::Replaced);
    assert_eq!(stored(&storage).await, before);
}

#[wasm_bindgen_test]
async fn lets_one_writer_in_at_a_time() {
    let held = super::lock::WriteLock::acquire().await.unwrap();
    let mut waiting = Box::pin(super::lock::WriteLock::acquire());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let query =
        "return navigator.locks.query().then(({held, pending}) => `${held.length} ${pending.length}`)";
    let locks = Function::new_no_args(query).call0(&JsValue::UNDEFINED).unwrap();
    let counts = JsFuture::from(js_sys::Promise::resolve(&locks)).await.unwrap();
    assert_eq!(counts.as_string().unwrap(), "1 1");
    drop(held);
    waiting.await.unwrap();
}

#[wasm_bindgen_test]
async fn takes_all_randomness_from_the_browser() {
    let (one, other) = (fresh_storage().await, fresh_storage().await);
    {
        let _fixed = RandomStub::install("bytes => bytes.fill(7)");
        create(&one).await;
        create(&other).await;
    }
    assert_eq!(stored(&one).await, stored(&other).await);
    let (third, fourth) = (fresh_storage().await, fresh_storage().await);
    create(&third).await;
    create(&fourth).await;
    assert_ne!(stored(&third).await.header, stored(&fourth).await.header);
    assert_ne!(stored(&third).await.identity, stored(&fourth).await.identity);
}

#[wasm_bindgen_test]
async fn makes_no_key_without_randomness() {
    let storage = fresh_storage().await;
    let kdf = Session::new_parameters().unwrap();
    let result = {
        let _broken = RandomStub::install("() => { throw new Error('no entropy'); }");
        assert!(matches!(Session::new_parameters(), Err(VaultError::Entropy { .. })));
        Session::create(&storage, kdf, &password(1), Seed::from_bytes(&SEED), Contents::default()).await
    };
    assert!(matches!(result, Err(VaultError::Entropy { .. })));
    assert_eq!(storage.read().await.unwrap(), None);
}

#[wasm_bindgen_test]
fn derives_what_the_reference_implementation_derives() {
    // argon2-cffi (the C reference code): Argon2id, m = 64 MiB, t = 3, p = 1, salt 00..0f.
    let salt = core::array::from_fn(|index| u8::try_from(index).unwrap());
    let key = derive_password_key("correct horse battery staple — 医".as_bytes(), &KdfParameters::new(salt))
        .unwrap();
    assert_eq!(hex::encode(key.bytes()), "254a59f0ea73a29afe91e6e2d5437b02d7299d1f086ca1a9ea62e0bc850b6b47");
}

#[wasm_bindgen_test]
async fn shows_no_secret_in_debug() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    assert_eq!(format!("{session:?} {:?}", password(1)), "Session([redacted]) PasswordKey([redacted])");
}

fn passkey(number: u8) -> Passkey {
    Passkey { credential: vec![number; 20], salt: vec![number; 32], name: format!("key {number}") }
}

fn output(number: u8) -> PasskeyOutput {
    PasskeyOutput::new(Zeroizing::new([number; 32]))
}

async fn by_passkey(storage: &VaultStorage, number: u8, given: u8) -> Result<Session, VaultError> {
    let credential = [number; 20];
    Session::unlock(storage, Secret::Passkey { credential: &credential, output: &output(given) }).await
}

#[wasm_bindgen_test]
async fn each_way_opens_it_and_a_wrong_secret_of_each_is_its_own_error() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    session.add_passkey(&storage, &password(1), passkey(1), &output(11)).await.unwrap();
    session.add_passkey(&storage, &password(1), passkey(2), &output(12)).await.unwrap();
    let code = session.make_code(&storage, &password(1)).await.unwrap();
    assert_eq!(Session::ways(&storage).await.unwrap().passkeys, [passkey(1), passkey(2)]);
    for session in [
        unlock(&storage, &password(1)).await,
        by_passkey(&storage, 1, 11).await,
        by_passkey(&storage, 2, 12).await,
        Session::unlock(&storage, Secret::Code(&code)).await,
    ] {
        assert_eq!(session.unwrap().seeds().current.as_bytes(), &SEED);
    }
    assert_eq!(by_passkey(&storage, 1, 12).await.unwrap_err(), VaultError::WrongPasskey);
    assert_eq!(by_passkey(&storage, 3, 11).await.unwrap_err(), VaultError::WrongPasskey);
    let other = RecoveryCode::generate().unwrap();
    let wrong = Session::unlock(&storage, Secret::Code(&other)).await.unwrap_err();
    assert_eq!(wrong, VaultError::WrongCode);

    session.remove_passkey(&storage, &[1; 20]).await.unwrap();
    assert_eq!(by_passkey(&storage, 1, 11).await.unwrap_err(), VaultError::WrongPasskey);
    by_passkey(&storage, 2, 12).await.unwrap();
    let newer = session.make_code(&storage, &password(1)).await.unwrap();
    let wrong = Session::unlock(&storage, Secret::Code(&code)).await.unwrap_err();
    assert_eq!(wrong, VaultError::WrongCode);
    Session::unlock(&storage, Secret::Code(&newer)).await.unwrap();
}

#[wasm_bindgen_test]
async fn ways_are_added_only_with_the_password() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    let before = stored(&storage).await;
    let added = session.add_passkey(&storage, &password(2), passkey(1), &output(11)).await;
    assert_eq!(added, Err(VaultError::WrongPassword));
    let code = session.make_code(&storage, &password(2)).await;
    assert_eq!(code.unwrap_err(), VaultError::WrongPassword);
    let kdf = Session::new_parameters().unwrap();
    let changed = session.change_password(&storage, &password(2), kdf, &password(3)).await;
    assert_eq!(changed, Err(VaultError::WrongPassword));
    assert_eq!(stored(&storage).await, before);
    for number in (0..).take(MAX_PASSKEYS) {
        session.add_passkey(&storage, &password(1), passkey(number), &output(number)).await.unwrap();
    }
    // One that is there already takes no other place.
    session.add_passkey(&storage, &password(1), passkey(0), &output(99)).await.unwrap();
    let more = session.add_passkey(&storage, &password(1), passkey(99), &output(99)).await;
    assert_eq!(more, Err(VaultError::TooManyPasskeys { limit: MAX_PASSKEYS }));
}

#[wasm_bindgen_test]
async fn a_new_password_takes_the_place_of_the_former_one_alone() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    session.add_passkey(&storage, &password(1), passkey(1), &output(11)).await.unwrap();
    let other_tab = unlock(&storage, &password(1)).await.unwrap();
    let kdf = Session::new_parameters().unwrap();
    session.change_password(&storage, &password(1), kdf, &password(2)).await.unwrap();
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::WrongPassword);
    // Another tab goes on, and takes the ways over as they are now.
    other_tab.update(&storage, |contents| contents.relationships.push(relationship(1))).await.unwrap();
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::WrongPassword);
    let opened = unlock(&storage, &password(2)).await.unwrap();
    assert_eq!(opened.contents().relationships, [relationship(1)]);
    by_passkey(&storage, 1, 11).await.unwrap();
}

#[wasm_bindgen_test]
async fn tells_an_older_part_from_a_damaged_one() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    let old = stored(&storage).await;
    let kdf = Session::new_parameters().unwrap();
    session.change_password(&storage, &password(1), kdf, &password(2)).await.unwrap();
    let new = stored(&storage).await;
    // The former password would open the former header.
    put(&storage, &StoredVault { header: old.header.clone(), ..new.clone() }).await;
    assert_eq!(unlock_error(&storage, &password(1)).await, VaultError::Older { part: HEADER });
    put(&storage, &StoredVault { contents: old.contents.clone(), ..new.clone() }).await;
    assert_eq!(unlock_error(&storage, &password(2)).await, VaultError::Older { part: CONTENTS });
    put(&storage, &StoredVault { identity: old.identity.clone(), ..new.clone() }).await;
    assert_eq!(unlock_error(&storage, &password(2)).await, VaultError::Older { part: IDENTITY });
    // All of it at once is noticed by whoever has seen the newer one.
    put(&storage, &old).await;
    let late = session.update(&storage, |_| {}).await;
    assert_eq!(late, Err(VaultError::Older { part: HEADER }));
}

#[wasm_bindgen_test]
async fn notices_ways_that_somebody_else_changed() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    session.add_passkey(&storage, &password(1), passkey(1), &output(11)).await.unwrap();
    let good = stored(&storage).await;
    let damaged = VaultError::Damaged { part: HEADER };
    for change in [
        (|header: &mut Header| header.ways.truncate(1)) as fn(&mut Header),
        |header| {
            let Way::Passkey { passkey, .. } = &mut header.ways[1] else { panic!("{header:?}") };
            passkey.name = "another name".to_owned();
        },
        |header| header.epoch += 1,
    ] {
        let mut header = header_of(&good);
        change(&mut header);
        put(&storage, &StoredVault { header: header.encode(), ..good.clone() }).await;
        assert_eq!(unlock_error(&storage, &password(1)).await, damaged);
    }
    let mut header = header_of(&good);
    let Way::Passkey { passkey, .. } = &mut header.ways[1] else { panic!("{header:?}") };
    passkey.salt.pop();
    put(&storage, &StoredVault { header: header.encode(), ..good }).await;
    assert_eq!(Session::ways(&storage).await, Err(damaged));
}

#[wasm_bindgen_test]
async fn a_backup_brings_the_vault_back_with_its_own_password() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    session.update(&storage, |contents| contents.relationships.push(relationship(1))).await.unwrap();
    assert_eq!(session.back_up(&storage, &password(2)).await, Err(VaultError::WrongPassword));
    let file = session.back_up(&storage, &password(1)).await.unwrap();
    assert_eq!(Session::open_backup(&file, &password(2)).unwrap_err(), VaultError::WrongBackupPassword);
    let backup = Session::open_backup(&file, &password(1)).unwrap();
    assert_eq!(session.note_backup(&storage, &backup).await, Ok(true));
    assert!(unlock(&storage, &password(1)).await.unwrap().contents().backup_tried);

    // It takes the place of another vault, of which it is no backup.
    let other = fresh_storage().await;
    let stranger = create(&other).await;
    assert_eq!(stranger.note_backup(&other, &backup).await, Ok(false));
    assert!(!stranger.contents().backup_tried);
    backup.restore(&other).await.unwrap();
    assert_eq!(stranger.update(&other, |_| {}).await, Err(VaultError::Replaced));
    let restored = unlock(&other, &password(1)).await.unwrap();
    assert_eq!(restored.seeds().current.as_bytes(), &SEED);
    assert_eq!(restored.contents().relationships, [relationship(1)]);
}

#[wasm_bindgen_test]
async fn refuses_a_changed_cut_or_foreign_backup() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    let file = session.back_up(&storage, &password(1)).await.unwrap();
    let damaged = VaultError::Damaged { part: "backup" };
    let error = |file: &[u8]| Session::open_backup(file, &password(1)).unwrap_err();
    for position in 0..file.len() {
        let mut bad = file.clone();
        bad[position] ^= 0x20;
        let expected = match position {
            0..8 => VaultError::NoBackup,
            8 => VaultError::UnknownVersion { expected: 1, found: 0x21 },
            _ => damaged.clone(),
        };
        assert_eq!(error(&bad), expected, "byte {position}");
    }
    for length in 0..file.len() {
        let expected = if length < 8 { VaultError::NoBackup } else { damaged.clone() };
        assert_eq!(error(&file[..length]), expected, "{length} bytes");
    }
    assert_eq!(error(&stored(&storage).await.header), VaultError::NoBackup);
}

#[derive(serde::Deserialize)]
struct Vectors {
    version1: VectorVault,
    version2: VectorVault,
    #[serde(with = "crate::hex_bytes")]
    credential: Vec<u8>,
    code: String,
    contents: String,
}

#[derive(serde::Deserialize)]
struct VectorVault {
    #[serde(with = "crate::hex_bytes")]
    header: Vec<u8>,
    #[serde(with = "crate::hex_bytes")]
    identity: Vec<u8>,
    #[serde(with = "crate::hex_bytes")]
    contents: Vec<u8>,
}

impl VectorVault {
    async fn put(&self, storage: &VaultStorage) {
        storage.write(&self.header, &self.identity, &self.contents).await.unwrap();
    }
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../../tests/vectors/vault/vaults.json")).unwrap()
}

#[wasm_bindgen_test]
async fn opens_what_another_implementation_made_by_each_way() {
    let (vectors, storage) = (vectors(), fresh_storage().await);
    vectors.version2.put(&storage).await;
    let credential = &vectors.credential;
    let code = RecoveryCode::parse(&vectors.code).unwrap();
    assert_eq!(*code.to_text(), vectors.code);
    let key = password(1);
    let passkey = output(2);
    for secret in
        [Secret::Password(&key), Secret::Passkey { credential, output: &passkey }, Secret::Code(&code)]
    {
        let session = Session::unlock(&storage, secret).await.unwrap();
        assert_eq!(session.seeds().current.as_bytes(), &SEED);
        assert_eq!(session.contents(), serde_json::from_str(&vectors.contents).unwrap());
    }
}

#[wasm_bindgen_test]
async fn moves_a_vault_of_the_former_version_to_this_one() {
    let (vectors, storage) = (vectors(), fresh_storage().await);
    vectors.version1.put(&storage).await;
    let before = stored(&storage).await;
    assert_eq!(unlock_error(&storage, &password(2)).await, VaultError::WrongPassword);
    assert_eq!(by_passkey(&storage, 1, 1).await.unwrap_err(), VaultError::WrongPasskey);
    assert_eq!(stored(&storage).await, before);
    let ways = Session::ways(&storage).await.unwrap();
    assert!(ways.passkeys.is_empty() && !ways.code);
    for _ in 0..2 {
        let session = unlock(&storage, &password(1)).await.unwrap();
        assert_eq!(session.seeds().current.as_bytes(), &SEED);
        assert_eq!(session.contents(), serde_json::from_str(&vectors.contents).unwrap());
        assert_eq!(header_of(&stored(&storage).await).epoch, 1);
    }
    assert_eq!(Session::ways(&storage).await.unwrap(), ways);
}

#[wasm_bindgen_test]
async fn refuses_every_flipped_byte_of_a_vault_of_the_former_version() {
    let (vectors, storage) = (vectors(), fresh_storage().await);
    let parts = |vault: &VectorVault| [vault.header.clone(), vault.identity.clone(), vault.contents.clone()];
    for part in 0..3 {
        for position in 0..parts(&vectors.version1)[part].len() {
            let mut bad = parts(&vectors.version1);
            bad[part][position] ^= 1;
            storage.write(&bad[0], &bad[1], &bad[2]).await.unwrap();
            unlock_error(&storage, &password(1)).await;
        }
    }
}

#[wasm_bindgen_test]
fn reads_a_code_as_people_write_it_and_no_mistyped_one() {
    let text = vectors().code;
    let parsed = |text: &str| RecoveryCode::parse(text).map(|code| code.bytes().to_vec());
    let bytes: Vec<u8> = (0..16).collect();
    assert_eq!(parsed(&text), Ok(bytes.clone()));
    let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    assert_eq!(parsed(&sloppy), Ok(bytes));
    assert_eq!(parsed(""), Err(VaultError::CodeMistyped));
    assert_eq!(parsed(&format!("{text}0")), Err(VaultError::CodeMistyped));
    assert_eq!(parsed(&text[1..]), Err(VaultError::CodeMistyped));
    let mut accepted = 0;
    let letters: Vec<char> = text.chars().collect();
    for place in (0..letters.len()).filter(|place| letters[*place] != '-') {
        for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZU!é".chars().filter(|other| *other != letters[place]) {
            let mut changed = letters.clone();
            changed[place] = other;
            accepted += u32::from(parsed(&changed.iter().collect::<String>()).is_ok());
        }
    }
    // Ten bits of checksum: of 26 letters with 31 changes each, about one slips through.
    assert!(accepted <= 3, "{accepted}");
}

/// Replaces `crypto.getRandomValues` until dropped.
struct RandomStub;

impl RandomStub {
    fn install(code: &str) -> Self {
        let stub = Function::new_no_args(&format!("return {code}")).call0(&JsValue::UNDEFINED).unwrap();
        Reflect::set(&crypto(), &"getRandomValues".into(), &stub).unwrap();
        Self
    }
}

impl Drop for RandomStub {
    fn drop(&mut self) {
        Reflect::delete_property(&crypto(), &"getRandomValues".into()).unwrap();
    }
}

fn crypto() -> js_sys::Object {
    Reflect::get(&global(), &"crypto".into()).unwrap().into()
}

#[wasm_bindgen_test]
async fn the_next_seed_is_kept_over_locking_and_takes_over_once() {
    let storage = fresh_storage().await;
    let session = create(&storage).await;
    let other = unlock(&storage, &password(1)).await.unwrap();
    let next = || Seed::from_bytes(&[0x5e; 64]);
    session.update(&storage, |contents| contents.backup_tried = true).await.unwrap();
    session.begin_renewal(&storage, next()).await.unwrap();
    // Neither here nor in another tab can a second one take its place: its keys may be on chain.
    assert_eq!(session.begin_renewal(&storage, Seed::from_bytes(&[1; 64])).await, Err(VaultError::Renewing));
    assert_eq!(other.begin_renewal(&storage, Seed::from_bytes(&[1; 64])).await, Err(VaultError::Renewing));
    // Whatever else changes keeps it.
    other.update(&storage, |contents| contents.relationships.push(relationship(1))).await.unwrap();
    drop((session, other));

    let session = unlock(&storage, &password(1)).await.unwrap();
    assert_eq!(session.seeds().current.as_bytes(), &SEED);
    assert_eq!(session.seeds().next.as_ref().unwrap().as_bytes(), &[0x5e; 64]);
    let finished = session.finish_renewal(&storage, |contents| contents.relationships.is_empty()).await;
    assert_eq!((finished, session.seeds().next.is_some()), (Ok(false), true));
    assert_eq!(session.finish_renewal(&storage, |_| true).await, Ok(true));
    assert_eq!(session.finish_renewal(&storage, |_| panic!("it was done")).await, Ok(true));

    let session = unlock(&storage, &password(1)).await.unwrap();
    assert_eq!(session.seeds().current.as_bytes(), &[0x5e; 64]);
    assert!(session.seeds().next.is_none());
    assert!(!session.contents().backup_tried, "a backup of before has the former seed");
    assert_eq!(session.contents().relationships, [relationship(1)]);
}

#[wasm_bindgen_test]
fn an_identity_is_one_seed_or_two() {
    use crate::vault::seeds::Seeds;
    for length in [0, 1, 63, 65, 127, 129, 192] {
        let decoded = Seeds::decode(&vec![7; length]);
        assert_eq!(decoded.unwrap_err(), VaultError::Damaged { part: IDENTITY }, "{length}");
    }
    for length in [64, 128] {
        let bytes: Vec<u8> = (0..length).collect();
        assert_eq!(*Seeds::decode(&bytes).unwrap().encode(), bytes);
    }
}
