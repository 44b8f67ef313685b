//! The past of a category: every version of every record that the chain names a record set of.

use protocol::layout::{HistoryQuery, RelationshipQuery};
use protocol::request::{MAX_REVISIONS, Method};
use records::category::Category;
use records::record_set::{CategoryHistory, RecordSetAnchor, VerifiedHistory, verify_history};

use super::{JourneyError, ReadAsk};
use crate::client::Client;
use crate::error::ClientError;
use crate::gatekeeper::{Caller, GatekeeperError};
use crate::ports::Platform;
use crate::progress::{Progress, Step};

/// The versions of a category's records, as far back as was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PastReading {
    /// The record sets that the chain names, the oldest first.
    pub anchors: Vec<RecordSetAnchor>,
    /// What they changed, verified against each of them.
    pub history: VerifiedHistory,
}

impl<P: Platform> Client<P> {
    /// Reads what the newest record sets changed in one category, at most [`MAX_REVISIONS`] of them, and verifies each against
    /// the root that the chain names: no version is left out or put in between.
    ///
    /// `ask.categories` is not looked at.
    ///
    /// # Errors
    /// [`JourneyError::NotPublished`]; what the gatekeeper answers; a version that does not lead to its root.
    pub async fn read_past(
        &self,
        ask: ReadAsk<'_>,
        category: Category,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<PastReading, ClientError> {
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        tell(Step::Prove, 1);
        let ReadAsk { key, patient, steward, via, .. } = ask;
        let member = self.member(&head, steward).await?.ok_or(GatekeeperError::NoMember { steward })?;
        let query = RelationshipQuery { patient, steward };
        let newest = self.relationship(&head, query).await?.record_set;
        let newest = newest.ok_or(JourneyError::NotPublished { patient, steward })?.revision;
        let oldest = newest.saturating_sub(MAX_REVISIONS as u64).saturating_add(1);
        let revisions = oldest..newest.saturating_add(1);
        let anchors = self.record_sets(&head, HistoryQuery { patient, steward }, revisions).await?;
        tell(Step::Ask, 2);
        let roots = anchors.iter().map(|anchor| anchor.root).collect();
        let method = Method::ReadHistory { category, roots };
        let answer = self.call_gatekeeper(&head, &member, Caller { key, patient, via }, method).await?;
        tell(Step::Verify, 3);
        let answer: CategoryHistory = serde_json::from_slice(&answer.content)
            .map_err(|error| GatekeeperError::Content { reason: error.to_string() })?;
        let history = verify_history(&anchors, category, &answer)
            .map_err(|error| ClientError::from(error).at(&member.endpoint))?;
        tell(Step::Verify, 4);
        Ok(PastReading { anchors, history })
    }
}
