//! A backup file: the stored vault as it is, sealed as it is, in one piece.
//!
//! `"MRBACKUP" ‖ version u8 ‖ length u32 BE ‖ header ‖ length ‖ identity ‖ length ‖ contents ‖ SHA-256 of all before`.

use sha2::{Digest as _, Sha256};

use crate::vault::{error::VaultError, storage::StoredVault};

/// Makes the file of a vault.
///
/// # Errors
/// `Damaged` if a part of the vault is missing.
pub(crate) fn encode(stored: &StoredVault) -> Result<Vec<u8>, VaultError> {
    let mut file = [MAGIC, &[VERSION]].concat();
    for part in [Some(&stored.header), stored.identity.as_ref(), stored.contents.as_ref()] {
        let part = part.ok_or(VaultError::Damaged { part: BACKUP })?;
        let length = u32::try_from(part.len()).ok().ok_or(VaultError::Damaged { part: BACKUP })?;
        file.extend(length.to_be_bytes());
        file.extend(part);
    }
    let digest = Sha256::digest(&file);
    file.extend(digest);
    Ok(file)
}

/// Reads the vault in a file.
///
/// # Errors
/// `NoBackup` for any other file, `UnknownVersion`, `Damaged` if a byte of it has changed.
pub(crate) fn decode(file: &[u8]) -> Result<StoredVault, VaultError> {
    let damaged = || VaultError::Damaged { part: BACKUP };
    let rest = file.strip_prefix(MAGIC).ok_or(VaultError::NoBackup)?;
    let (&version, _) = rest.split_first().ok_or_else(damaged)?;
    if version != VERSION {
        return Err(VaultError::UnknownVersion { expected: VERSION, found: version });
    }
    let (whole, digest) = file.split_last_chunk::<32>().ok_or_else(damaged)?;
    if Sha256::digest(whole).as_slice() != digest {
        return Err(damaged());
    }
    let mut parts = whole.get(MAGIC.len() + 1..).ok_or_else(damaged)?;
    let mut part = || {
        let (length, rest) = parts.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok().ok_or_else(damaged)?;
        let (part, rest) = rest.split_at_checked(length).ok_or_else(damaged)?;
        parts = rest;
        Ok::<_, VaultError>(part.to_vec())
    };
    let stored = StoredVault { header: part()?, identity: Some(part()?), contents: Some(part()?) };
    if parts.is_empty() { Ok(stored) } else { Err(damaged()) }
}

const MAGIC: &[u8] = b"MRBACKUP";
const VERSION: u8 = 1;
const BACKUP: &str = "backup";
