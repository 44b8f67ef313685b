//! The gatekeeper's own keys: one signs answers and transactions, the other opens what is sealed to the provider.
//!
//! They lie in one TOML file that only its owner may read; whoever holds it *is* this provider on the network. A file
//! that others may read is refused, so that a careless copy does not go unnoticed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, hex};
use lightclient::Fault;
use protocol::keys::{EncryptionKey, KeysError, SigningKey};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The keys of one gatekeeper.
#[derive(Debug)]
pub struct Keys {
    /// Signs answers and transactions.
    pub signing: SigningKey,
    /// Opens what is sealed to this provider.
    pub encryption: EncryptionKey,
    /// The member that the signing key signs for; its own address until it took another key's place.
    pub member: Address,
}

/// The file as it is written.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Wire {
    signing: String,
    encryption: String,
    member: Option<String>,
}

impl Keys {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let failed =
            |error: std::io::Error| KeyFileError::Read { path: path.to_owned(), reason: error.to_string() };
        let mut file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Open { path: path.to_owned(), found: mode });
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text)
    }

    /// Reads the key file, or makes it if there is none.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load_or_generate(path: &Path) -> Result<Self, KeyFileError> {
        if path.exists() {
            return Self::load(path);
        }
        let failed = |error: &dyn std::fmt::Display| KeyFileError::Write {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(|error| failed(&error))?;
        Self::generate(path, &EncryptionKey::from_bytes(&secret)?, None)
    }

    /// Makes a file with a new signing key, which is to sign for a member.
    ///
    /// # Errors
    /// [`KeyFileError::Write`], also if there is such a file.
    pub fn generate(
        path: &Path,
        encryption: &EncryptionKey,
        member: Option<Address>,
    ) -> Result<Self, KeyFileError> {
        let failed = |error: &dyn std::fmt::Display| KeyFileError::Write {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(|error| failed(&error))?;
        let [signing, encryption] =
            [&secret, &encryption.to_bytes()].map(|secret| Zeroizing::new(hex::encode_prefixed(**secret)));
        let member = member.map(|member| format!("member = \"{member}\"\n")).unwrap_or_default();
        let text = Zeroizing::new(format!(
            "# Whoever holds this file is this provider on the network. Keep a copy in a safe, and no other.\n\
             signing = \"{}\"\nencryption = \"{}\"\n{member}",
            *signing, *encryption
        ));
        let keys = Self::parse(&text)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| failed(&error))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(&error))?;
        Ok(keys)
    }

    fn parse(text: &str) -> Result<Self, KeyFileError> {
        // The parser's message quotes lines of the file, which are secret.
        let wire: Wire = toml::from_str(text).map_err(|_quoting| KeyFileError::Malformed)?;
        let signing = SigningKey::from_bytes(&*secret(&wire.signing)?)?;
        let member = match &wire.member {
            // What is wrong with it may be a secret in the wrong place.
            Some(member) => member.parse().map_err(|_quoting| KeyFileError::Malformed)?,
            None => signing.address(),
        };
        Ok(Self { signing, encryption: EncryptionKey::from_bytes(&*secret(&wire.encryption)?)?, member })
    }
}

fn secret(text: &str) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let digits =
        text.strip_prefix("0x").filter(|digits| digits.len() == 64).ok_or(KeyFileError::Malformed)?;
    // What is wrong with a digit is part of a secret.
    hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_quoting| KeyFileError::Malformed)?;
    Ok(bytes)
}

/// Why there are no keys. Never says what the file holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// A key is not a key.
    #[error("key file: {0}")]
    Keys(#[from] KeysError),
    /// The file is not of the form of a key file.
    #[error("key file holds something other than the two keys signing and encryption, and a member")]
    Malformed,
    /// Others may read the file.
    #[error("{} has mode {found:o}, expected 600: others may read it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        found: u32,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file cannot be made.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl KeyFileError {
    /// Returns who is to blame: whoever keeps the file.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Scratch;

    #[test]
    fn makes_keys_once_and_reads_them_again() {
        let folder = Scratch::new();
        let path = folder.path().join("gatekeeper.key");
        let made = Keys::load_or_generate(&path).unwrap();
        let read = Keys::load_or_generate(&path).unwrap();
        assert_eq!(made.signing.address(), read.signing.address());
        assert_eq!(made.encryption.public(), read.encryption.public());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn signs_for_itself_or_for_the_member_that_the_file_names() {
        let folder = Scratch::new();
        let first = Keys::load_or_generate(&folder.path().join("a")).unwrap();
        assert_eq!(first.member, first.signing.address());
        let path = folder.path().join("b");
        let next = Keys::generate(&path, &first.encryption, Some(first.member)).unwrap();
        let read = Keys::load(&path).unwrap();
        assert_eq!((read.member, read.signing.address()), (first.member, next.signing.address()));
        assert_eq!(read.encryption.public(), first.encryption.public());
        assert!(Keys::generate(&path, &first.encryption, None).is_err());
        std::fs::write(
            &path,
            std::fs::read_to_string(&path).unwrap().replace("member = \"0x", "member = \""),
        )
        .unwrap();
        assert!(Keys::load(&path).is_ok_and(|keys| keys.member == first.member));
    }

    #[test]
    fn refuses_a_file_that_others_may_read() {
        let folder = Scratch::new();
        let path = folder.path().join("gatekeeper.key");
        Keys::load_or_generate(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let expected = KeyFileError::Open { path: path.clone(), found: 0o640 };
        assert_eq!(Keys::load(&path).map(drop), Err(expected));
    }

    #[test]
    fn refuses_what_is_no_key_file_without_quoting_it() {
        let good = format!("0x{}", "11".repeat(32));
        let zero = format!("0x{}", "00".repeat(32));
        let file = |signing: &str| format!("signing = \"{signing}\"\nencryption = \"{good}\"\n");
        assert!(Keys::parse(&file(&good)).is_ok());
        assert_eq!(Keys::parse(&file(&zero)).map(drop), Err(KeyFileError::Keys(KeysError::NoSuchKey)));
        for text in ["", &file("0x11"), &file(&good[2..]), &format!("{}other = 1\n", file(&good))] {
            assert_eq!(Keys::parse(text).map(drop), Err(KeyFileError::Malformed), "{text}");
        }
    }
}
