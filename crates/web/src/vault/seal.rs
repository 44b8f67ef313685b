//! Sealing under the vault's keys: AES-256-GCM with random nonces and associated data that says what is sealed.
//!
//! The data key seals a few dozen small records in its life, far below the 2³² messages that random 96-bit nonces
//! allow (NIST SP 800-38D §8.3).

use core::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::vault::{
    error::VaultError,
    format::VERSION,
    kdf::{KEY_BYTES, KdfParameters, PasswordKey},
};

/// The random key that seals a vault's records.
pub(crate) struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// Makes a new one from the platform's randomness.
    pub(crate) fn generate() -> Result<Self, VaultError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// Seals this key under a password's key.
    pub(crate) fn wrap(&self, password: &PasswordKey, place: &Place<'_>) -> Result<Vec<u8>, VaultError> {
        encrypt(&key_encryption_key(password), place, self.0.as_slice())
    }

    /// Opens a wrapped key. The wrap's checksum has been checked, so a tag that does not fit is a wrong password.
    ///
    /// # Errors
    /// `WrongPassword`; `Damaged` if what was wrapped is no key.
    pub(crate) fn unwrap(password: &PasswordKey, place: &Place<'_>, wrap: &[u8]) -> Result<Self, VaultError> {
        let opened = decrypt(&key_encryption_key(password), place, wrap).ok_or(VaultError::WrongPassword)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if opened.len() != key.len() {
            return Err(VaultError::Damaged { part: "header" });
        }
        key.copy_from_slice(&opened);
        Ok(Self(key))
    }

    /// Seals a record's content: `nonce ‖ ciphertext and tag`.
    pub(crate) fn seal(&self, place: &Place<'_>, content: &[u8]) -> Result<Vec<u8>, VaultError> {
        encrypt(&self.0, place, content)
    }

    /// Opens a record's content.
    ///
    /// # Errors
    /// `Damaged`, naming the record, if a bit of it or of its place is not what was sealed.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        decrypt(&self.0, place, sealed).ok_or(VaultError::Damaged { part: place.id })
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey([redacted])")
    }
}

/// Where something sealed belongs: `application | store | id | revision | epoch | digest of the KDF parameters`.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) store: &'static str,
    pub(crate) id: &'static str,
    pub(crate) revision: u64,
    pub(crate) epoch: u32,
    pub(crate) kdf: &'a KdfParameters,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let names =
            format!("medrec-light/{VERSION}|{}|{}|{}|{}|", self.store, self.id, self.revision, self.epoch);
        [names.as_bytes(), Sha256::digest(self.kdf.binding()).as_slice()].concat()
    }
}

/// Returns fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Entropy { reason: error.to_string() })?;
    Ok(bytes)
}

fn key_encryption_key(password: &PasswordKey) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Hkdf::<Sha256>::new(None, password.bytes())
        .expand(b"medrec-light vault password wrap", key.as_mut())
        .expect("32 bytes are within HKDF-SHA256's limit of 8160");
    key
}

fn encrypt(key: &[u8; KEY_BYTES], place: &Place<'_>, content: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let payload = Payload { msg: content, aad: &place.associated_data() };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(nonce), payload)
        .expect("records are far shorter than GCM's limit of 64 GiB");
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &[u8; KEY_BYTES], place: &Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: &place.associated_data() };
    Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// Length of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
