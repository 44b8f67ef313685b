//! Ethereum block headers: decoded strictly, encoded exactly.
//!
//! A header is an RLP list of 15 fields; each hard fork since London appends some. The encoding matters more
//! than the values: the block hash is a digest of it, so a header that arrives as JSON is encoded here and
//! hashed, and a field that was changed on the way changes the hash. `encode` and `decode` are exact inverses
//! on every header without a gap among the appended fields.
//!
//! What the fields must hold is not checked here but in [`crate::verify_header`].
//!
//! Source: Yellow Paper §4.3; EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685 for the appended fields.

use alloy_primitives::{Address, B256, Bloom, Bytes, U256};

use crate::{Fault, rlp, rlp::RlpError};

/// A block header as it was served: nothing about it is known to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `parentHash`: block hash of the header before this one.
    pub parent_hash: B256,
    /// `sha3Uncles`: Keccak-256 of the RLP list of ommers.
    pub ommers_hash: B256,
    /// `miner`: under QBFT the validator that proposed the block.
    pub coinbase: Address,
    /// `stateRoot`: root of the account trie after the block.
    pub state_root: B256,
    /// `transactionsRoot`.
    pub transactions_root: B256,
    /// `receiptsRoot`.
    pub receipts_root: B256,
    /// `logsBloom`, 256 bytes.
    pub logs_bloom: Bloom,
    /// `difficulty`: 1 under QBFT.
    pub difficulty: U256,
    /// `number`: height of the block.
    pub number: u64,
    /// `gasLimit`.
    pub gas_limit: u64,
    /// `gasUsed`.
    pub gas_used: u64,
    /// `timestamp` in seconds since 1970.
    pub timestamp: u64,
    /// `extraData`: under QBFT the validators, a vote, the round and the seals.
    pub extra_data: Bytes,
    /// `mixHash`: under QBFT the constant that marks Istanbul-family headers.
    pub mix_hash: B256,
    /// `nonce`: 8 bytes, not a number.
    pub nonce: [u8; 8],
    /// `baseFeePerGas`, since London.
    pub base_fee_per_gas: Option<u64>,
    /// `withdrawalsRoot`, since Shanghai.
    pub withdrawals_root: Option<B256>,
    /// `blobGasUsed`, since Cancun.
    pub blob_gas_used: Option<u64>,
    /// `excessBlobGas`, since Cancun.
    pub excess_blob_gas: Option<u64>,
    /// `parentBeaconBlockRoot`, since Cancun.
    pub parent_beacon_block_root: Option<B256>,
    /// `requestsHash`, since Prague.
    pub requests_hash: Option<B256>,
}

impl Header {
    /// Decodes the RLP list of 15, 16, 17, 20 or 21 fields (Frontier, London, Shanghai, Cancun, Prague).
    ///
    /// # Errors
    /// [`HeaderError`] for anything but the one right encoding of a header of at most 64 KiB.
    pub fn decode(rlp: &[u8]) -> Result<Self, HeaderError> {
        check_length(rlp.len())?;
        let mut fields = rlp::Reader::open(rlp)?;
        let mut header = Self {
            parent_hash: fields.fixed()?.into(),
            ommers_hash: fields.fixed()?.into(),
            coinbase: fields.fixed()?.into(),
            state_root: fields.fixed()?.into(),
            transactions_root: fields.fixed()?.into(),
            receipts_root: fields.fixed()?.into(),
            logs_bloom: Bloom::from(fields.fixed()?),
            difficulty: fields.u256()?,
            number: fields.u64()?,
            gas_limit: fields.u64()?,
            gas_used: fields.u64()?,
            timestamp: fields.u64()?,
            extra_data: Bytes::copy_from_slice(fields.bytes()?),
            mix_hash: fields.fixed()?.into(),
            nonce: fields.fixed()?,
            base_fee_per_gas: None,
            withdrawals_root: None,
            blob_gas_used: None,
            excess_blob_gas: None,
            parent_beacon_block_root: None,
            requests_hash: None,
        };
        if !fields.is_at_end() {
            header.base_fee_per_gas = Some(fields.u64()?);
        }
        if !fields.is_at_end() {
            header.withdrawals_root = Some(fields.fixed()?.into());
        }
        if !fields.is_at_end() {
            header.blob_gas_used = Some(fields.u64()?);
            header.excess_blob_gas = Some(fields.u64()?);
            header.parent_beacon_block_root = Some(fields.fixed()?.into());
        }
        if !fields.is_at_end() {
            header.requests_hash = Some(fields.fixed()?.into());
        }
        fields.finish()?;
        Ok(header)
    }

    /// Encodes the header with its `extraData` as it is.
    ///
    /// In the Istanbul family the Keccak-256 of this is *not* the block hash: see [`crate::block_hash`].
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with_extra(&self.extra_data)
    }

    /// Encodes the header with `extra` in the place of `extraData`.
    ///
    /// Appended fields stop at the first one that is missing, as in every client; `check_shape` makes sure
    /// that none stands behind it.
    pub(crate) fn encode_with_extra(&self, extra: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES + extra.len());
        rlp::write_list(&mut out, |out| {
            for hash in [&self.parent_hash, &self.ommers_hash] {
                rlp::write_bytes(out, hash.as_slice());
            }
            rlp::write_bytes(out, self.coinbase.as_slice());
            for hash in [&self.state_root, &self.transactions_root, &self.receipts_root] {
                rlp::write_bytes(out, hash.as_slice());
            }
            rlp::write_bytes(out, self.logs_bloom.as_slice());
            rlp::write_scalar(out, &self.difficulty.to_be_bytes::<32>());
            for scalar in [self.number, self.gas_limit, self.gas_used, self.timestamp] {
                rlp::write_scalar(out, &scalar.to_be_bytes());
            }
            rlp::write_bytes(out, extra);
            rlp::write_bytes(out, self.mix_hash.as_slice());
            rlp::write_bytes(out, &self.nonce);
            // The value says where the appended fields ended; there is nothing to do with it.
            let _end = self.write_appended_fields(out);
        });
        out
    }

    /// Writes the fields that forks appended; `None` when it stopped at one that is missing.
    fn write_appended_fields(&self, out: &mut Vec<u8>) -> Option<()> {
        rlp::write_scalar(out, &self.base_fee_per_gas?.to_be_bytes());
        rlp::write_bytes(out, self.withdrawals_root?.as_slice());
        rlp::write_scalar(out, &self.blob_gas_used?.to_be_bytes());
        rlp::write_scalar(out, &self.excess_blob_gas?.to_be_bytes());
        rlp::write_bytes(out, self.parent_beacon_block_root?.as_slice());
        rlp::write_bytes(out, self.requests_hash?.as_slice());
        Some(())
    }

    /// Checks what `decode` guarantees, for a header that was put together from JSON.
    ///
    /// A field behind a missing one would not be encoded, so no hash would cover it.
    pub(crate) fn check_shape(&self) -> Result<(), HeaderError> {
        check_length(self.extra_data.len())?;
        let present = [
            self.base_fee_per_gas.is_some(),
            self.withdrawals_root.is_some(),
            self.blob_gas_used.is_some(),
            self.excess_blob_gas.is_some(),
            self.parent_beacon_block_root.is_some(),
            self.requests_hash.is_some(),
        ];
        match present.iter().take_while(|is_present| **is_present).count() {
            // Cancun's three fields come together.
            3 | 4 => Err(HeaderError::Gap { number: self.number }),
            leading if leading == present.iter().filter(|is_present| **is_present).count() => Ok(()),
            _ => Err(HeaderError::Gap { number: self.number }),
        }
    }
}

const fn check_length(found: usize) -> Result<(), HeaderError> {
    if found > MAX_HEADER_BYTES {
        return Err(HeaderError::TooLong { expected: MAX_HEADER_BYTES, found });
    }
    Ok(())
}

/// Why bytes are not a block header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A field that a later fork appended is there, one before it is not.
    #[error("header {number}: an appended field is missing before another")]
    Gap {
        /// Height the header claims.
        number: u64,
    },
    /// Not the one right RLP encoding.
    #[error("header is not well-formed")]
    Rlp(#[from] RlpError),
    /// Longer than any header we read.
    #[error("header of {found} bytes, expected at most {expected}")]
    TooLong {
        /// The limit in bytes.
        expected: usize,
        /// Length in bytes.
        found: usize,
    },
}

impl HeaderError {
    /// Whose fault it is: who sent the header.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Longest header that is read: room for about 700 validators and their seals.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Upper bound of what all fields but `extraData` take, so that encoding allocates once.
const FIXED_FIELDS_BYTES: usize = 768;

#[cfg(test)]
mod tests;
