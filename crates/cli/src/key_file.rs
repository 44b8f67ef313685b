//! The operator's key file: 64 hexadecimal digits and a line break, readable by its owner only.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use alloy_primitives::hex;
use client::{EntropyError, Platform};
use protocol::keys::{KeysError, SigningKey};

/// Why the key cannot be used. Never carries what the file holds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: expected 64 hexadecimal digits", path = .path.display())]
    Form { path: PathBuf },
    #[error("{path}: {source}", path = .path.display())]
    Key { path: PathBuf, source: KeysError },
    #[error("{path}: mode {found:03o}, expected 600", path = .path.display())]
    Mode { path: PathBuf, found: u32 },
}

/// Reads the key.
pub(crate) fn read(path: &Path) -> Result<SigningKey, KeyFileError> {
    let file_error = |source| KeyFileError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(file_error)?;
    let found = file.metadata().map_err(file_error)?.permissions().mode() & 0o777;
    if found & 0o077 != 0 {
        return Err(KeyFileError::Mode { path: path.to_owned(), found });
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(file_error)?;
    let mut bytes = [0; 32];
    // The decoder's reason would quote a digit of the key.
    let decoded = hex::decode_to_slice(text.trim_end(), &mut bytes).ok();
    decoded.ok_or_else(|| KeyFileError::Form { path: path.to_owned() })?;
    SigningKey::from_bytes(&bytes).map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

/// Reads the key, or makes a new one if there is no such file.
pub(crate) fn read_or_create(path: &Path, platform: &impl Platform) -> Result<SigningKey, KeyFileError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return read(path),
        Err(source) => return Err(KeyFileError::File { path: path.to_owned(), source }),
    };
    let mut bytes = [0; 32];
    platform.fill_random(&mut bytes)?;
    let key = SigningKey::from_bytes(&bytes)
        .map_err(|source| KeyFileError::Key { path: path.to_owned(), source })?;
    writeln!(file, "{}", hex::encode(bytes))
        .and_then(|()| file.sync_all())
        .map_err(|source| KeyFileError::File { path: path.to_owned(), source })?;
    Ok(key)
}

/// More than a key file has.
const MAX_BYTES: u64 = 256;

#[cfg(test)]
mod tests {
    use native::{MemoryHeads, Native};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("medrec-key-{name}-{}", std::process::id()));
        let _former = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn platform() -> Native<MemoryHeads> {
        Native::new(MemoryHeads::default()).unwrap()
    }

    #[test]
    fn makes_a_key_once_and_keeps_it() {
        let path = folder("once").join("operator.key");
        let made = read_or_create(&path, &platform()).unwrap().address();
        assert_eq!(read_or_create(&path, &platform()).unwrap().address(), made);
        assert_eq!(read(&path).unwrap().address(), made);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn refuses_a_file_that_others_can_read() {
        let path = folder("mode").join("operator.key");
        read_or_create(&path, &platform()).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Mode { found: 0o644, .. })));
    }

    #[test]
    fn refuses_what_is_no_key_without_quoting_it() {
        let path = folder("form").join("operator.key");
        read_or_create(&path, &platform()).unwrap();
        for text in ["", "secret", &"g".repeat(64), &"1".repeat(66)] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::Form { .. }), "{text}");
            assert_eq!(error.to_string(), format!("{}: expected 64 hexadecimal digits", path.display()));
        }
        std::fs::write(&path, "0".repeat(64)).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Key { source: KeysError::NoSuchKey, .. })));
        assert!(matches!(read(&path.with_extension("none")), Err(KeyFileError::File { .. })));
    }
}
