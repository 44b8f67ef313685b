//! What JavaScript sees of the chain: headers, accounts, storage, transactions, receipts, logs.

use alloy_primitives::{Address, B256, Bloom, Bytes, U256, hex};
use lightclient::{
    AccessListItem, Log, Outcome, ProvenAccount, ProvenLog, ProvenReceipt, ProvenSlot, ProvenTransaction,
    SignedTransaction, VerifiedHeader,
};
use serde::Serialize;

use super::Number;
use crate::error::ErrorView;

/// A verified header, with the names that JSON-RPC has for its fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockView {
    number: Number,
    hash: B256,
    parent_hash: B256,
    timestamp: Number,
    state_root: B256,
    transactions_root: B256,
    receipts_root: B256,
    logs_bloom: Bloom,
    sha3_uncles: B256,
    miner: String,
    difficulty: U256,
    gas_limit: Number,
    gas_used: Number,
    extra_data: Bytes,
    mix_hash: B256,
    nonce: String,
    base_fee_per_gas: Option<Number>,
}

impl BlockView {
    pub(crate) fn of(verified: &VerifiedHeader) -> Self {
        let header = verified.raw();
        Self {
            number: header.number.into(),
            hash: verified.hash(),
            parent_hash: header.parent_hash,
            timestamp: header.timestamp.into(),
            state_root: header.state_root,
            transactions_root: header.transactions_root,
            receipts_root: header.receipts_root,
            logs_bloom: header.logs_bloom,
            sha3_uncles: header.ommers_hash,
            miner: header.coinbase.to_string(),
            difficulty: header.difficulty,
            gas_limit: header.gas_limit.into(),
            gas_used: header.gas_used.into(),
            extra_data: header.extra_data.clone(),
            mix_hash: header.mix_hash,
            nonce: hex::encode_prefixed(header.nonce),
            base_fee_per_gas: header.base_fee_per_gas.map(Number),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountView {
    address: String,
    exists: bool,
    nonce: Number,
    balance: U256,
    code_hash: B256,
    storage_root: B256,
    block: Number,
}

impl From<&ProvenAccount> for AccountView {
    fn from(account: &ProvenAccount) -> Self {
        Self {
            address: account.address().to_string(),
            exists: account.exists(),
            nonce: account.nonce().into(),
            balance: account.balance(),
            code_hash: account.code_hash(),
            storage_root: account.storage_root(),
            block: account.block_number().into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SlotView {
    slot: B256,
    value: B256,
    block: Number,
}

impl From<&ProvenSlot> for SlotView {
    fn from(slot: &ProvenSlot) -> Self {
        Self { slot: slot.slot(), value: slot.word(), block: slot.block_number().into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionView {
    hash: B256,
    raw: Bytes,
    index: usize,
    block: Number,
    block_hash: B256,
    r#type: u8,
    chain_id: Option<Number>,
    from: String,
    to: Option<String>,
    nonce: Number,
    value: U256,
    input: Bytes,
    gas: Number,
    gas_price: Option<U256>,
    max_fee_per_gas: Option<U256>,
    max_priority_fee_per_gas: Option<U256>,
    access_list: Option<Vec<AccessListItemView>>,
    v: U256,
    r: U256,
    s: U256,
}

/// One account of an access list (EIP-2930).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessListItemView {
    address: String,
    storage_keys: Vec<B256>,
}

impl From<&AccessListItem> for AccessListItemView {
    fn from(item: &AccessListItem) -> Self {
        Self { address: item.address.to_string(), storage_keys: item.storage_keys.clone() }
    }
}

impl TransactionView {
    pub(crate) fn new(proven: &ProvenTransaction) -> Result<Self, ErrorView> {
        let signed = SignedTransaction::decode(proven.raw())?;
        let from = signed.sender()?.to_string();
        let fees = signed.kind.fees();
        Ok(Self {
            hash: proven.hash(),
            raw: proven.raw().clone(),
            index: proven.index(),
            block: proven.block_number().into(),
            block_hash: proven.block_hash(),
            r#type: signed.kind.number(),
            chain_id: signed.chain_id().map(Number),
            from,
            to: signed.to.map(|to| to.to_string()),
            nonce: signed.nonce.into(),
            value: signed.value,
            gas: signed.gas_limit.into(),
            gas_price: signed.kind.gas_price(),
            max_fee_per_gas: fees.map(|fees| fees.max_fee_per_gas),
            max_priority_fee_per_gas: fees.map(|fees| fees.max_priority_fee_per_gas),
            access_list: signed
                .kind
                .access()
                .map(|access| access.list.iter().map(AccessListItemView::from).collect()),
            v: signed.v,
            r: signed.r,
            s: signed.s,
            input: signed.data,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptView {
    transaction: TransactionView,
    creates: Option<String>,
    succeeded: Option<bool>,
    gas_used: Option<Number>,
    cumulative_gas_used: Number,
    logs_bloom: Bloom,
    logs: Vec<EntryView>,
    first_log_index: Option<usize>,
}

impl ReceiptView {
    pub(crate) fn new(transaction: &ProvenTransaction, proven: &ProvenReceipt) -> Result<Self, ErrorView> {
        let receipt = proven.receipt();
        let signed = SignedTransaction::decode(transaction.raw())?;
        let succeeded = match receipt.outcome {
            Outcome::Reverted => Some(false),
            Outcome::StateRoot(_) => None,
            Outcome::Succeeded => Some(true),
        };
        Ok(Self {
            transaction: TransactionView::new(transaction)?,
            creates: signed.creates(signed.sender()?).map(|contract| contract.to_string()),
            succeeded,
            gas_used: proven.gas_used().map(Number),
            cumulative_gas_used: receipt.cumulative_gas_used.into(),
            logs_bloom: receipt.logs_bloom,
            logs: receipt.logs.iter().map(EntryView::from).collect(),
            first_log_index: proven.first_log_index(),
        })
    }
}

/// What a contract wrote.
#[derive(Serialize)]
struct EntryView {
    address: String,
    topics: Vec<B256>,
    data: Bytes,
}

impl From<&Log> for EntryView {
    fn from(log: &Log) -> Self {
        let address: &Address = &log.address;
        Self { address: address.to_string(), topics: log.topics.clone(), data: log.data.clone() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogView {
    #[serde(flatten)]
    entry: EntryView,
    block: Number,
    block_hash: B256,
    transaction_hash: B256,
    transaction_index: usize,
    log_index: usize,
}

impl From<&ProvenLog> for LogView {
    fn from(log: &ProvenLog) -> Self {
        Self {
            entry: log.log().into(),
            block: log.block_number().into(),
            block_hash: log.block_hash(),
            transaction_hash: log.transaction_hash(),
            transaction_index: log.transaction_index(),
            log_index: log.log_index(),
        }
    }
}
