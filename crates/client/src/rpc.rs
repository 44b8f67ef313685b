//! JSON-RPC: asking an Ethereum node, and decoding what it says strictly.
//!
//! Nothing decoded here is believed. A header is rebuilt field by field from `eth_getBlockBy…` (its `hash` member is
//! not even read: `lightclient` computes it), an `eth_getProof` answer becomes node lists for `lightclient` to verify.
//! This module only makes sure that odd bytes end as a typed error: quantities and byte strings of the exact form,
//! each answer matched to its question by id, storage proofs matched to slots by their numeric key.
//!
//! Defends against: swapped, missing, repeated or spare answers of a batch; over-long or ill-formed values; header
//! fields of a fork whose predecessors are missing. Sources: JSON-RPC 2.0, Ethereum execution-apis, EIP-1186. The three
//! habits of `eth_getProof` (geth echoes keys as asked, GoQuorum lists every slot of an absent account, Besu sorts,
//! trims and de-duplicates keys and lists none for an absent account) are all accepted.

use core::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, hex};
use lightclient::{Asked, Fault, Header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ports::{Http, HttpRequest, TransportError};

/// Why an endpoint's answer to a question is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The node knows no such thing (`null`): it may be behind, or keep less history.
    #[error("the node has no {what}")]
    Absent {
        /// What was asked for.
        what: &'static str,
    },
    /// A byte string is not `0x` and the right number of hex digits.
    #[error("{field}: not {expected}: {found}")]
    Data {
        /// The member of the answer.
        field: &'static str,
        /// The form wanted.
        expected: &'static str,
        /// The beginning of what came.
        found: String,
    },
    /// A header has fields of a later fork without those of an earlier one.
    #[error("header has {present} but not {missing}")]
    ForkFields {
        /// The member that is missing.
        missing: &'static str,
        /// The later member that is there.
        present: &'static str,
    },
    /// The body is not JSON.
    #[error("not json: {reason}")]
    NotJson {
        /// Where it stops being JSON.
        reason: String,
    },
    /// A number is not `0x` and hex digits without leading zeros, or too large.
    #[error("{field}: not {expected}: {found}")]
    Quantity {
        /// The member of the answer.
        field: &'static str,
        /// The form wanted.
        expected: &'static str,
        /// The beginning of what came.
        found: String,
    },
    /// The node refused, with a JSON-RPC error.
    #[error("the node refused: {message} ({code})")]
    Refused {
        /// The JSON-RPC error code.
        code: i64,
        /// The node's words, shortened, printable ASCII only.
        message: String,
    },
    /// The answer is JSON, but not of the shape of an answer to this question.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// The part that is wrong.
        what: &'static str,
        /// What was wanted.
        expected: String,
        /// What came.
        found: String,
    },
    /// The answer to `eth_getProof` leaves out a slot that was asked for.
    #[error("no storage proof for slot {slot}")]
    SlotMissing {
        /// The slot that was asked for.
        slot: B256,
    },
    /// The answer to `eth_getProof` has a slot that was not asked for, or one twice.
    #[error("a spare storage proof for slot {slot}")]
    SlotSpare {
        /// The slot that was not asked for.
        slot: B256,
    },
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl RpcError {
    /// Returns who is to blame: a refusal or an absent block is no lie.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Absent { .. } | Self::Refused { .. } => Fault::Unavailable,
            Self::Transport(error) => error.fault(),
            Self::Data { .. }
            | Self::ForkFields { .. }
            | Self::NotJson { .. }
            | Self::Quantity { .. }
            | Self::Shape { .. }
            | Self::SlotMissing { .. }
            | Self::SlotSpare { .. } => Fault::Peer,
        }
    }
}

/// One question to a node.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcCall {
    /// The method, such as `eth_getProof`.
    pub method: &'static str,
    /// The parameters, a JSON array.
    pub params: Value,
}

impl RpcCall {
    /// Asks for a header, as [`decode_header`] reads it.
    #[must_use]
    pub fn header(asked: Asked) -> Self {
        match asked {
            Asked::Number(number) => {
                Self { method: "eth_getBlockByNumber", params: json!([quantity(number), false]) }
            }
            Asked::Hash(hash) => {
                Self { method: "eth_getBlockByHash", params: json!([hash.to_string(), false]) }
            }
            Asked::Latest => Self { method: "eth_getBlockByNumber", params: json!(["latest", false]) },
        }
    }

    /// Asks for the proof of an account and of storage slots at a height (EIP-1186).
    #[must_use]
    pub fn proof(address: Address, slots: &[B256], number: u64) -> Self {
        let keys: Vec<String> = slots.iter().map(B256::to_string).collect();
        Self { method: "eth_getProof", params: json!([lower_hex(address), keys, quantity(number)]) }
    }

    /// Hands in a signed transaction.
    #[must_use]
    pub fn send_raw(raw: &[u8]) -> Self {
        Self { method: "eth_sendRawTransaction", params: json!([hex::encode_prefixed(raw)]) }
    }

    /// Asks for an account's next nonce, transactions that wait in the node's pool included.
    #[must_use]
    pub fn pending_nonce(address: Address) -> Self {
        Self { method: "eth_getTransactionCount", params: json!([lower_hex(address), "pending"]) }
    }
}

/// An answer to `eth_getProof`, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofAnswer {
    /// The trie nodes from the state root to the account.
    pub account_proof: Vec<Bytes>,
    /// For each slot asked, in that order: the trie nodes, or `None` where the answer has no entry (only right for an
    /// absent account).
    pub storage: Vec<Option<Vec<Bytes>>>,
}

/// Asks a node all `calls` in one HTTP request and returns the answers in the order of the calls, each its own
/// success or refusal.
///
/// # Errors
/// [`RpcError`] for the whole exchange: no answer, not JSON, or not one answer to each question.
pub async fn request<H: Http>(
    http: &H,
    url: &str,
    calls: &[RpcCall],
) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
    let questions: Vec<Value> = calls
        .iter()
        .zip(1u64..)
        .map(|(call, id)| json!({"jsonrpc": "2.0", "id": id, "method": call.method, "params": call.params}))
        .collect();
    let body = match questions.as_slice() {
        [only] => only.to_string(),
        _ => Value::Array(questions).to_string(),
    };
    let answer = http
        .post(HttpRequest {
            url: url.to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.into_bytes(),
            max_answer_bytes: MAX_ANSWER_BYTES,
            timeout_millis: TIMEOUT_MILLIS,
        })
        .await?;
    if answer.status != 200 {
        return Err(TransportError::Status { found: answer.status }.into());
    }
    decode_answers(&answer.body, calls.len())
}

/// One RPC endpoint, with a counter of the requests made to it and its siblings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint<'a, H> {
    pub(crate) http: &'a H,
    pub(crate) url: &'a str,
    pub(crate) requests: &'a AtomicU64,
}

impl<H: Http> Endpoint<'_, H> {
    /// As [`request`], counted.
    pub(crate) async fn ask(&self, calls: &[RpcCall]) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        request(self.http, self.url, calls).await
    }

    /// Asks one question.
    pub(crate) async fn ask_one(&self, call: RpcCall) -> Result<Value, RpcError> {
        let mut answers = self.ask(&[call]).await?;
        answers.pop().unwrap_or(Err(RpcError::Absent { what: "answer" }))
    }

    /// Asks for a header; not verified.
    pub(crate) async fn header(&self, asked: Asked) -> Result<Header, RpcError> {
        decode_header(&self.ask_one(RpcCall::header(asked)).await?)
    }
}

/// Matches the answers of a body to the questions 1 to `count`, in that order.
fn decode_answers(body: &[u8], count: usize) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| RpcError::NotJson { reason: error.to_string() })?;
    let answers = match value {
        Value::Array(answers) if count != 1 => answers,
        // A node that refuses a whole batch answers with one error object.
        Value::Object(answer) if count == 1 || answer.contains_key("error") => {
            if count != 1 {
                return Err(match decode_answer(Value::Object(answer)) {
                    Ok(_) => shape("answer", "a batch", "one answer"),
                    Err(error) => error,
                });
            }
            vec![Value::Object(answer)]
        }
        other => return Err(shape("answer", "a JSON-RPC answer", &other.to_string())),
    };
    if answers.len() != count {
        return Err(shape("answers", &count.to_string(), &answers.len().to_string()));
    }
    let mut ordered: Vec<Option<Result<Value, RpcError>>> = vec![None; count];
    for answer in answers {
        let id = answer.get("id").cloned().unwrap_or(Value::Null);
        let place = id
            .as_u64()
            .and_then(|id| usize::try_from(id).ok()?.checked_sub(1))
            .and_then(|index| ordered.get_mut(index))
            .filter(|place| place.is_none())
            .ok_or_else(|| shape("id", "one asked for, once", &id.to_string()))?;
        *place = Some(decode_answer(answer));
    }
    Ok(ordered.into_iter().flatten().collect())
}

/// Reads one answer object: its result, or its error.
fn decode_answer(mut answer: Value) -> Result<Value, RpcError> {
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(RpcError::Refused {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: printable(error.get("message").and_then(Value::as_str).unwrap_or_default()),
        });
    }
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(shape("answer", "result or error", "neither")),
    }
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
    let json = HeaderAnswer::deserialize(answer).map_err(|error| RpcError::Shape {
        what: "block",
        expected: "all header fields".to_owned(),
        found: printable(&error.to_string()),
    })?;
    let header = Header {
        parent_hash: hash("parentHash", &json.parent_hash)?,
        ommers_hash: hash("sha3Uncles", &json.ommers_hash)?,
        coinbase: Address::from(fixed_bytes("miner", "20 bytes", &json.miner)?),
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
    let json = ProofJson::deserialize(answer).map_err(|error| RpcError::Shape {
        what: "proof",
        expected: "accountProof and storageProof".to_owned(),
        found: printable(&error.to_string()),
    })?;
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
    // The form was checked above; the parser has nothing to add.
    let number = U256::from_str_radix(digits, 16).map_err(|_| error())?;
    Ok(B256::from(number))
}

/// Reads a JSON-RPC quantity of at most 64 bits.
///
/// # Errors
/// [`RpcError::Quantity`] unless it is `0x` and 1 to 16 hex digits without leading zeros.
pub fn decode_u64(field: &'static str, text: &str) -> Result<u64, RpcError> {
    let error =
        || RpcError::Quantity { field, expected: "a quantity of at most 64 bits", found: printable(text) };
    // Digits were checked; what is left can only be a size error, and that is the error made here.
    u64::from_str_radix(quantity_digits(text).ok_or_else(error)?, 16).map_err(|_| error())
}

/// Reads a JSON-RPC quantity of at most 256 bits.
fn decode_u256(field: &'static str, text: &str) -> Result<U256, RpcError> {
    let error =
        || RpcError::Quantity { field, expected: "a quantity of at most 256 bits", found: printable(text) };
    // As in `decode_u64`.
    U256::from_str_radix(quantity_digits(text).ok_or_else(error)?, 16).map_err(|_| error())
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
    // The parser's reason (which digit) is visible in what was found.
    hex::decode(digits).map(Bytes::from).map_err(|_| error())
}

/// Reads exactly `N` bytes.
fn fixed_bytes<const N: usize>(
    field: &'static str,
    expected: &'static str,
    text: &str,
) -> Result<[u8; N], RpcError> {
    let error = || RpcError::Data { field, expected, found: printable(text) };
    let bytes = data(field, text, N).map_err(|_| error())?;
    <[u8; N]>::try_from(bytes.as_ref()).map_err(|_| error())
}

/// Reads a 32-byte hash.
pub(crate) fn hash(field: &'static str, text: &str) -> Result<B256, RpcError> {
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

/// Writes a JSON-RPC quantity.
fn quantity(number: u64) -> String {
    format!("0x{number:x}")
}

/// Writes an address in lower case; some nodes refuse a checksum they do not know.
fn lower_hex(address: Address) -> String {
    hex::encode_prefixed(address)
}

/// Makes a peer's words safe for an error: short, printable ASCII.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_QUOTED_CHARS)
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect()
}

/// An answer of the wrong shape.
fn shape(what: &'static str, expected: &str, found: &str) -> RpcError {
    RpcError::Shape { what, expected: expected.to_owned(), found: printable(found) }
}

/// The longest answer of a node: 128 storage proofs of the worst legal size fit.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// How long a node may take.
const TIMEOUT_MILLIS: u64 = 10_000;
/// The longest `extraData`: about 130 validators and their seals.
const MAX_EXTRA_DATA_BYTES: usize = 14 << 10;
/// The longest trie node to decode; `lightclient` sets its own, lower limit.
const MAX_NODE_BYTES: usize = 1 << 10;
/// How much of a peer's text an error quotes.
const MAX_QUOTED_CHARS: usize = 120;
