//! Tests of histories: whatever is done to one, it no longer leads to the roots on chain.

use std::convert::Infallible;

#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const PROBLEMS: Category = Category::Problems;

/// What a steward holds of two categories at one time: each record by its number and edition.
type Holding = Vec<(u8, u8)>;

fn content(number: u8, edition: u8) -> String {
    let year = 1950 + u32::from(number);
    format!(
        r#"{{"id":"c{number}","note":[{{"text":"{edition}"}}],"onsetDateTime":"{year}","resourceType":"Condition"}}"#
    )
}

/// The steward at one revision: records keep their salts, categories get new ones.
fn steward(revision: u64, holding: &Holding) -> Steward {
    let sealed = holding.iter().map(|(number, edition)| {
        let content = content(*number, *edition);
        (PROBLEMS, hash(&[content.as_bytes()]), content)
    });
    let other = r#"{"id":"a","resourceType":"AllergyIntolerance"}"#.to_owned();
    let sealed = sealed.chain([(Category::Allergies, B256::ZERO, other)]);
    let salts = salts().map(|salt| hash(&[salt.as_slice(), &revision.to_be_bytes()]));
    Steward::new(sealed.collect(), &salts)
}

fn history(holdings: &[Holding]) -> (Vec<RecordSetAnchor>, CategoryHistory) {
    let stewards: Vec<_> =
        (7..).zip(holdings).map(|(revision, holding)| (revision, steward(revision, holding))).collect();
    let anchors = stewards.iter().map(|(revision, steward)| {
        let mut anchor = steward.anchor();
        anchor.revision = *revision;
        anchor
    });
    let mut before = Vec::new();
    let revisions = stewards.iter().map(|(_, steward)| {
        let answer = steward.answer(PROBLEMS);
        let after: Vec<_> = answer.records.iter().map(|item| item.leaf).collect();
        let revision = CategoryRevision::between(&answer.proof(), &before, &after, |places| {
            Ok::<_, Infallible>(places.iter().map(|place| answer.records[*place].clone()).collect())
        });
        before = after;
        revision.unwrap()
    });
    let revisions = revisions.collect();
    (anchors.collect(), CategoryHistory { category: PROBLEMS, revisions })
}

fn five() -> (Vec<RecordSetAnchor>, CategoryHistory) {
    history(&[
        vec![(2, 0), (5, 0), (9, 0)],
        // Nothing here, something elsewhere.
        vec![(2, 0), (5, 0), (9, 0)],
        // One changed, one gone, two new.
        vec![(1, 0), (5, 1), (7, 0), (9, 0)],
        vec![],
        vec![(5, 1), (6, 0)],
    ])
}

/// Name, text, first revision and first without it.
fn told(verified: &VerifiedHistory) -> Vec<(String, String, u64, Option<u64>)> {
    let told = verified.versions().iter().map(|version| {
        let record = version.verdict.verified().unwrap().record();
        let text = record.resource()["note"][0]["text"].as_str().unwrap().to_owned();
        (record.id().to_owned(), text, version.since, version.until)
    });
    told.collect()
}

#[test]
fn tells_every_version_with_its_coming_and_going() {
    let (anchors, history) = five();
    assert_eq!(history.revisions[1].added, []);
    assert_eq!(history.revisions[2].added.len(), 3);
    let verified = verify_history(&anchors, PROBLEMS, &history).unwrap();
    let expected = [
        ("c2", "0", 7, Some(9)),
        ("c5", "0", 7, Some(9)),
        ("c9", "0", 7, Some(10)),
        ("c1", "0", 9, Some(10)),
        ("c5", "1", 9, Some(10)),
        ("c7", "0", 9, Some(10)),
        ("c5", "1", 11, None),
        ("c6", "0", 11, None),
    ];
    let expected = expected.map(|(id, text, since, until)| (id.to_owned(), text.to_owned(), since, until));
    assert_eq!(told(&verified), expected);
    assert_eq!(verified.category(), PROBLEMS);
    let text = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<CategoryHistory>(&text).unwrap(), history);
}

#[test]
fn begins_at_any_revision_and_may_be_one_alone() {
    let (anchors, _) = five();
    let (_, later) = history(&[vec![(5, 1), (6, 0)]]);
    let error = verify_history(&anchors[4..], PROBLEMS, &later).unwrap_err();
    // Another revision has other category salts, so this must fail; its own must not.
    assert!(matches!(error, RecordSetError::Root { .. }), "{error}");
    let (anchors, history) = history(&[vec![(5, 1), (6, 0)]]);
    assert_eq!(verify_history(&anchors, PROBLEMS, &history).unwrap().versions().len(), 2);
    assert_eq!(
        verify_history(&[], PROBLEMS, &CategoryHistory { revisions: vec![], ..history }).unwrap().versions(),
        []
    );
}

#[test]
fn refuses_what_was_left_out_moved_repeated_or_added() {
    let (anchors, whole) = five();
    let with = |change: &dyn Fn(&mut Vec<CategoryRevision>)| {
        let mut history = whole.clone();
        change(&mut history.revisions);
        verify_history(&anchors, PROBLEMS, &history)
    };
    for revision in 0..whole.revisions.len() {
        for added in 0..whole.revisions[revision].added.len() {
            for lie in [
                with(&|revisions| drop(revisions[revision].added.remove(added))),
                with(&|revisions| revisions[revision].added[added].place += 1),
                with(&|revisions| {
                    let twin = revisions[revision].added[added].clone();
                    revisions[revision].added.insert(added, twin);
                }),
                with(&|revisions| revisions[revision].added[added].place = u64::MAX),
            ] {
                assert!(lie.is_err(), "added {added} of revision {revision}: {lie:?}");
            }
        }
        for removed in 0..whole.revisions[revision].removed.len() {
            for lie in [
                with(&|revisions| _ = revisions[revision].removed.remove(removed)),
                with(&|revisions| revisions[revision].removed[removed] += 1),
                with(&|revisions| {
                    let twin = revisions[revision].removed[removed];
                    revisions[revision].removed.insert(removed, twin);
                }),
            ] {
                assert!(lie.is_err(), "removed {removed} of revision {revision}: {lie:?}");
            }
        }
    }
    assert_eq!(
        with(&|revisions| drop(revisions.remove(1))),
        Err(RecordSetError::Revisions { category: PROBLEMS, expected: 5, found: 4 })
    );
    assert_eq!(
        with(&|revisions| revisions[1].removed.push(3)),
        Err(RecordSetError::Place { category: PROBLEMS, revision: 8, place: 3 })
    );
    assert_eq!(
        verify_history(&anchors, Category::Notes, &whole),
        Err(RecordSetError::Category { expected: Category::Notes, found: PROBLEMS })
    );
    let swapped = with(&|revisions| revisions.swap(0, 2));
    assert!(swapped.is_err(), "{swapped:?}");
}

#[test]
fn an_old_version_that_is_no_longer_there_is_missing_and_spoils_nothing() {
    let (anchors, mut history) = five();
    let gone = &mut history.revisions[0].added[1].record;
    (gone.salt, gone.content) = (None, None);
    let verified = verify_history(&anchors, PROBLEMS, &history).unwrap();
    let missing: Vec<_> =
        verified.versions().iter().filter(|version| version.verdict.verified().is_none()).collect();
    let [version] = missing[..] else { panic!("{missing:?}") };
    assert!(matches!(version.verdict, RecordVerdict::Missing { index: 1, .. }));
    assert_eq!((version.since, version.until), (7, Some(9)));
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn replays_to_what_was_held(
        holdings in prop::collection::vec(prop::collection::btree_map(0u8..12, 0u8..3, 0..10), 1..8)
    ) {
        let holdings: Vec<Holding> = holdings.into_iter().map(|held| held.into_iter().collect()).collect();
        let (anchors, history) = history(&holdings);
        let told = told(&verify_history(&anchors, PROBLEMS, &history).unwrap());
        for (revision, holding) in (7..).zip(&holdings) {
            let mut held: Vec<_> =
                holding.iter().map(|(number, edition)| (format!("c{number}"), edition.to_string())).collect();
            let live = told.iter().filter(|(.., since, until)| {
                *since <= revision && until.is_none_or(|until| revision < until)
            });
            let mut live: Vec<_> = live.map(|(id, text, ..)| (id.clone(), text.clone())).collect();
            held.sort();
            live.sort();
            prop_assert_eq!(live, held);
        }
    }
}
