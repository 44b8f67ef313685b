//! Record sets: what was published on chain for one relationship, with the salts that made it.
//!
//! A record keeps its salt in a relationship as long as it does not change, and every set is kept: it names the records
//! that were current when it was made. So a reader is always answered from the set whose root it sees, and can be told
//! what each set changed. The digests are those from when the records came in.

use std::collections::HashSet;

use alloy_primitives::{Address, B256};

use super::connection::{Column, Db, Row, values};
use super::records::patient_of;
use super::{Store, StoreError, integer};

/// A record as it goes into a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealing {
    /// Row of the record.
    pub record: i64,
    /// Number of its category.
    pub category: u8,
    /// Its place within the category.
    pub key: [u8; 40],
    /// What its leaf commits to.
    pub seal: Seal,
}

/// What the leaf of a record commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// The record was erased; this is left.
    Erased {
        /// The commitment to what was there.
        commitment: B256,
    },
    /// The record is here.
    Whole {
        /// The salt of the commitment.
        salt: [u8; 32],
        /// SHA-256 of the canonical bytes, from when the record came in.
        digest: B256,
    },
}

/// A stored set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetRow {
    /// Its row.
    pub id: i64,
    /// Its root.
    pub root: B256,
    /// How many records it holds.
    pub count: u64,
    /// The patient's version that it was made of.
    pub patient_version: u64,
}

/// A stored set with everything that is needed to build it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSet {
    /// Where it lies.
    pub row: SetRow,
    /// The salts of its categories.
    pub category_salts: [[u8; 32]; 16],
    /// Its records, in the order of the set.
    pub sealings: Vec<Sealing>,
}

impl Store {
    /// The records of the patient behind a pseudonym, in the order of the set, and the version they make up. Records
    /// that were never sealed for this pseudonym get a salt from `fresh_salt`.
    ///
    /// # Errors
    /// [`StoreError`]; an unknown pseudonym is a bad row.
    pub fn records_to_seal(
        &self,
        pseudonym: Address,
        mut fresh_salt: impl FnMut() -> Result<[u8; 32], StoreError> + Send,
    ) -> Result<(u64, Vec<Sealing>), StoreError> {
        self.read(|db| {
            let patient = patient_of(db, pseudonym)?;
            let version = version_of(db, &patient)?;
            let sealings = db.rows(
                "SELECT id, category, key, digest, salt, commitment FROM record
                 LEFT JOIN sealing ON record = id AND pseudonym = ?1 AND last IS NULL
                 WHERE patient = ?2 AND replaced = 0 AND (contributed_to IS NULL OR contributed_to = ?1)
                 ORDER BY category, key",
                values![&pseudonym, &patient],
                |row| read_sealing(row, &mut fresh_salt),
            )?;
            Ok((version, sealings))
        })
    }

    /// Keeps a set that was made of `sealings`, or `None` if somebody else was quicker: with a set of the same records, or with
    /// a change to them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_set(
        &self,
        pseudonym: Address,
        root: B256,
        category_salts: &[[u8; 32]; 16],
        patient_version: u64,
        sealings: &[Sealing],
    ) -> Result<Option<SetRow>, StoreError> {
        let count = sealings.len() as u64;
        let (stored_count, stored_version) = (integer(count)?, integer(patient_version)?);
        self.write(|db| {
            let patient = patient_of(db, pseudonym)?;
            db.wait_turn(patient.as_bytes())?;
            let is_made = "SELECT EXISTS (SELECT 1 FROM record_set WHERE pseudonym = ?1 AND patient_version = ?2) AS value";
            if version_of(db, &patient)? != patient_version
                || db.value(is_made, values![&pseudonym, stored_version])?
            {
                return Ok(None);
            }
            let id = db.value(
                "INSERT INTO record_set (pseudonym, root, count, category_salts, patient_version)
                 VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id AS value",
                values![&pseudonym, &root, stored_count, category_salts.as_flattened(), stored_version],
            )?;
            seal(db, pseudonym, id, sealings)?;
            Ok(Some(SetRow { id, root, count, patient_version }))
        })
    }

    /// The newest set of a relationship, and whether the patient's records have changed since it was made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_set(&self, pseudonym: Address) -> Result<Option<(SetRow, SetAge)>, StoreError> {
        self.read(|db| {
            db.row(
                "SELECT record_set.id, root, count, patient_version, version
                 FROM record_set JOIN relationship USING (pseudonym) JOIN patient ON patient.id = patient
                 WHERE pseudonym = ?1 ORDER BY record_set.id DESC LIMIT 1",
                values![&pseudonym],
                |row| {
                    let set = read_set(row)?;
                    let is_current = set.patient_version == row.get::<u64>("version")?;
                    Ok((set, if is_current { SetAge::Current } else { SetAge::Outdated }))
                },
            )
        })
    }

    /// The set with this root.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_by_root(&self, pseudonym: Address, root: B256) -> Result<Option<StoredSet>, StoreError> {
        self.read(|db| {
            let found = db.row(
                "SELECT id, root, count, patient_version, category_salts FROM record_set
                 WHERE pseudonym = ?1 AND root = ?2",
                values![&pseudonym, &root],
                |row| Ok((read_set(row)?, row.get::<[u8; 512]>("category_salts")?)),
            )?;
            let Some((row, flat)) = found else { return Ok(None) };
            let mut category_salts = [[0; 32]; 16];
            for (salt, bytes) in category_salts.iter_mut().zip(flat.as_chunks::<32>().0) {
                *salt = *bytes;
            }
            let mut unsealed = || Err(StoreError::Row { column: "salt" });
            let sealings = db.rows(
                "SELECT record.id, category, key, digest, salt, commitment FROM sealing JOIN record ON record.id = record
                 WHERE pseudonym = ?1 AND first <= ?2 AND (last IS NULL OR last >= ?2) ORDER BY category, key",
                values![&pseudonym, row.id],
                |row| read_sealing(row, &mut unsealed),
            )?;
            Ok(Some(StoredSet { row, category_salts, sealings }))
        })
    }

    /// What some records hold now, by their rows; nothing where they were erased.
    ///
    /// # Errors
    /// [`StoreError`]; a record that is not there any more is a bad row.
    pub fn contents(&self, records: &[i64]) -> Result<Vec<Option<String>>, StoreError> {
        self.columns("SELECT CASE erased WHEN 0 THEN content END AS value FROM record WHERE id = ?1", records)
    }

    /// The names of some records, by their rows.
    ///
    /// # Errors
    /// As [`Store::contents`].
    pub fn names(&self, records: &[i64]) -> Result<Vec<String>, StoreError> {
        self.columns("SELECT name AS value FROM record WHERE id = ?1", records)
    }

    fn columns<T: Column + Send>(&self, sql: &'static str, records: &[i64]) -> Result<Vec<T>, StoreError> {
        self.read(|db| {
            let column = |record: &i64| {
                let column = db.row(sql, values![*record], |row| row.get("value"))?;
                column.ok_or(StoreError::Row { column: "record" })
            };
            records.iter().map(column).collect()
        })
    }

    /// The relationships whose newest set is missing, outdated or not yet proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unpublished(&self, limit: u32) -> Result<Vec<Address>, StoreError> {
        self.read(|db| {
            db.rows(
                "SELECT pseudonym FROM relationship JOIN patient ON patient.id = patient
                 WHERE closed = 0 AND NOT EXISTS (SELECT 1 FROM record_set WHERE record_set.pseudonym = relationship.pseudonym
                                   AND proven = 1 AND patient_version = version)
                 ORDER BY random() LIMIT ?1",
                values![limit],
                |row| row.get("pseudonym"),
            )
        })
    }

    /// Notes that nothing can be published for a relationship any more; what was published stays readable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_closed(&self, pseudonym: Address) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("UPDATE relationship SET closed = 1 WHERE pseudonym = ?1", values![&pseudonym])
                .map(drop)
        })
    }

    /// Notes that the root of a set is proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_published(&self, set: i64) -> Result<(), StoreError> {
        self.write(|db| db.execute("UPDATE record_set SET proven = 1 WHERE id = ?1", values![set]).map(drop))
    }
}

/// Notes what a new set brings and what it no longer holds.
fn seal(db: &mut Db<'_>, pseudonym: Address, set: i64, sealings: &[Sealing]) -> Result<(), StoreError> {
    let sql = "SELECT record FROM sealing WHERE pseudonym = ?1 AND last IS NULL";
    let open: Vec<i64> = db.rows(sql, values![&pseudonym], |row| row.get("record"))?;
    let mut open: HashSet<i64> = open.into_iter().collect();
    for sealing in sealings.iter().filter(|sealing| !open.remove(&sealing.record)) {
        let Seal::Whole { salt, .. } = sealing.seal else { return Err(StoreError::Row { column: "salt" }) };
        db.execute(
            "INSERT INTO sealing (pseudonym, record, first, salt) VALUES (?1, ?2, ?3, ?4)",
            values![&pseudonym, sealing.record, set, &salt],
        )?;
    }
    for gone in open {
        db.execute(
            "UPDATE sealing SET last = (SELECT max(id) FROM record_set WHERE pseudonym = ?1 AND id < ?3)
             WHERE pseudonym = ?1 AND record = ?2 AND last IS NULL",
            values![&pseudonym, gone, set],
        )?;
    }
    // What was replaced before any set named it never will be named.
    db.execute(
        "DELETE FROM record WHERE replaced = 1 AND erased = 0 AND patient = (SELECT patient FROM relationship WHERE pseudonym = ?1)
         AND NOT EXISTS (SELECT 1 FROM sealing WHERE record = record.id)",
        values![&pseudonym],
    )
    .map(drop)
}

fn version_of(db: &mut Db<'_>, patient: &str) -> Result<u64, StoreError> {
    db.value("SELECT version AS value FROM patient WHERE id = ?1", values![patient])
}

/// Whether a set still holds what the patient's file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAge {
    /// Nothing has changed since.
    Current,
    /// Records were added or replaced since.
    Outdated,
}

fn read_set(row: &Row<'_>) -> Result<SetRow, StoreError> {
    Ok(SetRow {
        id: row.get("id")?,
        root: row.get("root")?,
        count: row.get("count")?,
        patient_version: row.get("patient_version")?,
    })
}

/// What has neither salt nor commitment is not sealed yet.
fn read_sealing(
    row: &Row<'_>,
    fresh_salt: &mut impl FnMut() -> Result<[u8; 32], StoreError>,
) -> Result<Sealing, StoreError> {
    let seal = if let Some(commitment) = row.get("commitment")? {
        Seal::Erased { commitment }
    } else {
        let salt = row.get::<Option<_>>("salt")?.map_or_else(fresh_salt, Ok)?;
        Seal::Whole { salt, digest: row.get("digest")? }
    };
    Ok(Sealing { record: row.get("id")?, category: row.get("category")?, key: row.get("key")?, seal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{PATIENT, bound, record, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);
    const ROOT: B256 = B256::repeat_byte(8);

    fn sealed(store: &Store, root: B256) -> (SetRow, Vec<Sealing>) {
        let mut number = root.0[0];
        let (version, sealings) = store
            .records_to_seal(ME, || {
                number += 1;
                Ok([number; 32])
            })
            .unwrap();
        (store.add_set(ME, root, &[[5; 32]; 16], version, &sealings).unwrap().unwrap(), sealings)
    }

    #[test]
    fn gives_a_set_back_as_it_was_made() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        assert_eq!(store.newest_set(ME), Ok(None));
        let (row, sealings) = sealed(&store, ROOT);
        assert_eq!(store.newest_set(ME), Ok(Some((row, SetAge::Current))));
        assert_eq!(
            store.set_by_root(ME, ROOT),
            Ok(Some(StoredSet { row, category_salts: [[5; 32]; 16], sealings: sealings.clone() }))
        );
        assert_eq!(store.set_by_root(ME, B256::ZERO), Ok(None));
        assert_eq!(store.set_by_root(Address::ZERO, ROOT), Ok(None));
        let rows: Vec<i64> = sealings.iter().map(|sealing| sealing.record).collect();
        assert_eq!(store.contents(&rows), Ok(vec![Some("b".to_owned()), Some("a".to_owned())]));
        assert_eq!(store.contents(&[]), Ok(vec![]));
        assert_eq!(store.contents(&[99]), Err(StoreError::Row { column: "record" }));
    }

    #[test]
    fn keeps_every_set_and_the_salts_of_what_did_not_change() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        let (old, sealings) = sealed(&store, ROOT);
        store.add_records(PATIENT, "Ada", &[record("Observation/1", 4, "never sealed")]).unwrap();
        store.add_records(PATIENT, "Ada", &[record("Observation/1", 4, "new")]).unwrap();
        assert_eq!(store.newest_set(ME), Ok(Some((old, SetAge::Outdated))));
        let (new, newer) = sealed(&store, B256::repeat_byte(99));
        store.note_published(new.id).unwrap();
        assert_eq!(store.newest_set(ME), Ok(Some((new, SetAge::Current))));
        assert_eq!(newer[0], sealings[0]);
        assert_ne!(newer[1].seal, sealings[1].seal);
        for (root, expected, content) in [(ROOT, &sealings, "a"), (new.root, &newer, "new")] {
            let stored = store.set_by_root(ME, root).unwrap().unwrap().sealings;
            assert_eq!(&stored, expected);
            assert_eq!(store.contents(&[stored[1].record]), Ok(vec![Some(content.to_owned())]));
        }
        let kept: i64 = store.read(|db| db.value("SELECT count(*) AS value FROM record", values![])).unwrap();
        assert_eq!(kept, 3);
    }

    #[test]
    fn keeps_the_quicker_of_two_sets_and_none_of_what_has_changed() {
        let (store, folder) = scratch_with_patient();
        bound(&store, ME);
        let other = Store::open(&folder.database()).unwrap();
        let add = |store: &Store, root, (version, sealings): &(u64, Vec<Sealing>)| {
            store.add_set(ME, B256::repeat_byte(root), &[[5; 32]; 16], *version, sealings)
        };
        let one = store.records_to_seal(ME, || Ok([1; 32])).unwrap();
        let two = other.records_to_seal(ME, || Ok([2; 32])).unwrap();
        let kept = add(&other, 2, &two).unwrap().unwrap();
        assert_eq!(add(&store, 1, &one), Ok(None));
        assert_eq!(store.set_by_root(ME, kept.root).unwrap().unwrap().sealings, two.1);

        let stale = store.records_to_seal(ME, || Ok([3; 32])).unwrap();
        other
            .erase(PATIENT, "Condition/1", |category| record("Provenance/e", category.number(), "e"))
            .unwrap();
        assert_eq!(add(&store, 3, &stale), Ok(None));
    }

    #[test]
    fn what_was_contributed_to_one_relationship_is_in_no_other() {
        let (store, _folder) = scratch_with_patient();
        let other = Address::repeat_byte(2);
        bound(&store, ME);
        bound(&store, other);
        for (pseudonym, content) in [(ME, "mine"), (other, "the other's")] {
            let written =
                store.contribute(pseudonym, &[record("Observation/v-1", 10, content)]).unwrap().unwrap();
            assert_eq!((written.added, written.replaced), (1, 0));
        }
        for (pseudonym, content) in [(ME, "mine"), (other, "the other's")] {
            let (_, sealings) = store.records_to_seal(pseudonym, || Ok([1; 32])).unwrap();
            let rows: Vec<i64> = sealings.iter().map(|sealing| sealing.record).collect();
            let expected = ["b", "a", content].map(|text| Some(text.to_owned()));
            assert_eq!(store.contents(&rows), Ok(expected.to_vec()));
        }
    }

    #[test]
    fn lists_what_is_not_published_as_it_stands() {
        let (store, _folder) = scratch_with_patient();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        bound(&store, ME);
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        let (row, _) = sealed(&store, ROOT);
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        store.note_published(row.id).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        store.add_records(PATIENT, "Ada", &[record("Observation/1", 4, "new")]).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        store.note_closed(ME).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        assert!(store.set_by_root(ME, ROOT).unwrap().is_some());
    }
}
