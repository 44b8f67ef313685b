//! What every engine has to prove of the registry deployed on it, and what nobody may make of its answers.

use alloy_primitives::Address;
use client::Client;
use lightclient::Fault;
use protocol::layout::{MemberKind, MemberStatus};
use protocol::network::Network;
use serde_json::Value;

use super::engine::admission;
use super::platform::{Altered, Change};

/// Syncs and proves the whole directory: it is what was written.
pub(crate) async fn is_proven(network: &Network, honest: &[Change]) {
    let client = Client::new(network.clone(), Altered::new(honest));
    client.sync().await.unwrap();
    let head = client.head().unwrap();
    let members = client.members(&head).await.unwrap();
    let [member] = members.as_slice() else { panic!("{members:?}") };
    let written = admission();
    assert_eq!(member.address, written.member);
    assert_eq!((member.kind, member.status), (MemberKind::Provider, MemberStatus::Active));
    assert_eq!(member.encryption_key, written.encryption_key);
    assert_eq!(member.profile_digest, written.profile_digest);
    assert_eq!((&member.name, &member.endpoint), (&written.name, &written.endpoint));

    let nobody = Address::repeat_byte(0xee);
    assert_eq!(client.member(&head, nobody).await.unwrap(), None);
    assert!(!client.account(&head, nobody).await.unwrap().exists());
    for contract in [&network.registry, &network.relationships, &network.summary] {
        client.state(&head, contract, &[]).await.unwrap();
    }
}

/// Each lie ends with its own error, and the node is to blame.
pub(crate) async fn refuses_lies(network: &Network, honest: &[Change]) {
    for (lie, code) in LIES {
        let client = Client::new(network.clone(), Altered::new(&[honest, &[lie]].concat()));
        let error = match client.sync().await {
            Ok(_) => client.members(&client.head().unwrap()).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.code().as_str(), error.fault()), (code, Fault::Peer), "{error:?}");
    }
}

/// What somebody in between may do to answers, and the code of the error that it comes to.
const LIES: [(Change, &str); 9] = [
    (|result| flip(result, "/stateRoot"), "header/hash-mismatch"),
    (|result| flip_after_genesis(result, "/stateRoot"), "header/unknown-signer"),
    (|result| flip_after_genesis(result, "/receiptsRoot"), "header/unknown-signer"),
    (|result| flip(result, "/accountProof/0"), "proof/root-mismatch"),
    (|result| flip(result, "/accountProof/1"), "proof/node-mismatch"),
    (|result| drop_last(result, "/accountProof"), "proof/incomplete"),
    (|result| repeat_last(result, "/accountProof"), "proof/spare-nodes"),
    (|result| drop_last(result, "/storageProof/0/proof"), "proof/incomplete"),
    (swap_first_slots, "proof/node-mismatch"),
];

/// Changes the last digit of a member, if there is one.
fn flip(result: &mut Value, member: &str) {
    if let Some(Value::String(text)) = result.pointer_mut(member) {
        let last = if text.pop() == Some('0') { '1' } else { '0' };
        text.push(last);
    }
}

/// Leaves the trusted checkpoint as it is.
fn flip_after_genesis(block: &mut Value, member: &str) {
    if block["number"] != "0x0" {
        flip(block, member);
    }
}

fn drop_last(result: &mut Value, list: &str) {
    if let Some(Value::Array(nodes)) = result.pointer_mut(list) {
        nodes.pop();
    }
}

fn repeat_last(result: &mut Value, list: &str) {
    if let Some(Value::Array(nodes)) = result.pointer_mut(list) {
        nodes.extend(nodes.last().cloned());
    }
}

/// Gives the first slot the proof of the second and the other way round.
fn swap_first_slots(result: &mut Value) {
    if let Some(Value::Array(slots)) = result.get_mut("storageProof")
        && let [first, second, ..] = slots.as_mut_slice()
    {
        core::mem::swap(&mut first["proof"], &mut second["proof"]);
    }
}
