use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use alloy_primitives::{Address, B256};
use rusqlite::Connection;

use super::connection::values;
use super::*;

pub(crate) const PATIENT: &str = "patient-1";

/// A folder of one test, removed at its end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("medrec-gatekeeper-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the store of this test lies: on the server that `MEDREC_TEST_POSTGRES` names, in a schema of its own, or in a
    /// file.
    pub(crate) fn database(&self) -> Database {
        let Ok(server) = std::env::var("MEDREC_TEST_POSTGRES") else { return self.file() };
        let schema = self.0.file_name().unwrap().to_str().unwrap().replace('-', "_");
        let text = format!("{server}?options=-c%20search_path%3D{schema}");
        let create = move || {
            let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
            client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).unwrap();
        };
        std::thread::spawn(create).join().unwrap();
        Database::parse(&text, &self.0, None)
    }

    pub(crate) fn file(&self) -> Database {
        Database::File(self.0.join("store.sqlite"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn scratch() -> (Store, Scratch) {
    let folder = Scratch::new();
    (Store::open(&folder.database()).unwrap(), folder)
}

pub(crate) fn record(name: &str, category: u8, content: &str) -> NewRecord {
    let mut key = [category; 40];
    key[8..8 + name.len()].copy_from_slice(name.as_bytes());
    let digest = lightclient::keccak256(content.as_bytes());
    NewRecord { name: name.to_owned(), category, key, digest, content: content.to_owned() }
}

pub(crate) fn scratch_with_patient() -> (Store, Scratch) {
    let (store, folder) = scratch();
    let batch = [record("Observation/1", 4, "a"), record("Condition/1", 1, "b")];
    store.add_records(PATIENT, "Ada", &batch).unwrap();
    (store, folder)
}

/// Changes the store behind everybody's back.
pub(crate) fn change(store: &Store, sql: &'static str) {
    assert!(store.write(|db| db.execute(sql, values![])).unwrap() > 0);
}

pub(crate) fn bound(store: &Store, pseudonym: Address) {
    store.add_invitation(B256::left_padding_from(pseudonym.as_slice()), PATIENT, 10, 100).unwrap();
    store.redeem_invitation(B256::left_padding_from(pseudonym.as_slice()), pseudonym, 20).unwrap();
}

#[test]
fn applies_each_migration_once() {
    let (store, folder) = scratch_with_patient();
    drop(store);
    let store = Store::open(&folder.database()).unwrap();
    assert_eq!(store.patients().unwrap().len(), 1);
}

#[test]
fn keeps_the_sets_of_an_older_version() {
    let folder = Scratch::new();
    let path = folder.path().join("store.sqlite");
    let old = Connection::open(&path).unwrap();
    for migration in &MIGRATIONS[..2] {
        old.execute_batch(migration).unwrap();
    }
    old.execute_batch(
        "PRAGMA user_version = 2;
         INSERT INTO patient VALUES ('patient-1', 'Ada', 2);
         INSERT INTO record VALUES (1, 'patient-1', 'A/1', 0, zeroblob(40), zeroblob(32), 'old', 1),
             (2, 'patient-1', 'A/1', 0, zeroblob(40), zeroblob(32), 'new', 0),
             (3, 'patient-1', 'B/1', 1, zeroblob(40), zeroblob(32), 'kept', 0);
         INSERT INTO relationship (pseudonym, patient, opened_at) VALUES (CAST('aaaaaaaaaaaaaaaaaaaa' AS BLOB), 'patient-1', 0);
         INSERT INTO record_set VALUES (4, CAST('aaaaaaaaaaaaaaaaaaaa' AS BLOB), CAST('oooooooooooooooooooooooooooooooo' AS BLOB), 2, zeroblob(512), 1, 1),
             (7, CAST('aaaaaaaaaaaaaaaaaaaa' AS BLOB), CAST('nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' AS BLOB), 2, zeroblob(512), 2, 0);
         INSERT INTO sealed_record VALUES (4, 1, CAST('11111111111111111111111111111111' AS BLOB)),
             (4, 3, CAST('22222222222222222222222222222222' AS BLOB)),
             (7, 2, CAST('33333333333333333333333333333333' AS BLOB)),
             (7, 3, CAST('44444444444444444444444444444444' AS BLOB));",
    )
    .unwrap();
    drop(old);
    let store = Store::open(&folder.file()).unwrap();
    let me = Address::repeat_byte(b'a');
    for (root, expected) in [(b'o', [(1, b'1'), (3, b'2')]), (b'n', [(2, b'3'), (3, b'4')])] {
        let set = store.set_by_root(me, B256::repeat_byte(root)).unwrap().unwrap();
        let found: Vec<_> = set.sealings.iter().map(|sealing| (sealing.record, sealing.seal)).collect();
        let whole = |salt| Seal::Whole { salt: [salt; 32], digest: B256::ZERO };
        assert_eq!(found, expected.map(|(record, salt)| (record, whole(salt))));
    }
    // What did not change keeps the salt of the newest set.
    let (_, sealings) = store.records_to_seal(me, || Err(StoreError::Row { column: "test" })).unwrap();
    assert_eq!(sealings.len(), 2);
}

#[test]
fn refuses_a_database_of_a_later_version() {
    let (store, folder) = scratch();
    store.write(|db| db.migrate(99, "")).unwrap();
    let found = Store::open(&folder.database()).map(drop);
    assert_eq!(found, Err(StoreError::Newer { expected: 6, found: 99 }));
}

#[test]
fn copies_itself_while_somebody_writes() {
    let folder = Scratch::new();
    let store = Store::open(&folder.file()).unwrap();
    store
        .add_records(PATIENT, "Ada", &[record("Condition/1", 1, "a"), record("Condition/2", 1, "b")])
        .unwrap();
    let copy = folder.path().join("copy.sqlite");
    let counts = store.counts().unwrap();
    assert_eq!((counts.patients, counts.records, counts.accesses), (1, 2, 0));
    store
        .write(|db| {
            db.execute("DELETE FROM record", values![])?;
            // What is not committed is not in the copy.
            store.back_up(&copy)
        })
        .unwrap();
    assert_eq!(Store::open(&Database::File(copy)).unwrap().counts(), Ok(counts));
    assert_eq!(store.counts().unwrap().records, 0);
}

#[test]
fn undoes_a_transaction_that_fails() {
    let (store, _folder) = scratch_with_patient();
    let failed: Result<(), StoreError> = store.write(|db| {
        db.execute("DELETE FROM record", values![])?;
        Err(StoreError::Row { column: "test" })
    });
    assert_eq!(failed, Err(StoreError::Row { column: "test" }));
    assert_eq!(store.patients().unwrap()[0].records, 2);
}

#[test]
fn refuses_a_file_that_is_no_database() {
    let folder = Scratch::new();
    let path = folder.path().join("store.sqlite");
    std::fs::write(&path, vec![b'x'; 4096]).unwrap();
    let error = Store::open(&folder.file()).map(drop).unwrap_err();
    assert!(
        matches!(&error, StoreError::Database { reason } if reason.contains("not a database")),
        "{error}"
    );
}
