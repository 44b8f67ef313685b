//! Receipts and their logs: decoded strictly, encoded exactly.
//!
//! A receipt is an RLP list of four fields, behind the type of its transaction unless that is 0. What a node says in
//! JSON is encoded here and hashed, like a header, so that every field is bound by the `receiptsRoot` of a header.
//! `encode` and `decode` are exact inverses.
//!
//! Whether a receipt is part of a block is not checked here but in [`crate::verify_receipts`].
//!
//! Source: Yellow Paper §4.3.1; EIP-658 for the status, EIP-2718 for the type.

use alloy_primitives::{Address, B256, Bloom, Bytes};

use crate::{Fault, rlp, rlp::RlpError, signed_transaction::MAX_TRANSACTION_TYPE};

/// A receipt as it was served: nothing about it is known to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Type of the transaction, 0 to 4.
    pub transaction_type: u8,
    /// How the transaction ended.
    pub outcome: Outcome,
    /// `cumulativeGasUsed`: gas used in the block up to and with this transaction.
    pub cumulative_gas_used: u64,
    /// `logsBloom`, 256 bytes.
    pub logs_bloom: Bloom,
    /// The logs, in the order they were written.
    pub logs: Vec<Log>,
}

/// What a receipt tells about how its transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Since Byzantium: `status` 0, everything was undone.
    Reverted,
    /// Before Byzantium: `root`, the state root after the transaction.
    StateRoot(B256),
    /// Since Byzantium: `status` 1.
    Succeeded,
}

/// What a contract has written for those outside the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Up to four words by which it can be found.
    pub topics: Vec<B256>,
    /// Any bytes.
    pub data: Bytes,
}

impl Receipt {
    /// Decodes what stands in the receipt trie: the type unless it is 0, then the RLP list.
    ///
    /// # Errors
    /// [`ReceiptError`] for anything but the one right encoding of a receipt of type 0 to 4.
    pub fn decode(raw: &[u8]) -> Result<Self, ReceiptError> {
        let (transaction_type, list) = match raw.split_first() {
            Some((&found @ 1..=MAX_TRANSACTION_TYPE, list)) => (found, list),
            Some((&found, _)) if found < FIRST_LIST => return Err(ReceiptError::Type { found }),
            _ => (0, raw),
        };
        let mut fields = rlp::Reader::open(list)?;
        let outcome = match fields.bytes()? {
            [] => Outcome::Reverted,
            [1] => Outcome::Succeeded,
            root => Outcome::StateRoot(
                // Neither a status nor 32 bytes: the length says all.
                B256::try_from(root).map_err(|_not_a_root| ReceiptError::Outcome { found: root.len() })?,
            ),
        };
        let cumulative_gas_used = fields.u64()?;
        let logs_bloom = Bloom::from(fields.fixed()?);
        let mut items = fields.list()?;
        fields.finish()?;
        let mut logs = Vec::new();
        while !items.is_at_end() {
            logs.push(Log::decode(items.list()?)?);
        }
        Ok(Self { transaction_type, outcome, cumulative_gas_used, logs_bloom, logs })
    }

    /// Encodes the receipt as it stands in the receipt trie.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES);
        if self.transaction_type != 0 {
            out.push(self.transaction_type);
        }
        rlp::write_list(&mut out, |out| {
            match &self.outcome {
                Outcome::Reverted => rlp::write_bytes(out, &[]),
                Outcome::StateRoot(root) => rlp::write_bytes(out, root.as_slice()),
                Outcome::Succeeded => rlp::write_bytes(out, &[1]),
            }
            rlp::write_scalar(out, &self.cumulative_gas_used.to_be_bytes());
            rlp::write_bytes(out, self.logs_bloom.as_slice());
            rlp::write_list(out, |out| self.logs.iter().for_each(|log| log.write(out)));
        });
        out
    }

    /// The bloom that the logs make.
    pub(crate) fn bloom_of_logs(&self) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for log in &self.logs {
            bloom.accrue_raw_log(log.address, &log.topics);
        }
        bloom
    }
}

impl Log {
    fn decode(mut fields: rlp::Reader<'_>) -> Result<Self, ReceiptError> {
        let address = fields.fixed()?.into();
        let mut words = fields.list()?;
        let data = Bytes::copy_from_slice(fields.bytes()?);
        fields.finish()?;
        let mut topics = Vec::new();
        while !words.is_at_end() {
            if topics.len() == MAX_TOPICS {
                return Err(ReceiptError::Topics { expected: MAX_TOPICS });
            }
            topics.push(words.fixed()?.into());
        }
        Ok(Self { address, topics, data })
    }

    fn write(&self, out: &mut Vec<u8>) {
        rlp::write_list(out, |out| {
            rlp::write_bytes(out, self.address.as_slice());
            rlp::write_list(out, |out| {
                self.topics.iter().for_each(|topic| rlp::write_bytes(out, topic.as_slice()));
            });
            rlp::write_bytes(out, &self.data);
        });
    }
}

/// Why bytes are not a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The first field is neither a status nor a state root.
    #[error("neither a status nor a state root, but {found} bytes")]
    Outcome {
        /// Length of the field in bytes.
        found: usize,
    },
    /// Not the one right RLP encoding.
    #[error("receipt is not well-formed")]
    Rlp(#[from] RlpError),
    /// A log has more topics than a contract can write.
    #[error("a log with more than {expected} topics")]
    Topics {
        /// The limit.
        expected: usize,
    },
    /// Receipt of a type of transaction that we do not know.
    #[error("receipt of type {found}, expected at most {MAX_TRANSACTION_TYPE}")]
    Type {
        /// The type.
        found: u8,
    },
}

impl ReceiptError {
    /// Whose fault it is: who sent the receipt.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// First byte of the smallest RLP list; whatever is below is a type (EIP-2718).
pub(crate) const FIRST_LIST: u8 = 0xc0;
/// `LOG4` is the last of its kind.
const MAX_TOPICS: usize = 4;
/// What all fields but the logs take at most.
const FIXED_FIELDS_BYTES: usize = 320;

#[cfg(test)]
mod tests;
