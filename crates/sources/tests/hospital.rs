//! A database of the shape of the original MedRec's, read through its mapping.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use sources::{DatabaseError, Mapping, Tables, TablesError};

const SCHEMA: &str = include_str!("../../../tests/data/hospital/hospital.sql");
const MAPPING: &str = include_str!("../../../tests/data/hospital/hospital.toml");

struct Hospital(PathBuf);

impl Hospital {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("medrec-hospital-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Connection::open(folder.join("hospital.sqlite")).unwrap().execute_batch(SCHEMA).unwrap();
        Self(folder)
    }

    fn source(&self) -> Tables {
        Tables::open(Mapping::parse(MAPPING, &self.0).unwrap()).unwrap()
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn resources(bundle: &Value) -> Vec<&Value> {
    bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect()
}

#[test]
fn rows_become_resources_of_their_own_patient() {
    let hospital = Hospital::new("rows");
    let mut source = hospital.source();
    assert_eq!(source.patients().unwrap(), ["1", "2", "10"]);
    let bundle = source.bundle("1").unwrap();
    let resources = resources(&bundle);
    assert_eq!(
        *resources[0],
        json!({"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1970-02-03",
               "name": [{"use": "official", "family": "O'Neill", "given": ["Ada"]}]})
    );
    let ids: Vec<&str> = resources.iter().map(|resource| resource["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "encounter-1", "encounter-2", "systolic-1", "document-1"]);
    assert_eq!(resources[2]["reasonCode"][0]["text"], "Cough \"since May\"");
    assert_eq!(resources[3]["valueQuantity"]["value"], 128.5);
    assert!(!bundle.to_string().contains("internal remark"));
    // What a row does not have is left out.
    let tenth = source.bundle("10").unwrap();
    assert_eq!(tenth["entry"][0]["resource"].get("birthDate"), None);
}

#[test]
fn whoever_is_no_patient_has_no_rows() {
    let hospital = Hospital::new("nobody");
    let mut source = hospital.source();
    for id in ["3", "1 or 1=1", "1' or '1'='1", "01", "", "NULL"] {
        assert_eq!(source.bundle(id).unwrap()["entry"], json!([]), "{id}");
    }
}

#[test]
fn a_column_that_was_renamed_is_an_error_and_no_value() {
    for (name, change) in [
        ("value", "ALTER TABLE encounter_info RENAME COLUMN reason TO why"),
        ("patient", "ALTER TABLE document_info RENAME COLUMN patient_id TO whose"),
    ] {
        let hospital = Hospital::new(name);
        Connection::open(hospital.0.join("hospital.sqlite")).unwrap().execute_batch(change).unwrap();
        for patient in ["1", "patient_id"] {
            let error = hospital.source().bundle(patient).unwrap_err();
            assert!(error.to_string().contains("no such column"), "{error}");
        }
    }
}

#[test]
fn ids_that_differ_in_case_are_two_people() {
    let hospital = Hospital::new("case");
    let database = Connection::open(hospital.0.join("hospital.sqlite")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE people (id TEXT COLLATE NOCASE, name TEXT);
             INSERT INTO people VALUES ('a1', 'Small'), ('A1', 'Capital');",
        )
        .unwrap();
    let mapping = "database = \"hospital.sqlite\"\n[[view]]\nname = \"people\"\ntable = \"people\"\npatient = \"id\"\n\
                   columns = { id = \"text\", name = \"text\" }\n\
                   resource = { resourceType = \"Patient\", id = \"{id}\", name = [{ text = \"{name}\" }] }";
    let mut source = Tables::open(Mapping::parse(mapping, &hospital.0).unwrap()).unwrap();
    assert_eq!(source.patients().unwrap().len(), 2);
    assert_eq!(source.bundle("a1").unwrap()["entry"].as_array().unwrap().len(), 1);
}

#[test]
fn says_which_file_is_missing_or_what_is() {
    let missing = Mapping::parse(MAPPING, Path::new("/nowhere")).unwrap();
    let error = Tables::open(missing).unwrap_err();
    assert!(
        matches!(&error, TablesError::Database(DatabaseError::Open { path, .. }) if path.starts_with("/nowhere"))
    );
    let hospital = Hospital::new("table");
    Connection::open(hospital.0.join("hospital.sqlite"))
        .unwrap()
        .execute_batch("DROP TABLE document_info")
        .unwrap();
    let error = hospital.source().bundle("1").unwrap_err();
    assert!(error.to_string().contains("no such table: document_info"), "{error}");
}
