//! A new signing key for the provider: offered by the old one, taken by the new one, and then in the old one's place.
//!
//! Each step is a state to be reached, so that whoever was interrupted simply goes on: the new key lies beside the old one
//! until the chain is proven to show it, and the old one is kept, for the books.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use client::{ClientError, Identity, KeyChange};
use lightclient::Fault;

use crate::chain::Chain;
use crate::config::Config;
use crate::gatekeeper::{StartError, load_network};
use crate::keys::{KeyFileError, Keys};

/// What has become of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The member.
    pub member: Address,
    /// Who signs for it now.
    pub key: Address,
    /// Where the former key is kept.
    pub former: PathBuf,
}

/// Puts a new signing key in the place of the one that the configuration names.
///
/// # Errors
/// [`RotationError`]; calling it again goes on where it ended.
pub async fn rotate(config: &Config) -> Result<Rotated, RotationError> {
    let path = &config.key_file;
    let old = Keys::load(path)?;
    let next = path.with_added_extension("next");
    let new = if next.exists() {
        Keys::load(&next)?
    } else {
        Keys::generate(&next, &old.encryption, Some(old.member))?
    };
    let chain = Chain::new(load_network(config)?, &config.heads).map_err(StartError::from)?;
    let (member, key) = (old.member, new.signing.address());
    let change = KeyChange { identity: Identity { address: member, key: &old.signing }, next: &new.signing };
    chain.client().replace_keys(&[change], |_| {}).await?;
    let former = path.with_added_extension(old.signing.address().to_string());
    let failed = |path: &Path, error: std::io::Error| RotationError::Move {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    if !former.exists() {
        std::fs::hard_link(path, &former).map_err(|error| failed(path, error))?;
    }
    std::fs::rename(&next, path).map_err(|error| failed(&next, error))?;
    Ok(Rotated { member, key, former })
}

/// Why the key is the old one still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The endpoints did not prove or take it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A key file.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The chain shows the new key, but the files are not yet in their places.
    #[error("cannot move {}: {reason}", path.display())]
    Move {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The network description, or what the client needs.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl RotationError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Client(error) => error.fault(),
            Self::Keys(error) => error.fault(),
            Self::Move { .. } => Fault::Caller,
            Self::Start(error) => error.fault(),
        }
    }
}
