//! The gatekeeper itself: from the bytes of a request to the bytes of a signed answer.
//!
//! A request passes through the same gates in the same order, and the first that is closed names itself: size, form,
//! audience, time, digest, signature (`protocol::request`), nonce, then the method's own. The nonce is used up before
//! anything is looked up, so no request does anything twice. What may be read is decided from state that this process
//! has proven itself, never from anything in the request; the patient behind a pseudonym is known only here.
//!
//! Defends against: replay, forwarding, stale or revoked grants (a grant revoked in block n is refused once n is
//! seen, which is at most one block period later), and answers that are not written into the access log: the entry
//! comes first. **Not** checked: that this gatekeeper itself still is a member of the network; the client proves that.

use std::sync::Arc;

use alloy_primitives::Address;
use client::{ClientError, Platform, TransportError};
use lightclient::{Fault, UnixTime};
use protocol::answer::{AnswerKind, RefusalCode, sign_answer};
use protocol::envelope::seal;
use protocol::network::{Network, NetworkError};
use protocol::relationship::RelationshipId;
use protocol::request::{Audience, Call, HttpParts, VerifiedCall, read_signature, verify_call};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::chain::Chain;
use crate::config::Config;
use crate::keys::{KeyFileError, Keys};
use crate::metrics::{Metrics, Standing};
use crate::record_sets::RecordSets;
use crate::refusal::Refused;
use crate::stewardship::{Steward, Stewardship, StewardshipError};
use crate::store::{NonceUse, Store, StoreError};

mod methods;
mod pace;

use pace::Pace;

/// One provider's gatekeeper.
#[derive(Debug)]
pub struct Gatekeeper {
    config: Config,
    keys: Keys,
    audience: Audience,
    chain: Chain,
    store: Store,
    sets: Arc<RecordSets>,
    stewardship: Stewardship,
    metrics: Metrics,
    places: Semaphore,
    /// Names this process among those over one database.
    name: String,
    writes: Pace,
}

/// An answer as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Too many calls at a time. Not signed, as if nobody had answered: a signature costs as much as half an answer, and
    /// those whom we cannot answer shall not take the time of those whom we can.
    fn busy() -> Self {
        let mut reply = Self::problem(503, "the gatekeeper is busy");
        reply.headers.push(("retry-after", "1".to_owned()));
        reply
    }

    /// What HTTP itself has to complain of (RFC 9457); never signed.
    pub(crate) fn problem(status: u16, title: &str) -> Self {
        let body = json!({ "title": title, "status": status }).to_string().into_bytes();
        Self { status, headers: vec![("content-type", "application/problem+json".to_owned())], body }
    }
}

impl Gatekeeper {
    /// Opens store, keys and network description.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn open(config: Config) -> Result<Self, StartError> {
        let network = load_network(&config)?;
        let keys = Keys::load(&config.key_file)?;
        let store = Store::open(&config.database)?;
        let audience = Audience {
            origin: config.origin.clone(),
            chain_id: network.rules.chain_id,
            contract: network.relationships.address,
            steward: keys.member,
        };
        let chain = Chain::new(network, &config.heads)?;
        let places = Semaphore::new(config.max_concurrent_calls);
        // The same one after a restart, so that it goes on at once.
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = format!("{} {}", host.trim_end(), config.listen);
        Ok(Self {
            config,
            keys,
            audience,
            chain,
            store,
            sets: Arc::default(),
            stewardship: Stewardship::default(),
            metrics: Metrics::default(),
            places,
            name,
            writes: Pace::default(),
        })
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The member that this gatekeeper answers for.
    pub const fn address(&self) -> Address {
        self.audience.steward
    }

    /// The chain as it was verified here.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Records and what belongs to them.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// What was counted.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where the gatekeeper stands; `None` before the first head.
    pub fn standing(&self) -> Option<Standing> {
        let head = self.chain.client().head().ok()?;
        let max_age = self.chain.network().max_head_age;
        Some(Standing::new(head.header().number(), head.header().timestamp(), self.now(), max_age))
    }

    /// Answers one request, whatever it is.
    pub async fn answer(&self, parts: &HttpParts<'_>, body: &[u8]) -> Reply {
        // There is but one reason why there is no place.
        let Ok(_place) = self.places.try_acquire() else {
            self.metrics.count(Some(RefusalCode::Unavailable));
            return Reply::busy();
        };
        let result = self.call(parts, body).await;
        self.metrics.count(result.as_ref().err().map(Refused::code));
        result.unwrap_or_else(|refused| self.refuse(parts, &refused))
    }

    /// Signs a refusal, bound to the request if it carries a signature at all.
    pub fn refuse(&self, parts: &HttpParts<'_>, refused: &Refused) -> Reply {
        let (status, body) = (refused.code().status(), refused.0.to_body());
        match read_signature(parts.headers) {
            Ok(signature) => self.signed(&signature, AnswerKind::Refusal { status }, body),
            // What is not signed cannot be answered with a signature; who asks so expects none.
            Err(_) => Reply { status, headers: vec![("content-type", "application/json".to_owned())], body },
        }
    }

    async fn call(&self, parts: &HttpParts<'_>, body: &[u8]) -> Result<Reply, Refused> {
        let call = verify_call(parts, &self.audience, body, self.now(), self.config.allowed_skew)?;
        self.use_nonce(&call).await?;
        let content = self.answer_call(&call).await?;
        let relationship = self.relationship(call.call());
        let mut randomness = [0; 32];
        self.chain.client().platform().fill_random(&mut randomness).map_err(ClientError::from)?;
        let sealed = seal(&call.call().reply_key, &relationship, call.signature(), &content, randomness)?;
        Ok(self.signed(call.signature(), AnswerKind::Sealed, sealed))
    }

    /// The relationship that a call is about; network, contract and steward are ours.
    fn relationship(&self, call: &Call) -> RelationshipId {
        let Audience { chain_id, contract, steward, .. } = self.audience;
        RelationshipId { chain_id, contract, patient: call.patient, steward }
    }

    fn signed(&self, request_signature: &[u8; 65], kind: AnswerKind, body: Vec<u8>) -> Reply {
        let Audience { origin, chain_id, .. } = &self.audience;
        let key = &self.keys.signing;
        let headers = sign_answer(key, *chain_id, origin, request_signature, kind, &body, self.now());
        Reply { status: kind.status(), headers: headers.fields().into(), body }
    }

    async fn use_nonce(&self, call: &VerifiedCall) -> Result<(), Refused> {
        let (signer, nonce, keep_until) = (call.signer(), call.nonce(), call.forget_after());
        match self.store.run(move |store| store.use_nonce(signer, &nonce, keep_until)).await? {
            NonceUse::First => Ok(()),
            NonceUse::Replayed => Err(Refused::new(RefusalCode::Replayed, "this request came before")),
            NonceUse::TooMany => Err(Refused::new(
                RefusalCode::TooManyRequests,
                "too many requests of this key are still alive",
            )),
        }
    }

    /// Whether this process, of several over one database, reads the source and writes to the chain now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_on_duty(&self) -> Result<bool, StoreError> {
        let (holder, now) = (self.name.clone(), self.now());
        self.store.run(move |store| store.take_duty(&holder, now)).await
    }

    /// Leaves that to another process.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave_duty(&self) -> Result<(), StoreError> {
        let holder = self.name.clone();
        self.store.run(move |store| store.leave_duty(&holder)).await
    }

    /// Publishes what is to be published. Meant to be called again and again.
    ///
    /// # Errors
    /// [`StewardshipError`]; the next call tries again.
    pub async fn publish(&self) -> Result<(), StewardshipError> {
        self.stewardship.publish_all(self.steward()).await
    }

    /// Anchors the access logs that have grown. Meant to be called again and again.
    ///
    /// # Errors
    /// [`StewardshipError`]; the next call tries again.
    pub async fn anchor(&self) -> Result<(), StewardshipError> {
        self.stewardship.anchor_all(self.steward()).await
    }

    /// Forgets nonces of requests that have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_nonces(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.store.run(move |store| store.forget_nonces(now)).await.map(drop)
    }

    /// Sends calls of `Relationships`, signed by the steward.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint took them.
    pub async fn send(&self, calls: Vec<Vec<u8>>) -> Result<(), ClientError> {
        self.chain.send(&self.keys.signing, calls).await.map(drop)
    }

    fn steward(&self) -> Steward<'_> {
        Steward {
            member: self.keys.member,
            key: &self.keys.signing,
            chain: &self.chain,
            store: &self.store,
            sets: &self.sets,
        }
    }

    /// The time.
    pub fn now(&self) -> UnixTime {
        self.chain.client().platform().now()
    }
}

/// Reads the network description that the configuration names.
///
/// # Errors
/// [`StartError::Read`] and [`StartError::Network`].
pub fn load_network(config: &Config) -> Result<Network, StartError> {
    let bytes = std::fs::read(&config.network)
        .map_err(|error| StartError::Read { path: config.network.clone(), reason: error.to_string() })?;
    Ok(Network::parse(&bytes)?)
}

/// Why the gatekeeper cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No HTTP client.
    #[error(transparent)]
    Http(#[from] TransportError),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The network description is not one.
    #[error("network description: {0}")]
    Network(#[from] NetworkError),
    /// The network description cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Http(error) => error.fault(),
            Self::Keys(error) => error.fault(),
            Self::Network(error) => error.fault(),
            Self::Read { .. } => Fault::Caller,
            Self::Store(error) => error.fault(),
        }
    }
}
