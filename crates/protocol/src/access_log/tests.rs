#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn entry(number: u64) -> String {
    format!("{{\"n\":{number}}}")
}

/// The log of so many entries, point by point.
fn points(count: u64) -> Vec<LogPoint> {
    let mut points = vec![LogPoint::START];
    for number in 1..=count {
        points.push(points.last().unwrap().after(&entry(number)));
    }
    points
}

fn page(first: u64, last: u64) -> AccessesAnswer {
    let before = points(first - 1).last().unwrap().head;
    AccessesAnswer { first, before, entries: (first..=last).map(entry).collect() }
}

#[test]
fn the_newest_page_is_verified_up_to_the_anchor() {
    let points = points(9);
    for anchor in 0..=9 {
        let verified = verify_newest_page(points[anchor], page(1, 9)).unwrap();
        assert_eq!((verified.start(), verified.end()), (points[0], points[9]));
        assert_eq!(
            verified.entries().iter().map(|entry| entry.number).collect::<Vec<_>>(),
            Vec::from_iter(1..=9)
        );
    }
    let empty = AccessesAnswer { first: 1, before: B256::ZERO, entries: vec![] };
    assert_eq!(verify_newest_page(points[0], empty.clone()).unwrap().end(), LogPoint::START);
    assert_eq!(
        verify_newest_page(points[1], empty),
        Err(AccessLogError::Shortened { expected: 1, found: 0 })
    );
}

#[test]
fn older_pages_hang_on_later_ones() {
    let points = points(9);
    // The anchor lies in the oldest page: the later ones are bound by what comes before them.
    let newest = verify_newest_page(points[2], page(8, 9)).unwrap();
    let middle = verify_page_before(&newest, points[2], page(4, 7)).unwrap();
    let oldest = verify_page_before(&middle, points[2], page(1, 3)).unwrap();
    assert_eq!(oldest.start(), LogPoint::START);

    let shortened = |expected, found| Err(AccessLogError::Shortened { expected, found });
    assert_eq!(verify_page_before(&newest, points[2], page(4, 6)), shortened(7, 6));
    assert_eq!(verify_page_before(&newest, points[2], page(4, 8)), shortened(7, 8));
    let mut other = page(4, 7);
    other.entries[1].push(' ');
    assert!(matches!(
        verify_page_before(&newest, points[2], other),
        Err(AccessLogError::Head { count: 7, expected, .. }) if expected == points[7].head
    ));
    let anchored = LogPoint { count: 5, head: B256::repeat_byte(1) };
    assert!(matches!(
        verify_page_before(&newest, anchored, page(4, 7)),
        Err(AccessLogError::Head { count: 5, .. })
    ));
}

#[test]
fn a_head_is_a_digest_of_digests() {
    // printf 'a' | sha256sum, then 32 zero bytes and that digest through sha256sum again.
    let expected =
        alloy_primitives::b256!("8c374a53782642f7514d087d26a3e733f1b806009a03e04a43b288ef2fa9f9c0");
    assert_eq!(LogPoint::START.after("a"), LogPoint { count: 1, head: expected });
}

#[test]
fn a_log_starts_at_zero() {
    let zeroth = AccessesAnswer { first: 0, ..page(1, 2) };
    assert_eq!(verify_newest_page(LogPoint::START, zeroth), Err(AccessLogError::NoFirst { found: 0 }));
    // Nothing listed after something that is said to be there.
    let nothing = AccessesAnswer { entries: vec![], ..page(3, 3) };
    assert_eq!(verify_newest_page(points(2)[2], nothing), Err(AccessLogError::NoFirst { found: 3 }));
    let far = AccessesAnswer { first: u64::MAX, ..page(1, 2) };
    assert_eq!(verify_newest_page(LogPoint::START, far), Err(AccessLogError::NoFirst { found: u64::MAX }));
    let before = B256::repeat_byte(1);
    let elsewhere = AccessesAnswer { before, ..page(1, 2) };
    assert_eq!(
        verify_newest_page(LogPoint::START, elsewhere),
        Err(AccessLogError::Head { count: 0, expected: B256::ZERO, found: before })
    );
}

#[test]
fn reads_what_an_entry_says_and_keeps_what_it_cannot_read() {
    let raw = r#"{"agent":[{"who":{"identifier":{"value":"0x00000000000000000000000000000000000000AA"}}}],"entity":[{"detail":[{"type":"block","valueString":"12"},{"type":"categories","valueString":"results, allergies"}]}],"outcome":"4","outcomeDesc":"no_grant","recorded":"2026-11-25T10:00:00Z","subtype":[{"code":"records.read"}]}"#;
    let answer = AccessesAnswer {
        first: 1,
        before: B256::ZERO,
        entries: vec![raw.to_owned(), "{}".to_owned(), "no JSON".to_owned()],
    };
    let verified = verify_newest_page(LogPoint::START, answer).unwrap();
    let event = verified.entries()[0].event.clone().unwrap();
    assert_eq!(event.recorded, "2026-11-25T10:00:00Z");
    assert_eq!((event.method.as_str(), event.block), ("records.read", Some(12)));
    assert_eq!(event.caller, Address::with_last_byte(0xaa));
    assert_eq!(event.categories, ["results", "allergies"]);
    assert_eq!(event.refusal.as_deref(), Some("no_grant"));
    assert!(verified.entries()[1..].iter().all(|entry| entry.event.is_none()));
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    /// Trust figure Q5: of anchored entries none can be left out, changed, doubled or swapped.
    #[test]
    fn whatever_is_done_to_anchored_entries_is_noticed(
        length in 2_u64..40,
        unanchored in 0_u64..5,
        place in any::<prop::sample::Index>(),
        what in 0..4_u8,
    ) {
        let points = points(length + unanchored);
        let anchor = points[usize::try_from(length).unwrap()];
        let mut answer = page(1, length + unanchored);
        let place = place.index(usize::try_from(length).unwrap());
        match what {
            0 => { answer.entries.remove(place); }
            1 => answer.entries[place].push('x'),
            // Not the last one: twice, it would be another one after the anchor.
            2 => { let entry = answer.entries[0].clone(); answer.entries.insert(place, entry); }
            _ => answer.entries.swap(place, (place + 1) % usize::try_from(length).unwrap()),
        }
        prop_assert!(verify_newest_page(anchor, answer).is_err());
    }
}
