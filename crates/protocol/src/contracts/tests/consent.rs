//! Tests of dual consent: where somebody has to confirm, a grant holds once both have said the same.

use records::category::{Categories, Category};

use super::relationships::{PATIENT, STEWARD, VIEWER, active, assert_refused, grant_results, granted};
use super::*;
use crate::layout::Rights;

const GUARDIAN: u8 = 0x50;
const STRANGER: u8 = 0x51;

fn grant_of(chain: &Chain) -> Option<GrantTerms> {
    chain.grant(account(PATIENT), account(STEWARD), account(VIEWER))
}

fn proposal_of(chain: &Chain) -> Option<GrantTerms> {
    chain.proposal(account(PATIENT), account(STEWARD), account(VIEWER))
}

/// The patient has named a guardian, and grants something.
fn proposed() -> Chain {
    let mut chain = active();
    chain.call(PATIENT, set_confirmer(account(STEWARD), account(GUARDIAN))).unwrap();
    chain.call(PATIENT, grant_results()).unwrap();
    chain
}

#[test]
fn a_grant_waits_for_whoever_has_to_confirm_it() {
    let mut chain = proposed();
    assert_eq!(chain.confirmer(account(PATIENT), account(STEWARD)), Some(account(GUARDIAN)));
    assert_eq!(grant_of(&chain), None);
    let terms = proposal_of(&chain).unwrap();
    // Whoever waits is in the list, so that the one who confirms finds it.
    assert_eq!(chain.viewers(account(PATIENT), account(STEWARD)), [account(VIEWER)]);
    let wrong = || errors::WrongConfirmer { found: account(GUARDIAN) };
    for caller in [PATIENT, STEWARD, VIEWER, STRANGER] {
        assert_refused(chain.call(caller, confirm(&terms)), wrong());
    }
    let other = |change: fn(&mut GrantTerms)| {
        let mut terms = terms;
        change(&mut terms);
        confirm(&terms)
    };
    for call in [
        other(|terms| terms.categories = Categories::ALL),
        other(|terms| terms.rights = Rights::from_bits(7).unwrap()),
        other(|terms| terms.from += 1),
        other(|terms| terms.until = Some(4_000_000_000)),
    ] {
        assert_refused(chain.call(GUARDIAN, call), errors::OtherTerms {});
    }
    chain.call(GUARDIAN, confirm(&terms)).unwrap();
    assert_eq!((grant_of(&chain), proposal_of(&chain)), (Some(terms), None));
    assert_refused(chain.call(GUARDIAN, confirm(&terms)), errors::NoGrant { viewer: account(VIEWER) });
}

#[test]
fn a_wider_grant_waits_while_the_former_holds_and_revoking_never_waits() {
    let mut chain = proposed();
    let narrow = proposal_of(&chain).unwrap();
    chain.call(GUARDIAN, confirm(&narrow)).unwrap();
    let wider = Categories::NONE.with(Category::Results).with(Category::Notes);
    let call = || grant(account(STEWARD), account(VIEWER), wider, Rights::READ, 0, None);
    chain.call(PATIENT, call()).unwrap();
    assert_eq!(grant_of(&chain), Some(narrow));
    assert_eq!(proposal_of(&chain).map(|terms| terms.categories), Some(wider));
    chain.call(PATIENT, revoke(account(STEWARD), account(VIEWER))).unwrap();
    assert_eq!((grant_of(&chain), proposal_of(&chain)), (None, None));
    // What only waits can be taken back, too.
    chain.call(PATIENT, call()).unwrap();
    chain.call(PATIENT, revoke(account(STEWARD), account(VIEWER))).unwrap();
    assert_eq!(proposal_of(&chain), None);
}

#[test]
fn only_the_confirmer_is_released_and_only_by_itself() {
    let mut chain = granted();
    let (patient, steward) = (account(PATIENT), account(STEWARD));
    assert_eq!(chain.confirmer(patient, steward), None);
    let set = |confirmer| set_confirmer(account(STEWARD), confirmer);
    for nobody in [Address::ZERO, patient] {
        assert_refused(chain.call(PATIENT, set(nobody)), errors::BadAddress { found: nobody });
    }
    // Of a relationship of their own, which they do not have.
    for caller in [STEWARD, STRANGER] {
        assert_refused(chain.call(caller, set(account(GUARDIAN))), errors::WrongStatus { found: 0 });
    }
    // The steward may be the one.
    chain.call(PATIENT, set(steward)).unwrap();
    let wrong = || errors::WrongConfirmer { found: account(STEWARD) };
    assert_refused(chain.call(PATIENT, set(account(GUARDIAN))), wrong());
    for caller in [PATIENT, GUARDIAN, STRANGER] {
        assert_refused(chain.call(caller, release_confirmer(patient, steward)), wrong());
    }
    chain.call(STEWARD, release_confirmer(patient, steward)).unwrap();
    assert_eq!(chain.confirmer(patient, steward), None);
    // What was granted before stays as it was.
    assert!(grant_of(&chain).is_some());
    chain.call(PATIENT, end(patient, steward)).unwrap();
    assert_refused(chain.call(PATIENT, set(account(GUARDIAN))), errors::WrongStatus { found: 4 });
}

#[test]
fn nothing_is_confirmed_once_the_relationship_is_over() {
    let mut chain = proposed();
    let terms = proposal_of(&chain).unwrap();
    chain.call(STEWARD, end(account(PATIENT), account(STEWARD))).unwrap();
    assert_refused(chain.call(GUARDIAN, confirm(&terms)), errors::WrongStatus { found: 4 });
    assert_eq!(grant_of(&chain), None);
}
