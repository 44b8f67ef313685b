//! The bytes of the vault's header and of its sealed records; docs/vault.md is the text.
//!
//! Header: `"MRVAULT" ‖ version u8 ‖ SHA-256(body) ‖ body`, body the JSON of [`Header`]. The checksum is no defence, it tells
//! accidents from wrong secrets; what must not be changed is bound by the seals.
//! Record: `epoch u64 BE ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::vault::{
    error::VaultError,
    kdf::KdfParameters,
    seal::{DataKey, NONCE_BYTES, Place},
    ways::Way,
};

/// What the vault says before it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// 16 random bytes that tell this vault from every other one.
    #[serde(with = "crate::hex_bytes")]
    pub(crate) vault: Vec<u8>,
    /// Counts the writings of the vault; header and records of one writing belong together.
    pub(crate) epoch: u64,
    /// What opens it.
    pub(crate) ways: Vec<Way>,
    /// An empty text sealed by the data key: whoever opens the vault sees that nobody else has changed its ways.
    #[serde(with = "crate::hex_bytes")]
    pub(crate) seal: Vec<u8>,
}

impl Header {
    /// Makes the header of one writing.
    pub(crate) fn sealed(
        key: &DataKey,
        vault: &[u8],
        epoch: u64,
        ways: Vec<Way>,
    ) -> Result<Self, VaultError> {
        let mut header = Self { vault: vault.to_vec(), epoch, ways, seal: Vec::new() };
        header.seal = key.seal(&header.place(), &[])?;
        Ok(header)
    }

    /// # Errors
    /// `Damaged` if it is not as whoever has the data key wrote it.
    pub(crate) fn check(&self, key: &DataKey) -> Result<(), VaultError> {
        key.open(&self.place(), &self.seal).map(drop)
    }

    fn place(&self) -> Place {
        let ways = serde_json::to_vec(&self.ways).expect("ways have only numbers and strings");
        Place::new(VERSION, HEADER, &[self.epoch], &[&self.vault, &ways])
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).expect("a header has only numbers and strings");
        [MAGIC, &[VERSION], Sha256::digest(&body).as_slice(), &body].concat()
    }

    /// The parameters of the password.
    ///
    /// # Errors
    /// `Damaged` if there is no password, which no vault of ours lacks.
    pub(crate) fn password(&self) -> Result<&KdfParameters, VaultError> {
        let parameters = self.ways.iter().find_map(|way| match way {
            Way::Password { kdf, .. } => Some(kdf),
            _ => None,
        });
        parameters.ok_or(VaultError::Damaged { part: HEADER })
    }
}

/// A header of any version that we read.
#[derive(Debug)]
pub(crate) enum AnyHeader {
    /// As we write it.
    Current(Header),
    /// As we wrote it before there were passkeys.
    Former(FormerHeader),
}

/// The header of version 1.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormerHeader {
    pub(crate) epoch: u32,
    pub(crate) kdf: KdfParameters,
    #[serde(with = "crate::hex_bytes")]
    pub(crate) password_wrap: Vec<u8>,
}

impl AnyHeader {
    /// # Errors
    /// `Foreign`, `UnknownVersion`, `Damaged`, or `Parameter` for a derivation that we do not run.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let damaged = || VaultError::Damaged { part: HEADER };
        let rest = bytes.strip_prefix(MAGIC).ok_or(VaultError::Foreign)?;
        let (&version, rest) = rest.split_first().ok_or_else(damaged)?;
        if version != VERSION && version != FORMER_VERSION {
            return Err(VaultError::UnknownVersion { expected: VERSION, found: version });
        }
        let (checksum, body) = rest.split_at_checked(CHECKSUM_BYTES).ok_or_else(damaged)?;
        if Sha256::digest(body).as_slice() != checksum {
            return Err(damaged());
        }
        let header =
            if version == VERSION { Self::Current(from_json(body)?) } else { Self::Former(from_json(body)?) };
        if let Self::Current(header) = &header
            && !(header.vault.len() == VAULT_ID_BYTES && header.ways.iter().all(Way::has_shape))
        {
            return Err(damaged());
        }
        header.password()?.check()?;
        Ok(header)
    }

    /// The parameters of the password.
    ///
    /// # Errors
    /// As [`Header::password`].
    pub(crate) fn password(&self) -> Result<&KdfParameters, VaultError> {
        match self {
            Self::Current(header) => header.password(),
            Self::Former(header) => Ok(&header.kdf),
        }
    }
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, VaultError> {
    // The cause would tell no more than that the bytes are not ours.
    serde_json::from_slice(body).ok().ok_or(VaultError::Damaged { part: HEADER })
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedRecord {
    /// The writing that it belongs to; part of its seal.
    pub(crate) epoch: u64,
    /// `nonce ‖ ciphertext and tag`.
    pub(crate) sealed: Vec<u8>,
}

impl SealedRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [self.epoch.to_be_bytes().as_slice(), &self.sealed].concat()
    }

    /// # Errors
    /// `Damaged`, naming `part`, if the bytes are too short to be a record.
    pub(crate) fn decode(part: &'static str, bytes: &[u8]) -> Result<Self, VaultError> {
        let (epoch, sealed) = bytes.split_first_chunk().ok_or(VaultError::Damaged { part })?;
        if sealed.len() <= NONCE_BYTES {
            return Err(VaultError::Damaged { part });
        }
        Ok(Self { epoch: u64::from_be_bytes(*epoch), sealed: sealed.to_vec() })
    }
}

/// The version of this format.
pub(crate) const VERSION: u8 = 2;
/// The version that is moved to this one when it is opened.
pub(crate) const FORMER_VERSION: u8 = 1;
/// The parts of a vault, and their keys in the object store.
pub(crate) const HEADER: &str = "header";
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const CONTENTS: &str = "contents";
const MAGIC: &[u8] = b"MRVAULT";
const CHECKSUM_BYTES: usize = 32;
/// Length of the bytes that name a vault.
pub(crate) const VAULT_ID_BYTES: usize = 16;
