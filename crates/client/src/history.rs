//! What happened before the head: logs, transactions and receipts of its ancestors, proven.
//!
//! A verified header names its parent by hash, so the way back needs no trust in anybody: each header on it is the only
//! one with that hash. Logs of a range are then complete by [`verify_logs`]: the blooms rule blocks out, of the others
//! all transactions and receipts are fetched. `eth_getLogs` is never asked.
//!
//! The endpoints are asked one after the other, for each part anew; whoever leaves something out or changes it is
//! remembered as having lied, and the next is asked. Defends against omitted, forged and misplaced logs, receipts,
//! transactions and blocks. **Not proven**: that there is no transaction with a given hash; a node can only be asked.

use core::ops::RangeInclusive;
use core::sync::atomic::AtomicU64;

use alloy_primitives::B256;
use lightclient::{
    BlockNumber, Fault, LogFilter, ProvenLog, ProvenReceipt, ProvenTransaction, ProvenTransactions,
    VerifiedHeader, verify_logs,
};

use self::fetch::Body;
use crate::client::{Client, Head, none_answered};
use crate::error::{ClientError, Problem};
use crate::join::join_all;
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::rpc::{Endpoint, RpcCall, RpcError, decode_transaction_block};

mod fetch;
#[cfg(test)]
mod tests;

/// Why the past cannot be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The block is not an ancestor of the head, but after it.
    #[error("block {found} is after the head {head}")]
    AfterHead {
        /// Height of the head.
        head: BlockNumber,
        /// Height asked for.
        found: BlockNumber,
    },
    /// A range that ends before it begins.
    #[error("blocks {from} to {to} are no range")]
    NoRange {
        /// First block asked for.
        from: BlockNumber,
        /// Last block asked for.
        to: BlockNumber,
    },
    /// The node says that the block has the transaction; it has not.
    #[error("transaction {transaction} is not in block {number}")]
    NotInBlock {
        /// Hash of the transaction.
        transaction: B256,
        /// Height of the block that the node named.
        number: BlockNumber,
    },
    /// Too far back from the head to walk.
    #[error("block {found} is more than {limit} blocks before the head")]
    TooFarBack {
        /// The limit, in blocks.
        limit: u64,
        /// Height asked for.
        found: BlockNumber,
    },
    /// The blocks that may have logs of interest are too large together.
    #[error("blocks of more than {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
}

impl HistoryError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NotInBlock { .. } => Fault::Peer,
            Self::AfterHead { .. }
            | Self::NoRange { .. }
            | Self::TooFarBack { .. }
            | Self::TooLarge { .. } => Fault::Caller,
        }
    }
}

impl<P: Platform> Client<P> {
    /// Proves the header of a block, the head's or before it.
    ///
    /// # Errors
    /// [`HistoryError`] for a block after the head or too far back; what the endpoints did if none has the headers.
    pub async fn block(&self, head: &Head, number: BlockNumber) -> Result<VerifiedHeader, ClientError> {
        self.ancestor(&head.header, number, &AtomicU64::new(0)).await
    }

    /// Proves all transactions of a block, the head's or before it.
    ///
    /// # Errors
    /// As [`block`](Self::block).
    pub async fn transactions(
        &self,
        head: &Head,
        number: BlockNumber,
    ) -> Result<ProvenTransactions, ClientError> {
        let header = self.block(head, number).await?;
        Ok(self.body(&header, &AtomicU64::new(0)).await?.transactions)
    }

    /// Proves all logs that `filter` wants in these blocks, the head's or before it, in their order.
    ///
    /// # Errors
    /// What the endpoints did if none proved a part of it, and [`HistoryError`] for ranges beyond the limits.
    pub async fn logs(
        &self,
        head: &Head,
        filter: &LogFilter,
        blocks: RangeInclusive<BlockNumber>,
    ) -> Result<Vec<ProvenLog>, ClientError> {
        let (from, to) = (*blocks.start(), *blocks.end());
        if from > to {
            return Err(HistoryError::NoRange { from, to }.into());
        }
        check_distance(head.header.number(), to)?;
        let requests = AtomicU64::new(0);
        let mut headers = self.ancestors(&head.header, from, &requests).await?;
        headers.retain(|header| header.number() <= to);
        let wanted: Vec<&VerifiedHeader> =
            headers.iter().filter(|header| filter.may_match(&header.raw().logs_bloom)).collect();
        let mut bodies = Vec::with_capacity(wanted.len());
        let mut bytes = 0;
        for some in wanted.chunks(MAX_BODIES_AT_ONCE) {
            for body in join_all(some.iter().map(|header| self.body(header, &requests)).collect()).await {
                let body = body?;
                bytes = add_bytes(bytes, body.bytes)?;
                bodies.push((body.transactions, body.receipts));
            }
            self.platform().progress(Progress::of(Step::Verify, bodies.len() as u64, wanted.len() as u64));
        }
        Ok(verify_logs(blocks, &headers, filter, &bodies)?)
    }

    /// Proves the transaction with this hash, in the head's block or one before it.
    ///
    /// # Errors
    /// What the endpoints did if none proved it, [`RpcError::Absent`] if none knows of it.
    pub async fn transaction(&self, head: &Head, hash: B256) -> Result<ProvenTransaction, ClientError> {
        Ok(self.locate(head, hash).await?.0)
    }

    /// Proves the transaction with this hash and its receipt, in the head's block or one before it.
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub async fn receipt(
        &self,
        head: &Head,
        hash: B256,
    ) -> Result<(ProvenTransaction, ProvenReceipt), ClientError> {
        self.locate(head, hash).await
    }

    /// Asks one endpoint after the other where a transaction is, until it is there.
    async fn locate(
        &self,
        head: &Head,
        transaction: B256,
    ) -> Result<(ProvenTransaction, ProvenReceipt), ClientError> {
        let requests = AtomicU64::new(0);
        let mut failures = Vec::new();
        for index in self.reading_order(head.header.number()) {
            let Some(endpoint) = self.endpoint(index, &requests) else { continue };
            let error = match block_from(&endpoint, head.header.number(), transaction).await {
                Ok(number) => match self.find_in(head, number, transaction, &requests).await {
                    Ok(found) => return Ok(found),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let error = error.at(endpoint.url);
            self.note_failure(index, &error);
            failures.push(error);
        }
        if let Some(unknown) = failures.first()
            && failures.iter().all(is_unknown_transaction)
        {
            return Err(unknown.clone());
        }
        Err(none_answered(failures))
    }

    /// The transaction and its receipt, if this block has it.
    async fn find_in(
        &self,
        head: &Head,
        number: BlockNumber,
        transaction: B256,
        requests: &AtomicU64,
    ) -> Result<(ProvenTransaction, ProvenReceipt), ClientError> {
        let header = self.block(head, number).await?;
        let body = self.body(&header, requests).await?;
        find(&body, transaction).ok_or_else(|| HistoryError::NotInBlock { transaction, number }.into())
    }
}

/// Whether an endpoint has answered that it knows of no such transaction, or of none in a block that we can reach.
fn is_unknown_transaction(error: &ClientError) -> bool {
    matches!(&*error.problem, Problem::Rpc(RpcError::Absent { what }) if NOT_MINED.contains(what))
}

/// What is absent where a transaction is not, or not yet, in a block up to the head.
const NOT_MINED: [&str; 2] = ["such transaction", "block with such transaction"];

/// Asks one endpoint for the height of a transaction's block.
async fn block_from<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    head: BlockNumber,
    transaction: B256,
) -> Result<BlockNumber, ClientError> {
    let answer = endpoint.ask_one(RpcCall::transaction(transaction)).await?;
    let number = decode_transaction_block(&answer)?;
    match check_distance(head, number) {
        // Younger than what we have verified: for us it is not there yet.
        Err(HistoryError::AfterHead { .. }) => Err(RpcError::Absent { what: NOT_MINED[1] }.into()),
        result => Ok(result.map(|()| number)?),
    }
}

/// The transaction of a block and its receipt.
fn find(body: &Body, transaction: B256) -> Option<(ProvenTransaction, ProvenReceipt)> {
    let found = body.transactions.find(transaction)?;
    Some((found.clone(), body.receipts.get(found.index())?))
}

/// Checks that a block can be reached from the head.
fn check_distance(head: BlockNumber, found: BlockNumber) -> Result<(), HistoryError> {
    let distance = head.checked_sub(found).ok_or(HistoryError::AfterHead { head, found })?;
    if distance > MAX_BLOCKS_BACK {
        return Err(HistoryError::TooFarBack { limit: MAX_BLOCKS_BACK, found });
    }
    Ok(())
}

/// Adds the length of a body to that of those before it.
const fn add_bytes(total: usize, more: usize) -> Result<usize, HistoryError> {
    match total.saturating_add(more) {
        bytes @ ..=MAX_BYTES => Ok(bytes),
        _ => Err(HistoryError::TooLarge { limit_bytes: MAX_BYTES }),
    }
}

/// How far back from the head one look goes, in blocks.
const MAX_BLOCKS_BACK: u64 = 10_000;
/// Blocks of which transactions and receipts are asked for at the same time.
const MAX_BODIES_AT_ONCE: usize = 8;
/// Most bytes of transactions and receipts that one look holds.
const MAX_BYTES: usize = 64 << 20;
