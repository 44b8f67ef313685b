//! The other endpoints as witnesses of the head: whoever shows another sealed block at a known height is evidence that
//! validators sealed two.

use lightclient::{
    Asked, Evidence, Header, TrustedCheckpoint, VerifiedHeader, VerifyError, block_hash, verify_checkpoint,
    verify_header,
};

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
        let sealed = match self.sealed(theirs) {
            Ok(sealed) => sealed,
            Err(error) => return Ok(EndpointState::Lies(error.into())),
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

    /// Verifies the seals of a header by its own validators; whether we trust them is another question.
    pub(super) fn sealed(&mut self, header: &Header) -> Result<VerifiedHeader, VerifyError> {
        let rules = &self.client.network().rules;
        let own = TrustedCheckpoint { number: header.number, hash: block_hash(header, rules)? };
        let sealed = verify_checkpoint(&own, header, Evidence::None, rules)?;
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
        let asked = Asked::Number(number);
        let header = self.header_from(source, asked).await.ok()?;
        let ours =
            verify_header(trusted, &header, Evidence::None, asked, &self.client.network().rules, self.now)
                .ok()?;
        self.headers_verified += 1;
        Some(ours)
    }

    /// Judges another sealed block at a height that we have verified: a lie, unless validators we trust have sealed
    /// it; then it is the evidence that ends everything.
    pub(super) fn conflict(
        &self,
        ours: &VerifiedHeader,
        sealed: &VerifiedHeader,
    ) -> Result<ClientError, ClientError> {
        let (number, expected, found) = (sealed.number(), ours.hash(), sealed.hash());
        let known = sealed.signers().iter().filter(|signer| ours.validators().contains(signer));
        if known.count() < ours.validators().trust_threshold() {
            return Ok(SyncError::Conflict { number, expected, found }.into());
        }
        let double_signers =
            sealed.signers().iter().filter(|signer| ours.signers().contains(signer)).copied().collect();
        let error = SyncError::Equivocation {
            number,
            expected,
            found,
            first_header: ours.raw().encode().into(),
            second_header: sealed.raw().encode().into(),
            double_signers,
        };
        Err(error.into())
    }
}
