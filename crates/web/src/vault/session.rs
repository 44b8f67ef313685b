//! An unlocked vault: its data key, what the identity's keys follow from, and the changing contents.
//!
//! A change takes the write lock, reads what is stored *now*, applies itself and writes the vault whole, as its next epoch, in one
//! transaction: two tabs never lose each other's changes, and parts of different writings are noticed.

use core::{
    cell::{Cell, RefCell},
    fmt,
};
use std::rc::Rc;

use alloy_primitives::{Address, B256};
use protocol::keys::Seed;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::{
    backup,
    code::RecoveryCode,
    error::VaultError,
    format::{AnyHeader, CONTENTS, HEADER, Header, IDENTITY, SealedRecord, VAULT_ID_BYTES, VERSION},
    former,
    kdf::{KdfParameters, PasswordKey},
    kits::StoredKit,
    lock::WriteLock,
    seal::{DataKey, Place, random},
    seeds::Seeds,
    storage::{StoredVault, VaultStorage},
    ways::{MAX_PASSKEYS, Passkey, PasskeyOutput, Secret, Way},
};

/// An unlocked vault.
pub(crate) struct Session {
    vault: [u8; VAULT_ID_BYTES],
    key: DataKey,
    /// As last read or written here.
    last: RefCell<Written>,
    /// Whether somebody has shown again that the vault is theirs, for one thing that needs it.
    confirmed: Cell<bool>,
}

/// One writing of a vault.
#[derive(Debug, Clone)]
pub(super) struct Written {
    epoch: u64,
    ways: Vec<Way>,
    pub(super) seeds: Rc<Seeds>,
    pub(super) contents: Contents,
}

/// The ways into a stored vault, for whoever wants to come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ways {
    /// The parameters of the password.
    pub(crate) password: KdfParameters,
    pub(crate) passkeys: Vec<Passkey>,
    /// Whether there is a recovery code.
    pub(crate) code: bool,
}

/// What a vault keeps beside the identity. Relationships are found again with the phrase and the chain, but slower; kits and
/// names are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Contents {
    /// The relationships that the identity's keys have.
    pub(crate) relationships: Vec<StoredRelationship>,
    /// The addresses for which a key signs that is not their own: the keys were replaced once.
    #[serde(default)]
    pub(crate) identities: Vec<StoredIdentity>,
    /// The kits of guardians.
    #[serde(default)]
    pub(crate) kits: Vec<StoredKit>,
    /// The names that the person gave to viewers.
    pub(crate) viewers: Vec<StoredViewer>,
    /// Whether a backup file of this vault was once opened to see that it works.
    #[serde(default)]
    pub(crate) backup_tried: bool,
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

/// An address of the person whose key was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredIdentity {
    /// The network's id.
    pub(crate) network: B256,
    /// The derivation index of the key that signs for it now.
    pub(crate) index: u32,
    /// What the chain knows the person as.
    pub(crate) address: Address,
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
    /// Returns fresh parameters for a password.
    pub(crate) fn new_parameters() -> Result<KdfParameters, VaultError> {
        Ok(KdfParameters::new(random()?))
    }

    /// Returns the ways into the stored vault, within our bounds.
    ///
    /// # Errors
    /// `NoVault`, or what is wrong with the stored header.
    pub(crate) async fn ways(storage: &VaultStorage) -> Result<Ways, VaultError> {
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        let header = AnyHeader::decode(&stored.header)?;
        let password = header.password()?.clone();
        let ways = if let AnyHeader::Current(header) = header { header.ways } else { Vec::new() };
        let code = ways.iter().any(|way| matches!(way, Way::Code { .. }));
        let passkeys = ways.into_iter().filter_map(|way| match way {
            Way::Passkey { passkey, .. } => Some(passkey),
            _ => None,
        });
        Ok(Ways { password, passkeys: passkeys.collect(), code })
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
        session.write(storage, session.last()).await?;
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
        session.write(storage, session.last()).await?;
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
        let (vault, key) = (random()?, DataKey::generate()?);
        let ways = vec![Way::password(&key, &vault, kdf, password)?];
        let seeds = Rc::new(Seeds { current: seed, next: None });
        Ok(Self::opened(vault, key, Written { epoch: 1, ways, seeds, contents }))
    }

    /// Opens the stored vault; one of the former version is written anew.
    ///
    /// # Errors
    /// `WrongPassword`, `WrongPasskey` or `WrongCode` if the secret does not open it; `Damaged`, `Older` and the others of
    /// [`VaultError`] otherwise.
    pub(crate) async fn unlock(storage: &VaultStorage, secret: Secret<'_>) -> Result<Self, VaultError> {
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        match AnyHeader::decode(&stored.header)? {
            AnyHeader::Current(header) => Self::open(&header, &stored, secret),
            AnyHeader::Former(_) => {
                let Secret::Password(password) = secret else { return Err(secret.wrong()) };
                Self::renew(storage, password).await
            }
        }
    }

    fn open(header: &Header, stored: &StoredVault, secret: Secret<'_>) -> Result<Self, VaultError> {
        let key = secret.open(&header.vault, &header.ways)?;
        header.check(&key)?;
        let written = Written::open(&key, header, stored)?;
        let vault = header.vault.as_slice().try_into().ok().ok_or(VaultError::Damaged { part: HEADER })?;
        Ok(Self::opened(vault, key, written))
    }

    const fn opened(vault: [u8; VAULT_ID_BYTES], key: DataKey, last: Written) -> Self {
        Self { vault, key, last: RefCell::new(last), confirmed: Cell::new(false) }
    }

    /// Moves a vault of the former version to this one.
    async fn renew(storage: &VaultStorage, password: &PasswordKey) -> Result<Self, VaultError> {
        let _lock = WriteLock::acquire().await?;
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        let former = match AnyHeader::decode(&stored.header)? {
            // Another tab was quicker.
            AnyHeader::Current(header) => return Self::open(&header, &stored, Secret::Password(password)),
            AnyHeader::Former(former) => former,
        };
        let opened = former::open(&former, &stored, password)?;
        let Seeds { current, .. } = Seeds::decode(&opened.identity)?;
        let session = Self::new(former.kdf, password, current, read_contents(&opened.contents)?)?;
        session.write(storage, session.last()).await?;
        Ok(session)
    }

    /// Returns what every key of the identity follows from, as it was last read or written here.
    pub(crate) fn seeds(&self) -> Rc<Seeds> {
        self.last.borrow().seeds.clone()
    }

    /// Returns the contents as they were last read or written here.
    pub(crate) fn contents(&self) -> Contents {
        self.last.borrow().contents.clone()
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
        self.rewrite(storage, |written| Ok(change(&mut written.contents))).await
    }

    /// Makes a backup file, for whoever knows the password.
    ///
    /// # Errors
    /// Those of [`Session::check`].
    pub(crate) async fn back_up(
        &self,
        storage: &VaultStorage,
        password: &PasswordKey,
    ) -> Result<Vec<u8>, VaultError> {
        self.check(storage, Secret::Password(password)).await?;
        backup::encode(&storage.read().await?.ok_or(VaultError::NoVault)?)
    }

    /// The parameters of the password of a backup file.
    ///
    /// # Errors
    /// `NoBackup`, `Damaged` and the others of [`VaultError`].
    pub(crate) fn parameters_of_backup(file: &[u8]) -> Result<KdfParameters, VaultError> {
        Ok(AnyHeader::decode(&backup::decode(file)?.header)?.password()?.clone())
    }

    /// Opens a backup file; nothing is stored.
    ///
    /// # Errors
    /// `NoBackup` and `WrongBackupPassword`; otherwise as [`Session::unlock`].
    pub(crate) fn open_backup(file: &[u8], password: &PasswordKey) -> Result<Self, VaultError> {
        let stored = backup::decode(file)?;
        match AnyHeader::decode(&stored.header)? {
            AnyHeader::Current(header) => {
                Self::open(&header, &stored, Secret::Password(password)).map_err(|error| match error {
                    VaultError::WrongPassword => VaultError::WrongBackupPassword,
                    other => other,
                })
            }
            // There were no backup files then.
            AnyHeader::Former(_) => Err(VaultError::NoBackup),
        }
    }

    /// Whether a backup is of this vault; if so, it is noted that one works.
    ///
    /// # Errors
    /// Those of [`Session::update`].
    pub(crate) async fn note_backup(
        &self,
        storage: &VaultStorage,
        backup: &Self,
    ) -> Result<bool, VaultError> {
        let is_own = backup.vault == self.vault;
        if is_own && !self.contents().backup_tried {
            self.update(storage, |contents| contents.backup_tried = true).await?;
        }
        Ok(is_own)
    }

    /// Puts an opened backup in the place of whatever is stored, as a newer writing than itself.
    ///
    /// # Errors
    /// Those of the storage; what was stored is then untouched.
    pub(crate) async fn restore(self, storage: &VaultStorage) -> Result<Self, VaultError> {
        let _lock = WriteLock::acquire().await?;
        let mut written = self.last();
        written.epoch = written.epoch.saturating_add(1);
        self.write(storage, written).await?;
        Ok(self)
    }

    /// Refuses a secret that does not open the stored vault, before something is done that cannot be undone.
    ///
    /// # Errors
    /// `WrongPassword`, `WrongPasskey` or `WrongCode`; those of the storage.
    pub(crate) async fn check(&self, storage: &VaultStorage, secret: Secret<'_>) -> Result<(), VaultError> {
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        match AnyHeader::decode(&stored.header)? {
            AnyHeader::Current(header) if header.vault == self.vault => {
                secret.open(&header.vault, &header.ways).map(drop)
            }
            _ => Err(VaultError::Replaced),
        }
    }

    /// Lets one thing happen that an unlocked screen is not enough for, if the secret opens the stored vault.
    ///
    /// # Errors
    /// As [`Session::check`].
    pub(crate) async fn confirm(&self, storage: &VaultStorage, secret: Secret<'_>) -> Result<(), VaultError> {
        self.confirmed.set(false);
        self.check(storage, secret).await?;
        self.confirmed.set(true);
        Ok(())
    }

    /// Uses up what was confirmed.
    ///
    /// # Errors
    /// `Unconfirmed`.
    pub(crate) fn take_confirmation(&self) -> Result<(), VaultError> {
        if self.confirmed.replace(false) { Ok(()) } else { Err(VaultError::Unconfirmed) }
    }

    /// Puts a new password in the place of the former one.
    ///
    /// # Errors
    /// `WrongPassword` if the former one is not the vault's; those of [`Session::update`].
    pub(crate) async fn change_password(
        &self,
        storage: &VaultStorage,
        former: &PasswordKey,
        kdf: KdfParameters,
        password: &PasswordKey,
    ) -> Result<(), VaultError> {
        kdf.check()?;
        self.change_ways(storage, former, |ways| {
            ways.retain(|way| !matches!(way, Way::Password { .. }));
            ways.insert(0, Way::password(&self.key, &self.vault, kdf, password)?);
            Ok(())
        })
        .await
    }

    /// Lets a passkey open the vault, too.
    ///
    /// # Errors
    /// `WrongPassword`; `TooManyPasskeys`; those of [`Session::update`].
    pub(crate) async fn add_passkey(
        &self,
        storage: &VaultStorage,
        password: &PasswordKey,
        passkey: Passkey,
        output: &PasskeyOutput,
    ) -> Result<(), VaultError> {
        self.change_ways(storage, password, |ways| {
            ways.retain(|way| !way.is_passkey(&passkey.credential));
            if ways.iter().filter(|way| matches!(way, Way::Passkey { .. })).count() >= MAX_PASSKEYS {
                return Err(VaultError::TooManyPasskeys { limit: MAX_PASSKEYS });
            }
            ways.push(Way::passkey(&self.key, &self.vault, passkey, output)?);
            Ok(())
        })
        .await
    }

    /// Lets a passkey no longer open the vault; it may be lost. Nothing is asked for: it only takes away.
    ///
    /// # Errors
    /// Those of [`Session::update`].
    pub(crate) async fn remove_passkey(
        &self,
        storage: &VaultStorage,
        credential: &[u8],
    ) -> Result<(), VaultError> {
        self.rewrite(storage, |written| {
            written.ways.retain(|way| !way.is_passkey(credential));
            Ok(())
        })
        .await
    }

    /// Makes a recovery code in the place of a former one.
    ///
    /// # Errors
    /// `WrongPassword`; those of [`Session::update`].
    pub(crate) async fn make_code(
        &self,
        storage: &VaultStorage,
        password: &PasswordKey,
    ) -> Result<RecoveryCode, VaultError> {
        let code = RecoveryCode::generate()?;
        self.change_ways(storage, password, |ways| {
            ways.retain(|way| !matches!(way, Way::Code { .. }));
            ways.push(Way::code(&self.key, &self.vault, &code)?);
            Ok(())
        })
        .await?;
        Ok(code)
    }

    /// Changes the ways for whoever knows the password: an unlocked vault alone is not enough to stay in it.
    async fn change_ways(
        &self,
        storage: &VaultStorage,
        password: &PasswordKey,
        change: impl FnOnce(&mut Vec<Way>) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        self.rewrite(storage, |written| {
            Secret::Password(password).open(&self.vault, &written.ways)?;
            change(&mut written.ways)
        })
        .await
    }

    /// Reads the vault as it is now, changes it, and writes it as the next epoch.
    pub(super) async fn rewrite<T>(
        &self,
        storage: &VaultStorage,
        change: impl FnOnce(&mut Written) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let _lock = WriteLock::acquire().await?;
        let stored = storage.read().await?.ok_or(VaultError::NoVault)?;
        let header = match AnyHeader::decode(&stored.header)? {
            AnyHeader::Current(header) if header.vault == self.vault => header,
            _ => return Err(VaultError::Replaced),
        };
        header.check(&self.key)?;
        if header.epoch < self.last.borrow().epoch {
            return Err(VaultError::Older { part: HEADER });
        }
        let mut written = Written::open(&self.key, &header, &stored)?;
        let result = change(&mut written)?;
        written.epoch = written.epoch.saturating_add(1);
        self.write(storage, written).await?;
        Ok(result)
    }

    fn last(&self) -> Written {
        self.last.borrow().clone()
    }

    async fn write(&self, storage: &VaultStorage, written: Written) -> Result<(), VaultError> {
        let header = Header::sealed(&self.key, &self.vault, written.epoch, written.ways.clone())?;
        let seal = |part, content: &[u8]| {
            let sealed = self.key.seal(&record_place(&header, part, header.epoch), content)?;
            Ok::<_, VaultError>(SealedRecord { epoch: header.epoch, sealed }.encode())
        };
        let identity = seal(IDENTITY, &written.seeds.encode())?;
        let contents = seal(CONTENTS, &encode_contents(&written.contents))?;
        storage.write(&header.encode(), &identity, &contents).await?;
        self.last.replace(written);
        Ok(())
    }
}

impl Written {
    fn open(key: &DataKey, header: &Header, stored: &StoredVault) -> Result<Self, VaultError> {
        let seeds = Seeds::decode(&open_record(key, header, IDENTITY, stored.identity.as_deref())?)?;
        let contents = read_contents(&open_record(key, header, CONTENTS, stored.contents.as_deref())?)?;
        Ok(Self { epoch: header.epoch, ways: header.ways.clone(), seeds: Rc::new(seeds), contents })
    }
}

/// Opens a record of the vault with this header.
fn open_record(
    key: &DataKey,
    header: &Header,
    part: &'static str,
    stored: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let record = SealedRecord::decode(part, stored.ok_or(VaultError::Damaged { part })?)?;
    let opened = key.open(&record_place(header, part, record.epoch), &record.sealed)?;
    // Each part is whole, but they were not written together.
    match record.epoch.cmp(&header.epoch) {
        core::cmp::Ordering::Less => Err(VaultError::Older { part }),
        core::cmp::Ordering::Greater => Err(VaultError::Older { part: HEADER }),
        core::cmp::Ordering::Equal => Ok(opened),
    }
}

fn read_contents(plain: &[u8]) -> Result<Contents, VaultError> {
    // The seal held, so a shape that is not ours was written by a fault of our own; the cause may quote content.
    serde_json::from_slice(plain).ok().ok_or(VaultError::Damaged { part: CONTENTS })
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Session([redacted])")
    }
}

fn encode_contents(contents: &Contents) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(contents).expect("contents have only numbers and strings"))
}

fn record_place(header: &Header, part: &'static str, epoch: u64) -> Place {
    Place::new(VERSION, part, &[epoch], &[&header.vault])
}
