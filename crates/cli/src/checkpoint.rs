//! `medrec operator checkpoint`: signs a newer trusted checkpoint, as the first operator or beside others, and checks it.
//!
//! A signature is only given to a block that a light client, starting from the description's own checkpoint, has
//! verified: its newest head, or an ancestor of it that another operator has signed before. Before anything is signed, a
//! second light client starts from the new checkpoint, as every client will.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use client::{Client, ClientError, Platform, TransportError};
use lightclient::{BlockNumber, SealScheme, TrustedCheckpoint, ValidatorSet, VerifiedHeader};
use native::{MemoryHeads, Native};
use protocol::checkpoint::{CheckpointError, CheckpointUpdate};
use protocol::keys::SigningKey;
use protocol::network::Network;

use crate::deploy::replace_file;

/// Why nothing was signed, or what was signed is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckpointSignError {
    #[error("block {number} is {expected}, proven; the update says {found}")]
    Block { number: BlockNumber, expected: B256, found: B256 },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Refused(#[from] CheckpointError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("{path}: {source}", path = .path.display())]
    Update { path: PathBuf, source: CheckpointError },
    #[error("validators of block {number} are not those of the head")]
    Validators { number: BlockNumber },
    #[error("validators of block {number} are only known from an older header")]
    ValidatorsTooOld { number: BlockNumber },
}

/// An update whose signatures are operators'.
pub(crate) struct Signed {
    pub(crate) update: CheckpointUpdate,
    /// How many operators have signed it.
    pub(crate) signers: usize,
    /// How many it takes.
    pub(crate) threshold: usize,
}

impl Signed {
    fn new(update: CheckpointUpdate, network: &Network) -> Result<Self, CheckpointError> {
        let signers = update.verify_signers(network)?.len();
        let threshold = network.operators.as_ref().ok_or(CheckpointError::NoOperators)?.threshold();
        Ok(Self { update, signers, threshold })
    }
}

/// Signs the verified head, or adds the signature to the update in a file, unless it is there already.
pub(crate) async fn sign(
    network: &Network,
    key: &SigningKey,
    add: Option<&Path>,
) -> Result<Signed, CheckpointSignError> {
    let client = Client::new(network.clone(), Native::new(MemoryHeads::default())?);
    client.sync().await?;
    let mut update = match add {
        Some(path) => read(path)?,
        None => propose(&client)?,
    };
    let signers = update.verify_signers(network)?;
    if !signers.contains(&key.address()) {
        verify(&client, &update).await?;
        update.sign(key);
    }
    match network.updated(&update) {
        Ok(_) | Err(CheckpointError::TooFewSigners { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    if let Some(path) = add {
        replace_file(path, &update.to_json())
            .map_err(|source| CheckpointSignError::File { path: path.to_owned(), source })?;
    }
    Ok(Signed::new(update, network)?)
}

/// Starts a light client from the update in a file, as whoever receives it will.
pub(crate) async fn check(network: &Network, path: &Path) -> Result<Signed, CheckpointSignError> {
    let update = read(path)?;
    Client::new(network.clone(), Native::new(MemoryHeads::default())?).update_checkpoint(&update).await?;
    Ok(Signed::new(update, network)?)
}

fn read(path: &Path) -> Result<CheckpointUpdate, CheckpointSignError> {
    let json =
        std::fs::read(path).map_err(|source| CheckpointSignError::File { path: path.to_owned(), source })?;
    CheckpointUpdate::parse(&json)
        .map_err(|source| CheckpointSignError::Update { path: path.to_owned(), source })
}

/// The head as an update that nobody has signed.
fn propose(client: &Client<Native<MemoryHeads>>) -> Result<CheckpointUpdate, CheckpointSignError> {
    let head = client.fresh_head()?;
    let number = head.header().number();
    Ok(CheckpointUpdate {
        network_id: client.network().network_id,
        number,
        hash: head.header().hash(),
        validators: validators(client.network(), number, head.header())?,
        issued: client.platform().now(),
        signatures: vec![],
    })
}

/// Verifies that the update's block is the head's ancestor, and that a client can start from it.
async fn verify(
    client: &Client<Native<MemoryHeads>>,
    update: &CheckpointUpdate,
) -> Result<(), CheckpointSignError> {
    let (network, number, head) = (client.network(), update.number, client.fresh_head()?);
    let (expected, found) = (client.block(&head, number).await?.hash(), update.hash);
    if found != expected {
        return Err(CheckpointSignError::Block { number, expected, found });
    }
    if update.validators != validators(network, number, head.header())? {
        return Err(CheckpointSignError::Validators { number });
    }
    let checkpoint = TrustedCheckpoint { number, hash: found };
    let network = Network { checkpoint, checkpoint_validators: update.validators.clone(), ..network.clone() };
    Client::new(network, Native::new(MemoryHeads::default())?).sync().await?;
    Ok(())
}

/// The validators that an update has to name: none where the block's own header does.
///
/// Elsewhere they are the head's: before it, no header and no proof at hand tells them.
fn validators(
    network: &Network,
    number: BlockNumber,
    head: &VerifiedHeader,
) -> Result<Option<ValidatorSet>, CheckpointSignError> {
    match network.rules.schedule.at(number).scheme {
        SealScheme::Ibft | SealScheme::Ibft2 | SealScheme::Qbft => Ok(None),
        SealScheme::Clique | SealScheme::QbftContract { .. } => {
            if head.validators_time() == head.timestamp() {
                Ok(Some(head.validators().clone()))
            } else {
                Err(CheckpointSignError::ValidatorsTooOld { number })
            }
        }
    }
}
