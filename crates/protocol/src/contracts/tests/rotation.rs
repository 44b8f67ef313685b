//! Tests of key rotation: an address stays, one key after the other signs for it, and no key for two.

use alloy_primitives::Bytes;
use records::category::Categories;

use super::chain::Reverted;
use super::relationships::{PATIENT, STEWARD, active, assert_refused, granted};
use super::*;
use crate::layout::{KeysQuery, KeysState, MemberStatus, Rights, group_address};

const NEXT: u8 = 0x60;
const LATER: u8 = 0x61;
const OPERATOR: u8 = 1;
const OTHER_STEWARD: u8 = 0x11;
const STRANGER: u8 = 0x62;

impl Chain {
    fn registry(&mut self, from: u8, call: Vec<u8>) -> Result<Bytes, Reverted> {
        self.send(account(from), self.at.registry, call)
    }

    fn rotate(&mut self, from: u8, to: u8) {
        let identity = self.identity(account(from)).unwrap();
        self.registry(from, offer_key(account(to))).unwrap();
        assert_eq!(self.keys(identity).offered, Some(account(to)));
        self.registry(to, take_key(identity)).unwrap();
        assert_eq!((self.keys(identity).key, self.keys(identity).offered), (account(to), None));
    }

    fn keys(&self, identity: Address) -> KeysState {
        let query = KeysQuery { identity };
        query.read(&self.words(self.at.registry, query.slots())).unwrap()
    }
}

#[test]
fn a_key_takes_the_place_of_the_former_one_once_both_have_agreed() {
    let mut chain = active();
    let steward = account(STEWARD);
    assert_eq!(chain.member(steward).unwrap().key, steward);
    assert_refused(chain.registry(NEXT, take_key(steward)), errors::NotOffered { caller: account(NEXT) });
    chain.registry(STEWARD, offer_key(account(NEXT))).unwrap();
    // Nothing has changed yet.
    assert_eq!(
        (chain.identity(steward), chain.identity(account(NEXT))),
        (Some(steward), Some(account(NEXT)))
    );
    chain.registry(NEXT, take_key(steward)).unwrap();
    assert_eq!(chain.member(steward).unwrap().key, account(NEXT));
    assert_eq!((chain.identity(steward), chain.identity(account(NEXT))), (None, Some(steward)));
    // And again, by the key that signs now.
    assert_refused(
        chain.registry(STEWARD, offer_key(account(LATER))),
        errors::KeyReplaced { caller: steward },
    );
    chain.rotate(NEXT, LATER);
    assert_eq!([STEWARD, NEXT, LATER].map(|key| chain.identity(account(key))), [None, None, Some(steward)]);
}

#[test]
fn no_key_signs_for_two_or_twice() {
    let mut chain = active();
    chain.rotate(STEWARD, NEXT);
    let used = |key: u8| errors::KeyUsed { key: account(key) };
    assert_refused(chain.registry(NEXT, offer_key(Address::ZERO)), errors::ZeroAddress {});
    // Neither a member, nor its own former address, nor a key of anybody.
    for key in [OTHER_STEWARD, STEWARD, NEXT] {
        assert_refused(chain.registry(NEXT, offer_key(account(key))), used(key));
        if key != OTHER_STEWARD {
            assert_refused(chain.registry(OTHER_STEWARD, offer_key(account(key))), used(key));
        }
    }
    // Offered by two, taken from one.
    chain.registry(NEXT, offer_key(account(LATER))).unwrap();
    chain.registry(OTHER_STEWARD, offer_key(account(LATER))).unwrap();
    chain.registry(LATER, take_key(account(OTHER_STEWARD))).unwrap();
    assert_refused(chain.registry(LATER, take_key(account(STEWARD))), used(LATER));
    // A key is not admitted, either.
    let admit = admit_member(&admission(account(NEXT), "Another"));
    assert_refused(chain.registry(OPERATOR, admit), used(NEXT));
}

#[test]
fn a_patient_stays_who_it_was_and_acts_with_the_new_key_alone() {
    let mut chain = granted();
    let (patient, steward, stranger) = (account(PATIENT), account(STEWARD), account(STRANGER));
    chain.rotate(PATIENT, NEXT);
    assert_eq!(chain.member(patient), None);
    assert_eq!((chain.identity(patient), chain.identity(account(NEXT))), (None, Some(patient)));
    let give = || grant(steward, stranger, Categories::ALL, Rights::READ, 0, None);
    for call in [give(), revoke(steward, stranger), end(patient, steward)] {
        assert_refused(chain.call(PATIENT, call), errors::KeyReplaced { caller: patient });
    }
    chain.call(NEXT, give()).unwrap();
    assert!(chain.grant(patient, steward, stranger).is_some());
    // And again, by the key that signs now.
    chain.rotate(NEXT, LATER);
    assert_refused(
        chain.call(NEXT, revoke(steward, stranger)),
        errors::KeyReplaced { caller: account(NEXT) },
    );
    chain.call(LATER, revoke(steward, stranger)).unwrap();
    assert_eq!(chain.grant(patient, steward, stranger), None);
    // The former keys open nothing any more, for anybody.
    for key in [PATIENT, NEXT] {
        assert_refused(
            chain.registry(STRANGER, offer_key(account(key))),
            errors::KeyUsed { key: account(key) },
        );
    }
}

#[test]
fn nobody_is_offered_its_own_address() {
    let mut chain = active();
    for own in [PATIENT, STEWARD] {
        assert_refused(chain.registry(own, offer_key(account(own))), errors::KeyUsed { key: account(own) });
    }
}

#[test]
fn only_the_key_that_signs_now_acts_for_the_member() {
    let mut chain = active();
    let (patient, steward) = (account(PATIENT), account(STEWARD));
    chain.rotate(STEWARD, NEXT);
    let root = B256::repeat_byte(7);
    let replaced = || errors::KeyReplaced { caller: steward };
    for call in [
        publish(patient, root, 1),
        anchor_access_log(patient, root, 1),
        end(patient, steward),
        propose(account(STRANGER)),
        create_group(1),
    ] {
        assert_refused(chain.call(STEWARD, call.clone()), replaced());
        if call != end(patient, steward) {
            chain.call(NEXT, call).unwrap();
        }
    }
    let state = chain.relationship(patient, steward);
    assert_eq!((state.record_set.unwrap().root, state.access_log.point.count), (root, 1));
    let entry = SummaryEntry { patient: account(STRANGER), steward };
    assert_eq!(chain.summary(steward).last(), Some(&entry));
    assert_eq!(chain.group(group_address(steward, 1)).unwrap().0, steward);
    chain.call(NEXT, end(patient, steward)).unwrap();
    // It updates the profile, too.
    let update = || update_profile(B256::repeat_byte(3), B256::ZERO, "https://new.example");
    assert_refused(chain.registry(STEWARD, update()), errors::NotMember { account: steward });
    chain.registry(NEXT, update()).unwrap();
    assert_eq!(chain.member(steward).unwrap().endpoint, "https://new.example");
}

#[test]
fn what_was_granted_to_a_member_stays_its_own() {
    let mut chain = granted();
    let (patient, steward, other) = (account(PATIENT), account(STEWARD), account(OTHER_STEWARD));
    let give = grant(steward, other, Categories::ALL, Rights::READ, 0, None);
    chain.call(PATIENT, give).unwrap();
    chain.registry(OTHER_STEWARD, offer_key(account(NEXT))).unwrap();
    chain.registry(NEXT, take_key(other)).unwrap();
    assert_eq!(chain.identity(account(NEXT)), Some(other));
    assert!(chain.grant(patient, steward, other).is_some());
    assert_eq!(chain.grant(patient, steward, account(NEXT)), None);
}

#[test]
fn a_removed_member_rotates_no_more_and_still_anchors() {
    let mut chain = active();
    let steward = account(STEWARD);
    chain.rotate(STEWARD, NEXT);
    chain.registry(NEXT, offer_key(account(LATER))).unwrap();
    chain.registry(OPERATOR, remove_member(steward)).unwrap();
    assert_eq!(chain.member(steward).unwrap().status, MemberStatus::Removed);
    let gone = |account| errors::NotMember { account };
    assert_refused(chain.registry(LATER, take_key(steward)), gone(steward));
    assert_refused(chain.registry(NEXT, offer_key(account(STRANGER))), gone(account(NEXT)));
    assert_refused(chain.call(NEXT, publish(account(PATIENT), B256::repeat_byte(1), 1)), gone(account(NEXT)));
    chain.call(NEXT, anchor_access_log(account(PATIENT), B256::repeat_byte(1), 1)).unwrap();
    // Admitted again, it is who it was, with the key that it had.
    chain.registry(OPERATOR, admit_member(&admission(steward, "General Hospital"))).unwrap();
    assert_eq!(chain.member(steward).unwrap().key, account(NEXT));
}
