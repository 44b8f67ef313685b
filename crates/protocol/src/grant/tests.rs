//! Tests of the decision: every status, reader, time, right and category against a table written by hand.

use alloy_primitives::{Address, address};
use records::category::Category;

use super::*;
use crate::access_log::LogAnchor;
use crate::layout::Rights;

const PATIENT: Address = address!("0x00000000000000000000000000000000000000a1");
const STEWARD: Address = address!("0x00000000000000000000000000000000000000b2");
const VIEWER: Address = address!("0x00000000000000000000000000000000000000c3");
const STRANGER: Address = address!("0x00000000000000000000000000000000000000d4");

const FROM: UnixTime = 1_000;
const UNTIL: UnixTime = 2_000;

fn ask(reader: Address) -> AccessAsk {
    let categories = Categories::NONE.with(Category::Medicines).with(Category::Results);
    AccessAsk { patient: PATIENT, steward: STEWARD, reader, categories, right: Right::Read }
}

fn relationship(status: RelationshipStatus) -> RelationshipState {
    RelationshipState {
        patient: PATIENT,
        steward: STEWARD,
        status,
        opened_at: 1,
        changed_at: 2,
        record_set: None,
        access_log: LogAnchor::NONE,
        access_log_anchored_at: 0,
        viewer_count: 1,
    }
}

fn terms() -> GrantTerms {
    GrantTerms {
        patient: PATIENT,
        steward: STEWARD,
        viewer: VIEWER,
        categories: ask(VIEWER).categories.with(Category::Notes),
        rights: Rights::READ,
        from: FROM,
        until: Some(UNTIL),
    }
}

fn refusal(code: RefusalCode, expected: &str, found: &str) -> Refusal {
    Refusal { code, expected: expected.into(), found: found.into() }
}

/// What the decision says in words, for tables.
fn outcome(decision: &Result<Grant, Refusal>) -> Result<(), RefusalCode> {
    decision.as_ref().map(|_| ()).map_err(|refusal| refusal.code)
}

#[test]
fn status_and_reader_decide_first() {
    use RefusalCode::{NoGrant, NoRelationship, RelationshipNotActive};
    use RelationshipStatus::{Active, Ended, None as Absent, Proposed, Rejected};
    for (status, patient, viewer, stranger) in [
        (Absent, Err(NoRelationship), Err(NoRelationship), Err(NoRelationship)),
        (Proposed, Err(RelationshipNotActive), Err(RelationshipNotActive), Err(RelationshipNotActive)),
        (Active, Ok(()), Ok(()), Err(NoGrant)),
        (Rejected, Err(RelationshipNotActive), Err(RelationshipNotActive), Err(RelationshipNotActive)),
        (Ended, Ok(()), Err(RelationshipNotActive), Err(RelationshipNotActive)),
    ] {
        let state = relationship(status);
        let terms = terms();
        let decide = |reader, terms| outcome(&decide(&ask(reader), &state, terms, FROM));
        assert_eq!(decide(PATIENT, None), patient, "{status:?}: the patient");
        assert_eq!(decide(VIEWER, Some(&terms)), viewer, "{status:?}: a viewer");
        assert_eq!(decide(STRANGER, None), stranger, "{status:?}: a stranger");
        assert_eq!(decide(STRANGER, Some(&terms)), stranger, "{status:?}: a stranger with another's grant");
        assert_eq!(decide(STEWARD, None), stranger, "{status:?}: the steward has no grant of its own");
        let write = AccessAsk { right: Right::Contribute, ..ask(PATIENT) };
        let expected = if status == Ended { Err(RelationshipNotActive) } else { patient };
        assert_eq!(
            outcome(&super::decide(&write, &state, None, FROM)),
            expected,
            "{status:?}: a patient who writes"
        );
    }
}

#[test]
fn terms_hold_from_their_first_second_until_before_their_last() {
    let state = relationship(RelationshipStatus::Active);
    let at = |terms: GrantTerms, at| decide(&ask(VIEWER), &state, Some(&terms), at);
    for time in [FROM, FROM + 1, UNTIL - 1] {
        assert_eq!(at(terms(), time), Ok(Grant { ask: ask(VIEWER), at: time, until: Some(UNTIL) }));
    }
    for time in [0, FROM - 1] {
        let expected = refusal(RefusalCode::GrantNotYetValid, "block time from 1000", &time.to_string());
        assert_eq!(at(terms(), time), Err(expected));
    }
    for time in [UNTIL, UNTIL + 1, u64::MAX] {
        let expected = refusal(RefusalCode::GrantExpired, "block time before 2000", &time.to_string());
        assert_eq!(at(terms(), time), Err(expected));
    }
    let open = GrantTerms { until: None, ..terms() };
    assert_eq!(outcome(&at(open, u64::MAX)), Ok(()));
}

#[test]
fn each_right_needs_its_own_bit() {
    let state = relationship(RelationshipStatus::Active);
    for bits in 1..=7 {
        let terms = GrantTerms { rights: Rights::from_bits(bits).unwrap(), ..terms() };
        for (right, bit) in [(Right::Read, 1), (Right::Contribute, 2), (Right::Share, 4)] {
            let decision = decide(&AccessAsk { right, ..ask(VIEWER) }, &state, Some(&terms), FROM);
            let expected = if bits & bit != 0 { Ok(()) } else { Err(RefusalCode::RightNotGranted) };
            assert_eq!(outcome(&decision), expected, "rights {bits}, {right:?}");
        }
    }
    let contribute = AccessAsk { right: Right::Contribute, ..ask(VIEWER) };
    assert_eq!(
        decide(&contribute, &state, Some(&terms()), FROM),
        Err(refusal(RefusalCode::RightNotGranted, "contribute", "read"))
    );
}

#[test]
fn every_category_asked_must_be_granted() {
    let state = relationship(RelationshipStatus::Active);
    for granted in Category::ALL {
        let terms = GrantTerms { categories: Categories::NONE.with(granted), ..terms() };
        for asked in Category::ALL {
            let ask = AccessAsk { categories: Categories::NONE.with(asked), ..ask(VIEWER) };
            let expected = if asked == granted { Ok(()) } else { Err(RefusalCode::CategoryNotGranted) };
            assert_eq!(outcome(&decide(&ask, &state, Some(&terms), FROM)), expected, "{granted}: {asked}");
        }
    }
    let fewer = GrantTerms { categories: Categories::NONE.with(Category::Results), ..terms() };
    assert_eq!(
        decide(&ask(VIEWER), &state, Some(&fewer), FROM),
        Err(refusal(RefusalCode::CategoryNotGranted, "medicines, results", "results"))
    );
    let nothing = AccessAsk { categories: Categories::NONE, ..ask(PATIENT) };
    assert_eq!(
        decide(&nothing, &state, None, FROM),
        Err(refusal(RefusalCode::Malformed, "at least one category", "none"))
    );
}

#[test]
fn state_of_another_question_never_grants() {
    let active = relationship(RelationshipStatus::Active);
    for state in
        [RelationshipState { patient: STRANGER, ..active }, RelationshipState { steward: STRANGER, ..active }]
    {
        let found = format!("{} with {}", state.patient, state.steward);
        let expected = refusal(RefusalCode::NoRelationship, &format!("{PATIENT} with {STEWARD}"), &found);
        for reader in [PATIENT, VIEWER] {
            assert_eq!(decide(&ask(reader), &state, Some(&terms()), FROM), Err(expected.clone()));
        }
    }
    for other in [
        GrantTerms { patient: STRANGER, ..terms() },
        GrantTerms { steward: STRANGER, ..terms() },
        GrantTerms { viewer: STRANGER, ..terms() },
    ] {
        let expected = refusal(RefusalCode::NoGrant, &format!("a grant for {VIEWER}"), "none");
        assert_eq!(decide(&ask(VIEWER), &active, Some(&other), FROM), Err(expected));
    }
}

#[test]
fn the_patient_is_bound_by_no_terms() {
    let state = relationship(RelationshipStatus::Active);
    for right in Right::ALL {
        let ask = AccessAsk { right, categories: Categories::ALL, ..ask(PATIENT) };
        assert_eq!(decide(&ask, &state, Some(&terms()), 0), Ok(Grant { ask, at: 0, until: None }));
    }
}

/// Fault 5 of MedRec 2.0 (`research/medrec.md` §1.11): a start in the future was passed over, and what was revoked stayed.
#[test]
fn fault_5_a_grant_that_has_not_begun_has_ended_or_was_revoked_permits_nothing() {
    let state = relationship(RelationshipStatus::Active);
    let terms = terms();
    for (at, code) in [
        (FROM - 1, RefusalCode::GrantNotYetValid),
        (0, RefusalCode::GrantNotYetValid),
        (UNTIL, RefusalCode::GrantExpired),
    ] {
        assert_eq!(outcome(&decide(&ask(VIEWER), &state, Some(&terms), at)), Err(code), "{at}");
    }
    assert_eq!(outcome(&decide(&ask(VIEWER), &state, None, FROM)), Err(RefusalCode::NoGrant));
}
