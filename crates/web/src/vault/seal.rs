//! Sealing under the vault's keys: AES-256-GCM with random nonces and associated data that says what is sealed.
//!
//! The data key seals three small records at each writing of the vault, far below the 2³² messages that random 96-bit
//! nonces allow (NIST SP 800-38D §8.3).

use core::fmt;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::vault::{error::VaultError, kdf::KEY_BYTES, storage::STORE};

/// The random key that seals a vault's records.
pub(crate) struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// Makes a new one from the platform's randomness.
    pub(crate) fn generate() -> Result<Self, VaultError> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// Seals this key under the secret of a way into the vault.
    pub(crate) fn wrap(&self, secret: &[u8], way: &str, place: &Place) -> Result<Vec<u8>, VaultError> {
        encrypt(&key_encryption_key(secret, way), place, self.0.as_slice())
    }

    /// Opens a wrapped key; `None` if it is another secret's.
    pub(crate) fn unwrap(secret: &[u8], way: &str, place: &Place, wrap: &[u8]) -> Option<Self> {
        let opened = decrypt(&key_encryption_key(secret, way), place, wrap)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if opened.len() != key.len() {
            return None;
        }
        key.copy_from_slice(&opened);
        Some(Self(key))
    }

    /// Seals a record's content: `nonce ‖ ciphertext and tag`.
    pub(crate) fn seal(&self, place: &Place, content: &[u8]) -> Result<Vec<u8>, VaultError> {
        encrypt(&self.0, place, content)
    }

    /// Opens a record's content.
    ///
    /// # Errors
    /// `Damaged`, naming the record, if a bit of it or of its place is not what was sealed.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        decrypt(&self.0, place, sealed).ok_or(VaultError::Damaged { part: place.part })
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey([redacted])")
    }
}

/// Where something sealed belongs: `application/version | store | part | numbers | digest of what else it is bound to`.
#[derive(Debug)]
pub(crate) struct Place {
    part: &'static str,
    associated_data: Vec<u8>,
}

impl Place {
    pub(crate) fn new(version: u8, part: &'static str, numbers: &[u64], bound_to: &[&[u8]]) -> Self {
        let mut names = format!("medrec-light/{version}|{STORE}|{part}|");
        for number in numbers {
            names += &format!("{number}|");
        }
        let digest = bound_to.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
        Self { part, associated_data: [names.as_bytes(), digest.as_slice()].concat() }
    }
}

/// Returns fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| VaultError::Entropy { reason: error.to_string() })?;
    Ok(bytes)
}

fn key_encryption_key(secret: &[u8], way: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Hkdf::<Sha256>::new(None, secret)
        .expand_multi_info(&[b"medrec-light vault ", way.as_bytes(), b" wrap"], key.as_mut())
        .expect("32 bytes are within HKDF-SHA256's limit of 8160");
    key
}

fn encrypt(key: &[u8; KEY_BYTES], place: &Place, content: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = random()?;
    let payload = Payload { msg: content, aad: &place.associated_data };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(nonce), payload)
        .expect("records are far shorter than GCM's limit of 64 GiB");
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &[u8; KEY_BYTES], place: &Place, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: &place.associated_data };
    Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// Length of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
