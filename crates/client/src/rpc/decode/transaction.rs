//! Reads the transactions of a block from JSON into the form in which they can be encoded again.
//!
//! The hash that a node states is not read: it is computed from the bytes that come out, and their list has to have
//! the root in the header. Members beyond those of the type are not read either, since nodes add their own.
//! Sources: execution-apis (`schemas/transaction`), EIP-2930, EIP-1559, EIP-4844, EIP-7702.

use alloy_primitives::U256;
use lightclient::{Access, AccessListItem, Authorization, Fees, SignedTransaction, TransactionKind};
use serde::Deserialize;
use serde_json::Value;

use super::{MAX_ANSWER_BYTES, address, data, decode_u64, decode_u256, hash, optional};
use crate::rpc::{RpcError, shape, shape_of};

#[derive(Deserialize)]
struct BlockJson<'a> {
    #[serde(borrow)]
    transactions: Vec<TransactionJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransactionJson<'a> {
    r#type: &'a str,
    nonce: &'a str,
    gas: &'a str,
    to: Option<&'a str>,
    value: &'a str,
    input: &'a str,
    v: Option<&'a str>,
    y_parity: Option<&'a str>,
    r: &'a str,
    s: &'a str,
    chain_id: Option<&'a str>,
    gas_price: Option<&'a str>,
    max_priority_fee_per_gas: Option<&'a str>,
    max_fee_per_gas: Option<&'a str>,
    max_fee_per_blob_gas: Option<&'a str>,
    #[serde(borrow)]
    access_list: Option<Vec<AccessJson<'a>>>,
    #[serde(borrow)]
    blob_versioned_hashes: Option<Vec<&'a str>>,
    #[serde(borrow)]
    authorization_list: Option<Vec<AuthorizationJson<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessJson<'a> {
    address: &'a str,
    #[serde(borrow)]
    storage_keys: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationJson<'a> {
    chain_id: &'a str,
    address: &'a str,
    nonce: &'a str,
    y_parity: &'a str,
    r: &'a str,
    s: &'a str,
}

/// Reads the transactions, of types 0 to 4, from the answer to `eth_getBlockByHash` with full transactions.
///
/// # Errors
/// [`RpcError::Absent`] for `null`; [`RpcError`] of the peer's fault for anything ill-formed.
pub fn decode_transactions(answer: &Value) -> Result<Vec<SignedTransaction>, RpcError> {
    if answer.is_null() {
        return Err(RpcError::Absent { what: "such block" });
    }
    let block = BlockJson::deserialize(answer).map_err(shape_of("block", "full transactions"))?;
    block.transactions.iter().map(TransactionJson::decode).collect()
}

/// Reads the height of the block of a transaction from the answer to `eth_getTransactionByHash`.
///
/// # Errors
/// [`RpcError::Absent`] for `null` and for a transaction that is in no block yet.
pub fn decode_transaction_block(answer: &Value) -> Result<u64, RpcError> {
    match answer.get("blockNumber") {
        Some(Value::String(number)) => decode_u64("blockNumber", number),
        Some(Value::Null) => Err(RpcError::Absent { what: "block with such transaction" }),
        _ if answer.is_null() => Err(RpcError::Absent { what: "such transaction" }),
        _ => Err(shape("transaction", "blockNumber", &answer.to_string())),
    }
}

impl TransactionJson<'_> {
    fn decode(&self) -> Result<SignedTransaction, RpcError> {
        let kind = self.kind()?;
        let v = match kind {
            TransactionKind::Legacy { .. } => self.v,
            // Nodes of the first years of typed transactions have no `yParity`.
            _ => self.y_parity.or(self.v),
        };
        Ok(SignedTransaction {
            nonce: decode_u64("nonce", self.nonce)?,
            gas_limit: decode_u64("gas", self.gas)?,
            to: optional(self.to, "to", address)?,
            value: decode_u256("value", self.value)?,
            data: data("input", self.input, MAX_ANSWER_BYTES)?,
            kind,
            v: number("v", v)?,
            r: decode_u256("r", self.r)?,
            s: decode_u256("s", self.s)?,
        })
    }

    fn kind(&self) -> Result<TransactionKind, RpcError> {
        Ok(match self.r#type {
            "0x0" => TransactionKind::Legacy { gas_price: number("gasPrice", self.gas_price)? },
            "0x1" => TransactionKind::AccessList {
                gas_price: number("gasPrice", self.gas_price)?,
                access: self.access()?,
            },
            "0x2" => TransactionKind::DynamicFee { fees: self.fees()?, access: self.access()? },
            "0x3" => TransactionKind::Blob {
                fees: self.fees()?,
                access: self.access()?,
                max_fee_per_blob_gas: number("maxFeePerBlobGas", self.max_fee_per_blob_gas)?,
                blob_versioned_hashes: required("blobVersionedHashes", self.blob_versioned_hashes.as_ref())?
                    .iter()
                    .map(|text| hash("blobVersionedHashes", text))
                    .collect::<Result<_, _>>()?,
            },
            "0x4" => TransactionKind::SetCode {
                fees: self.fees()?,
                access: self.access()?,
                authorizations: required("authorizationList", self.authorization_list.as_ref())?
                    .iter()
                    .map(AuthorizationJson::decode)
                    .collect::<Result<_, _>>()?,
            },
            other => return Err(shape("type", "0x0 to 0x4", other)),
        })
    }

    fn fees(&self) -> Result<Fees, RpcError> {
        Ok(Fees {
            max_priority_fee_per_gas: number("maxPriorityFeePerGas", self.max_priority_fee_per_gas)?,
            max_fee_per_gas: number("maxFeePerGas", self.max_fee_per_gas)?,
        })
    }

    fn access(&self) -> Result<Access, RpcError> {
        let list = required("accessList", self.access_list.as_ref())?;
        Ok(Access {
            chain_id: decode_u64("chainId", required("chainId", self.chain_id)?)?,
            list: list.iter().map(AccessJson::decode).collect::<Result<_, _>>()?,
        })
    }
}

impl AccessJson<'_> {
    fn decode(&self) -> Result<AccessListItem, RpcError> {
        let storage_keys =
            self.storage_keys.iter().map(|key| hash("storageKeys", key)).collect::<Result<_, _>>()?;
        Ok(AccessListItem { address: address("address", self.address)?, storage_keys })
    }
}

impl AuthorizationJson<'_> {
    fn decode(&self) -> Result<Authorization, RpcError> {
        Ok(Authorization {
            chain_id: decode_u256("chainId", self.chain_id)?,
            address: address("address", self.address)?,
            nonce: decode_u64("nonce", self.nonce)?,
            y_parity: decode_u256("yParity", self.y_parity)?,
            r: decode_u256("r", self.r)?,
            s: decode_u256("s", self.s)?,
        })
    }
}

/// Reads a number that the type of transaction must have.
fn number(field: &'static str, text: Option<&str>) -> Result<U256, RpcError> {
    decode_u256(field, required(field, text)?)
}

/// A member that the type of transaction must have.
fn required<T>(field: &'static str, member: Option<T>) -> Result<T, RpcError> {
    member.ok_or_else(|| shape("transaction", field, "none"))
}

#[cfg(test)]
mod tests;
