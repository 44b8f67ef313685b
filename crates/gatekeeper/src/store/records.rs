//! Patients and their records.

use std::collections::HashSet;

use alloy_primitives::{Address, B256};
use records::category::Category;
use records::record::Record;

use super::connection::{Db, values};
use super::{Store, StoreError};

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Patients that this provider knows.
    pub patients: u64,
    /// Their records.
    pub records: u64,
    /// Relationships that are not over.
    pub relationships: u64,
    /// Entries in all access logs.
    pub accesses: u64,
    /// Those of them that are proven to be anchored.
    pub accesses_anchored: u64,
}

/// A record on its way into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// What identifies it within the patient: `Type/id`.
    pub name: String,
    /// Number of its category.
    pub category: u8,
    /// Its place within the category: 8 bytes of time, 32 bytes of id.
    pub key: [u8; 40],
    /// SHA-256 of the canonical bytes.
    pub digest: B256,
    /// The canonical bytes, which are JSON text.
    pub content: String,
}

impl NewRecord {
    /// A record to be filed under a category.
    pub fn new(record: &Record, category: Category) -> Self {
        Self {
            name: record.name(),
            category: category.number(),
            key: record.key().to_bytes(),
            digest: record.digest(),
            content: record.canonical().to_owned(),
        }
    }
}

/// What became of a batch of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Records that were not there before.
    pub added: usize,
    /// Records whose content changed.
    pub replaced: usize,
    /// Records that were there already, or that were erased here and stay away.
    pub unchanged: usize,
    /// Records that are gone from the source they were read from.
    pub removed: usize,
}

/// A patient in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientRow {
    /// The local id.
    pub id: String,
    /// The name on file.
    pub name: String,
    /// How many records there are.
    pub records: u64,
}

/// Where records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// Somebody else, in one relationship.
    Contributed(Address),
    /// The steward.
    Steward,
    /// A source of the steward's.
    Source(&'a str),
}

impl Origin<'_> {
    fn source(&self) -> Option<&str> {
        if let Self::Source(source) = self { Some(source) } else { None }
    }

    fn contributed_to(&self) -> Option<&[u8]> {
        if let Self::Contributed(pseudonym) = self { Some(pseudonym.as_slice()) } else { None }
    }
}

impl Imported {
    /// Counts another batch, too.
    pub(crate) const fn add(&mut self, other: Self) {
        self.added += other.added;
        self.replaced += other.replaced;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
    }
}

impl Store {
    /// Adds records to a patient, or puts new content in the place of old; all of them or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_records(
        &self,
        patient: &str,
        name: &str,
        records: &[NewRecord],
    ) -> Result<Imported, StoreError> {
        self.write(|db| {
            db.wait_turn(patient.as_bytes())?;
            add_patient(db, patient, name)?;
            add_records(db, patient, records, Origin::Steward)
        })
    }

    /// Makes the records of a patient that came from a source the ones that it holds now: as [`Store::add_records`], and
    /// what the source no longer holds is in no later set. `held_back` are names that it holds in a way that nobody can
    /// read: their former versions stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn follow_source(
        &self,
        source: &str,
        patient: &str,
        name: &str,
        records: &[NewRecord],
        held_back: &[String],
    ) -> Result<Imported, StoreError> {
        self.write(|db| {
            db.wait_turn(patient.as_bytes())?;
            add_patient(db, patient, name)?;
            let mut imported = add_records(db, patient, records, Origin::Source(source))?;
            let names = records.iter().map(|record| &record.name).chain(held_back);
            let held: HashSet<&str> = names.map(String::as_str).collect();
            let known: Vec<(i64, String)> = db.rows(
                "SELECT id, name FROM record WHERE source = ?1 AND patient = ?2 AND replaced = 0",
                values![source, patient],
                |row| Ok((row.get("id")?, row.get("name")?)),
            )?;
            for (id, name) in known {
                if !held.contains(name.as_str()) {
                    db.execute("UPDATE record SET replaced = 1 WHERE id = ?1", values![id])?;
                    imported.removed += 1;
                }
            }
            if imported.removed > 0 {
                note_change(db, patient)?;
            }
            Ok(imported)
        })
    }

    /// The patients of whom there are records of a source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn patients_of(&self, source: &str) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            let sql =
                "SELECT DISTINCT patient FROM record WHERE source = ?1 AND replaced = 0 ORDER BY patient";
            db.rows(sql, values![source], |row| row.get("patient"))
        })
    }

    /// Adds what somebody else wrote about the patient behind a pseudonym, as [`Store::add_records`] does; `None` if that
    /// would be more versions of records than the store keeps of one patient.
    ///
    /// # Errors
    /// [`StoreError`]; an unknown pseudonym is a bad row.
    pub fn contribute(
        &self,
        pseudonym: Address,
        records: &[NewRecord],
    ) -> Result<Option<Imported>, StoreError> {
        self.write(|db| {
            let patient = patient_of(db, pseudonym)?;
            db.wait_turn(patient.as_bytes())?;
            let sql = "SELECT count(*) AS value FROM record WHERE patient = ?1";
            let kept: u64 = db.value(sql, values![&patient])?;
            if kept.saturating_add(records.len() as u64) > MAX_VERSIONS {
                Ok(None)
            } else {
                add_records(db, &patient, records, Origin::Contributed(pseudonym)).map(Some)
            }
        })
    }

    /// How much there is of everything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|db| {
            let mut count = |sql| db.value(sql, values![]);
            Ok(Counts {
                patients: count("SELECT count(*) AS value FROM patient")?,
                records: count("SELECT count(*) AS value FROM record WHERE replaced = 0")?,
                relationships: count("SELECT count(*) AS value FROM relationship WHERE closed = 0")?,
                accesses: count("SELECT count(*) AS value FROM access")?,
                accesses_anchored: count(
                    "SELECT CAST(coalesce(sum(anchored), 0) AS BIGINT) AS value FROM relationship",
                )?,
            })
        })
    }

    /// Every patient, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn patients(&self) -> Result<Vec<PatientRow>, StoreError> {
        self.read(|db| {
            db.rows(
                "SELECT id, name, (SELECT count(*) FROM record WHERE patient = patient.id AND replaced = 0) AS records
                 FROM patient ORDER BY name, id",
                values![],
                |row| {
                    Ok(PatientRow { id: row.get("id")?, name: row.get("name")?, records: row.get("records")? })
                },
            )
        })
    }
}

/// The patient behind a pseudonym, who stays the same.
pub(super) fn patient_of(db: &mut Db<'_>, pseudonym: Address) -> Result<String, StoreError> {
    let sql = "SELECT patient FROM relationship WHERE pseudonym = ?1";
    let patient = db.row(sql, values![&pseudonym], |row| row.get("patient"))?;
    patient.ok_or(StoreError::Row { column: "relationship" })
}

fn add_patient(db: &mut Db<'_>, patient: &str, name: &str) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO patient (id, name, version) VALUES (?1, ?2, 0) ON CONFLICT (id) DO UPDATE SET name = ?2";
    db.execute(sql, values![patient, name]).map(drop)
}

/// Notes that the next record set is another one.
fn note_change(db: &mut Db<'_>, patient: &str) -> Result<(), StoreError> {
    db.execute("UPDATE patient SET version = version + 1 WHERE id = ?1", values![patient]).map(drop)
}

pub(super) fn add_records(
    db: &mut Db<'_>,
    patient: &str,
    records: &[NewRecord],
    origin: Origin<'_>,
) -> Result<Imported, StoreError> {
    let mut imported = Imported::default();
    for record in records {
        add_record(db, patient, record, origin, &mut imported)?;
    }
    if imported.added + imported.replaced > 0 {
        note_change(db, patient)?;
    }
    Ok(imported)
}

fn add_record(
    db: &mut Db<'_>,
    patient: &str,
    record: &NewRecord,
    origin: Origin<'_>,
    imported: &mut Imported,
) -> Result<(), StoreError> {
    let known: Option<(i64, B256)> = db.row(
        "SELECT id, digest FROM record
         WHERE patient = ?1 AND name = ?2 AND contributed_to IS NOT DISTINCT FROM ?3 AND replaced = 0",
        values![patient, &record.name, origin.contributed_to()],
        |row| Ok((row.get("id")?, row.get("digest")?)),
    )?;
    match known {
        Some((id, digest)) if digest == record.digest => {
            db.execute(
                "UPDATE record SET source = ?2 WHERE id = ?1 AND source IS DISTINCT FROM ?2",
                values![id, origin.source()],
            )?;
            imported.unchanged += 1;
            return Ok(());
        }
        Some((id, _)) => {
            db.execute("UPDATE record SET replaced = 1 WHERE id = ?1", values![id])?;
            imported.replaced += 1;
        }
        None if is_erased(db, patient, &record.name)? => {
            imported.unchanged += 1;
            return Ok(());
        }
        None => imported.added += 1,
    }
    db.execute(
        "INSERT INTO record (patient, name, category, key, digest, content, source, contributed_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        values![
            patient,
            &record.name,
            record.category,
            &record.key,
            &record.digest,
            &record.content,
            origin.source(),
            origin.contributed_to()
        ],
    )?;
    Ok(())
}

fn is_erased(db: &mut Db<'_>, patient: &str, name: &str) -> Result<bool, StoreError> {
    db.value(
        "SELECT EXISTS (SELECT 1 FROM record WHERE patient = ?1 AND name = ?2 AND erased = 1) AS value",
        values![patient, name],
    )
}

/// Versions of records of one patient beyond which nobody but the steward may add any.
const MAX_VERSIONS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{PATIENT, record, scratch};

    #[test]
    fn counts_what_is_new_what_changed_and_what_was_there() {
        let (store, _folder) = scratch();
        let batch = [record("Observation/1", 4, "a"), record("Condition/1", 1, "b")];
        assert_eq!(
            store.add_records(PATIENT, "Ada", &batch),
            Ok(Imported { added: 2, ..Imported::default() })
        );
        let later =
            [record("Observation/1", 4, "c"), record("Condition/1", 1, "b"), record("Condition/2", 1, "d")];
        assert_eq!(
            store.add_records(PATIENT, "Ada", &later),
            Ok(Imported { added: 1, replaced: 1, unchanged: 1, removed: 0 })
        );
        let row = PatientRow { id: PATIENT.to_owned(), name: "Ada".to_owned(), records: 3 };
        assert_eq!(store.patients(), Ok(vec![row]));
    }

    #[test]
    fn keeps_records_of_two_patients_apart() {
        let (store, _folder) = scratch();
        store.add_records("p1", "Ada", &[record("Observation/1", 4, "a")]).unwrap();
        store.add_records("p2", "Bob", &[record("Observation/1", 4, "b")]).unwrap();
        let records: Vec<u64> = store.patients().unwrap().iter().map(|row| row.records).collect();
        assert_eq!(records, vec![1, 1]);
    }
}
