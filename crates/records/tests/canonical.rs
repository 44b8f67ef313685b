//! The canonical form of many real documents, against npm `canonicalize`.
//!
//! The documents (FHIR, Open mHealth, answers of vendors) are read from a folder beside the project; where it is
//! missing (`../shared/data`, seen from the project), the test says so in its output and checks nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use records::json::{JsonLimits, parse_json};
use records::record::{Record, record_digest};

const LIMITS: JsonLimits = JsonLimits { bytes: 64 << 20, depth: 64 };

#[test]
fn documents_have_the_canonical_form_of_another_implementation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.exists() {
        println!("NOT CHECKED: canonical forms, because {} is not there", folder.display());
        return;
    }
    let theirs = canonicalize(&folder);
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let (mut documents, mut records) = (0, 0);
    for line in theirs.lines() {
        let [value, record, place] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (path, index) = place.rsplit_once('#').unwrap();
        let bytes = files.entry(path).or_insert_with(|| read(&folder.join(path)));
        let document = document(path, bytes, index.parse().unwrap());
        let ours = parse_json(document, LIMITS).ok().map(|ours| {
            let canonical = serde_json_canonicalizer::to_vec(&ours).unwrap();
            format!("{:x}", record_digest(&canonical))
        });
        assert_eq!(ours.as_deref().unwrap_or("-"), value, "{place}");
        documents += 1;
        if let Ok(ours) = Record::parse(document) {
            assert_eq!(format!("{:x}", ours.digest()), record, "{place}");
            records += 1;
        }
    }
    println!("{documents} documents, {records} records alike");
    assert!(documents > 0 && records > 0);
}

/// A line `SHA256 SHA256-OF-THE-RECORD PATH#INDEX` for each document below the folder.
fn canonicalize(folder: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/protocol/canonical.mjs");
    let output = Command::new("node").arg(script).arg(folder).output().expect("node is not installed");
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "`cargo xtask test` installs it (npm ci in tests/vectors/protocol): {reason}"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_none_or(|kind| kind != "gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).unwrap();
    unpacked
}

/// The document at a place of a file: a line of NDJSON, all of any other.
fn document<'a>(path: &str, bytes: &'a [u8], index: usize) -> &'a [u8] {
    let is_ndjson = path.ends_with(".ndjson") || path.ends_with(".ndjson.gz");
    if is_ndjson { bytes.split(|byte| *byte == b'\n').nth(index).unwrap() } else { bytes }
}
