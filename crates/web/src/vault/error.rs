//! What can be wrong with a vault, each thing apart.

use lightclient::Fault;

/// Why a vault could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VaultError {
    /// The recovery code was typed in a way that cannot be one.
    #[error("this cannot be a recovery code: letters are missing or mistyped")]
    CodeMistyped,
    /// A part of the vault was changed or cut short.
    #[error("the vault's {part} is damaged")]
    Damaged {
        /// `header`, or the name of the record.
        part: &'static str,
    },
    /// The platform gave no random bytes.
    #[error("the platform gave no random bytes: {reason}")]
    Entropy {
        /// What the platform said.
        reason: String,
    },
    /// There is a vault already; it is never overwritten.
    #[error("this browser has a vault already")]
    Exists,
    /// What is stored is not a vault.
    #[error("the stored bytes are no vault")]
    Foreign,
    /// The password's key could not be derived.
    #[error("the password's key could not be derived: {reason}")]
    KeyDerivation {
        /// What the platform said.
        reason: String,
    },
    /// The vault is locked.
    #[error("the vault is locked")]
    Locked,
    /// A file that is no backup of a vault.
    #[error("the file is no backup of a vault")]
    NoBackup,
    /// There is no vault.
    #[error("this browser has no vault")]
    NoVault,
    /// A part of the vault is an older copy than the others.
    #[error("the vault's {part} is an older copy than the rest of it")]
    Older {
        /// `header`, or the name of the record.
        part: &'static str,
    },
    /// A key derivation parameter is weaker than we accept, or costs more than we spend.
    #[error("key derivation parameter {name} is {found}, expected {least} to {most}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The least value accepted.
        least: u32,
        /// The greatest value accepted.
        most: u32,
        /// The value found.
        found: u32,
    },
    /// New recovery words are about to take over already.
    #[error("new recovery words are about to take over already")]
    Renewing,
    /// Another tab replaced the vault since it was unlocked here.
    #[error("the vault was replaced since it was unlocked")]
    Replaced,
    /// The browser's storage could not be used.
    #[error("cannot {action} the vault: {reason}")]
    Storage {
        /// What was tried.
        action: &'static str,
        /// What the browser said.
        reason: String,
    },
    /// The browser lets this page store nothing.
    #[error("the browser lets this page store nothing: {reason}")]
    StorageDenied {
        /// What the browser said.
        reason: String,
    },
    /// There was no room; what was stored before is still there.
    #[error("no room to {action} the vault: {reason}")]
    StorageFull {
        /// What was tried.
        action: &'static str,
        /// What the browser said.
        reason: String,
    },
    /// There are as many passkeys as a vault takes.
    #[error("the vault has {limit} passkeys already")]
    TooManyPasskeys {
        /// The most it takes.
        limit: usize,
    },
    /// Something that needs the owner once more was asked for without.
    #[error("this needs the password or a passkey once more, each time")]
    Unconfirmed,
    /// The vault was written by another version of this program.
    #[error("the vault has version {found}, expected {expected}")]
    UnknownVersion {
        /// The version that we read and write.
        expected: u8,
        /// The version found.
        found: u8,
    },
    /// The password does not open the backup file.
    #[error("the password does not open the backup file")]
    WrongBackupPassword,
    /// The recovery code is not the one of this vault.
    #[error("the recovery code does not open the vault")]
    WrongCode,
    /// The passkey is none of this vault's, or gave another secret.
    #[error("the passkey does not open the vault")]
    WrongPasskey,
    /// The password does not open the vault.
    #[error("the password does not open the vault")]
    WrongPassword,
}

impl VaultError {
    /// Returns who is to blame: never a peer.
    pub(crate) const fn fault(&self) -> Fault {
        match self {
            Self::Entropy { .. }
            | Self::KeyDerivation { .. }
            | Self::Storage { .. }
            | Self::StorageDenied { .. }
            | Self::StorageFull { .. } => Fault::Unavailable,
            Self::CodeMistyped
            | Self::Damaged { .. }
            | Self::Exists
            | Self::Foreign
            | Self::Locked
            | Self::NoBackup
            | Self::NoVault
            | Self::Older { .. }
            | Self::Parameter { .. }
            | Self::Renewing
            | Self::Replaced
            | Self::TooManyPasskeys { .. }
            | Self::UnknownVersion { .. }
            | Self::WrongBackupPassword
            | Self::WrongCode
            | Self::Unconfirmed
            | Self::WrongPasskey
            | Self::WrongPassword => Fault::Caller,
        }
    }
}
