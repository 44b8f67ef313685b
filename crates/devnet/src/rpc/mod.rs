//! The JSON-RPC methods, as an Ethereum node answers them: this module is honest, [`crate::lies`] is not.
//!
//! Source: execution-apis (methods and shapes), EIP-1186 (`eth_getProof`), JSON-RPC 2.0 (errors); GoQuorum v24.4.1 where
//! nodes differ, and geth for `eth_getBlockReceipts`, which GoQuorum lacks.

mod calls;
mod logs;
mod params;
mod views;

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use crate::block::Block;
use crate::chain::{Chain, ChainError, Snapshot, SubmitError, WINDOW};
use crate::rules::Scheme;
use crate::store::StoreError;

pub(crate) use params::{Params, Selector};
pub(crate) use views::quantity;

/// An error as JSON-RPC reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// -32700: not JSON.
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    /// -32600: JSON, but no request.
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// -32601: no such method.
    pub(crate) fn method(name: &str) -> Self {
        Self::new(-32601, format!("the method {name} does not exist/is not available"))
    }

    /// -32602: parameters of another form.
    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    /// -32000: understood, but it cannot be done.
    pub(crate) fn server(message: impl Into<String>) -> Self {
        Self::new(-32000, message)
    }

    /// Returns the error object.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let (Some(data), Some(error)) = (&self.data, error.as_object_mut()) {
            error.insert("data".to_owned(), data.clone());
        }
        error
    }
}

impl From<StoreError> for RpcError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "reading the chain failed");
        Self::new(-32603, "internal error")
    }
}

impl From<ChainError> for RpcError {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Store(error) => error.into(),
            other => Self::server(other.to_string()),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        Self::server(error.to_string())
    }
}

/// Where an endpoint has its blocks from: the chain, or what a lie makes of it.
pub(crate) trait Blocks: std::fmt::Debug {
    /// Returns a block of any age.
    fn block(&self, number: u64) -> Result<Option<Block>, StoreError>;

    /// Returns the number of the block with a hash.
    fn number_of(&self, hash: B256) -> Result<Option<u64>, StoreError>;
}

impl Blocks for Chain {
    fn block(&self, number: u64) -> Result<Option<Block>, StoreError> {
        self.block(number)
    }

    fn number_of(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        self.number_of(hash)
    }
}

/// The chain as one endpoint shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) blocks: &'a dyn Blocks,
    /// Which endpoint; decides which seals its blocks carry.
    pub(crate) endpoint: usize,
    /// The newest block it shows.
    pub(crate) head: u64,
}

impl View<'_> {
    /// Answers one call.
    ///
    /// # Errors
    /// When the method is unknown, its parameters are wrong, or what was asked for is not there.
    pub(crate) fn answer(&self, method: &str, params: &Params<'_>) -> Result<Value, RpcError> {
        match method {
            "clique_getSigners" if !self.chain.rules().scheme.is_bft() => self.validators(params),
            "debug_getRawHeader" => self.raw_header(params),
            "eth_blockNumber" => Ok(quantity(self.head)),
            "eth_call" => self.call(params),
            "eth_chainId" => Ok(quantity(self.chain.rules().chain_id)),
            "eth_estimateGas" => self.estimate_gas(params),
            "eth_feeHistory" => self.fee_history(params),
            "eth_gasPrice" => Ok(quantity(0)),
            "eth_getBalance" => {
                let account =
                    |at: &Snapshot, address| at.state.account(address).map(|account| account.balance);
                self.of_account(params, |at, address| json!(account(at, address).unwrap_or_default()))
            }
            "eth_getBlockByHash" => self.block_at(&Selector::Hash(params.hash(0)?), params.flag(1)?),
            "eth_getBlockByNumber" => {
                params.value(0)?;
                self.block_at(&params.selector(0)?, params.flag(1)?)
            }
            "eth_getBlockReceipts" => self.block_receipts(params),
            "eth_getCode" => self.of_account(params, |at, address| {
                json!(
                    at.state
                        .account(address)
                        .map(|account| account.code.original_bytes())
                        .unwrap_or_default()
                )
            }),
            "eth_getLogs" => self.logs(params),
            "eth_getProof" => self.proof(params),
            "eth_getStorageAt" => {
                let (address, slot) = (params.address(0)?, params.slot(1)?);
                let at = self.snapshot(&params.selector(2)?)?;
                Ok(json!(B256::from(at.state.slot(address, slot))))
            }
            "eth_getTransactionByHash" => self.transaction(params.hash(0)?),
            "eth_getTransactionCount" => self.transaction_count(params),
            "eth_getTransactionReceipt" => self.receipt(params.hash(0)?),
            "eth_sendRawTransaction" => Ok(json!(self.chain.submit(&params.data(0)?)?)),
            "eth_syncing" => Ok(json!(false)),
            "ibft_getValidatorsByBlockNumber" if self.chain.rules().scheme == Scheme::Ibft2 => {
                self.validators(params)
            }
            "istanbul_getValidators" if self.chain.rules().scheme.is_bft() => self.validators(params),
            "net_version" => Ok(json!(self.chain.rules().chain_id.to_string())),
            "qbft_getValidatorsByBlockNumber"
                if matches!(self.chain.rules().scheme, Scheme::Qbft | Scheme::QbftContract) =>
            {
                self.validators(params)
            }
            "web3_clientVersion" => Ok(json!(concat!("medrec-devnet/", env!("CARGO_PKG_VERSION")))),
            _ => Err(RpcError::method(method)),
        }
    }

    /// Returns a block as JSON, with its transactions in full or only their hashes; null when there is no such block.
    pub(crate) fn block_at(&self, selector: &Selector, full: bool) -> Result<Value, RpcError> {
        self.block_json(self.number(selector)?, full)
    }

    /// Returns the number that a block selector means; nothing when this endpoint has no such block.
    pub(crate) fn number(&self, selector: &Selector) -> Result<Option<u64>, RpcError> {
        let number = match selector {
            Selector::Earliest => Some(0),
            Selector::Hash(hash) => self.blocks.number_of(*hash)?,
            Selector::Latest => Some(self.head),
            Selector::Number(number) => Some(*number),
        };
        Ok(number.filter(|number| *number <= self.head))
    }

    /// Returns a block that this endpoint shows.
    pub(crate) fn block(&self, number: Option<u64>) -> Result<Option<Block>, RpcError> {
        match number.filter(|number| *number <= self.head) {
            Some(number) => Ok(self.blocks.block(number)?),
            None => Ok(None),
        }
    }

    /// Returns the state at a block.
    pub(crate) fn snapshot(&self, selector: &Selector) -> Result<Arc<Snapshot>, RpcError> {
        let number = self.number(selector)?.ok_or_else(|| RpcError::server("header not found"))?;
        let gone = || {
            format!("missing trie node: the state of block {number} is not kept, only the last {WINDOW} are")
        };
        self.chain.snapshot(number).ok_or_else(|| RpcError::server(gone()))
    }

    fn of_account(
        &self,
        params: &Params<'_>,
        read: impl FnOnce(&Snapshot, Address) -> Value,
    ) -> Result<Value, RpcError> {
        let address = params.address(0)?;
        let at = self.snapshot(&params.selector(1)?)?;
        Ok(read(&at, address))
    }

    fn transaction_count(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let address = params.address(0)?;
        let at = self.snapshot(&params.selector(1)?)?;
        let nonce = at.state.account(address).map_or(0, |account| account.nonce);
        Ok(quantity(if params.is_pending(1) { self.chain.pool().next_nonce(address, nonce) } else { nonce }))
    }
}
