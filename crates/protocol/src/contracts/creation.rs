//! Creation of the three contracts. Only an operator's command calls this, so no browser build carries the code.
//!
//! The contracts know each other from their constructors: the addresses follow from the deployer's address and its
//! next transaction numbers, so no function has to set them later, and nobody can set them wrongly in between.
//!
//! Source: Yellow Paper §7 (addresses of created contracts); EIP-170 does not bind (each is under 7 kB).

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolValue;
use lightclient::keccak256;

/// Where a deployer's next three contracts will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// `Registry`, created first.
    pub registry: Address,
    /// `Relationships`, created second.
    pub relationships: Address,
    /// `Summary`, created third.
    pub summary: Address,
}

/// The addresses of the contracts that `deployer` creates with the transaction numbers `nonce`, `nonce + 1` and
/// `nonce + 2` (modulo 2^64, which no account reaches).
pub fn addresses(deployer: Address, nonce: u64) -> Addresses {
    Addresses {
        registry: created(deployer, nonce),
        relationships: created(deployer, nonce.wrapping_add(1)),
        summary: created(deployer, nonce.wrapping_add(2)),
    }
}

/// The last 20 bytes of `keccak256(rlp([deployer, nonce]))`.
fn created(deployer: Address, nonce: u64) -> Address {
    let mut number: Vec<u8> = nonce.to_be_bytes().into_iter().skip_while(|&byte| byte == 0).collect();
    if !matches!(number.as_slice(), [1..=0x7f]) {
        number.insert(0, 0x80 | short_length(&number));
    }
    let mut list = vec![0x80 | short_length(deployer.as_slice())];
    list.extend_from_slice(deployer.as_slice());
    list.append(&mut number);
    list.insert(0, 0xc0 | short_length(&list));
    Address::from_word(keccak256(list))
}

/// The length of something that has at most 30 bytes here.
fn short_length(bytes: &[u8]) -> u8 {
    bytes.len().try_into().expect("an address, a number, or both")
}

/// Creation code of `Registry` with its constructor's arguments.
pub fn registry(network_id: B256, operators: &[Address], at: &Addresses) -> Vec<u8> {
    let arguments = (network_id, operators.to_vec(), at.relationships, at.summary);
    with_arguments(REGISTRY, &arguments.abi_encode_params())
}

/// Creation code of `Relationships` with its constructor's arguments.
pub fn relationships(at: &Addresses) -> Vec<u8> {
    with_arguments(RELATIONSHIPS, &(at.registry, at.summary).abi_encode_params())
}

/// Creation code of `Summary` with its constructor's argument.
pub fn summary(at: &Addresses) -> Vec<u8> {
    with_arguments(SUMMARY, &(at.relationships,).abi_encode_params())
}

fn with_arguments(compiled: &str, arguments: &[u8]) -> Vec<u8> {
    let compiled: serde_json::Value =
        serde_json::from_str(compiled).expect("committed by the contracts' build");
    let code = compiled.get("bytecode").and_then(serde_json::Value::as_str);
    let mut code = alloy_primitives::hex::decode(code.expect("committed by the contracts' build"))
        .expect("committed by the contracts' build");
    code.extend_from_slice(arguments);
    code
}

pub(crate) const REGISTRY: &str = include_str!("../../contracts/compiled/Registry.json");
pub(crate) const RELATIONSHIPS: &str = include_str!("../../contracts/compiled/Relationships.json");
pub(crate) const SUMMARY: &str = include_str!("../../contracts/compiled/Summary.json");
