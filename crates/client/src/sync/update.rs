//! A checkpoint that operators have signed, as another start: for a client whose own is too old to go on from.
//!
//! Enough operators are believed about where to start, as the network description is; about everything else the block
//! must stand the checks of any checkpoint, and be newer than the head that is known. The head that is reached from it
//! takes the place of ours and is stored, so nothing else needs to be kept.
//!
//! Defends against going back, and against operators who name a fork of what we have verified: over the parent hashes
//! in between, the lower of the two blocks must be an ancestor of the higher. If it is not, and the other block is shown
//! with its seals, both headers are evidence and the client stops for good. **Not** checked: a distance of more than
//! 10,000 blocks. Source: as in `protocol::checkpoint`.

use lightclient::{SealScheme, TrustedCheckpoint, VerifiedHeader, VerifyError};
use protocol::checkpoint::{CheckpointError, CheckpointUpdate};

use super::round::{Round, Sighting};
use super::{SyncReport, SyncStart};
use crate::client::{Client, none_answered};
use crate::error::{ClientError, Problem};
use crate::history::HistoryError;
use crate::ports::Platform;

#[cfg(test)]
mod tests;

impl<P: Platform> Client<P> {
    /// Syncs from a checkpoint that enough operators of the network have signed, in place of the head known so far.
    ///
    /// # Errors
    /// [`CheckpointError`] unless it is signed and later than the head; [`SyncError::Equivocation`](super::SyncError::Equivocation) if it is on another
    /// chain than the head, for ever after; otherwise as [`sync`](Self::sync).
    pub async fn update_checkpoint(&self, update: &CheckpointUpdate) -> Result<SyncReport, ClientError> {
        self.check_frozen().await?;
        let network = self.network().updated(update)?;
        let result = Round::new(self, &network).run_from_update().await;
        self.freeze_if_evident(&result).await;
        result
    }
}

impl<P: Platform> Round<'_, P> {
    async fn run_from_update(&mut self) -> Result<SyncReport, ClientError> {
        let TrustedCheckpoint { number, .. } = self.network.checkpoint;
        let (known, _) = self.known_head().await;
        let mut sightings = self.look(true).await;
        if let Some(known) = known.as_ref().filter(|known| known.number() >= number) {
            return Err(self.refuse_behind(known, &mut sightings).await);
        }
        let trusted = self.checkpoint(&mut sightings).await?;
        let expected = trusted.validators_time().saturating_add(self.network.rules.trusting_period);
        if expected <= self.now {
            return Err(VerifyError::TrustExpired { trusted: number, expected, found: self.now }.into());
        }
        if let Some(known) = &known {
            self.require_descent(known, &trusted).await?;
        }
        self.advance(trusted, SyncStart::Update { number }, sightings).await
    }

    /// Why an update is refused that is not above the head that is known.
    async fn refuse_behind(&mut self, known: &VerifiedHeader, sightings: &mut [Sighting]) -> ClientError {
        let TrustedCheckpoint { number, hash: found } = self.network.checkpoint;
        match self.client.ancestor(known, number, &self.requests).await {
            Ok(ours) if ours.hash() != found => match self.checkpoint(sightings).await {
                Ok(theirs) => self.fork(&ours, &theirs).await,
                Err(_not_shown) => CheckpointError::Conflict { number, expected: ours.hash(), found }.into(),
            },
            // It is refused in any case: whether it is also another block does not matter then.
            _ => CheckpointError::Behind { expected: known.number(), found: number }.into(),
        }
    }

    /// Requires an update's block to stand on the head that is known, unless that is too far below.
    async fn require_descent(
        &mut self,
        known: &VerifiedHeader,
        update: &VerifiedHeader,
    ) -> Result<(), ClientError> {
        match self.client.ancestor(update, known.number(), &self.requests).await {
            Ok(theirs) if theirs.hash() != known.hash() => Err(self.fork(known, &theirs).await),
            Err(error) if !matches!(*error.problem, Problem::History(HistoryError::TooFarBack { .. })) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// The evidence that two blocks share a height, or why it is none.
    async fn fork(&mut self, ours: &VerifiedHeader, theirs: &VerifiedHeader) -> ClientError {
        match (self.with_signers(ours).await, self.with_signers(theirs).await) {
            // Only if those we trust have sealed the other one, too: strangers can make any block.
            (Ok(ours), Ok(theirs)) => match self.conflict(&ours, &theirs) {
                Ok(conflict) => conflict,
                Err(equivocation) => equivocation,
            },
            (Err(error), _) | (_, Err(error)) => error,
        }
    }

    /// The header with its seals verified, which the way over parent hashes leaves out; Clique's one seal says little.
    async fn with_signers(&mut self, header: &VerifiedHeader) -> Result<VerifiedHeader, ClientError> {
        if !header.signers().is_empty() || self.scheme(header.number()) == SealScheme::Clique {
            return Ok(header.clone());
        }
        let mut failures = Vec::new();
        for index in self.client.reading_order(header.number()) {
            match self.sealed(index, header.raw()).await {
                Ok(sealed) => return Ok(sealed),
                Err(error) => failures.push(error),
            }
        }
        Err(none_answered(failures))
    }
}
