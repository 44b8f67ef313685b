//! A new signing key for the provider: offered by the old one, taken by the new one, and then in the old one's place.
//!
//! Each step is a state to be reached, so that whoever was interrupted simply goes on: the new key lies beside the old one
//! until the chain is proven to show it, and the old one is kept, for the books.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use client::{ClientError, Platform};
use lightclient::Fault;
use protocol::contracts;

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
    if signs_for(&chain, member).await? != Some(key) {
        let registry = chain.network().registry.address;
        chain.send_to(registry, &old.signing, vec![contracts::offer_key(key)]).await?;
        // The one may be taken only once the other is in a block.
        for attempt in 0..ATTEMPTS {
            if attempt % RESEND == RESEND - 1 {
                chain.send_to(registry, &new.signing, vec![contracts::take_key(member)]).await?;
            }
            if signs_for(&chain, member).await? == Some(key) {
                break;
            }
            chain.client().platform().sleep(PAUSE_MILLIS).await;
        }
        if signs_for(&chain, member).await? != Some(key) {
            return Err(RotationError::NotShown { member });
        }
    }
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

/// Whose key signs for the member now, as proven.
async fn signs_for(chain: &Chain, member: Address) -> Result<Option<Address>, RotationError> {
    chain.sync().await?;
    let head = chain.client().fresh_head()?;
    Ok(chain.client().member(&head, member).await?.map(|member| member.key))
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
    /// The chain does not show the new key.
    #[error(
        "the chain does not show the new key of {member}; it may be no active member, or not of this key"
    )]
    NotShown {
        /// The member.
        member: Address,
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
            Self::NotShown { .. } => Fault::Unavailable,
            Self::Start(error) => error.fault(),
        }
    }
}

/// Looks at the chain before giving up: half a minute.
const ATTEMPTS: u32 = 60;
const PAUSE_MILLIS: u64 = 500;
/// Looks between two attempts of the new key to take its place.
const RESEND: u32 = 6;
