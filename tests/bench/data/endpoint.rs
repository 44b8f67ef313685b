//! An RPC endpoint in memory that answers from a made chain and remembers what it was asked, so that a page can
//! replay the exchange without a network.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use alloy_consensus::Header;
use alloy_primitives::{B256, hex};
use client::{EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError};
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::state::State;

/// The endpoint, and the platform of a client that knows no other.
#[derive(Debug)]
pub(crate) struct Endpoint<'a> {
    chain: &'a Chain,
    state: &'a State,
    now: u64,
    headers_served: Cell<u64>,
    exchanges: RefCell<BTreeMap<String, String>>,
}

impl<'a> Endpoint<'a> {
    pub(crate) fn new(chain: &'a Chain, state: &'a State, now: u64) -> Self {
        Self { chain, state, now, headers_served: Cell::default(), exchanges: RefCell::default() }
    }

    /// Headers that were asked for and are there; the same one asked for twice counts twice.
    pub(crate) const fn headers_served(&self) -> u64 {
        self.headers_served.get()
    }

    /// Each request's body with its answer's.
    pub(crate) fn exchanges(self) -> BTreeMap<String, String> {
        self.exchanges.into_inner()
    }

    fn answer(&self, call: &Value) -> Value {
        let params = &call["params"];
        let result = match call["method"].as_str() {
            Some("eth_getBlockByNumber" | "eth_getBlockByHash") => self.block(&params[0]),
            Some("eth_getProof") => self.proof(params),
            _ => Value::Null,
        };
        json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
    }

    fn block(&self, asked: &Value) -> Value {
        let asked = asked.as_str().unwrap_or_default();
        let number = if asked == "latest" {
            Some(self.chain.latest())
        } else if let Ok(hash) = asked.parse::<B256>() {
            self.chain.number(hash)
        } else {
            quantity(asked).filter(|number| *number <= self.chain.latest())
        };
        let Some(number) = number else { return Value::Null };
        self.headers_served.set(self.headers_served.get() + 1);
        block_json(&self.chain.header(number), self.chain.hash(number))
    }

    /// The registry's proof; no other is asked for.
    fn proof(&self, params: &Value) -> Value {
        let (registry, slots) = (&self.state.registry, &self.state.registry_slots);
        if params[0] != json!(hex::encode_prefixed(registry.address)) {
            return Value::Null;
        }
        let storage: Vec<Value> = slots
            .iter()
            .filter(|(slot, ..)| params[1].as_array().is_some_and(|asked| asked.contains(&json!(slot))))
            .map(|(slot, word, proof)| json!({"key": slot, "value": word, "proof": proof}))
            .collect();
        json!({
            "address": registry.address,
            "accountProof": registry.proof,
            "balance": registry.state.balance,
            "codeHash": registry.state.code_hash,
            "nonce": format!("{:#x}", registry.state.nonce),
            "storageHash": registry.state.storage_root,
            "storageProof": storage,
        })
    }
}

impl Http for Endpoint<'_> {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let malformed = |error: serde_json::Error| TransportError::Connection { reason: error.to_string() };
        let asked: Value = serde_json::from_slice(&request.body).map_err(malformed)?;
        let answer = match &asked {
            Value::Array(calls) => Value::Array(calls.iter().map(|call| self.answer(call)).collect()),
            call => self.answer(call),
        };
        let body = answer.to_string();
        let asked = String::from_utf8_lossy(&request.body).into_owned();
        self.exchanges.borrow_mut().insert(asked, body.clone());
        Ok(HttpAnswer { status: 200, headers: vec![], body: body.into_bytes() })
    }
}

impl HeadStore for Endpoint<'_> {
    async fn load_head(&self, _network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn save_head(
        &self,
        _network_id: B256,
        _head: Vec<u8>,
        _replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Platform for Endpoint<'_> {
    fn now_millis(&self) -> u64 {
        self.now * 1000
    }

    fn fill_random(&self, _bytes: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError { reason: "this client signs nothing".to_owned() })
    }

    async fn sleep(&self, _millis: u64) {}
}

/// The answer to `eth_getBlockByNumber`.
fn block_json(header: &Header, hash: B256) -> Value {
    json!({
        "hash": hash,
        "parentHash": header.parent_hash,
        "sha3Uncles": header.ommers_hash,
        "miner": header.beneficiary,
        "stateRoot": header.state_root,
        "transactionsRoot": header.transactions_root,
        "receiptsRoot": header.receipts_root,
        "logsBloom": header.logs_bloom,
        "difficulty": header.difficulty,
        "number": format!("{:#x}", header.number),
        "gasLimit": format!("{:#x}", header.gas_limit),
        "gasUsed": format!("{:#x}", header.gas_used),
        "timestamp": format!("{:#x}", header.timestamp),
        "extraData": header.extra_data,
        "mixHash": header.mix_hash,
        "nonce": header.nonce,
        "size": "0x344",
        "transactions": [],
        "uncles": [],
    })
}

fn quantity(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
