//! Erasures: records that are gone for good.

use alloy_primitives::{Address, B256};
use records::category::Category;
use records::record_set::commitment;

use super::connection::{Db, values};
use super::records::{Origin, add_records};
use super::{NewRecord, Store, StoreError};

impl Store {
    /// Destroys content, digest and salts of a record in all its versions and adds a note, which is filed where the record
    /// was; returns how many versions there were. Without any, nothing is added. May be called again if it fails.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase(
        &self,
        patient: &str,
        name: &str,
        note: impl FnOnce(Category) -> NewRecord + Send,
    ) -> Result<usize, StoreError> {
        let versions = self.write(|db| {
            db.wait_turn(patient.as_bytes())?;
            let versions = versions(db, patient, name)?;
            let Some(newest) = versions.last() else { return Ok(0) };
            let category =
                Category::from_number(newest.category).ok_or(StoreError::Row { column: "category" })?;
            for version in &versions {
                forget_salts(db, version)?;
                db.execute(
                    "UPDATE record SET content = '', digest = ?2, replaced = 1, erased = 1 WHERE id = ?1",
                    values![version.record, &B256::ZERO],
                )?;
            }
            let origin = newest.contributed_to.map_or(Origin::Steward, Origin::Contributed);
            add_records(db, patient, &[note(category)], origin)?;
            Ok::<_, StoreError>(versions.len())
        })?;
        self.forget_deleted()?;
        Ok(versions)
    }
}

struct Version {
    record: i64,
    category: u8,
    digest: B256,
    contributed_to: Option<Address>,
}

fn versions(db: &mut Db<'_>, patient: &str, name: &str) -> Result<Vec<Version>, StoreError> {
    db.rows(
        "SELECT id, category, digest, contributed_to FROM record WHERE patient = ?1 AND name = ?2 AND erased = 0 ORDER BY id",
        values![patient, name],
        |row| {
            Ok(Version {
                record: row.get("id")?,
                category: row.get("category")?,
                digest: row.get("digest")?,
                contributed_to: row.get("contributed_to")?,
            })
        },
    )
}

/// Puts commitments in the place of the salts of a version.
fn forget_salts(db: &mut Db<'_>, version: &Version) -> Result<(), StoreError> {
    let sealings: Vec<(Address, i64, B256)> = db.rows(
        "SELECT pseudonym, first, salt FROM sealing WHERE record = ?1 AND salt IS NOT NULL",
        values![version.record],
        |row| Ok((row.get("pseudonym")?, row.get("first")?, row.get("salt")?)),
    )?;
    for (pseudonym, first, salt) in sealings {
        db.execute(
            "UPDATE sealing SET salt = NULL, commitment = ?4 WHERE pseudonym = ?1 AND record = ?2 AND first = ?3",
            values![&pseudonym, version.record, first, &commitment(salt, version.digest)],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{PATIENT, bound, record, scratch};
    use crate::store::{Imported, Seal};

    const ME: Address = Address::repeat_byte(1);
    const SECRET: &str = "a secret that must not be found in any file of the store";

    fn set(store: &Store, root: u8) -> Vec<crate::store::Sealing> {
        let (version, sealings) = store.records_to_seal(ME, || Ok([0x5a; 32])).unwrap();
        store.add_set(ME, B256::repeat_byte(root), &[[5; 32]; 16], version, &sealings).unwrap().unwrap();
        sealings
    }

    #[test]
    fn leaves_nothing_of_a_record_in_any_file_and_keeps_it_away() {
        let (store, folder) = scratch();
        store
            .add_records(PATIENT, "Ada", &[record("Condition/1", 1, SECRET), record("Condition/2", 1, "b")])
            .unwrap();
        bound(&store, ME);
        let before = set(&store, 1);
        let newer = [record("Condition/1", 1, &format!("{SECRET}, newer"))];
        store.add_records(PATIENT, "Ada", &newer).unwrap();
        set(&store, 2);
        let found = || {
            let files = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|file| std::fs::read(file.unwrap().path()).unwrap());
            files
                .filter(|bytes| {
                    [SECRET.as_bytes(), &[0x5a; 32]]
                        .iter()
                        .any(|secret| bytes.windows(secret.len()).any(|window| window == *secret))
                })
                .count()
        };
        // What a server keeps where is its own affair.
        let is_file = folder.database() == folder.file();
        assert_eq!(found() > 0, is_file);
        assert_eq!(store.erase(PATIENT, "Condition/9", |_| panic!("there is none")), Ok(0));
        assert_eq!(store.erase("nobody", "Condition/1", |_| panic!("there is none")), Ok(0));
        let note = |category: Category| record("Provenance/erased", category.number(), "note");
        assert_eq!(store.erase(PATIENT, "Condition/1", note), Ok(2));
        // The other record's salt is the same in this test.
        store
            .write(|db| {
                let sql = "UPDATE sealing SET salt = ?1 WHERE salt IS NOT NULL";
                db.execute(sql, values![&B256::ZERO])
            })
            .unwrap();
        store.forget_deleted().unwrap();
        assert_eq!(found(), 0);

        // Old sets still make up their roots.
        let stored = store.set_by_root(ME, B256::repeat_byte(1)).unwrap().unwrap().sealings;
        let erased = stored.iter().find(|sealing| sealing.key == before[0].key).unwrap();
        let Seal::Whole { salt, digest } = before[0].seal else { panic!("{before:?}") };
        assert_eq!(erased.seal, Seal::Erased { commitment: commitment(B256::new(salt), digest) });
        assert_eq!(store.contents(&[erased.record]), Ok(vec![None]));
        // The next one has the note instead, and an import does not bring the record back.
        assert_eq!(
            store.add_records(PATIENT, "Ada", &newer),
            Ok(Imported { unchanged: 1, ..Imported::default() })
        );
        let records = set(&store, 3).iter().map(|sealing| sealing.record).collect::<Vec<_>>();
        assert_eq!(store.names(&records), Ok(vec!["Condition/2".to_owned(), "Provenance/erased".to_owned()]));
        assert_eq!(store.erase(PATIENT, "Condition/1", note), Ok(0));
    }
}
