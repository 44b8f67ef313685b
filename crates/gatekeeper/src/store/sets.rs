//! Record sets: what was published on chain for one relationship, with the salts that made it.
//!
//! A set names records and salts; the digests are those from when the records came in. Older sets are kept until a
//! newer one is proven on chain, so that a reader is always answered from the set whose root it sees.

use alloy_primitives::{Address, B256};
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, address, fixed, hash, integer, unsigned};

/// A record as it goes into a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealing {
    /// Row of the record.
    pub record: i64,
    /// Number of its category.
    pub category: u8,
    /// Its place within the category.
    pub key: [u8; 40],
    /// SHA-256 of its canonical bytes, from when it came in.
    pub digest: B256,
    /// The salt of its commitment; zeros while it is not sealed.
    pub salt: [u8; 32],
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
    /// The records of the patient behind a pseudonym, in the order of the set, and the version they make up.
    ///
    /// # Errors
    /// [`StoreError`]; an unknown pseudonym is a bad row.
    pub fn records_to_seal(&self, pseudonym: Address) -> Result<(u64, Vec<Sealing>), StoreError> {
        self.read(|db| {
            let (patient, version): (String, i64) = db
                .query_row(
                    "SELECT patient.id, version FROM relationship JOIN patient ON patient.id = patient
                     WHERE pseudonym = ?1",
                    params![pseudonym.as_slice()],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?
                .ok_or(StoreError::Row { column: "relationship" })?;
            let mut statement = db.prepare(
                "SELECT id, category, key, digest, zeroblob(32) FROM record
                 WHERE patient = ?1 AND replaced = 0 ORDER BY category, key",
            )?;
            let sealings = read_sealings(statement.query(params![patient])?)?;
            Ok((unsigned("version", version)?, sealings))
        })
    }

    /// Keeps a set that was made of `sealings`.
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
    ) -> Result<SetRow, StoreError> {
        let count = sealings.len() as u64;
        let (stored_count, stored_version) = (integer(count)?, integer(patient_version)?);
        self.write(|db| {
            db.execute(
                "INSERT INTO record_set (pseudonym, root, count, category_salts, patient_version)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    pseudonym.as_slice(),
                    root.as_slice(),
                    stored_count,
                    category_salts.as_flattened(),
                    stored_version
                ],
            )?;
            let id = db.last_insert_rowid();
            let mut statement =
                db.prepare("INSERT INTO sealed_record (record_set, record, salt) VALUES (?1, ?2, ?3)")?;
            for sealing in sealings {
                statement.execute(params![id, sealing.record, sealing.salt])?;
            }
            Ok(SetRow { id, root, count, patient_version })
        })
    }

    /// The newest set of a relationship, and whether the patient's records have changed since it was made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_set(&self, pseudonym: Address) -> Result<Option<(SetRow, SetAge)>, StoreError> {
        self.read(|db| {
            let row = db
                .query_row(
                    "SELECT record_set.id, root, count, patient_version, version
                     FROM record_set JOIN relationship USING (pseudonym) JOIN patient ON patient.id = patient
                     WHERE pseudonym = ?1 ORDER BY record_set.id DESC LIMIT 1",
                    params![pseudonym.as_slice()],
                    |row| Ok((row_of_set(row)?, row.get::<_, i64>(4)?)),
                )
                .optional()?;
            row.map(|(row, version)| {
                let row = row.read()?;
                let is_current = row.patient_version == unsigned("version", version)?;
                Ok((row, if is_current { SetAge::Current } else { SetAge::Outdated }))
            })
            .transpose()
        })
    }

    /// The set with this root.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_by_root(&self, pseudonym: Address, root: B256) -> Result<Option<StoredSet>, StoreError> {
        self.read(|db| {
            let found = db
                .query_row(
                    "SELECT id, root, count, patient_version, category_salts FROM record_set
                     WHERE pseudonym = ?1 AND root = ?2",
                    params![pseudonym.as_slice(), root.as_slice()],
                    |row| Ok((row_of_set(row)?, row.get::<_, Vec<u8>>(4)?)),
                )
                .optional()?;
            let Some((row, salts)) = found else { return Ok(None) };
            let row = row.read()?;
            let mut category_salts = [[0; 32]; 16];
            let flat: [u8; 512] = fixed("category_salts", &salts)?;
            for (salt, bytes) in category_salts.iter_mut().zip(flat.as_chunks::<32>().0) {
                *salt = *bytes;
            }
            let mut statement = db.prepare(
                "SELECT record.id, category, key, digest, salt FROM sealed_record JOIN record ON record.id = record
                 WHERE record_set = ?1 ORDER BY category, key",
            )?;
            let sealings = read_sealings(statement.query(params![row.id])?)?;
            Ok(Some(StoredSet { row, category_salts, sealings }))
        })
    }

    /// What some records hold now, by their rows.
    ///
    /// # Errors
    /// [`StoreError`]; a record that is not there any more is a bad row.
    pub fn contents(&self, records: &[i64]) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT content FROM record WHERE id = ?1")?;
            let content = |record| {
                let content = statement.query_row(params![record], |row| row.get(0)).optional()?;
                content.ok_or(StoreError::Row { column: "record" })
            };
            records.iter().map(content).collect()
        })
    }

    /// The relationships whose newest set is missing, outdated or not yet proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unpublished(&self, limit: u32) -> Result<Vec<Address>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT pseudonym FROM relationship JOIN patient ON patient.id = patient
                 WHERE closed = 0 AND NOT EXISTS (SELECT 1 FROM record_set WHERE record_set.pseudonym = relationship.pseudonym
                                   AND proven = 1 AND patient_version = version)
                 ORDER BY random() LIMIT ?1",
            )?;
            let rows = statement.query_map(params![limit], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|bytes| address("pseudonym", &bytes?)).collect()
        })
    }

    /// Notes that nothing can be published for a relationship any more; what was published stays readable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_closed(&self, pseudonym: Address) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute(
                "UPDATE relationship SET closed = 1 WHERE pseudonym = ?1",
                params![pseudonym.as_slice()],
            )?;
            Ok(())
        })
    }

    /// Notes that the root of a set is proven to be on chain, and forgets what is older: the sets of this relationship
    /// before it, and replaced records that no set names any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_published(&self, pseudonym: Address, set: i64) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("UPDATE record_set SET proven = 1 WHERE id = ?1", params![set])?;
            let forgotten = db.execute(
                "DELETE FROM record_set WHERE pseudonym = ?1 AND id < ?2",
                params![pseudonym.as_slice(), set],
            )?;
            if forgotten > 0 {
                db.execute(
                    "DELETE FROM record WHERE replaced = 1
                     AND NOT EXISTS (SELECT 1 FROM sealed_record WHERE record = record.id)",
                    [],
                )?;
            }
            Ok(())
        })
    }
}

/// Whether a set still holds what the patient's file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAge {
    /// Nothing has changed since.
    Current,
    /// Records were added or replaced since.
    Outdated,
}

/// The columns of a set as SQLite gives them.
struct RawSetRow {
    id: i64,
    root: Vec<u8>,
    count: i64,
    patient_version: i64,
}

impl RawSetRow {
    fn read(self) -> Result<SetRow, StoreError> {
        Ok(SetRow {
            id: self.id,
            root: hash("root", &self.root)?,
            count: unsigned("count", self.count)?,
            patient_version: unsigned("patient_version", self.patient_version)?,
        })
    }
}

fn row_of_set(row: &rusqlite::Row<'_>) -> rusqlite::Result<RawSetRow> {
    Ok(RawSetRow { id: row.get(0)?, root: row.get(1)?, count: row.get(2)?, patient_version: row.get(3)? })
}

fn read_sealings(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Sealing>, StoreError> {
    let mut sealings = Vec::new();
    while let Some(row) = rows.next()? {
        sealings.push(Sealing {
            record: row.get(0)?,
            category: row.get(1)?,
            key: fixed("key", &row.get::<_, Vec<u8>>(2)?)?,
            digest: hash("digest", &row.get::<_, Vec<u8>>(3)?)?,
            salt: fixed("salt", &row.get::<_, Vec<u8>>(4)?)?,
        });
    }
    Ok(sealings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{PATIENT, bound, record, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);
    const ROOT: B256 = B256::repeat_byte(8);

    fn sealed(store: &Store, root: B256) -> (SetRow, Vec<Sealing>) {
        let (version, mut sealings) = store.records_to_seal(ME).unwrap();
        for (number, sealing) in (1..).zip(&mut sealings) {
            sealing.salt = [number; 32];
        }
        (store.add_set(ME, root, &[[5; 32]; 16], version, &sealings).unwrap(), sealings)
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
        assert_eq!(store.contents(&rows), Ok(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(store.contents(&[]), Ok(vec![]));
        assert_eq!(store.contents(&[99]), Err(StoreError::Row { column: "record" }));
    }

    #[test]
    fn keeps_an_older_set_whole_until_it_is_forgotten() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        let (old, sealings) = sealed(&store, ROOT);
        store.add_records(PATIENT, "Ada", &[record("Observation/1", 4, "new")]).unwrap();
        assert_eq!(store.newest_set(ME), Ok(Some((old, SetAge::Outdated))));
        let (new, newer) = sealed(&store, B256::repeat_byte(9));
        assert_eq!(store.newest_set(ME), Ok(Some((new, SetAge::Current))));
        assert_eq!(store.set_by_root(ME, ROOT).unwrap().unwrap().sealings, sealings);
        assert_eq!(store.contents(&[sealings[1].record]), Ok(vec!["a".to_owned()]));
        assert_eq!(store.note_published(ME, new.id), Ok(()));
        assert_eq!(store.set_by_root(ME, ROOT), Ok(None));
        assert_eq!(store.contents(&[newer[1].record]), Ok(vec!["new".to_owned()]));
    }

    #[test]
    fn lists_what_is_not_published_as_it_stands() {
        let (store, _folder) = scratch_with_patient();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        bound(&store, ME);
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        let (row, _) = sealed(&store, ROOT);
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        store.note_published(ME, row.id).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        store.add_records(PATIENT, "Ada", &[record("Observation/1", 4, "new")]).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![ME]));
        store.note_closed(ME).unwrap();
        assert_eq!(store.unpublished(9), Ok(vec![]));
        assert!(store.set_by_root(ME, ROOT).unwrap().is_some());
    }
}
