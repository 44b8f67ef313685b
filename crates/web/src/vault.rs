//! The vault: where this browser keeps a person's keys, encrypted under a password.
//!
//! A random data key seals every record with AES-256-GCM; the password's Argon2id key only wraps the data key. The
//! associated data of each seal names what is sealed, in which vault and version, so that a swapped, renamed or
//! down-graded record fails like a changed one. A header carries a plain checksum beside the wrap's own tag, which
//! lets a wrong password and a damaged vault be told apart. Defends against whoever reads or edits the browser's
//! storage. **Not** against someone who puts a whole former vault back, or reads the memory of an unlocked one.
//!
//! Sources: OWASP Password Storage Cheat Sheet, RFC 9106 (Argon2),
//! RFC 5869 (HKDF), NIST SP 800-38D (GCM).

mod error;
mod format;
mod kdf;
mod lock;
mod seal;
mod session;
mod storage;

pub(crate) use crate::vault::{
    error::VaultError,
    kdf::{KdfParameters, PasswordKey, derive_password_key},
    session::{Contents, Session, StoredRelationship, StoredViewer},
    storage::VaultStorage,
};

#[cfg(test)]
mod tests;
