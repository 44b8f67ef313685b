//! The access log of a relationship: who asked for what, as a chain of entries whose head goes on chain in batches.
//!
//! `head(n) = SHA-256(head(n − 1) ‖ SHA-256(entry n))`, `head(0)` is zero. A page of entries comes with the head before
//! its first one, so its last head follows; where a head on the way is known (proven on chain, or named by a page after
//! it), no entry of the page can be left out, changed or put in. Entries after the newest anchor have nobody's word but
//! the gatekeeper's until the next one.
//!
//! An entry is a canonical FHIR `AuditEvent`. What it says is read leniently: an entry that we cannot read is an entry
//! still, and shown as one. Source: FHIR R4 AuditEvent; `docs/gatekeeper-protocol.md`.

use alloy_primitives::{Address, B256};
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
}

/// A page of a log, verified as far as something is known to verify it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPage {
    start: LogPoint,
    end: LogPoint,
    entries: Vec<AccessEntry>,
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
    /// The categories asked for, by their names.
    pub categories: Vec<String>,
    /// The block at which it was decided.
    pub block: Option<u64>,
    /// Why it was refused; `None` if it was released.
    pub refusal: Option<String>,
}

/// Verifies the newest page of a log against the head that is proven on chain.
///
/// Where the anchor lies before the page, the page is bound to nothing yet: verify the pages before it until one
/// reaches the anchor, and believe none before.
///
/// # Errors
/// [`AccessLogError`] if the log is shorter than the anchor says, or another one.
pub fn verify_newest_page(anchor: LogPoint, answer: AccessesAnswer) -> Result<VerifiedPage, AccessLogError> {
    let page = VerifiedPage::read(answer)?;
    if page.end.count < anchor.count {
        return Err(AccessLogError::Shortened { expected: anchor.count, found: page.end.count });
    }
    page.check(anchor)
}

/// Verifies the page before another one, which ends where that one starts; and against the anchor, if it lies in it.
///
/// # Errors
/// [`AccessLogError`] if it does not end there, or is not the log that is anchored.
pub fn verify_page_before(
    later: &VerifiedPage,
    anchor: LogPoint,
    answer: AccessesAnswer,
) -> Result<VerifiedPage, AccessLogError> {
    let page = VerifiedPage::read(answer)?;
    let (expected, found) = (later.start, page.end);
    if expected.count != found.count {
        return Err(AccessLogError::Shortened { expected: expected.count, found: found.count });
    }
    page.check(expected)?.check(anchor)
}

impl VerifiedPage {
    fn read(answer: AccessesAnswer) -> Result<Self, AccessLogError> {
        let count = answer.first.checked_sub(1).ok_or(AccessLogError::NoFirst { found: 0 })?;
        if answer.entries.is_empty() && count > 0 || count > MAX_COUNT {
            return Err(AccessLogError::NoFirst { found: answer.first });
        }
        let start = LogPoint { count, head: answer.before };
        if count == 0 && start != LogPoint::START {
            return Err(AccessLogError::Head { count, expected: B256::ZERO, found: start.head });
        }
        let mut end = start;
        let mut entries = Vec::with_capacity(answer.entries.len());
        for raw in answer.entries {
            end = end.after(&raw);
            entries.push(AccessEntry { number: end.count, event: AccessEvent::read(&raw), raw });
        }
        Ok(Self { start, end, entries })
    }

    /// Requires the head after so many entries to be this one, where that lies in the page.
    fn check(self, known: LogPoint) -> Result<Self, AccessLogError> {
        let skipped = known.count.checked_sub(self.start.count).and_then(|count| usize::try_from(count).ok());
        let Some(until) = skipped.and_then(|count| self.entries.get(..count)) else { return Ok(self) };
        let found = until.iter().fold(self.start, |point, entry| point.after(&entry.raw)).head;
        if found != known.head {
            return Err(AccessLogError::Head { count: known.count, expected: known.head, found });
        }
        Ok(self)
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[AccessEntry] {
        &self.entries
    }

    /// Where the page starts: older entries are before it.
    pub const fn start(&self) -> LogPoint {
        self.start
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
            categories: categories.map(str::to_owned).collect(),
            block: detail("block").and_then(|number| number.parse().ok()),
            refusal,
        })
    }
}

/// Why a list of accesses is not what is anchored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessLogError {
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
