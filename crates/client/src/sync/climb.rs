//! The climb: from a trusted header to the newest one that an endpoint shows, in as few headers as trust allows.
//!
//! The Istanbul family (QBFT, IBFT 2.0, legacy IBFT) is climbed by bisection: the newest header at once, and where too
//! few of the validators we trust have sealed it, one half-way first. Where a contract holds the validators, each of
//! these headers comes with the proof of the contract's list. Clique is climbed over its checkpoints, which list the
//! signers, and header by header where the set has changed too much for a skip.

use alloy_primitives::{Address, B256};
use lightclient::{
    Asked, BlockNumber, Evidence, Header, SealScheme, ValidatorListError, ValidatorProof, VerifiedHeader,
    VerifyError, block_hash, unite_seals, validator_slots, verify_header,
};

use super::SyncError;
use super::round::Round;
use crate::error::ClientError;
use crate::join::join_all;
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::rpc::{RpcCall, RpcError, decode_header, decode_proof};

impl<P: Platform> Round<'_, P> {
    /// Climbs from a trusted header to an endpoint's latest.
    pub(super) async fn climb_from(
        &mut self,
        index: usize,
        trusted: &VerifiedHeader,
        latest: Header,
    ) -> Result<VerifiedHeader, ClientError> {
        match self.scheme(latest.number) {
            SealScheme::Clique => self.climb_clique(index, trusted, latest.number).await,
            _ => self.bisect(index, trusted, latest).await,
        }
    }

    /// Tells how many of the blocks from trust to the newest are behind us.
    pub(super) fn tell(&self, trusted: &VerifiedHeader, reached: &VerifiedHeader, newest: BlockNumber) {
        let from = trusted.number();
        let (done, total) = (reached.number().saturating_sub(from), newest.saturating_sub(from));
        self.client.platform().progress(Progress::of(Step::Sync, done, total));
    }

    /// How a block is sealed.
    pub(super) fn scheme(&self, number: BlockNumber) -> SealScheme {
        self.client.network().rules.schedule.at(number).scheme
    }

    /// The newest header, and where trust does not reach, one half-way first.
    async fn bisect(
        &mut self,
        index: usize,
        trusted: &VerifiedHeader,
        latest: Header,
    ) -> Result<VerifiedHeader, ClientError> {
        let number = latest.number;
        let mut reached = trusted.clone();
        let mut ahead = vec![(latest, Asked::Latest)];
        let mut steps = 0;
        while let Some((header, asked)) = ahead.last() {
            match self.verify_from(index, &reached, header, *asked).await {
                Ok(verified) => {
                    self.tell(trusted, &verified, number);
                    reached = verified;
                    ahead.pop();
                }
                Err(error) if error.is_not_enough_trust() => {
                    let between = reached.number().midpoint(header.number);
                    if between <= reached.number() || between >= header.number {
                        return Err(error);
                    }
                    steps += 1;
                    if steps > MAX_STEPS {
                        return Err(SyncError::TooManySteps { number, limit: MAX_STEPS }.into());
                    }
                    let asked = Asked::Number(between);
                    ahead.push((self.header_from(index, asked).await?, asked));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    /// Verifies a header of the Istanbul family, with the proof of its validators if a contract holds them.
    pub(super) async fn verify_from(
        &mut self,
        index: usize,
        reached: &VerifiedHeader,
        header: &Header,
        asked: Asked,
    ) -> Result<VerifiedHeader, ClientError> {
        let result = match self.verify_once(index, reached, header, asked).await? {
            Err(error @ VerifyError::NotEnoughSeals { .. }) => {
                let united = self.unite_seals(index, header).await;
                if united == *header {
                    Err(error)
                } else {
                    self.verify_once(index, reached, &united, asked).await?
                }
            }
            result => result,
        };
        match result {
            Ok(verified) => {
                self.headers_verified += 1;
                Ok(verified)
            }
            // Sealed, but on top of another block than the one we verified: that block may be the evidence.
            Err(error @ VerifyError::Parent { found, .. }) => {
                if let Ok(parent) = self.header_from(index, Asked::Hash(found)).await
                    && let Ok(sealed) = self.sealed(index, &parent).await
                    && (sealed.number(), sealed.hash()) == (reached.number(), found)
                {
                    return Err(self.conflict(reached, &sealed)?);
                }
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn verify_once(
        &self,
        index: usize,
        reached: &VerifiedHeader,
        header: &Header,
        asked: Asked,
    ) -> Result<Result<VerifiedHeader, VerifyError>, ClientError> {
        let (rules, now) = (&self.client.network().rules, self.now);
        let verify = |evidence: Evidence<'_>| verify_header(reached, header, evidence, asked, rules, now);
        self.with_validators(index, header, reached.validators().len(), verify).await
    }

    /// The header with the seals that the other endpoints have of the same block: each node keeps those it got first.
    async fn unite_seals(&self, index: usize, header: &Header) -> Header {
        let rules = &self.client.network().rules;
        let Ok(hash) = block_hash(header, rules) else { return header.clone() };
        let others = (0..self.client.network().endpoints.len()).filter(|other| *other != index);
        let asking = others.map(|other| self.header_from(other, Asked::Hash(hash))).collect();
        // Whoever does not have the block, or shows another one, adds nothing.
        let others: Vec<Header> = join_all(asking).await.into_iter().filter_map(Result::ok).collect();
        unite_seals(header, &others, rules)
    }

    /// Verifies a header, with the proof of its validators if a contract holds them: so many, or as many as there are.
    pub(super) async fn with_validators(
        &self,
        index: usize,
        header: &Header,
        count: usize,
        verify: impl Fn(Evidence<'_>) -> Result<VerifiedHeader, VerifyError>,
    ) -> Result<Result<VerifiedHeader, VerifyError>, ClientError> {
        let SealScheme::QbftContract { address, slot } = self.scheme(header.number) else {
            return Ok(verify(Evidence::None));
        };
        let proof = self.validator_proof(index, header, address, &validator_slots(slot, count)).await?;
        let result = verify(Evidence::Validators(&proof));
        let Err(VerifyError::ValidatorList { source: ValidatorListError::Length { expected, .. }, .. }) =
            &result
        else {
            return Ok(result);
        };
        // The length is proven: ask once more, for as many.
        let count = expected.saturating_to::<usize>();
        if count > MAX_VALIDATORS {
            return Ok(result);
        }
        let proof = self.validator_proof(index, header, address, &validator_slots(slot, count)).await?;
        Ok(verify(Evidence::Validators(&proof)))
    }

    /// Asks for the header before a block and for these slots of the validators' contract in that one's state.
    async fn validator_proof(
        &self,
        index: usize,
        header: &Header,
        contract: Address,
        slots: &[B256],
    ) -> Result<ValidatorProof, ClientError> {
        let is_genesis = header.number == 0;
        let proof = RpcCall::proof(contract, slots, header.number.saturating_sub(1));
        // The genesis block has none before it: its own state says who seals the next one.
        let calls = [proof, RpcCall::header(Asked::Hash(header.parent_hash))];
        let calls = if is_genesis { calls.split_at(1).0 } else { &calls };
        let mut answers = self.ask(index, calls).await?.into_iter();
        let mut next = || answers.next().unwrap_or(Err(RpcError::Absent { what: "answer" }));
        let answer = decode_proof(&next()?, slots)?;
        let header = if is_genesis { header.clone() } else { decode_header(&next()?)? };
        Ok(ValidatorProof {
            header,
            account_proof: answer.account_proof,
            // Besu lists no slots of an absent account; the list is proven empty then.
            storage_proofs: answer.storage.into_iter().map(Option::unwrap_or_default).collect(),
        })
    }
}

/// Headers that one climb may fetch between trust and head: 20 doublings of a chain whose whole set changed thrice.
const MAX_STEPS: u64 = 64;
/// Validators in a contract that are asked for.
const MAX_VALIDATORS: usize = 256;
