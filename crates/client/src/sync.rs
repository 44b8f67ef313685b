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

use core::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256, Bytes};
use lightclient::{
    Asked, Fault, Header, ProvenSlot, TrustedCheckpoint, UnixTime, VerifiedHeader, VerifyError,
    verify_checkpoint, verify_header,
};
use protocol::layout::NetworkIdQuery;

use crate::client::{Client, Head, none_answered};
use crate::error::ClientError;
use crate::head_store::{StoredHeadError, encode_stored_head, verify_stored_head};
use crate::join::join_all;
use crate::ports::{Platform, StoreError};
use crate::rpc::{Endpoint, RpcCall, RpcError, decode_header};
use crate::state::check_code;

/// Where the client stands after a sync, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncReport {
    /// The highest verified header.
    pub head: VerifiedHeader,
    /// The registry's network id, proven under the head.
    pub network_id: ProvenSlot,
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
    /// Headers verified on the way to the head.
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
}

/// Why a client does not stand where it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
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
            Self::Conflict { .. }
            | Self::Equivocation { .. }
            | Self::TooManySteps { .. }
            | Self::WrongNetwork { .. } => Fault::Peer,
            Self::StaleHead { .. } => Fault::Unavailable,
            Self::NoHead => Fault::Caller,
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
        if let Some(frozen) = &self.memory().frozen {
            return Err(frozen.clone());
        }
        let mut round = Round {
            client: self,
            now: self.platform().now(),
            requests: AtomicU64::new(0),
            headers_verified: 0,
        };
        let result = round.run().await;
        if let Err(error) = &result
            && error.is_equivocation()
        {
            self.memory().frozen = Some(error.clone());
        }
        result
    }
}

/// One sync.
struct Round<'a, P> {
    client: &'a Client<P>,
    now: UnixTime,
    requests: AtomicU64,
    headers_verified: u64,
}

/// What one endpoint showed at the beginning of a sync.
struct Sighting {
    latest: Result<Header, ClientError>,
    checkpoint: Option<Result<Header, ClientError>>,
    latency_millis: u64,
    /// What it did wrong since.
    failure: Option<ClientError>,
}

impl<P: Platform> Round<'_, P> {
    async fn run(&mut self) -> Result<SyncReport, ClientError> {
        let (known, start) = self.known_head().await;
        let mut sightings = self.look(known.is_none()).await;
        let trusted = match known {
            Some(known) => known,
            None => self.checkpoint(&mut sightings)?,
        };
        let (head, source) = self.climb(&trusted, &mut sightings).await?;
        let mut states = Vec::with_capacity(sightings.len());
        for (index, sighting) in sightings.iter().enumerate() {
            states.push(self.judge(&trusted, &head, source, index, sighting).await?);
        }
        self.remember(&sightings, &states);
        let anyone_with_us =
            states.iter().any(|state| matches!(state, EndpointState::Agrees | EndpointState::Behind));
        let bound = match self.known_binding(&head) {
            Some(bound) => bound,
            None if anyone_with_us => self.bind(head).await?,
            None => {
                let urls = &self.client.network().endpoints;
                let failures = states.into_iter().zip(urls).filter_map(|(state, url)| state.at(url).error());
                return Err(none_answered(failures.collect()));
            }
        };
        let (bound, not_saved) = self.commit(bound).await;
        Ok(self.report(bound, start, not_saved, &sightings, states))
    }

    /// The head to start from, if one is known, and where it comes from.
    async fn known_head(&mut self) -> (Option<VerifiedHeader>, SyncStart) {
        let network = self.client.network();
        let known = self.client.memory().head.clone();
        if let Some(head) = known {
            let number = head.header.number();
            return (Some(head.header), SyncStart::Head { number });
        }
        match self.client.platform().load_head(network.network_id).await {
            Ok(Some(bytes)) => match verify_stored_head(&bytes, &network.checkpoint, &network.rules) {
                Ok(head) => {
                    self.headers_verified += 1;
                    let number = head.number();
                    (Some(head), SyncStart::Stored { number })
                }
                Err(error) => (None, SyncStart::CheckpointAfterDamage(error)),
            },
            Ok(None) => (None, SyncStart::Checkpoint),
            Err(error) => (None, SyncStart::CheckpointWithoutStore(error)),
        }
    }

    /// Asks all endpoints at once for their latest header, and for the checkpoint's if it is needed.
    async fn look(&self, with_checkpoint: bool) -> Vec<Sighting> {
        let platform = self.client.platform();
        let checkpoint = with_checkpoint.then_some(self.client.network().checkpoint.number);
        let asking = self
            .client
            .network()
            .endpoints
            .iter()
            .map(|url| {
                let endpoint = Endpoint { http: platform, url, requests: &self.requests };
                look_from(platform, endpoint, checkpoint)
            })
            .collect();
        join_all(asking).await
    }

    /// Verifies the trusted checkpoint's header; whoever shows another one is found out here.
    fn checkpoint(&mut self, sightings: &mut [Sighting]) -> Result<VerifiedHeader, ClientError> {
        let network = self.client.network();
        let mut failures = Vec::new();
        let mut verified = None;
        for (sighting, url) in sightings.iter_mut().zip(&network.endpoints) {
            let header = match &sighting.checkpoint {
                Some(Ok(header)) => {
                    verify_checkpoint(&network.checkpoint, header, &network.rules).map_err(ClientError::from)
                }
                Some(Err(error)) => Err(error.clone()),
                None => continue,
            };
            match header {
                Ok(header) => {
                    verified.get_or_insert(header);
                }
                Err(error) => {
                    // Whoever shows another checkpoint is not asked for anything else.
                    sighting.failure = Some(error.clone()).filter(|error| error.fault() == Fault::Peer);
                    failures.push(error.at(url));
                }
            }
        }
        self.headers_verified += u64::from(verified.is_some());
        verified.ok_or_else(|| none_answered(failures))
    }

    /// Climbs to the highest header that verifies; returns it with the endpoint that showed it, or where we stood.
    async fn climb(
        &mut self,
        trusted: &VerifiedHeader,
        sightings: &mut [Sighting],
    ) -> Result<(VerifiedHeader, Option<usize>), ClientError> {
        let mut candidates: Vec<(usize, Header)> = sightings
            .iter()
            .enumerate()
            .filter(|(_, sighting)| sighting.failure.is_none())
            .filter_map(|(index, sighting)| Some((index, sighting.latest.as_ref().ok()?.clone())))
            .filter(|(_, header)| header.number > trusted.number())
            .collect();
        candidates.sort_by_key(|(_, header)| core::cmp::Reverse(header.number));
        for (index, header) in candidates {
            match self.climb_from(index, trusted, header).await {
                Ok(head) => return Ok((head, Some(index))),
                // Our own checkpoint or clock is at fault, whatever the next endpoint says; or all is over.
                Err(error) if error.fault() == Fault::Caller || error.is_equivocation() => return Err(error),
                Err(error) => {
                    if let Some(sighting) = sightings.get_mut(index) {
                        sighting.failure = Some(error);
                    }
                }
            }
        }
        Ok((trusted.clone(), None))
    }

    /// Climbs from a trusted header to an endpoint's latest, by bisection where trust does not reach.
    async fn climb_from(
        &mut self,
        index: usize,
        trusted: &VerifiedHeader,
        latest: Header,
    ) -> Result<VerifiedHeader, ClientError> {
        let rules = &self.client.network().rules;
        let number = latest.number;
        let mut reached = trusted.clone();
        let mut ahead = vec![(latest, Asked::Latest)];
        let mut steps = 0;
        while let Some((header, asked)) = ahead.last() {
            match verify_header(&reached, header, *asked, rules, self.now) {
                Ok(verified) => {
                    self.headers_verified += 1;
                    reached = verified;
                    ahead.pop();
                }
                Err(error @ VerifyError::NotEnoughTrust { .. }) => {
                    let between = reached.number().midpoint(header.number);
                    if between <= reached.number() || between >= header.number {
                        return Err(error.into());
                    }
                    steps += 1;
                    if steps > MAX_STEPS {
                        return Err(SyncError::TooManySteps { number, limit: MAX_STEPS }.into());
                    }
                    let asked = Asked::Number(between);
                    ahead.push((self.header_from(index, asked).await?, asked));
                }
                // Sealed, but on top of another block than the one we verified: the proof is that block.
                Err(error @ VerifyError::Parent { found, .. }) => {
                    if let Ok(parent) = self.header_from(index, Asked::Hash(found)).await
                        && parent.number == reached.number()
                    {
                        self.conflict(&reached, &parent, found)?;
                    }
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(reached)
    }

    /// Asks one endpoint for a header.
    async fn header_from(&self, index: usize, asked: Asked) -> Result<Header, ClientError> {
        match self.client.endpoint(index, &self.requests) {
            Some(endpoint) => Ok(endpoint.header(asked).await?),
            None => Err(RpcError::Absent { what: "such endpoint" }.into()),
        }
    }

    /// Compares what an endpoint showed with the head; an error only for an equivocation.
    async fn judge(
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
    fn conflict(
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

    /// Remembers what the endpoints did, for the order in which they are asked.
    fn remember(&self, sightings: &[Sighting], states: &[EndpointState]) {
        let mut memory = self.client.memory();
        for ((source, sighting), state) in memory.sources.iter_mut().zip(sightings).zip(states) {
            source.block = sighting.latest.as_ref().ok().map(|header| header.number);
            source.failing = matches!(state, EndpointState::Unreachable(_) | EndpointState::Lies(_));
        }
    }

    /// The head as bound to the network before, if it is the same block.
    fn known_binding(&self, head: &VerifiedHeader) -> Option<Head> {
        let bound = self.client.memory().head.clone()?;
        (bound.header.hash() == head.hash()).then_some(bound)
    }

    /// Proves under a header that it belongs to the described network: the registry's code and its network id.
    async fn bind(&self, header: VerifiedHeader) -> Result<Head, ClientError> {
        let network = self.client.network();
        let slots = NetworkIdQuery.slots();
        let state = self.client.prove(&header, network.registry.address, &slots, &self.requests).await?;
        check_code(&network.registry, &state.account)?;
        let found = NetworkIdQuery.decode(network.registry.address, &state.slots)?;
        if found != network.network_id {
            let (number, expected) = (header.number(), network.network_id);
            return Err(SyncError::WrongNetwork { number, expected, found }.into());
        }
        let network_id = state.slots.into_iter().next().ok_or(RpcError::Absent { what: "network id" })?;
        Ok(Head { header, network_id })
    }

    /// Makes a head the client's head, unless another sync got further meanwhile, and stores it.
    async fn commit(&self, head: Head) -> (Head, Option<StoreError>) {
        {
            let mut memory = self.client.memory();
            match &memory.head {
                Some(known) if known.header.number() >= head.header.number() => return (known.clone(), None),
                _ => memory.head = Some(head.clone()),
            }
        }
        let stored = encode_stored_head(&head.header);
        let saved = self.client.platform().save_head(self.client.network().network_id, stored).await;
        (head, saved.err())
    }

    fn report(
        &self,
        head: Head,
        start: SyncStart,
        not_saved: Option<StoreError>,
        sightings: &[Sighting],
        states: Vec<EndpointState>,
    ) -> SyncReport {
        let network = self.client.network();
        let age_seconds = self.now.saturating_sub(head.header.timestamp());
        let lies: Vec<Option<ClientError>> = {
            let memory = self.client.memory();
            let lately = memory.sources.iter().map(|source| match &source.lie {
                Some((error, _)) if source.lied_lately(self.now) => Some(error.clone()),
                _ => None,
            });
            lately.collect()
        };
        let endpoints = network
            .endpoints
            .iter()
            .zip(sightings)
            .zip(states.into_iter().zip(lies))
            .map(|((url, sighting), (state, lie))| EndpointReport {
                url: url.clone(),
                block: sighting.latest.as_ref().ok().map(|header| header.number),
                latency_millis: sighting.latest.is_ok().then_some(sighting.latency_millis),
                state: match lie {
                    Some(error) => EndpointState::Lies(error.at(url)),
                    None => state.at(url),
                },
            })
            .collect();
        SyncReport {
            head: head.header,
            network_id: head.network_id,
            age_seconds,
            stale: age_seconds > network.max_head_age,
            endpoints,
            start,
            not_saved,
            requests: self.requests.load(Ordering::Relaxed),
            headers_verified: self.headers_verified,
        }
    }
}

impl EndpointState {
    /// A failure by its fault.
    fn failed(error: ClientError) -> Self {
        match error.fault() {
            Fault::Peer => Self::Lies(error),
            Fault::Caller | Fault::Unavailable => Self::Unreachable(error),
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

/// Asks one endpoint for its latest header, and for the checkpoint's in the same request.
async fn look_from<P: Platform>(
    platform: &P,
    endpoint: Endpoint<'_, P>,
    checkpoint: Option<u64>,
) -> Sighting {
    let mut calls = vec![RpcCall::header(Asked::Latest)];
    calls.extend(checkpoint.map(|number| RpcCall::header(Asked::Number(number))));
    let begun = platform.now_millis();
    let answers = endpoint.ask(&calls).await;
    let latency_millis = platform.now_millis().saturating_sub(begun);
    let read = |answer: Option<Result<serde_json::Value, RpcError>>| {
        let answer = answer.unwrap_or(Err(RpcError::Absent { what: "answer" }));
        answer.and_then(|answer| decode_header(&answer)).map_err(ClientError::from)
    };
    match answers {
        Ok(answers) => {
            let mut answers = answers.into_iter();
            let latest = read(answers.next());
            let checkpoint = checkpoint.map(|_| read(answers.next()));
            Sighting { latest, checkpoint, latency_millis, failure: None }
        }
        Err(error) => {
            let error = ClientError::from(error);
            let checkpoint = checkpoint.map(|_| Err(error.clone()));
            Sighting { latest: Err(error), checkpoint, latency_millis, failure: None }
        }
    }
}

/// Headers that one climb may fetch between trust and head: 20 doublings of a chain whose whole set changed thrice.
const MAX_STEPS: u64 = 64;

#[cfg(test)]
mod tests;
