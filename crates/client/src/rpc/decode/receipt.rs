//! Reads receipts from JSON into the form in which they can be encoded again.
//!
//! Only what `receiptsRoot` binds is read. The type is that of the transaction: GoQuorum and EthereumJS have been seen
//! to leave it out. Where a log stands (`logIndex`, `transactionHash`, …) is not read: it follows from its position.
//! Sources: execution-apis (`schemas/receipt`), EIP-658.

use alloy_primitives::Bloom;
use lightclient::{Log, Outcome, Receipt};
use serde::Deserialize;
use serde_json::Value;

use super::{MAX_ANSWER_BYTES, address, data, decode_u64, fixed_bytes, hash};
use crate::rpc::{RpcError, shape, shape_of};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptJson<'a> {
    status: Option<&'a str>,
    root: Option<&'a str>,
    cumulative_gas_used: &'a str,
    logs_bloom: &'a str,
    #[serde(borrow)]
    logs: Vec<LogJson<'a>>,
}

#[derive(Deserialize)]
struct LogJson<'a> {
    address: &'a str,
    #[serde(borrow)]
    topics: Vec<&'a str>,
    data: &'a str,
}

/// Reads the answer to `eth_getBlockReceipts`; `types` are those of the block's transactions, in their order.
///
/// # Errors
/// [`RpcError::Absent`] for `null`; [`RpcError`] of the peer's fault for anything ill-formed, and for another number
/// of receipts than of transactions.
pub fn decode_receipts(answer: &Value, types: &[u8]) -> Result<Vec<Receipt>, RpcError> {
    if answer.is_null() {
        return Err(RpcError::Absent { what: "receipts of such block" });
    }
    let Some(receipts) = answer.as_array() else {
        return Err(shape("receipts", "a list", &answer.to_string()));
    };
    if receipts.len() != types.len() {
        return Err(shape("receipts", &types.len().to_string(), &receipts.len().to_string()));
    }
    receipts.iter().zip(types).map(|(receipt, r#type)| decode_receipt(receipt, *r#type)).collect()
}

/// Reads the answer to `eth_getTransactionReceipt` for a transaction of this type.
///
/// # Errors
/// [`RpcError::Absent`] for `null`; [`RpcError`] of the peer's fault for anything ill-formed.
pub fn decode_receipt(answer: &Value, transaction_type: u8) -> Result<Receipt, RpcError> {
    if answer.is_null() {
        return Err(RpcError::Absent { what: "such receipt" });
    }
    let json = ReceiptJson::deserialize(answer)
        .map_err(shape_of("receipt", "cumulativeGasUsed, logsBloom and logs"))?;
    let outcome = match (json.status, json.root) {
        (Some("0x0"), _) => Outcome::Reverted,
        (Some("0x1"), _) => Outcome::Succeeded,
        (Some(other), _) => return Err(shape("status", "0x0 or 0x1", other)),
        (None, Some(root)) => Outcome::StateRoot(hash("root", root)?),
        (None, None) => return Err(shape("receipt", "status or root", "neither")),
    };
    Ok(Receipt {
        transaction_type,
        outcome,
        cumulative_gas_used: decode_u64("cumulativeGasUsed", json.cumulative_gas_used)?,
        logs_bloom: Bloom::from(fixed_bytes("logsBloom", "256 bytes", json.logs_bloom)?),
        logs: json.logs.iter().map(LogJson::decode).collect::<Result<_, _>>()?,
    })
}

impl LogJson<'_> {
    fn decode(&self) -> Result<Log, RpcError> {
        Ok(Log {
            address: address("address", self.address)?,
            topics: self.topics.iter().map(|topic| hash("topics", topic)).collect::<Result<_, _>>()?,
            data: data("data", self.data, MAX_ANSWER_BYTES)?,
        })
    }
}

#[cfg(test)]
mod tests;
