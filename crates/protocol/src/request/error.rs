//! Why a call was refused before anyone asked the chain.

use alloy_primitives::Address;
use lightclient::{Fault, UnixTime};

use crate::answer::RefusalCode;
use crate::httpsig::HttpSignatureError;

/// Why a request is no call to this gatekeeper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The body is not a call.
    #[error("body of the call: {reason}")]
    Body {
        /// What is wrong with it.
        reason: String,
    },
    /// The body is too large.
    #[error("body of {found} bytes, expected at most {limit}")]
    BodyTooLarge {
        /// The most bytes.
        limit: usize,
        /// The bytes that came.
        found: usize,
    },
    /// Another content type.
    #[error("content-type {found}, expected {expected}")]
    ContentType {
        /// JSON.
        expected: &'static str,
        /// The type that came.
        found: String,
    },
    /// Meant for another `Relationships` contract.
    #[error("call for the contract {found}, expected {expected}")]
    Contract {
        /// Ours.
        expected: Address,
        /// The one in the body.
        found: Address,
    },
    /// Too late.
    #[error("request valid until {expires}, now is {now}")]
    Expired {
        /// When it expired.
        expires: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// Another HTTP method.
    #[error("HTTP method {found}, expected {expected}")]
    HttpMethod {
        /// POST.
        expected: &'static str,
        /// The method that came.
        found: String,
    },
    /// It would live too long, or not at all.
    #[error("request valid from {created} to {expires}, expected 1 to {limit} seconds")]
    Lifetime {
        /// The most seconds.
        limit: u64,
        /// When it was signed.
        created: UnixTime,
        /// When it expires.
        expires: UnixTime,
    },
    /// Meant for another network.
    #[error("call for the chain {found}, expected {expected}")]
    Network {
        /// Ours.
        expected: u64,
        /// The one in the key id or the body.
        found: u64,
    },
    /// Signed in our future.
    #[error("request signed at {created}, now is {now}")]
    NotYetValid {
        /// When it was signed.
        created: UnixTime,
        /// Our time.
        now: UnixTime,
    },
    /// The signature or a field that it covers is wrong.
    #[error(transparent)]
    Signature(#[from] HttpSignatureError),
    /// Meant for another steward.
    #[error("call for the steward {found}, expected {expected}")]
    Steward {
        /// Ours.
        expected: Address,
        /// The one in the body.
        found: Address,
    },
    /// Another path, or a query.
    #[error("request to {found}, expected {expected}")]
    Target {
        /// The path of calls.
        expected: &'static str,
        /// Path and query that came.
        found: String,
    },
    /// A method that this version does not know.
    #[error("unknown method {found:?}")]
    UnknownMethod {
        /// Its name.
        found: String,
    },
    /// Another version of the protocol.
    #[error("protocol version {found}, expected {expected}")]
    Version {
        /// Ours.
        expected: u64,
        /// The one in the body.
        found: u64,
    },
}

impl CallError {
    /// Who sent the request is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }

    /// The code with which a gatekeeper refuses such a request.
    pub const fn refusal(&self) -> RefusalCode {
        match self {
            Self::Body { .. }
            | Self::ContentType { .. }
            | Self::HttpMethod { .. }
            | Self::Target { .. }
            | Self::Version { .. } => RefusalCode::Malformed,
            Self::BodyTooLarge { .. } => RefusalCode::TooLarge,
            Self::Contract { .. } | Self::Network { .. } | Self::Steward { .. } => RefusalCode::WrongAudience,
            Self::Expired { .. } => RefusalCode::Expired,
            Self::Lifetime { .. } => RefusalCode::Malformed,
            Self::NotYetValid { .. } => RefusalCode::NotYetValid,
            Self::Signature(_) => RefusalCode::BadSignature,
            Self::UnknownMethod { .. } => RefusalCode::UnknownMethod,
        }
    }
}
