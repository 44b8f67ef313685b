//! The vault: where this browser keeps a person's keys, encrypted (docs/vault.md).
//!
//! A random data key seals the records with AES-256-GCM; each way into the vault, a password by Argon2id, passkeys by WebAuthn PRF, a
//! printed code, only wraps the data key. The associated data of each seal names what is sealed, in which vault and in which of
//! its writings, so that a swapped, renamed or older part fails like a changed one. A header carries a plain checksum beside
//! the seals, which lets a wrong secret and a damaged vault be told apart. Defends against whoever reads or edits the browser's
//! storage. **Not** against someone who puts a whole former vault back, or reads the memory of an unlocked one.
//!
//! Sources: OWASP Password Storage Cheat Sheet, RFC 9106 (Argon2),
//! RFC 5869 (HKDF), NIST SP 800-38D (GCM), W3C WebAuthn Level 3 §10.1.4 (PRF).

mod backup;
mod code;
mod error;
mod format;
mod former;
mod kdf;
mod kits;
mod lock;
mod seal;
mod seeds;
mod session;
mod storage;
mod ways;

pub(crate) use crate::vault::{
    code::RecoveryCode,
    error::VaultError,
    kdf::{KdfParameters, PasswordKey, derive_password_key},
    kits::{StoredKit, Whose},
    seal::random,
    session::{Contents, Session, StoredIdentity, StoredRelationship, StoredViewer},
    storage::VaultStorage,
    ways::{Passkey, PasskeyOutput, Secret},
};

#[cfg(test)]
mod tests;
