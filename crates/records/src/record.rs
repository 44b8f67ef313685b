//! One health record: its strict form, its canonical bytes, its digest and its place in a record set.
//!
//! A record is a FHIR R4 resource. What is sealed is FHIR's `#static` form (without the root's `meta` and `text`,
//! which servers rewrite) as RFC 8785 bytes; the digest is their SHA-256, so any implementation comes to the same
//! 32 bytes. Because `text` (the narrative) is not sealed, it is dropped here and can never be shown.
//!
//! Defends against texts with two meanings (duplicate names, inexact numbers) and against records that say one
//! thing when sealed and another when shown: the shown value is parsed from the very bytes that were hashed.
//! **Not** checked: that the resource conforms to a FHIR profile.
//!
//! Source: FHIR R4 §2.6 JSON (canonical JSON, `#static`); RFC 8785; FIPS 180-4.

use alloy_primitives::B256;
use lightclient::Fault;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::category::{Category, category_of};
use crate::json::{JsonError, JsonLimits, parse_json};

mod date;

pub use date::{DateError, instant, parse_date};

/// A record that was parsed strictly and brought into its canonical form.
#[derive(Clone, PartialEq)]
pub struct Record {
    resource: Value,
    canonical: String,
    digest: B256,
    key: RecordKey,
}

impl core::fmt::Debug for Record {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Record").field("digest", &self.digest).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Record {
    /// Parses a FHIR resource as any system writes it; root `meta` and `text` are dropped.
    ///
    /// # Errors
    /// [`RecordError`]: not strict JSON, not a resource with `resourceType` and `id`, or a clinical date that is
    /// none.
    pub fn parse(json: &[u8]) -> Result<Self, RecordError> {
        Self::from_resource(parse_json(json, LIMITS)?)
    }

    /// Parses the canonical text of a record, as it travels in an answer.
    ///
    /// # Errors
    /// As [`Record::parse`], and [`RecordError::NotCanonical`] if the text is not the canonical one.
    pub fn from_canonical(text: &str) -> Result<Self, RecordError> {
        let record = Self::parse(text.as_bytes())?;
        if record.canonical == text { Ok(record) } else { Err(RecordError::NotCanonical) }
    }

    fn from_resource(mut resource: Value) -> Result<Self, RecordError> {
        let object = resource.as_object_mut().ok_or(RecordError::NotAResource)?;
        object.shift_remove("meta");
        object.shift_remove("text");
        let name = |member| {
            let value = object.get(member).and_then(Value::as_str);
            value.filter(|value| is_fhir_id(value)).ok_or(RecordError::BadName { member })
        };
        let id = id_digest(&format!("{}/{}", name("resourceType")?, name("id")?));
        let time = match clinical_date(&resource) {
            Some((member, date)) => {
                bias(parse_date(date).map_err(|source| RecordError::BadDate { member, source })?)
            }
            None => 0,
        };
        // No cause: a Value of finite numbers always serialises.
        let canonical =
            serde_json_canonicalizer::to_string(&resource).map_err(|_cause| RecordError::NotAResource)?;
        let digest = record_digest(canonical.as_bytes());
        Ok(Self { resource, canonical, digest, key: RecordKey { time, id } })
    }

    /// The resource, without root `meta` and `text`.
    pub const fn resource(&self) -> &Value {
        &self.resource
    }

    /// The RFC 8785 text that was hashed.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// SHA-256 of the canonical text.
    pub const fn digest(&self) -> B256 {
        self.digest
    }

    /// The place of the record within its category.
    pub const fn key(&self) -> RecordKey {
        self.key
    }

    /// The category the record belongs to by its content.
    pub fn category(&self) -> Category {
        category_of(&self.resource)
    }

    /// The FHIR type, such as `Observation`.
    pub fn resource_type(&self) -> &str {
        self.resource.get("resourceType").and_then(Value::as_str).unwrap_or_default()
    }

    /// The logical id of the resource.
    pub fn id(&self) -> &str {
        self.resource.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    /// What identifies the record within a patient: `Type/id`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.resource_type(), self.id())
    }

    /// The clinical date as the record writes it (`2015`, `2015-02-07T13:28:17-05:00`), if it has one.
    pub fn date(&self) -> Option<&str> {
        clinical_date(&self.resource).map(|(_, date)| date)
    }
}

/// The order of records within a category: the clinical date, then a digest of type and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Seconds since 1970 plus 2^63, so that unsigned order is the order in time; 0 without a date.
    pub time: u64,
    /// SHA-256 of `Type/id`.
    pub id: [u8; 32],
}

impl RecordKey {
    /// The 40 bytes that are hashed: time big-endian, id.
    pub fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let (time, id) = bytes.split_at_mut(8);
        time.copy_from_slice(&self.time.to_be_bytes());
        id.copy_from_slice(&self.id);
        bytes
    }
}

/// The digest of a record's canonical bytes: SHA-256.
pub fn record_digest(canonical: &[u8]) -> B256 {
    B256::new(Sha256::digest(canonical).into())
}

/// The second part of a record's key: SHA-256 of its name `Type/id`.
pub(crate) fn id_digest(name: &str) -> [u8; 32] {
    Sha256::digest(name).into()
}

/// Maps seconds (before 1970: negative) to unsigned numbers in the same order.
const fn bias(seconds: i64) -> u64 {
    seconds.cast_unsigned() ^ (1 << 63)
}

/// FHIR's `id` and our bound for a type name: 1 to 64 letters, digits, `-` and `.`.
fn is_fhir_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// The first of [`DATE_MEMBERS`] that the resource has, with its text.
fn clinical_date(resource: &Value) -> Option<(&'static str, &str)> {
    DATE_MEMBERS.into_iter().find_map(|member| {
        let value = resource.get(member)?;
        let value = if value.is_object() { value.get("start")? } else { value };
        value.as_str().map(|date| (member, date))
    })
}

/// Where a resource says when it happened, the most telling first; of a period, its start counts.
const DATE_MEMBERS: [&str; 25] = [
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "period",
    "started",
    "startDate",
    "authoredOn",
    "whenHandedOver",
    "whenPrepared",
    "dateAsserted",
    "recordedDate",
    "date",
    "created",
    "createdDateTime",
    "createdPeriod",
    "start",
    "authored",
    "sent",
    "issued",
];

/// A record has at most 1 MiB and 64 levels.
const LIMITS: JsonLimits = JsonLimits { bytes: 1 << 20, depth: 64 };

/// Why a text is not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The clinical date is none.
    #[error("{member} of the record: {source}")]
    BadDate {
        /// The member that holds the date.
        member: &'static str,
        /// What is wrong with it.
        source: DateError,
    },
    /// `resourceType` or `id` is missing or not of the FHIR form.
    #[error("{member} of the record is missing or not 1 to 64 of A-Z a-z 0-9 - .")]
    BadName {
        /// The member.
        member: &'static str,
    },
    /// Not strict JSON.
    #[error("record: {0}")]
    Json(#[from] JsonError),
    /// Not a JSON object.
    #[error("the record is not a JSON object")]
    NotAResource,
    /// Not the canonical text of this record.
    #[error("the text is not the canonical text of its record")]
    NotCanonical,
}

impl RecordError {
    /// Who wrote the record is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests;
