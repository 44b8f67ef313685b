//! Erasure: what the law may demand, done so that everybody can see that it was done.
//!
//! Content, digest and salts of a record are destroyed in all its versions. What is left is the commitment in its leaf,
//! which says nothing without the salt, and the name. In the next record set a signed-for note stands in the record's
//! place: a FHIR `Provenance` that says it was erased, when and by whom. So a reader tells an erasure from a record that
//! is withheld, and old roots still verify. What was erased does not come back with the next import.
//!
//! **Not** erased: what was copied before (readers, backups, the system the record came from).
//!
//! Source: FHIR R4 §6.3 Provenance; HL7 v3 DataOperation; GDPR Art. 17.

use alloy_primitives::{Address, hex};
use lightclient::UnixTime;
use records::record::{Record, RecordError, instant, record_digest};
use serde_json::json;

use crate::store::{NewRecord, Store, StoreError};

/// Erases a record of a patient in all its versions; returns how many there were, 0 if there is no such record.
///
/// # Errors
/// [`StoreError`], and [`ErasureError::Record`] never for a name that is in the store.
pub fn erase(store: &Store, patient: &str, name: &str, by: &Eraser) -> Result<usize, ErasureError> {
    let note = note(name, by)?;
    Ok(store.erase(patient, name, |category| NewRecord::new(&note, category))?)
}

/// Who erases, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eraser {
    /// The chain id of the network.
    pub chain_id: u64,
    /// The steward.
    pub steward: Address,
    /// When.
    pub at: UnixTime,
}

/// The note that stands in the place of the record.
fn note(name: &str, by: &Eraser) -> Result<Record, RecordError> {
    let recorded = instant(by.at);
    let digest = record_digest(format!("{name} {recorded}").as_bytes());
    let id = digest.first_chunk::<16>().map(hex::encode).unwrap_or_default();
    let system = format!("urn:eip155:{}", by.chain_id);
    let note = json!({
        "resourceType": "Provenance",
        "id": format!("erased-{id}"),
        "target": [{ "reference": name }],
        "recorded": recorded,
        "activity": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-DataOperation", "code": "DELETE",
        }] },
        "agent": [{ "who": { "identifier": { "system": system, "value": format!("{:#x}", by.steward) } } }],
    });
    Record::parse(note.to_string().as_bytes())
}

/// Why nothing was erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErasureError {
    /// The note cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ErasureError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> lightclient::Fault {
        match self {
            Self::Record(_) => lightclient::Fault::Caller,
            Self::Store(error) => error.fault(),
        }
    }
}
