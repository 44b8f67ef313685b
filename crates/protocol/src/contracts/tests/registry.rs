//! Tests of the registry: who may vote, when a vote passes, and what members may change.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolError;

use super::chain::{Chain, Reverted};
use super::*;
use crate::layout::MemberStatus;

const MEMBER: u8 = 0x10;

fn operators(count: u8) -> Vec<Address> {
    (1..=count).map(account).collect()
}

impl Chain {
    fn vote(&mut self, operator: u8, call: Vec<u8>) -> Result<Bytes, Reverted> {
        self.send(account(operator), self.at.registry, call)
    }
}

fn assert_refused(result: Result<Bytes, Reverted>, error: impl SolError) {
    assert_eq!(result, Err(Reverted::with(error)));
}

#[test]
fn every_action_takes_more_than_half_of_the_operators() {
    for (count, needed) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)] {
        let call = admit_member(&admission(account(MEMBER), "Clinic"));
        let mut chain = Chain::new(&operators(count));
        for operator in 1..=needed {
            assert_eq!(chain.member(account(MEMBER)), None, "{count} operators, {} votes", operator - 1);
            chain.vote(operator, call.clone()).unwrap();
        }
        assert!(chain.member(account(MEMBER)).is_some(), "{count} operators, {needed} votes");

        let call = add_operator(account(0x20));
        let is_operator = |chain: &mut Chain| chain.vote(0x20, add_operator(account(0x21))).is_ok();
        for operator in 1..=needed {
            assert!(!is_operator(&mut chain), "{count} operators, {} votes", operator - 1);
            chain.vote(operator, call.clone()).unwrap();
        }
        assert!(is_operator(&mut chain), "{count} operators, {needed} votes");
    }
}

#[test]
fn an_admitted_member_has_exactly_the_particulars_voted_for() {
    let mut chain = Chain::new(&operators(1));
    let long = Admission {
        kind: MemberKind::Auditor,
        name: "ü".repeat(64),
        endpoint: "https://".to_owned() + &"e".repeat(248),
        ..admission(account(MEMBER), "")
    };
    for (number, admission) in (MEMBER..).zip([admission(account(MEMBER), "Clinic"), long]) {
        let admission = Admission { member: account(number), ..admission };
        chain.vote(1, admit_member(&admission)).unwrap();
        let member = chain.member(account(number)).unwrap();
        assert_eq!((member.address, member.kind), (admission.member, admission.kind));
        assert_eq!((member.status, member.since), (MemberStatus::Active, chain.now));
        assert_eq!(member.encryption_key, admission.encryption_key);
        assert_eq!(member.profile_digest, admission.profile_digest);
        assert_eq!((member.name, member.endpoint), (admission.name, admission.endpoint));
    }
    assert_eq!(chain.members(), [account(MEMBER), account(MEMBER + 1)]);
}

#[test]
fn only_operators_vote_and_only_once() {
    let mut chain = Chain::new(&operators(3));
    let calls = [
        admit_member(&admission(account(MEMBER), "Clinic")),
        add_operator(account(0x20)),
        remove_operator(account(1)),
    ];
    for call in calls {
        assert_refused(chain.vote(9, call.clone()), errors::NotOperator { caller: account(9) });
        chain.vote(1, call.clone()).unwrap();
        assert_refused(chain.vote(1, call), errors::AlreadyVoted { operator: account(1) });
    }
}

#[test]
fn votes_for_other_particulars_are_votes_for_another_action() {
    let mut chain = Chain::new(&operators(3));
    chain.vote(1, admit_member(&admission(account(MEMBER), "Clinic"))).unwrap();
    chain.vote(2, admit_member(&admission(account(MEMBER), "Other clinic"))).unwrap();
    assert_eq!(chain.member(account(MEMBER)), None);
}

#[test]
fn a_vote_can_be_taken_back_until_it_passes() {
    let mut chain = Chain::new(&operators(3));
    let call = admit_member(&admission(account(MEMBER), "Clinic"));
    let action = keccak256(&call);
    chain.vote(1, call.clone()).unwrap();
    assert_refused(chain.vote(2, withdraw_vote(action)), errors::NoVote { operator: account(2) });
    chain.vote(1, withdraw_vote(action)).unwrap();
    assert_refused(chain.vote(1, withdraw_vote(action)), errors::NoVote { operator: account(1) });
    chain.vote(2, call.clone()).unwrap();
    assert_eq!(chain.member(account(MEMBER)), None);
    chain.vote(1, call).unwrap();
    assert!(chain.member(account(MEMBER)).is_some());
    assert_refused(chain.vote(1, withdraw_vote(action)), errors::NoVote { operator: account(1) });
}

#[test]
fn a_ballot_closes_after_thirty_days() {
    let mut chain = Chain::new(&operators(3));
    let call = admit_member(&admission(account(MEMBER), "Clinic"));
    chain.vote(1, call.clone()).unwrap();
    chain.now += 30 * 24 * 3600;
    chain.vote(2, call.clone()).unwrap();
    assert_eq!(chain.member(account(MEMBER)), None, "the vote of the closed ballot counted");
    chain.now += 30 * 24 * 3600 - 1;
    chain.vote(1, call).unwrap();
    assert!(chain.member(account(MEMBER)).is_some(), "thirty days are still in time");
}

#[test]
fn a_change_of_operators_voids_open_ballots() {
    let mut chain = Chain::new(&operators(3));
    let call = admit_member(&admission(account(MEMBER), "Clinic"));
    chain.vote(3, call.clone()).unwrap();
    for operator in [1, 2] {
        chain.vote(operator, remove_operator(account(3))).unwrap();
    }
    assert_refused(chain.vote(3, call.clone()), errors::NotOperator { caller: account(3) });
    chain.vote(1, call.clone()).unwrap();
    assert_eq!(chain.member(account(MEMBER)), None, "the vote of a removed operator counted");
    chain.vote(2, call).unwrap();
    assert!(chain.member(account(MEMBER)).is_some());
}

#[test]
fn the_last_operator_cannot_be_removed() {
    let mut chain = Chain::new(&operators(2));
    for operator in [1, 2] {
        chain.vote(operator, remove_operator(account(1))).unwrap();
    }
    assert_refused(chain.vote(2, remove_operator(account(2))), errors::LastOperator {});
    assert_refused(
        chain.vote(2, remove_operator(account(1))),
        errors::UnknownOperator { operator: account(1) },
    );
}

#[test]
fn operators_are_distinct_and_not_too_many() {
    let mut chain = Chain::new(&operators(1));
    assert_refused(chain.vote(1, add_operator(account(1))), errors::AlreadyOperator { operator: account(1) });
    assert_refused(chain.vote(1, add_operator(Address::ZERO)), errors::ZeroAddress {});
    let mut full = Chain::new(&operators(64));
    for operator in 1..=32 {
        full.vote(operator, add_operator(account(0x80))).unwrap();
    }
    assert_refused(full.vote(33, add_operator(account(0x80))), errors::Full { max: U256::from(64) });
}

#[test]
fn removal_needs_votes_and_keeps_the_entry() {
    let mut chain = Chain::new(&operators(2));
    let call = remove_member(account(MEMBER));
    assert_refused(chain.vote(1, call.clone()), errors::NotMember { account: account(MEMBER) });
    for operator in [1, 2] {
        chain.vote(operator, admit_member(&admission(account(MEMBER), "Clinic"))).unwrap();
    }
    assert_refused(chain.vote(MEMBER, call.clone()), errors::NotOperator { caller: account(MEMBER) });
    chain.vote(1, call.clone()).unwrap();
    assert_eq!(chain.member(account(MEMBER)).unwrap().status, MemberStatus::Active);
    chain.vote(2, call.clone()).unwrap();
    let member = chain.member(account(MEMBER)).unwrap();
    assert_eq!((member.status, member.since), (MemberStatus::Removed, chain.now));
    assert_refused(chain.vote(1, call), errors::NotMember { account: account(MEMBER) });
    assert_eq!(chain.members(), [account(MEMBER)]);
}

#[test]
fn a_removed_member_can_be_admitted_anew_and_is_listed_once() {
    let mut chain = Chain::new(&operators(1));
    chain.vote(1, admit_member(&admission(account(MEMBER), "Clinic"))).unwrap();
    chain.vote(1, remove_member(account(MEMBER))).unwrap();
    chain.vote(1, admit_member(&admission(account(MEMBER), "C"))).unwrap();
    let member = chain.member(account(MEMBER)).unwrap();
    assert_eq!((member.status, member.name.as_str()), (MemberStatus::Active, "C"));
    assert_eq!(chain.members(), [account(MEMBER)]);
}

#[test]
fn refuses_particulars_that_make_no_member() {
    let mut chain = Chain::new(&operators(1));
    let good = admission(account(MEMBER), "Clinic");
    let mut refused = |admission: Admission, error: Reverted| {
        assert_eq!(chain.vote(1, admit_member(&admission)), Err(error));
    };
    let length =
        |found: usize, max: u64| errors::BadLength { found: U256::from(found), max: U256::from(max) };
    refused(Admission { member: Address::ZERO, ..good.clone() }, Reverted::with(errors::ZeroAddress {}));
    refused(Admission { encryption_key: B256::ZERO, ..good.clone() }, Reverted::with(errors::ZeroWord {}));
    refused(Admission { name: String::new(), ..good.clone() }, Reverted::with(length(0, 128)));
    refused(Admission { name: "n".repeat(129), ..good.clone() }, Reverted::with(length(129, 128)));
    refused(Admission { endpoint: "e".repeat(257), ..good.clone() }, Reverted::with(length(257, 256)));
    let mut call = admit_member(&good);
    call[4 + 63] = 0; // the kind
    assert_refused(chain.vote(1, call.clone()), errors::NoKind {});
    call[4 + 63] = 5;
    assert_eq!(chain.vote(1, call), Err(Reverted(Bytes::new())));
    chain.vote(1, admit_member(&good)).unwrap();
    assert_refused(chain.vote(1, admit_member(&good)), errors::AlreadyMember { member: account(MEMBER) });
}

#[test]
fn members_change_their_own_profile_only() {
    let mut chain = Chain::new(&operators(1));
    let call = update_profile(B256::repeat_byte(1), B256::repeat_byte(2), "https://new.example.org");
    for stranger in [1, MEMBER] {
        assert_refused(chain.vote(stranger, call.clone()), errors::NotMember { account: account(stranger) });
    }
    for (member, name) in [(MEMBER, "Clinic"), (MEMBER + 1, "Hospital")] {
        chain.vote(1, admit_member(&admission(account(member), name))).unwrap();
    }
    let before = chain.member(account(MEMBER)).unwrap();
    let other = chain.member(account(MEMBER + 1));
    chain.vote(MEMBER, call.clone()).unwrap();
    let after = chain.member(account(MEMBER)).unwrap();
    assert_eq!(after.encryption_key, B256::repeat_byte(1));
    assert_eq!(after.profile_digest, B256::repeat_byte(2));
    assert_eq!(after.endpoint, "https://new.example.org");
    assert_eq!((after.kind, after.name, after.since), (before.kind, before.name, before.since));
    assert_eq!(chain.member(account(MEMBER + 1)), other);
    let zero = update_profile(B256::ZERO, B256::ZERO, "");
    assert_refused(chain.vote(MEMBER, zero), errors::ZeroWord {});
    chain.vote(1, remove_member(account(MEMBER))).unwrap();
    assert_refused(chain.vote(MEMBER, call), errors::NotMember { account: account(MEMBER) });
}

#[test]
fn refuses_constructors_without_what_they_need() {
    let mut chain = Chain::new(&operators(1));
    let at = chain.at;
    let none =
        creation::Addresses { registry: Address::ZERO, relationships: Address::ZERO, summary: Address::ZERO };
    let id = B256::repeat_byte(1);
    let one = [account(1)];
    for (code, error) in [
        (creation::registry(B256::ZERO, &one, &at), Reverted::with(errors::ZeroWord {})),
        (creation::registry(id, &[], &at), Reverted::with(errors::LastOperator {})),
        (creation::registry(id, &one, &none), Reverted::with(errors::ZeroAddress {})),
        (creation::registry(id, &[Address::ZERO], &at), Reverted::with(errors::ZeroAddress {})),
        (
            creation::registry(id, &[account(1); 2], &at),
            Reverted::with(errors::AlreadyOperator { operator: account(1) }),
        ),
        (creation::relationships(&none), Reverted::with(errors::BadAddress { found: Address::ZERO })),
        (creation::summary(&none), Reverted::with(errors::ZeroAddress {})),
    ] {
        assert_eq!(chain.create(code), Err(error));
    }
}
