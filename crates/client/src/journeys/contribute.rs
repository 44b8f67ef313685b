//! Writing: a patient, or whoever may contribute, adds records of their own.

use lightclient::UnixTime;
use protocol::answer::WriteAnswer;
use protocol::contribution::Contribution;
use protocol::layout::{RelationshipQuery, RelationshipStatus};
use protocol::relationship::RelationshipId;
use protocol::request::Method;
use records::category::{Categories, Category};
use records::record::Record;

use super::{Identity, JourneyError, ReadAsk};
use crate::client::Client;
use crate::error::ClientError;
use crate::gatekeeper::{Caller, GatekeeperError};
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::transact::Wait;

/// Records to add to a relationship, all of one category.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// The relationship.
    pub query: RelationshipQuery,
    /// Where they are filed: own data, if the patient writes.
    pub category: Category,
    /// The author's own name for the contribution (see [`contributed_id`](protocol::contribution::contributed_id)).
    pub name: &'a str,
    /// When, by the author's clock.
    pub at: UnixTime,
    /// The records.
    pub records: &'a [Record],
}

impl<P: Platform> Client<P> {
    /// The full name of a relationship on this network.
    pub const fn relationship_id(&self, query: RelationshipQuery) -> RelationshipId {
        let (chain_id, contract) = (self.network().rules.chain_id, self.network().relationships.address);
        RelationshipId { chain_id, contract, patient: query.patient, steward: query.steward }
    }

    /// Signs records as their author, who may read them, hands them to the steward, and reads them back until they are proven to
    /// be in the record set.
    ///
    /// # Errors
    /// [`JourneyError::Status`] if the relationship is not active; what the gatekeeper answers;
    /// [`TransactError::NotProven`](crate::TransactError) if the steward does not seal it in time: it has the records then.
    pub async fn contribute(
        &self,
        who: impl Into<Identity<'_>>,
        addition: Addition<'_>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<WriteAnswer, ClientError> {
        let who = who.into();
        let Addition { query, category, name, at, records } = addition;
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        tell(Step::Prove, 1);
        let steward = query.steward;
        let member = self.member(&head, steward).await?.ok_or(GatekeeperError::NoMember { steward })?;
        let state = self.relationship(&head, query).await?;
        if state.status != RelationshipStatus::Active {
            let (expected, found) = (RelationshipStatus::Active, state.status);
            return Err(JourneyError::Status { expected, found }.into());
        }
        let contribution = Contribution::sign(who.key, &self.relationship_id(query), name, at, records)
            .map_err(JourneyError::from)?;
        tell(Step::Ask, 2);
        let caller = Caller { key: who.key, patient: query.patient, via: None };
        let method = Method::WriteRecords { category, contribution };
        let answer = self.call_gatekeeper(&head, &member, caller, method).await?;
        let written: WriteAnswer = serde_json::from_slice(&answer.content)
            .map_err(|error| GatekeeperError::Content { reason: error.to_string() })?;
        tell(Step::Wait, 3);
        let ask = ReadAsk {
            key: who.key,
            patient: query.patient,
            steward,
            categories: Categories::NONE.with(category),
            via: None,
        };
        // What was there already is in the set of before. Each reading is an entry in the patient's log, so there is one for
        // each set, and none while nothing was sealed.
        let is_new = written.added.saturating_add(written.replaced) > 0;
        let mut seen = state.record_set.filter(|_| is_new).map_or(0, |set| set.revision);
        let mut wait = Wait::new(self, "record set with the new records", &[]);
        loop {
            let head = self.head()?;
            let state = self.relationship(&head, query).await;
            let revision =
                wait.unless_silent(state)?.and_then(|state| state.record_set).map(|set| set.revision);
            if let Some(revision) = revision.filter(|revision| *revision > seen) {
                let reading = self.read_records(ask, |_| {}).await;
                if let Some(reading) = wait.unless_silent(reading)? {
                    seen = revision.max(reading.anchor.revision);
                    // What the steward says of it counts for nothing: the records are read back.
                    if records.iter().all(|record| reading.holds(record)) {
                        tell(Step::Wait, 4);
                        return Ok(written);
                    }
                }
            }
            wait.turn(&head).await?;
        }
    }
}
