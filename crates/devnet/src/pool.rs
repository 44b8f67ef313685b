//! Transactions that wait for a block, in the order of their arrival.
//!
//! The pool lives in memory only: what was not sealed when the process ends has to be sent again, as with real nodes.

use std::collections::HashMap;

use alloy_primitives::{Address, B256};

use crate::transaction::Transaction;

/// The waiting transactions.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    waiting: Vec<Transaction>,
}

/// Why a transaction may not wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It waits already.
    #[error("already known: {0}")]
    Known(B256),
    /// Another one of this sender with this nonce waits already.
    #[error("nonce {nonce} of {sender} is taken by the waiting transaction {waiting}")]
    NonceTaken {
        /// The sender of both.
        sender: Address,
        /// The nonce of both.
        nonce: u64,
        /// The hash of the one that waits.
        waiting: B256,
    },
    /// A transaction with this nonce is in a block already.
    #[error("nonce too low: {found}, expected at least {expected}")]
    NonceTooLow {
        /// The account's next nonce.
        expected: u64,
        /// The transaction's nonce.
        found: u64,
    },
    /// The nonce is so far ahead that the ones between will hardly come.
    #[error("nonce too high: {found}, expected at most {expected}")]
    NonceTooHigh {
        /// The highest nonce that may wait.
        expected: u64,
        /// The transaction's nonce.
        found: u64,
    },
    /// No block can hold it.
    #[error("gas limit {found} exceeds the block's, {expected}")]
    GasLimit {
        /// The block's gas limit.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// It would fail before it starts.
    #[error("{0}")]
    Invalid(String),
    /// Too many wait.
    #[error("the pool is full: {0} transactions wait")]
    Full(usize),
}

impl Pool {
    /// Lets a transaction wait, given the next nonce of its sender.
    ///
    /// # Errors
    /// When it can never be sealed, or is not the first with its nonce.
    pub(crate) fn add(&mut self, transaction: Transaction, next_nonce: u64) -> Result<(), PoolError> {
        let nonce = transaction.nonce();
        if nonce < next_nonce {
            return Err(PoolError::NonceTooLow { expected: next_nonce, found: nonce });
        }
        let highest = next_nonce.saturating_add(MAX_AHEAD);
        if nonce > highest {
            return Err(PoolError::NonceTooHigh { expected: highest, found: nonce });
        }
        let sender = transaction.sender;
        if let Some(other) =
            self.waiting.iter().find(|other| other.sender == sender && other.nonce() == nonce)
        {
            let waiting = other.hash();
            return Err(if waiting == transaction.hash() {
                PoolError::Known(waiting)
            } else {
                PoolError::NonceTaken { sender, nonce, waiting }
            });
        }
        if self.waiting.len() >= MAX_WAITING {
            return Err(PoolError::Full(MAX_WAITING));
        }
        self.waiting.push(transaction);
        Ok(())
    }

    /// Returns a waiting transaction.
    pub(crate) fn get(&self, hash: B256) -> Option<&Transaction> {
        self.waiting.iter().find(|transaction| transaction.hash() == hash)
    }

    /// Returns the nonce that follows those that wait, given the account's next one.
    pub(crate) fn next_nonce(&self, sender: Address, mut nonce: u64) -> u64 {
        while self.waiting.iter().any(|other| other.sender == sender && other.nonce() == nonce) {
            nonce += 1;
        }
        nonce
    }

    /// Returns all that wait: in the order of arrival, but each sender's by nonce.
    pub(crate) fn in_order(&self) -> Vec<Transaction> {
        let mut by_sender: HashMap<Address, Vec<&Transaction>> = HashMap::new();
        for transaction in &self.waiting {
            by_sender.entry(transaction.sender).or_default().push(transaction);
        }
        for own in by_sender.values_mut() {
            own.sort_by_key(|transaction| std::cmp::Reverse(transaction.nonce()));
        }
        let next = |place: &Transaction| by_sender.get_mut(&place.sender).and_then(Vec::pop).cloned();
        self.waiting.iter().filter_map(next).collect()
    }

    /// Forgets transactions that have been sealed or will never be.
    pub(crate) fn remove(&mut self, hashes: &[B256]) {
        self.waiting.retain(|transaction| !hashes.contains(&transaction.hash()));
    }
}

const MAX_WAITING: usize = 4096;
const MAX_AHEAD: u64 = 256;

#[cfg(test)]
mod tests {
    use alloy_consensus::{Signed, TxLegacy};
    use alloy_primitives::{Bytes, Signature};

    use super::*;

    fn transaction(sender: u8, nonce: u64, gas_limit: u64) -> Transaction {
        let tx = TxLegacy { nonce, gas_limit, ..TxLegacy::default() };
        let signed = Signed::new_unhashed(tx, Signature::test_signature());
        Transaction { signed, sender: Address::repeat_byte(sender), raw: Bytes::new() }
    }

    #[test]
    fn keeps_the_order_of_arrival_but_each_senders_by_nonce() {
        let mut pool = Pool::default();
        for (sender, nonce) in [(1, 2), (2, 0), (1, 0), (2, 1), (1, 1)] {
            assert_eq!(pool.add(transaction(sender, nonce, 0), 0), Ok(()));
        }
        let order: Vec<_> = pool.in_order().iter().map(|place| (place.sender[0], place.nonce())).collect();
        assert_eq!(order, [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2)]);
        assert_eq!(pool.next_nonce(Address::repeat_byte(1), 0), 3);
        assert_eq!(pool.next_nonce(Address::repeat_byte(1), 5), 5);
    }

    #[test]
    fn refuses_what_can_never_be_sealed_or_comes_twice() {
        let mut pool = Pool::default();
        let first = transaction(1, 5, 0);
        assert_eq!(pool.add(first.clone(), 6), Err(PoolError::NonceTooLow { expected: 6, found: 5 }));
        assert_eq!(
            pool.add(transaction(1, 300, 0), 5),
            Err(PoolError::NonceTooHigh { expected: 261, found: 300 })
        );
        assert_eq!(pool.add(first.clone(), 5), Ok(()));
        assert_eq!(pool.add(first.clone(), 5), Err(PoolError::Known(first.hash())));
        let taken = PoolError::NonceTaken { sender: first.sender, nonce: 5, waiting: first.hash() };
        assert_eq!(pool.add(transaction(1, 5, 9), 5), Err(taken));
        pool.remove(&[first.hash()]);
        assert_eq!(pool.get(first.hash()), None);
    }

    #[test]
    fn takes_only_so_many() {
        let mut pool = Pool::default();
        for place in 0..16 {
            for nonce in 0..256 {
                assert_eq!(pool.add(transaction(place, nonce, 0), 0), Ok(()));
            }
        }
        assert_eq!(pool.add(transaction(99, 0, 0), 0), Err(PoolError::Full(4096)));
    }
}
