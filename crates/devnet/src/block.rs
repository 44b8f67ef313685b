//! A block: its header, the seals of all validators, and its transactions with what became of them.

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptWithBloom};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log};
use alloy_rlp::{BufMut, Encodable};
use alloy_trie::root::ordered_trie_root_with_encoder;

use crate::seal::{Extra, Seal, VANITY};
use crate::transaction::Transaction;

/// A sealed block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// In the encoding that is hashed: round 0 and no seals in `extraData`.
    pub(crate) header: Header,
    pub(crate) hash: B256,
    /// The round in which the validators agreed.
    pub(crate) round: u32,
    /// One seal of each validator, in the order of the set; none in the genesis block.
    pub(crate) seals: Vec<Seal>,
    pub(crate) transactions: Vec<Included>,
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Included {
    pub(crate) transaction: Transaction,
    pub(crate) receipt: ReceiptWithBloom<Receipt>,
    pub(crate) gas_used: u64,
}

impl Included {
    /// Returns the address of the contract the transaction made, or tried to make.
    pub(crate) fn contract(&self) -> Option<Address> {
        let is_create = self.transaction.signed.tx().to.is_create();
        is_create.then(|| self.transaction.sender.create(self.transaction.nonce()))
    }

    /// Returns the logs, none when the transaction failed.
    pub(crate) fn logs(&self) -> &[Log] {
        &self.receipt.receipt.logs
    }

    /// Tells whether the transaction ran to its end.
    pub(crate) fn succeeded(&self) -> bool {
        self.receipt.receipt.status == Eip658Value::Eip658(true)
    }
}

impl Block {
    /// Returns the header as an endpoint serves it: the first with all seals, each other one with a quorum of its own choice.
    ///
    /// Real nodes differ in the same way: each keeps the seals that reached it first.
    pub(crate) fn served_header(&self, validators: &[Address], quorum: usize, endpoint: usize) -> Header {
        let extra = Extra { vanity: VANITY, validators, round: self.round };
        extra.put_in(&self.header, &self.seals_of(quorum, endpoint))
    }

    /// Returns the seals an endpoint has.
    pub(crate) fn seals_of(&self, quorum: usize, endpoint: usize) -> Vec<Seal> {
        if endpoint == 0 || self.seals.is_empty() {
            return self.seals.clone();
        }
        let number = usize::try_from(self.header.number).unwrap_or_default();
        let start = number.wrapping_add(endpoint) % self.seals.len();
        self.seals.iter().cycle().skip(start).take(quorum).copied().collect()
    }

    /// Returns the length of the block's RLP with the header given: header, transactions, no ommers.
    pub(crate) fn rlp_length(&self, header: &Header) -> usize {
        let raw: Vec<&Bytes> = self.transactions.iter().map(|included| &included.transaction.raw).collect();
        let transactions: usize = raw.iter().map(|raw| raw.len()).sum();
        let list = |payload: usize| alloy_rlp::length_of_length(payload) + payload;
        list(header.length() + list(transactions) + list(0))
    }
}

/// Returns the `transactionsRoot` of raw transactions.
pub(crate) fn transactions_root(transactions: &[Included]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |included, out| out.put_slice(&included.transaction.raw))
}

/// Returns the `receiptsRoot`.
pub(crate) fn receipts_root(transactions: &[Included]) -> B256 {
    ordered_trie_root_with_encoder(transactions, |included, out| included.receipt.encode(out))
}

/// Returns the `logsBloom`: everything that is in the blooms of the receipts.
pub(crate) fn logs_bloom(transactions: &[Included]) -> Bloom {
    transactions.iter().fold(Bloom::ZERO, |bloom, included| bloom | included.receipt.logs_bloom)
}
