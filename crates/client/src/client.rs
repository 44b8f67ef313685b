//! The client of one network: its description, its platform, and the little that it remembers between calls.
//!
//! It remembers the highest head it has verified (which never goes back), which endpoint lied when, and, once two
//! sealed headers at one height were seen, that nothing of this chain may be believed any more. No lock is held while
//! waiting for anything.

use core::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lightclient::{Fault, ProvenSlot, UnixTime, VerifiedHeader};
use protocol::network::Network;

use crate::error::{ClientError, EndpointFailure, Problem};
use crate::ports::Platform;
use crate::rpc::{Endpoint, TIMEOUT_MILLIS};
use crate::sync::SyncError;

/// A light client of one network. Share it by reference or `Arc`; all methods take `&self`.
#[derive(Debug)]
pub struct Client<P> {
    network: Network,
    platform: P,
    memory: Mutex<Memory>,
}

/// A verified header on which the registry of the described network was found: what reads are proven against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub(crate) header: VerifiedHeader,
    pub(crate) network_id: ProvenSlot,
}

impl Head {
    /// The verified header.
    #[must_use]
    pub const fn header(&self) -> &VerifiedHeader {
        &self.header
    }

    /// The slot of the registry that holds the network id, proven under this header.
    #[must_use]
    pub const fn network_id(&self) -> &ProvenSlot {
        &self.network_id
    }
}

/// What a client remembers between calls.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The highest head so far.
    pub(crate) head: Option<Head>,
    /// Set once and for all when an equivocation was seen.
    pub(crate) frozen: Option<ClientError>,
    /// One for each endpoint of the network description, in its order.
    pub(crate) sources: Vec<Source>,
}

/// What is remembered of one endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    /// The newest block it has shown, believed or not.
    pub(crate) block: Option<u64>,
    /// The last proof of it that did not verify, and when we noticed.
    pub(crate) lie: Option<(ClientError, UnixTime)>,
    /// Whether it was of no use the last time: silent, or its header did not verify.
    pub(crate) failing: bool,
    /// How long its last answer took.
    pub(crate) latency_millis: u64,
}

impl<P: Platform> Client<P> {
    /// Makes a client that knows nothing yet; call [`sync`](Self::sync) first.
    pub fn new(network: Network, platform: P) -> Self {
        let sources = vec![Source::default(); network.endpoints.len()];
        Self { network, platform, memory: Mutex::new(Memory { head: None, frozen: None, sources }) }
    }

    /// The network's description.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The platform that the client runs on.
    pub const fn platform(&self) -> &P {
        &self.platform
    }

    /// Ends the client and returns its platform.
    pub fn into_platform(self) -> P {
        self.platform
    }

    /// The highest verified head.
    ///
    /// # Errors
    /// [`SyncError::NoHead`] before the first successful sync, [`SyncError::Equivocation`] for ever after one was seen.
    pub fn head(&self) -> Result<Head, ClientError> {
        let memory = self.memory();
        if let Some(frozen) = &memory.frozen {
            return Err(frozen.clone());
        }
        memory.head.clone().ok_or_else(|| SyncError::NoHead.into())
    }

    /// Returns the head if it is young enough to act upon.
    ///
    /// # Errors
    /// As [`head`](Self::head), and [`SyncError::StaleHead`].
    pub fn fresh_head(&self) -> Result<Head, ClientError> {
        let head = self.head()?;
        let age_seconds = self.platform.now().saturating_sub(head.header.timestamp());
        if age_seconds > self.network.max_head_age {
            let error = SyncError::StaleHead {
                number: head.header.number(),
                limit_seconds: self.network.max_head_age,
                age_seconds,
            };
            return Err(error.into());
        }
        Ok(head)
    }

    /// Locks the memory; never held across an await.
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        // A panic while the lock was held cannot leave it half-written: each write is one assignment.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The endpoint at this place of the network description.
    pub(crate) fn endpoint<'a>(&'a self, index: usize, requests: &'a AtomicU64) -> Option<Endpoint<'a, P>> {
        let url = self.network.endpoints.get(index)?;
        let memory = self.memory();
        let is_failing = memory.sources.get(index).is_some_and(|source| source.failing);
        let has_better = memory.sources.iter().any(|source| !source.failing);
        // Nobody shall wait for an endpoint that did not answer before while others do.
        let timeout_millis = if is_failing && has_better { IMPATIENT_MILLIS } else { TIMEOUT_MILLIS };
        Some(Endpoint { http: &self.platform, url, requests, timeout_millis })
    }

    /// All endpoints, in the order of the network description.
    pub(crate) fn endpoints<'a>(&'a self, requests: &'a AtomicU64) -> Vec<Endpoint<'a, P>> {
        (0..self.network.endpoints.len()).filter_map(|index| self.endpoint(index, requests)).collect()
    }

    /// The endpoints in the order in which to ask for something at this height: first those that have the block, then
    /// those that may be behind, then those that failed, last those whose proofs were wrong lately; among equals the
    /// quicker first.
    pub(crate) fn reading_order(&self, number: u64) -> Vec<usize> {
        let now = self.platform.now();
        let memory = self.memory();
        let mut order: Vec<usize> = (0..memory.sources.len()).collect();
        order.sort_by_key(|index| {
            memory.sources.get(*index).map(|source| {
                let is_behind = source.block.is_none_or(|block| block < number);
                // Only a noticeable difference counts, so that the operator's order holds among equals.
                let pace = source.latency_millis / NOTICEABLE_MILLIS;
                (source.lied_lately(now), source.failing, is_behind, pace)
            })
        });
        order
    }

    /// Remembers how an endpoint failed.
    pub(crate) fn note_failure(&self, index: usize, error: &ClientError) {
        let now = self.platform.now();
        if let Some(source) = self.memory().sources.get_mut(index) {
            match error.fault() {
                Fault::Peer => source.lie = Some((error.clone(), now)),
                Fault::Unavailable => source.failing = true,
                Fault::Caller => {}
            }
        }
    }
}

impl Source {
    /// Whether it lied so lately that it is asked last.
    pub(crate) fn lied_lately(&self, now: UnixTime) -> bool {
        self.lie.as_ref().is_some_and(|(_, at)| now.saturating_sub(*at) < DISTRUST_SECONDS)
    }
}

/// Makes one error of the failures of all endpoints: the first that is more than silence, else that nobody answered.
pub(crate) fn none_answered(failures: Vec<ClientError>) -> ClientError {
    if let Some(telling) = failures.iter().find(|error| error.fault() != Fault::Unavailable) {
        return telling.clone();
    }
    let endpoints = failures
        .into_iter()
        .map(|error| EndpointFailure {
            code: error.code(),
            reason: error.problem.to_string(),
            url: error.endpoint.unwrap_or_default(),
        })
        .collect();
    ClientError::from(Problem::Unreachable { endpoints })
}

/// How long it may take if it failed the last time and others did not.
const IMPATIENT_MILLIS: u64 = 1_000;
/// A difference in latency below this says nothing.
const NOTICEABLE_MILLIS: u64 = 250;
/// How long an endpoint that lied is asked last.
const DISTRUST_SECONDS: u64 = 60;
