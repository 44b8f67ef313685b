//! IndexedDB as we use it: one object store of byte values by text key, through `rexie`.

use core::error::Error as _;

use js_sys::Uint8Array;
use rexie::{ObjectStore, Rexie, Transaction, TransactionMode, TransactionResult};
use wasm_bindgen::{JsCast as _, JsValue};

/// An open database with one object store.
pub(crate) struct Database {
    rexie: Rexie,
    store: &'static str,
}

/// The browser refused to read or write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// There is no room, or the disk failed: the browser gave up what was to be written.
    #[error("indexeddb has no room: {0}")]
    Full(String),
    /// This page may store nothing.
    #[error("indexeddb is not to be had: {0}")]
    Denied(String),
    /// Anything else.
    #[error("indexeddb: {0}")]
    Other(String),
}

impl Database {
    /// Opens a database, creating it if there is none.
    pub(crate) async fn open(name: &str, store: &'static str) -> Result<Self, DatabaseError> {
        let rexie = Rexie::builder(name).version(1).add_object_store(ObjectStore::new(store)).build().await;
        let rexie = rexie.map_err(|error| match error.into() {
            DatabaseError::Other(reason) => DatabaseError::Denied(reason),
            full => full,
        })?;
        Ok(Self { rexie, store })
    }

    /// Reads the values of these keys in one transaction.
    pub(crate) async fn read<const N: usize>(
        &self,
        keys: [&str; N],
    ) -> Result<[Option<Vec<u8>>; N], DatabaseError> {
        let transaction = self.rexie.transaction(&[self.store], TransactionMode::ReadOnly)?;
        let store = transaction.store(self.store)?;
        let mut values = [const { None }; N];
        for (value, key) in values.iter_mut().zip(keys) {
            *value = store.get(key.into()).await?.map(|found| bytes_of(&found));
        }
        transaction.done().await?;
        Ok(values)
    }

    /// Writes an entry; over another value only if `replaces` says so of that, in the same transaction.
    pub(crate) async fn replace(
        &self,
        key: &str,
        value: &[u8],
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), DatabaseError> {
        let transaction = self.rexie.transaction(&[self.store], TransactionMode::ReadWrite)?;
        let store = transaction.store(self.store)?;
        let kept = store.get(key.into()).await?.map(|found| bytes_of(&found));
        if kept.is_none_or(|kept| replaces(&kept)) {
            store.put(&Uint8Array::from(value), Some(&JsValue::from_str(key))).await?;
        }
        finish(transaction).await?;
        Ok(())
    }
}

/// What a vault needs.
#[cfg(feature = "records")]
impl Database {
    /// Writes all entries in one transaction, or none.
    pub(crate) async fn write(&self, entries: &[(&str, &[u8])]) -> Result<(), DatabaseError> {
        let transaction = self.rexie.transaction(&[self.store], TransactionMode::ReadWrite)?;
        let store = transaction.store(self.store)?;
        for (key, value) in entries {
            store.put(&Uint8Array::from(*value), Some(&JsValue::from_str(key))).await?;
        }
        finish(transaction).await?;
        Ok(())
    }

    /// Deletes all entries.
    pub(crate) async fn clear(&self) -> Result<(), DatabaseError> {
        let transaction = self.rexie.transaction(&[self.store], TransactionMode::ReadWrite)?;
        transaction.store(self.store)?.clear().await?;
        finish(transaction).await?;
        Ok(())
    }
}

impl core::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("name", &self.rexie.name())
            .field("store", &self.store)
            .finish()
    }
}

impl From<rexie::Error> for DatabaseError {
    fn from(error: rexie::Error) -> Self {
        let reason = reason_of(&error);
        if reason.contains("QuotaExceededError") { Self::Full(reason) } else { Self::Other(reason) }
    }
}

/// Waits until a transaction is kept. One that the browser aborts after its requests went well, for want of room, ends
/// without an error of its own.
async fn finish(transaction: Transaction) -> Result<(), DatabaseError> {
    match transaction.done().await? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(DatabaseError::Full("the transaction was aborted".to_owned())),
    }
}

/// What the browser said: `rexie` alone names only itself.
fn reason_of(error: &rexie::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// A value that somebody replaced by something else than bytes reads as empty, which every format of ours refuses.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}
