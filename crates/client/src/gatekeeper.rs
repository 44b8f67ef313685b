//! Calls to gatekeepers: signed by the one who asks, answered under the steward's signature, sealed to a key that
//! lives for one call.
//!
//! Whom to believe comes from the registry: the origin and the address of the steward are proven at the head. The
//! request names the gatekeeper's origin, the contract and the relationship; the answer is bound to the request's
//! signature, so neither can be used anywhere else.
//!
//! Defends against altered, replayed, swapped and redirected answers, whoever sits in between. A refusal is signed as
//! well; only a plain HTTP error is not, and it counts as no answer at all. When a gatekeeper says that our clock is
//! wrong, its own signed time is used for one more try, within ten minutes. Source: `protocol::request`, RFC 9421, RFC 9180.

use alloy_primitives::Address;
use lightclient::{Fault, UnixTime};
use protocol::answer::{
    AnswerContent, AnswerError, Asked, MAX_ANSWER, RefusalBody, RefusalCode, VerifiedAnswer, verify_answer,
};
use protocol::envelope::{self, EnvelopeError};
use protocol::keys::{EncryptionKey, SigningKey};
use protocol::layout::{Member, MemberStatus, RelationshipQuery};
use protocol::request::{CALL_PATH, Call, HeadRef, Method, Origin, OriginError, sign_call};
use records::category::Category;
use zeroize::Zeroizing;

use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::ports::{HttpAnswer, HttpRequest, Platform, TransportError};

/// Why a gatekeeper's answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatekeeperError {
    /// The answer is not the steward's, or not to our request.
    #[error("answer refused: {0}")]
    Answer(#[source] AnswerError),
    /// A category was asked for and not answered.
    #[error("no answer about category {category}")]
    CategoryMissing {
        /// The category.
        category: Category,
    },
    /// The content is not what this call answers.
    #[error("content of the answer: {reason}")]
    Content {
        /// Where it differs.
        reason: String,
    },
    /// The content is not sealed to our key, relationship and request.
    #[error("content refused: {0}")]
    Envelope(#[source] EnvelopeError),
    /// The steward is no member any more.
    #[error("member {steward} was removed from the network")]
    MemberRemoved {
        /// The steward.
        steward: Address,
    },
    /// The address is no member of the network.
    #[error("{steward} is no member of the network")]
    NoMember {
        /// The address.
        steward: Address,
    },
    /// The registry holds no usable origin for this steward.
    #[error("origin {origin} of member {steward}: {source}")]
    Origin {
        /// The steward.
        steward: Address,
        /// What the registry holds.
        origin: String,
        /// What is wrong with it.
        source: OriginError,
    },
    /// The gatekeeper refused, and signed that it did.
    #[error("refused: {} ({})", .0.reason, .0.code)]
    Refused(RefusalBody),
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl GatekeeperError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Answer(error) => error.fault(),
            Self::Envelope(error) => error.fault(),
            Self::CategoryMissing { .. } | Self::Content { .. } => Fault::Peer,
            Self::MemberRemoved { .. } | Self::NoMember { .. } | Self::Origin { .. } => Fault::Caller,
            Self::Refused(refusal) => match refusal.code {
                RefusalCode::StaleHead | RefusalCode::TooManyRequests | RefusalCode::Unavailable => {
                    Fault::Unavailable
                }
                _ => Fault::Caller,
            },
            Self::Transport(error) => error.fault(),
        }
    }
}

/// The content of an answer that the steward gave to exactly our call.
#[derive(Debug)]
pub struct Answer {
    /// The opened content: JSON, by method.
    pub content: Zeroizing<Vec<u8>>,
    /// The gatekeeper's time when it signed.
    pub created: UnixTime,
}

/// The relationship that a call is about, and who asks.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The key that signs: the patient's pseudonym, or a viewer.
    pub key: &'a SigningKey,
    /// The patient's pseudonym.
    pub patient: Address,
    /// The group through which the caller was granted something, if it is one.
    pub via: Option<Address>,
}

impl<P: Platform> Client<P> {
    /// Calls the gatekeeper of a member and returns the content of its answer. The member must have been proven.
    ///
    /// # Errors
    /// [`GatekeeperError`]; a signed refusal is [`GatekeeperError::Refused`].
    pub async fn call_gatekeeper(
        &self,
        head: &Head,
        member: &Member,
        caller: Caller<'_>,
        method: Method,
    ) -> Result<Answer, ClientError> {
        let steward = member.address;
        if member.status != MemberStatus::Active {
            return Err(GatekeeperError::MemberRemoved { steward }.into());
        }
        let origin = Origin::parse(&member.endpoint).map_err(|source| {
            ClientError::from(GatekeeperError::Origin { steward, origin: member.endpoint.clone(), source })
        })?;
        let question = Question { head, origin, steward, signer: member.key, caller, method };
        let now = self.platform().now();
        match self.exchange(&question, now).await.map_err(|error| error.at(&member.endpoint))? {
            Exchange::Answer(answer) => Ok(answer),
            Exchange::Refusal { refusal, created } => match corrected_time(now, created, refusal.code) {
                None => Err(ClientError::from(GatekeeperError::Refused(refusal)).at(&member.endpoint)),
                Some(time) => match self.exchange(&question, time).await {
                    Ok(Exchange::Answer(answer)) => Ok(answer),
                    Ok(Exchange::Refusal { refusal, .. }) => {
                        Err(ClientError::from(GatekeeperError::Refused(refusal)).at(&member.endpoint))
                    }
                    Err(error) => Err(error.at(&member.endpoint)),
                },
            },
        }
    }

    /// One signed request and its verified answer.
    async fn exchange(&self, question: &Question<'_>, created: UnixTime) -> Result<Exchange, ClientError> {
        let network = self.network();
        let (chain_id, contract) = (network.rules.chain_id, network.relationships.address);
        let Question { head, origin, steward, signer, caller, method } = question;
        let reply_key = self.fresh_key()?;
        let call = Call {
            method: method.clone(),
            network: chain_id,
            contract,
            patient: caller.patient,
            steward: *steward,
            via: caller.via,
            head: HeadRef { number: head.header().number(), hash: head.header().hash() },
            reply_key: reply_key.public(),
        };
        let body = call.to_body();
        let mut nonce = [0; 16];
        self.platform().fill_random(&mut nonce)?;
        let signed = sign_call(caller.key, chain_id, origin, &body, created, nonce);
        let headers = signed.fields().map(|(name, value)| (name.to_owned(), value)).to_vec();
        let request = HttpRequest {
            url: format!("{origin}{CALL_PATH}"),
            headers,
            body,
            max_answer_bytes: MAX_ANSWER,
            timeout_millis: TIMEOUT_MILLIS,
        };
        let answer = self.platform().post(request).await.map_err(GatekeeperError::from)?;
        let asked = Asked {
            origin: origin.clone(),
            chain_id,
            signer: *signer,
            request_signature: signed.signature(),
        };
        let VerifiedAnswer { created, content } = verify(&answer, &asked)?;
        if let AnswerContent::Refusal(refusal) = content {
            return Ok(Exchange::Refusal { refusal, created });
        }
        let context = self.relationship_id(RelationshipQuery { patient: caller.patient, steward: *steward });
        let content = envelope::open(&reply_key, &context, &asked.request_signature, &answer.body)
            .map_err(GatekeeperError::Envelope)?;
        Ok(Exchange::Answer(Answer { content, created }))
    }

    /// A key pair for one answer.
    fn fresh_key(&self) -> Result<EncryptionKey, ClientError> {
        let mut secret = Zeroizing::new([0; 32]);
        self.platform().fill_random(secret.as_mut_slice())?;
        Ok(EncryptionKey::derive(&secret))
    }
}

/// What is asked of whom.
struct Question<'a> {
    head: &'a Head,
    origin: Origin,
    steward: Address,
    /// Whose key has to have signed the answer.
    signer: Address,
    caller: Caller<'a>,
    method: Method,
}

/// What came of one request.
enum Exchange {
    Answer(Answer),
    Refusal { refusal: RefusalBody, created: UnixTime },
}

/// Verifies the answer's signature. An HTTP error without any signature comes from somebody in between, or from a
/// server that is not up: no answer.
fn verify(answer: &HttpAnswer, asked: &Asked) -> Result<VerifiedAnswer, ClientError> {
    let is_signed = answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("signature"));
    if answer.status != 200 && !is_signed {
        return Err(GatekeeperError::Transport(TransportError::Status { found: answer.status }).into());
    }
    let fields: Vec<(&str, &[u8])> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    Ok(verify_answer(answer.status, &fields, &answer.body, asked).map_err(GatekeeperError::Answer)?)
}

/// The gatekeeper's time, if it refused because of ours and the two are not absurdly far apart.
fn corrected_time(ours: UnixTime, theirs: UnixTime, code: RefusalCode) -> Option<UnixTime> {
    let about_time = matches!(code, RefusalCode::Expired | RefusalCode::NotYetValid);
    (about_time && ours.abs_diff(theirs) <= MAX_CORRECTION_SECONDS).then_some(theirs)
}

/// How long a gatekeeper may take: it may have to build a record set.
const TIMEOUT_MILLIS: u64 = 30_000;
/// How far a gatekeeper's clock is followed.
const MAX_CORRECTION_SECONDS: u64 = 600;
