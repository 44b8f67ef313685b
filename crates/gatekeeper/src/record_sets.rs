//! Record sets: sealing what the store holds, and answering from what was sealed.
//!
//! A set is made once, when it is about to be published, with fresh salts for every category and for what is new in it.
//! Answers are given from the set whose root the chain shows, and from the content that lies in the store *now*: if
//! somebody has changed it there, it no longer fits its leaf, and the reader sees exactly that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::{Address, B256, FixedBytes};
use records::category::{Categories, Category};
use records::record::RecordKey;
use records::record_set::{
    CategoryAnswer, CategoryHistory, CategoryProof, CategoryRevision, Erased, ListItem, Opening, PLACES,
    RecordItem, RecordSet, SealedRecord, commitment,
};

use crate::store::{Seal, Sealing, SetAge, SetRow, Store, StoreError};

/// The sets that are in use, built once.
#[derive(Debug, Default)]
pub struct RecordSets {
    built: Mutex<HashMap<B256, Arc<BuiltSet>>>,
}

/// A set and where it lies in the store.
#[derive(Debug)]
struct BuiltSet {
    pseudonym: Address,
    set: RecordSet,
    /// Its records with their leaves, by category, in the order of the set.
    records: HashMap<Category, Vec<(B256, Sealing)>>,
}

impl BuiltSet {
    fn records(&self, category: Category) -> &[(B256, Sealing)] {
        self.records.get(&category).map_or(&[], Vec::as_slice)
    }
}

impl RecordSets {
    /// The set to publish for a relationship: the newest one, or a new one if the records have changed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn current(&self, store: &Store, pseudonym: Address) -> Result<SetRow, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            if let Some((row, SetAge::Current)) = store.newest_set(pseudonym)? {
                return Ok(row);
            }
            if let Some(row) = self.add(store, pseudonym)? {
                return Ok(row);
            }
        }
        Err(StoreError::Overtaken)
    }

    /// Makes a set; `None` if somebody else was quicker.
    fn add(&self, store: &Store, pseudonym: Address) -> Result<Option<SetRow>, StoreError> {
        let (patient_version, sealings) = store.records_to_seal(pseudonym, || {
            let mut salt = [0; 32];
            fill_random(&mut salt).map(|()| salt)
        })?;
        let mut salts = [[0; 32]; PLACES];
        fill_random(salts.as_flattened_mut())?;
        let root = build(&sealings, &salts)?.root();
        let Some(row) = store.add_set(pseudonym, root, &salts, patient_version, &sealings)? else {
            return Ok(None);
        };
        tracing::info!(records = row.count, "record set made");
        forget(&mut self.cache(), pseudonym);
        Ok(Some(row))
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
        let answer = |category| {
            let records = items(store, built.records(category).iter())?;
            Ok(category_answer(&built, category, records))
        };
        categories.iter().map(answer).collect::<Result<_, _>>().map(Some)
    }

    /// Lists categories of the set with this root, or `None` if it is not here.
    ///
    /// # Errors
    /// As [`RecordSets::answer`].
    pub fn list(
        &self,
        store: &Store,
        pseudonym: Address,
        root: B256,
        categories: Categories,
    ) -> Result<Option<Vec<CategoryAnswer<ListItem>>>, StoreError> {
        let Some(built) = self.built(store, pseudonym, root)? else { return Ok(None) };
        let list = |category| {
            let records = list_items(store, built.records(category))?;
            Ok(category_answer(&built, category, records))
        };
        categories.iter().map(list).collect::<Result<_, _>>().map(Some)
    }

    /// Tells what the sets with these roots changed in a category, the first one whole; `Err` with the root that is not
    /// here.
    ///
    /// # Errors
    /// As [`RecordSets::answer`].
    pub fn history(
        &self,
        store: &Store,
        pseudonym: Address,
        roots: &[B256],
        category: Category,
    ) -> Result<Result<CategoryHistory, B256>, StoreError> {
        let mut before = Vec::new();
        let mut revisions = Vec::with_capacity(roots.len());
        for root in roots {
            // What is long past is not kept built.
            let known = self.known(pseudonym, *root);
            let built = known.map_or_else(|| load(store, pseudonym, *root), |known| Ok(Some(known)))?;
            let Some(built) = built else { return Ok(Err(*root)) };
            let records = built.records(category);
            let after: Vec<B256> = records.iter().map(|(leaf, _)| *leaf).collect();
            let proof = built.set.category_proof(category);
            let items =
                |places: &[usize]| items(store, places.iter().filter_map(|place| records.get(*place)));
            revisions.push(CategoryRevision::between(&proof, &before, &after, items)?);
            before = after;
        }
        Ok(Ok(CategoryHistory { category, revisions }))
    }

    /// A set that is built already. Roots are public and readers name them: whose set it is decides, not who knows its root.
    fn known(&self, pseudonym: Address, root: B256) -> Option<Arc<BuiltSet>> {
        self.cache().get(&root).filter(|built| built.pseudonym == pseudonym).cloned()
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<B256, Arc<BuiltSet>>> {
        // What a panic leaves is whole sets.
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn built(
        &self,
        store: &Store,
        pseudonym: Address,
        root: B256,
    ) -> Result<Option<Arc<BuiltSet>>, StoreError> {
        if let Some(known) = self.known(pseudonym, root) {
            return Ok(Some(known));
        }
        let Some(built) = load(store, pseudonym, root)? else { return Ok(None) };
        let mut cache = self.cache();
        forget(&mut cache, pseudonym);
        if cache.len() >= MAX_BUILT {
            cache.clear();
        }
        cache.insert(root, built.clone());
        Ok(Some(built))
    }
}

/// Forgets the former sets of a relationship: their records may have been erased since.
fn forget(built: &mut HashMap<B256, Arc<BuiltSet>>, pseudonym: Address) {
    built.retain(|_, built| built.pseudonym != pseudonym);
}

/// Builds a set from the store.
fn load(store: &Store, pseudonym: Address, root: B256) -> Result<Option<Arc<BuiltSet>>, StoreError> {
    let Some(stored) = store.set_by_root(pseudonym, root)? else { return Ok(None) };
    let set = build(&stored.sealings, &stored.category_salts)?;
    if set.root() != root {
        let reason = format!("the store makes up root {}, expected {root}", set.root());
        return Err(StoreError::RecordSet { reason });
    }
    let mut records: HashMap<Category, Vec<(B256, Sealing)>> = HashMap::new();
    for sealing in stored.sealings {
        let leaf = sealed(&sealing)?.leaf();
        records.entry(category_of(&sealing)?).or_default().push((leaf, sealing));
    }
    Ok(Some(Arc::new(BuiltSet { pseudonym, set, records })))
}

fn category_answer<Item>(built: &BuiltSet, category: Category, records: Vec<Item>) -> CategoryAnswer<Item> {
    let CategoryProof { count, salt, path, total } = built.set.category_proof(category);
    CategoryAnswer { category, count, salt, path, total, records }
}

/// Records with their leaves as they were sealed and their content as it is now.
fn items<'a>(
    store: &Store,
    records: impl Iterator<Item = &'a (B256, Sealing)> + Clone,
) -> Result<Vec<RecordItem>, StoreError> {
    let contents = store.contents(&records.clone().map(|(_, sealing)| sealing.record).collect::<Vec<_>>())?;
    let item = |((leaf, sealing), content): (&(B256, Sealing), Option<String>)| match (sealing.seal, content)
    {
        (Seal::Erased { commitment }, _) => {
            let name = store.names(&[sealing.record])?.pop().unwrap_or_default();
            let erased = Erased { name, time: FixedBytes(key_of(sealing)?.time.to_be_bytes()), commitment };
            Ok(RecordItem { erased: Some(erased), ..RecordItem::missing(*leaf) })
        }
        (Seal::Whole { salt, .. }, Some(content)) => Ok(RecordItem::whole(*leaf, B256::new(salt), content)),
        // Erased after the set was built here; the next set comes soon, and then this one is built anew.
        (Seal::Whole { .. }, None) => Ok(RecordItem::missing(*leaf)),
    };
    records.zip(contents).map(item).collect()
}

/// Records with their leaves, names and digests as they were sealed.
fn list_items(store: &Store, records: &[(B256, Sealing)]) -> Result<Vec<ListItem>, StoreError> {
    let names = store.names(&records.iter().map(|(_, sealing)| sealing.record).collect::<Vec<_>>())?;
    let item = |((leaf, sealing), name): (&(B256, Sealing), String)| {
        let opening = match sealing.seal {
            Seal::Erased { .. } => None,
            Seal::Whole { salt, digest } => {
                let time = FixedBytes(key_of(sealing)?.time.to_be_bytes());
                Some(Opening { name, time, salt: B256::new(salt), digest })
            }
        };
        Ok(ListItem { leaf: *leaf, opening })
    };
    records.iter().zip(names).map(item).collect()
}

fn build(sealings: &[Sealing], salts: &[[u8; 32]; PLACES]) -> Result<RecordSet, StoreError> {
    let records = sealings.iter().map(sealed).collect::<Result<_, _>>()?;
    RecordSet::build(records, &salts.map(B256::new))
        .map_err(|error| StoreError::RecordSet { reason: error.to_string() })
}

fn sealed(sealing: &Sealing) -> Result<SealedRecord, StoreError> {
    let commitment = match sealing.seal {
        Seal::Erased { commitment } => commitment,
        Seal::Whole { salt, digest } => commitment(B256::new(salt), digest),
    };
    Ok(SealedRecord::new(category_of(sealing)?, key_of(sealing)?, commitment))
}

fn key_of(sealing: &Sealing) -> Result<RecordKey, StoreError> {
    let (time, id) = sealing.key.split_first_chunk::<8>().ok_or(StoreError::Row { column: "key" })?;
    // Forty bytes less eight.
    let id = <[u8; 32]>::try_from(id).map_err(|_length| StoreError::Row { column: "key" })?;
    Ok(RecordKey { time: u64::from_be_bytes(*time), id })
}

fn category_of(sealing: &Sealing) -> Result<Category, StoreError> {
    Category::from_number(sealing.category).ok_or(StoreError::Row { column: "category" })
}

fn fill_random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::RecordSet { reason: error.to_string() })
}

/// How often a set is begun again because its records have changed meanwhile.
const MAX_ATTEMPTS: usize = 3;
/// Sets that are kept built: about 100 KB each.
const MAX_BUILT: usize = 256;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use records::record_set::{RecordSetAnchor, RecordVerdict, verify_category, verify_history, verify_list};

    use super::*;
    use crate::bundle::Bundle;
    use crate::store::tests::{PATIENT, bound, change, scratch};

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
    fn gives_nobody_the_set_of_somebody_else() {
        let (store, sets, row, _folder) = sealed_patient();
        let other = Address::repeat_byte(2);
        bound(&store, other);
        // Built and in use, and its root is on chain for everybody to see.
        assert_eq!(problems(&store, &sets, &row).len(), 3);
        let all = Categories::ALL;
        assert_eq!(sets.answer(&store, other, row.root, all), Ok(None));
        assert_eq!(sets.list(&store, other, row.root, all), Ok(None));
        assert_eq!(sets.history(&store, other, &[row.root], Category::Problems), Ok(Err(row.root)));
    }

    #[test]
    fn shows_content_that_was_changed_in_the_store() {
        let (store, sets, row, _folder) = sealed_patient();
        change(
            &store,
            "UPDATE record SET content = replace(content, '1960', '1961') WHERE name = 'Condition/c2'",
        );
        let verdicts = problems(&store, &sets, &row);
        assert!(matches!(verdicts[1], RecordVerdict::Altered { index: 1, .. }), "{verdicts:?}");
        assert!(verdicts[0].verified().is_some() && verdicts[2].verified().is_some());
    }

    #[test]
    fn refuses_to_answer_from_a_store_that_lost_a_record() {
        let (store, sets, row, _folder) = sealed_patient();
        change(&store, "DELETE FROM sealing WHERE record = 2");
        let error = sets.answer(&store, ME, row.root, Categories::ALL).unwrap_err();
        assert!(matches!(&error, StoreError::RecordSet { .. }), "{error}");
    }

    #[test]
    fn lists_and_tells_the_history_of_what_was_sealed() {
        let (store, sets, first, _folder) = sealed_patient();
        let changed = BUNDLE.replace("1960", "1961").replace("\"c3\"", "\"c4\"");
        let bundle = Bundle::parse(changed.as_bytes()).unwrap();
        store.add_records(PATIENT, &bundle.name, &bundle.records).unwrap();
        let second = sets.current(&store, ME).unwrap();
        let anchors = [(1, &first), (2, &second)].map(|(revision, row)| RecordSetAnchor {
            root: row.root,
            count: row.count,
            revision,
            published_at: 0,
        });
        let lists = sets.list(&store, ME, second.root, Categories::NONE.with(Category::Problems));
        let listed = verify_list(&anchors[1], Category::Problems, &lists.unwrap().unwrap()[0]).unwrap();
        let names: Vec<_> = listed.into_iter().map(|record| record.known.unwrap().0).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 4);

        let roots = anchors.map(|anchor| anchor.root);
        let history = sets.history(&store, ME, &roots, Category::Problems).unwrap().unwrap();
        assert_eq!((history.revisions[1].removed.len(), history.revisions[1].added.len()), (1, 2));
        let verified = verify_history(&anchors, Category::Problems, &history).unwrap();
        let told: Vec<_> = verified
            .versions()
            .iter()
            .map(|version| {
                (version.verdict.verified().unwrap().record().id().to_owned(), version.since, version.until)
            })
            .filter(|(_, since, until)| *since == 2 || until.is_some())
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.contains(&("c2".to_owned(), 1, Some(2))) && told.contains(&("c2".to_owned(), 2, None)));
        let unknown = sets.history(&store, ME, &[roots[0], B256::ZERO], Category::Problems);
        assert_eq!(unknown, Ok(Err(B256::ZERO)));
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
