//! Records out of what the provider has already: a database or a FHIR server (`docs/sources.md`).
//!
//! What a source holds of a patient becomes a bundle, and each resource of it is taken in as strictly as any other; one that
//! is refused is told with every round, and its former version stays. What is as it was changes nothing; what is new, changed or gone makes a new record set, which is published.

use std::collections::BTreeSet;

use lightclient::Fault;
use sources::{Source, SourceError};

use crate::bundle::{Bundle, BundleError, RefusedResource};
use crate::store::{Imported, Store, StoreError};

/// What came of reading a source once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    /// Patients in the source.
    pub patients: usize,
    /// What became of their records.
    pub records: Imported,
    /// What was refused: of which patient, by their place in the source from 1, and why.
    pub refused: Vec<(usize, RecordsError)>,
}

/// Reads a source into the store: the patients that it says, those who were read from it before, and `patients`. What is
/// wrong with one patient's records keeps nobody else's out; what is wrong with the source ends the round. May take long; not for a thread that must not block.
///
/// # Errors
/// [`IntakeError`] of the source or the store.
pub fn take_in(source: &mut Source, store: &Store, patients: &[String]) -> Result<Intake, IntakeError> {
    let name = source.name();
    let mut intake = Intake::default();
    let mut seen = BTreeSet::new();
    let all = source.patients()?.into_iter().chain(store.patients_of(&name)?).chain(patients.iter().cloned());
    for id in all.filter(|id| seen.insert(id.clone())) {
        intake.patients += 1;
        match read(source, &id) {
            Ok((Bundle { patient, name: person, records }, refused)) => {
                let held_back: Vec<String> = refused.iter().filter_map(|one| one.name.clone()).collect();
                let imported = store.follow_source(&name, &patient, &person, &records, &held_back)?;
                intake.records.add(imported);
                let place = intake.patients;
                intake.refused.extend(refused.into_iter().map(|one| (place, one.error.into())));
            }
            Err(RecordsError::Source(error)) if error.concerns_all() => return Err(error.into()),
            Err(error) => intake.refused.push((intake.patients, error)),
        }
    }
    Ok(intake)
}

/// What a source holds of one patient.
fn read(source: &mut Source, id: &str) -> Result<(Bundle, Vec<RefusedResource>), RecordsError> {
    let (bundle, refused) = Bundle::sift(source.bundle(id)?.to_string().as_bytes())?;
    if bundle.patient == id { Ok((bundle, refused)) } else { Err(RecordsError::Patient) }
}

/// Why one patient's records were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// They do not make up a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// They hold a `Patient` whose id is not the one that was asked for.
    #[error("the source gave another patient than the one asked for")]
    Patient,
    /// They cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl RecordsError {
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
    fn takes_in_what_is_new_changed_or_gone_and_leaves_out_what_is_refused() {
        let (store, _folder) = scratch();
        let hospital = Scratch::new();
        let mapping = hospital.path().join("hospital.toml");
        std::fs::write(&mapping, include_str!("../../../tests/data/hospital/hospital.toml")).unwrap();
        let database = Connection::open(hospital.path().join("hospital.sqlite")).unwrap();
        database.execute_batch(include_str!("../../../tests/data/hospital/hospital.sql")).unwrap();

        let mut source = Source::load(&mapping, 0).unwrap();
        let first = take_in(&mut source, &store, &[]).unwrap();
        assert_eq!((first.patients, first.records.added, first.refused), (3, 11, vec![]));
        let again = take_in(&mut source, &store, &[]).unwrap();
        assert_eq!(again.records, Imported { unchanged: 11, ..Imported::default() });

        database
            .execute_batch(
                "UPDATE encounter_info SET reason = 'Fracture, healed' WHERE id = 4;
                 UPDATE encounter_info SET visit_date = '2024-13-45' WHERE id = 1;
                 DELETE FROM document_info WHERE patient_id = 2;",
            )
            .unwrap();
        let changed = take_in(&mut source, &store, &[]).unwrap();
        assert_eq!(
            changed.records,
            Imported { replaced: 1, unchanged: 7, removed: 1, ..Imported::default() }
        );
        assert!(
            matches!(
                changed.refused[..],
                [
                    (1, RecordsError::Bundle(BundleError::Record { index: 2, .. })),
                    (1, RecordsError::Bundle(BundleError::Record { index: 3, .. }))
                ]
            ),
            "{changed:?}"
        );
        // The former versions of both stay: Ada's five, Ben's three, Chen's two.
        assert_eq!(store.counts().unwrap().records, 10);
    }
}
