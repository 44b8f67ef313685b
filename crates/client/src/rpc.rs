//! JSON-RPC: asking an Ethereum node, and decoding what it says strictly.
//!
//! Nothing decoded here is believed. A header is rebuilt field by field from `eth_getBlockBy…` (its `hash` member is
//! not even read: `lightclient` computes it), an `eth_getProof` answer becomes node lists for `lightclient` to verify.
//! This module only makes sure that odd bytes end as a typed error: quantities and byte strings of the exact form,
//! each answer matched to its question by id, no member named twice, storage proofs matched to slots by their numeric key.
//!
//! Defends against: swapped, missing, repeated or spare answers of a batch; over-long or ill-formed values; header
//! fields of a fork whose predecessors are missing. Sources: JSON-RPC 2.0, Ethereum execution-apis, EIP-1186. The three
//! habits of `eth_getProof` (geth echoes keys as asked, GoQuorum lists every slot of an absent account, Besu sorts,
//! trims and de-duplicates keys and lists none for an absent account) are all accepted.

use core::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{Address, B256, hex};
use lightclient::{Asked, Fault};
use records::json::{JsonError, JsonLimits, parse_json};
use serde_json::{Value, json};

use crate::ports::{Http, HttpRequest, TransportError};

mod decode;
#[cfg(test)]
mod tests;

pub use decode::{
    ProofAnswer, decode_bytes, decode_header, decode_proof, decode_receipt, decode_receipts,
    decode_transaction_block, decode_transactions, decode_u64,
};

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
    /// The body is not one JSON text with one meaning.
    #[error(transparent)]
    Json(#[from] JsonError),
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
            | Self::Json(_)
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

    /// Asks for a block with its transactions, as [`decode_transactions`] reads them.
    #[must_use]
    pub fn full_block(hash: B256) -> Self {
        Self { method: "eth_getBlockByHash", params: json!([hash.to_string(), true]) }
    }

    /// Asks for all receipts of a block, as [`decode_receipts`] reads them. Not every engine can answer.
    #[must_use]
    pub fn block_receipts(number: u64) -> Self {
        Self { method: "eth_getBlockReceipts", params: json!([quantity(number)]) }
    }

    /// Asks for the receipt of a transaction, as [`decode_receipt`] reads it.
    #[must_use]
    pub fn receipt(transaction: B256) -> Self {
        Self { method: "eth_getTransactionReceipt", params: json!([transaction.to_string()]) }
    }

    /// Asks for a transaction, of which [`decode_transaction_block`] reads the block.
    #[must_use]
    pub fn transaction(hash: B256) -> Self {
        Self { method: "eth_getTransactionByHash", params: json!([hash.to_string()]) }
    }

    /// Asks for the code of an account at a height.
    #[must_use]
    pub fn code(address: Address, number: u64) -> Self {
        Self { method: "eth_getCode", params: json!([lower_hex(address), quantity(number)]) }
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
    request_within(http, url, calls, TIMEOUT_MILLIS).await
}

/// As [`request`], with a limit on how long the exchange may take.
async fn request_within<H: Http>(
    http: &H,
    url: &str,
    calls: &[RpcCall],
    timeout_millis: u64,
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
            timeout_millis,
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
    pub(crate) timeout_millis: u64,
}

impl<H: Http> Endpoint<'_, H> {
    /// As [`request`], counted.
    pub(crate) async fn ask(&self, calls: &[RpcCall]) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        request_within(self.http, self.url, calls, self.timeout_millis).await
    }

    /// Asks one question.
    pub(crate) async fn ask_one(&self, call: RpcCall) -> Result<Value, RpcError> {
        let mut answers = self.ask(&[call]).await?;
        answers.pop().unwrap_or(Err(RpcError::Absent { what: "answer" }))
    }
}

/// Matches the answers of a body to the questions 1 to `count`, in that order.
fn decode_answers(body: &[u8], count: usize) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
    let limits = JsonLimits { bytes: MAX_ANSWER_BYTES, depth: MAX_DEPTH };
    let answers = match parse_json(body, limits)? {
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

/// Makes an error of what serde misses.
fn shape_of(what: &'static str, expected: &'static str) -> impl FnOnce(serde_json::Error) -> RpcError {
    move |error| shape(what, expected, &error.to_string())
}

/// The longest answer of a node: 128 storage proofs of the worst legal size fit.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// Objects and arrays inside each other: a block's access lists need seven.
const MAX_DEPTH: usize = 32;
/// How long a node may take, unless there are better ones.
pub(crate) const TIMEOUT_MILLIS: u64 = 10_000;
/// How much of a peer's text an error quotes.
const MAX_QUOTED_CHARS: usize = 120;
