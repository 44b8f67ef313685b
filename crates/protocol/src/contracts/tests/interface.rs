//! Tests of the declarations in Rust against the compiled interface, and of the created code against the compiled.

use std::collections::BTreeSet;

use alloy_primitives::{address, keccak256};
use alloy_sol_types::{SolCall, SolError};
use serde_json::Value;

use super::chain::{Chain, DEPLOYER, NETWORK_ID};
use super::{account, errors};
use crate::contracts::{abi, creation};

fn compiled(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// `name(type,…)` of the ABI's entries of one kind that `keep` keeps.
fn signatures(json: &str, kind: &str, keep: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let abi = compiled(json)["abi"].as_array().unwrap().clone();
    abi.iter()
        .filter(|entry| entry["type"] == kind && keep(entry))
        .map(|entry| {
            let types: Vec<String> =
                entry["inputs"].as_array().unwrap().iter().map(|input| text(&input["type"])).collect();
            format!("{}({})", text(&entry["name"]), types.join(","))
        })
        .collect()
}

fn changing(json: &str) -> BTreeSet<String> {
    signatures(json, "function", |entry| entry["stateMutability"] == "nonpayable")
}

fn declared<const N: usize>(calls: [(&str, [u8; 4]); N]) -> BTreeSet<String> {
    for (signature, selector) in calls {
        assert_eq!(selector, keccak256(signature)[..4], "{signature}");
    }
    calls.map(|(signature, _)| signature.to_owned()).into()
}

fn call<C: SolCall>() -> (&'static str, [u8; 4]) {
    (C::SIGNATURE, C::SELECTOR)
}

fn error<E: SolError>() -> (&'static str, [u8; 4]) {
    (E::SIGNATURE, E::SELECTOR)
}

#[test]
fn every_changing_function_of_relationships_is_declared() {
    let declared = declared([
        call::<abi::acceptCall>(),
        call::<abi::addToGroupCall>(),
        call::<abi::anchorAccessLogCall>(),
        call::<abi::confirmCall>(),
        call::<abi::createGroupCall>(),
        call::<abi::releaseConfirmerCall>(),
        call::<abi::removeFromGroupCall>(),
        call::<abi::setConfirmerCall>(),
        call::<abi::endCall>(),
        call::<abi::grantCall>(),
        call::<abi::proposeCall>(),
        call::<abi::publishCall>(),
        call::<abi::rejectCall>(),
        call::<abi::revokeCall>(),
    ]);
    assert_eq!(declared, changing(creation::RELATIONSHIPS));
}

#[test]
fn every_changing_function_of_the_registry_is_declared() {
    let declared = declared([
        call::<abi::addOperatorCall>(),
        call::<abi::admitMemberCall>(),
        call::<abi::approveKeyCall>(),
        call::<abi::removeMemberCall>(),
        call::<abi::setGuardiansCall>(),
        call::<abi::vetoKeyCall>(),
        call::<abi::offerKeyCall>(),
        call::<abi::removeOperatorCall>(),
        call::<abi::takeKeyCall>(),
        call::<abi::updateProfileCall>(),
        call::<abi::withdrawVoteCall>(),
    ]);
    assert_eq!(declared, changing(creation::REGISTRY));
}

#[test]
fn the_summary_changes_by_one_function_only() {
    assert_eq!(changing(creation::SUMMARY), ["append(address,address,address)".to_owned()].into());
}

#[test]
fn every_error_of_the_contracts_is_declared() {
    let declared = declared([
        error::<errors::AlreadyMember>(),
        error::<errors::AlreadyOperator>(),
        error::<errors::AlreadyVoted>(),
        error::<errors::BadAddress>(),
        error::<errors::BadCategories>(),
        error::<errors::BadLength>(),
        error::<errors::BadPeriod>(),
        error::<errors::BadRights>(),
        error::<errors::Full>(),
        error::<errors::KeyReplaced>(),
        error::<errors::BadDelay>(),
        error::<errors::KeyUsed>(),
        error::<errors::NotGuardian>(),
        error::<errors::NotReady>(),
        error::<errors::WrongCircle>(),
        error::<errors::NotOffered>(),
        error::<errors::GroupExists>(),
        error::<errors::NotGroupOwner>(),
        error::<errors::NotInGroup>(),
        error::<errors::OtherTerms>(),
        error::<errors::WrongConfirmer>(),
        error::<errors::LastOperator>(),
        error::<errors::LogNotLonger>(),
        error::<errors::QuotaSpent>(),
        error::<errors::NameTaken>(),
        error::<errors::NoGrant>(),
        error::<errors::NoKind>(),
        error::<errors::NoVote>(),
        error::<errors::NotMember>(),
        error::<errors::NotOperator>(),
        error::<errors::NotParty>(),
        error::<errors::NotRelationships>(),
        error::<errors::UnknownOperator>(),
        error::<errors::WrongStatus>(),
        error::<errors::ZeroAddress>(),
        error::<errors::ZeroWord>(),
    ]);
    let sources = [creation::REGISTRY, creation::RELATIONSHIPS, creation::SUMMARY];
    let compiled: BTreeSet<String> =
        sources.into_iter().flat_map(|json| signatures(json, "error", |_| true)).collect();
    assert_eq!(declared, compiled);
}

#[test]
fn no_function_takes_ether() {
    for json in [creation::REGISTRY, creation::RELATIONSHIPS, creation::SUMMARY] {
        let payable = compiled(json)["abi"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["stateMutability"] == "payable" || entry["type"] == "receive");
        assert!(!payable);
    }
}

#[test]
fn the_deployed_code_is_the_compiled_code_with_the_addresses_filled_in() {
    let chain = Chain::new(&[account(1)]);
    for (address, json) in [
        (chain.at.registry, creation::REGISTRY),
        (chain.at.relationships, creation::RELATIONSHIPS),
        (chain.at.summary, creation::SUMMARY),
    ] {
        let code = compiled(json)["deployedBytecode"].as_str().unwrap().to_owned();
        let expected = alloy_primitives::hex::decode(code).unwrap();
        let found = chain.code(address);
        assert_eq!(found.len(), expected.len());
        // Immutable addresses are zero in the compiled code.
        assert!(found.iter().zip(&expected).all(|(found, &expected)| expected == 0 || *found == expected));
    }
    let network_id = crate::layout::NetworkIdQuery.slots();
    assert_eq!(chain.words(chain.at.registry, network_id)[0].value, NETWORK_ID);
}

#[test]
fn created_addresses_follow_from_the_number() {
    // Known pair: the first contract of an account of the development chains that everyone uses.
    let known = address!("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
    assert_eq!(
        creation::addresses(known, 0).registry,
        address!("0x5fbdb2315678afecb367f032d93f642f64180aa3")
    );
    // RLP of the number: one byte up to 127, then with a length.
    let chain = |nonce| creation::addresses(DEPLOYER, nonce);
    assert_eq!(chain(126).summary, chain(128).registry);
    assert_eq!(chain(254).summary, chain(256).registry);
}
