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
use protocol::request::{Method, VerifiedCall};
use records::record::{Record, RecordError, instant, record_digest};
use serde_json::{Value, json};

/// How a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It got what it asked for.
    Released,
    /// It was refused for this reason.
    Refused(RefusalCode),
}

/// Writes the entry for a call as canonical JSON; `caller` is for whom its signer signs.
///
/// # Errors
/// [`RecordError`] never for a verified call: all members are of our making.
pub fn entry(
    call: &VerifiedCall,
    caller: Address,
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
    if let Some(group) = asked.via {
        detail.push(json!({ "type": "group", "valueString": group.to_string() }));
    }
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": entry_id(call.signature()),
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest" },
        "subtype": [{ "system": "urn:medrec:method", "code": asked.method.name() }],
        "action": if matches!(asked.method, Method::WriteRecords { .. }) { "C" } else { "R" },
        "recorded": instant(at),
        "outcome": "0",
        "agent": [{ "who": who(caller), "requestor": true }],
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
