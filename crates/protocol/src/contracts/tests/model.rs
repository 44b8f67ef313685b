//! Tests of random calls by random callers, on the running contracts and on a model of a few lines: both accept and refuse the
//! same, and the decoders read from storage what the model holds.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use proptest::prelude::*;
use records::category::Categories;

use super::chain::Chain;
use super::*;
use crate::access_log::{LogAnchor, LogPoint};
use crate::layout::{MemberStatus, RelationshipStatus, Rights, group_address};

const OPERATORS: [u8; 3] = [1, 2, 3];
/// Patients, stewards and viewers are drawn from the same accounts, so that every confusion occurs.
const PEOPLE: [u8; 4] = [0x10, 0x11, 0x12, 0x13];

#[derive(Debug, Clone)]
enum Step {
    Admit(u8),
    Remove(u8),
    Propose(u8),
    Accept(u8),
    Reject(u8),
    End(u8, u8),
    Publish(u8, u8),
    Grant(u8, u8, u8),
    Revoke(u8, u8),
    Anchor(u8, u64),
    SetConfirmer(u8, u8),
    Release(u8, u8),
    Confirm(u8, u8, u8, u8),
    CreateGroup(u64),
    AddToGroup(u8, u64, u8),
    RemoveFromGroup(u8, u64, u8),
}

fn person() -> impl Strategy<Value = u8> {
    prop::sample::select(PEOPLE.to_vec())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => person().prop_map(Step::Admit),
        1 => person().prop_map(Step::Remove),
        4 => person().prop_map(Step::Propose),
        4 => person().prop_map(Step::Accept),
        1 => person().prop_map(Step::Reject),
        1 => (person(), person()).prop_map(|(patient, steward)| Step::End(patient, steward)),
        3 => (person(), 0..3u8).prop_map(|(patient, root)| Step::Publish(patient, root)),
        4 => (person(), person(), 0..9u8).prop_map(|(steward, viewer, rights)| Step::Grant(steward, viewer, rights)),
        3 => (person(), person()).prop_map(|(steward, viewer)| Step::Revoke(steward, viewer)),
        2 => (person(), 0..4u64).prop_map(|(patient, count)| Step::Anchor(patient, count)),
        1 => (person(), person()).prop_map(|(steward, confirmer)| Step::SetConfirmer(steward, confirmer)),
        1 => (person(), person()).prop_map(|(patient, steward)| Step::Release(patient, steward)),
        3 => (person(), person(), person(), 1..8u8).prop_map(|(patient, steward, viewer, rights)| {
            Step::Confirm(patient, steward, viewer, rights)
        }),
        1 => (0..2u64).prop_map(Step::CreateGroup),
        2 => (person(), 0..2u64, person()).prop_map(|(owner, number, one)| Step::AddToGroup(owner, number, one)),
        2 => (person(), 0..2u64, person()).prop_map(|(owner, number, one)| {
            Step::RemoveFromGroup(owner, number, one)
        }),
    ]
}

/// A caller and what it calls; the registry is called by operators and others, the rest by people.
fn calls() -> impl Strategy<Value = Vec<(u8, Step)>> {
    let caller = prop_oneof![2 => prop::sample::select(OPERATORS.to_vec()), 5 => person()];
    prop::collection::vec((caller, step()), 1..120)
}

#[derive(Default)]
struct Model {
    members: BTreeMap<u8, bool>,
    votes: BTreeMap<(bool, u8), Vec<u8>>,
    relationships: BTreeMap<(u8, u8), Entry>,
    summary: BTreeMap<u8, Vec<(u8, u8)>>,
    /// Who was ever in a group of an owner, in this order, and whether they are now.
    groups: BTreeMap<(u8, u64), Vec<(u8, bool)>>,
}

#[derive(Default)]
struct Entry {
    status: u8,
    published: Option<(u8, u64)>,
    /// Entries in the access log at each anchor.
    anchors: Vec<u64>,
    viewers: Vec<u8>,
    grants: BTreeMap<u8, u8>,
    confirmer: Option<u8>,
    /// Grants that wait for the confirmer.
    proposals: BTreeMap<u8, u8>,
}

impl Model {
    fn is_member(&self, account: u8) -> bool {
        self.members.get(&account) == Some(&true)
    }

    fn entry(&mut self, patient: u8, steward: u8) -> &mut Entry {
        self.relationships.entry((patient, steward)).or_default()
    }

    /// Whether the vote is accepted; `votes` of an action are gone once it passes.
    fn vote(&mut self, caller: u8, admits: bool, member: u8) -> bool {
        let voters = self.votes.entry((admits, member)).or_default();
        if !OPERATORS.contains(&caller) || voters.contains(&caller) {
            return false;
        }
        voters.push(caller);
        if voters.len() > OPERATORS.len() / 2 {
            voters.clear();
            self.members.insert(member, admits);
        }
        true
    }

    /// Does the step if it is allowed; says whether it is.
    fn apply(&mut self, caller: u8, step: &Step) -> bool {
        match *step {
            Step::Admit(member) => !self.is_member(member) && self.vote(caller, true, member),
            Step::Remove(member) => self.is_member(member) && self.vote(caller, false, member),
            Step::Propose(patient) => {
                let allowed = self.is_member(caller)
                    && patient != caller
                    && self.move_status(patient, caller, |status| (status == 0).then_some(1));
                if allowed {
                    for participant in [patient, caller] {
                        self.summary.entry(participant).or_default().push((patient, caller));
                    }
                }
                allowed
            }
            Step::Accept(steward) => self.move_status(caller, steward, |status| (status == 1).then_some(2)),
            Step::Reject(steward) => self.move_status(caller, steward, |status| (status == 1).then_some(3)),
            Step::End(patient, steward) => {
                let may = |status| status == 2 || (status == 1 && caller == steward);
                (caller == patient || caller == steward)
                    && self.move_status(patient, steward, |status| may(status).then_some(4))
            }
            Step::Publish(patient, root) => {
                let is_member = self.is_member(caller);
                let entry = self.entry(patient, caller);
                let allowed = is_member && root != 0 && matches!(entry.status, 1 | 2);
                if allowed {
                    entry.published = Some((root, entry.published.map_or(1, |(_, revision)| revision + 1)));
                }
                allowed
            }
            Step::Grant(steward, viewer, rights) => self.grant(caller, steward, viewer, rights),
            Step::Revoke(steward, viewer) => {
                let entry = self.entry(caller, steward);
                let removed = (entry.grants.remove(&viewer), entry.proposals.remove(&viewer));
                removed != (None, None)
            }
            Step::SetConfirmer(steward, confirmer) => {
                let entry = self.entry(caller, steward);
                let allowed = entry.status == 2 && entry.confirmer.is_none() && confirmer != caller;
                if allowed {
                    entry.confirmer = Some(confirmer);
                }
                allowed
            }
            Step::Release(patient, steward) => {
                let entry = self.entry(patient, steward);
                entry.confirmer == Some(caller) && entry.confirmer.take().is_some()
            }
            Step::Confirm(patient, steward, viewer, rights) => {
                let entry = self.entry(patient, steward);
                let allowed = entry.status == 2
                    && entry.confirmer == Some(caller)
                    && entry.proposals.get(&viewer) == Some(&rights);
                if allowed {
                    entry.proposals.remove(&viewer);
                    entry.grants.insert(viewer, rights);
                }
                allowed
            }
            Step::CreateGroup(number) => {
                let is_new = !self.groups.contains_key(&(caller, number));
                self.groups.entry((caller, number)).or_default();
                is_new
            }
            Step::AddToGroup(owner, number, one) => {
                let group = self.groups.get_mut(&(owner, number)).filter(|_| caller == owner);
                let Some(group) = group else { return false };
                match group.iter_mut().find(|(listed, _)| *listed == one) {
                    Some((_, is_in)) => *is_in = true,
                    None => group.push((one, true)),
                }
                true
            }
            Step::RemoveFromGroup(owner, number, one) => {
                let may = caller == owner && self.groups.contains_key(&(owner, number)) || caller == one;
                let mut group = self.groups.get_mut(&(owner, number)).into_iter().flatten();
                let found = group.find(|(listed, is_in)| *listed == one && *is_in);
                may && found.map(|(_, is_in)| *is_in = false).is_some()
            }
            Step::Anchor(patient, count) => {
                let entry = self.entry(patient, caller);
                let allowed =
                    entry.status != 0 && entry.anchors.last().is_none_or(|last| count > *last) && count > 0;
                if allowed {
                    entry.anchors.push(count);
                }
                allowed
            }
        }
    }

    fn move_status(&mut self, patient: u8, steward: u8, next: impl Fn(u8) -> Option<u8>) -> bool {
        let entry = self.entry(patient, steward);
        let next = next(entry.status);
        entry.status = next.unwrap_or(entry.status);
        next.is_some()
    }

    fn grant(&mut self, patient: u8, steward: u8, viewer: u8, rights: u8) -> bool {
        let entry = self.entry(patient, steward);
        let allowed =
            entry.status == 2 && viewer != patient && viewer != steward && (1..=7).contains(&rights);
        if !allowed {
            return false;
        }
        let place = if entry.confirmer.is_none() { &mut entry.grants } else { &mut entry.proposals };
        place.insert(viewer, rights);
        if !entry.viewers.contains(&viewer) {
            entry.viewers.push(viewer);
            self.summary.entry(viewer).or_default().push((patient, steward));
        }
        true
    }
}

/// Whether the contracts accept the step.
fn run(chain: &mut Chain, caller: u8, step: &Step) -> bool {
    let (registry, relationships) = (chain.at.registry, chain.at.relationships);
    let (to, call) = match *step {
        Step::Admit(member) => (registry, admit_member(&admission(account(member), &member.to_string()))),
        Step::Remove(member) => (registry, remove_member(account(member))),
        Step::Propose(patient) => (relationships, propose(account(patient))),
        Step::Accept(steward) => (relationships, accept(account(steward))),
        Step::Reject(steward) => (relationships, reject(account(steward))),
        Step::End(patient, steward) => (relationships, end(account(patient), account(steward))),
        Step::Publish(patient, root) => {
            (relationships, publish(account(patient), B256::repeat_byte(root), u64::from(root)))
        }
        Step::Grant(steward, viewer, rights) => {
            let call = abi::grantCall {
                steward: account(steward),
                viewer: account(viewer),
                categories: Categories::ALL.bits(),
                rights,
                from: 7,
                until: 0,
            };
            (relationships, call.abi_encode())
        }
        Step::Revoke(steward, viewer) => (relationships, revoke(account(steward), account(viewer))),
        Step::SetConfirmer(steward, confirmer) => {
            (relationships, set_confirmer(account(steward), account(confirmer)))
        }
        Step::Release(patient, steward) => {
            (relationships, release_confirmer(account(patient), account(steward)))
        }
        Step::Confirm(patient, steward, viewer, rights) => {
            let call = abi::confirmCall {
                patient: account(patient),
                steward: account(steward),
                viewer: account(viewer),
                categories: Categories::ALL.bits(),
                rights,
                from: 7,
                until: 0,
            };
            (relationships, call.abi_encode())
        }
        Step::CreateGroup(number) => (relationships, create_group(number)),
        Step::AddToGroup(owner, number, one) => (
            relationships,
            add_to_group(
                group_address(account(owner), number),
                account(one),
                Categories::ALL,
                Rights::READ,
                None,
            ),
        ),
        Step::RemoveFromGroup(owner, number, one) => {
            (relationships, remove_from_group(group_address(account(owner), number), account(one)))
        }
        Step::Anchor(patient, count) => {
            (relationships, anchor_access_log(account(patient), B256::repeat_byte(1), count))
        }
    };
    chain.send(account(caller), to, call).is_ok()
}

fn anchored(anchors: &[u64]) -> LogAnchor {
    let points = anchors.iter().map(|count| LogPoint { count: *count, head: B256::repeat_byte(1) });
    points.fold(LogAnchor::NONE, LogAnchor::after)
}

fn status(code: u8) -> RelationshipStatus {
    use RelationshipStatus::{Active, Ended, None, Proposed, Rejected};
    [None, Proposed, Active, Rejected, Ended][usize::from(code)]
}

fn assert_same(chain: &Chain, model: &Model) {
    for person in PEOPLE {
        let member = chain.member(account(person)).map(|member| member.status == MemberStatus::Active);
        assert_eq!(member, model.members.get(&person).copied());
        let summary = model.summary.get(&person).cloned().unwrap_or_default();
        let entry =
            |(patient, steward)| SummaryEntry { patient: account(patient), steward: account(steward) };
        assert_eq!(chain.summary(account(person)), summary.into_iter().map(entry).collect::<Vec<_>>());
    }
    for (&(patient, steward), entry) in &model.relationships {
        let (patient, steward) = (account(patient), account(steward));
        let state = chain.relationship(patient, steward);
        assert_eq!((state.status, state.access_log), (status(entry.status), anchored(&entry.anchors)));
        let published = state.record_set.map(|set| (set.root, set.count, set.revision));
        let expected =
            entry.published.map(|(root, revision)| (B256::repeat_byte(root), root.into(), revision));
        assert_eq!(published, expected);
        let viewers: Vec<Address> = entry.viewers.iter().copied().map(account).collect();
        assert_eq!(chain.viewers(patient, steward), viewers);
        assert_eq!(chain.confirmer(patient, steward), entry.confirmer.map(account));
        for viewer in PEOPLE {
            let read = |terms: Option<GrantTerms>| {
                terms.map(|terms| (terms.categories, terms.rights, terms.from, terms.until))
            };
            let expected = |grants: &BTreeMap<u8, u8>| {
                let rights = grants.get(&viewer).and_then(|&bits| Rights::from_bits(bits));
                rights.map(|rights| (Categories::ALL, rights, 7, None))
            };
            let viewer = account(viewer);
            assert_eq!(read(chain.grant(patient, steward, viewer)), expected(&entry.grants));
            assert_eq!(read(chain.proposal(patient, steward, viewer)), expected(&entry.proposals));
        }
    }
    for owner in PEOPLE.into_iter().chain(OPERATORS) {
        for number in 0..2 {
            let group = group_address(account(owner), number);
            let listed = model.groups.get(&(owner, number));
            let members =
                |all: &Vec<(u8, bool)>| all.iter().map(|(one, _)| account(*one)).collect::<Vec<_>>();
            assert_eq!(chain.group(group), listed.map(|all| (account(owner), members(all))));
            for (one, is_in) in listed.into_iter().flatten() {
                assert_eq!(chain.membership(group, account(*one)).is_some(), *is_in);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn contracts_and_model_agree_on_every_call(calls in calls()) {
        let mut chain = Chain::new(&OPERATORS.map(account));
        let mut model = Model::default();
        // Two members from the start, so that most sequences get somewhere.
        let start = [1, 2].into_iter().flat_map(|operator| PEOPLE.map(|person| (operator, Step::Admit(person))));
        for (caller, step) in start.take(6).chain(calls) {
            let expected = model.apply(caller, &step);
            prop_assert_eq!(run(&mut chain, caller, &step), expected, "{} {:?}", caller, step);
        }
        assert_same(&chain, &model);
    }
}
