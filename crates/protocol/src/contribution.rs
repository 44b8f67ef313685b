//! What somebody other than the steward writes into a patient's records, and how everyone can tell who did.
//!
//! Records are contributed together with one FHIR `Provenance`: it names each of them with its digest, and carries its
//! author's signature over exactly that statement and the relationship it is for. The steward stores both as they came,
//! so a reader proves the author of a record without trusting the steward. An author's records have ids that begin with
//! its address, so nobody can replace what somebody else wrote, and a corrected record takes the place of its own
//! former version.
//!
//! What the patient writes is own data, whatever it is; what others write is filed by its content. The `Provenance` lies
//! beside its records, so that whoever may read them sees it.
//!
//! Defends against a steward that invents or changes contributions, or moves them to another patient or steward.
//! **Not** checked: that what is written is true.
//!
//! Source: FHIR R4 §6.3 Provenance; EIP-191 (version 0x45); `docs/gatekeeper-protocol.md` §11.

use alloy_primitives::{Address, B256, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lightclient::{Fault, ParityByte, Signature, SignatureError, UnixTime, recover_low_s};
use records::category::Category;
use records::record::{Record, RecordError, instant, parse_date};
use serde_json::{Value, json};

use crate::httpsig::personal_digest;
use crate::keys::SigningKey;
use crate::relationship::RelationshipId;

/// Records and the `Provenance` that goes with them, as canonical texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The records.
    pub records: Vec<String>,
    /// The `Provenance`.
    pub provenance: String,
}

impl core::fmt::Debug for Contribution {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contribution").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

impl Contribution {
    /// Signs records as their author. `id` is the author's own name for this contribution, as in [`contributed_id`].
    ///
    /// # Errors
    /// As [`Contribution::verify`].
    pub fn sign(
        key: &SigningKey,
        relationship: &RelationshipId,
        id: &str,
        at: UnixTime,
        records: &[Record],
    ) -> Result<Self, ContributionError> {
        let author = key.address();
        check_records(relationship, author, records)?;
        let authorship = Authorship {
            author,
            id: contributed_id(author, id),
            recorded: instant(at),
            targets: records.iter().map(|record| (record.name(), record.digest())).collect(),
        };
        let signature = key.sign_digest(authorship.digest(relationship)?).to_bytes(ParityByte::From27);
        let provenance = authorship.to_record(relationship, Some(&signature))?;
        check_id(author, &provenance)?;
        Ok(Self {
            records: records.iter().map(|record| record.canonical().to_owned()).collect(),
            provenance: provenance.canonical().to_owned(),
        })
    }

    /// Verifies that `author` wrote this for this relationship, and returns the records, the `Provenance` last.
    ///
    /// # Errors
    /// [`ContributionError`]: texts that are no canonical records, ids of somebody else, a record about another patient,
    /// a statement that is not the author's or not about exactly these records.
    pub fn verify(
        &self,
        relationship: &RelationshipId,
        author: Address,
    ) -> Result<Vec<Record>, ContributionError> {
        let mut records =
            self.records.iter().map(|text| Record::from_canonical(text)).collect::<Result<Vec<_>, _>>()?;
        check_records(relationship, author, &records)?;
        let provenance = Record::from_canonical(&self.provenance)?;
        check_id(author, &provenance)?;
        let authorship = Authorship::read(relationship, &provenance)?;
        if authorship.author != author {
            return Err(ContributionError::Author { expected: author, found: authorship.author });
        }
        let expected: Vec<_> = records.iter().map(|record| (record.name(), record.digest())).collect();
        if authorship.targets != expected {
            return Err(ContributionError::Targets);
        }
        records.push(provenance);
        Ok(records)
    }
}

/// The id of a record that `author` writes: its address, a dash and a name of the author's choice, at most 23 of
/// `A-Z a-z 0-9 - .`.
pub fn contributed_id(author: Address, name: &str) -> String {
    format!("{}-{name}", hex::encode(author))
}

/// Where a record that `author` writes is filed.
pub fn filed_under(relationship: &RelationshipId, author: Address, record: &Record) -> Category {
    if author == relationship.patient { Category::OwnData } else { record.category() }
}

/// How a record says that it is about the patient, whose local id nobody but the steward knows.
pub fn subject(relationship: &RelationshipId) -> Value {
    json!({ "identifier": identifier(relationship.chain_id, relationship.patient) })
}

/// Who wrote which records, signed. Made only by [`Authorship::read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    author: Address,
    id: String,
    recorded: String,
    targets: Vec<(String, B256)>,
}

impl Authorship {
    /// Reads the `Provenance` of a contribution to this relationship.
    ///
    /// # Errors
    /// [`ContributionError::Form`] for any other `Provenance`, and what is wrong with its signature.
    pub fn read(relationship: &RelationshipId, provenance: &Record) -> Result<Self, ContributionError> {
        let resource = provenance.resource();
        let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let targets = resource.get("target").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let target = |target: &Value| {
            let text = |pointer| target.pointer(pointer).and_then(Value::as_str);
            let digest: B256 = text("/identifier/value")?.parse().ok()?;
            Some((text("/reference")?.to_owned(), digest))
        };
        let signature = STANDARD.decode(text("/signature/0/data")).unwrap_or_default();
        let authorship = Self {
            author: text("/agent/0/who/identifier/value").parse().unwrap_or_default(),
            id: provenance.id().to_owned(),
            recorded: text("/recorded").to_owned(),
            targets: targets.iter().filter_map(target).collect(),
        };
        // Whatever was not understood above is missing here.
        if authorship.to_record(relationship, Some(&signature))?.canonical() != provenance.canonical() {
            return Err(ContributionError::Form);
        }
        // Its own reason would say no more.
        parse_date(&authorship.recorded).map_err(|_date| ContributionError::Form)?;
        let signature = Signature::from_bytes(&signature, ParityByte::From27)?;
        let found = recover_low_s(authorship.digest(relationship)?, &signature)?;
        if found != authorship.author {
            return Err(ContributionError::Author { expected: authorship.author, found });
        }
        Ok(authorship)
    }

    /// Who wrote the records.
    pub const fn author(&self) -> Address {
        self.author
    }

    /// When, by the author's clock: a FHIR `instant`.
    pub fn recorded(&self) -> &str {
        &self.recorded
    }

    /// Whether the author wrote exactly this record.
    pub fn covers(&self, record: &Record) -> bool {
        self.targets.iter().any(|(name, digest)| *digest == record.digest() && *name == record.name())
    }

    /// What the author signs: the relationship, then the statement without signature.
    fn digest(&self, relationship: &RelationshipId) -> Result<B256, ContributionError> {
        let RelationshipId { chain_id, contract, patient, steward } = relationship;
        let statement = self.to_record(relationship, None)?;
        let message = format!(
            "medrec-contribution-v1\n{chain_id}\n{contract:#x}\n{patient:#x}\n{steward:#x}\n{}",
            statement.canonical()
        );
        Ok(personal_digest(message.as_bytes()))
    }

    fn to_record(
        &self,
        relationship: &RelationshipId,
        signature: Option<&[u8]>,
    ) -> Result<Record, ContributionError> {
        let who = json!({ "identifier": identifier(relationship.chain_id, self.author) });
        let target = |(name, digest): &(String, B256)| json!({ "reference": name, "identifier": { "system": DIGEST_SYSTEM, "value": digest } });
        let mut statement = json!({
            "resourceType": "Provenance",
            "id": self.id,
            "target": self.targets.iter().map(target).collect::<Vec<_>>(),
            "recorded": self.recorded,
            "agent": [{ "who": who }],
        });
        if let (Some(signature), Some(members)) = (signature, statement.as_object_mut()) {
            let signature = json!([{
                "type": [{ "system": SIGNATURE_TYPES, "code": AUTHORS_SIGNATURE }],
                "when": self.recorded,
                "who": who,
                "sigFormat": SIGNATURE_FORMAT,
                "data": STANDARD.encode(signature),
            }]);
            members.insert("signature".to_owned(), signature);
        }
        Ok(Record::parse(statement.to_string().as_bytes())?)
    }
}

fn check_records(
    relationship: &RelationshipId,
    author: Address,
    records: &[Record],
) -> Result<(), ContributionError> {
    if records.is_empty() {
        return Err(ContributionError::Empty);
    }
    for (index, record) in records.iter().enumerate() {
        let kind = record.resource_type();
        if STEWARDS_TYPES.contains(&kind) {
            return Err(ContributionError::Type { index, found: kind.to_owned() });
        }
        check_id(author, record)?;
        let ours = subject(relationship);
        let is_ours = |member| record.resource().get(member).is_none_or(|subject| *subject == ours);
        if !is_ours("subject") || !is_ours("patient") {
            return Err(ContributionError::Subject { index });
        }
        if records.iter().take(index).any(|earlier| earlier.name() == record.name()) {
            return Err(ContributionError::Duplicate { index });
        }
    }
    Ok(())
}

fn check_id(author: Address, record: &Record) -> Result<(), ContributionError> {
    let expected = contributed_id(author, "");
    match record.id().strip_prefix(&expected) {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(ContributionError::Id { expected, found: record.id().to_owned() }),
    }
}

fn identifier(chain_id: u64, address: Address) -> Value {
    json!({ "system": format!("urn:eip155:{chain_id}"), "value": format!("{address:#x}") })
}

const DIGEST_SYSTEM: &str = "urn:medrec:sha-256";
/// FHIR's value set of signature types.
const SIGNATURE_TYPES: &str = "urn:iso-astm:E1762-95:2013";
const AUTHORS_SIGNATURE: &str = "1.2.840.10065.1.12.1.1";
const SIGNATURE_FORMAT: &str = "application/medrec-contribution-v1";
/// What only the steward says: who the patient is, and who did what to the records.
const STEWARDS_TYPES: [&str; 3] = ["AuditEvent", "Patient", "Provenance"];

/// Why a contribution was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContributionError {
    /// Signed by somebody else.
    #[error("contribution of {found}, expected {expected}")]
    Author {
        /// Who should have signed.
        expected: Address,
        /// Who did.
        found: Address,
    },
    /// A record comes twice.
    #[error("record {index} of the contribution has the name of an earlier one")]
    Duplicate {
        /// Its place.
        index: usize,
    },
    /// No record at all.
    #[error("a contribution of no record")]
    Empty,
    /// The `Provenance` is not one of a contribution to this relationship.
    #[error("the Provenance is not a signed statement about this relationship")]
    Form,
    /// An id that is not the author's.
    #[error("id {found}, expected one that goes on after {expected}")]
    Id {
        /// How ids of the author begin.
        expected: String,
        /// The id.
        found: String,
    },
    /// A text is not a canonical record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A record is about somebody else.
    #[error("record {index} of the contribution is not about the patient of this relationship")]
    Subject {
        /// Its place.
        index: usize,
    },
    /// The statement is about other records.
    #[error("the Provenance is not about exactly these records")]
    Targets,
    /// A type that only the steward writes.
    #[error("record {index} of the contribution is a {found}, which only the steward writes")]
    Type {
        /// Its place.
        index: usize,
        /// Its type.
        found: String,
    },
}

impl ContributionError {
    /// Who wrote it is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests;
