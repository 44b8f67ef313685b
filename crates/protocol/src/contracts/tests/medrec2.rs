//! Tests of the faults of MedRec 2.0's contracts, each of them gone (`research/medrec.md` §1.11; the numbers are
//! those of its table). Faults 1 to 5 and 14 lie outside the contracts: see the tests of calls (`request`), grants and the
//! gatekeeper.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, Bytes};
use records::category::Categories;
use serde_json::Value;

use super::chain::{Chain, Reverted};
use super::*;
use crate::contracts::creation;
use crate::layout::{MemberStatus, RelationshipStatus, Rights};

const STEWARD: u8 = 0x10;
const PATIENT: u8 = 0x20;
const VIEWER: u8 = 0x30;
const STRANGER: u8 = 0x40;

fn chain(operators: u8) -> Chain {
    let operators: Vec<Address> = (1..=operators).map(account).collect();
    let mut chain = Chain::new(&operators);
    let call = admit_member(&admission(account(STEWARD), "General Hospital"));
    for operator in operators.iter().take(operators.len() / 2 + 1) {
        chain.send(*operator, chain.at.registry, call.clone()).unwrap();
    }
    for (from, call) in [
        (STEWARD, propose(account(PATIENT))),
        (PATIENT, accept(account(STEWARD))),
        (PATIENT, grant(account(STEWARD), account(VIEWER), Categories::ALL, Rights::READ, 0, None)),
    ] {
        chain.send(account(from), chain.at.relationships, call).unwrap();
    }
    chain
}

/// Every call that could change something for `STEWARD`, `PATIENT` or `VIEWER`.
fn all_calls() -> Vec<(bool, Vec<u8>)> {
    let [steward, patient, viewer] = [STEWARD, PATIENT, VIEWER].map(account);
    let word = B256::repeat_byte(9);
    let registry = [
        admit_member(&admission(account(STRANGER), "Stranger")),
        remove_member(steward),
        add_operator(account(STRANGER)),
        remove_operator(account(1)),
        update_profile(word, word, "https://stranger.example.org"),
    ];
    let relationships = [
        propose(patient),
        accept(steward),
        reject(steward),
        end(patient, steward),
        publish(patient, word, 1),
        grant(steward, account(STRANGER), Categories::ALL, Rights::READ, 0, None),
        revoke(steward, viewer),
        anchor_access_log(patient, word, 1),
    ];
    let registry = registry.into_iter().map(|call| (true, call));
    registry.chain(relationships.into_iter().map(|call| (false, call))).collect()
}

#[derive(Debug, PartialEq)]
struct Snapshot(Vec<Member>, RelationshipState, Option<GrantTerms>, Vec<SummaryEntry>);

fn snapshot(chain: &Chain) -> Snapshot {
    let [steward, patient, viewer] = [STEWARD, PATIENT, VIEWER].map(account);
    Snapshot(
        chain.members().into_iter().map(|member| chain.member(member).unwrap()).collect(),
        chain.relationship(patient, steward),
        chain.grant(patient, steward, viewer),
        chain.summary(patient),
    )
}

/// Faults 6, 7, 8 and 10: open callers.
#[test]
fn faults_6_7_8_10_a_stranger_changes_nothing() {
    let mut chain = chain(3);
    let before = snapshot(&chain);
    for (is_registry, call) in all_calls() {
        let to = if is_registry { chain.at.registry } else { chain.at.relationships };
        let refused = chain.send(account(STRANGER), to, call.clone());
        assert!(refused.is_err(), "a stranger's {:x}", Bytes::from(call));
        assert_eq!(snapshot(&chain), before);
    }
}

/// Fault 7: a member's address and name stand in the registry only, and another member cannot touch them.
#[test]
fn fault_7_nobody_redirects_a_patient_to_another_host() {
    let mut chain = chain(1);
    let call = admit_member(&admission(account(STRANGER), "Mallory's clinic"));
    chain.send(account(1), chain.at.registry, call).unwrap();
    let before = chain.member(account(STEWARD));
    let call = update_profile(B256::repeat_byte(9), B256::ZERO, "https://mallory.example.org");
    chain.send(account(STRANGER), chain.at.registry, call).unwrap();
    assert_eq!(chain.member(account(STEWARD)), before);
}

/// Fault 9: “2 signers pass with 1 yes, 4 with 2”.
#[test]
fn fault_9_half_of_the_operators_is_no_majority() {
    for operators in [2, 4, 6] {
        let mut chain = chain(operators);
        let call = admit_member(&admission(account(STRANGER), "Stranger"));
        for operator in 1..=operators / 2 {
            chain.send(account(operator), chain.at.registry, call.clone()).unwrap();
        }
        assert_eq!(chain.member(account(STRANGER)), None, "{operators} operators");
    }
}

/// Fault 9: “two pending proposals may hold the same name”.
#[test]
fn fault_9_no_two_active_members_bear_one_name() {
    let mut chain = chain(3);
    let taken = Reverted::with(errors::NameTaken { member: account(STRANGER) });
    let [first, second] =
        [STRANGER, STRANGER + 1].map(|member| admit_member(&admission(account(member), "Clinic")));
    let registry = chain.at.registry;
    chain.send(account(1), registry, first.clone()).unwrap();
    chain.send(account(1), registry, second.clone()).unwrap();
    chain.send(account(2), registry, first).unwrap();
    assert_eq!(chain.send(account(2), registry, second.clone()), Err(taken));
    assert_eq!(chain.member(account(STRANGER + 1)), None);
    // A name is free again when its bearer is removed.
    for operator in [1, 2] {
        chain.send(account(operator), registry, remove_member(account(STRANGER))).unwrap();
    }
    chain.send(account(2), registry, second).unwrap();
    assert!(chain.member(account(STRANGER + 1)).is_some());
}

#[test]
fn fault_11_a_removed_member_is_read_as_removed() {
    let mut chain = chain(1);
    let (operator, registry, member) = (account(1), chain.at.registry, account(STEWARD));
    assert_eq!(chain.member(member).map(|member| member.status), Some(MemberStatus::Active));
    chain.send(operator, registry, remove_member(member)).unwrap();
    assert_eq!(chain.member(member).map(|member| member.status), Some(MemberStatus::Removed));
}

/// Fault 12: names of viewers in clear. No call of `Relationships` takes a text.
#[test]
fn fault_12_relationships_hold_no_text() {
    let compiled: Value = serde_json::from_str(creation::RELATIONSHIPS).unwrap();
    let types: BTreeSet<&str> = compiled["abi"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["type"] == "function")
        .flat_map(|entry| entry["inputs"].as_array().unwrap())
        .map(|input| input["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["address", "bytes32", "uint16", "uint256", "uint64", "uint8"].into());
}

/// Fault 13: “provider may selfdestruct the contract holding the grants”.
#[test]
fn fault_13_nothing_destroys_or_replaces_the_contracts() {
    let chain = chain(1);
    for address in [chain.at.registry, chain.at.relationships, chain.at.summary] {
        let code = chain.code(address);
        let forbidden = opcodes(&code).into_iter().find(|opcode| FORBIDDEN.contains(opcode));
        assert_eq!(forbidden, None, "{address}");
    }
}

/// CREATE, CALLCODE, DELEGATECALL, CREATE2, SELFDESTRUCT.
const FORBIDDEN: [u8; 5] = [0xf0, 0xf2, 0xf4, 0xf5, 0xff];

/// The opcodes of a contract, without the bytes that PUSH1 to PUSH32 carry.
fn opcodes(code: &[u8]) -> Vec<u8> {
    let mut opcodes = Vec::new();
    let mut bytes = code.iter().copied();
    while let Some(opcode) = bytes.next() {
        opcodes.push(opcode);
        if let carried @ 1..=32 = usize::from(opcode).saturating_sub(0x5f) {
            bytes.nth(carried - 1);
        }
    }
    opcodes
}

/// Fault 13: the steward can end the relationship, not take away what is written.
#[test]
fn fault_13_an_end_leaves_grants_and_history() {
    let mut chain = chain(1);
    let before = snapshot(&chain);
    let call = end(account(PATIENT), account(STEWARD));
    chain.send(account(STEWARD), chain.at.relationships, call).unwrap();
    let after = snapshot(&chain);
    assert_eq!(after.1.status, RelationshipStatus::Ended);
    assert_eq!((after.2, after.3), (before.2, before.3));
}

/// Fault 15: “no data hash anywhere”.
#[test]
fn fault_15_a_publication_puts_the_root_of_the_record_set_on_chain() {
    let mut chain = chain(1);
    let root = B256::repeat_byte(0x15);
    let call = publish(account(PATIENT), root, 40);
    chain.send(account(STEWARD), chain.at.relationships, call).unwrap();
    let anchor = chain.relationship(account(PATIENT), account(STEWARD)).record_set.unwrap();
    assert_eq!((anchor.root, anchor.count, anchor.revision), (root, 40, 1));
}
