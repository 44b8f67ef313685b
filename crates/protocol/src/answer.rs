//! What a gatekeeper answers: sealed content or a refusal with its reason, signed and bound to the request.
//!
//! Every answer is signed by the steward's key over status, digest, type, authority and the **signature of the
//! request**, so an answer to another question, from another gatekeeper or of another time is refused. Content
//! (status 200) is sealed to the key in the request (`envelope`); refusals travel as readable JSON, because the
//! person has to learn what would help.
//!
//! **Not** checked: the time in the answer. The request's nonce makes the binding unique, and a client whose clock is
//! wrong learns the gatekeeper's time from exactly this answer.
//!
//! Source: RFC 9421 §2.4 (`;req`); `docs/gatekeeper-protocol.md`.

use alloy_primitives::{Address, B256};
use lightclient::{BlockNumber, Fault, UnixTime};
use records::category::Categories;
use records::json::{JsonLimits, parse_json};
use records::record_set::{CategoryAnswer, ListItem};
use serde::{Deserialize, Serialize};

use crate::access_request::AccessRequest;
use crate::httpsig::{
    self, CONTENT_TYPE, HeaderFields, HttpSignatureError, Message, Origin, Parameters, SIGNATURE_INPUT,
    SignedHeaders, field, signature_item,
};
use crate::keys::SigningKey;
use crate::request::JSON;

mod refusal;

pub use refusal::{RefusalBody, RefusalCode};

/// What `records.read` answers, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordsAnswer {
    /// One answer per category asked, in the order of the categories.
    pub categories: Vec<CategoryAnswer>,
}

/// What `describe` answers, sealed: what the chain lets the signer do, as the gatekeeper would decide now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Description {
    /// The block of the decision.
    pub block: BlockNumber,
    /// Categories that the signer may read.
    pub read: Categories,
    /// Categories that the signer may add records to.
    pub write: Categories,
    /// First second at which that no longer holds; absent for an open end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixTime>,
    /// The methods of this gatekeeper.
    pub methods: Vec<String>,
}

/// What `access.requests` answers, sealed: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestsAnswer {
    /// The requests that wait.
    pub requests: Vec<AccessRequest>,
}

/// What `access.request` and `access.dismiss` answer, sealed: that it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoneAnswer {}

/// What `records.list` answers, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAnswer {
    /// One list per category asked, in the order of the categories.
    pub categories: Vec<CategoryAnswer<ListItem>>,
}

/// What `records.write` answers, sealed: what became of the records, the `Provenance` among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WriteAnswer {
    /// Records that were not there before.
    pub added: u64,
    /// Records that took the place of the author's former ones.
    pub replaced: u64,
    /// Records that were there already.
    pub unchanged: u64,
}

/// What `invitation.redeem` answers, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitationAnswer {
    /// The transactions that propose the relationship and publish its record set, in this order.
    pub transactions: Vec<B256>,
}

/// What a signed answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// Status 200, `application/medrec-sealed`.
    Sealed,
    /// Another status, `application/json`: a [`RefusalBody`].
    Refusal {
        /// The HTTP status.
        status: u16,
    },
}

impl AnswerKind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Sealed => 200,
            Self::Refusal { status } => status,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Sealed => SEALED,
            Self::Refusal { .. } => JSON,
        }
    }
}

/// Signs an answer to the request with this signature; `origin` is the gatekeeper's own.
pub fn sign_answer(
    key: &SigningKey,
    chain_id: u64,
    origin: &Origin,
    request_signature: &[u8; 65],
    kind: AnswerKind,
    body: &[u8],
    created: UnixTime,
) -> SignedHeaders {
    let parameters = Parameters { created, once: None, chain_id, signer: key.address() };
    let message = message(origin, request_signature, kind.status(), body);
    httpsig::sign(key, &message, &parameters, kind.content_type())
}

/// What the client asked, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The origin the request went to.
    pub origin: Origin,
    /// The chain id of the network.
    pub chain_id: u64,
    /// The key that must sign: proven to be that of the member behind that origin.
    pub signer: Address,
    /// The signature of the request.
    pub request_signature: [u8; 65],
}

/// An answer that the steward gave to exactly our request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAnswer {
    /// The gatekeeper's time when it signed.
    pub created: UnixTime,
    /// What it answered.
    pub content: AnswerContent,
}

/// Content or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerContent {
    /// The body is sealed content (see `envelope`).
    Sealed,
    /// The gatekeeper refuses.
    Refusal(RefusalBody),
}

/// Verifies that an answer was given by the steward to exactly our request.
///
/// # Errors
/// [`AnswerError`]: too large, another type, another signer, a wrong signature, no refusal where one must be.
pub fn verify_answer(
    status: u16,
    headers: HeaderFields<'_>,
    body: &[u8],
    asked: &Asked,
) -> Result<VerifiedAnswer, AnswerError> {
    let kind = if status == 200 { AnswerKind::Sealed } else { AnswerKind::Refusal { status } };
    let limit = if status == 200 { MAX_ANSWER } else { MAX_REFUSAL };
    if body.len() > limit {
        return Err(AnswerError::TooLarge { limit, found: body.len() });
    }
    let content_type = field(headers, CONTENT_TYPE)?;
    if content_type != kind.content_type() {
        return Err(AnswerError::ContentType {
            expected: kind.content_type(),
            found: content_type.to_owned(),
        });
    }
    let parameters = Parameters::parse(field(headers, SIGNATURE_INPUT)?, COMPONENTS)?;
    if parameters.chain_id != asked.chain_id {
        return Err(AnswerError::Network { expected: asked.chain_id, found: parameters.chain_id });
    }
    if parameters.signer != asked.signer {
        return Err(HttpSignatureError::Signer { expected: asked.signer, found: parameters.signer }.into());
    }
    let message = message(&asked.origin, &asked.request_signature, status, body);
    message.verify(headers, &parameters, kind.content_type())?;
    let content = match kind {
        AnswerKind::Sealed => AnswerContent::Sealed,
        AnswerKind::Refusal { .. } => AnswerContent::Refusal(parse_refusal(body)?),
    };
    Ok(VerifiedAnswer { created: parameters.created, content })
}

fn parse_refusal(body: &[u8]) -> Result<RefusalBody, AnswerError> {
    let reason = |error: &dyn core::fmt::Display| AnswerError::Refusal { reason: error.to_string() };
    let value = parse_json(body, REFUSAL_LIMITS).map_err(|error| reason(&error))?;
    serde_json::from_value(value).map_err(|error| reason(&error))
}

fn message<'a>(origin: &Origin, request_signature: &[u8; 65], status: u16, body: &'a [u8]) -> Message<'a> {
    let after = format!(
        "\"@authority\";req: {}\n\"signature\";req;key=\"mr\": {}\n",
        origin.authority(),
        signature_item(request_signature)
    );
    Message { components: COMPONENTS, before: format!("\"@status\": {status}\n"), after, body }
}

/// The most bytes of sealed content.
pub const MAX_ANSWER: usize = 64 << 20;
/// The most bytes of a refusal.
pub const MAX_REFUSAL: usize = 8 << 10;
/// The content type of sealed content.
pub const SEALED: &str = "application/medrec-sealed";
const COMPONENTS: &str =
    r#"("@status" "content-digest" "content-type" "@authority";req "signature";req;key="mr")"#;
const REFUSAL_LIMITS: JsonLimits = JsonLimits { bytes: MAX_REFUSAL, depth: 2 };

/// Why an answer was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Another content type than the status asks for.
    #[error("content-type {found}, expected {expected}")]
    ContentType {
        /// The type that belongs to the status.
        expected: &'static str,
        /// The type that came.
        found: String,
    },
    /// Signed for another network.
    #[error("answer for the chain {found}, expected {expected}")]
    Network {
        /// Ours.
        expected: u64,
        /// The one in the key id.
        found: u64,
    },
    /// The body of a refusal is none.
    #[error("body of the refusal: {reason}")]
    Refusal {
        /// What is wrong with it.
        reason: String,
    },
    /// The signature or a field that it covers is wrong.
    #[error(transparent)]
    Signature(#[from] HttpSignatureError),
    /// The body is too large.
    #[error("answer of {found} bytes, expected at most {limit}")]
    TooLarge {
        /// The most bytes.
        limit: usize,
        /// The bytes that came.
        found: usize,
    },
}

impl AnswerError {
    /// Who answered is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests;
