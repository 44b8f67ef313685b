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

/// A page of a log that was anchored after each of `anchors`.
fn page(first: u64, last: u64, anchors: &[u64]) -> AccessesAnswer {
    let (before, here): (Vec<u64>, Vec<u64>) = anchors.iter().partition(|count| **count < first);
    AccessesAnswer {
        first,
        before: points(first - 1).last().unwrap().head,
        entries: (first..=last).map(entry).collect(),
        anchors_before: anchored(&before).digest,
        anchors: here.into_iter().filter(|count| *count <= last).collect(),
    }
}

/// What is on chain after these anchors.
fn anchored(counts: &[u64]) -> LogAnchor {
    counts.iter().fold(LogAnchor::NONE, |anchor, count| anchor.after(*points(*count).last().unwrap()))
}

#[test]
fn the_newest_page_is_verified_up_to_the_anchor() {
    let points = points(9);
    for count in 1..=9 {
        let verified = verify_newest_page(anchored(&[count]), page(1, 9, &[count])).unwrap();
        assert_eq!((verified.start(), verified.end()), (points[0], points[9]));
        assert_eq!(
            verified.entries().iter().map(|entry| entry.number).collect::<Vec<_>>(),
            Vec::from_iter(1..=9)
        );
    }
    assert_eq!(verify_newest_page(LogAnchor::NONE, page(1, 0, &[])).unwrap().end(), LogPoint::START);
    assert_eq!(
        verify_newest_page(anchored(&[1]), page(1, 0, &[])),
        Err(AccessLogError::Shortened { expected: 1, found: 0 })
    );
    // The gatekeeper may know of an anchor that is newer than the block at which the reader stands.
    verify_newest_page(anchored(&[2, 5]), page(1, 9, &[2, 5, 8])).unwrap();
    verify_newest_page(anchored(&[2]), page(4, 9, &[2, 3, 8])).unwrap();
}

#[test]
fn older_pages_hang_on_later_ones() {
    let points = points(9);
    for anchors in [&[2][..], &[1, 2], &[2, 5], &[3], &[1, 3, 4, 8], &[9], &[7]] {
        let anchor = anchored(anchors);
        let newest = verify_newest_page(anchor, page(8, 9, anchors)).unwrap();
        let middle = verify_page_before(&newest, anchor, page(4, 7, anchors)).unwrap();
        let oldest = verify_page_before(&middle, anchor, page(1, 3, anchors)).unwrap();
        assert_eq!(oldest.start(), LogPoint::START);
    }

    let anchor = anchored(&[2]);
    let newest = verify_newest_page(anchor, page(8, 9, &[2])).unwrap();
    let shortened = |expected, found| Err(AccessLogError::Shortened { expected, found });
    assert_eq!(verify_page_before(&newest, anchor, page(4, 6, &[2])), shortened(7, 6));
    assert_eq!(verify_page_before(&newest, anchor, page(4, 8, &[2])), shortened(7, 8));
    let mut other = page(4, 7, &[2]);
    other.entries[1].push(' ');
    assert!(matches!(
        verify_page_before(&newest, anchor, other),
        Err(AccessLogError::Head { count: 7, expected, .. }) if expected == points[7].head
    ));
    let elsewhere = LogAnchor::NONE.after(LogPoint { count: 5, head: B256::repeat_byte(1) });
    assert!(matches!(
        verify_page_before(&newest, elsewhere, page(4, 7, &[5])),
        Err(AccessLogError::Head { count: 5, .. })
    ));
}

#[test]
fn a_log_is_that_of_every_anchor_ever_made() {
    // Entry 2 was anchored as it was then; now the log has another entry 2, and a newer anchor.
    let then = LogPoint { count: 2, head: B256::repeat_byte(1) };
    let now = LogAnchor::NONE.after(then).after(points(5)[5]);
    let refused = |anchors: &[u64]| {
        let found = anchored(anchors).digest;
        Err(AccessLogError::Anchors { count: 5, expected: now.digest, found })
    };
    for anchors in [&[2, 5][..], &[5], &[1, 2, 5]] {
        assert_eq!(verify_newest_page(now, page(1, 6, anchors)), refused(anchors));
    }
    // Where the newest page hides it, the oldest one shows it.
    let hidden = AccessesAnswer { anchors_before: LogAnchor::NONE.after(then).digest, ..page(4, 6, &[5]) };
    let newest = verify_newest_page(now, hidden).unwrap();
    assert_eq!(
        verify_page_before(&newest, now, page(1, 3, &[2])),
        Err(AccessLogError::Anchors {
            count: 3,
            expected: LogAnchor::NONE.after(then).digest,
            found: anchored(&[2]).digest
        })
    );
    let made_up = AccessesAnswer { anchors_before: B256::repeat_byte(7), ..page(1, 6, &[5]) };
    assert_eq!(
        verify_newest_page(now, made_up),
        Err(AccessLogError::Anchors { count: 0, expected: B256::ZERO, found: B256::repeat_byte(7) })
    );
}

#[test]
fn an_anchor_stands_after_an_entry_that_is_listed() {
    for (anchors, found) in [(vec![7], 7), (vec![0, 5], 0), (vec![5, 2], 2), (vec![5, 5], 5)] {
        let answer = AccessesAnswer { anchors, ..page(1, 6, &[]) };
        assert_eq!(verify_newest_page(anchored(&[5]), answer), Err(AccessLogError::NoSuchAnchor { found }));
    }
}

#[test]
fn a_digest_of_anchors_is_keccak_of_the_one_before_head_and_count() {
    // The contract's keccak256(abi.encodePacked(bytes32, bytes32, uint64)); also compared with the running contract.
    let point = LogPoint { count: 0x0102, head: B256::repeat_byte(0x22) };
    let mut fold = vec![0x11; 32];
    fold.extend([0x22; 32]);
    fold.extend([0, 0, 0, 0, 0, 0, 1, 2]);
    let first = LogAnchor { digest: B256::repeat_byte(0x11), ..LogAnchor::NONE };
    assert_eq!(first.after(point), LogAnchor { point, digest: keccak256(fold) });
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
    let zeroth = AccessesAnswer { first: 0, ..page(1, 2, &[]) };
    assert_eq!(verify_newest_page(LogAnchor::NONE, zeroth), Err(AccessLogError::NoFirst { found: 0 }));
    // Nothing listed after something that is said to be there.
    let nothing = AccessesAnswer { entries: vec![], ..page(3, 3, &[2]) };
    assert_eq!(verify_newest_page(anchored(&[2]), nothing), Err(AccessLogError::NoFirst { found: 3 }));
    let far = AccessesAnswer { first: u64::MAX, ..page(1, 2, &[]) };
    assert_eq!(verify_newest_page(LogAnchor::NONE, far), Err(AccessLogError::NoFirst { found: u64::MAX }));
    let before = B256::repeat_byte(1);
    let elsewhere = AccessesAnswer { before, ..page(1, 2, &[]) };
    assert_eq!(
        verify_newest_page(LogAnchor::NONE, elsewhere),
        Err(AccessLogError::Head { count: 0, expected: B256::ZERO, found: before })
    );
}

#[test]
fn reads_what_an_entry_says_and_keeps_what_it_cannot_read() {
    let raw = r#"{"agent":[{"who":{"identifier":{"value":"0x00000000000000000000000000000000000000AA"}}}],"entity":[{"detail":[{"type":"block","valueString":"12"},{"type":"categories","valueString":"results, allergies"}]}],"outcome":"4","outcomeDesc":"no_grant","recorded":"2026-11-25T10:00:00Z","subtype":[{"code":"records.read"}]}"#;
    let answer = AccessesAnswer {
        entries: vec![raw.to_owned(), "{}".to_owned(), "no JSON".to_owned()],
        ..page(1, 0, &[])
    };
    let verified = verify_newest_page(LogAnchor::NONE, answer).unwrap();
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
    /// Trust figure Q5: of anchored entries none can be left out, changed, put in or swapped, not even by a steward
    /// that anchors anew what it has changed.
    #[test]
    fn whatever_is_done_to_anchored_entries_is_noticed(
        length in 2_u64..40,
        unanchored in 0_u64..5,
        earlier in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        what in 0..4_u8,
        anchors_anew in any::<bool>(),
    ) {
        let size = usize::try_from(length).unwrap();
        // The last entry may be changed after it was anchored, if another anchor follows.
        let anchored_once = u64::try_from(earlier.index(size)).unwrap() + 1;
        let anchors: Vec<u64> = if anchored_once < length { vec![anchored_once, length] } else { vec![length] };
        let mut answer = page(1, length + unanchored, &anchors);
        let changeable = if anchors_anew { usize::try_from(anchored_once).unwrap() } else { size };
        let place = place.index(changeable);
        match what {
            0 => { answer.entries.remove(place); }
            1 => answer.entries[place].push('x'),
            2 => answer.entries.insert(place, "put in".to_owned()),
            _ => answer.entries.swap(place, (place + 1) % size),
        }
        let mut proven = anchored(&anchors);
        if anchors_anew && anchored_once < length {
            let lied = answer.entries.iter().take(size).fold(LogPoint::START, |point, entry| point.after(entry));
            proven = anchored(&[anchored_once]).after(lied);
        }
        prop_assert!(verify_newest_page(proven, answer).is_err());
    }
}
