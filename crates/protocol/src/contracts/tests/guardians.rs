//! Tests of guardians: enough of them give a lost address a new key, after a delay in which its key of today can object.

use alloy_primitives::B256;
use records::category::Categories;

use super::relationships::{PATIENT, STEWARD, active, assert_refused};
use super::*;
use crate::guardians::Circle;
use crate::layout::{ApprovalsQuery, GuardianshipQuery, GuardianshipState, Rights};

const GUARDIANS: [u8; 3] = [0x70, 0x71, 0x72];
const NEXT: u8 = 0x60;
const OTHER: u8 = 0x61;
const STRANGER: u8 = 0x62;
const DELAY: u64 = 3_600;

impl Chain {
    fn guardianship(&self, identity: Address) -> Option<GuardianshipState> {
        let query = GuardianshipQuery { identity };
        query.read(&self.words(self.at.registry, query.slots())).unwrap()
    }

    /// Who has approved a key for the patient in the round of now.
    fn approved(&self, key: u8) -> Vec<Address> {
        let (identity, guardians) = (account(PATIENT), GUARDIANS.map(account).to_vec());
        let round = self.guardianship(identity).unwrap().round;
        let query = ApprovalsQuery { identity, round, key: account(key), guardians };
        query.read(&self.words(self.at.registry, query.slots())).unwrap()
    }
}

fn circle(threshold: u8) -> Circle {
    Circle::new(B256::repeat_byte(7), threshold, GUARDIANS.map(account).to_vec()).unwrap()
}

/// A patient whom two of three guardians can give a new key.
fn guarded() -> Chain {
    let mut chain = active();
    let patient = account(PATIENT);
    let choose = set_guardians(&circle(2), patient, DELAY, Some(account(9)));
    chain.call_registry(PATIENT, choose).unwrap();
    chain
}

fn approve(key: u8) -> Vec<u8> {
    approve_key(&circle(2), account(PATIENT), account(key))
}

#[test]
fn enough_guardians_give_a_new_key_after_the_delay() {
    let mut chain = guarded();
    let (patient, steward) = (account(PATIENT), account(STEWARD));
    let state = chain.guardianship(patient).unwrap();
    assert_eq!((state.circle, state.delay, state.approved), (circle(2).digest(patient), DELAY, None));
    assert_eq!(circle(2).find(patient, state.next), Ok(Some(account(9))));

    chain.call_registry(GUARDIANS[0], approve(NEXT)).unwrap();
    assert_eq!(chain.guardianship(patient).unwrap().approved, None);
    assert_eq!((chain.approved(NEXT), chain.approved(OTHER)), (vec![account(GUARDIANS[0])], vec![]));
    let again = chain.call_registry(GUARDIANS[0], approve(NEXT));
    assert_refused(again, errors::AlreadyVoted { operator: account(GUARDIANS[0]) });
    let early = |chain: &mut Chain| chain.call_registry(NEXT, take_key(patient));
    assert_refused(early(&mut chain), errors::NotOffered { caller: account(NEXT) });

    chain.call_registry(GUARDIANS[2], approve(NEXT)).unwrap();
    let ready_at = chain.now + DELAY;
    assert_eq!(chain.guardianship(patient).unwrap().approved, Some((account(NEXT), ready_at)));
    // A third one does not start the delay anew.
    chain.call_registry(GUARDIANS[1], approve(NEXT)).unwrap();
    assert_eq!(chain.approved(NEXT), GUARDIANS.map(account));
    assert_eq!(chain.guardianship(patient).unwrap().approved, Some((account(NEXT), ready_at)));
    chain.now = ready_at - 2;
    assert_refused(early(&mut chain), errors::NotReady { readyAt: ready_at });
    // Until then the former key acts.
    let give = grant(steward, account(STRANGER), Categories::ALL, Rights::READ, 0, None);
    chain.call(PATIENT, give.clone()).unwrap();
    early(&mut chain).unwrap();
    assert_eq!((chain.identity(patient), chain.identity(account(NEXT))), (None, Some(patient)));
    assert_refused(chain.call(PATIENT, give), errors::KeyReplaced { caller: patient });
    chain.call(NEXT, revoke(steward, account(STRANGER))).unwrap();
    // The guardians stay, and what they approved is used up.
    let after = chain.guardianship(patient).unwrap();
    assert_eq!((after.circle, after.approved), (state.circle, None));
    assert!(after.round > state.round);
}

#[test]
fn whoever_has_the_key_still_can_object_and_dismiss() {
    let mut chain = guarded();
    let patient = account(PATIENT);
    for guardian in [0, 1] {
        chain.call_registry(GUARDIANS[guardian], approve(NEXT)).unwrap();
    }
    chain.call_registry(PATIENT, veto_key()).unwrap();
    assert_eq!((chain.guardianship(patient).unwrap().approved, chain.approved(NEXT)), (None, vec![]));
    chain.now += DELAY + 1;
    let taken = chain.call_registry(NEXT, take_key(patient));
    assert_refused(taken, errors::NotOffered { caller: account(NEXT) });
    // One approval of before the objection counts for nothing now.
    chain.call_registry(GUARDIANS[2], approve(NEXT)).unwrap();
    assert_eq!(chain.guardianship(patient).unwrap().approved, None);
    chain.call_registry(GUARDIANS[0], approve(NEXT)).unwrap();
    assert!(chain.guardianship(patient).unwrap().approved.is_some());
    // Strangers object to nothing of the patient's.
    chain.call_registry(STRANGER, veto_key()).unwrap();
    assert!(chain.guardianship(patient).unwrap().approved.is_some());
    chain.call_registry(PATIENT, dismiss_guardians()).unwrap();
    assert_eq!(chain.guardianship(patient), None);
    assert_refused(chain.call_registry(GUARDIANS[1], approve(NEXT)), errors::WrongCircle {});
    // Keys that were changed by the patient itself void what was approved, too.
    let mut chain = guarded();
    for guardian in [0, 1] {
        chain.call_registry(GUARDIANS[guardian], approve(NEXT)).unwrap();
    }
    chain.call_registry(PATIENT, offer_key(account(OTHER))).unwrap();
    chain.call_registry(OTHER, take_key(patient)).unwrap();
    chain.now += DELAY + 1;
    let taken = chain.call_registry(NEXT, take_key(patient));
    assert_refused(taken, errors::NotOffered { caller: account(NEXT) });
}

#[test]
fn nobody_else_approves_and_no_other_circle_counts() {
    let mut chain = guarded();
    let patient = account(PATIENT);
    let stranger = chain.call_registry(STRANGER, approve(NEXT));
    assert_refused(stranger, errors::NotGuardian { caller: account(STRANGER) });
    let people = || GUARDIANS.map(account).to_vec();
    let others = [
        circle(1),
        circle(3),
        Circle::new(B256::repeat_byte(8), 2, people()).unwrap(),
        Circle::new(B256::repeat_byte(7), 2, [people(), vec![account(STRANGER)]].concat()).unwrap(),
    ];
    for other in others {
        let call = approve_key(&other, patient, account(NEXT));
        assert_refused(chain.call_registry(GUARDIANS[0], call), errors::WrongCircle {});
    }
    // Nor does a circle count that was chosen for another address, or for nobody.
    for elsewhere in [STEWARD, STRANGER] {
        let call = approve_key(&circle(2), account(elsewhere), account(NEXT));
        assert_refused(chain.call_registry(GUARDIANS[0], call), errors::WrongCircle {});
    }
    // A guardian is its address, whatever key it has; the former key is nobody.
    chain.call_registry(GUARDIANS[0], offer_key(account(OTHER))).unwrap();
    chain.call_registry(OTHER, take_key(account(GUARDIANS[0]))).unwrap();
    let former = chain.call_registry(GUARDIANS[0], approve(NEXT));
    assert_refused(former, errors::NotGuardian { caller: account(GUARDIANS[0]) });
    chain.call_registry(OTHER, approve(NEXT)).unwrap();
    // No key that signs, or signed, for somebody.
    for used in [STEWARD, OTHER, PATIENT] {
        let call = approve_key(&circle(2), patient, account(used));
        assert_refused(chain.call_registry(GUARDIANS[1], call), errors::KeyUsed { key: account(used) });
    }
    let call = approve_key(&circle(2), patient, Address::ZERO);
    assert_refused(chain.call_registry(GUARDIANS[1], call), errors::ZeroAddress {});
}

#[test]
fn of_two_keys_the_later_one_counts_and_delays_have_bounds() {
    let mut chain = guarded();
    let patient = account(PATIENT);
    for key in [NEXT, OTHER] {
        for guardian in [0, 1] {
            chain.call_registry(GUARDIANS[guardian], approve(key)).unwrap();
        }
    }
    assert_eq!(chain.guardianship(patient).unwrap().approved.unwrap().0, account(OTHER));
    chain.now += DELAY;
    let taken = chain.call_registry(NEXT, take_key(patient));
    assert_refused(taken, errors::NotOffered { caller: account(NEXT) });
    chain.call_registry(OTHER, take_key(patient)).unwrap();
    let days = 24 * 3_600;
    for delay in [0, 59, 90 * days + 1] {
        let call = set_guardians(&circle(2), account(STRANGER), delay, None);
        assert_refused(chain.call_registry(STRANGER, call), errors::BadDelay { found: delay });
    }
    for delay in [60, 90 * days] {
        chain.call_registry(STRANGER, set_guardians(&circle(2), account(STRANGER), delay, None)).unwrap();
    }
    // Of an address whose key was changed only the new key chooses.
    let call = set_guardians(&circle(2), patient, DELAY, None);
    assert_refused(chain.call_registry(PATIENT, call.clone()), errors::KeyReplaced { caller: patient });
    chain.call_registry(OTHER, call).unwrap();
}
