//! Who read, or tried to: the access log that the gatekeeper keeps, against its head on chain.
//!
//! Up to the anchor that is proven no entry can be missing, changed or put in, and no earlier anchor was of another log. What came after it is shown as what it
//! is: the gatekeeper's word, until the next anchor. Source: `protocol::access_log`.

use alloy_primitives::Address;
use lightclient::UnixTime;
use protocol::access_log::{
    AccessEntry, AccessesAnswer, LogAnchor, LogPoint, VerifiedPage, verify_newest_page, verify_page_before,
};
use protocol::layout::{Member, RelationshipQuery};
use protocol::request::Method;

use super::Identity;
use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::gatekeeper::{Caller, GatekeeperError};
use crate::ports::Platform;

/// The access log of a relationship, from the newest entry back.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessReading {
    /// The head that the anchor is proven against.
    pub head: Head,
    /// The steward, proven in the registry.
    pub steward: Member,
    /// What is proven on chain of the log.
    pub anchor: LogAnchor,
    /// When it was anchored; 0 before the first anchor.
    pub anchored_at: UnixTime,
    /// The newest page first, each ending where the one before it in this list starts.
    pages: Vec<VerifiedPage>,
}

impl AccessReading {
    /// The entries, newest first.
    pub fn entries(&self) -> impl Iterator<Item = &AccessEntry> {
        self.pages.iter().flat_map(|page| page.entries().iter().rev())
    }

    /// Whether an entry is proven: it cannot be missing, changed or put in.
    #[must_use]
    pub const fn is_anchored(&self, entry: &AccessEntry) -> bool {
        entry.number <= self.anchor.point.count
    }

    /// Entries in the whole log.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.pages.first().map_or(0, |page| page.end().count)
    }

    /// Whether the oldest entry is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.start() == LogPoint::START
    }

    fn start(&self) -> LogPoint {
        self.pages.last().map_or(LogPoint::START, VerifiedPage::start)
    }
}

impl<P: Platform> Client<P> {
    /// Reads the newest entries of the patient's access log at a steward, back to the anchor on chain at least.
    ///
    /// # Errors
    /// [`AccessLogError`](protocol::access_log::AccessLogError) if the log is not the one that is anchored, otherwise
    /// [`GatekeeperError`] or what the endpoints did.
    pub async fn read_accesses(
        &self,
        who: impl Into<Identity<'_>>,
        steward: Address,
    ) -> Result<AccessReading, ClientError> {
        let who = who.into();
        let head = self.synced_head().await?;
        let member = self.member(&head, steward).await?.ok_or(GatekeeperError::NoMember { steward })?;
        let query = RelationshipQuery { patient: who.address, steward };
        let state = self.relationship(&head, query).await?;
        let anchor = state.access_log;
        let anchored_at = state.access_log_anchored_at;
        let answer = self.list_accesses(&head, &member, who, None).await?;
        let page = verify_newest_page(anchor, answer).map_err(|error| at(error, &member))?;
        let mut reading = AccessReading { head, steward: member, anchor, anchored_at, pages: vec![page] };
        while reading.start().count > anchor.point.count {
            self.read_older_accesses(who, &mut reading).await?;
        }
        Ok(reading)
    }

    /// Reads the page before the oldest entry that is here; does nothing once the log is whole.
    ///
    /// # Errors
    /// As [`read_accesses`](Self::read_accesses).
    pub async fn read_older_accesses(
        &self,
        who: impl Into<Identity<'_>>,
        reading: &mut AccessReading,
    ) -> Result<(), ClientError> {
        let (false, Some(oldest)) = (reading.is_whole(), reading.pages.last()) else { return Ok(()) };
        if reading.pages.len() >= MAX_PAGES {
            let reason = format!("an access log of more than {MAX_PAGES} pages");
            return Err(ClientError::from(GatekeeperError::Content { reason }).at(&reading.steward.endpoint));
        }
        let before = Some(oldest.start().count.saturating_add(1));
        let answer = self.list_accesses(&reading.head, &reading.steward, who.into(), before).await?;
        if answer.entries.is_empty() {
            let reason = "no entry, though there are older ones".to_owned();
            return Err(ClientError::from(GatekeeperError::Content { reason }).at(&reading.steward.endpoint));
        }
        let page = verify_page_before(oldest, reading.anchor, answer)
            .map_err(|error| at(error, &reading.steward))?;
        reading.pages.push(page);
        Ok(())
    }

    async fn list_accesses(
        &self,
        head: &Head,
        steward: &Member,
        who: Identity<'_>,
        before: Option<u64>,
    ) -> Result<AccessesAnswer, ClientError> {
        let caller = Caller { key: who.key, patient: who.address, via: None };
        let answer = self.call_gatekeeper(head, steward, caller, Method::ListAccesses { before }).await?;
        serde_json::from_slice(&answer.content).map_err(|error| {
            let reason = error.to_string();
            ClientError::from(GatekeeperError::Content { reason }).at(&steward.endpoint)
        })
    }
}

/// Pages that one reading holds: a gatekeeper that lists entry by entry shall not keep us for ever.
const MAX_PAGES: usize = 100;

fn at(error: impl Into<ClientError>, steward: &Member) -> ClientError {
    error.into().at(&steward.endpoint)
}
