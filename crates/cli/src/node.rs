//! What an operator asks a node while there is no contract yet that a light client could start from.
//!
//! Nothing of this is believed in the end: the network description that comes of it is checked by a light client
//! (`deploy`). Source: Ethereum execution-apis.

use alloy_primitives::{Address, B256, Bytes};
use client::rpc::{RpcCall, RpcError, decode_header, decode_u64, request};
use lightclient::{Asked, Header};
use native::{MemoryHeads, Native};
use serde_json::{Value, json};

/// One RPC endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    pub(crate) platform: &'a Native<MemoryHeads>,
    pub(crate) url: &'a str,
}

/// A node's answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {source}")]
pub(crate) struct NodeError {
    pub(crate) url: String,
    pub(crate) source: RpcError,
}

impl Node<'_> {
    pub(crate) async fn chain_id(&self) -> Result<u64, NodeError> {
        self.number("chain id", "eth_chainId", json!([])).await
    }

    /// The account's next transaction number, transactions that wait included.
    pub(crate) async fn next_nonce(&self, account: Address) -> Result<u64, NodeError> {
        let call = RpcCall::pending_nonce(account);
        self.number("transaction count", call.method, call.params).await
    }

    /// A header; its hash is for the caller to compute.
    pub(crate) async fn header(&self, asked: Asked) -> Result<Header, NodeError> {
        let answer = self.ask(RpcCall::header(asked)).await?;
        decode_header(&answer).map_err(|source| self.error(source))
    }

    /// Whether a transaction succeeded; `None` while it waits.
    pub(crate) async fn succeeded(&self, transaction: B256) -> Result<Option<bool>, NodeError> {
        let params = json!([transaction.to_string()]);
        let receipt = self.ask(RpcCall { method: "eth_getTransactionReceipt", params }).await?;
        if receipt.is_null() {
            return Ok(None);
        }
        match receipt.get("status").and_then(Value::as_str) {
            Some("0x1") => Ok(Some(true)),
            Some("0x0") => Ok(Some(false)),
            found => Err(self.shape("receipt status", "0x0 or 0x1", found)),
        }
    }

    /// The code that runs at an address; empty if none does.
    pub(crate) async fn code(&self, account: Address) -> Result<Bytes, NodeError> {
        let params = json!([format!("{account:#x}"), "latest"]);
        let answer = self.ask(RpcCall { method: "eth_getCode", params }).await?;
        let code = answer.as_str().filter(|text| text.starts_with("0x")).and_then(|text| text.parse().ok());
        code.ok_or_else(|| self.shape("code", "0x and hexadecimal digits", answer.as_str()))
    }

    async fn number(
        &self,
        what: &'static str,
        method: &'static str,
        params: Value,
    ) -> Result<u64, NodeError> {
        let answer = self.ask(RpcCall { method, params }).await?;
        let text = answer.as_str().ok_or_else(|| self.shape(what, "a quantity", None))?;
        decode_u64(what, text).map_err(|source| self.error(source))
    }

    async fn ask(&self, call: RpcCall) -> Result<Value, NodeError> {
        let mut answers =
            request(self.platform, self.url, &[call]).await.map_err(|source| self.error(source))?;
        let answer = answers.pop().unwrap_or(Err(RpcError::Absent { what: "answer" }));
        answer.map_err(|source| self.error(source))
    }

    fn shape(&self, what: &'static str, expected: &str, found: Option<&str>) -> NodeError {
        let found = found.map_or_else(|| "no text".to_owned(), |text| text.chars().take(80).collect());
        self.error(RpcError::Shape { what, expected: expected.to_owned(), found })
    }

    fn error(&self, source: RpcError) -> NodeError {
        NodeError { url: self.url.to_owned(), source }
    }
}
