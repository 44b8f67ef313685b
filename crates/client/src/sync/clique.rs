//! Clique: over the checkpoints to the head, and header by header where the signers have changed too much.
//!
//! A Clique header counts once more than half of the signers stand on it, so the head is always some headers behind the
//! newest. A skip is one run of headers: the target and those on top of it. It goes to the last checkpoint before the
//! head first, because a checkpoint lists the signers, so that the trusted set never grows older than an epoch.
//! Where a skip has too little support the way leads over a checkpoint in between, and from a checkpoint to the next
//! over every header (*walking*), which is exact.

use lightclient::{Asked, BlockNumber, Evidence, Header, VerifiedHeader, VerifyError, rewalk, verify_header};

use super::SyncError;
use super::round::Round;
use crate::error::{ClientError, Problem};
use crate::ports::Platform;
use crate::rpc::{RpcCall, RpcError, decode_header};

impl<P: Platform> Round<'_, P> {
    /// Climbs to the newest block that enough signers stand on.
    pub(super) async fn climb_clique(
        &mut self,
        index: usize,
        trusted: &VerifiedHeader,
        newest: BlockNumber,
    ) -> Result<VerifiedHeader, ClientError> {
        let mut reached = trusted.clone();
        let target = newest.saturating_sub(depth(&reached));
        let mut ahead = vec![target];
        let checkpoint = target - target % self.epoch_length(target);
        let is_near = reached.can_walk() && target.saturating_sub(reached.number()) <= WALK_AT_ONCE;
        if checkpoint > reached.number() && checkpoint < target && !is_near {
            ahead.push(checkpoint);
        }
        while let Some(&next) = ahead.last() {
            self.tell(trusted, &reached, newest);
            if next <= reached.number() {
                ahead.pop();
                continue;
            }
            let is_near = reached.can_walk() && next - reached.number() <= WALK_AT_ONCE;
            let step = if is_near {
                self.walk(index, &reached, next, newest).await
            } else {
                self.skip(index, &reached, next, newest).await
            };
            match step {
                Ok(verified) => reached = verified,
                Err(error) if error.is_not_enough_trust() => match self.checkpoint_between(&reached, next) {
                    Some(between) => ahead.push(between),
                    None => {
                        if !reached.can_walk() {
                            reached = self.walk_again(index, &reached).await?;
                        }
                        let next = next.min(reached.number().saturating_add(WALK_AT_ONCE));
                        reached = self.walk(index, &reached, next, newest).await?;
                    }
                },
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    /// One run of headers: the target, and what stands on it.
    async fn skip(
        &mut self,
        index: usize,
        reached: &VerifiedHeader,
        target: BlockNumber,
        newest: BlockNumber,
    ) -> Result<VerifiedHeader, ClientError> {
        let last = newest.min(target.saturating_add(2 * depth(reached)));
        let headers = self.headers_from(index, target, last).await?;
        let Some((header, descendants)) = headers.split_first() else {
            return Err(RpcError::Absent { what: "such block" }.into());
        };
        self.verify_chain(reached, &[], header, descendants)
    }

    /// All headers from the trusted one to the target, and what stands on it.
    async fn walk(
        &mut self,
        index: usize,
        reached: &VerifiedHeader,
        target: BlockNumber,
        newest: BlockNumber,
    ) -> Result<VerifiedHeader, ClientError> {
        let last = newest.min(target.saturating_add(2 * depth(reached)));
        let headers = self.headers_from(index, reached.number().saturating_add(1), last).await?;
        let place = usize::try_from(target.saturating_sub(reached.number())).unwrap_or(usize::MAX);
        let (until, descendants) = headers.split_at_checked(place).unwrap_or((&headers, &[]));
        let Some((header, ancestors)) = until.split_last() else {
            return Err(RpcError::Absent { what: "such block" }.into());
        };
        self.verify_chain(reached, ancestors, header, descendants)
    }

    fn verify_chain(
        &mut self,
        reached: &VerifiedHeader,
        ancestors: &[Header],
        header: &Header,
        descendants: &[Header],
    ) -> Result<VerifiedHeader, ClientError> {
        let evidence = Evidence::Chain { ancestors, descendants };
        let asked = Asked::Number(header.number);
        let verified =
            verify_header(reached, header, evidence, asked, &self.client.network().rules, self.now)?;
        self.headers_verified += 1 + (ancestors.len() + descendants.len()) as u64;
        Ok(verified)
    }

    /// Goes back to the checkpoint before a header and comes again, header by header, so that its votes are known.
    async fn walk_again(
        &mut self,
        index: usize,
        reached: &VerifiedHeader,
    ) -> Result<VerifiedHeader, ClientError> {
        let number = reached.number();
        let mut from = number - number % self.epoch_length(number);
        if number - from > MAX_WALK {
            return Err(SyncError::TooManySteps { number, limit: MAX_WALK }.into());
        }
        let mut headers = Vec::new();
        while from <= number {
            let to = number.min(from.saturating_add(WALK_AT_ONCE));
            headers.append(&mut self.headers_from(index, from, to).await?);
            from = to.saturating_add(1);
        }
        let verified = rewalk(reached, &headers, &self.client.network().rules)?;
        self.headers_verified += headers.len() as u64;
        Ok(verified)
    }

    /// The checkpoint half-way between two headers, if there is one strictly between them.
    fn checkpoint_between(&self, reached: &VerifiedHeader, next: BlockNumber) -> Option<BlockNumber> {
        let half_way = reached.number().midpoint(next);
        let epoch_length = self.epoch_length(next);
        let before = half_way - half_way % epoch_length;
        let is_between = |number: &BlockNumber| *number > reached.number() && *number < next;
        Some(before).filter(is_between).or_else(|| before.checked_add(epoch_length).filter(is_between))
    }

    fn epoch_length(&self, number: BlockNumber) -> u64 {
        self.client.network().rules.schedule.at(number).epoch_length.max(1)
    }

    /// Asks one endpoint for a run of headers.
    pub(super) async fn headers_from(
        &self,
        index: usize,
        from: BlockNumber,
        to: BlockNumber,
    ) -> Result<Vec<Header>, ClientError> {
        let calls: Vec<RpcCall> = (from..=to).map(|number| RpcCall::header(Asked::Number(number))).collect();
        let answers = self.ask(index, &calls).await?;
        let headers: Result<Vec<Header>, RpcError> =
            answers.into_iter().map(|answer| decode_header(&answer?)).collect();
        let headers = headers?;
        match headers.iter().zip(from..).find(|(header, number)| header.number != *number) {
            Some((header, expected)) => Err(VerifyError::Number { expected, found: header.number }.into()),
            None => Ok(headers),
        }
    }
}

impl ClientError {
    /// Whether a header in between would help.
    pub(super) fn is_not_enough_trust(&self) -> bool {
        matches!(&*self.problem, Problem::Header(VerifyError::NotEnoughTrust { .. }))
    }
}

/// Headers that must follow on a block before it can count: floor(n/2), and one at least.
pub(super) fn depth(trusted: &VerifiedHeader) -> u64 {
    (trusted.validators().len() as u64 / 2).max(1)
}

/// Headers that are walked with one request: about half a megabyte of JSON.
const WALK_AT_ONCE: u64 = 256;
/// The most headers from a checkpoint: an epoch as go-ethereum has it by default, and some.
const MAX_WALK: u64 = 40_000;
