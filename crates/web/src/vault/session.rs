//! An unlocked vault: its data key, the identity's seed, and the changing contents.
//!
//! A change takes the write lock, reads what is stored *now*, applies itself and writes the next revision, so that two
//! tabs never lose each other's changes. The identity record is written once and never again.

use core::{cell::RefCell, fmt};

use alloy_primitives::{Address, B256};
use protocol::keys::Seed;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::{
    error::VaultError,
    format::{Header, SealedRecord},
    kdf::{KdfParameters, PasswordKey},
    lock::WriteLock,
    seal::{DataKey, Place, random},
    storage::{CONTENTS, HEADER, IDENTITY, STORE, StoredVault, VaultStorage},
};

/// An unlocked vault.
pub(crate) struct Session {
    header: Header,
    key: DataKey,
    seed: Seed,
    contents: RefCell<Contents>,
}

/// What a vault keeps beside the identity: nothing that the phrase and the chain could not tell again, but slower.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Contents {
    /// The relationships that the identity's keys have.
    pub(crate) relationships: Vec<StoredRelationship>,
    /// The names that the person gave to viewers.
    pub(crate) viewers: Vec<StoredViewer>,
}

/// One relationship: which derived key, with whom, on which network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredRelationship {
    /// The network's id.
    pub(crate) network: B256,
    /// The derivation index, from 1.
    pub(crate) index: u32,
    /// The steward's address.
    pub(crate) steward: Address,
}

/// A viewer's name, as the person knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredViewer {
    /// The viewer's address.
    pub(crate) viewer: Address,
    /// What the person calls it.
    pub(crate) name: String,
}

impl Session {
    /// Returns fresh parameters for a vault to be made.
    pub(crate) fn new_parameters() -> Result<KdfParameters, VaultError> {
        Ok(KdfParameters::new(random()?))
    }

    /// Returns the stored vault's parameters, checked.
    ///
    /// # Errors
    /// `NoVault`, or what is wrong with the stored header.
    pub(crate) async fn stored_parameters(storage: &VaultStorage) -> Result<KdfParameters, VaultError> {
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        Ok(Header::decode(&stored.header)?.kdf)
    }

    /// Makes a vault for an identity.
    ///
    /// # Errors
    /// `Exists` if anything is stored already, whatever its state: nothing is overwritten.
    pub(crate) async fn create(
        storage: &VaultStorage,
        kdf: KdfParameters,
        password: &PasswordKey,
        seed: Seed,
        contents: Contents,
    ) -> Result<Self, VaultError> {
        let session = Self::new(kdf, password, seed, contents)?;
        let _lock = WriteLock::acquire().await?;
        if storage.read().await?.is_some() {
            return Err(VaultError::Exists);
        }
        session.write_first(storage).await?;
        Ok(session)
    }

    /// Makes a vault for an identity in the place of whatever is stored, be it damaged: in one transaction, so that
    /// there is no moment without one. A tab that still holds the former vault is told so (`Replaced`) when it writes.
    ///
    /// # Errors
    /// Those of the storage and of the parameters; what was stored is then untouched.
    pub(crate) async fn replace(
        storage: &VaultStorage,
        kdf: KdfParameters,
        password: &PasswordKey,
        seed: Seed,
        contents: Contents,
    ) -> Result<Self, VaultError> {
        let session = Self::new(kdf, password, seed, contents)?;
        let _lock = WriteLock::acquire().await?;
        session.write_first(storage).await?;
        Ok(session)
    }

    /// Deletes the stored vault.
    ///
    /// # Errors
    /// Those of the storage.
    pub(crate) async fn erase(storage: &VaultStorage) -> Result<(), VaultError> {
        let _lock = WriteLock::acquire().await?;
        storage.erase().await
    }

    fn new(
        kdf: KdfParameters,
        password: &PasswordKey,
        seed: Seed,
        contents: Contents,
    ) -> Result<Self, VaultError> {
        kdf.check()?;
        let key = DataKey::generate()?;
        let password_wrap = key.wrap(password, &wrap_place(FIRST_EPOCH, &kdf))?;
        let header = Header { epoch: FIRST_EPOCH, kdf, password_wrap };
        Ok(Self { header, key, seed, contents: RefCell::new(contents) })
    }

    async fn write_first(&self, storage: &VaultStorage) -> Result<(), VaultError> {
        let identity = self.seal(IDENTITY, 1, self.seed.as_bytes())?;
        let contents = self.seal(CONTENTS, 1, &encode_contents(&self.contents()))?;
        storage.write(&self.header.encode(), &identity, &contents).await
    }

    /// Opens the stored vault.
    ///
    /// # Errors
    /// `WrongPassword` if the key does not open it; `Damaged` and the others of [`VaultError`] otherwise.
    pub(crate) async fn unlock(storage: &VaultStorage, password: &PasswordKey) -> Result<Self, VaultError> {
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        let header = Header::decode(&stored.header)?;
        let key = DataKey::unwrap(password, &wrap_place(header.epoch, &header.kdf), &header.password_wrap)?;
        let opener = Opener { header: &header, key: &key };
        let (_, seed) = opener.open(IDENTITY, stored.identity.as_deref())?;
        let (_, contents) = opener.open_contents(&stored)?;
        let seed = seed_from(&seed).ok_or(VaultError::Damaged { part: IDENTITY })?;
        Ok(Self { header, key, seed, contents: RefCell::new(contents) })
    }

    /// Returns the seed from which every key of the identity follows.
    pub(crate) const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Returns the contents as they were last read or written here.
    pub(crate) fn contents(&self) -> Contents {
        self.contents.borrow().clone()
    }

    /// Changes the contents, on disk first, and returns what `change` returns.
    ///
    /// # Errors
    /// `NoVault` or `Replaced` if another tab erased the vault meanwhile; nothing is changed then.
    pub(crate) async fn update<T>(
        &self,
        storage: &VaultStorage,
        change: impl FnOnce(&mut Contents) -> T,
    ) -> Result<T, VaultError> {
        let _lock = WriteLock::acquire().await?;
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        if stored.header != self.header.encode() {
            return Err(VaultError::Replaced);
        }
        let (revision, mut contents) = self.opener().open_contents(&stored)?;
        let result = change(&mut contents);
        let sealed = self.seal(CONTENTS, revision.saturating_add(1), &encode_contents(&contents))?;
        storage.write_contents(&sealed).await?;
        self.contents.replace(contents);
        Ok(result)
    }

    fn seal(&self, id: &'static str, revision: u64, content: &[u8]) -> Result<Vec<u8>, VaultError> {
        let sealed = self.key.seal(&record_place(&self.header, id, revision), content)?;
        Ok(SealedRecord { revision, sealed }.encode())
    }

    const fn opener(&self) -> Opener<'_> {
        Opener { header: &self.header, key: &self.key }
    }
}

/// What opens the records of one vault.
struct Opener<'a> {
    header: &'a Header,
    key: &'a DataKey,
}

impl Opener<'_> {
    fn open_contents(&self, stored: &StoredVault) -> Result<(u64, Contents), VaultError> {
        let (revision, plain) = self.open(CONTENTS, stored.contents.as_deref())?;
        // The seal held, so a shape that is not ours was written by a fault of our own; the cause may quote content.
        let contents = serde_json::from_slice(&plain).ok().ok_or(VaultError::Damaged { part: CONTENTS })?;
        Ok((revision, contents))
    }

    fn open(&self, id: &'static str, stored: Option<&[u8]>) -> Result<(u64, Zeroizing<Vec<u8>>), VaultError> {
        let record = SealedRecord::decode(id, stored.ok_or(VaultError::Damaged { part: id })?)?;
        let place = record_place(self.header, id, record.revision);
        Ok((record.revision, self.key.open(&place, &record.sealed)?))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session([redacted])")
    }
}

fn seed_from(bytes: &[u8]) -> Option<Seed> {
    let mut seed = Zeroizing::new([0; 64]);
    if bytes.len() != seed.len() {
        return None;
    }
    seed.copy_from_slice(bytes);
    Some(Seed::from_bytes(*seed))
}

fn encode_contents(contents: &Contents) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(contents).expect("contents have only numbers and strings"))
}

const fn record_place<'a>(header: &'a Header, id: &'static str, revision: u64) -> Place<'a> {
    Place { store: STORE, id, revision, epoch: header.epoch, kdf: &header.kdf }
}

const fn wrap_place(epoch: u32, kdf: &KdfParameters) -> Place<'_> {
    Place { store: STORE, id: HEADER, revision: 0, epoch, kdf }
}

const FIRST_EPOCH: u32 = 1;
