//! Transactions and receipts of a block: that these are all of them, or that this is the one at a position.
//!
//! A header commits to both lists by the root of a trie over their positions. Whoever has a whole list needs no
//! proof: the root is computed again. One item alone is proven by the nodes on the way to it, and so is that a block
//! has none at that position.
//!
//! Blooms are proven along: each receipt's must be that of its logs and the header's the union of them, because
//! the search for logs relies on a bloom to say that a block has no log of interest.
//!
//! Defends against transactions, receipts and logs that are left out, added, changed or swapped, and those of another
//! block. **Not checked**: that executing the transactions gives these receipts; the validators stand for it.
//!
//! Source: Yellow Paper §4.3.2; EIP-2718.

use alloy_primitives::{B256, Bloom, Bytes, keccak256};

use crate::{
    BlockNumber, Fault, Receipt, ReceiptError, TrieError, VerifiedHeader, ordered_trie, proof::Position, trie,
};

/// All transactions of a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenTransactions {
    position: Position,
    transactions: Vec<ProvenTransaction>,
}

/// A transaction of a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenTransaction {
    position: Position,
    index: usize,
    hash: B256,
    raw: Bytes,
}

/// All receipts of a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenReceipts {
    position: Position,
    receipts: Vec<Receipt>,
}

/// A receipt of a verified block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenReceipt {
    position: Position,
    index: usize,
    receipt: Receipt,
    before: Option<Before>,
}

/// What the receipts before one in its block come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Before {
    gas_used: u64,
    logs: usize,
}

/// Verifies that `raw` are all transactions of the block of `header`, in their order.
///
/// Each is as it was signed and sent, without the blobs.
///
/// # Errors
/// [`InclusionError::Root`] unless they are; [`InclusionError::TooLarge`] beyond the limits.
pub fn verify_transactions(
    header: &VerifiedHeader,
    raw: Vec<Bytes>,
) -> Result<ProvenTransactions, InclusionError> {
    let position = Position::of(header);
    check_root(position.number, ItemKind::Transaction, header.raw().transactions_root, &raw)?;
    let transactions = raw
        .into_iter()
        .enumerate()
        .map(|(index, raw)| ProvenTransaction { position, index, hash: keccak256(&raw), raw })
        .collect();
    Ok(ProvenTransactions { position, transactions })
}

/// Verifies that `raw` are all receipts of the block of `header`, in their order, each as [`Receipt::encode`] has it.
///
/// # Errors
/// [`InclusionError`] unless they are, and unless their blooms are those of their logs.
pub fn verify_receipts(header: &VerifiedHeader, raw: &[Bytes]) -> Result<ProvenReceipts, InclusionError> {
    let position = Position::of(header);
    let block = position.number;
    check_root(block, ItemKind::Receipt, header.raw().receipts_root, raw)?;
    let mut union = Bloom::ZERO;
    let mut receipts = Vec::with_capacity(raw.len());
    for (index, raw) in raw.iter().enumerate() {
        let receipt = decode_receipt(block, index, raw)?;
        union.accrue_bloom(&receipt.logs_bloom);
        receipts.push(receipt);
    }
    if union != header.raw().logs_bloom {
        return Err(InclusionError::HeaderBloom { block });
    }
    Ok(ProvenReceipts { position, receipts })
}

/// Verifies what the block of `header` has as transaction number `index`: one, or none because it has fewer.
///
/// # Errors
/// [`InclusionError::Proof`] unless the nodes are exactly the way to it or to its absence.
pub fn verify_transaction(
    header: &VerifiedHeader,
    index: usize,
    proof: &[Bytes],
) -> Result<Option<ProvenTransaction>, InclusionError> {
    let position = Position::of(header);
    let found = find(position, ItemKind::Transaction, header.raw().transactions_root, index, proof)?;
    Ok(found.map(|raw| ProvenTransaction {
        position,
        index,
        hash: keccak256(raw),
        raw: Bytes::copy_from_slice(raw),
    }))
}

/// Verifies what the block of `header` has as receipt number `index`: one, or none because it has fewer.
///
/// # Errors
/// [`InclusionError`] unless the nodes are exactly the way to it or to its absence, and its bloom that of its logs.
pub fn verify_receipt(
    header: &VerifiedHeader,
    index: usize,
    proof: &[Bytes],
) -> Result<Option<ProvenReceipt>, InclusionError> {
    let position = Position::of(header);
    let found = find(position, ItemKind::Receipt, header.raw().receipts_root, index, proof)?;
    let receipt = found.map(|raw| decode_receipt(position.number, index, raw)).transpose()?;
    Ok(receipt.map(|receipt| ProvenReceipt { position, index, receipt, before: None }))
}

fn find(
    position: Position,
    kind: ItemKind,
    root: B256,
    index: usize,
    proof: &[Bytes],
) -> Result<Option<&[u8]>, InclusionError> {
    trie::find_index(root, index, proof).map_err(|source| InclusionError::Proof {
        block: position.number,
        kind,
        index,
        source: Box::new(source),
    })
}

fn check_root(
    block: BlockNumber,
    kind: ItemKind,
    expected: B256,
    raw: &[Bytes],
) -> Result<(), InclusionError> {
    let bytes = raw.iter().map(|item| item.len()).sum();
    for (expected, found) in [(MAX_ITEMS, raw.len()), (MAX_LIST_BYTES, bytes)] {
        if found > expected {
            return Err(InclusionError::TooLarge { block, kind, expected, found });
        }
    }
    let found = ordered_trie::root(raw);
    if found != expected {
        return Err(InclusionError::Root { block, kind, expected, found });
    }
    Ok(())
}

fn decode_receipt(block: BlockNumber, index: usize, raw: &[u8]) -> Result<Receipt, InclusionError> {
    let receipt = Receipt::decode(raw).map_err(|source| InclusionError::Receipt { block, index, source })?;
    if receipt.logs_bloom != receipt.bloom_of_logs() {
        return Err(InclusionError::ReceiptBloom { block, index });
    }
    Ok(receipt)
}

impl ProvenTransactions {
    /// The transactions, in their order.
    pub fn transactions(&self) -> &[ProvenTransaction] {
        &self.transactions
    }

    /// The transaction with this hash, if it is in the block.
    pub fn find(&self, hash: B256) -> Option<&ProvenTransaction> {
        self.transactions.iter().find(|transaction| transaction.hash == hash)
    }

    /// Hash of the block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }
}

impl ProvenTransaction {
    /// Height of the block.
    pub const fn block_number(&self) -> BlockNumber {
        self.position.number
    }

    /// Hash of the block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }

    /// Position in the block, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Its hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Its bytes, as signed and sent.
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }
}

impl ProvenReceipts {
    /// The receipts, in the order of the transactions.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// The receipt at this position.
    pub fn get(&self, index: usize) -> Option<ProvenReceipt> {
        let (before, from) = self.receipts.split_at_checked(index)?;
        let receipt = from.first()?.clone();
        let before = Before {
            gas_used: before.last().map_or(0, |last| last.cumulative_gas_used),
            logs: before.iter().map(|receipt| receipt.logs.len()).sum(),
        };
        Some(ProvenReceipt { position: self.position, index, receipt, before: Some(before) })
    }

    /// Hash of the block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }
}

impl ProvenReceipt {
    /// Height of the block.
    pub const fn block_number(&self) -> BlockNumber {
        self.position.number
    }

    /// Hash of the block.
    pub const fn block_hash(&self) -> B256 {
        self.position.hash
    }

    /// Position in the block, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Gas that the transaction used; `None` where only this receipt of its block was proven.
    pub fn gas_used(&self) -> Option<u64> {
        self.receipt.cumulative_gas_used.checked_sub(self.before?.gas_used)
    }

    /// Position of its first log among those of the block; `None` where only this receipt of its block was proven.
    pub fn first_log_index(&self) -> Option<usize> {
        self.before.map(|before| before.logs)
    }

    /// The receipt itself.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

/// Which of a block's two lists an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// The list under `receiptsRoot`.
    Receipt,
    /// The list under `transactionsRoot`.
    Transaction,
}

impl core::fmt::Display for ItemKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Receipt => "receipt",
            Self::Transaction => "transaction",
        })
    }
}

/// Why transactions or receipts are not those of a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The header's bloom is not the union of the receipts' blooms.
    #[error("block {block}: the header's bloom is not that of its receipts")]
    HeaderBloom {
        /// Height of the block.
        block: BlockNumber,
    },
    /// The nodes do not lead from the root to the item.
    #[error("{kind} {index} of block {block}: proof refused")]
    Proof {
        /// Height of the block.
        block: BlockNumber,
        /// Which list.
        kind: ItemKind,
        /// The position that was asked for.
        index: usize,
        /// What is wrong with the nodes.
        source: Box<TrieError>,
    },
    /// What stands in the receipt trie is no receipt.
    #[error("receipt {index} of block {block}: not well-formed")]
    Receipt {
        /// Height of the block.
        block: BlockNumber,
        /// Position of the receipt.
        index: usize,
        /// What is wrong with it.
        source: ReceiptError,
    },
    /// A receipt's bloom is not that of its logs.
    #[error("receipt {index} of block {block}: its bloom is not that of its logs")]
    ReceiptBloom {
        /// Height of the block.
        block: BlockNumber,
        /// Position of the receipt.
        index: usize,
    },
    /// These are not all items of the block, or not as they are, or not in their order.
    #[error("{kind} list of block {block}: root {found}, expected {expected}")]
    Root {
        /// Height of the block.
        block: BlockNumber,
        /// Which list.
        kind: ItemKind,
        /// Root in the header.
        expected: B256,
        /// Root of the list.
        found: B256,
    },
    /// More items or bytes than a block has.
    #[error("{kind} list of block {block}: {found} items or bytes, expected at most {expected}")]
    TooLarge {
        /// Height of the block.
        block: BlockNumber,
        /// Which list.
        kind: ItemKind,
        /// The limit.
        expected: usize,
        /// What there is.
        found: usize,
    },
}

impl InclusionError {
    /// Whose fault it is: who sent the list or the proof.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Most items of a block: two billion gas at the least price of a transaction.
const MAX_ITEMS: usize = 100_000;
/// Longest list, so that nobody makes us hash for long.
const MAX_LIST_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests;
