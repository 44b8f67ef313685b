//! The other endpoints as witnesses of the head: whoever shows another sealed block at a known height is evidence that
//! validators sealed two.

use alloy_primitives::B256;
use lightclient::{
    Asked, Header, TrustedCheckpoint, VerifiedHeader, VerifyError, verify_checkpoint, verify_header,
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
        let hash = match lightclient::qbft::block_hash(theirs) {
            Ok(hash) => hash,
            Err(error) => {
                return Ok(EndpointState::Lies(
                    VerifyError::ExtraData { number: theirs.number, source: error }.into(),
                ));
            }
        };
        let number = theirs.number;
        if number == head.number() {
            return if hash == head.hash() {
                Ok(EndpointState::Agrees)
            } else {
                self.conflict(head, theirs, hash)
            };
        }
        if number.checked_add(1) == Some(head.number()) && hash == head.parent_hash() {
            return Ok(EndpointState::Agrees);
        }
        if number == trusted.number() && hash != trusted.hash() {
            return self.conflict(trusted, theirs, hash);
        }
        if number <= trusted.number() {
            return Ok(EndpointState::Behind);
        }
        // Between where we stood and the head: let the head's endpoint show its block of that height.
        let Some(source) = source else { return Ok(EndpointState::Behind) };
        let asked = Asked::Number(number);
        let Ok(ours) = self.header_from(source, asked).await else { return Ok(EndpointState::Behind) };
        match verify_header(trusted, &ours, asked, &self.client.network().rules, self.now) {
            Ok(ours) if ours.hash() != hash => {
                self.headers_verified += 1;
                self.conflict(&ours, theirs, hash)
            }
            _ => Ok(EndpointState::Behind),
        }
    }

    /// Judges another block at a height that we have verified: a lie, unless validators we trust have sealed it.
    pub(super) fn conflict(
        &self,
        ours: &VerifiedHeader,
        theirs: &Header,
        hash: B256,
    ) -> Result<EndpointState, ClientError> {
        let own = TrustedCheckpoint { number: theirs.number, hash };
        let sealed = match verify_checkpoint(&own, theirs, &self.client.network().rules) {
            Ok(sealed) => sealed,
            Err(error) => return Ok(EndpointState::Lies(error.into())),
        };
        let known = sealed.signers().iter().filter(|signer| ours.validators().contains(signer));
        if known.count() < ours.validators().trust_threshold() {
            let error = SyncError::Conflict { number: theirs.number, expected: ours.hash(), found: hash };
            return Ok(EndpointState::Lies(error.into()));
        }
        let double_signers =
            sealed.signers().iter().filter(|signer| ours.signers().contains(signer)).copied().collect();
        let error = SyncError::Equivocation {
            number: theirs.number,
            expected: ours.hash(),
            found: hash,
            first_header: ours.raw().encode().into(),
            second_header: theirs.encode().into(),
            double_signers,
        };
        Err(error.into())
    }
}
