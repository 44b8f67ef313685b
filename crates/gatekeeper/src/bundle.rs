//! FHIR bundles: how records come into the store.
//!
//! A bundle (`.json` or `.json.gz`) holds one patient and their records. Each resource is parsed strictly and brought
//! into its canonical form before it is stored; resources that say they are about somebody else are refused. In a bundle
//! that somebody hands over, one bad resource refuses the whole, so that nothing is sealed half; in one out of a system
//! that is read again and again, it is left out and told, so that one bad date does not keep all else away for ever.
//!
//! Source: FHIR R4 §2.36 Bundle.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use lightclient::Fault;
use records::json::{JsonError, JsonLimits, parse_json};
use records::record::{Record, RecordError};
use serde_json::Value;

use crate::store::NewRecord;

/// One patient and their records, ready for the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// `Patient.id`.
    pub patient: String,
    /// The patient's name as people write it.
    pub name: String,
    /// The records, the `Patient` resource among them.
    pub records: Vec<NewRecord>,
}

impl Bundle {
    /// Reads a bundle from a file; one whose name ends in `.gz` is unpacked.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn load(path: &Path) -> Result<Self, BundleError> {
        let failed =
            |error: std::io::Error| BundleError::Read { path: path.to_owned(), reason: error.to_string() };
        let file = File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        let limit = MAX_BUNDLE_BYTES as u64 + 1;
        if path.extension().is_some_and(|extension| extension == "gz") {
            GzDecoder::new(file).take(limit).read_to_end(&mut bytes).map_err(failed)?;
        } else {
            file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
        }
        Self::parse(&bytes)
    }

    /// Reads a bundle, whole or not at all.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn parse(json: &[u8]) -> Result<Self, BundleError> {
        let (records, mut refused) = read_entries(json)?;
        if !refused.is_empty() {
            return Err(refused.swap_remove(0).error);
        }
        let bundle = Self::of(records, &mut refused)?;
        if refused.is_empty() { Ok(bundle) } else { Err(refused.swap_remove(0).error) }
    }

    /// Reads a bundle out of a system that nobody here can correct: what is no record of this patient is left out, and
    /// told.
    ///
    /// # Errors
    /// [`BundleError`] if it is no bundle of one patient.
    pub fn sift(json: &[u8]) -> Result<(Self, Vec<RefusedResource>), BundleError> {
        let (records, mut refused) = read_entries(json)?;
        Ok((Self::of(records, &mut refused)?, refused))
    }

    /// The records of one patient; none twice, none about anybody else.
    fn of(records: Vec<Placed>, refused: &mut Vec<RefusedResource>) -> Result<Self, BundleError> {
        let mut patients = records.iter().filter(|(_, record)| record.resource_type() == "Patient");
        let (Some((_, patient)), None) = (patients.next(), patients.next()) else {
            let found = records.iter().filter(|(_, record)| record.resource_type() == "Patient").count();
            return Err(BundleError::Patients { found });
        };
        let (id, name) = (patient.id().to_owned(), person_name(patient.resource()));
        let mut seen = HashSet::new();
        let mut kept = Vec::with_capacity(records.len());
        for (index, record) in &records {
            let error = if !is_about(record, &id) {
                BundleError::Subject { index: *index }
            } else if !seen.insert(record.key().id) {
                BundleError::Duplicate
            } else {
                kept.push(NewRecord::new(record, record.category()));
                continue;
            };
            refused.push(RefusedResource { name: Some(record.name()), error });
        }
        Ok(Self { patient: id, name, records: kept })
    }
}

/// A record and the place of its entry.
type Placed = (usize, Record);

/// A resource that is no record of the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedResource {
    /// `Type/id`, if it has them.
    pub name: Option<String>,
    /// Why.
    pub error: BundleError,
}

/// The records of a bundle with the places of their entries, and the entries that are none.
fn read_entries(json: &[u8]) -> Result<(Vec<Placed>, Vec<RefusedResource>), BundleError> {
    // A resource may be 64 levels deep and lies three levels down in the bundle.
    let bundle = parse_json(json, JsonLimits { bytes: MAX_BUNDLE_BYTES, depth: 67 })?;
    if bundle.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
        return Err(BundleError::NotABundle);
    }
    let entries = bundle.get("entry").and_then(Value::as_array).ok_or(BundleError::NotABundle)?;
    let (mut records, mut refused) = (Vec::with_capacity(entries.len()), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let Some(resource) = entry.get("resource") else {
            refused.push(RefusedResource { name: None, error: BundleError::NoResource { index } });
            continue;
        };
        match Record::parse(resource.to_string().as_bytes()) {
            Ok(record) => records.push((index, record)),
            Err(source) => {
                let text = |member| resource.get(member).and_then(Value::as_str);
                let name = text("resourceType").zip(text("id")).map(|(kind, id)| format!("{kind}/{id}"));
                refused.push(RefusedResource { name, error: BundleError::Record { index, source } });
            }
        }
    }
    Ok((records, refused))
}

/// Whether a record is about this patient, as far as it says about whom it is.
fn is_about(record: &Record, patient: &str) -> bool {
    let subject = ["subject", "patient"].iter().find_map(|member| record.resource().get(member));
    let reference = subject.and_then(|subject| subject.get("reference")).and_then(Value::as_str);
    reference.is_none_or(|reference| {
        reference.strip_prefix("urn:uuid:").or_else(|| reference.strip_prefix("Patient/")) == Some(patient)
    })
}

/// The official name of a `Patient`, else the first, else its id.
fn person_name(patient: &Value) -> String {
    let names = patient.get("name").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let official = names.iter().find(|name| name.get("use").and_then(Value::as_str) == Some("official"));
    let name = official.or_else(|| names.first());
    let text = |member: &str| name.and_then(|name| name.get(member)).and_then(Value::as_str);
    let given = name.and_then(|name| name.get("given")).and_then(Value::as_array);
    let parts: Vec<&str> =
        given.into_iter().flatten().filter_map(Value::as_str).chain(text("family")).collect();
    match (parts.is_empty(), text("text")) {
        (false, _) => parts.join(" "),
        (true, Some(text)) => text.to_owned(),
        (true, None) => patient.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}

/// Why a bundle was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Two resources have the same type and id.
    #[error("the bundle holds a resource twice")]
    Duplicate,
    /// Not strict JSON.
    #[error("bundle: {0}")]
    Json(#[from] JsonError),
    /// An entry without a resource.
    #[error("entry {index} of the bundle has no resource")]
    NoResource {
        /// Place of the entry, from 0.
        index: usize,
    },
    /// Not a FHIR `Bundle` with entries.
    #[error("not a FHIR Bundle with entries")]
    NotABundle,
    /// Not exactly one patient.
    #[error("the bundle holds {found} patients, expected 1")]
    Patients {
        /// How many there are.
        found: usize,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A resource is not a record.
    #[error("entry {index} of the bundle: {source}")]
    Record {
        /// Place of the entry, from 0.
        index: usize,
        /// What is wrong with it.
        source: RecordError,
    },
    /// A resource is about somebody else.
    #[error("entry {index} of the bundle is about another patient")]
    Subject {
        /// Place of the entry, from 0.
        index: usize,
    },
}

impl BundleError {
    /// Returns who is to blame: whoever wrote the bundle.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// The largest bundle, unpacked.
const MAX_BUNDLE_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(entries: &str) -> Result<Bundle, BundleError> {
        Bundle::parse(
            format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#).as_bytes(),
        )
    }

    const PATIENT: &str = r#"{"resource":{"resourceType":"Patient","id":"p",
        "name":[{"use":"maiden","family":"Old"},{"use":"official","family":"Orn","given":["Devora","B."]}]}}"#;

    #[test]
    fn reads_a_patient_with_records() {
        let observation = r#"{"resource":{"resourceType":"Observation","id":"o","meta":{"versionId":"1"},
            "subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2020-01-01"}}"#;
        let found = bundle(&format!("{PATIENT},{observation}")).unwrap();
        assert_eq!((found.patient.as_str(), found.name.as_str()), ("p", "Devora B. Orn"));
        let record = &found.records[1];
        assert_eq!(record.name, "Observation/o");
        assert_eq!(
            record.content,
            r#"{"effectiveDateTime":"2020-01-01","id":"o","resourceType":"Observation","subject":{"reference":"urn:uuid:p"}}"#
        );
    }

    #[test]
    fn reads_the_committed_bundles() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/synthea");
        for (file, name, count) in [
            ("general-devora-orn.json.gz", "Devora Orn", 531),
            ("general-ray-lindgren.json.gz", "Ray Lindgren", 622),
            ("riverside-devora-orn.json.gz", "Devora Orn", 314),
            ("riverside-hernan-badillo.json.gz", "Hernán Badillo", 514),
        ] {
            let bundle = Bundle::load(&folder.join(file)).unwrap();
            assert_eq!((bundle.name.as_str(), bundle.records.len()), (name, count), "{file}");
        }
    }

    #[test]
    fn refuses_what_is_no_bundle_of_one_patient() {
        assert_eq!(Bundle::parse(b"{}"), Err(BundleError::NotABundle));
        assert_eq!(bundle(""), Err(BundleError::Patients { found: 0 }));
        let other = PATIENT.replace(r#""id":"p""#, r#""id":"q""#);
        assert_eq!(bundle(&format!("{PATIENT},{other}")), Err(BundleError::Patients { found: 2 }));
        assert_eq!(bundle(&format!("{PATIENT},{{}}")), Err(BundleError::NoResource { index: 1 }));
    }

    #[test]
    fn refuses_records_twice_or_of_somebody_else() {
        let own = r#"{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"}}}"#;
        assert!(bundle(&format!("{PATIENT},{own}")).is_ok());
        assert_eq!(bundle(&format!("{PATIENT},{own},{own}")), Err(BundleError::Duplicate));
        let other = own.replace("Patient/p", "Patient/q");
        assert_eq!(bundle(&format!("{PATIENT},{other}")), Err(BundleError::Subject { index: 1 }));
    }

    #[test]
    fn sifts_what_nobody_here_can_correct() {
        let entries = [
            PATIENT,
            r#"{"resource":{"resourceType":"Condition","id":"good"}}"#,
            r#"{"resource":{"resourceType":"Condition","id":"late","onsetDateTime":"2024-13-45"}}"#,
            r#"{"resource":{"resourceType":"Condition","id":"good"}}"#,
            r#"{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/q"}}}"#,
            "{}",
        ];
        let text = format!(r#"{{"resourceType":"Bundle","entry":[{}]}}"#, entries.join(","));
        let (bundle, refused) = Bundle::sift(text.as_bytes()).unwrap();
        let names: Vec<&str> = bundle.records.iter().map(|record| record.name.as_str()).collect();
        assert_eq!(names, ["Patient/p", "Condition/good"]);
        let refused: Vec<_> = refused.iter().map(|one| (one.name.as_deref(), &one.error)).collect();
        assert!(
            matches!(
                refused[..],
                [
                    (Some("Condition/late"), BundleError::Record { index: 2, .. }),
                    (None, BundleError::NoResource { index: 5 }),
                    (Some("Condition/good"), BundleError::Duplicate),
                    (Some("Condition/c"), BundleError::Subject { index: 4 }),
                ]
            ),
            "{refused:?}"
        );
    }

    #[test]
    fn refuses_a_record_with_two_meanings() {
        let two = r#"{"resource":{"resourceType":"Condition","id":"c","id":"d"}}"#;
        assert!(matches!(
            bundle(&format!("{PATIENT},{two}")),
            Err(BundleError::Json(JsonError::DuplicateName { .. }))
        ));
    }
}
