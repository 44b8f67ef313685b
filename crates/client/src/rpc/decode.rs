//! Reads the answers to `eth_getBlockBy…` and `eth_getProof`, and JSON-RPC's numbers and byte strings; transactions and
//! receipts have modules of their own.
//!
//! Strict about form, silent about truth: every value that comes out is as unproven as it was before. Lengths are
//! limited before anything is allocated for them. Sources: Ethereum execution-apis (`schemas/base-types`), EIP-1186.

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, hex};
use lightclient::Header;
use serde::Deserialize;
use serde_json::Value;

use super::{MAX_ANSWER_BYTES, RpcError, printable, shape_of};

mod receipt;
mod transaction;

pub use receipt::{decode_receipt, decode_receipts};
pub use transaction::{decode_transaction_block, decode_transactions};

/// An answer to `eth_getProof`, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofAnswer {
    /// The trie nodes from the state root to the account.
    pub account_proof: Vec<Bytes>,
    /// For each slot asked, in that order: the trie nodes, or `None` where the answer has no entry (only right for an
    /// absent account).
    pub storage: Vec<Option<Vec<Bytes>>>,
}

/// The members of a block answer that belong to the header. Others (`hash`, `size`, `transactions`, …) are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeaderAnswer {
    parent_hash: String,
    #[serde(rename = "sha3Uncles")]
    ommers_hash: String,
    miner: String,
    state_root: String,
    transactions_root: String,
    receipts_root: String,
    logs_bloom: String,
    difficulty: String,
    number: String,
    gas_limit: String,
    gas_used: String,
    timestamp: String,
    extra_data: String,
    mix_hash: String,
    nonce: String,
    base_fee_per_gas: Option<String>,
    withdrawals_root: Option<String>,
    blob_gas_used: Option<String>,
    excess_blob_gas: Option<String>,
    parent_beacon_block_root: Option<String>,
    requests_hash: Option<String>,
}

/// Rebuilds a header of 15 to 21 fields from the answer to `eth_getBlockByNumber` or `eth_getBlockByHash`.
/// What it hashes to, and whether it is the block that was asked for, is for `lightclient` to find out.
///
/// # Errors
/// [`RpcError::Absent`] for `null`; [`RpcError`] of the peer's fault for anything ill-formed.
pub fn decode_header(answer: &Value) -> Result<Header, RpcError> {
    if answer.is_null() {
        return Err(RpcError::Absent { what: "such block" });
    }
    let json = HeaderAnswer::deserialize(answer).map_err(shape_of("block", "all header fields"))?;
    let header = Header {
        parent_hash: hash("parentHash", &json.parent_hash)?,
        ommers_hash: hash("sha3Uncles", &json.ommers_hash)?,
        coinbase: address("miner", &json.miner)?,
        state_root: hash("stateRoot", &json.state_root)?,
        transactions_root: hash("transactionsRoot", &json.transactions_root)?,
        receipts_root: hash("receiptsRoot", &json.receipts_root)?,
        logs_bloom: Bloom::from(fixed_bytes("logsBloom", "256 bytes", &json.logs_bloom)?),
        difficulty: decode_u256("difficulty", &json.difficulty)?,
        number: decode_u64("number", &json.number)?,
        gas_limit: decode_u64("gasLimit", &json.gas_limit)?,
        gas_used: decode_u64("gasUsed", &json.gas_used)?,
        timestamp: decode_u64("timestamp", &json.timestamp)?,
        extra_data: data("extraData", &json.extra_data, MAX_EXTRA_DATA_BYTES)?,
        mix_hash: hash("mixHash", &json.mix_hash)?,
        nonce: fixed_bytes("nonce", "8 bytes", &json.nonce)?,
        base_fee_per_gas: optional(json.base_fee_per_gas.as_deref(), "baseFeePerGas", decode_u64)?,
        withdrawals_root: optional(json.withdrawals_root.as_deref(), "withdrawalsRoot", hash)?,
        blob_gas_used: optional(json.blob_gas_used.as_deref(), "blobGasUsed", decode_u64)?,
        excess_blob_gas: optional(json.excess_blob_gas.as_deref(), "excessBlobGas", decode_u64)?,
        parent_beacon_block_root: optional(
            json.parent_beacon_block_root.as_deref(),
            "parentBeaconBlockRoot",
            hash,
        )?,
        requests_hash: optional(json.requests_hash.as_deref(), "requestsHash", hash)?,
    };
    check_fork_fields(&header)?;
    Ok(header)
}

/// Refuses a later fork's field without an earlier one's: the header list has no place for a gap.
fn check_fork_fields(header: &Header) -> Result<(), RpcError> {
    let fields = [
        ("baseFeePerGas", header.base_fee_per_gas.is_some()),
        ("withdrawalsRoot", header.withdrawals_root.is_some()),
        ("blobGasUsed", header.blob_gas_used.is_some()),
        ("excessBlobGas", header.excess_blob_gas.is_some()),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root.is_some()),
        ("requestsHash", header.requests_hash.is_some()),
    ];
    let mut missing = None;
    for (name, present) in fields {
        match (missing, present) {
            (None, false) => missing = Some(name),
            (Some(missing), true) => return Err(RpcError::ForkFields { missing, present: name }),
            _ => {}
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProofJson {
    account_proof: Vec<String>,
    storage_proof: Vec<StorageProofJson>,
}

#[derive(Deserialize)]
struct StorageProofJson {
    key: String,
    proof: Vec<String>,
}

/// Reads the answer to `eth_getProof` for `slots`. Only node lists are taken from it; the values that it also states
/// are not read. Slots are matched by number, since nodes echo, pad, trim or sort the keys.
///
/// # Errors
/// [`RpcError::Absent`] for `null`, [`RpcError::SlotMissing`] and [`RpcError::SlotSpare`] for a list that is neither
/// empty nor exactly the slots asked for; [`RpcError`] of the peer's fault for anything ill-formed.
pub fn decode_proof(answer: &Value, slots: &[B256]) -> Result<ProofAnswer, RpcError> {
    if answer.is_null() {
        return Err(RpcError::Absent { what: "such state" });
    }
    let json = ProofJson::deserialize(answer).map_err(shape_of("proof", "accountProof and storageProof"))?;
    let mut found: Vec<(B256, Vec<Bytes>)> = Vec::new();
    for entry in &json.storage_proof {
        let slot = decode_slot(&entry.key)?;
        let spare = !slots.contains(&slot) || found.iter().any(|(seen, _)| *seen == slot);
        if spare {
            return Err(RpcError::SlotSpare { slot });
        }
        found.push((slot, nodes(&entry.proof)?));
    }
    // Besu lists no slot at all for an absent account; whether it is absent, the account proof tells.
    if !found.is_empty()
        && let Some(slot) = slots.iter().find(|slot| !found.iter().any(|(seen, _)| seen == *slot))
    {
        return Err(RpcError::SlotMissing { slot: *slot });
    }
    Ok(ProofAnswer {
        account_proof: nodes(&json.account_proof)?,
        storage: slots
            .iter()
            .map(|slot| found.iter().find(|(seen, _)| seen == slot).map(|(_, nodes)| nodes.clone()))
            .collect(),
    })
}

/// Reads a list of trie nodes.
fn nodes(proof: &[String]) -> Result<Vec<Bytes>, RpcError> {
    proof.iter().map(|node| data("proof", node, MAX_NODE_BYTES)).collect()
}

/// Reads a storage key in any of the ways nodes print it: padded, trimmed, as asked.
fn decode_slot(text: &str) -> Result<B256, RpcError> {
    let error =
        || RpcError::Quantity { field: "key", expected: "0x and 1 to 64 hex digits", found: printable(text) };
    let digits = text.strip_prefix("0x").ok_or_else(error)?;
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(error());
    }
    let number = U256::from_str_radix(digits, 16).ok().ok_or_else(error)?;
    Ok(B256::from(number))
}

/// Reads an answer that is a byte string alone, such as that of `eth_getCode`.
///
/// # Errors
/// [`RpcError::Data`] and [`RpcError::Shape`] for anything else, or for more bytes than a contract can have.
pub fn decode_bytes(field: &'static str, answer: &Value) -> Result<Bytes, RpcError> {
    let text = answer.as_str().ok_or_else(|| RpcError::Shape {
        what: field,
        expected: "a byte string".to_owned(),
        found: printable(&answer.to_string()),
    })?;
    data(field, text, MAX_CODE_BYTES)
}

/// Reads a JSON-RPC quantity of at most 64 bits.
///
/// # Errors
/// [`RpcError::Quantity`] unless it is `0x` and 1 to 16 hex digits without leading zeros.
pub fn decode_u64(field: &'static str, text: &str) -> Result<u64, RpcError> {
    let error =
        || RpcError::Quantity { field, expected: "a quantity of at most 64 bits", found: printable(text) };
    quantity_digits(text).and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(error)
}

/// Reads a JSON-RPC quantity of at most 256 bits.
fn decode_u256(field: &'static str, text: &str) -> Result<U256, RpcError> {
    let error =
        || RpcError::Quantity { field, expected: "a quantity of at most 256 bits", found: printable(text) };
    quantity_digits(text).and_then(|digits| U256::from_str_radix(digits, 16).ok()).ok_or_else(error)
}

/// Returns the digits of a quantity in its one right form.
fn quantity_digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?;
    let canonical = digits == "0" || !digits.starts_with('0');
    let right = canonical
        && (1..=64).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    right.then_some(digits)
}

/// Reads bytes, at most `limit` of them.
fn data(field: &'static str, text: &str, limit: usize) -> Result<Bytes, RpcError> {
    let error = || RpcError::Data { field, expected: "bytes within the limit", found: printable(text) };
    let digits = text.strip_prefix("0x").ok_or_else(error)?;
    if digits.len() > limit.saturating_mul(2) {
        return Err(error());
    }
    hex::decode(digits).ok().map(Bytes::from).ok_or_else(error)
}

/// Reads exactly `N` bytes.
fn fixed_bytes<const N: usize>(
    field: &'static str,
    expected: &'static str,
    text: &str,
) -> Result<[u8; N], RpcError> {
    let error = || RpcError::Data { field, expected, found: printable(text) };
    data(field, text, N).ok().and_then(|bytes| <[u8; N]>::try_from(bytes.as_ref()).ok()).ok_or_else(error)
}

/// Reads an address.
fn address(field: &'static str, text: &str) -> Result<Address, RpcError> {
    fixed_bytes(field, "20 bytes", text).map(Address::from)
}

/// Reads a 32-byte hash.
fn hash(field: &'static str, text: &str) -> Result<B256, RpcError> {
    fixed_bytes(field, "32 bytes", text).map(B256::new)
}

/// Reads a field that a fork added, if it is there.
fn optional<T>(
    text: Option<&str>,
    field: &'static str,
    decode: fn(&'static str, &str) -> Result<T, RpcError>,
) -> Result<Option<T>, RpcError> {
    text.map(|text| decode(field, text)).transpose()
}

/// The longest `extraData`: about 130 validators and their seals.
/// Far more than any chain allows: GoQuorum's largest setting is 128 KiB.
const MAX_CODE_BYTES: usize = 256 * 1024;
const MAX_EXTRA_DATA_BYTES: usize = 14 << 10;
/// The longest trie node to decode; `lightclient` sets its own, lower limit.
const MAX_NODE_BYTES: usize = 1 << 10;

#[cfg(test)]
mod tests;
