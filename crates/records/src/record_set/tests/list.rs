//! Tests of lists: a category without its contents.

use alloy_primitives::FixedBytes;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::record::record_digest;

fn list(steward: &Steward, category: Category) -> CategoryAnswer<ListItem> {
    let CategoryAnswer { count, salt, path, total, records, .. } = steward.answer(category);
    let records = records.iter().map(|item| {
        let content = item.content.as_deref().unwrap();
        let record = Record::from_canonical(content).unwrap();
        let opening = Opening {
            name: format!("{}/{}", record.resource_type(), record.id()),
            time: FixedBytes(record.key().time.to_be_bytes()),
            salt: item.salt.unwrap(),
            digest: record_digest(content.as_bytes()),
        };
        ListItem { leaf: item.leaf, opening: Some(opening) }
    });
    CategoryAnswer { category, count, salt, path, total, records: records.collect() }
}

#[test]
fn a_list_is_whole_and_names_what_was_sealed() {
    let (steward, _) = Steward::of_vector();
    for category in Category::ALL {
        let listed = verify_list(&steward.anchor(), category, &list(&steward, category)).unwrap();
        let answer = steward.answer(category);
        assert_eq!(listed.len(), answer.records.len());
        for (listed, item) in listed.iter().zip(&answer.records) {
            let record = Record::from_canonical(item.content.as_deref().unwrap()).unwrap();
            let name = format!("{}/{}", record.resource_type(), record.id());
            assert_eq!(listed.known, Some((name, record.key(), record.digest())));
        }
    }
}

#[test]
fn refuses_a_list_that_is_short_or_says_something_else() {
    let (steward, _) = Steward::of_vector();
    let whole = list(&steward, Category::Problems);
    let verdict = |change: &dyn Fn(&mut CategoryAnswer<ListItem>)| {
        let mut list = whole.clone();
        change(&mut list);
        verify_list(&steward.anchor(), Category::Problems, &list)
    };
    let opening = |list: &mut CategoryAnswer<ListItem>, change: fn(&mut Opening)| {
        change(list.records[1].opening.as_mut().unwrap());
    };
    for change in [
        (|opening| opening.name.push('x')) as fn(&mut Opening),
        |opening| opening.time.0[7] ^= 1,
        |opening| opening.digest.0[0] ^= 1,
        |opening| opening.salt.0[0] ^= 1,
    ] {
        let error = verdict(&|list| opening(list, change)).unwrap_err();
        assert!(
            matches!(error, RecordSetError::Listed { category: Category::Problems, index: 1, .. }),
            "{error}"
        );
    }
    let short = verdict(&|list| drop(list.records.pop()));
    assert!(matches!(short, Err(RecordSetError::Count { .. })), "{short:?}");
    let other = verdict(&|list| list.records[0].leaf.0[0] ^= 1);
    assert!(matches!(other, Err(RecordSetError::Root { .. })), "{other:?}");
    // What the steward no longer has stays in its place.
    let gone = verdict(&|list| list.records[0].opening = None).unwrap();
    assert_eq!(gone[0], ListedRecord { leaf: whole.records[0].leaf, known: None });
    assert_eq!(gone.len(), whole.records.len());
}
