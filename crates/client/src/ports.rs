//! What the journeys need from the machine they run on: HTTP, a place for the newest verified head, time, randomness.
//!
//! The journeys are written once, over these traits; the browser and the native programs each implement them on one
//! type. The traits ask for no `Send`, because a browser's futures are not; generic code never spawns, so the future
//! of a journey is `Send` whenever the platform's futures are, which is what a server needs.
//!
//! An implementation must enforce the limits of the [`HttpRequest`] itself, while the body streams in: what is
//! returned has already been held in memory. Nothing else that an implementation returns is trusted.

use alloy_primitives::B256;
use lightclient::{Fault, UnixTime};

use crate::progress::Progress;

/// One HTTP request, with the limits that its answer must keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Where to: an absolute `http` or `https` URL.
    pub url: String,
    /// Header fields, lower-case names; a `content-type` is among them.
    pub headers: Vec<(String, String)>,
    /// The body of the POST.
    pub body: Vec<u8>,
    /// The longest answer body to accept, in bytes; a longer one is [`TransportError::TooLarge`].
    pub max_answer_bytes: usize,
    /// How long the whole exchange may take; after that it is [`TransportError::Timeout`].
    pub timeout_millis: u64,
}

/// The answer to an [`HttpRequest`], whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status code.
    pub status: u16,
    /// Header fields, lower-case names, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, within the limit of the request.
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it broke.
    #[error("no connection: {reason}")]
    Connection {
        /// What the platform said, without any content.
        reason: String,
    },
    /// The peer answered with an HTTP status that carries no answer.
    #[error("http status {found}, expected 200")]
    Status {
        /// The status code received.
        found: u16,
    },
    /// No complete answer within the time allowed.
    #[error("no answer within {limit_millis} ms")]
    Timeout {
        /// The time allowed, in milliseconds.
        limit_millis: u64,
    },
    /// The answer is longer than this request allows.
    #[error("answer longer than {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// The address cannot be asked: it is not an absolute `http` or `https` URL.
    #[error("not an address that can be asked: {url}")]
    Url {
        /// The address.
        url: String,
    },
}

impl TransportError {
    /// Returns who is to blame. An over-long answer is the peer's doing; a bad URL is ours.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Connection { .. } | Self::Status { .. } | Self::Timeout { .. } => Fault::Unavailable,
            Self::TooLarge { .. } => Fault::Peer,
            Self::Url { .. } => Fault::Caller,
        }
    }
}

/// The place where heads are kept could not be used. Never fatal: sync then starts from the trusted checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {action} the stored head: {reason}")]
pub struct StoreError {
    /// What was tried: `load` or `save`.
    pub action: &'static str,
    /// What the platform said.
    pub reason: String,
}

/// The platform gave no random bytes; nothing that needs a key or a nonce can go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the platform gave no random bytes: {reason}")]
pub struct EntropyError {
    /// What the platform said.
    pub reason: String,
}

/// HTTP, for RPC endpoints and gatekeepers alike.
pub trait Http {
    /// Sends one POST and returns the answer, within the limits of the request. Must not follow redirects, send
    /// cookies or use a cache.
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError>;
}

/// Where the newest verified head of each network is kept between visits.
pub trait HeadStore {
    /// Returns the bytes saved last for this network, if any. They are verified again before use.
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keeps these bytes for this network; in place of others only if `replaces` says so of those. Nobody else may write
    /// in between: several tabs or programs share one place.
    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError>;
}

/// Everything that a [`Client`](crate::Client) needs from the machine it runs on.
pub trait Platform: Http + HeadStore {
    /// Returns the time, in milliseconds since the UNIX epoch.
    fn now_millis(&self) -> u64;
    /// Fills `bytes` from the platform's cryptographic random source.
    ///
    /// # Errors
    /// [`EntropyError`] if there is none; `bytes` must then not be used.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
    /// Waits for so many milliseconds.
    async fn sleep(&self, millis: u64);
    /// Is told how far a sync or a look into the past has come, for a person who waits. Nothing depends on it.
    fn progress(&self, _: Progress) {}
    /// Returns the time, in seconds since the UNIX epoch.
    fn now(&self) -> UnixTime {
        self.now_millis() / 1000
    }
}
