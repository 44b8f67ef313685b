//! Lies about what transactions did: receipts, logs, and the transactions themselves. The headers stay true.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::{EVERY, Kind, Lie};
use crate::rpc::{Params, RpcError, View, quantity};

/// What is wrong with receipts, logs or transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiptLie {
    ChangedReceipts,
    ChangedTransactions,
    InventedLog,
    OmittedLog,
    OmittedReceipt,
    OmittedTransaction,
    OtherReceipt,
    Unmined,
}

const fn lie(name: &'static str, lie: ReceiptLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes: EVERY, kind: Kind::Receipt(lie) }
}

pub(super) const LIES: [Lie; 8] = [
    lie(
        "changed-receipts",
        ReceiptLie::ChangedReceipts,
        "Says of transactions that failed that they succeeded, and the other way round.",
    ),
    lie(
        "changed-transactions",
        ReceiptLie::ChangedTransactions,
        "Shows transactions with another input than was signed.",
    ),
    lie(
        "invented-log",
        ReceiptLie::InventedLog,
        "Adds to the logs, in receipts and in eth_getLogs, a copy of the last one from another contract.",
    ),
    lie(
        "omitted-log",
        ReceiptLie::OmittedLog,
        "Leaves the last log out, of each receipt and of eth_getLogs.",
    ),
    lie("omitted-receipt", ReceiptLie::OmittedReceipt, "Leaves a block's last receipt out."),
    lie("omitted-transaction", ReceiptLie::OmittedTransaction, "Leaves a block's last transaction out."),
    lie("other-receipt", ReceiptLie::OtherReceipt, "Answers with the receipts of another block."),
    lie("unmined", ReceiptLie::Unmined, "Says of all transactions that they are in no block."),
];

impl ReceiptLie {
    /// Answers one call.
    pub(super) fn answer(self, view: View<'_>, method: &str, params: &Params<'_>) -> Result<Value, RpcError> {
        let answer = view.answer(method, params)?;
        Ok(match method {
            "eth_getBlockByHash" | "eth_getBlockByNumber" => self.change_block(answer),
            "eth_getBlockReceipts" => match self {
                Self::OtherReceipt => other_receipts(view, &answer)?,
                _ => self.change_receipts(answer),
            },
            "eth_getLogs" => self.change_logs(answer),
            "eth_getTransactionByHash" => self.change_transaction(answer),
            "eth_getTransactionReceipt" => match (self, &answer) {
                (_, Value::Null) => answer,
                (Self::Unmined, _) => Value::Null,
                (Self::OtherReceipt, _) => {
                    let others = other_receipts(view, &json!([answer]))?;
                    others.get(0).cloned().unwrap_or_default()
                }
                _ => self.change_receipt(answer),
            },
            _ => answer,
        })
    }

    fn change_block(self, mut block: Value) -> Value {
        let transactions = block.get_mut("transactions").and_then(Value::as_array_mut);
        if let Some(transactions) = transactions {
            match self {
                Self::OmittedTransaction => {
                    transactions.pop();
                }
                Self::ChangedTransactions => {
                    for transaction in transactions {
                        *transaction = self.change_transaction(transaction.take());
                    }
                }
                _ => {}
            }
        }
        block
    }

    fn change_transaction(self, mut transaction: Value) -> Value {
        if let Some(fields) = transaction.as_object_mut() {
            match self {
                Self::ChangedTransactions => {
                    fields.insert("input".to_owned(), json!("0x2a"));
                }
                Self::Unmined => {
                    for name in ["blockHash", "blockNumber", "transactionIndex"] {
                        fields.insert(name.to_owned(), Value::Null);
                    }
                }
                _ => {}
            }
        }
        transaction
    }

    fn change_receipts(self, mut receipts: Value) -> Value {
        if let Some(receipts) = receipts.as_array_mut() {
            if self == Self::OmittedReceipt {
                receipts.pop();
            }
            for receipt in receipts {
                *receipt = self.change_receipt(receipt.take());
            }
        }
        receipts
    }

    fn change_receipt(self, mut receipt: Value) -> Value {
        let Some(fields) = receipt.as_object_mut() else { return receipt };
        if self == Self::ChangedReceipts {
            let failed = fields.get("status") == Some(&quantity(0));
            fields.insert("status".to_owned(), quantity(u64::from(failed)));
        }
        if let Some(logs) = fields.get_mut("logs") {
            *logs = self.change_logs(logs.take());
        }
        receipt
    }

    fn change_logs(self, mut logs: Value) -> Value {
        match (self, logs.as_array_mut()) {
            (Self::OmittedLog, Some(logs)) => {
                logs.pop();
            }
            (Self::InventedLog, Some(logs)) => {
                let mut copy = logs.last().cloned();
                if let Some(fields) = copy.as_mut().and_then(Value::as_object_mut) {
                    fields.insert("address".to_owned(), json!(Address::repeat_byte(0x42)));
                }
                logs.extend(copy);
            }
            _ => {}
        }
        logs
    }
}

/// Returns the receipts of the newest other block that has some; the true ones when there is none.
fn other_receipts(view: View<'_>, honest: &Value) -> Result<Value, RpcError> {
    let hash: Option<B256> = honest
        .get(0)
        .and_then(|receipt| receipt.get("blockHash"))
        .and_then(Value::as_str)
        .and_then(|hash| hash.parse().ok());
    let own = hash.map(|hash| view.chain.number_of(hash)).transpose()?.flatten();
    let filled = view.chain.filled(0, view.head)?;
    match filled.into_iter().rev().find(|number| Some(*number) != own) {
        Some(other) if own.is_some() => {
            let params = json!([quantity(other)]);
            view.answer("eth_getBlockReceipts", &Params::new(Some(&params))?)
        }
        _ => Ok(honest.clone()),
    }
}
