//! Refusals: every reason for not answering, as the client is told.
//!
//! The client learns which rule it broke and what would help. It never learns what went wrong inside (paths, SQL, RPC
//! endpoints): that goes to the log, without content, and the client is told `unavailable`.

use client::ClientError;
use lightclient::BlockNumber;
use protocol::answer::{RefusalBody, RefusalCode};
use protocol::envelope::EnvelopeError;
use protocol::grant::Refusal;
use protocol::request::CallError;
use records::record::RecordError;

use crate::chain::ChainError;
use crate::stewardship::StewardshipError;
use crate::store::{InvitationError, StoreError};

/// A refusal on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub RefusalBody);

impl Refused {
    /// A refusal with nothing but code and reason.
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self(RefusalBody { code, reason: reason.into(), expected: None, found: None, block: None })
    }

    /// Adds the two sides of a mismatch.
    #[must_use]
    pub fn with(mut self, expected: impl ToString, found: impl ToString) -> Self {
        self.0.expected = Some(expected.to_string());
        self.0.found = Some(found.to_string());
        self
    }

    /// Adds the block from whose state it was decided.
    #[must_use]
    pub fn at(mut self, block: BlockNumber) -> Self {
        self.0.block = Some(block);
        self
    }

    /// The code.
    pub const fn code(&self) -> RefusalCode {
        self.0.code
    }

    /// Something failed here; the client need not know what.
    fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a call could not be answered");
        Self::new(RefusalCode::Unavailable, "the gatekeeper cannot answer now")
    }
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        let refused = Self::new(error.refusal(), error.to_string());
        match &error {
            CallError::Expired { expires, now } => refused.with(format!("now until {expires}"), now),
            CallError::NotYetValid { created, now } => refused.with(format!("now from {created}"), now),
            CallError::Contract { expected, found } | CallError::Steward { expected, found } => {
                refused.with(expected, found)
            }
            CallError::Network { expected, found } => refused.with(expected, found),
            CallError::BodyTooLarge { limit, found } => refused.with(format!("at most {limit} bytes"), found),
            _ => refused,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.to_string()).with(&refusal.expected, &refusal.found)
    }
}

impl From<ChainError> for Refused {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Behind { expected, found } => {
                Self::new(RefusalCode::StaleHead, "the gatekeeper has not seen the client's block")
                    .with(expected, found)
                    .at(found)
            }
            ChainError::Client(error) => error.into(),
        }
    }
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Self {
        tracing::warn!(code = error.code(), %error, "the chain cannot be seen");
        Self::new(RefusalCode::Unavailable, "the gatekeeper's own view of the chain is too old to decide")
    }
}

impl From<StewardshipError> for Refused {
    fn from(error: StewardshipError) -> Self {
        match error {
            StewardshipError::Client(error) => error.into(),
            StewardshipError::Closed { found } => {
                Self::new(RefusalCode::RelationshipNotActive, error.to_string())
                    .with("proposed or active", found.name())
            }
            StewardshipError::Store(error) => error.into(),
        }
    }
}

impl From<InvitationError> for Refused {
    fn from(error: InvitationError) -> Self {
        let refused = Self::new(RefusalCode::BadInvitation, error.to_string());
        match error {
            InvitationError::Expired { expected, found } => refused.with(expected, found),
            InvitationError::Store(error) => error.into(),
            InvitationError::UnknownPatient { .. } => Self::internal(&error),
            InvitationError::Bound { .. } | InvitationError::Redeemed | InvitationError::Unknown => refused,
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<RecordError> for Refused {
    fn from(error: RecordError) -> Self {
        Self::internal(&error)
    }
}

impl From<EnvelopeError> for Refused {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Key => Self::new(RefusalCode::Malformed, error.to_string()),
            _ => Self::internal(&error),
        }
    }
}
