//! The bytes of the vault's header and of its sealed records.
//!
//! Header: `"MRVAULT" ‖ version u8 ‖ SHA-256(body) ‖ body`, body the JSON of [`Header`]. The checksum is no defence,
//! it tells accidents from wrong passwords; what must not be changed is bound by the seals.
//! Record: `revision u64 BE ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::vault::{error::VaultError, kdf::KdfParameters, seal::NONCE_BYTES};

/// What the vault says before it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// Counts the data keys' wrappings; part of every seal.
    pub(crate) epoch: u32,
    /// How the password becomes a key.
    pub(crate) kdf: KdfParameters,
    /// The data key, sealed under the password's key: `nonce ‖ ciphertext and tag`.
    #[serde(with = "crate::hex_bytes")]
    pub(crate) password_wrap: Vec<u8>,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).expect("a header has only numbers and strings");
        [MAGIC, &[VERSION], Sha256::digest(&body).as_slice(), &body].concat()
    }

    /// # Errors
    /// `Foreign`, `UnknownVersion`, `Damaged`, or `Parameter` for a derivation that we do not run.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let damaged = || VaultError::Damaged { part: "header" };
        let rest = bytes.strip_prefix(MAGIC).ok_or(VaultError::Foreign)?;
        let (&version, rest) = rest.split_first().ok_or_else(damaged)?;
        if version != VERSION {
            return Err(VaultError::UnknownVersion { expected: VERSION, found: version });
        }
        let (checksum, body) = rest.split_at_checked(CHECKSUM_BYTES).ok_or_else(damaged)?;
        if Sha256::digest(body).as_slice() != checksum {
            return Err(damaged());
        }
        // The cause would tell no more than that the bytes are not ours.
        let header: Self = serde_json::from_slice(body).ok().ok_or_else(damaged)?;
        header.kdf.check()?;
        Ok(header)
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedRecord {
    /// Counts the writings of this record; part of its seal.
    pub(crate) revision: u64,
    /// `nonce ‖ ciphertext and tag`.
    pub(crate) sealed: Vec<u8>,
}

impl SealedRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [self.revision.to_be_bytes().as_slice(), &self.sealed].concat()
    }

    /// # Errors
    /// `Damaged`, naming `part`, if the bytes are too short to be a record.
    pub(crate) fn decode(part: &'static str, bytes: &[u8]) -> Result<Self, VaultError> {
        let (revision, sealed) = bytes.split_first_chunk().ok_or(VaultError::Damaged { part })?;
        if sealed.len() <= NONCE_BYTES {
            return Err(VaultError::Damaged { part });
        }
        Ok(Self { revision: u64::from_be_bytes(*revision), sealed: sealed.to_vec() })
    }
}

/// The version of this format.
pub(crate) const VERSION: u8 = 1;
const MAGIC: &[u8] = b"MRVAULT";
const CHECKSUM_BYTES: usize = 32;
