//! The ways into a vault: each wraps the same data key by a secret of its own, so that one can be lost, changed or taken away
//! without the others.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::{
    code::RecoveryCode,
    error::VaultError,
    format::VERSION,
    kdf::{KEY_BYTES, KdfParameters, PasswordKey},
    seal::{DataKey, Place},
};

/// One way in, as the header keeps it; `wrap` is the data key under the way's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Way {
    /// What the person types; each vault has one.
    Password {
        /// How it becomes a key.
        kdf: KdfParameters,
        #[serde(with = "crate::hex_bytes")]
        wrap: Vec<u8>,
    },
    /// A passkey whose authenticator gives a secret for a salt (WebAuthn PRF).
    Passkey {
        passkey: Passkey,
        #[serde(with = "crate::hex_bytes")]
        wrap: Vec<u8>,
    },
    /// A code on paper; at most one.
    Code {
        #[serde(with = "crate::hex_bytes")]
        wrap: Vec<u8>,
    },
}

/// What the page needs to ask a passkey for its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passkey {
    /// The credential's id.
    #[serde(with = "crate::hex_bytes")]
    pub(crate) credential: Vec<u8>,
    /// 32 random bytes, of this passkey alone.
    #[serde(with = "crate::hex_bytes")]
    pub(crate) salt: Vec<u8>,
    /// What the person calls it.
    pub(crate) name: String,
}

/// What a person shows to come in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Secret<'a> {
    Password(&'a PasswordKey),
    Passkey { credential: &'a [u8], output: &'a PasskeyOutput },
    Code(&'a RecoveryCode),
}

/// What a passkey's authenticator gave for the salt.
pub(crate) struct PasskeyOutput(Zeroizing<[u8; KEY_BYTES]>);

impl PasskeyOutput {
    pub(crate) const fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }
}

impl core::fmt::Debug for PasskeyOutput {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("PasskeyOutput([redacted])")
    }
}

impl Way {
    pub(crate) fn password(
        key: &DataKey,
        vault: &[u8],
        kdf: KdfParameters,
        password: &PasswordKey,
    ) -> Result<Self, VaultError> {
        let wrap = key.wrap(password.bytes(), PASSWORD, &password_place(vault, &kdf))?;
        Ok(Self::Password { kdf, wrap })
    }

    pub(crate) fn passkey(
        key: &DataKey,
        vault: &[u8],
        passkey: Passkey,
        output: &PasskeyOutput,
    ) -> Result<Self, VaultError> {
        let wrap = key.wrap(output.0.as_slice(), PASSKEY, &passkey_place(vault, &passkey))?;
        Ok(Self::Passkey { passkey, wrap })
    }

    pub(crate) fn code(key: &DataKey, vault: &[u8], code: &RecoveryCode) -> Result<Self, VaultError> {
        Ok(Self::Code { wrap: key.wrap(code.bytes(), CODE, &code_place(vault))? })
    }

    /// Whether its parts are as long as they are bound.
    pub(crate) fn has_shape(&self) -> bool {
        match self {
            Self::Passkey { passkey, .. } => {
                passkey.salt.len() == KEY_BYTES && (1..=1023).contains(&passkey.credential.len())
            }
            Self::Password { .. } | Self::Code { .. } => true,
        }
    }

    /// Whether this is the way that `credential` opens.
    pub(crate) fn is_passkey(&self, credential: &[u8]) -> bool {
        matches!(self, Self::Passkey { passkey, .. } if passkey.credential == credential)
    }
}

impl Secret<'_> {
    /// Opens the data key by the way that this secret is for.
    ///
    /// # Errors
    /// `WrongPassword`, `WrongPasskey` or `WrongCode`; the header's checksum has been checked, so it is not damage.
    pub(crate) fn open(&self, vault: &[u8], ways: &[Way]) -> Result<DataKey, VaultError> {
        let opened = ways.iter().find_map(|way| match (self, way) {
            (Self::Password(password), Way::Password { kdf, wrap }) => {
                Some(DataKey::unwrap(password.bytes(), PASSWORD, &password_place(vault, kdf), wrap))
            }
            (Self::Passkey { credential, output }, Way::Passkey { passkey, wrap })
                if passkey.credential == *credential =>
            {
                Some(DataKey::unwrap(output.0.as_slice(), PASSKEY, &passkey_place(vault, passkey), wrap))
            }
            (Self::Code(code), Way::Code { wrap }) => {
                Some(DataKey::unwrap(code.bytes(), CODE, &code_place(vault), wrap))
            }
            _ => None,
        });
        opened.flatten().ok_or_else(|| self.wrong())
    }

    /// That this is not what opens the vault.
    pub(crate) const fn wrong(&self) -> VaultError {
        match self {
            Self::Password(_) => VaultError::WrongPassword,
            Self::Passkey { .. } => VaultError::WrongPasskey,
            Self::Code(_) => VaultError::WrongCode,
        }
    }
}

fn password_place(vault: &[u8], kdf: &KdfParameters) -> Place {
    Place::new(VERSION, PASSWORD, &[], &[vault, &kdf.binding()])
}

fn passkey_place(vault: &[u8], passkey: &Passkey) -> Place {
    Place::new(VERSION, PASSKEY, &[], &[vault, &passkey.salt, &passkey.credential])
}

fn code_place(vault: &[u8]) -> Place {
    Place::new(VERSION, CODE, &[], &[vault])
}

const PASSWORD: &str = "password";
const PASSKEY: &str = "passkey";
const CODE: &str = "code";
/// Passkeys of one vault: more than devices that a person has at hand.
pub(crate) const MAX_PASSKEYS: usize = 8;
