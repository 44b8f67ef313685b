//! What a client asks a gatekeeper: a call, signed once, for one audience and at most 60 seconds.
//!
//! Every call is a `POST /v1/call` whose JSON body names the method, the relationship, the block the client stands
//! at and a fresh X25519 key for the answer. [`verify_call`] checks in the order of cost and of what may be told:
//! sizes, form, audience, time, body digest, signature, body. The caller then decides from chain state, and
//! remembers the nonce **atomically** until [`VerifiedCall::forget_after`].
//!
//! Defends against replay (nonce, time), forwarding to another gatekeeper, chain, contract or steward (all signed
//! and compared with our own), and any changed byte of method, path, query, covered fields or body.
//! **Not** checked here: that the nonce is new, that the signer may read, that the client's block is known.
//!
//! Source: `docs/gatekeeper-protocol.md` (profile `medrec-httpsig-v1`).

use alloy_primitives::{Address, B256};
use lightclient::{BlockNumber, UnixTime};
use records::category::{Categories, Category};

use crate::access_request::AccessRequest;
use crate::contribution::Contribution;
use crate::httpsig::{self, CONTENT_TYPE, Message, Parameters, SIGNATURE_INPUT, SignedHeaders, field};
use crate::keys::SigningKey;

pub use crate::httpsig::{HeaderFields, HttpSignatureError, Origin, OriginError, read_signature};

mod body;
mod error;

pub use error::CallError;

/// One call to a gatekeeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is asked.
    pub method: Method,
    /// The chain id of the network.
    pub network: u64,
    /// The `Relationships` contract.
    pub contract: Address,
    /// The patient's pseudonym in the relationship.
    pub patient: Address,
    /// The steward, whose gatekeeper is asked.
    pub steward: Address,
    /// The group through which the signer was granted something, if it is one.
    pub via: Option<Address>,
    /// The newest block the client has verified.
    pub head: HeadRef,
    /// A fresh X25519 public key that the answer is sealed to.
    pub reply_key: [u8; 32],
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `describe`: what the signer may do.
    Describe,
    /// `access.dismiss`: forget a request for access.
    DismissRequest {
        /// Whose.
        from: Address,
    },
    /// `access.request`: ask the patient for a grant.
    RequestAccess {
        /// What for.
        request: AccessRequest,
    },
    /// `access.requests`: who asks for a grant.
    ListRequests,
    /// `accesses.list`: who read the patient's records, or tried to.
    ListAccesses {
        /// Only entries before this one; `None` for the newest.
        before: Option<u64>,
    },
    /// `records.list`: what there is in these categories, without contents.
    ListRecords {
        /// The categories; at least one.
        categories: Categories,
    },
    /// `records.history`: what consecutive record sets changed in a category.
    ReadHistory {
        /// The category.
        category: Category,
        /// The roots of the sets, as the chain names them, the oldest first; 1 to [`MAX_REVISIONS`].
        roots: Vec<B256>,
    },
    /// `records.read`: everything in these categories.
    ReadRecords {
        /// The categories; at least one.
        categories: Categories,
    },
    /// `records.write`: adds records of the signer's own.
    WriteRecords {
        /// The category that they all are filed under.
        category: Category,
        /// The records, signed by their author.
        contribution: Contribution,
    },
    /// `invitation.redeem`: opens a relationship with the signer's pseudonym.
    RedeemInvitation {
        /// The secret of the invitation.
        code: InvitationCode,
    },
}

impl Method {
    /// The stable name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::DismissRequest { .. } => "access.dismiss",
            Self::RequestAccess { .. } => "access.request",
            Self::ListRequests => "access.requests",
            Self::ListAccesses { .. } => "accesses.list",
            Self::ListRecords { .. } => "records.list",
            Self::ReadHistory { .. } => "records.history",
            Self::ReadRecords { .. } => "records.read",
            Self::WriteRecords { .. } => "records.write",
            Self::RedeemInvitation { .. } => "invitation.redeem",
        }
    }

    /// The categories whose records the call is about, if it is about records.
    pub const fn categories(&self) -> Option<Categories> {
        match self {
            Self::ListRecords { categories } | Self::ReadRecords { categories } => Some(*categories),
            Self::ReadHistory { category, .. } | Self::WriteRecords { category, .. } => {
                Some(Categories::NONE.with(*category))
            }
            Self::RequestAccess { request } => Some(request.categories),
            Self::Describe
            | Self::DismissRequest { .. }
            | Self::ListRequests
            | Self::ListAccesses { .. }
            | Self::RedeemInvitation { .. } => None,
        }
    }
}

pub use crate::invitation::InvitationCode;

/// The newest block a client has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadRef {
    /// Its number.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: B256,
}

/// Who a call must be meant for: the gatekeeper's own configuration, never anything from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The public origin of the gatekeeper.
    pub origin: Origin,
    /// The chain id of its network.
    pub chain_id: u64,
    /// The `Relationships` contract of its network.
    pub contract: Address,
    /// The steward it answers for.
    pub steward: Address,
}

/// A request as it came; the body apart.
#[derive(Debug, Clone, Copy)]
pub struct HttpParts<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path as sent, not decoded.
    pub path: &'a str,
    /// What stands after a `?`, if there is one.
    pub query: Option<&'a str>,
    /// All header fields.
    pub headers: HeaderFields<'a>,
}

/// Signs the body of a call (see [`Call::to_body`]) for one gatekeeper; `nonce` is 16 random bytes.
pub fn sign_call(
    key: &SigningKey,
    chain_id: u64,
    origin: &Origin,
    body: &[u8],
    created: UnixTime,
    nonce: [u8; 16],
) -> SignedHeaders {
    let once = Some((created.saturating_add(LIFETIME), nonce));
    let parameters = Parameters { created, once, chain_id, signer: key.address() };
    httpsig::sign(key, &message(origin, body), &parameters, JSON)
}

/// Verifies that a request is a call to `audience`, signed by the key it names, at the time `now`.
///
/// `skew` is the seconds that the clocks of client and gatekeeper may differ.
///
/// # Errors
/// [`CallError`] with the first rule that is broken, in the order of the module's text.
pub fn verify_call(
    parts: &HttpParts<'_>,
    audience: &Audience,
    body: &[u8],
    now: UnixTime,
    skew: u64,
) -> Result<VerifiedCall, CallError> {
    if body.len() > MAX_BODY {
        return Err(CallError::BodyTooLarge { limit: MAX_BODY, found: body.len() });
    }
    check_target(parts)?;
    let content_type = field(parts.headers, CONTENT_TYPE)?;
    if content_type != JSON {
        return Err(CallError::ContentType { expected: JSON, found: content_type.to_owned() });
    }
    let parameters = Parameters::parse(field(parts.headers, SIGNATURE_INPUT)?, COMPONENTS)?;
    let Some((expires, nonce)) = parameters.once else {
        return Err(HttpSignatureError::Parameter { name: "expires" }.into());
    };
    if parameters.chain_id != audience.chain_id {
        return Err(CallError::Network { expected: audience.chain_id, found: parameters.chain_id });
    }
    check_time(parameters.created, expires, now, skew)?;
    let signature = message(&audience.origin, body).verify(parts.headers, &parameters, JSON)?;
    let call = Call::parse(body)?;
    check_audience(&call, audience)?;
    let forget_after = expires.saturating_add(skew);
    Ok(VerifiedCall {
        call,
        signer: parameters.signer,
        nonce,
        created: parameters.created,
        forget_after,
        signature,
    })
}

fn check_target(parts: &HttpParts<'_>) -> Result<(), CallError> {
    if parts.method != "POST" {
        return Err(CallError::HttpMethod { expected: "POST", found: cut(parts.method) });
    }
    if parts.path != CALL_PATH || parts.query.is_some() {
        let query = parts.query.map(|query| format!("?{query}")).unwrap_or_default();
        return Err(CallError::Target { expected: CALL_PATH, found: cut(&format!("{}{query}", parts.path)) });
    }
    Ok(())
}

fn check_time(created: UnixTime, expires: UnixTime, now: UnixTime, skew: u64) -> Result<(), CallError> {
    let lifetime = expires.checked_sub(created).filter(|lifetime| (1..=LIFETIME).contains(lifetime));
    if lifetime.is_none() {
        return Err(CallError::Lifetime { limit: LIFETIME, created, expires });
    }
    if created > now.saturating_add(skew) {
        return Err(CallError::NotYetValid { created, now });
    }
    if now > expires.saturating_add(skew) {
        return Err(CallError::Expired { expires, now });
    }
    Ok(())
}

/// What the signed body says must be us, too.
fn check_audience(call: &Call, audience: &Audience) -> Result<(), CallError> {
    if call.network != audience.chain_id {
        return Err(CallError::Network { expected: audience.chain_id, found: call.network });
    }
    if call.contract != audience.contract {
        return Err(CallError::Contract { expected: audience.contract, found: call.contract });
    }
    if call.steward != audience.steward {
        return Err(CallError::Steward { expected: audience.steward, found: call.steward });
    }
    Ok(())
}

fn message<'a>(origin: &Origin, body: &'a [u8]) -> Message<'a> {
    let before = format!(
        "\"@scheme\": {}\n\"@authority\": {}\n\"@method\": POST\n\"@path\": {CALL_PATH}\n\"@query\": ?\n",
        origin.scheme(),
        origin.authority()
    );
    Message { components: COMPONENTS, before, after: String::new(), body }
}

/// Text of a peer for an error message, cut short.
fn cut(text: &str) -> String {
    text.chars().take(128).collect()
}

/// A call that its signer made for this gatekeeper, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCall {
    call: Call,
    signer: Address,
    nonce: [u8; 16],
    created: UnixTime,
    forget_after: UnixTime,
    signature: [u8; 65],
}

impl VerifiedCall {
    /// The call.
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// Who signed it.
    pub const fn signer(&self) -> Address {
        self.signer
    }

    /// With the signer, what must not come twice.
    pub const fn nonce(&self) -> [u8; 16] {
        self.nonce
    }

    /// When it was signed, by the client's clock.
    pub const fn created(&self) -> UnixTime {
        self.created
    }

    /// The last second in which the same request would be accepted: the nonce must be remembered so long.
    pub const fn forget_after(&self) -> UnixTime {
        self.forget_after
    }

    /// The signature, to which the answer is bound.
    pub const fn signature(&self) -> &[u8; 65] {
        &self.signature
    }
}

/// The one path of all calls.
pub const CALL_PATH: &str = "/v1/call";
/// Seconds that a call may live.
pub const LIFETIME: u64 = 60;
/// The names of all methods.
pub const METHODS: [&str; 10] = [
    "access.dismiss",
    "access.request",
    "access.requests",
    "accesses.list",
    "describe",
    "invitation.redeem",
    "records.history",
    "records.list",
    "records.read",
    "records.write",
];
/// The most record sets in one question about their history.
pub const MAX_REVISIONS: usize = 64;
/// The most bytes of a call's body.
pub const MAX_BODY: usize = 64 * 1024;
pub(crate) const JSON: &str = "application/json";
const COMPONENTS: &str =
    r#"("@scheme" "@authority" "@method" "@path" "@query" "content-digest" "content-type")"#;

#[cfg(test)]
pub(crate) mod tests;
