//! The access log of a relationship: who asked for what, as a chain of entries whose head goes on chain in batches.
//!
//! `head(n) = SHA-256(head(n − 1) ‖ SHA-256(entry n))`, `head(0)` is zero. A page of entries comes with the head before
//! its first one, so its last head follows; where a head on the way is known (proven on chain, or named by a page after
//! it), no entry of the page can be left out, changed or put in. Entries after the newest anchor have nobody's word but
//! the gatekeeper's until the next one.
//!
//! The newest anchor alone would let a steward anchor one log today and a longer, other one tomorrow. So the contract
//! folds every anchor into one digest, `digest(k) = keccak256(digest(k − 1) ‖ head ‖ count)`. A page names the entries
//! after which the log was anchored; their heads follow from the entries, and the digest that they lead to has to be
//! the one on chain. So the log that is listed is the one of every anchor ever made.
//!
//! An entry is a canonical FHIR `AuditEvent`. What it says is read leniently: an entry that we cannot read is an entry
//! still, and shown as one. Source: FHIR R4 AuditEvent; `docs/gatekeeper-protocol.md`.

use alloy_primitives::{Address, B256, keccak256};
use lightclient::Fault;
use records::json::{JsonLimits, parse_json};
use records::record::record_digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::invitation::parse_address;

/// The head of a log after so many entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPoint {
    /// How many entries there are up to here.
    pub count: u64,
    /// Hash over all of them.
    pub head: B256,
}

impl LogPoint {
    /// Before the first entry.
    pub const START: Self = Self { count: 0, head: B256::ZERO };

    /// After one more entry.
    #[must_use]
    pub fn after(self, entry: &str) -> Self {
        let link = [self.head.0, record_digest(entry.as_bytes()).0].concat();
        Self { count: self.count + 1, head: record_digest(&link) }
    }
}

/// What the chain holds of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogAnchor {
    /// The newest head that was anchored.
    pub point: LogPoint,
    /// Over all anchors up to this one.
    pub digest: B256,
}

impl LogAnchor {
    /// Before the first anchor.
    pub const NONE: Self = Self { point: LogPoint::START, digest: B256::ZERO };

    /// After one more anchor.
    #[must_use]
    pub fn after(self, point: LogPoint) -> Self {
        let fold = [&self.digest.0[..], &point.head.0, &point.count.to_be_bytes()].concat();
        Self { point, digest: keccak256(fold) }
    }
}

/// What `accesses.list` answers, sealed: the newest entries before the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessesAnswer {
    /// Number of the first entry here, from 1; 1 where none is listed.
    pub first: u64,
    /// The head before that entry.
    pub before: B256,
    /// Canonical `AuditEvent`s, oldest first.
    pub entries: Vec<String>,
    /// The digest of the anchors before that entry.
    pub anchors_before: B256,
    /// The numbers of the entries here after which the log was anchored, ascending.
    pub anchors: Vec<u64>,
}

/// A page of a log, verified as far as something is known to verify it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPage {
    /// The last anchor before the page; its point is the page's start.
    start: LogAnchor,
    end: LogPoint,
    entries: Vec<AccessEntry>,
    anchors: Vec<LogAnchor>,
}

/// One access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// Its number, from 1.
    pub number: u64,
    /// The canonical `AuditEvent`.
    pub raw: String,
    /// What it says; `None` if it is in a form that we do not know.
    pub event: Option<AccessEvent>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEvent {
    /// When, as a FHIR `instant`.
    pub recorded: String,
    /// The method called, such as `records.read`.
    pub method: String,
    /// Who called.
    pub caller: Address,
    /// Through which group, or for which member as its staff.
    pub via: Option<Address>,
    /// The categories asked for, by their names.
    pub categories: Vec<String>,
    /// The block at which it was decided.
    pub block: Option<u64>,
    /// Why it was refused; `None` if it was released.
    pub refusal: Option<String>,
}

/// Verifies the newest page of a log against the anchors that are proven on chain.
///
/// Where the newest anchor lies before the page, the page is bound to nothing yet: verify the pages before it until one
/// reaches the anchor, and believe none before.
///
/// # Errors
/// [`AccessLogError`] if the log is shorter than the anchor says, or another one.
pub fn verify_newest_page(anchor: LogAnchor, answer: AccessesAnswer) -> Result<VerifiedPage, AccessLogError> {
    let page = VerifiedPage::read(answer)?;
    if page.end.count < anchor.point.count {
        return Err(AccessLogError::Shortened { expected: anchor.point.count, found: page.end.count });
    }
    page.check_anchor(anchor)
}

/// Verifies the page before another one, which ends where that one starts; and against the anchor, if it lies in it.
///
/// # Errors
/// [`AccessLogError`] if it does not end there, or is not the log that is anchored.
pub fn verify_page_before(
    later: &VerifiedPage,
    anchor: LogAnchor,
    answer: AccessesAnswer,
) -> Result<VerifiedPage, AccessLogError> {
    let page = VerifiedPage::read(answer)?;
    let (expected, found) = (later.start.point, page.end);
    if expected.count != found.count {
        return Err(AccessLogError::Shortened { expected: expected.count, found: found.count });
    }
    let page = page.check_head(expected)?;
    if expected.count > anchor.point.count {
        // Anchors after the one that we have proven are nobody's business yet.
        return page.check_anchor(anchor);
    }
    page.check_anchor(LogAnchor { point: expected, digest: later.start.digest })
}

impl VerifiedPage {
    fn read(answer: AccessesAnswer) -> Result<Self, AccessLogError> {
        let count = answer.first.checked_sub(1).ok_or(AccessLogError::NoFirst { found: 0 })?;
        if answer.entries.is_empty() && count > 0 || count > MAX_COUNT {
            return Err(AccessLogError::NoFirst { found: answer.first });
        }
        let start =
            LogAnchor { point: LogPoint { count, head: answer.before }, digest: answer.anchors_before };
        if count == 0 && start.point != LogPoint::START {
            return Err(AccessLogError::Head { count, expected: B256::ZERO, found: start.point.head });
        }
        if count == 0 && start != LogAnchor::NONE {
            return Err(AccessLogError::Anchors { count, expected: B256::ZERO, found: start.digest });
        }
        let mut page = Self { start, end: start.point, entries: Vec::new(), anchors: Vec::new() };
        let mut anchored = answer.anchors.into_iter().peekable();
        for raw in answer.entries {
            page.end = page.end.after(&raw);
            page.entries.push(AccessEntry { number: page.end.count, event: AccessEvent::read(&raw), raw });
            if anchored.next_if_eq(&page.end.count).is_some() {
                page.anchors.push(page.newest_anchor().after(page.end));
            }
        }
        match anchored.next() {
            Some(found) => Err(AccessLogError::NoSuchAnchor { found }),
            None => Ok(page),
        }
    }

    /// The newest anchor in the page, or before it.
    fn newest_anchor(&self) -> LogAnchor {
        self.anchors.last().copied().unwrap_or(self.start)
    }

    /// Requires the head after so many entries to be this one, where that lies in the page.
    fn check_head(self, known: LogPoint) -> Result<Self, AccessLogError> {
        let skipped = known.count.checked_sub(self.start.point.count);
        let skipped = skipped.and_then(|count| usize::try_from(count).ok());
        let Some(until) = skipped.and_then(|count| self.entries.get(..count)) else { return Ok(self) };
        let found = until.iter().fold(self.start.point, |point, entry| point.after(&entry.raw)).head;
        if found != known.head {
            return Err(AccessLogError::Head { count: known.count, expected: known.head, found });
        }
        Ok(self)
    }

    /// Requires the head and all anchors up to a known one to be these, where that lies in the page.
    fn check_anchor(self, known: LogAnchor) -> Result<Self, AccessLogError> {
        let LogPoint { count, .. } = known.point;
        if count < self.start.point.count || count > self.end.count {
            return Ok(self);
        }
        let page = self.check_head(known.point)?;
        let anchors = page.anchors.iter().take_while(|anchor| anchor.point.count <= count);
        let found = anchors.last().unwrap_or(&page.start).digest;
        if found != known.digest {
            return Err(AccessLogError::Anchors { count, expected: known.digest, found });
        }
        Ok(page)
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[AccessEntry] {
        &self.entries
    }

    /// Where the page starts: older entries are before it.
    pub const fn start(&self) -> LogPoint {
        self.start.point
    }

    /// Where the page ends.
    pub const fn end(&self) -> LogPoint {
        self.end
    }
}

impl AccessEvent {
    /// Reads an entry; `None` for a form that we do not know.
    fn read(entry: &str) -> Option<Self> {
        let event = parse_json(entry.as_bytes(), LIMITS).ok()?;
        let text = |path: &str| event.pointer(path).and_then(Value::as_str);
        let details = event.pointer("/entity/0/detail").and_then(Value::as_array).into_iter().flatten();
        let detail = |name: &str| {
            let of_name = details.clone().find(|detail| detail["type"] == name)?;
            of_name["valueString"].as_str()
        };
        let categories = detail("categories").into_iter().flat_map(|names| names.split(", "));
        let refusal = match text("/outcome")? {
            "0" => None,
            _ => Some(text("/outcomeDesc").unwrap_or_default().to_owned()),
        };
        Some(Self {
            recorded: text("/recorded")?.to_owned(),
            method: text("/subtype/0/code")?.to_owned(),
            caller: parse_address(text("/agent/0/who/identifier/value")?)?,
            via: detail("group").and_then(parse_address),
            categories: categories.map(str::to_owned).collect(),
            block: detail("block").and_then(|number| number.parse().ok()),
            refusal,
        })
    }
}

/// Why a list of accesses is not what is anchored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessLogError {
    /// The anchors, or the entries that they stand on, are not those on chain.
    #[error("access log: anchors up to entry {count} have the digest {found}, expected {expected}")]
    Anchors {
        /// Up to this entry.
        count: u64,
        /// The digest that is known.
        expected: B256,
        /// The digest that the list leads to.
        found: B256,
    },
    /// The entries lead to another head.
    #[error("access log: head {found} after {count} entries, expected {expected}")]
    Head {
        /// After so many entries.
        count: u64,
        /// The head that is known.
        expected: B256,
        /// The head that the entries lead to.
        found: B256,
    },
    /// No entry has this number, or none follows that would.
    #[error("access log: begins with entry {found}")]
    NoFirst {
        /// The number of the first entry, as the list has it.
        found: u64,
    },
    /// An anchor that is after none of the entries listed, or out of order.
    #[error("access log: an anchor after entry {found}, which is not listed there")]
    NoSuchAnchor {
        /// The number of the entry.
        found: u64,
    },
    /// The list ends too early, or too late.
    #[error("access log of {found} entries, expected {expected}")]
    Shortened {
        /// Entries that are known to be there.
        expected: u64,
        /// Entries that are listed.
        found: u64,
    },
}

impl AccessLogError {
    /// Whose fault it is: the gatekeeper's.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// No log grows beyond: what JavaScript counts exactly, with room for a page.
const MAX_COUNT: u64 = 1 << 52;
/// An entry is about 700 bytes; a record of any kind may have a mebibyte.
const LIMITS: JsonLimits = JsonLimits { bytes: 64 << 10, depth: 16 };

#[cfg(test)]
mod tests;
