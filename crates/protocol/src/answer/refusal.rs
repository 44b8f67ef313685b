//! Refusals: a code for programs, a reason and what would help for people.

use core::fmt;

use lightclient::BlockNumber;
use serde::{Deserialize, Serialize};

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusalBody {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why, in one English sentence without full stop; clients translate the code instead.
    pub reason: String,
    /// What would have been needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What the gatekeeper found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The block from whose state it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockNumber>,
}

impl RefusalBody {
    /// The body as it is signed and sent.
    pub fn to_body(&self) -> Vec<u8> {
        // A struct of strings and numbers always serialises.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Why a gatekeeper refuses; stable names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The invitation is unknown, used or too old.
    BadInvitation,
    /// The signature or a signed field is wrong.
    BadSignature,
    /// A category that was asked is not granted.
    CategoryNotGranted,
    /// The request is too old, or the client's clock is behind.
    Expired,
    /// The grant has ended.
    GrantExpired,
    /// The grant has not begun.
    GrantNotYetValid,
    /// Another key has taken the place of the one that signed.
    KeyReplaced,
    /// The request is not of the form of this protocol.
    Malformed,
    /// There is no grant for the signer, or it was revoked.
    NoGrant,
    /// There is no such relationship.
    NoRelationship,
    /// The steward, or who asks for access, is no active member of the network.
    NotAMember,
    /// The request was signed in the future, or the client's clock is ahead.
    NotYetValid,
    /// The relationship is proposed, rejected or ended.
    RelationshipNotActive,
    /// The request came before.
    Replayed,
    /// The grant does not cover what the signer wants to do.
    RightNotGranted,
    /// Client and gatekeeper stand at blocks that do not go together.
    StaleHead,
    /// The body is too large.
    TooLarge,
    /// The signer asks too often.
    TooManyRequests,
    /// The gatekeeper cannot decide now: its own view of the chain is too old, or its store is down.
    Unavailable,
    /// The gatekeeper does not know the method.
    UnknownMethod,
    /// The request is meant for another network, contract or steward.
    WrongAudience,
}

impl RefusalCode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadInvitation => "bad_invitation",
            Self::BadSignature => "bad_signature",
            Self::CategoryNotGranted => "category_not_granted",
            Self::Expired => "expired",
            Self::GrantExpired => "grant_expired",
            Self::GrantNotYetValid => "grant_not_yet_valid",
            Self::KeyReplaced => "key_replaced",
            Self::Malformed => "malformed",
            Self::NoGrant => "no_grant",
            Self::NoRelationship => "no_relationship",
            Self::NotAMember => "not_a_member",
            Self::NotYetValid => "not_yet_valid",
            Self::RelationshipNotActive => "relationship_not_active",
            Self::Replayed => "replayed",
            Self::RightNotGranted => "right_not_granted",
            Self::StaleHead => "stale_head",
            Self::TooLarge => "too_large",
            Self::TooManyRequests => "too_many_requests",
            Self::Unavailable => "unavailable",
            Self::UnknownMethod => "unknown_method",
            Self::WrongAudience => "wrong_audience",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::UnknownMethod => 400,
            Self::BadSignature | Self::Expired | Self::NotYetValid | Self::WrongAudience => 401,
            Self::BadInvitation
            | Self::CategoryNotGranted
            | Self::GrantExpired
            | Self::GrantNotYetValid
            | Self::KeyReplaced
            | Self::NoGrant
            | Self::NoRelationship
            | Self::NotAMember
            | Self::RelationshipNotActive
            | Self::RightNotGranted => 403,
            Self::Replayed | Self::StaleHead => 409,
            Self::TooLarge => 413,
            Self::TooManyRequests => 429,
            Self::Unavailable => 503,
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
