//! The vault's bytes in IndexedDB, read and written whole in one transaction.

use crate::{
    database::{Database, DatabaseError},
    vault::{
        error::VaultError,
        format::{CONTENTS, HEADER, IDENTITY},
    },
};

/// The vault's database, one per browser profile and origin.
#[derive(Debug)]
pub(crate) struct VaultStorage {
    database: Database,
}

/// Everything that is stored: the header, and the two sealed records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredVault {
    pub(crate) header: Vec<u8>,
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) contents: Option<Vec<u8>>,
}

impl VaultStorage {
    /// Opens the database with this name, creating it if there is none.
    pub(crate) async fn open(name: &str) -> Result<Self, VaultError> {
        let database = Database::open(name, STORE).await.map_err(|error| failed("open", error))?;
        Ok(Self { database })
    }

    /// Reads the vault, if there is one.
    pub(crate) async fn read(&self) -> Result<Option<StoredVault>, VaultError> {
        let values =
            self.database.read([HEADER, IDENTITY, CONTENTS]).await.map_err(|error| failed("read", error))?;
        Ok(match values {
            [None, None, None] => None,
            [None, ..] => return Err(VaultError::Damaged { part: HEADER }),
            [Some(header), identity, contents] => Some(StoredVault { header, identity, contents }),
        })
    }

    /// Writes the vault.
    pub(crate) async fn write(
        &self,
        header: &[u8],
        identity: &[u8],
        contents: &[u8],
    ) -> Result<(), VaultError> {
        let entries = [(HEADER, header), (IDENTITY, identity), (CONTENTS, contents)];
        self.database.write(&entries).await.map_err(|error| failed("write", error))
    }

    /// Deletes the vault.
    pub(crate) async fn erase(&self) -> Result<(), VaultError> {
        self.database.clear().await.map_err(|error| failed("erase", error))
    }
}

fn failed(action: &'static str, error: DatabaseError) -> VaultError {
    match error {
        DatabaseError::Full(reason) => VaultError::StorageFull { action, reason },
        DatabaseError::Denied(reason) => VaultError::StorageDenied { reason },
        DatabaseError::Other(reason) => VaultError::Storage { action, reason },
    }
}

/// The object store.
pub(crate) const STORE: &str = "vault";
