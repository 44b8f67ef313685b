//! From a password to a key: Argon2id (RFC 9106), in the parameters that the vault names and we accept.
//!
//! The derivation takes 64 MiB that wasm memory never gives back, so it runs in a worker of its own that ends with
//! it, and with it ends the copy of the password. Parameters are read from storage that others may have edited: under
//! the floor the password would be cheap to guess, over the cap the page would hang, so both are refused.

use core::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::error::VaultError;

/// How a password becomes a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KdfParameters {
    algorithm: KdfAlgorithm,
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over the memory.
    passes: u32,
    /// Parallel lanes.
    lanes: u32,
    /// 16 random bytes.
    #[serde(with = "crate::hex_bytes")]
    salt: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KdfAlgorithm {
    Argon2id,
}

impl KdfParameters {
    /// Returns the parameters of a new vault, with this salt.
    pub(crate) fn new(salt: [u8; SALT_BYTES]) -> Self {
        Self {
            algorithm: KdfAlgorithm::Argon2id,
            memory_kib: *MEMORY_KIB.start(),
            passes: *PASSES.start(),
            lanes: *LANES.start(),
            salt: salt.to_vec(),
        }
    }

    /// Refuses parameters below the floor or above the cap.
    ///
    /// # Errors
    /// `Parameter`, naming the first one out of its range.
    pub(crate) fn check(&self) -> Result<(), VaultError> {
        let salt_bytes = u32::try_from(self.salt.len()).unwrap_or(u32::MAX);
        let exactly = |length: usize| u32::try_from(length).map_or(0..=0, |length| length..=length);
        for (name, range, found) in [
            ("memoryKib", MEMORY_KIB, self.memory_kib),
            ("passes", PASSES, self.passes),
            ("lanes", LANES, self.lanes),
            ("salt", exactly(SALT_BYTES), salt_bytes),
        ] {
            if !range.contains(&found) {
                return Err(VaultError::Parameter { name, least: *range.start(), most: *range.end(), found });
            }
        }
        Ok(())
    }

    /// Returns the bytes that stand for these parameters in associated data.
    pub(crate) fn binding(&self) -> Vec<u8> {
        let numbers = [self.memory_kib, self.passes, self.lanes].map(u32::to_be_bytes).concat();
        [b"argon2id".as_slice(), &numbers, &self.salt].concat()
    }
}

/// The key that Argon2id made from a password.
pub(crate) struct PasswordKey(Zeroizing<[u8; KEY_BYTES]>);

impl PasswordKey {
    pub(crate) const fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for PasswordKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordKey([redacted])")
    }
}

/// Derives the key of a password. Slow by intent: a quarter of a second and 64 MiB.
///
/// # Errors
/// `Parameter` before any work if the parameters are refused; `KeyDerivation` if the memory is not to be had.
pub(crate) fn derive_password_key(
    password: &[u8],
    parameters: &KdfParameters,
) -> Result<PasswordKey, VaultError> {
    parameters.check()?;
    let failed = |error: argon2::Error| VaultError::KeyDerivation { reason: error.to_string() };
    let params = Params::new(parameters.memory_kib, parameters.passes, parameters.lanes, Some(KEY_BYTES))
        .map_err(failed)?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, &parameters.salt, key.as_mut())
        .map_err(failed)?;
    Ok(PasswordKey(key))
}

/// Length of every key here.
pub(crate) const KEY_BYTES: usize = 32;
/// Length of the salt.
pub(crate) const SALT_BYTES: usize = 16;
const MEMORY_KIB: core::ops::RangeInclusive<u32> = 64 * 1024..=256 * 1024;
const PASSES: core::ops::RangeInclusive<u32> = 3..=12;
const LANES: core::ops::RangeInclusive<u32> = 1..=1;
