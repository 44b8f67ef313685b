//! Logs of a range of blocks, complete: none is invented, none is left out.
//!
//! `eth_getLogs` is believed in nothing; it is not even asked. Each header carries a bloom of its block's logs under
//! the validators' seals, so most blocks are proven at once to hold no log of interest. Of every other block *all*
//! receipts are needed, which its `receiptsRoot` proves to be all, and they are searched here. Where a log stands
//! (block, transaction, number) follows from where it was found and is read from nobody.
//!
//! Defends against logs, receipts and blocks that are left out, logs of other blocks, and made-up positions.
//!
//! Source: EIP-1474 (`eth_getLogs`), execution-apis `FilterTopics`; Yellow Paper §4.3.1 for the bloom.

use core::ops::RangeInclusive;

use alloy_primitives::{Address, B256, Bloom, BloomInput};

use crate::{BlockNumber, Fault, Log, ProvenReceipts, ProvenTransactions, VerifiedHeader, proof::Position};

/// Which logs are wanted, as `eth_getLogs` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    addresses: Vec<Address>,
    topics: Vec<Vec<B256>>,
    /// For each list that is not empty, the bloom of each of its alternatives.
    blooms: Vec<Vec<Bloom>>,
}

impl LogFilter {
    /// Wants the logs of any of `addresses` that have, at each place of `topics`, any topic listed there.
    ///
    /// An empty list takes anything. A log with fewer topics than there are places does not match, not even where the
    /// places take anything.
    pub fn new(addresses: Vec<Address>, topics: Vec<Vec<B256>>) -> Self {
        let bloom = |input: &[u8]| Bloom::from(BloomInput::Raw(input));
        let of_addresses = addresses.iter().map(|address| bloom(address.as_slice())).collect();
        let of_topics =
            topics.iter().map(|any_of| any_of.iter().map(|topic| bloom(topic.as_slice())).collect());
        let mut blooms: Vec<Vec<Bloom>> = core::iter::once(of_addresses).chain(of_topics).collect();
        blooms.retain(|any_of| !any_of.is_empty());
        Self { addresses, topics, blooms }
    }

    /// Whether a block or receipt with this bloom may have a log that matches; if not, it has none.
    pub fn may_match(&self, bloom: &Bloom) -> bool {
        !bloom.is_zero()
            && self.blooms.iter().all(|any_of| any_of.iter().any(|wanted| bloom.contains(wanted)))
    }

    /// Whether a log matches.
    pub fn matches(&self, log: &Log) -> bool {
        (self.addresses.is_empty() || self.addresses.contains(&log.address))
            && self.topics.len() <= log.topics.len()
            && self
                .topics
                .iter()
                .zip(&log.topics)
                .all(|(any_of, topic)| any_of.is_empty() || any_of.contains(topic))
    }
}

/// A log of a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenLog {
    position: Position,
    transaction_hash: B256,
    transaction_index: usize,
    log_index: usize,
    log: Log,
}

impl ProvenLog {
    /// The log itself.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Height of the block.
    pub const fn block_number(&self) -> BlockNumber {
        self.position.number
    }

    /// Hash of the block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }

    /// Hash of the transaction that wrote it.
    pub const fn transaction_hash(&self) -> B256 {
        self.transaction_hash
    }

    /// Position of that transaction in the block, from 0.
    pub const fn transaction_index(&self) -> usize {
        self.transaction_index
    }

    /// Position among all logs of the block, from 0.
    pub const fn log_index(&self) -> usize {
        self.log_index
    }
}

/// Verifies all logs that `filter` wants in the blocks `asked`, in their order.
///
/// `headers` are those of the blocks asked for, each on top of the one before; `bodies` are the transactions and
/// receipts of exactly the blocks whose bloom [may match](LogFilter::may_match), in their order.
///
/// # Errors
/// [`LogsError`] names the block of which something is missing, spare or wrong.
pub fn verify_logs(
    asked: RangeInclusive<BlockNumber>,
    headers: &[VerifiedHeader],
    filter: &LogFilter,
    bodies: &[(ProvenTransactions, ProvenReceipts)],
) -> Result<Vec<ProvenLog>, LogsError> {
    check_headers(asked, headers)?;
    let mut logs = Vec::new();
    let mut bodies = bodies.iter();
    for header in headers.iter().filter(|header| filter.may_match(&header.raw().logs_bloom)) {
        let (number, hash) = (header.number(), header.hash());
        let (transactions, receipts) = bodies
            .next()
            .filter(|(transactions, receipts)| {
                transactions.block_hash() == hash && receipts.block_hash() == hash
            })
            .ok_or(LogsError::BodyMissing { number, hash })?;
        let (expected, found) = (transactions.transactions().len(), receipts.receipts().len());
        if expected != found {
            return Err(LogsError::Count { number, expected, found });
        }
        collect(header, filter, transactions, receipts, &mut logs);
    }
    match bodies.next() {
        Some((transactions, _)) => Err(LogsError::BodySpare { hash: transactions.block_hash() }),
        None => Ok(logs),
    }
}

/// The headers are those asked for, and one chain.
fn check_headers(
    mut asked: RangeInclusive<BlockNumber>,
    headers: &[VerifiedHeader],
) -> Result<(), LogsError> {
    let mut before: Option<&VerifiedHeader> = None;
    for header in headers {
        let found = header.number();
        let number = asked.next().ok_or(LogsError::HeaderSpare { number: found })?;
        if found != number {
            return Err(LogsError::HeaderMissing { number });
        }
        let expected = before.map_or(header.parent_hash(), VerifiedHeader::hash);
        if header.parent_hash() != expected {
            return Err(LogsError::Parent { number, expected, found: header.parent_hash() });
        }
        before = Some(header);
    }
    asked.next().map_or(Ok(()), |number| Err(LogsError::HeaderMissing { number }))
}

/// Adds the logs of one block that the filter wants.
fn collect(
    header: &VerifiedHeader,
    filter: &LogFilter,
    transactions: &ProvenTransactions,
    receipts: &ProvenReceipts,
    logs: &mut Vec<ProvenLog>,
) {
    let mut log_index = 0;
    for (transaction, receipt) in transactions.transactions().iter().zip(receipts.receipts()) {
        for log in &receipt.logs {
            if filter.matches(log) {
                logs.push(ProvenLog {
                    position: Position::of(header),
                    transaction_hash: transaction.hash(),
                    transaction_index: transaction.index(),
                    log_index,
                    log: log.clone(),
                });
            }
            log_index += 1;
        }
    }
}

/// Why logs are not proven to be all of a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// The bloom of a block says that it may have logs of interest, but its transactions and receipts are not there.
    #[error("transactions and receipts of block {number} are missing, expected those of {hash}")]
    BodyMissing {
        /// Height of the block.
        number: BlockNumber,
        /// Its hash.
        hash: B256,
    },
    /// Transactions and receipts of a block that is not needed.
    #[error("spare transactions and receipts, of block {hash}")]
    BodySpare {
        /// Hash of the block.
        hash: B256,
    },
    /// A block has not one receipt for each transaction.
    #[error("block {number} with {found} receipts, expected {expected}")]
    Count {
        /// Height of the block.
        number: BlockNumber,
        /// Its transactions.
        expected: usize,
        /// Its receipts.
        found: usize,
    },
    /// A header of the range is missing, or another one is at its place.
    #[error("header {number} is missing")]
    HeaderMissing {
        /// Height of the header.
        number: BlockNumber,
    },
    /// A header behind the end of the range.
    #[error("spare header {number}")]
    HeaderSpare {
        /// Height of the header.
        number: BlockNumber,
    },
    /// Two headers are not of one chain.
    #[error("header {number}: parent hash {found}, expected {expected}")]
    Parent {
        /// Height of the later header.
        number: BlockNumber,
        /// Hash of the header before it.
        expected: B256,
        /// Hash it names.
        found: B256,
    },
}

impl LogsError {
    /// Whose fault it is. What is missing may still be asked for; what is spare, nobody should have passed.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::BodyMissing { .. } | Self::HeaderMissing { .. } => Fault::Unavailable,
            Self::BodySpare { .. } | Self::HeaderSpare { .. } => Fault::Caller,
            Self::Count { .. } | Self::Parent { .. } => Fault::Peer,
        }
    }
}

#[cfg(test)]
mod tests;
