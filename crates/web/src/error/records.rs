//! Errors of the vault, of keys, and of journeys.

use alloy_primitives::B256;
use client::{ClientError, GatekeeperError, JourneyError};
use lightclient::Fault;
use protocol::{
    guardians::{CircleError, HandoverError},
    invitation::InvitationError,
    keys::KeysError,
    own_data::OwnDataError,
};
use records::category::CategoryError;

use super::ErrorView;
use crate::vault::VaultError;

impl ErrorView {
    /// A relationship that is not this person's.
    pub(crate) fn not_own(found: &str) -> Self {
        let found: String = found.chars().take(96).collect();
        Self::new("relationship/not-own", Fault::Caller, &"the relationship is not this person's")
            .found(&found)
    }

    /// A grant that would have ended before it began.
    pub(crate) fn grant_in_the_past(from: u64, until: u64) -> Self {
        Self::new(
            "grant/already-ended",
            Fault::Caller,
            &format!("grant until {until}, expected later than {from}"),
        )
        .mismatch(&from, &until)
    }

    /// Words whose keys were replaced: other words open what they opened.
    pub(crate) fn words_replaced() -> Self {
        Self::new(
            "restore/words-replaced",
            Fault::Caller,
            &"newer recovery words have taken the place of these",
        )
    }

    /// A vault whose keys are in use on another network, too, which this page does not follow.
    pub(crate) fn in_use_elsewhere(network: B256) -> Self {
        Self::new("vault/used-elsewhere", Fault::Caller, &"the keys are in use on another network, too")
            .found(&network)
    }

    /// A text about somebody whose kit is not kept here.
    pub(crate) fn no_kit() -> Self {
        Self::new("guardians/no-kit", Fault::Caller, &"this is no kit, or its kit is not kept here")
    }

    /// A person who would be their own guardian.
    pub(crate) fn own_guardian() -> Self {
        Self::new("guardians/own", Fault::Caller, &"the person is named as a guardian of their own")
    }

    /// Something that has to wait until the way back is over.
    pub(crate) fn on_way_back() -> Self {
        Self::new("guardians/on-the-way", Fault::Caller, &"the keys wait to take the place of lost ones")
    }

    /// A way back with keys that are in use.
    pub(crate) fn way_back_in_use() -> Self {
        Self::new("guardians/in-use", Fault::Caller, &"the keys are in use already, expected fresh ones")
    }

    /// A viewer card of another network.
    pub(crate) fn other_network(expected: u64, found: u64) -> Self {
        Self::new(
            "viewer/other-network",
            Fault::Caller,
            &format!("viewer on chain {found}, expected {expected}"),
        )
        .mismatch(&expected, &found)
    }
}

impl From<GatekeeperError> for ErrorView {
    fn from(error: GatekeeperError) -> Self {
        ClientError::from(error).into()
    }
}

impl From<JourneyError> for ErrorView {
    fn from(error: JourneyError) -> Self {
        ClientError::from(error).into()
    }
}

impl From<VaultError> for ErrorView {
    fn from(error: VaultError) -> Self {
        let view = |code| Self::new(code, error.fault(), &error);
        match &error {
            VaultError::CodeMistyped => view("vault/code-mistyped"),
            VaultError::Damaged { part: "backup" } => view("vault/damaged/backup"),
            VaultError::Damaged { part } => view("vault/damaged").found(part),
            VaultError::Entropy { .. } => view("platform/no-randomness"),
            VaultError::Exists => view("vault/exists"),
            VaultError::Foreign => view("vault/foreign"),
            VaultError::KeyDerivation { .. } => view("vault/key-derivation"),
            VaultError::Locked => view("vault/locked"),
            VaultError::NoBackup => view("vault/no-backup"),
            VaultError::NoVault => view("vault/none"),
            VaultError::Older { part } => view("vault/older").found(part),
            VaultError::Parameter { name, least, most, found } => {
                view("vault/parameter").mismatch(&format!("{name} {least} to {most}"), found)
            }
            VaultError::Renewing => view("vault/renewing"),
            VaultError::Replaced => view("vault/replaced"),
            VaultError::Storage { reason, .. } => view("vault/storage").found(reason),
            VaultError::StorageDenied { reason } => view("vault/storage-denied").found(reason),
            VaultError::StorageFull { reason, .. } => view("vault/storage-full").found(reason),
            VaultError::TooManyPasskeys { limit } => view("vault/too-many-passkeys").found(limit),
            VaultError::UnknownVersion { expected, found } => {
                view("vault/unknown-version").mismatch(expected, found)
            }
            VaultError::WrongBackupPassword => view("vault/wrong-backup-password"),
            VaultError::WrongCode => view("vault/wrong-code"),
            VaultError::Unconfirmed => view("vault/unconfirmed"),
            VaultError::WrongPasskey => view("vault/wrong-passkey"),
            VaultError::WrongPassword => view("vault/wrong-password"),
        }
    }
}

impl From<KeysError> for ErrorView {
    fn from(error: KeysError) -> Self {
        let view = |code| Self::new(code, error.fault(), &error);
        match &error {
            KeysError::Checksum => view("phrase/checksum"),
            KeysError::IndexTooLarge { found } => view("keys/index").found(found),
            KeysError::NoSuchKey => view("keys/none"),
            KeysError::UnknownWord { position } => view("phrase/unknown-word").found(position),
            KeysError::WordCount { found } => view("phrase/word-count").mismatch(&"12 or 24", found),
        }
    }
}

impl From<InvitationError> for ErrorView {
    fn from(error: InvitationError) -> Self {
        let view = |code| Self::new(code, error.fault(), &error);
        match &error {
            InvitationError::Card => view("viewer/malformed"),
            InvitationError::Checksum => view("invitation/checksum"),
            InvitationError::Malformed => view("invitation/malformed"),
            InvitationError::Version { expected, found } => {
                view("invitation/version").mismatch(expected, found)
            }
        }
    }
}

impl From<HandoverError> for ErrorView {
    fn from(error: HandoverError) -> Self {
        match error {
            HandoverError::Checksum => Self::new("guardians/checksum", error.fault(), &error),
            HandoverError::Circle(circle) => circle.into(),
            HandoverError::Malformed => Self::new("guardians/malformed", error.fault(), &error),
        }
    }
}

impl From<CircleError> for ErrorView {
    fn from(error: CircleError) -> Self {
        Self::new("guardians/circle", error.fault(), &error)
    }
}

impl From<OwnDataError> for ErrorView {
    fn from(error: OwnDataError) -> Self {
        let view = |code| Self::new(code, error.fault(), &error);
        match &error {
            OwnDataError::Bounds { least, most, found, .. } => {
                view("own-data/bounds").mismatch(&format!("{least} – {most}"), found)
            }
            OwnDataError::Date { found } => view("own-data/date").found(found),
            OwnDataError::Length { most, found } => {
                view("own-data/length").mismatch(&format!("1 – {most}"), found)
            }
            OwnDataError::Record(_) => view("own-data/record"),
            OwnDataError::Values { expected, found } => view("own-data/values").mismatch(expected, found),
        }
    }
}

impl From<CategoryError> for ErrorView {
    fn from(error: CategoryError) -> Self {
        Self::new("call/argument", error.fault(), &error)
    }
}
