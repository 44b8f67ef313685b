//! IndexedDB as we use it: one object store of byte values by text key, through `rexie`.

use js_sys::Uint8Array;
use rexie::{ObjectStore, Rexie, TransactionMode};
use wasm_bindgen::{JsCast as _, JsValue};

/// An open database with one object store.
pub(crate) struct Database {
    rexie: Rexie,
    store: &'static str,
}

/// The browser refused to read or write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("indexeddb: {reason}")]
pub(crate) struct DatabaseError {
    /// What the browser said.
    pub(crate) reason: String,
}

impl Database {
    /// Opens a database, creating it if there is none.
    pub(crate) async fn open(name: &str, store: &'static str) -> Result<Self, DatabaseError> {
        let rexie = Rexie::builder(name).version(1).add_object_store(ObjectStore::new(store)).build().await?;
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
        transaction.done().await?;
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
        transaction.done().await?;
        Ok(())
    }

    /// Deletes all entries.
    pub(crate) async fn clear(&self) -> Result<(), DatabaseError> {
        let transaction = self.rexie.transaction(&[self.store], TransactionMode::ReadWrite)?;
        transaction.store(self.store)?.clear().await?;
        transaction.done().await?;
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
        Self { reason: error.to_string() }
    }
}

/// A value that somebody replaced by something else than bytes reads as empty, which every format of ours refuses.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}
