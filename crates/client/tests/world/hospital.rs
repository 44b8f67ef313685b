//! The hospital: a small gatekeeper in memory that can be told how to misbehave. It believes everyone; whether the real
//! one does is tested there.

use alloy_primitives::{Address, B256};
use client::{HttpAnswer, HttpRequest, TransportError};
use devnet::Chain;
use protocol::access_log::AccessesAnswer;
use protocol::answer::{AnswerKind, InvitationAnswer, RecordsAnswer, RefusalBody, RefusalCode, sign_answer};
use protocol::contracts;
use protocol::envelope;
use protocol::invitation::{Invitation, InvitationCode};
use protocol::keys::SigningKey;
use protocol::relationship::RelationshipId;
use protocol::request::{Audience, CallError, HttpParts, Method, Origin, VerifiedCall, verify_call};
use records::category::{Categories, Category};
use records::record::Record;
use records::record_set::{CategoryAnswer, PLACES, RecordItem, RecordSet, SealedRecord, commitment};

use super::{CHAIN_ID, ORIGIN, signed};

/// What the hospital does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Honest,
    /// No connection.
    Dead,
    /// Something in between answers 502.
    BadGateway,
    /// Signs with another key.
    Stranger,
    /// Changes a byte of the sealed body after signing.
    ChangedBody,
    /// Gives the answer of the call before.
    Replay,
    /// Seals to another key.
    OtherKey,
    /// Answers something that is no answer to the call.
    Nonsense,
    /// Leaves out one category.
    CategoryMissing,
    /// Answers a category that was not asked for.
    CategorySpare,
    /// Leaves out a record.
    RecordOmitted,
    /// Gives a record without its content.
    RecordMissing,
    /// Changes a value in a record.
    RecordAltered,
    /// Publishes a new record set just before it answers from it.
    PublishesMeanwhile,
    /// Has a clock that is ahead by so many seconds.
    ClockAhead(u64),
    /// Refuses, for this reason.
    Refuses(RefusalCode),
    /// Refuses once, because it stands at another block, then answers.
    StaleOnce,
    /// Says that it has proposed, and has not.
    ForgetsToPropose,
}

/// The hospital.
pub(crate) struct Hospital {
    key: SigningKey,
    audience: Audience,
    records: Vec<(B256, Record)>,
    revision: u8,
    next_nonce: u64,
    last: Option<HttpAnswer>,
    pub(crate) manner: Manner,
    /// Calls that were verified.
    pub(crate) calls: u32,
}

impl Hospital {
    pub(crate) fn new(chain_id: u64, contract: Address) -> Self {
        let key = SigningKey::from_bytes(&[0x22; 32]).unwrap();
        let steward = key.address();
        let origin = Origin::parse(ORIGIN).unwrap();
        let record = |json: &str| Record::parse(json.as_bytes()).unwrap();
        let contents = [
            r#"{"resourceType":"AllergyIntolerance","id":"a","patient":{"reference":"Patient/p"},"code":{"text":"Peanut"}}"#,
            r#"{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p"},"code":{"text":"Asthma"},"onsetDateTime":"2011-05-06"}"#,
            r#"{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/p"},"code":{"text":"Fracture"},"onsetDateTime":"2019-01-02"}"#,
        ];
        let salted = (1..).zip(contents).map(|(salt, json)| (B256::repeat_byte(salt), record(json)));
        Self {
            key,
            audience: Audience { origin, chain_id, contract, steward },
            records: salted.collect(),
            revision: 1,
            next_nonce: 0,
            last: None,
            manner: Manner::Honest,
            calls: 0,
        }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    /// An invitation to whoever has it.
    pub(crate) fn invitation(&self) -> Invitation {
        Invitation { network: CHAIN_ID, steward: self.address(), code: InvitationCode([7; 16]) }
    }

    /// The record set of the present revision; each has its own category salts.
    fn set(&self) -> RecordSet {
        let sealed = self.records.iter().map(|(salt, record)| {
            SealedRecord::new(record.category(), record.key(), commitment(*salt, record.digest()))
        });
        RecordSet::build(sealed.collect(), &[B256::repeat_byte(self.revision); PLACES]).unwrap()
    }

    pub(crate) fn answer(
        &mut self,
        request: &HttpRequest,
        now: u64,
        chain: &Chain,
    ) -> Result<HttpAnswer, TransportError> {
        match self.manner {
            Manner::Dead => return Err(TransportError::Connection { reason: "refused".to_owned() }),
            Manner::BadGateway => {
                return Ok(HttpAnswer { status: 502, headers: Vec::new(), body: b"<html>".to_vec() });
            }
            _ => {}
        }
        let now = match self.manner {
            Manner::ClockAhead(seconds) => now + seconds,
            _ => now,
        };
        let headers: Vec<(&str, &[u8])> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let path = request.url.strip_prefix(ORIGIN).unwrap();
        let parts = HttpParts { method: "POST", path, query: None, headers: &headers };
        let signature = protocol::request::read_signature(&headers).unwrap();
        let refusal = |code: RefusalCode| RefusalBody {
            code,
            reason: "no".to_owned(),
            expected: Some("something".to_owned()),
            found: None,
            block: None,
        };
        let (kind, body) = match verify_call(&parts, &self.audience, &request.body, now, 30) {
            Err(CallError::Expired { .. }) => {
                let refusal = refusal(RefusalCode::Expired);
                (AnswerKind::Refusal { status: refusal.code.status() }, refusal.to_body())
            }
            Err(error) => panic!("{error}"),
            Ok(call) => {
                self.calls += 1;
                match self.manner {
                    Manner::Refuses(code) => {
                        (AnswerKind::Refusal { status: code.status() }, refusal(code).to_body())
                    }
                    Manner::StaleOnce => {
                        self.manner = Manner::Honest;
                        let refusal = refusal(RefusalCode::StaleHead);
                        (AnswerKind::Refusal { status: refusal.code.status() }, refusal.to_body())
                    }
                    _ => (AnswerKind::Sealed, self.seal(&call, now, chain)),
                }
            }
        };
        let answer = self.sign(&signature, kind, body, now);
        let replayed = self.last.replace(answer.clone());
        Ok(match (self.manner, replayed) {
            (Manner::Replay, Some(replayed)) => replayed,
            _ => answer,
        })
    }

    fn sign(&self, signature: &[u8; 65], kind: AnswerKind, mut body: Vec<u8>, now: u64) -> HttpAnswer {
        let stranger = SigningKey::from_bytes(&[0x33; 32]).unwrap();
        let key = if self.manner == Manner::Stranger { &stranger } else { &self.key };
        let origin = &self.audience.origin;
        let signed = sign_answer(key, CHAIN_ID, origin, signature, kind, &body, now);
        if self.manner == Manner::ChangedBody {
            *body.last_mut().unwrap() ^= 1;
        }
        let headers = signed.fields().map(|(name, value)| (name.to_owned(), value)).to_vec();
        HttpAnswer { status: kind.status(), headers, body }
    }

    /// Does what is asked and seals the answer.
    fn seal(&mut self, call: &VerifiedCall, now: u64, chain: &Chain) -> Vec<u8> {
        let patient = call.call().patient;
        let content = match &call.call().method {
            Method::RedeemInvitation { .. } => {
                let transactions = self.open_relationship(patient, chain);
                serde_json::to_vec(&InvitationAnswer { transactions }).unwrap()
            }
            Method::ReadRecords { categories } => {
                if self.manner == Manner::PublishesMeanwhile {
                    self.manner = Manner::Honest;
                    self.revision += 1;
                    self.publish(patient, chain);
                    chain.seal_next(now + 1).unwrap();
                }
                serde_json::to_vec(&self.read(*categories)).unwrap()
            }
            Method::ListAccesses { .. } => {
                let answer = AccessesAnswer {
                    first: 1,
                    before: B256::ZERO,
                    entries: vec![],
                    anchors_before: B256::ZERO,
                    anchors: vec![],
                };
                serde_json::to_vec(&answer).unwrap()
            }
            other => panic!("no journey calls {}", other.name()),
        };
        let content = if self.manner == Manner::Nonsense { b"[]".to_vec() } else { content };
        let steward = self.address();
        let contract = self.audience.contract;
        let context = RelationshipId { chain_id: CHAIN_ID, contract, patient, steward };
        let reply_key = match self.manner {
            Manner::OtherKey => protocol::keys::EncryptionKey::derive(&[9; 32]).public(),
            _ => call.call().reply_key,
        };
        envelope::seal(&reply_key, &context, call.signature(), &content, [5; 32]).unwrap()
    }

    fn open_relationship(&mut self, patient: Address, chain: &Chain) -> Vec<B256> {
        if self.manner == Manner::ForgetsToPropose {
            return vec![B256::ZERO];
        }
        let proposed = self.send(contracts::propose(patient), chain);
        vec![proposed, self.publish(patient, chain)]
    }

    fn publish(&mut self, patient: Address, chain: &Chain) -> B256 {
        let set = self.set();
        self.send(contracts::publish(patient, set.root(), set.total()), chain)
    }

    fn send(&mut self, data: Vec<u8>, chain: &Chain) -> B256 {
        let raw = signed(&self.key, self.next_nonce, Some(self.audience.contract), data);
        self.next_nonce += 1;
        chain.submit(&raw.into()).unwrap()
    }

    fn read(&self, categories: Categories) -> RecordsAnswer {
        let mut answers: Vec<CategoryAnswer> =
            categories.iter().map(|category| self.category(category)).collect();
        match self.manner {
            Manner::CategoryMissing => {
                answers.pop();
            }
            Manner::CategorySpare => answers.push(self.category(Category::Devices)),
            _ => {}
        }
        RecordsAnswer { categories: answers }
    }

    fn category(&self, category: Category) -> CategoryAnswer {
        let set = self.set();
        let proof = set.category_proof(category);
        let mut records: Vec<RecordItem> =
            set.records(category).iter().map(|sealed| self.item(sealed)).collect();
        if category == Category::Problems {
            match self.manner {
                Manner::RecordOmitted => {
                    records.pop();
                }
                Manner::RecordMissing => {
                    let last = records.last_mut().unwrap();
                    (last.salt, last.content) = (None, None);
                }
                Manner::RecordAltered => {
                    let last = records.last_mut().unwrap();
                    last.content = last.content.take().map(|text| text.replace("Fracture", "Nothing"));
                }
                _ => {}
            }
        }
        CategoryAnswer {
            category,
            count: u64::try_from(records.len()).unwrap(),
            salt: proof.salt,
            path: proof.path,
            total: proof.total,
            records,
        }
    }

    fn item(&self, sealed: &SealedRecord) -> RecordItem {
        let (salt, record) = self.records.iter().find(|(_, record)| record.key() == sealed.key()).unwrap();
        RecordItem::whole(sealed.leaf(), *salt, record.canonical().to_owned())
    }
}
