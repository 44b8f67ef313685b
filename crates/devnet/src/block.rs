//! A block: its header, what seals it, and its transactions with what became of them.

use alloy_consensus::{Eip658Value, Header, Receipt, ReceiptWithBloom};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log};
use alloy_rlp::{BufMut, Encodable};
use alloy_trie::root::ordered_trie_root_with_encoder;

use crate::rules::Scheme;
use crate::seal::{Extra, Form, Keys, Seal};
use crate::transaction::Transaction;

/// A sealed block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// Without `extraData`.
    pub(crate) header: Header,
    pub(crate) extra: Extra,
    pub(crate) hash: B256,
    /// One seal of each validator, in the order of the set; in Clique the signer's; none in the genesis block.
    pub(crate) seals: Vec<Seal>,
    /// Who proposed the block, or in Clique signed it.
    pub(crate) sealer: Address,
    /// Who may seal this block, ascending.
    pub(crate) validators: Vec<Address>,
    /// The difficulties of all blocks up to this one.
    pub(crate) weight: u64,
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
    /// Seals the block by its sealer and, in the BFT schemes, by these signers; works out the hash.
    pub(crate) fn seal(&mut self, scheme: Scheme, keys: &Keys, signers: &[Address]) {
        if scheme == Scheme::Ibft {
            let digest = scheme.proposal_digest(&self.header, &self.extra);
            self.extra.proposer_seal =
                keys.sign(self.sealer, digest).map(|seal| seal.to_vec().into()).unwrap_or_default();
        }
        let signers = if scheme.is_bft() { signers } else { &[self.sealer] };
        let digest = scheme.digest(&self.header, &self.extra);
        self.seals = signers.iter().filter_map(|signer| keys.sign(*signer, digest)).collect();
        self.rehash(scheme);
    }

    /// Works out the hash, whether or not the seals fit.
    pub(crate) fn rehash(&mut self, scheme: Scheme) {
        self.hash = scheme.block_hash(&self.header, &self.extra, &self.seals);
    }

    /// Returns the header as an endpoint serves it: the first with all seals, each other one with a quorum of its own choice.
    ///
    /// Real nodes differ in the same way: each keeps the seals that reached it first.
    pub(crate) fn served_header(&self, scheme: Scheme, endpoint: usize) -> Header {
        scheme.form(&self.header, &self.extra, Form::Served(&self.seals_of(scheme, endpoint)))
    }

    /// Returns the seals an endpoint has.
    pub(crate) fn seals_of(&self, scheme: Scheme, endpoint: usize) -> Vec<Seal> {
        let quorum = scheme.quorum(self.validators.len());
        if endpoint == 0 || self.seals.len() <= quorum {
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
