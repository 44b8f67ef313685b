//! Records out of a database that the provider has already, as a mapping says (`docs/sources.md`).
//!
//! Each patient's rows become a bundle, and the bundle is taken in like any other: strictly, whole or not at all. What is
//! as it was changes nothing; what is new or changed makes a new record set, which is published. **Not** noticed: a row
//! that is gone; its record stays.

use std::path::Path;

use lightclient::Fault;
use sources::{Mapping, MappingError, Source, SourceError};

use crate::bundle::{Bundle, BundleError};
use crate::store::{Imported, Store, StoreError};

/// What came of reading a source once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    /// Patients in the source.
    pub patients: usize,
    /// What became of their records.
    pub records: Imported,
    /// Patients whose rows were refused, by their place in the source, and why.
    pub refused: Vec<(usize, RowsError)>,
}

/// Opens the source that a mapping describes.
///
/// # Errors
/// [`IntakeError`].
pub fn open(mapping: &Path) -> Result<Source, IntakeError> {
    Ok(Source::open(Mapping::load(mapping)?)?)
}

/// Reads a source into the store. What is wrong with one patient's rows keeps nobody else's out.
///
/// # Errors
/// [`IntakeError`] of the source or the store.
pub fn take_in(source: &mut Source, store: &Store) -> Result<Intake, IntakeError> {
    let mut intake = Intake::default();
    for (place, id) in source.patients()?.iter().enumerate() {
        intake.patients += 1;
        match read(source, id) {
            Ok(bundle) => {
                let imported = store.add_records(&bundle.patient, &bundle.name, &bundle.records)?;
                intake.records.add(imported);
            }
            Err(error) => intake.refused.push((place, error)),
        }
    }
    Ok(intake)
}

/// What a source holds of one patient.
fn read(source: &mut Source, id: &str) -> Result<Bundle, RowsError> {
    let bundle = Bundle::parse(source.bundle(id)?.to_string().as_bytes())?;
    if bundle.patient == id { Ok(bundle) } else { Err(RowsError::Patient) }
}

/// Why one patient's rows were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowsError {
    /// They do not make up a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// They make a `Patient` whose id is not the one that was asked for.
    #[error("the rows make another patient than the one asked for")]
    Patient,
    /// They cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl RowsError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Bundle(error) => error.fault(),
            Self::Patient => Fault::Caller,
            Self::Source(error) => error.fault(),
        }
    }
}

/// Why nothing more was taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The mapping was refused.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntakeError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Mapping(error) => error.fault(),
            Self::Source(error) => error.fault(),
            Self::Store(error) => error.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::tests::{Scratch, scratch};

    #[test]
    fn takes_in_what_is_new_or_changed_and_refuses_one_patient_alone() {
        let (store, _folder) = scratch();
        let hospital = Scratch::new();
        let mapping = hospital.path().join("hospital.toml");
        std::fs::write(&mapping, include_str!("../../../tests/data/hospital/hospital.toml")).unwrap();
        let database = Connection::open(hospital.path().join("hospital.sqlite")).unwrap();
        database.execute_batch(include_str!("../../../tests/data/hospital/hospital.sql")).unwrap();

        let mut source = open(&mapping).unwrap();
        let first = take_in(&mut source, &store).unwrap();
        assert_eq!((first.patients, first.records.added, first.refused), (3, 11, vec![]));
        let again = take_in(&mut source, &store).unwrap();
        assert_eq!(again.records, Imported { added: 0, replaced: 0, unchanged: 11 });

        database
            .execute_batch(
                "UPDATE encounter_info SET reason = 'Fracture, healed' WHERE id = 4;
                 UPDATE encounter_info SET visit_date = '2024-13-45' WHERE id = 1;",
            )
            .unwrap();
        let changed = take_in(&mut source, &store).unwrap();
        assert_eq!(changed.records, Imported { added: 0, replaced: 1, unchanged: 5 });
        assert!(
            matches!(changed.refused[..], [(0, RowsError::Bundle(BundleError::Record { index: 2, .. }))]),
            "{changed:?}"
        );
    }
}
