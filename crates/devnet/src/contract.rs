//! The contract that names the validators when headers do not (QBFT's contract mode).
//!
//! ```solidity
//! contract Vals {
//!     address[] validators; // slot 0
//!     event Changed(uint256 n);
//!     function getValidators() external view returns (address[] memory) { return validators; }
//!     function add(address a) external { validators.push(a); emit Changed(validators.length); }
//!     function remove(uint256 i) external { validators[i] = validators[validators.length-1]; validators.pop(); emit Changed(validators.length); }
//! }
//! ```
//!
//! It is part of the genesis state. Anybody may call it: on a real network nobody may.
//!
//! Source: the contract and its code as recorded from a GoQuorum network in contract mode (solc 0.8, London or earlier).

use alloy_consensus::{SignableTransaction as _, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, hex, keccak256};
use k256::ecdsa::SigningKey;

use crate::seal::sign;
use crate::state::{AccountFields, Change, Changes, State};

/// Where the contract is.
pub(crate) const ADDRESS: Address = address!("0000000000000000000000000000000000008888");

/// Returns what puts the contract into an empty state.
pub(crate) fn genesis(validators: &[Address]) -> Changes {
    let code = Bytes::from(hex::decode(CODE.trim()).expect("the file holds hex digits only"));
    let code_hash = keccak256(&code);
    let length = (B256::ZERO, U256::from(validators.len()));
    let entries = (0_u64..).zip(validators).map(|(place, validator)| (entry(place), word(*validator)));
    let slots =
        std::iter::once(length).chain(entries).map(|(slot, value)| (keccak256(slot), value)).collect();
    let account = Some(AccountFields { nonce: 1, balance: U256::ZERO, code_hash });
    let change = Change { key: keccak256(ADDRESS), account, wiped: false, slots };
    Changes { forward: vec![change], codes: [(code_hash, code)].into(), ..Changes::default() }
}

/// Returns the validators the contract names.
pub(crate) fn validators(state: &State) -> Vec<Address> {
    let length: u64 = state.slot(ADDRESS, B256::ZERO).saturating_to();
    (0..length).map(|place| Address::from_word(state.slot(ADDRESS, entry(place)).into())).collect()
}

/// Returns a signed transaction that adds a validator.
pub(crate) fn add(chain_id: u64, key: &SigningKey, validator: Address) -> Bytes {
    call(chain_id, key, "add(address)", word(validator))
}

/// Returns a signed transaction that removes the validator at a place.
pub(crate) fn remove(chain_id: u64, key: &SigningKey, place: usize) -> Bytes {
    call(chain_id, key, "remove(uint256)", U256::from(place))
}

fn call(chain_id: u64, key: &SigningKey, signature: &str, argument: U256) -> Bytes {
    let selector = keccak256(signature).0.into_iter().take(4);
    let transaction = TxLegacy {
        chain_id: Some(chain_id),
        nonce: 0,
        gas_price: 0,
        gas_limit: GAS,
        to: TxKind::Call(ADDRESS),
        value: U256::ZERO,
        input: selector.chain(argument.to_be_bytes::<32>()).collect(),
    };
    let seal = sign(key, transaction.signature_hash());
    let (scalars, parity) = seal.split_at(64);
    let signature = Signature::from_bytes_and_parity(scalars, parity == [1]);
    let mut raw = Vec::new();
    transaction.into_signed(signature).rlp_encode(&mut raw);
    raw.into()
}

/// Returns the slot of an entry of the array in slot 0.
fn entry(place: u64) -> B256 {
    let first: U256 = keccak256(B256::ZERO).into();
    first.wrapping_add(U256::from(place)).into()
}

fn word(address: Address) -> U256 {
    address.into_word().into()
}

const CODE: &str = include_str!("validators.hex");
const GAS: u64 = 200_000;
