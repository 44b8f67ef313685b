//! Tests of record sets against an independent implementation and every kind of lie.

use std::collections::BTreeMap;

use alloy_primitives::FixedBytes;
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::record::{Record, RecordError};

mod history;
mod list;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    root: B256,
    total: u64,
    category_salts: [B256; 16],
    records: Vec<VectorRecord>,
}

#[derive(Deserialize)]
struct VectorRecord {
    category: u8,
    salt: B256,
    leaf: B256,
    content: String,
}

/// A steward: the set it published, and the contents it keeps.
struct Steward {
    set: RecordSet,
    contents: BTreeMap<RecordKey, (B256, String)>,
}

impl Steward {
    fn new(contents: Vec<(Category, B256, String)>, category_salts: &[B256; 16]) -> Self {
        let sealed = contents.iter().map(|(category, salt, content)| {
            let record = Record::from_canonical(content).unwrap();
            SealedRecord::new(*category, record.key(), commitment(*salt, record.digest()))
        });
        let set = RecordSet::build(sealed.collect(), category_salts).unwrap();
        let contents = contents
            .into_iter()
            .map(|(_, salt, content)| (Record::from_canonical(&content).unwrap().key(), (salt, content)));
        Self { set, contents: contents.collect() }
    }

    /// The records of `tests/vectors/protocol/record_set.json`.
    fn of_vector() -> (Self, Vector) {
        let text = include_str!("../../../../tests/vectors/protocol/record_set.json");
        let vector: Vector = serde_json::from_str(text).unwrap();
        let contents = vector.records.iter().map(|record| {
            (Category::from_number(record.category).unwrap(), record.salt, record.content.clone())
        });
        (Self::new(contents.collect(), &vector.category_salts), vector)
    }

    /// Small records, some of them without a date.
    fn of_counts(counts: [usize; 13]) -> Self {
        let records = Category::ALL.into_iter().zip(counts).flat_map(|(category, count)| {
            (0..count).map(move |number| {
                let date = if number % 5 == 0 {
                    String::new()
                } else {
                    format!(r#","onsetDateTime":"{}""#, 1900 + number * 37 % 120)
                };
                let content = format!(r#"{{"id":"{category}-{number}"{date},"resourceType":"Condition"}}"#);
                (category, hash(&[content.as_bytes()]), content)
            })
        });
        Self::new(records.collect(), &salts())
    }

    fn anchor(&self) -> RecordSetAnchor {
        RecordSetAnchor {
            root: self.set.root(),
            count: self.set.total(),
            revision: 1,
            published_at: 1_700_000_000,
        }
    }

    fn answer(&self, category: Category) -> CategoryAnswer {
        let CategoryProof { count, salt, path, total } = self.set.category_proof(category);
        let records = self.set.records(category).iter().map(|sealed| {
            let (salt, content) = &self.contents[&sealed.key()];
            RecordItem::whole(sealed.leaf(), *salt, content.clone())
        });
        CategoryAnswer { category, count, salt, path, total, records: records.collect() }
    }

    fn verify(&self, answer: &CategoryAnswer) -> Result<VerifiedCategory, RecordSetError> {
        verify_category(&self.anchor(), answer.category, answer)
    }
}

fn salts() -> [B256; 16] {
    core::array::from_fn(|place| hash(&[b"category salt", &[u8::try_from(place).unwrap()]]))
}

/// RFC 6962 §2.1, word for word.
#[cfg(not(target_arch = "wasm32"))]
fn naive_tree(leaves: &[B256]) -> B256 {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            hash(&[&[1], naive_tree(left).as_slice(), naive_tree(right).as_slice()])
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn naive_root(steward: &Steward) -> B256 {
    let nodes = (0u8..16).map(|place| {
        let records = Category::from_number(place).map_or(&[][..], |category| steward.set.records(category));
        let leaves: Vec<_> = records.iter().map(SealedRecord::leaf).collect();
        let count = u64::try_from(leaves.len()).unwrap().to_be_bytes();
        let salt = steward.set.categories[usize::from(place)].salt;
        hash(&[&[2, place], &count, naive_tree(&leaves).as_slice(), salt.as_slice()])
    });
    let top = naive_tree(&nodes.collect::<Vec<_>>());
    hash(&[&[3], top.as_slice(), &steward.set.total().to_be_bytes()])
}

/// Every record of the category is exactly what was sealed.
fn is_whole(verified: &VerifiedCategory) -> bool {
    verified.records().iter().all(|verdict| verdict.verified().is_some())
}

#[test]
fn agrees_with_the_independent_implementation() {
    let (steward, vector) = Steward::of_vector();
    assert_eq!(steward.set.root(), vector.root);
    assert_eq!(steward.set.total(), vector.total);
    for category in Category::ALL {
        let expected: Vec<_> =
            vector.records.iter().filter(|record| record.category == category.number()).collect();
        let verified = steward.verify(&steward.answer(category)).unwrap();
        assert_eq!(verified.records().len(), expected.len());
        assert!(is_whole(&verified));
        for (verdict, record) in verified.records().iter().zip(expected) {
            assert_eq!(verdict.leaf(), record.leaf);
            assert_eq!(verdict.verified().unwrap().record().canonical(), record.content);
        }
    }
}

#[test]
fn an_empty_category_is_proven_empty() {
    let steward = Steward::of_counts([0; 13]);
    let verified = steward.verify(&steward.answer(Category::Allergies)).unwrap();
    assert_eq!(verified.records(), []);
    assert_eq!(verified.path(0), None);
}

#[test]
fn paths_lead_from_each_leaf_to_the_root() {
    for count in 1..20 {
        let mut counts = [3; 13];
        counts[4] = count;
        let steward = Steward::of_counts(counts);
        let answer = steward.answer(Category::VitalSigns);
        let verified = steward.verify(&answer).unwrap();
        for verdict in verified.records() {
            let path = verified.path(verdict.index()).unwrap();
            let (own, top) = path.split_at(path.len() - 4);
            let tree = naive_path_root(verdict.leaf(), usize::try_from(verdict.index()).unwrap(), count, own);
            assert_eq!(top, answer.path);
            assert_eq!(answer.proof().root(Category::VitalSigns, tree), steward.set.root());
        }
        assert_eq!(verified.path(answer.count), None);
    }
}

/// RFC 6962 §2.1.1: the root from a leaf, its place, the number of leaves and its path.
fn naive_path_root(leaf: B256, index: usize, count: usize, path: &[B256]) -> B256 {
    if count == 1 {
        assert!(path.is_empty());
        return leaf;
    }
    let split = count.next_power_of_two() / 2;
    let (last, rest) = path.split_last().unwrap();
    if index < split {
        tree::node(naive_path_root(leaf, index, split, rest), *last)
    } else {
        tree::node(*last, naive_path_root(leaf, index - split, count - split, rest))
    }
}

#[test]
fn refuses_two_records_of_one_id() {
    let (steward, _) = Steward::of_vector();
    let mut records = steward.set.records(Category::Problems).to_vec();
    let mut twin = records[0].clone();
    twin.key.time += 1;
    let id = B256::new(twin.key.id);
    records.push(twin);
    assert_eq!(RecordSet::build(records, &salts()).unwrap_err(), RecordSetError::DuplicateRecord { id });
}

#[test]
fn refuses_an_answer_about_something_else() {
    let (steward, _) = Steward::of_vector();
    let answer = steward.answer(Category::Problems);
    assert_eq!(
        verify_category(&steward.anchor(), Category::Medicines, &answer).unwrap_err(),
        RecordSetError::Category { expected: Category::Medicines, found: Category::Problems }
    );
    let other = RecordSetAnchor { root: B256::repeat_byte(1), ..steward.anchor() };
    assert_eq!(
        verify_category(&other, Category::Problems, &answer).unwrap_err(),
        RecordSetError::Root {
            category: Category::Problems,
            expected: other.root,
            found: steward.set.root()
        }
    );
    let fewer = RecordSetAnchor { count: steward.set.total() - 1, ..steward.anchor() };
    assert_eq!(
        verify_category(&fewer, Category::Problems, &answer).unwrap_err(),
        RecordSetError::Total { expected: fewer.count, found: steward.set.total() }
    );
}

#[test]
fn a_category_cannot_stand_in_for_another() {
    let steward = Steward::of_counts([4; 13]);
    for (asked, given) in [(Category::Allergies, Category::Problems), (Category::Notes, Category::Documents)]
    {
        let forged = CategoryAnswer { category: asked, ..steward.answer(given) };
        assert!(matches!(steward.verify(&forged), Err(RecordSetError::Root { .. })));
    }
}

#[test]
fn notices_a_record_that_is_left_out_repeated_moved_or_added() {
    let (steward, _) = Steward::of_vector();
    let whole = steward.answer(Category::Problems);
    let count = whole.records.len();
    let with = |change: &dyn Fn(&mut Vec<RecordItem>)| {
        let mut answer = whole.clone();
        change(&mut answer.records);
        answer
    };
    let mut lies = Vec::new();
    for index in 0..count {
        lies.push(with(&|records| drop(records.remove(index))));
        lies.push(with(&|records| records.insert(index, records[index].clone())));
        lies.push(with(&|records| records.swap(index, (index + 1) % count)));
        lies.push(with(&|records| records[index] = records[(index + 1) % count].clone()));
    }
    lies.push(with(&|records| records.push(steward.answer(Category::Medicines).records[0].clone())));
    for mut lie in lies {
        assert!(matches!(
            steward.verify(&lie),
            Err(RecordSetError::Count { category: Category::Problems, .. } | RecordSetError::Root { .. })
        ));
        // A liar that counts right is caught by the root.
        lie.count = super::count(lie.records.len());
        assert!(matches!(steward.verify(&lie), Err(RecordSetError::Root { .. })));
    }
}

#[test]
fn tells_an_altered_record_from_a_missing_one() {
    let (steward, _) = Steward::of_vector();
    let mut answer = steward.answer(Category::Problems);
    let leaf = answer.records[1].leaf;
    answer.records[0] = RecordItem::missing(answer.records[0].leaf);
    answer.records[1].content = Some(r#"{"id":"x","resourceType":"Condition"}"#.to_owned());
    answer.records[2].content = Some(r#"{"id":"x", "resourceType":"Condition"}"#.to_owned());
    answer.records[3].salt = Some(B256::ZERO);
    let verified = steward.verify(&answer).unwrap();
    assert_eq!(verified.records()[0], RecordVerdict::Missing { index: 0, leaf: answer.records[0].leaf });
    let RecordVerdict::Altered { index: 1, leaf: of, reason: Alteration::Leaf { expected, found } } =
        verified.records()[1]
    else {
        panic!("{:?}", verified.records()[1]);
    };
    assert_eq!((of, expected), (leaf, leaf));
    assert_ne!(found, leaf);
    assert_eq!(
        verified.records()[2],
        RecordVerdict::Altered {
            index: 2,
            leaf: answer.records[2].leaf,
            reason: Alteration::Content(RecordError::NotCanonical)
        }
    );
    assert!(matches!(
        verified.records()[3],
        RecordVerdict::Altered { index: 3, reason: Alteration::Leaf { .. }, .. }
    ));
    assert!(verified.records()[4].verified().is_some());
}

#[test]
fn tells_an_erased_record_from_a_missing_one() {
    let (steward, _) = Steward::of_vector();
    let whole = steward.answer(Category::Problems);
    let item = &whole.records[2];
    let record = Record::from_canonical(item.content.as_deref().unwrap()).unwrap();
    let erased = Erased {
        name: record.name(),
        time: FixedBytes(record.key().time.to_be_bytes()),
        commitment: commitment(item.salt.unwrap(), record.digest()),
    };
    let verdict = |erased: &Erased| {
        let mut answer = whole.clone();
        answer.records[2] = RecordItem { erased: Some(erased.clone()), ..RecordItem::missing(item.leaf) };
        steward.verify(&answer).unwrap().records()[2].clone()
    };
    let (index, leaf) = (2, item.leaf);
    assert_eq!(verdict(&erased), RecordVerdict::Erased { index, leaf, name: record.name() });
    for lie in [
        Erased { name: "Condition/other".to_owned(), ..erased.clone() },
        Erased { time: FixedBytes([0; 8]), ..erased.clone() },
        Erased { commitment: B256::ZERO, ..erased },
    ] {
        assert!(matches!(verdict(&lie), RecordVerdict::Altered { index: 2, .. }), "{lie:?}");
    }
}

#[test]
fn refuses_half_a_record() {
    let (steward, _) = Steward::of_vector();
    let half = Err(RecordSetError::HalfRecord { category: Category::Problems, index: 2 });
    let mut answer = steward.answer(Category::Problems);
    let nothing = Erased { name: String::new(), time: FixedBytes([0; 8]), commitment: B256::ZERO };
    answer.records[2].erased = Some(nothing);
    assert_eq!(steward.verify(&answer), half);
    let mut answer = steward.answer(Category::Problems);
    answer.records[2].salt = None;
    assert_eq!(steward.verify(&answer), half);
    let mut answer = steward.answer(Category::Problems);
    answer.records[2].content = None;
    assert_eq!(steward.verify(&answer), half);
}

#[test]
fn refuses_a_set_whose_records_are_out_of_order() {
    let (steward, _) = Steward::of_vector();
    let mut answer = steward.answer(Category::Problems);
    answer.records.swap(3, 4);
    let tree = Tree::new(answer.records.iter().map(|item| item.leaf).collect());
    let root = answer.proof().root(Category::Problems, tree.root());
    let anchor = RecordSetAnchor { root, ..steward.anchor() };
    assert_eq!(
        verify_category(&anchor, Category::Problems, &answer).unwrap_err(),
        RecordSetError::Order { category: Category::Problems, index: 4 }
    );
}

#[test]
fn the_wire_format_takes_no_spare_member() {
    let (steward, _) = Steward::of_vector();
    let answer = steward.answer(Category::Allergies);
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<CategoryAnswer>(&text).unwrap(), answer);
    let spare = text.replacen('{', r#"{"spare":1,"#, 1);
    assert!(serde_json::from_str::<CategoryAnswer>(&spare).is_err());
    assert!(text.starts_with(r#"{"category":"allergies","count":"#));
}

#[test]
fn never_prints_salts_or_contents() {
    let (steward, _) = Steward::of_vector();
    let salt = salts()[0].to_string();
    let verified = steward.verify(&steward.answer(Category::Problems)).unwrap();
    let printed = format!("{:?} {:?} {:?}", steward.set, steward.set.records(Category::Problems), verified);
    assert!(!printed.contains(&salt[2..]) && !printed.contains("resourceType"));
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_set_has_the_root_of_the_naive_definition(counts in proptest::array::uniform13(0usize..20)) {
        let steward = Steward::of_counts(counts);
        prop_assert_eq!(steward.set.root(), naive_root(&steward));
        for category in Category::ALL {
            prop_assert!(is_whole(&steward.verify(&steward.answer(category)).unwrap()));
        }
    }

    #[test]
    fn no_changed_byte_of_an_answer_goes_unnoticed(place in any::<prop::sample::Index>(), byte in 0u8..128) {
        let (steward, _) = Steward::of_vector();
        let answer = steward.answer(Category::Problems);
        let mut text = serde_json::to_vec(&answer).unwrap();
        *place.get_mut(&mut text) = byte;
        // A change that leaves the same value (a capital hex digit) changes nothing.
        let Ok(changed) = serde_json::from_slice::<CategoryAnswer>(&text) else { return Ok(()) };
        if changed != answer {
            let verified = verify_category(&steward.anchor(), Category::Problems, &changed);
            prop_assert!(!verified.is_ok_and(|verified| is_whole(&verified)));
        }
    }
}
