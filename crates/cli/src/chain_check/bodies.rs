//! Receipts and logs: all receipts of a block have the root in its header, and each log stands where the recording
//! says.
//!
//! A receipt's type is that of its transaction; some engines leave it out. Logs need `blocks.json`: only the
//! transactions tell which of them wrote a log.

use alloy_primitives::{B256, Bytes, U256};
use client::rpc::{RpcError, decode_receipts, decode_transactions};
use lightclient::{
    InclusionError, LogFilter, LogsError, ProvenLog, ProvenReceipts, ProvenTransactions, Receipt,
    SignedTransaction, VerifiedHeader, verify_logs, verify_receipts, verify_transactions,
};
use serde_json::{Value, json};

use super::chain::Chain;
use super::json::{FormError, Node};
use super::report::{Report, said};

/// All receipts of a block, proven.
#[derive(Debug)]
pub(crate) struct HeldReceipts<'c> {
    pub(crate) header: &'c VerifiedHeader,
    pub(crate) raw: Vec<Bytes>,
}

/// Verifies all receipts and logs of the recording, and returns the receipts that hold.
pub(crate) fn verify<'c>(chain: &'c Chain<'_>, report: &mut Report) -> Vec<HeldReceipts<'c>> {
    let mut held = Vec::new();
    for (number, receipts) in &chain.recording.receipts {
        let transactions = chain
            .recording
            .transactions
            .as_ref()
            .map(|blocks| blocks.get(number).map(Vec::as_slice).unwrap_or_default());
        let result = judge(chain, *number, receipts, transactions);
        report.receipts.count(result.is_ok());
        let proven = match result {
            Ok((block, proven)) => {
                held.push(block);
                held.last().map(|block| (block.header, proven))
            }
            Err(error) => {
                report.fail(format!("receipts of block {number}: {}", said(&error)));
                None
            }
        };
        if let Some(transactions) = transactions {
            verify_logs_of(*number, receipts, transactions, proven, report);
        }
    }
    held
}

/// Judges the receipts of one block.
fn judge<'c>(
    chain: &'c Chain<'_>,
    number: u64,
    receipts: &[Value],
    transactions: Option<&[Value]>,
) -> Result<(HeldReceipts<'c>, ProvenReceipts), BodyError> {
    let header = chain.at(number).ok_or(BodyError::NoHeader)?;
    if let Some(transactions) = transactions
        && transactions.len() != receipts.len()
    {
        return Err(BodyError::Count { expected: transactions.len(), found: receipts.len() });
    }
    let of_transaction = |index: usize| transactions.and_then(|transactions| transactions.get(index));
    let types = receipts
        .iter()
        .enumerate()
        .map(|(index, receipt)| read_type(of_transaction(index).unwrap_or(receipt)))
        .collect::<Result<Vec<_>, _>>()?;
    let receipts = decode_receipts(&json!(receipts), &types)?;
    let raw: Vec<Bytes> = receipts.iter().map(Receipt::encode).map(Bytes::from).collect();
    let proven = verify_receipts(header, &raw)?;
    Ok((HeldReceipts { header, raw }, proven))
}

/// The type of a transaction, or of a receipt where transactions are not recorded; none is said before EIP-2718.
fn read_type(typed: &Value) -> Result<u8, FormError> {
    let typed = Node::new("transaction", typed);
    let Some(r#type) = typed.find(&["type"]) else { return Ok(0) };
    u8::try_from(r#type.number()?).ok().ok_or_else(|| r#type.error("a transaction type"))
}

/// Finds each recorded log of a block among those that a search for its address and topics proves.
fn verify_logs_of(
    number: u64,
    receipts: &[Value],
    transactions: &[Value],
    proven: Option<(&VerifiedHeader, ProvenReceipts)>,
    report: &mut Report,
) {
    let recorded = receipts.iter().filter_map(|receipt| receipt.get("logs")?.as_array()).flatten();
    let proven = match proven.map(|(header, receipts)| prove_transactions(header, transactions, receipts)) {
        Some(Ok(body)) => Ok(body),
        Some(Err(error)) => Err(said(&error)),
        None => Err("none, for its receipts are not proven".to_owned()),
    };
    for (index, log) in recorded.enumerate() {
        let result = match &proven {
            Ok((header, body)) => judge_log(header, body, index, log).map_err(|error| said(&error)),
            Err(reason) => Err(format!("expected a proven log, found {reason}")),
        };
        report.logs.count(result.is_ok());
        if let Err(failure) = result {
            report.fail(format!("log {index} of block {number}: {failure}"));
        }
    }
}

type Body<'c> = (&'c VerifiedHeader, [(ProvenTransactions, ProvenReceipts); 1]);

fn prove_transactions<'c>(
    header: &'c VerifiedHeader,
    transactions: &[Value],
    receipts: ProvenReceipts,
) -> Result<Body<'c>, BodyError> {
    let mut transactions = transactions.to_vec();
    for transaction in transactions.iter_mut().filter_map(Value::as_object_mut) {
        // Before EIP-2718 a node said nothing about types.
        transaction.entry("type").or_insert_with(|| json!("0x0"));
    }
    let signed = decode_transactions(&json!({ "transactions": transactions }))?;
    let raw = signed.iter().map(SignedTransaction::encode).map(Bytes::from).collect();
    Ok((header, [(verify_transactions(header, raw)?, receipts)]))
}

/// Searches a block for a log, and compares where it stands with what is recorded.
fn judge_log(
    header: &VerifiedHeader,
    body: &[(ProvenTransactions, ProvenReceipts)],
    index: usize,
    log: &Value,
) -> Result<(), BodyError> {
    let log = Node::new("log", log);
    let topics = log.member(&["topics"])?.list()?.iter().map(Node::hash).collect::<Result<Vec<_>, _>>()?;
    let any_of = topics.iter().map(|topic| vec![*topic]).collect();
    let filter = LogFilter::new(vec![log.member(&["address"])?.address()?], any_of);
    let range = header.number()..=header.number();
    let found = verify_logs(range, std::slice::from_ref(header), &filter, body)?;
    let found = found.iter().find(|found| found.log_index() == index).ok_or(BodyError::NoLog)?;
    let (expected, data) = (log.member(&["data"])?.bytes()?, &found.log().data);
    if expected != *data {
        return Err(differs("data", &expected, data));
    }
    if found.log().topics != topics {
        return Err(differs("topics", &topics.len(), &found.log().topics.len()));
    }
    compare_place(&log, found)
}

/// Where a log stands follows from where it was found; what an engine says about it has to be the same.
fn compare_place(log: &Node<'_>, found: &ProvenLog) -> Result<(), BodyError> {
    let words = [
        ("blockHash", U256::from_be_bytes(found.block_hash().0)),
        ("blockNumber", U256::from(found.block_number())),
        ("logIndex", U256::from(found.log_index())),
        ("transactionHash", U256::from_be_bytes(found.transaction_hash().0)),
        ("transactionIndex", U256::from(found.transaction_index())),
    ];
    for (what, found) in words {
        let Some(recorded) = log.find(&[what]) else { continue };
        let expected = recorded.word()?;
        if expected != found {
            return Err(differs(what, &B256::from(expected), &B256::from(found)));
        }
    }
    Ok(())
}

fn differs(what: &'static str, expected: &dyn ToString, found: &dyn ToString) -> BodyError {
    BodyError::Value { what, expected: expected.to_string(), found: found.to_string() }
}

/// Why receipts or logs are not those of a block.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("expected {expected} as there are transactions, found {found}")]
    Count { expected: usize, found: usize },
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
    #[error(transparent)]
    Logs(#[from] LogsError),
    #[error("expected a verified header, found none")]
    NoHeader,
    #[error("expected a log at this position, found none with its address and topics")]
    NoLog,
    #[error(transparent)]
    Rpc(#[from] RpcError),
    #[error("{what}: expected {expected}, found {found}")]
    Value { what: &'static str, expected: String, found: String },
}
