//! Sync: from the newest header we trust to the head, in one step where the trust rule allows it.
//!
//! All endpoints are asked for their latest header at once. The highest that verifies from where we stand becomes the
//! head; where too few of the validators we trust have sealed it, the way is bisected. The other endpoints are then
//! witnesses: each must show the same chain. Last, the network id in the registry is proven under the new head: sealed
//! headers of a sister chain with the same validators would pass everything else.
//!
//! Defends against: forged, under-sealed, future and stale headers; an endpoint that shows another chain; validators
//! that sealed two blocks at one height (both headers are kept as evidence and the client stops for good); going back.
//! **Not** checked: whether an endpoint that is behind what we already know shows the same chain there.
//! Source: Tendermint light client (skipping, detector), Besu QBFT rules as in `lightclient`.

use alloy_primitives::{Address, B256, Bytes};
use lightclient::{Fault, ProvenSlot, VerifiedHeader};

use crate::client::Client;
use crate::error::{ClientError, Problem};
use crate::head_store::StoredHeadError;
use crate::ports::{Platform, StoreError};
use round::Round;

pub use ancestry::Ancestry;

mod ancestry;
mod climb;
mod clique;
mod evidence;
mod round;
#[cfg(test)]
mod tests;
mod update;
mod witness;

/// Where the client stands after a sync, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncReport {
    /// The highest verified header.
    pub head: VerifiedHeader,
    /// The registry's network id, proven under the head.
    pub network_id: ProvenSlot,
    /// What binds the head to the header that this sync started from.
    pub ancestry: Ancestry,
    /// Age of the head, in seconds.
    pub age_seconds: u64,
    /// Whether the head is older than the network description allows; nothing may be signed on such a head.
    pub stale: bool,
    /// What each endpoint did, in the order of the network description.
    pub endpoints: Vec<EndpointReport>,
    /// Where this sync started.
    pub start: SyncStart,
    /// Why the head could not be stored, if it could not.
    pub not_saved: Option<StoreError>,
    /// HTTP requests made.
    pub requests: u64,
    /// Headers whose seals were verified, those of other endpoints included where they differ.
    pub headers_verified: u64,
}

/// What one endpoint did in a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// Its address.
    pub url: String,
    /// Whether it shows our chain.
    pub state: EndpointState,
    /// The number of its latest block, as it says; proven only if it agrees.
    pub block: Option<u64>,
    /// How long its answer took, in milliseconds.
    pub latency_millis: Option<u64>,
}

/// Whether an endpoint shows our chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointState {
    /// It shows our head, or the block just before.
    Agrees,
    /// It shows an older block.
    Behind,
    /// It showed something that does not verify.
    Lies(ClientError),
    /// It did not answer.
    Unreachable(ClientError),
}

/// Where a sync started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncStart {
    /// At the head of an earlier sync of this client.
    Head {
        /// Its number.
        number: u64,
    },
    /// At the stored head of an earlier visit.
    Stored {
        /// Its number.
        number: u64,
    },
    /// At the trusted checkpoint: nothing was stored.
    Checkpoint,
    /// At the trusted checkpoint: what was stored is damaged or too old.
    CheckpointAfterDamage(StoredHeadError),
    /// At the trusted checkpoint: the store could not be read.
    CheckpointWithoutStore(StoreError),
    /// At a checkpoint that operators have signed.
    Update {
        /// Its number.
        number: u64,
    },
}

/// Why a client does not stand where it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// The head does not descend from the header that was trusted before.
    #[error("header {number}: the new head stands on {found}, expected {expected}")]
    Ancestry {
        /// The height of the trusted header.
        number: u64,
        /// The block we verified.
        expected: B256,
        /// The block that the head stands on.
        found: B256,
    },
    /// An endpoint shows another block at a height that we know, without the seals that would make it evidence.
    #[error("header {number}: block {found}, expected {expected}")]
    Conflict {
        /// The height.
        number: u64,
        /// The block we verified.
        expected: B256,
        /// The block shown.
        found: B256,
    },
    /// Two different blocks of one height are sealed by validators we trust. Nothing of this chain can be believed.
    #[error("header {number} is sealed twice: {expected} and {found}")]
    Equivocation {
        /// The height.
        number: u64,
        /// The block we verified first.
        expected: B256,
        /// The other block.
        found: B256,
        /// RLP of the first header: evidence.
        first_header: Bytes,
        /// RLP of the other header: evidence.
        second_header: Bytes,
        /// The validators that sealed both.
        double_signers: Vec<Address>,
    },
    /// There is no verified head yet.
    #[error("no verified head yet")]
    NoHead,
    /// The head is older than the network description allows.
    #[error("head {number} is {age_seconds} s old, expected at most {limit_seconds} s")]
    StaleHead {
        /// The head's number.
        number: u64,
        /// The age allowed, in seconds.
        limit_seconds: u64,
        /// The head's age, in seconds.
        age_seconds: u64,
    },
    /// The way to the head needs more steps than a sync may take.
    #[error("more than {limit} headers on the way to header {number}")]
    TooManySteps {
        /// The header to reach.
        number: u64,
        /// Headers that one sync may verify.
        limit: u64,
    },
    /// The registry on this chain belongs to another network.
    #[error("registry holds network id {found} in block {number}, expected {expected}")]
    WrongNetwork {
        /// The block proven at.
        number: u64,
        /// The network id of the description.
        expected: B256,
        /// The network id proven.
        found: B256,
    },
}

impl SyncError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Ancestry { .. }
            | Self::Conflict { .. }
            | Self::Equivocation { .. }
            | Self::TooManySteps { .. }
            | Self::WrongNetwork { .. } => Fault::Peer,
            Self::StaleHead { .. } => Fault::Unavailable,
            Self::NoHead => Fault::Caller,
        }
    }

    /// The evidence of two sealed blocks at one height.
    fn equivocation(ours: &VerifiedHeader, theirs: &VerifiedHeader) -> Self {
        let double_signers = theirs.signers().iter().filter(|signer| ours.signers().contains(signer));
        Self::Equivocation {
            number: ours.number(),
            expected: ours.hash(),
            found: theirs.hash(),
            first_header: ours.raw().encode().into(),
            second_header: theirs.raw().encode().into(),
            double_signers: double_signers.copied().collect(),
        }
    }
}

impl<P: Platform> Client<P> {
    /// Brings the client to the newest head that it can verify, and tells what each endpoint did.
    ///
    /// Succeeds without progress when a verified head is known and nobody shows a newer one: the report then says so by
    /// its endpoints, its age and `stale`.
    ///
    /// # Errors
    /// [`SyncError::Equivocation`], for ever after; otherwise what the endpoints did, when no head is known or the
    /// registry cannot be proven under it.
    pub async fn sync(&self) -> Result<SyncReport, ClientError> {
        self.check_frozen().await?;
        let result = Round::new(self, self.network()).run().await;
        self.freeze_if_evident(&result).await;
        result
    }

    /// Fails if an equivocation was seen, by this client or at an earlier visit.
    async fn check_frozen(&self) -> Result<(), ClientError> {
        if let Some(frozen) = &self.memory().frozen {
            return Err(frozen.clone());
        }
        // What an earlier visit saw; the first sync of this one looks.
        let is_first = self.memory().head.is_none();
        if is_first && let Some(kept) = self.kept_evidence().await {
            return Err(self.memory().frozen.insert(kept.into()).clone());
        }
        Ok(())
    }

    /// Stops for good after an equivocation, and keeps the evidence.
    async fn freeze_if_evident(&self, result: &Result<SyncReport, ClientError>) {
        if let Err(error) = result
            && let Problem::Sync(equivocation @ SyncError::Equivocation { .. }) = &*error.problem
        {
            self.memory().frozen = Some(error.clone());
            self.keep_evidence(equivocation).await;
        }
    }
}

impl EndpointState {
    /// A failure by its fault.
    fn failed(error: ClientError) -> Self {
        match error.fault() {
            // A header that only our clock refuses is as good as a lie while other endpoints show one that it accepts.
            Fault::Caller | Fault::Peer => Self::Lies(error),
            Fault::Unavailable => Self::Unreachable(error),
        }
    }

    /// Names the endpoint in its error.
    fn at(self, url: &str) -> Self {
        match self {
            Self::Lies(error) => Self::Lies(error.at(url)),
            Self::Unreachable(error) => Self::Unreachable(error.at(url)),
            fine => fine,
        }
    }

    /// The error, if there is one.
    #[must_use]
    pub fn error(self) -> Option<ClientError> {
        match self {
            Self::Lies(error) | Self::Unreachable(error) => Some(error),
            Self::Agrees | Self::Behind => None,
        }
    }
}
