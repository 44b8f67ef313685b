//! Tests of relationships: each transition by those who may and those who may not.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::{SolError, sol};
use records::category::{Categories, Category};
use records::record_set::RecordSetAnchor;

use super::chain::{Chain, Reverted};
use super::*;
use crate::access_log::{LogAnchor, LogPoint};
use crate::layout::{HistoryQuery, RelationshipStatus, Rights};

const OPERATOR: u8 = 1;
pub(super) const STEWARD: u8 = 0x10;
pub(super) const OTHER_STEWARD: u8 = 0x11;
pub(super) const PATIENT: u8 = 0x20;
pub(super) const VIEWER: u8 = 0x30;
const STRANGER: u8 = 0x40;

const PROPOSED: u8 = 1;
const ACTIVE: u8 = 2;
const REJECTED: u8 = 3;
const ENDED: u8 = 4;

/// Two members, no relationship.
fn network() -> Chain {
    let mut chain = Chain::new(&[account(OPERATOR)]);
    for (member, name) in [(STEWARD, "General Hospital"), (OTHER_STEWARD, "Riverside Clinic")] {
        let call = admit_member(&admission(account(member), name));
        chain.send(account(OPERATOR), chain.at.registry, call).unwrap();
    }
    chain
}

fn proposed() -> Chain {
    let mut chain = network();
    chain.call(STEWARD, propose(account(PATIENT))).unwrap();
    chain
}

pub(super) fn active() -> Chain {
    let mut chain = proposed();
    chain.call(PATIENT, accept(account(STEWARD))).unwrap();
    chain
}

pub(super) fn granted() -> Chain {
    let mut chain = active();
    chain.call(PATIENT, grant_results()).unwrap();
    chain
}

pub(super) fn grant_results() -> Vec<u8> {
    let categories = Categories::NONE.with(Category::Results);
    grant(account(STEWARD), account(VIEWER), categories, Rights::READ, 0, None)
}

fn root() -> B256 {
    B256::repeat_byte(0xaa)
}

impl Chain {
    pub(super) fn call(&mut self, from: u8, call: Vec<u8>) -> Result<Bytes, Reverted> {
        self.send(account(from), self.at.relationships, call)
    }

    pub(super) fn call_registry(&mut self, from: u8, call: Vec<u8>) -> Result<Bytes, Reverted> {
        self.send(account(from), self.at.registry, call)
    }

    fn status(&self) -> RelationshipStatus {
        self.relationship(account(PATIENT), account(STEWARD)).status
    }

    fn remove_steward(&mut self) {
        let call = remove_member(account(STEWARD));
        self.send(account(OPERATOR), self.at.registry, call).unwrap();
    }
}

pub(super) fn assert_refused(result: Result<Bytes, Reverted>, error: impl SolError) {
    assert_eq!(result, Err(Reverted::with(error)));
}

fn wrong_status(found: u8) -> errors::WrongStatus {
    errors::WrongStatus { found }
}

#[test]
fn a_member_proposes_and_both_find_it_in_their_lists() {
    let chain = proposed();
    let state = chain.relationship(account(PATIENT), account(STEWARD));
    assert_eq!(state.status, RelationshipStatus::Proposed);
    assert_eq!((state.opened_at, state.changed_at), (chain.now, chain.now));
    assert_eq!((state.record_set, state.viewer_count, state.access_log), (None, 0, LogAnchor::NONE));
    let entry = SummaryEntry { patient: account(PATIENT), steward: account(STEWARD) };
    assert_eq!(chain.summary(account(PATIENT)), [entry]);
    assert_eq!(chain.summary(account(STEWARD)), [entry]);
}

#[test]
fn only_active_members_propose_and_only_once() {
    let mut chain = network();
    let call = propose(account(PATIENT));
    for caller in [STRANGER, OPERATOR, PATIENT] {
        assert_refused(chain.call(caller, call.clone()), errors::NotMember { account: account(caller) });
    }
    for patient in [Address::ZERO, account(STEWARD)] {
        assert_refused(chain.call(STEWARD, propose(patient)), errors::BadAddress { found: patient });
    }
    chain.call(STEWARD, call.clone()).unwrap();
    assert_refused(chain.call(STEWARD, call.clone()), wrong_status(PROPOSED));
    chain.call(OTHER_STEWARD, call).unwrap();
    chain.remove_steward();
    assert_refused(
        chain.call(STEWARD, propose(account(PATIENT + 1))),
        errors::NotMember { account: account(STEWARD) },
    );
}

#[test]
fn only_the_patient_answers_a_proposal() {
    for (call, status) in [
        (accept(account(STEWARD)), RelationshipStatus::Active),
        (reject(account(STEWARD)), RelationshipStatus::Rejected),
    ] {
        let mut chain = proposed();
        for caller in [STEWARD, OTHER_STEWARD, STRANGER, OPERATOR] {
            assert_refused(chain.call(caller, call.clone()), wrong_status(0));
            assert_eq!(chain.status(), RelationshipStatus::Proposed);
        }
        chain.call(PATIENT, call).unwrap();
        let state = chain.relationship(account(PATIENT), account(STEWARD));
        assert_eq!((state.status, state.changed_at), (status, chain.now));
        assert!(state.opened_at < chain.now);
    }
}

#[test]
fn an_answer_is_final() {
    for (answer, found) in [(accept(account(STEWARD)), ACTIVE), (reject(account(STEWARD)), REJECTED)] {
        let mut chain = proposed();
        chain.call(PATIENT, answer).unwrap();
        assert_refused(chain.call(PATIENT, accept(account(STEWARD))), wrong_status(found));
        assert_refused(chain.call(PATIENT, reject(account(STEWARD))), wrong_status(found));
        assert_refused(chain.call(STEWARD, propose(account(PATIENT))), wrong_status(found));
    }
}

#[test]
fn either_party_ends_an_active_relationship() {
    let call = end(account(PATIENT), account(STEWARD));
    for party in [PATIENT, STEWARD] {
        let mut chain = active();
        for caller in [OTHER_STEWARD, VIEWER, STRANGER, OPERATOR] {
            assert_refused(chain.call(caller, call.clone()), errors::NotParty { caller: account(caller) });
        }
        chain.call(party, call.clone()).unwrap();
        assert_eq!(chain.status(), RelationshipStatus::Ended);
        assert_refused(chain.call(party, call.clone()), wrong_status(ENDED));
        assert_refused(chain.call(PATIENT, accept(account(STEWARD))), wrong_status(ENDED));
        assert_refused(chain.call(STEWARD, propose(account(PATIENT))), wrong_status(ENDED));
        assert_refused(chain.call(PATIENT, grant_results()), wrong_status(ENDED));
    }
}

#[test]
fn only_the_steward_withdraws_a_proposal() {
    let call = end(account(PATIENT), account(STEWARD));
    let mut chain = proposed();
    assert_refused(chain.call(PATIENT, call.clone()), wrong_status(PROPOSED));
    chain.call(STEWARD, call).unwrap();
    assert_eq!(chain.status(), RelationshipStatus::Ended);
}

#[test]
fn only_the_steward_publishes() {
    let mut chain = network();
    let call = publish(account(PATIENT), root(), 40);
    assert_refused(chain.call(STEWARD, call.clone()), wrong_status(0));
    let mut chain = proposed();
    assert_refused(chain.call(OTHER_STEWARD, call.clone()), wrong_status(0));
    for caller in [PATIENT, STRANGER] {
        assert_refused(chain.call(caller, call.clone()), errors::NotMember { account: account(caller) });
    }
    assert_refused(chain.call(STEWARD, publish(account(PATIENT), B256::ZERO, 1)), errors::ZeroWord {});
    let expect = |chain: &Chain, root, count, revision| {
        let found = chain.relationship(account(PATIENT), account(STEWARD)).record_set;
        assert_eq!(found, Some(RecordSetAnchor { root, count, revision, published_at: chain.now }));
    };
    chain.call(STEWARD, call.clone()).unwrap();
    expect(&chain, root(), 40, 1);
    chain.call(PATIENT, accept(account(STEWARD))).unwrap();
    chain.call(STEWARD, publish(account(PATIENT), NEXT_ROOT, 39)).unwrap();
    expect(&chain, NEXT_ROOT, 39, 2);
    chain.call(PATIENT, end(account(PATIENT), account(STEWARD))).unwrap();
    assert_refused(chain.call(STEWARD, call), wrong_status(ENDED));
}

const NEXT_ROOT: B256 = B256::repeat_byte(0xbb);

sol! {
    struct PublishedSet { bytes32 root; uint64 count; uint64 publishedAt; }
    function historyLength(address patient, address steward) returns (uint256);
    function historyAt(address patient, address steward, uint256 index) returns (PublishedSet);
}

#[test]
fn every_publication_stays_in_the_history() {
    use alloy_sol_types::SolCall;
    let mut chain = active();
    let mut times = Vec::new();
    for (root, count) in [(root(), 40), (NEXT_ROOT, 41)] {
        chain.call(STEWARD, publish(account(PATIENT), root, count)).unwrap();
        times.push(chain.now);
    }
    let (patient, steward) = (account(PATIENT), account(STEWARD));
    let length = chain.call(STRANGER, historyLengthCall { patient, steward }.abi_encode()).unwrap();
    assert_eq!(historyLengthCall::abi_decode_returns(&length).unwrap().to::<u64>(), 2);
    for (index, (root, count)) in [(0u8, (root(), 40)), (1, (NEXT_ROOT, 41))] {
        let call = historyAtCall { patient, steward, index: index.try_into().unwrap() };
        let found =
            historyAtCall::abi_decode_returns(&chain.call(STRANGER, call.abi_encode()).unwrap()).unwrap();
        assert_eq!((found.root, found.count, found.publishedAt), (root, count, times[usize::from(index)]));
    }
    let slots = HistoryQuery { patient, steward }.slots(1..3);
    let expected = [(root(), 40, 1, times[0]), (NEXT_ROOT, 41, 2, times[1])]
        .map(|(root, count, revision, published_at)| RecordSetAnchor { root, count, revision, published_at });
    assert_eq!(HistoryQuery::read(1..3, &chain.words(chain.at.relationships, slots)), Ok(expected.to_vec()));
}

#[test]
fn a_removed_member_publishes_nothing_more() {
    let mut chain = active();
    chain.remove_steward();
    assert_refused(
        chain.call(STEWARD, publish(account(PATIENT), root(), 1)),
        errors::NotMember { account: account(STEWARD) },
    );
    // The patient can still act.
    chain.call(PATIENT, end(account(PATIENT), account(STEWARD))).unwrap();
}

#[test]
fn only_the_patient_grants_and_only_while_active() {
    let mut chain = proposed();
    assert_refused(chain.call(PATIENT, grant_results()), wrong_status(PROPOSED));
    let mut chain = active();
    for caller in [STEWARD, VIEWER, STRANGER, OPERATOR] {
        assert_refused(chain.call(caller, grant_results()), wrong_status(0));
    }
    assert_eq!(chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)), None);
    chain.call(PATIENT, grant_results()).unwrap();
    let terms = chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)).unwrap();
    assert_eq!(terms.categories, Categories::NONE.with(Category::Results));
    assert_eq!((terms.rights, terms.from, terms.until), (Rights::READ, 0, None));
    assert_eq!(chain.viewers(account(PATIENT), account(STEWARD)), [account(VIEWER)]);
    let entry = SummaryEntry { patient: account(PATIENT), steward: account(STEWARD) };
    assert_eq!(chain.summary(account(VIEWER)), [entry]);
}

#[test]
fn a_second_grant_replaces_the_first_and_lists_nobody_twice() {
    let mut chain = granted();
    let until = chain.now + 100;
    let all = Rights::from_bits(7).unwrap();
    let from = until - 1;
    let call = grant(account(STEWARD), account(VIEWER), Categories::ALL, all, from, Some(until));
    chain.call(PATIENT, call).unwrap();
    let terms = chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)).unwrap();
    assert_eq!((terms.categories, terms.rights), (Categories::ALL, all));
    assert_eq!((terms.from, terms.until), (from, Some(until)));
    chain.call(PATIENT, revoke(account(STEWARD), account(VIEWER))).unwrap();
    chain.call(PATIENT, grant_results()).unwrap();
    assert_eq!(chain.viewers(account(PATIENT), account(STEWARD)), [account(VIEWER)]);
    assert_eq!(chain.summary(account(VIEWER)).len(), 1);
}

#[test]
fn refuses_grants_that_mean_nothing() {
    let mut chain = active();
    let now = chain.now;
    let good = abi::grantCall {
        steward: account(STEWARD),
        viewer: account(VIEWER),
        categories: 1,
        rights: 1,
        from: 0,
        until: 0,
    };
    let mut refused = |call: abi::grantCall, error: Reverted| {
        assert_eq!(chain.call(PATIENT, call.abi_encode()), Err(error));
    };
    for viewer in [Address::ZERO, account(PATIENT), account(STEWARD)] {
        let error = Reverted::with(errors::BadAddress { found: viewer });
        refused(abi::grantCall { viewer, ..good.clone() }, error);
    }
    for categories in [0, 0x2000, u16::MAX] {
        let error = Reverted::with(errors::BadCategories { found: categories });
        refused(abi::grantCall { categories, ..good.clone() }, error);
    }
    for rights in [0, 8, u8::MAX] {
        let error = Reverted::with(errors::BadRights { found: rights });
        refused(abi::grantCall { rights, ..good.clone() }, error);
    }
    for (from, until) in [(0, 1), (0, now), (now + 500, now + 500), (now + 500, now + 400)] {
        let error = Reverted::with(errors::BadPeriod { from, until });
        refused(abi::grantCall { from, until, ..good.clone() }, error);
    }
}

#[test]
fn only_the_patient_revokes_and_nothing_is_left() {
    let call = revoke(account(STEWARD), account(VIEWER));
    let mut chain = granted();
    for caller in [STEWARD, VIEWER, STRANGER, OPERATOR] {
        assert_refused(chain.call(caller, call.clone()), errors::NoGrant { viewer: account(VIEWER) });
    }
    chain.call(PATIENT, call.clone()).unwrap();
    assert_eq!(chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)), None);
    let slots =
        GrantQuery { patient: account(PATIENT), steward: account(STEWARD), viewer: account(VIEWER) }.slots();
    assert_eq!(chain.words(chain.at.relationships, slots)[0].value, B256::ZERO);
    assert_refused(chain.call(PATIENT, call), errors::NoGrant { viewer: account(VIEWER) });
}

#[test]
fn the_patient_revokes_also_after_the_end() {
    let mut chain = granted();
    chain.call(STEWARD, end(account(PATIENT), account(STEWARD))).unwrap();
    chain.call(PATIENT, revoke(account(STEWARD), account(VIEWER))).unwrap();
    assert_eq!(chain.grant(account(PATIENT), account(STEWARD), account(VIEWER)), None);
}

#[test]
fn only_the_steward_anchors_a_log_that_grows() {
    let mut chain = network();
    let call = anchor_access_log(account(PATIENT), root(), 5);
    assert_refused(chain.call(STEWARD, call.clone()), wrong_status(0));
    let mut chain = active();
    for caller in [PATIENT, OTHER_STEWARD, STRANGER] {
        assert_refused(chain.call(caller, call.clone()), wrong_status(0));
    }
    assert_refused(
        chain.call(STEWARD, anchor_access_log(account(PATIENT), B256::ZERO, 5)),
        errors::ZeroWord {},
    );
    chain.call(STEWARD, call).unwrap();
    let state = chain.relationship(account(PATIENT), account(STEWARD));
    let first = LogAnchor::NONE.after(LogPoint { count: 5, head: root() });
    assert_eq!(state.access_log, first);
    assert_eq!(state.access_log_anchored_at, chain.now);
    for count in [0, 4, 5] {
        assert_refused(
            chain.call(STEWARD, anchor_access_log(account(PATIENT), NEXT_ROOT, count)),
            errors::LogNotLonger { expectedAbove: 5, found: count },
        );
    }
    chain.remove_steward();
    chain.call(PATIENT, end(account(PATIENT), account(STEWARD))).unwrap();
    chain.call(STEWARD, anchor_access_log(account(PATIENT), NEXT_ROOT, 6)).unwrap();
    let state = chain.relationship(account(PATIENT), account(STEWARD));
    assert_eq!(state.access_log, first.after(LogPoint { count: 6, head: NEXT_ROOT }));
}

#[test]
fn a_key_makes_only_so_much_grow_in_a_day() {
    // Both start early on a day, and one call takes a second.
    let day = 86_400;
    let mut chain = active();
    chain.now = chain.now.next_multiple_of(day);
    for _ in 0..1_000 {
        chain.call(PATIENT, grant_results()).unwrap();
    }
    let spent = |limit| errors::QuotaSpent { limit };
    assert_refused(chain.call(PATIENT, grant_results()), spent(1_000));
    // What takes back is never refused, and others have their own day.
    chain.call(PATIENT, revoke(account(STEWARD), account(VIEWER))).unwrap();
    chain.call(STEWARD, publish(account(PATIENT), root(), 1)).unwrap();
    chain.now = chain.now.next_multiple_of(day);
    chain.call(PATIENT, grant_results()).unwrap();

    let mut chain = active();
    chain.now = chain.now.next_multiple_of(day);
    for _ in 0..20_000 {
        chain.call(STEWARD, publish(account(PATIENT), root(), 1)).unwrap();
    }
    assert_refused(chain.call(STEWARD, publish(account(PATIENT), root(), 1)), spent(20_000));
    assert_refused(chain.call(STEWARD, propose(account(STRANGER))), spent(20_000));
    chain.call(STEWARD, anchor_access_log(account(PATIENT), root(), 1)).unwrap();
    chain.call(OTHER_STEWARD, propose(account(STRANGER))).unwrap();
}

sol! {
    function append(address participant, address patient, address steward);
}

#[test]
fn nobody_but_relationships_writes_a_summary() {
    use alloy_sol_types::SolCall;
    let mut chain = active();
    let call = appendCall {
        participant: account(PATIENT),
        patient: account(PATIENT),
        steward: account(OTHER_STEWARD),
    };
    for caller in [PATIENT, STEWARD, STRANGER, OPERATOR] {
        assert_refused(
            chain.send(account(caller), chain.at.summary, call.abi_encode()),
            errors::NotRelationships { caller: account(caller) },
        );
    }
}
