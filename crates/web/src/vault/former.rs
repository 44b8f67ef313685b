//! Vaults of version 1: one password, and records bound to its parameters. They are opened once more, and written anew.

use zeroize::Zeroizing;

use crate::vault::{
    error::VaultError,
    format::{CONTENTS, FORMER_VERSION, FormerHeader, HEADER, IDENTITY, SealedRecord},
    kdf::{KdfParameters, PasswordKey},
    seal::{DataKey, Place},
    storage::StoredVault,
};

/// The identity and the contents, as they were sealed.
pub(crate) struct Opened {
    pub(crate) identity: Zeroizing<Vec<u8>>,
    pub(crate) contents: Zeroizing<Vec<u8>>,
}

/// Opens what was stored.
///
/// # Errors
/// `WrongPassword`, or `Damaged`.
pub(crate) fn open(
    header: &FormerHeader,
    stored: &StoredVault,
    password: &PasswordKey,
) -> Result<Opened, VaultError> {
    let place = place(header, HEADER, 0);
    let key = DataKey::unwrap(password.bytes(), "password", &place, &header.password_wrap);
    let key = key.ok_or(VaultError::WrongPassword)?;
    let open = |part, bytes: Option<&[u8]>| {
        let record = SealedRecord::decode(part, bytes.ok_or(VaultError::Damaged { part })?)?;
        // What counts the vault's writings now counted those of the record then, in the same place.
        key.open(&self::place(header, part, record.epoch), &record.sealed)
    };
    let identity = open(IDENTITY, stored.identity.as_deref())?;
    let contents = open(CONTENTS, stored.contents.as_deref())?;
    Ok(Opened { identity, contents })
}

fn place(header: &FormerHeader, part: &'static str, revision: u64) -> Place {
    Place::new(
        FORMER_VERSION,
        part,
        &[revision, header.epoch.into()],
        &[&KdfParameters::binding(&header.kdf)],
    )
}
