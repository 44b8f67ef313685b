//! The other endpoints as witnesses of the head: whoever shows another sealed block at a known height is evidence that
//! validators sealed two.

use lightclient::{
    Asked, Evidence, Header, SealScheme, TrustedCheckpoint, VerifiedHeader, VerifyError, block_hash,
    verify_checkpoint, verify_header,
};

use super::clique::depth;
use super::round::{Round, Sighting};
use super::{EndpointState, SyncError};
use crate::error::ClientError;
use crate::ports::Platform;

impl<P: Platform> Round<'_, P> {
    /// Compares what an endpoint showed with the head; an error only for an equivocation.
    pub(super) async fn judge(
        &mut self,
        trusted: &VerifiedHeader,
        head: &VerifiedHeader,
        source: Option<usize>,
        index: usize,
        sighting: &Sighting,
    ) -> Result<EndpointState, ClientError> {
        let theirs = match (&sighting.failure, &sighting.latest) {
            (Some(error), _) | (None, Err(error)) => return Ok(EndpointState::failed(error.clone())),
            (None, Ok(theirs)) => theirs,
        };
        if source == Some(index) {
            return Ok(EndpointState::Agrees);
        }
        if theirs == head.raw() {
            return Ok(EndpointState::Agrees);
        }
        if self.scheme(theirs.number) == SealScheme::Clique {
            return self.judge_clique(head, index, theirs.number).await;
        }
        let sealed = match self.sealed(index, theirs).await {
            Ok(sealed) => sealed,
            Err(error) => return Ok(EndpointState::failed(error)),
        };
        let is_parent =
            sealed.number().checked_add(1) == Some(head.number()) && sealed.hash() == head.parent_hash();
        if is_parent || sealed.hash() == head.hash() {
            return Ok(EndpointState::Agrees);
        }
        let ours = if sealed.number() == head.number() {
            Some(head.clone())
        } else if sealed.number() == trusted.number() {
            Some(trusted.clone())
        } else {
            self.ours_at(trusted, source, sealed.number()).await
        };
        match ours {
            Some(ours) if ours.hash() != sealed.hash() => {
                self.conflict(&ours, &sealed).map(EndpointState::Lies)
            }
            _ => Ok(EndpointState::Behind),
        }
    }

    /// Under Clique the newest header says little: an endpoint agrees if our head stands on its chain.
    async fn judge_clique(
        &mut self,
        head: &VerifiedHeader,
        index: usize,
        newest: u64,
    ) -> Result<EndpointState, ClientError> {
        let number = head.number();
        if newest < number {
            return Ok(EndpointState::Behind);
        }
        let last = newest.min(number.saturating_add(2 * depth(head)));
        let headers = match self.headers_from(index, number, last).await {
            Ok(headers) => headers,
            Err(error) => return Ok(EndpointState::failed(error)),
        };
        let Some((theirs, descendants)) = headers.split_first() else { return Ok(EndpointState::Behind) };
        let evidence = Evidence::Chain { ancestors: &[], descendants };
        let rules = &self.client.network().rules;
        match verify_header(head, theirs, evidence, Asked::Number(number), rules, self.now) {
            Ok(_) => Ok(EndpointState::Agrees),
            Err(VerifyError::Fork { expected, found, mut signers, .. }) => {
                signers.retain(|signer| head.signers().contains(signer));
                let error = SyncError::Equivocation {
                    number,
                    expected,
                    found,
                    first_header: head.raw().encode().into(),
                    second_header: theirs.encode().into(),
                    double_signers: signers,
                };
                Err(error.into())
            }
            Err(error) => Ok(EndpointState::failed(error.into())),
        }
    }

    /// Verifies the seals of a header by its own validators; whether we trust them is another question.
    pub(super) async fn sealed(
        &mut self,
        index: usize,
        header: &Header,
    ) -> Result<VerifiedHeader, ClientError> {
        let rules = &self.client.network().rules;
        let own = TrustedCheckpoint { number: header.number, hash: block_hash(header, rules)? };
        let verify = |evidence: Evidence<'_>| verify_checkpoint(&own, header, evidence, rules);
        let count = self.client.memory().head.as_ref().map_or(0, |head| head.header.validators().len());
        let sealed = self.with_validators(index, header, count, verify).await??;
        self.headers_verified += 1;
        Ok(sealed)
    }

    /// The block between where we stood and the head, as the endpoint that showed the head has it.
    async fn ours_at(
        &mut self,
        trusted: &VerifiedHeader,
        source: Option<usize>,
        number: u64,
    ) -> Option<VerifiedHeader> {
        let source = source.filter(|_| number > trusted.number())?;
        let header = self.header_from(source, Asked::Number(number)).await.ok()?;
        self.verify_from(source, trusted, &header, Asked::Number(number)).await.ok()
    }

    /// Judges another sealed block at a height that we have verified: a lie, unless validators we trust have sealed
    /// it; then it is the evidence that ends everything.
    pub(super) fn conflict(
        &self,
        ours: &VerifiedHeader,
        sealed: &VerifiedHeader,
    ) -> Result<ClientError, ClientError> {
        let known = sealed.signers().iter().filter(|signer| ours.validators().contains(signer));
        if known.count() < ours.validators().trust_threshold() {
            let (number, expected, found) = (sealed.number(), ours.hash(), sealed.hash());
            return Ok(SyncError::Conflict { number, expected, found }.into());
        }
        Err(SyncError::equivocation(ours, sealed).into())
    }
}
