//! One sync, step by step: where we stand, what the endpoints show, the climb to the highest header, the binding to the
//! network, the report.

use core::sync::atomic::{AtomicU64, Ordering};

use lightclient::{Asked, Evidence, Fault, Header, UnixTime, VerifiedHeader, verify_checkpoint};
use protocol::layout::NetworkIdQuery;
use protocol::network::Network;
use serde_json::Value;

use super::{Ancestry, EndpointReport, EndpointState, SyncError, SyncReport, SyncStart};
use crate::client::{Client, Head, none_answered};
use crate::error::ClientError;
use crate::head_store::{encode_stored_head, verify_stored_head};
use crate::join::join_all;
use crate::ports::{Platform, StoreError};
use crate::rpc::{Endpoint, RpcCall, RpcError, decode_header};
use crate::state::check_code;

/// One sync.
pub(super) struct Round<'a, P> {
    pub(super) client: &'a Client<P>,
    /// The client's network, or the same with a checkpoint that operators have signed.
    pub(super) network: &'a Network,
    pub(super) now: UnixTime,
    pub(super) requests: AtomicU64,
    pub(super) headers_verified: u64,
}

/// How far a climb got, by whom, and what binds it to where it began.
pub(super) struct Climbed {
    pub(super) head: VerifiedHeader,
    pub(super) source: Option<usize>,
    ancestry: Ancestry,
}

/// What one endpoint showed at the beginning of a sync.
pub(super) struct Sighting {
    pub(super) latest: Result<Header, ClientError>,
    checkpoint: Option<Result<Header, ClientError>>,
    latency_millis: u64,
    /// What it did wrong since.
    pub(super) failure: Option<ClientError>,
}

impl<'a, P: Platform> Round<'a, P> {
    pub(super) fn new(client: &'a Client<P>, network: &'a Network) -> Self {
        let now = client.platform().now();
        Self { client, network, now, requests: AtomicU64::new(0), headers_verified: 0 }
    }

    pub(super) async fn run(&mut self) -> Result<SyncReport, ClientError> {
        let (known, start) = self.known_head().await;
        let mut sightings = self.look(known.is_none()).await;
        let trusted = match known {
            Some(known) => known,
            None => self.checkpoint(&mut sightings).await?,
        };
        self.advance(trusted, start, sightings).await
    }

    /// Goes on from a verified header to the newest that the endpoints show, as far as that verifies.
    pub(super) async fn advance(
        &mut self,
        trusted: VerifiedHeader,
        start: SyncStart,
        mut sightings: Vec<Sighting>,
    ) -> Result<SyncReport, ClientError> {
        let Climbed { head, source, ancestry } = self.climb(&trusted, &mut sightings).await?;
        let mut states = Vec::with_capacity(sightings.len());
        for (index, sighting) in sightings.iter().enumerate() {
            states.push(self.judge(&trusted, &head, source, index, sighting).await?);
        }
        self.remember(&sightings, &states);
        let anyone_with_us =
            states.iter().any(|state| matches!(state, EndpointState::Agrees | EndpointState::Behind));
        let bound = match self.known_binding(&head) {
            Some(bound) if anyone_with_us || !is_our_fault(&states) => bound,
            None if anyone_with_us => self.bind(head).await?,
            _ => {
                let urls = &self.client.network().endpoints;
                let failures = states.into_iter().zip(urls).filter_map(|(state, url)| state.at(url).error());
                return Err(none_answered(failures.collect()));
            }
        };
        let (bound, not_saved) = self.commit(bound).await;
        Ok(self.report(bound, ancestry, start, not_saved, &sightings, states))
    }

    /// The head to start from, if one is known, and where it comes from.
    pub(super) async fn known_head(&mut self) -> (Option<VerifiedHeader>, SyncStart) {
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
    pub(super) async fn look(&self, with_checkpoint: bool) -> Vec<Sighting> {
        let platform = self.client.platform();
        let checkpoint = with_checkpoint.then_some(self.network.checkpoint.number);
        let asking = self
            .client
            .endpoints(&self.requests)
            .into_iter()
            .map(|endpoint| look_from(platform, endpoint, checkpoint))
            .collect();
        join_all(asking).await
    }

    /// Verifies the trusted checkpoint's header; whoever shows another one is found out here.
    pub(super) async fn checkpoint(
        &mut self,
        sightings: &mut [Sighting],
    ) -> Result<VerifiedHeader, ClientError> {
        let network = self.network;
        let mut failures = Vec::new();
        let mut verified = None;
        for (index, (sighting, url)) in sightings.iter_mut().zip(&network.endpoints).enumerate() {
            let header = match &sighting.checkpoint {
                Some(Ok(header)) => self.verify_checkpoint(index, header).await,
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

    /// The checkpoint's header; its validators are in it, in the description, or in a contract.
    async fn verify_checkpoint(&self, index: usize, header: &Header) -> Result<VerifiedHeader, ClientError> {
        let network = self.network;
        let verify =
            |evidence: Evidence<'_>| verify_checkpoint(&network.checkpoint, header, evidence, &network.rules);
        if let Some(validators) = &network.checkpoint_validators {
            return Ok(verify(Evidence::Known { validators, time: header.timestamp })?);
        }
        Ok(self.with_validators(index, header, FEW_VALIDATORS, verify).await??)
    }

    /// Climbs to the highest header that verifies; returns it with the endpoint that showed it, or where we stood.
    pub(super) async fn climb(
        &mut self,
        trusted: &VerifiedHeader,
        sightings: &mut [Sighting],
    ) -> Result<Climbed, ClientError> {
        let mut candidates: Vec<(usize, Header)> = sightings
            .iter()
            .enumerate()
            .filter(|(_, sighting)| sighting.failure.is_none())
            .filter_map(|(index, sighting)| Some((index, sighting.latest.as_ref().ok()?.clone())))
            .filter(|(_, header)| header.number > trusted.number())
            .collect();
        candidates.sort_by_key(|(_, header)| core::cmp::Reverse(header.number));
        for (index, header) in candidates {
            match self.climb_and_bind(index, trusted, header).await {
                Ok((head, ancestry)) => return Ok(Climbed { head, source: Some(index), ancestry }),
                Err(error) if error.is_equivocation() => return Err(error),
                Err(error) => {
                    if let Some(sighting) = sightings.get_mut(index) {
                        sighting.failure = Some(error);
                    }
                }
            }
        }
        Ok(Climbed { head: trusted.clone(), source: None, ancestry: Ancestry::Parents })
    }

    async fn climb_and_bind(
        &mut self,
        index: usize,
        trusted: &VerifiedHeader,
        latest: Header,
    ) -> Result<(VerifiedHeader, Ancestry), ClientError> {
        let head = self.climb_from(index, trusted, latest).await?;
        let ancestry = self.bind_ancestry(index, trusted, &head).await?;
        Ok((head, ancestry))
    }

    /// Asks one endpoint for a header.
    pub(super) async fn header_from(&self, index: usize, asked: Asked) -> Result<Header, ClientError> {
        let answer = self.ask(index, &[RpcCall::header(asked)]).await?.pop();
        Ok(decode_header(&answer.unwrap_or(Err(RpcError::Absent { what: "answer" }))?)?)
    }

    /// Asks one endpoint.
    pub(super) async fn ask(
        &self,
        index: usize,
        calls: &[RpcCall],
    ) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        match self.client.endpoint(index, &self.requests) {
            Some(endpoint) => endpoint.ask(calls).await,
            None => Err(RpcError::Absent { what: "such endpoint" }),
        }
    }

    /// Remembers what the endpoints did, for the order in which they are asked.
    fn remember(&self, sightings: &[Sighting], states: &[EndpointState]) {
        let mut memory = self.client.memory();
        for ((source, sighting), state) in memory.sources.iter_mut().zip(sightings).zip(states) {
            source.block = sighting.latest.as_ref().ok().map(|header| header.number);
            source.latency_millis = sighting.latency_millis;
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
    pub(super) async fn commit(&self, head: Head) -> (Head, Option<StoreError>) {
        {
            let mut memory = self.client.memory();
            match &memory.head {
                Some(known) if known.header.number() >= head.header.number() => return (known.clone(), None),
                _ => memory.head = Some(head.clone()),
            }
        }
        let network = self.client.network();
        let stored = encode_stored_head(&head.header);
        // Another tab may have got further; what is damaged is replaced.
        let replaces = |kept: &[u8]| is_stored_before(kept, head.header.number(), network);
        let saved = self.client.platform().save_head(network.network_id, stored, replaces).await;
        (head, saved.err())
    }

    fn report(
        &self,
        head: Head,
        ancestry: Ancestry,
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
            ancestry,
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

/// Whether a stored head is of no use, or older than block `number`.
fn is_stored_before(stored: &[u8], number: u64, network: &Network) -> bool {
    verify_stored_head(stored, &network.checkpoint, &network.rules)
        .map_or(true, |kept| kept.number() < number)
}

/// How many validators a contract is asked for before any are known.
const FEW_VALIDATORS: usize = 4;

/// Whether our own clock or checkpoint is what keeps every endpoint's header from being accepted.
fn is_our_fault(states: &[EndpointState]) -> bool {
    states.iter().any(|state| matches!(state, EndpointState::Lies(error) if error.fault() == Fault::Caller))
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
    let read = |answer: Option<Result<Value, RpcError>>| {
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
