//! `medrec record digest`: the digests of FHIR resources, as they are sealed in a record set.
//!
//! A file holds one resource, a Bundle (each entry's resource counts) or NDJSON (each line does); which of them is
//! seen from the content. The digest printed is the SHA-256 of the canonical text, before any salt.
//!
//! Source: `docs/gatekeeper-protocol.md` §6; FHIR R4 §2.36 Bundle, Bulk Data (NDJSON).

use std::path::Path;

use records::json::{JsonError, JsonLimits, parse_json};
use records::record::{Record, RecordError};
use serde_json::Value;

/// One line for each record, and one for each that is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) lines: Vec<String>,
    pub(crate) failures: Vec<String>,
}

/// The digests of what is in the files.
pub(crate) fn digests(files: &[String]) -> Digests {
    let mut digests = Digests::default();
    for file in files {
        match read(Path::new(file)) {
            Ok(records) => records.into_iter().for_each(|(index, record)| digests.add(file, index, record)),
            Err(error) => digests.failures.push(format!("{file}: {error}")),
        }
    }
    digests
}

impl Digests {
    fn add(&mut self, file: &str, index: Option<usize>, record: Result<Record, DigestError>) {
        let place = index.map_or_else(|| file.to_owned(), |index| format!("{file}#{index}"));
        match record {
            Ok(record) => {
                let (kind, id) = (record.resource_type(), record.id());
                self.lines.push(format!("{:#x}  {place}  {kind}/{id}", record.digest()));
            }
            Err(error) => self.failures.push(format!("{place}: {error}")),
        }
    }
}

/// Why there is no digest.
#[derive(Debug, thiserror::Error)]
enum DigestError {
    #[error("the Bundle has no entries")]
    Empty,
    #[error("{0}")]
    Json(#[from] JsonError),
    #[error("the entry of the Bundle has no resource")]
    NoResource,
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Each resource of a file; of many it has its place from 0: the entry of a Bundle, the line of NDJSON.
type Records = Vec<(Option<usize>, Result<Record, DigestError>)>;

fn read(path: &Path) -> Result<Records, DigestError> {
    let bytes = std::fs::read(path)?;
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
    let lines: Vec<(usize, &[u8])> = lines.filter(|(_, line)| !line.is_empty()).collect();
    if is_ndjson(&lines) {
        return Ok(lines.into_iter().map(|(at, line)| (Some(at), record(line))).collect());
    }
    let value = parse_json(&bytes, FILE_LIMITS)?;
    if value.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
        return Ok(vec![(None, record(&bytes))]);
    }
    let entries = value.get("entry").and_then(Value::as_array).ok_or(DigestError::Empty)?;
    Ok(entries.iter().enumerate().map(|(at, entry)| (Some(at), entry_record(entry))).collect())
}

/// One object ends and the next begins on a line of its own: no single JSON text has that anywhere.
fn is_ndjson(lines: &[(usize, &[u8])]) -> bool {
    lines.windows(2).any(|pair| {
        let [(_, one), (_, next)] = pair else { return false };
        one.ends_with(b"}") && next.starts_with(b"{")
    })
}

fn record(json: &[u8]) -> Result<Record, DigestError> {
    Ok(Record::parse(json)?)
}

fn entry_record(entry: &Value) -> Result<Record, DigestError> {
    let resource = entry.get("resource").ok_or(DigestError::NoResource)?;
    record(resource.to_string().as_bytes())
}

/// A resource may be 64 levels deep and lies three levels down in a Bundle.
const FILE_LIMITS: JsonLimits = JsonLimits { bytes: 256 << 20, depth: 67 };
