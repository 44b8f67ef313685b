//! Reading: from the proven relationship and grant over the gatekeeper's answer to records that lead to the root on chain.
//!
//! The same decision that the gatekeeper makes is made here first, from our own proofs. An answer is verified category
//! by category; what does not lead to the root is never shown, and does not spoil the rest.

use alloy_primitives::Address;
use protocol::answer::{RecordsAnswer, RefusalCode};
use protocol::grant::{AccessAsk, Grant, Refusal, decide};
use protocol::keys::SigningKey;
use protocol::layout::{GrantQuery, GrantTerms, Member, RelationshipState, Right};
use protocol::request::Method;
use records::category::{Categories, Category};
use records::record::Record;
use records::record_set::{
    RecordSetAnchor, RecordSetError, RecordVerdict, VerifiedCategory, verify_category,
};

use super::JourneyError;
use crate::client::{Client, Head};
use crate::error::{ClientError, Problem};
use crate::gatekeeper::{Caller, GatekeeperError};
use crate::ports::Platform;
use crate::progress::{Progress, Step};

/// What was asked for when reading, and the proofs it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The head that everything is proven against.
    pub head: Head,
    /// The steward, proven in the registry.
    pub steward: Member,
    /// The relationship, proven.
    pub relationship: RelationshipState,
    /// The grant that permits it; `None` for the patient's own records.
    pub terms: Option<GrantTerms>,
    /// The record set that the records were verified against.
    pub anchor: RecordSetAnchor,
    /// Each category asked for, in their order.
    pub categories: Vec<CategoryReading>,
}

/// What of a reading holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding<'a> {
    /// The records, each with the address of its steward's gatekeeper.
    pub records: Vec<(&'a str, &'a Record)>,
    /// How many do not hold.
    pub withheld: usize,
}

/// One category of a reading.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryReading {
    /// The category.
    pub category: Category,
    /// What became of it.
    pub outcome: CategoryOutcome,
}

/// What became of one category.
#[derive(Debug, Clone, PartialEq)]
pub enum CategoryOutcome {
    /// It does not lead to the root on chain; nothing of it may be shown.
    Broken(ClientError),
    /// Complete: its leaves lead to the root on chain. Each record has its own verdict.
    Complete(VerifiedCategory),
    /// The proven grant does not cover it; it was not asked for.
    NotGranted(Refusal),
}

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct ReadAsk<'a> {
    /// The key of the reader: the patient's pseudonym, or a viewer.
    pub key: &'a SigningKey,
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward of the records.
    pub steward: Address,
    /// The categories; at least one.
    pub categories: Categories,
    /// The group through which the reader was granted something, if it is one.
    pub via: Option<Address>,
}

impl<P: Platform> Client<P> {
    /// Reads records and verifies that they are what the steward anchored on chain, all of them.
    ///
    /// The proven grant is consulted first: categories that it does not cover are not even asked for. If the gatekeeper
    /// turns out to stand at another block or revision than we, both are brought together and it is asked once more.
    ///
    /// # Errors
    /// [`JourneyError::Access`] if nothing is permitted, [`JourneyError::NotPublished`], [`GatekeeperError`] or what the
    /// endpoints did. A category that does not verify is no error of the whole: see [`CategoryOutcome`].
    pub async fn read_records(
        &self,
        ask: ReadAsk<'_>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Reading, ClientError> {
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        match self.read_once(&ask, head, &mut tell).await {
            Ok(reading) if !reading.is_out_of_step() => Ok(reading),
            Err(error) if !is_out_of_step(&error) => Err(error),
            _ => {
                tell(Step::Sync, 0);
                let head = self.synced_head().await?;
                self.read_once(&ask, head, &mut tell).await
            }
        }
    }

    async fn read_once(
        &self,
        ask: &ReadAsk<'_>,
        head: Head,
        tell: &mut impl FnMut(Step, u32),
    ) -> Result<Reading, ClientError> {
        let ReadAsk { key, patient, steward, categories, via } = *ask;
        tell(Step::Prove, 1);
        let member = self.member(&head, steward).await?.ok_or(GatekeeperError::NoMember { steward })?;
        // A member that reads is its address, whatever key it has by now.
        let reader = match key.address() {
            own if own == patient => own,
            own => self.identity(&head, own).await?.unwrap_or(own),
        };
        let query = GrantQuery { patient, steward, viewer: reader };
        let (relationship, terms) = self.relationship_and_grant(&head, query, via).await?;
        let decide = |categories| {
            let ask = AccessAsk { patient, steward, reader, categories, right: Right::Read };
            decide(&ask, &relationship, terms.as_ref(), head.header().timestamp())
        };
        let permitted = permitted(decide(categories), categories, terms.as_ref())?;
        let anchor = relationship.record_set.ok_or(JourneyError::NotPublished { patient, steward })?;
        tell(Step::Ask, 2);
        let method = Method::ReadRecords { categories: permitted };
        let answer = self.call_gatekeeper(&head, &member, Caller { key, patient, via }, method).await?;
        tell(Step::Verify, 3);
        let answer =
            decode_records(&answer.content, permitted).map_err(|error| error.at(&member.endpoint))?;
        let readings = categories
            .iter()
            .map(|category| {
                let outcome = match decide(Categories::NONE.with(category)) {
                    Err(refusal) => CategoryOutcome::NotGranted(refusal),
                    Ok(_) => match judge(&anchor, category, &answer) {
                        Ok(complete) => CategoryOutcome::Complete(complete),
                        Err(error) => CategoryOutcome::Broken(error.at(&member.endpoint)),
                    },
                };
                CategoryReading { category, outcome }
            })
            .collect();
        tell(Step::Verify, 4);
        let terms = terms.filter(|_| reader != patient);
        Ok(Reading { head, steward: member, relationship, terms, anchor, categories: readings })
    }
}

impl Reading {
    /// Whether exactly this record was read, verified.
    #[must_use]
    pub fn holds(&self, record: &Record) -> bool {
        let complete = self.categories.iter().filter_map(|reading| match &reading.outcome {
            CategoryOutcome::Complete(complete) => Some(complete),
            _ => None,
        });
        let mut verified = complete.flat_map(VerifiedCategory::records).filter_map(RecordVerdict::verified);
        verified.any(|verified| verified.record() == record)
    }

    /// The records that hold.
    ///
    /// # Errors
    /// A category that does not hold as a whole, or is not granted: without it the records would look complete.
    pub fn holding(&self) -> Result<Holding<'_>, ClientError> {
        let (mut records, mut withheld) = (Vec::new(), 0);
        for category in &self.categories {
            let complete = match &category.outcome {
                CategoryOutcome::Complete(complete) => complete,
                CategoryOutcome::Broken(error) => return Err(error.clone()),
                CategoryOutcome::NotGranted(refusal) => {
                    return Err(JourneyError::from(refusal.clone()).into());
                }
            };
            for verdict in complete.records() {
                match verdict.verified() {
                    Some(verified) => records.push((self.steward.endpoint.as_str(), verified.record())),
                    None => withheld += 1,
                }
            }
        }
        Ok(Holding { records, withheld })
    }

    /// Whether a category leads to another root: the gatekeeper may have published meanwhile.
    fn is_out_of_step(&self) -> bool {
        self.categories.iter().any(|reading| {
            matches!(&reading.outcome, CategoryOutcome::Broken(error) if matches!(
                &*error.problem,
                Problem::Records(RecordSetError::Root { .. } | RecordSetError::Total { .. })
            ))
        })
    }
}

/// The categories asked for that the proven state permits.
fn permitted(
    decision: Result<Grant, Refusal>,
    categories: Categories,
    terms: Option<&GrantTerms>,
) -> Result<Categories, JourneyError> {
    match decision {
        Ok(_) => Ok(categories),
        Err(refusal) if refusal.code == RefusalCode::CategoryNotGranted => {
            let granted = terms.map(|terms| categories.intersection(terms.categories));
            granted.filter(|granted| !granted.is_empty()).ok_or_else(|| refusal.into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Reads the content of an answer to `records.read`: only about the categories asked, each once.
fn decode_records(content: &[u8], asked: Categories) -> Result<RecordsAnswer, ClientError> {
    let answer: RecordsAnswer = serde_json::from_slice(content)
        .map_err(|error| GatekeeperError::Content { reason: error.to_string() })?;
    let mut seen = Categories::NONE;
    for category in answer.categories.iter().map(|answer| answer.category) {
        if !asked.contains(category) || seen.contains(category) {
            let reason = format!("category {category} was not asked for, or came twice");
            return Err(GatekeeperError::Content { reason }.into());
        }
        seen = seen.with(category);
    }
    Ok(answer)
}

/// Verifies one category of an answer.
fn judge(
    anchor: &RecordSetAnchor,
    category: Category,
    answer: &RecordsAnswer,
) -> Result<VerifiedCategory, ClientError> {
    let of_category = answer.categories.iter().find(|answer| answer.category == category);
    let answer = of_category.ok_or(GatekeeperError::CategoryMissing { category })?;
    Ok(verify_category(anchor, category, answer)?)
}

/// Whether the gatekeeper refuses because it stands at another block than we.
fn is_out_of_step(error: &ClientError) -> bool {
    matches!(
        &*error.problem,
        Problem::Gatekeeper(GatekeeperError::Refused(refusal)) if refusal.code == RefusalCode::StaleHead
    )
}
