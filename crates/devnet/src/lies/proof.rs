//! Lies about `eth_getProof`: proofs that are too short, too long, of something else, or contradicted by what is said beside them.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use serde_json::{Map, Value, json};

use super::{EVERY, Kind, Lie};
use crate::rpc::{Params, RpcError, View, quantity};

/// What is wrong with the proofs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProofLie {
    AbsentAsEmpty,
    AbsentSlots,
    BloatedProof,
    CutNode,
    DuplicateNode,
    DuplicateSlots,
    MissingNode,
    OmittedSlot,
    OtherAccount,
    OtherSlot,
    ReorderedSlots,
    ReversedNodes,
    SpareNode,
    WrongProof,
    WrongValue,
}

const fn lie(name: &'static str, lie: ProofLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes: EVERY, kind: Kind::Proof(lie) }
}

pub(super) const LIES: [Lie; 15] = [
    lie(
        "absent-as-empty",
        ProofLie::AbsentAsEmpty,
        "Says that accounts which exist do not, and proves it with nothing.",
    ),
    lie(
        "absent-slots",
        ProofLie::AbsentSlots,
        "Says that storage slots which are set are not, with the nodes down to their parents as proof.",
    ),
    lie(
        "bloated-proof",
        ProofLie::BloatedProof,
        "Adds four thousand nodes that are not needed to every proof.",
    ),
    lie("cut-node", ProofLie::CutNode, "Leaves out the last byte of the last node of every proof."),
    lie("duplicate-node", ProofLie::DuplicateNode, "Gives the last node of every proof twice."),
    lie("duplicate-slots", ProofLie::DuplicateSlots, "Gives every storage proof twice."),
    lie("missing-node", ProofLie::MissingNode, "Leaves the last node out of every proof."),
    lie("omitted-slot", ProofLie::OmittedSlot, "Leaves the last storage proof out."),
    lie(
        "other-account",
        ProofLie::OtherAccount,
        "Answers with the valid proof of an account that was not asked for.",
    ),
    lie(
        "other-slot",
        ProofLie::OtherSlot,
        "Gives each storage slot the valid proof and value of another one.",
    ),
    lie(
        "reordered-slots",
        ProofLie::ReorderedSlots,
        "Gives the true storage proofs in descending order of their keys: harmless, to be accepted.",
    ),
    lie(
        "reversed-nodes",
        ProofLie::ReversedNodes,
        "Gives the nodes of every proof from the leaf to the root.",
    ),
    lie("spare-node", ProofLie::SpareNode, "Adds a node that is not needed to every proof."),
    lie("wrong-proof", ProofLie::WrongProof, "Changes the value in every proof."),
    lie("wrong-value", ProofLie::WrongValue, "Says other values than the true proofs beside them prove."),
];

impl ProofLie {
    /// Answers `eth_getProof`.
    pub(super) fn answer(self, view: View<'_>, params: &Params<'_>) -> Result<Value, RpcError> {
        let mut answer = view.answer("eth_getProof", params)?;
        let Some(fields) = answer.as_object_mut() else { return Ok(answer) };
        match self {
            Self::AbsentAsEmpty => deny(fields),
            Self::AbsentSlots => deny_slots(fields),
            Self::BloatedProof => for_each_proof(fields, |nodes| {
                nodes.resize(nodes.len() + BLOAT, json!(SPARE_NODE));
            }),
            Self::CutNode => change_last_nodes(fields, |node| {
                node.pop();
            }),
            Self::DuplicateNode => for_each_proof(fields, |nodes| nodes.extend(nodes.last().cloned())),
            Self::DuplicateSlots => change_slots(fields, |slots| slots.extend_from_within(..)),
            Self::MissingNode => for_each_proof(fields, |nodes| {
                nodes.pop();
            }),
            Self::OmittedSlot => change_slots(fields, |slots| {
                slots.pop();
            }),
            Self::OtherAccount => swap_account(view, params, fields)?,
            Self::OtherSlot => swap_slots(view, params, fields)?,
            Self::ReorderedSlots => change_slots(fields, |slots| {
                slots.sort_by_key(|slot| std::cmp::Reverse(number(slot.get("key"))));
            }),
            Self::ReversedNodes => for_each_proof(fields, |nodes| nodes.reverse()),
            Self::SpareNode => for_each_proof(fields, |nodes| nodes.push(json!(SPARE_NODE))),
            Self::WrongProof => {
                change_values(fields);
                change_last_nodes(fields, |node| node.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1));
            }
            Self::WrongValue => change_values(fields),
        }
        Ok(answer)
    }
}

fn deny(fields: &mut Map<String, Value>) {
    for (name, value) in [
        ("accountProof", json!([])),
        ("balance", quantity(0)),
        ("codeHash", json!(KECCAK_EMPTY)),
        ("nonce", quantity(0)),
        ("storageHash", json!(EMPTY_ROOT_HASH)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    for slot in slots(fields) {
        slot.insert("value".to_owned(), quantity(0));
        slot.insert("proof".to_owned(), json!([]));
    }
}

fn deny_slots(fields: &mut Map<String, Value>) {
    for slot in slots(fields).filter(|slot| number(slot.get("value")) != U256::ZERO) {
        slot.insert("value".to_owned(), quantity(0));
        slot.get_mut("proof").and_then(Value::as_array_mut).and_then(Vec::pop);
    }
}

fn swap_account(
    view: View<'_>,
    params: &Params<'_>,
    fields: &mut Map<String, Value>,
) -> Result<(), RpcError> {
    let at = view.snapshot(&params.selector(2)?)?;
    let Some((proof, account)) = at.state.other_account(params.address(0)?) else { return Ok(()) };
    for (name, value) in [
        ("accountProof", json!(proof)),
        ("balance", json!(account.balance)),
        ("codeHash", json!(account.code_hash)),
        ("nonce", quantity(account.nonce)),
        ("storageHash", json!(account.storage.root())),
    ] {
        fields.insert(name.to_owned(), value);
    }
    for slot in slots(fields) {
        let key = keccak256(B256::from(number(slot.get("key"))));
        slot.insert("value".to_owned(), json!(account.storage.get(&key).copied().unwrap_or_default()));
        slot.insert("proof".to_owned(), json!(account.storage.prove(&key)));
    }
    Ok(())
}

fn swap_slots(view: View<'_>, params: &Params<'_>, fields: &mut Map<String, Value>) -> Result<(), RpcError> {
    let at = view.snapshot(&params.selector(2)?)?;
    let Some(account) = at.state.account(params.address(0)?) else { return Ok(()) };
    let entries = account.storage.entries();
    for slot in slots(fields) {
        let asked = keccak256(B256::from(number(slot.get("key"))));
        let Some((key, value)) = entries.iter().find(|(key, _)| *key != asked) else { continue };
        slot.insert("value".to_owned(), json!(value));
        slot.insert("proof".to_owned(), json!(account.storage.prove(key)));
    }
    Ok(())
}

/// Adds one to the value of each slot; without slots to the balance.
fn change_values(fields: &mut Map<String, Value>) {
    let mut changed = false;
    for slot in slots(fields) {
        add_one(slot, "value");
        changed = true;
    }
    if !changed {
        add_one(fields, "balance");
    }
}

fn add_one(fields: &mut Map<String, Value>, name: &str) {
    let more = number(fields.get(name)).wrapping_add(U256::from(1));
    fields.insert(name.to_owned(), json!(more));
}

/// Changes the last node of each storage proof; without slots of the account's.
fn change_last_nodes(fields: &mut Map<String, Value>, change: impl Fn(&mut Vec<u8>)) {
    let change_last = |proof: Option<&mut Value>| {
        let Some(node) = proof.and_then(Value::as_array_mut).and_then(|nodes| nodes.last_mut()) else {
            return;
        };
        let bytes = node.as_str().and_then(|text| text.parse::<Bytes>().ok()).unwrap_or_default();
        let mut bytes = bytes.to_vec();
        change(&mut bytes);
        *node = json!(Bytes::from(bytes));
    };
    let mut changed = false;
    for slot in slots(fields) {
        change_last(slot.get_mut("proof"));
        changed = true;
    }
    if !changed {
        change_last(fields.get_mut("accountProof"));
    }
}

fn change_slots(fields: &mut Map<String, Value>, change: impl FnOnce(&mut Vec<Value>)) {
    if let Some(slots) = fields.get_mut("storageProof").and_then(Value::as_array_mut) {
        change(slots);
    }
}

fn for_each_proof(fields: &mut Map<String, Value>, mut change: impl FnMut(&mut Vec<Value>)) {
    fields.get_mut("accountProof").and_then(Value::as_array_mut).into_iter().for_each(&mut change);
    for slot in slots(fields) {
        slot.get_mut("proof").and_then(Value::as_array_mut).into_iter().for_each(&mut change);
    }
}

fn slots(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    fields
        .get_mut("storageProof")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn number(value: Option<&Value>) -> U256 {
    value.and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A leaf that leads nowhere.
const SPARE_NODE: &str = "0xc22001";

const BLOAT: usize = 4000;
