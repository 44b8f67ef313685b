//! Record sets: sealing what the store holds, and answering from what was sealed.
//!
//! A set is made once, when it is about to be published, with fresh salts for every record and category. Answers are
//! given from the set whose root the chain shows, and from the content that lies in the store *now*: if somebody has
//! changed it there, it no longer fits its leaf, and the reader sees exactly that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::{Address, B256};
use records::category::{Categories, Category};
use records::record::RecordKey;
use records::record_set::{CategoryAnswer, PLACES, RecordItem, RecordSet, SealedRecord};

use crate::store::{Sealing, SetAge, SetRow, Store, StoreError};

/// The sets that are in use, built once.
#[derive(Debug, Default)]
pub struct RecordSets {
    built: Mutex<HashMap<B256, Arc<BuiltSet>>>,
}

/// A set and where it lies in the store.
#[derive(Debug)]
struct BuiltSet {
    set: RecordSet,
    /// The rows of its records, by category, in the order of the set.
    rows: HashMap<Category, Vec<i64>>,
}

impl RecordSets {
    /// The set to publish for a relationship: the newest one, or a new one if the records have changed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn current(&self, store: &Store, pseudonym: Address) -> Result<SetRow, StoreError> {
        if let Some((row, SetAge::Current)) = store.newest_set(pseudonym)? {
            return Ok(row);
        }
        let (patient_version, mut sealings) = store.records_to_seal(pseudonym)?;
        for sealing in &mut sealings {
            fill_random(&mut sealing.salt)?;
        }
        let mut salts = [[0; 32]; PLACES];
        fill_random(salts.as_flattened_mut())?;
        let root = build(&sealings, &salts)?.root();
        let row = store.add_set(pseudonym, root, &salts, patient_version, &sealings)?;
        tracing::info!(records = row.count, "record set made");
        Ok(row)
    }

    /// Answers categories from the set with this root, or `None` if it is not here.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RecordSet`] if what the store holds no longer makes up that root.
    pub fn answer(
        &self,
        store: &Store,
        pseudonym: Address,
        root: B256,
        categories: Categories,
    ) -> Result<Option<Vec<CategoryAnswer>>, StoreError> {
        let Some(built) = self.built(store, pseudonym, root)? else { return Ok(None) };
        categories.iter().map(|category| answer(store, &built, category)).collect::<Result<_, _>>().map(Some)
    }

    fn built(
        &self,
        store: &Store,
        pseudonym: Address,
        root: B256,
    ) -> Result<Option<Arc<BuiltSet>>, StoreError> {
        let known = self.built.lock().unwrap_or_else(PoisonError::into_inner).get(&root).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(stored) = store.set_by_root(pseudonym, root)? else { return Ok(None) };
        let set = build(&stored.sealings, &stored.category_salts)?;
        if set.root() != root {
            let reason = format!("the store makes up root {}, expected {root}", set.root());
            return Err(StoreError::RecordSet { reason });
        }
        let mut rows: HashMap<Category, Vec<i64>> = HashMap::new();
        for sealing in &stored.sealings {
            rows.entry(category_of(sealing)?).or_default().push(sealing.record);
        }
        let built = Arc::new(BuiltSet { set, rows });
        let mut cache = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_BUILT {
            cache.clear();
        }
        cache.insert(root, built.clone());
        Ok(Some(built))
    }
}

/// One category: its leaves as they were sealed, its content as it is now.
fn answer(store: &Store, built: &BuiltSet, category: Category) -> Result<CategoryAnswer, StoreError> {
    let proof = built.set.category_proof(category);
    let contents = store.contents(built.rows.get(&category).map_or(&[], Vec::as_slice))?;
    let sealed = built.set.records(category);
    if contents.len() != sealed.len() {
        let reason = format!("{} records of category {category}, expected {}", contents.len(), sealed.len());
        return Err(StoreError::RecordSet { reason });
    }
    let records = sealed
        .iter()
        .zip(contents)
        .map(|(sealed, content)| RecordItem {
            leaf: sealed.leaf(),
            salt: Some(sealed.salt),
            content: Some(content),
        })
        .collect();
    Ok(CategoryAnswer {
        category,
        count: proof.count,
        salt: proof.salt,
        path: proof.path,
        total: proof.total,
        records,
    })
}

fn build(sealings: &[Sealing], salts: &[[u8; 32]; PLACES]) -> Result<RecordSet, StoreError> {
    let records = sealings.iter().map(sealed).collect::<Result<_, _>>()?;
    RecordSet::build(records, &salts.map(B256::new))
        .map_err(|error| StoreError::RecordSet { reason: error.to_string() })
}

fn sealed(sealing: &Sealing) -> Result<SealedRecord, StoreError> {
    let (time, id) = sealing.key.split_first_chunk::<8>().ok_or(StoreError::Row { column: "key" })?;
    // Forty bytes less eight.
    let id = <[u8; 32]>::try_from(id).map_err(|_length| StoreError::Row { column: "key" })?;
    Ok(SealedRecord {
        category: category_of(sealing)?,
        key: RecordKey { time: u64::from_be_bytes(*time), id },
        salt: B256::new(sealing.salt),
        digest: sealing.digest,
    })
}

fn category_of(sealing: &Sealing) -> Result<Category, StoreError> {
    Category::from_number(sealing.category).ok_or(StoreError::Row { column: "category" })
}

fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::RecordSet { reason: error.to_string() })
}

/// Sets that are kept built: about 100 KB each.
const MAX_BUILT: usize = 256;

#[cfg(test)]
mod tests {
    use records::record_set::{RecordSetAnchor, RecordVerdict, verify_category};

    use super::*;
    use crate::bundle::Bundle;
    use crate::store::tests::{PATIENT, bound, scratch};

    const ME: Address = Address::repeat_byte(1);

    const BUNDLE: &str = r#"{"resourceType":"Bundle","entry":[
        {"resource":{"resourceType":"Patient","id":"patient-1"}},
        {"resource":{"resourceType":"Condition","id":"c1","onsetDateTime":"2020-01-01"}},
        {"resource":{"resourceType":"Condition","id":"c2","onsetDateTime":"1960-01-01"}},
        {"resource":{"resourceType":"Condition","id":"c3"}}]}"#;

    fn sealed_patient() -> (Store, RecordSets, SetRow, crate::store::tests::Scratch) {
        let (store, folder) = scratch();
        let bundle = Bundle::parse(BUNDLE.as_bytes()).unwrap();
        store.add_records(&bundle.patient, &bundle.name, &bundle.records).unwrap();
        bound(&store, ME);
        let sets = RecordSets::default();
        let row = sets.current(&store, ME).unwrap();
        (store, sets, row, folder)
    }

    fn problems(store: &Store, sets: &RecordSets, row: &SetRow) -> Vec<RecordVerdict> {
        let anchor = RecordSetAnchor { root: row.root, count: row.count, revision: 1, published_at: 0 };
        let categories = Categories::NONE.with(Category::Problems);
        let answers = sets.answer(store, ME, row.root, categories).unwrap().unwrap();
        verify_category(&anchor, Category::Problems, &answers[0]).unwrap().records().to_vec()
    }

    #[test]
    fn answers_what_verifies_against_the_published_root() {
        let (store, sets, row, _folder) = sealed_patient();
        assert_eq!(row.count, 4);
        let verdicts = problems(&store, &sets, &row);
        let ids: Vec<&str> =
            verdicts.iter().map(|verdict| verdict.verified().unwrap().record().id()).collect();
        assert_eq!(ids, ["c3", "c2", "c1"]);
        assert_eq!(sets.current(&store, ME), Ok(row));
        assert_eq!(sets.answer(&store, ME, B256::ZERO, Categories::ALL), Ok(None));
    }

    #[test]
    fn shows_content_that_was_changed_in_the_store() {
        let (store, sets, row, folder) = sealed_patient();
        let file = rusqlite::Connection::open(folder.path().join("store.sqlite")).unwrap();
        let sql = "UPDATE record SET content = replace(content, '1960', '1961') WHERE name = 'Condition/c2'";
        assert_eq!(file.execute(sql, []), Ok(1));
        let verdicts = problems(&store, &sets, &row);
        assert!(matches!(verdicts[1], RecordVerdict::Altered { index: 1, .. }), "{verdicts:?}");
        assert!(verdicts[0].verified().is_some() && verdicts[2].verified().is_some());
    }

    #[test]
    fn refuses_to_answer_from_a_store_that_lost_a_record() {
        let (store, sets, row, folder) = sealed_patient();
        let file = rusqlite::Connection::open(folder.path().join("store.sqlite")).unwrap();
        file.execute("DELETE FROM sealed_record WHERE record = 2", []).unwrap();
        let error = sets.answer(&store, ME, row.root, Categories::ALL).unwrap_err();
        assert!(matches!(&error, StoreError::RecordSet { .. }), "{error}");
    }

    #[test]
    fn makes_a_new_set_when_records_have_changed() {
        let (store, sets, row, _folder) = sealed_patient();
        let more = BUNDLE.replace("\"c3\"", "\"c4\"");
        let bundle = Bundle::parse(more.as_bytes()).unwrap();
        store.add_records(PATIENT, &bundle.name, &bundle.records).unwrap();
        let newer = sets.current(&store, ME).unwrap();
        assert_eq!((row.count, newer.count), (4, 5));
        assert_ne!(newer.root, row.root);
        assert_eq!(problems(&store, &sets, &row).len(), 3);
        assert_eq!(problems(&store, &sets, &newer).len(), 4);
    }
}
