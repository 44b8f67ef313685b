//! Writes blocks, transactions, receipts and proofs as JSON, with the keys and formats of GoQuorum.

use alloy_consensus::Header;
use alloy_consensus::transaction::to_eip155_value;
use alloy_primitives::{B256, Bytes, U256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use serde_json::{Value, json};

use super::{Params, RpcError, Selector, View};
use crate::block::{Block, Included};
use crate::transaction::Transaction;

impl View<'_> {
    pub(super) fn block_json(&self, number: Option<u64>, full: bool) -> Result<Value, RpcError> {
        let Some(block) = self.block(number)? else { return Ok(Value::Null) };
        let header = block.served_header(self.chain.rules().scheme, self.endpoint);
        Ok(block_json(&block, &header, full))
    }

    /// Returns the RLP of a header.
    pub(super) fn raw_header(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        params.value(0)?;
        let number = self.number(&params.selector(0)?)?;
        let block = self.block(number)?.ok_or_else(|| RpcError::server("header not found"))?;
        let header = block.served_header(self.chain.rules().scheme, self.endpoint);
        Ok(json!(Bytes::from(alloy_rlp::encode(header))))
    }

    /// Returns who may seal the block after one.
    pub(super) fn validators(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let number = self.known(&params.selector(0)?)?;
        let next = self.blocks.block(number + 1)?;
        Ok(json!(next.map_or_else(|| self.chain.validators(), |block| block.validators)))
    }

    pub(super) fn transaction(&self, hash: B256) -> Result<Value, RpcError> {
        if let Some((block, position)) = self.located(hash)? {
            return Ok(block.transactions.get(position).map_or(Value::Null, |included| {
                transaction_json(&included.transaction, Some((&block, position)))
            }));
        }
        Ok(self.chain.pool().get(hash).map_or(Value::Null, |waiting| transaction_json(waiting, None)))
    }

    pub(super) fn receipt(&self, hash: B256) -> Result<Value, RpcError> {
        let found = self.located(hash)?;
        Ok(found
            .and_then(|(block, position)| receipts_json(&block).into_iter().nth(position))
            .unwrap_or_default())
    }

    pub(super) fn block_receipts(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        params.value(0)?;
        let number = self.number(&params.selector(0)?)?;
        Ok(self.block(number)?.map_or(Value::Null, |block| receipts_json(&block).into()))
    }

    pub(super) fn proof(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let (address, slots) = (params.address(0)?, params.slots(1)?);
        params.value(2)?;
        let at = self.snapshot(&params.selector(2)?)?;
        let account = at.state.account(address);
        let prove_slot = |(key, slot): (&str, B256)| {
            let hashed = alloy_primitives::keccak256(slot);
            let storage = account.map(|account| &account.storage);
            let proof: Vec<Bytes> = storage.map(|storage| storage.prove(&hashed)).unwrap_or_default();
            json!({ "key": key, "value": at.state.slot(address, slot), "proof": proof })
        };
        Ok(json!({
            "address": address,
            "accountProof": at.state.prove_account(address),
            "balance": account.map(|account| account.balance).unwrap_or_default(),
            "codeHash": account.map_or(KECCAK_EMPTY, |account| account.code_hash),
            "nonce": quantity(account.map_or(0, |account| account.nonce)),
            "storageHash": account.map_or(EMPTY_ROOT_HASH, |account| account.storage.root()),
            "storageProof": slots.into_iter().map(prove_slot).collect::<Vec<_>>(),
        }))
    }

    pub(super) fn fee_history(&self, params: &Params<'_>) -> Result<Value, RpcError> {
        let (count, newest) = (params.quantity(0)?.min(MAX_FEE_HISTORY), self.number(&params.selector(1)?)?);
        let newest = newest.ok_or_else(|| RpcError::server("header not found"))?;
        let oldest = (newest + 1).saturating_sub(count);
        let mut ratios = Vec::new();
        for number in oldest..=newest {
            if let Some(block) = self.block(Some(number))?.filter(|_| count > 0) {
                let share = block.header.gas_used.saturating_mul(1_000_000) / block.header.gas_limit.max(1);
                ratios.push(f64::from(u32::try_from(share).unwrap_or(u32::MAX)) / 1e6);
            }
        }
        let percentiles = params.optional(2).and_then(Value::as_array).map(Vec::len);
        let blocks = ratios.len();
        let mut history = json!({
            "oldestBlock": quantity(oldest),
            "baseFeePerGas": vec![quantity(0); blocks + 1],
            "gasUsedRatio": ratios,
        });
        if let (Some(percentiles), Some(history)) = (percentiles, history.as_object_mut()) {
            history.insert("reward".to_owned(), vec![vec![quantity(0); percentiles]; blocks].into());
        }
        Ok(history)
    }

    fn located(&self, hash: B256) -> Result<Option<(Block, usize)>, RpcError> {
        let Some((number, position)) = self.chain.locate(hash)? else { return Ok(None) };
        Ok(self.block(Some(number))?.map(|block| (block, position)))
    }

    /// Returns whether a selector means a block this endpoint has; used where an unknown block is an error.
    pub(super) fn known(&self, selector: &Selector) -> Result<u64, RpcError> {
        self.number(selector)?.ok_or_else(|| RpcError::server("unknown block"))
    }
}

/// Returns a number the way Ethereum's JSON-RPC writes it: 0x, hex digits, no leading zeros.
pub(crate) fn quantity(number: u64) -> Value {
    format!("{number:#x}").into()
}

fn length(number: usize) -> Value {
    format!("{number:#x}").into()
}

fn block_json(block: &Block, header: &Header, full: bool) -> Value {
    let transaction = |(position, included): (usize, &Included)| {
        if full {
            transaction_json(&included.transaction, Some((block, position)))
        } else {
            json!(included.transaction.hash())
        }
    };
    json!({
        "difficulty": header.difficulty,
        "extraData": header.extra_data,
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "hash": block.hash,
        "logsBloom": header.logs_bloom,
        "miner": header.beneficiary,
        "mixHash": header.mix_hash,
        "nonce": header.nonce,
        "number": quantity(header.number),
        "parentHash": header.parent_hash,
        "receiptsRoot": header.receipts_root,
        "sha3Uncles": header.ommers_hash,
        "size": length(block.rlp_length(header)),
        "stateRoot": header.state_root,
        "timestamp": quantity(header.timestamp),
        "totalDifficulty": quantity(block.weight),
        "transactions": block.transactions.iter().enumerate().map(transaction).collect::<Vec<_>>(),
        "transactionsRoot": header.transactions_root,
        "uncles": [],
    })
}

fn transaction_json(transaction: &Transaction, place: Option<(&Block, usize)>) -> Value {
    let (tx, signature) = (transaction.signed.tx(), transaction.signed.signature());
    json!({
        "blockHash": place.map(|(block, _)| block.hash),
        "blockNumber": place.map(|(block, _)| quantity(block.header.number)),
        "from": transaction.sender,
        "gas": quantity(tx.gas_limit),
        "gasPrice": U256::from(tx.gas_price),
        "hash": transaction.hash(),
        "input": tx.input,
        "nonce": quantity(tx.nonce),
        "to": tx.to.to(),
        "transactionIndex": place.map(|(_, position)| length(position)),
        "value": tx.value,
        "type": "0x0",
        "v": U256::from(to_eip155_value(signature.v(), tx.chain_id)),
        "r": signature.r(),
        "s": signature.s(),
    })
}

fn receipts_json(block: &Block) -> Vec<Value> {
    let mut log_index = 0;
    let receipt = |(position, included): (usize, &Included)| {
        let transaction = &included.transaction;
        let logs = logs_json(block, position, included, log_index);
        log_index += logs.len();
        json!({
            "blockHash": block.hash,
            "blockNumber": quantity(block.header.number),
            "contractAddress": included.contract(),
            "cumulativeGasUsed": quantity(included.receipt.receipt.cumulative_gas_used),
            "from": transaction.sender,
            "gasUsed": quantity(included.gas_used),
            "logs": logs,
            "logsBloom": included.receipt.logs_bloom,
            "status": quantity(u64::from(included.succeeded())),
            "to": transaction.signed.tx().to.to(),
            "transactionHash": transaction.hash(),
            "transactionIndex": length(position),
            "type": "0x0",
        })
    };
    block.transactions.iter().enumerate().map(receipt).collect()
}

/// Returns the logs of one transaction; `first` is the number of logs before them in the block.
pub(super) fn logs_json(block: &Block, position: usize, included: &Included, first: usize) -> Vec<Value> {
    let entry = |(offset, log): (usize, &alloy_primitives::Log)| {
        json!({
            "address": log.address,
            "topics": log.topics(),
            "data": log.data.data,
            "blockNumber": quantity(block.header.number),
            "transactionHash": included.transaction.hash(),
            "transactionIndex": length(position),
            "blockHash": block.hash,
            "logIndex": length(first + offset),
            "removed": false,
        })
    };
    included.logs().iter().enumerate().map(entry).collect()
}

/// geth's limit as well.
const MAX_FEE_HISTORY: u64 = 1024;
