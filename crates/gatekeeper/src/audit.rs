//! Entries of the access log: FHIR `AuditEvent`s, one per call.
//!
//! An entry says who asked for what, when, at which block, and how it was answered; never what a record says. Its id
//! comes from the signature of the request, so that an entry belongs to exactly one signed request. What is made of
//! the entries is in `protocol::access_log`.
//!
//! Source: FHIR R4 AuditEvent; IHE BALP 1.1.3 (shape); RFC 8785.

use alloy_primitives::{Address, hex};
use lightclient::{BlockNumber, UnixTime};
use protocol::answer::RefusalCode;
use protocol::request::VerifiedCall;
use records::record::{Record, RecordError, record_digest};
use serde_json::{Value, json};

/// How a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It got what it asked for.
    Released,
    /// It was refused for this reason.
    Refused(RefusalCode),
}

/// Writes the entry for a call as canonical JSON.
///
/// # Errors
/// [`RecordError`] never for a verified call: all members are of our making.
pub fn entry(
    call: &VerifiedCall,
    outcome: Outcome,
    block: BlockNumber,
    at: UnixTime,
) -> Result<String, RecordError> {
    let asked = call.call();
    let who = |address: Address| json!({ "identifier": { "system": format!("urn:eip155:{}", asked.network), "value": address.to_string() } });
    let mut detail = vec![json!({ "type": "block", "valueString": block.to_string() })];
    if let Some(categories) = asked.method.categories() {
        detail.push(json!({ "type": "categories", "valueString": categories.to_string() }));
    }
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": entry_id(call.signature()),
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest" },
        "subtype": [{ "system": "urn:medrec:method", "code": asked.method.name() }],
        "action": "R",
        "recorded": instant(at),
        "outcome": "0",
        "agent": [{ "who": who(call.signer()), "requestor": true }],
        "source": { "observer": who(asked.steward) },
        "entity": [{ "what": who(asked.patient), "detail": detail }],
    });
    if let (Outcome::Refused(code), Some(members)) = (outcome, event.as_object_mut()) {
        members.insert("outcome".to_owned(), Value::from("4"));
        members.insert("outcomeDesc".to_owned(), Value::from(code.name()));
    }
    Ok(Record::parse(event.to_string().as_bytes())?.canonical().to_owned())
}

/// Half of the digest of the request's signature, as hexadecimal digits.
fn entry_id(signature: &[u8; 65]) -> String {
    let digest = record_digest(signature);
    digest.first_chunk::<16>().map(hex::encode).unwrap_or_default()
}

/// A FHIR `instant` in UTC: `2026-11-22T09:05:07Z`.
fn instant(at: UnixTime) -> String {
    let (days, second) = (at / 86_400, at % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a count of days since 1970.
///
/// Source: H. Hinnant, `civil_from_days`, in years that begin in March so that leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_instants() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(instant(at), text);
        }
    }
}
