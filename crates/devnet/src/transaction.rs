//! Signed transactions as they arrive: legacy ones of EIP-155, and nothing else.
//!
//! Source: Yellow Paper §4.2, EIP-155 (replay protection), EIP-2 (low-s signatures), EIP-2718 (typed envelopes, refused).

use alloy_consensus::{Signed, TxLegacy};
use alloy_primitives::{Address, B256, Bytes};

/// A transaction whose signature has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub(crate) signed: Signed<TxLegacy>,
    pub(crate) sender: Address,
    pub(crate) raw: Bytes,
}

/// Why bytes are not a transaction of this chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Signed for another chain.
    #[error("chain id {found}, expected {expected}")]
    ChainId {
        /// The chain's own.
        expected: u64,
        /// The transaction's.
        found: u64,
    },
    /// The other signature that recovers to the same key is the one that counts (EIP-2).
    #[error("invalid signature: s is in the upper half")]
    HighS,
    /// Not the RLP of a signed legacy transaction.
    #[error("not a signed legacy transaction: {0}")]
    Malformed(alloy_rlp::Error),
    /// Bytes follow the transaction.
    #[error("{0} bytes behind the transaction")]
    Trailing(usize),
    /// A typed envelope (EIP-2718); this chain takes legacy transactions only.
    #[error(
        "transaction type {0:#04x} not supported, only legacy transactions with a chain id (EIP-155) are"
    )]
    Type(u8),
    /// Longer than the chain takes.
    #[error("{found} bytes, expected at most {expected}")]
    TooLong {
        /// The most there may be.
        expected: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Signed in the way before EIP-155, and so valid on every chain.
    #[error("no chain id: only replay-protected (EIP-155) transactions are taken")]
    Unprotected,
    /// The signature belongs to nobody.
    #[error("invalid signature")]
    Signature,
}

impl Transaction {
    /// Decodes a raw transaction and recovers its sender.
    ///
    /// # Errors
    /// When the bytes are anything but one low-s signed legacy transaction for `chain_id`.
    pub(crate) fn decode(raw: &Bytes, chain_id: u64) -> Result<Self, TransactionError> {
        let signed = parse(raw, chain_id)?;
        // The library recovers from a high s as well.
        if signed.signature().normalize_s().is_some() {
            return Err(TransactionError::HighS);
        }
        // Its error says nothing beyond that the signature is invalid.
        let sender = signed.recover_signer().ok().ok_or(TransactionError::Signature)?;
        Ok(Self { signed, sender, raw: raw.clone() })
    }

    /// Decodes a raw transaction whose sender was recovered when it came in; recovering is what takes the time.
    ///
    /// # Errors
    /// As [`Transaction::decode`], without looking at the signature.
    pub(crate) fn checked_before(
        raw: Bytes,
        sender: Address,
        chain_id: u64,
    ) -> Result<Self, TransactionError> {
        Ok(Self { signed: parse(&raw, chain_id)?, sender, raw })
    }

    /// Returns the transaction's hash.
    pub(crate) fn hash(&self) -> B256 {
        *self.signed.hash()
    }

    /// Returns the sender's nonce.
    pub(crate) fn nonce(&self) -> u64 {
        self.signed.tx().nonce
    }

    /// Returns the most gas the transaction may use.
    pub(crate) fn gas_limit(&self) -> u64 {
        self.signed.tx().gas_limit
    }
}

fn parse(raw: &Bytes, chain_id: u64) -> Result<Signed<TxLegacy>, TransactionError> {
    if raw.len() > MAX_BYTES {
        return Err(TransactionError::TooLong { expected: MAX_BYTES, found: raw.len() });
    }
    if let Some(kind) = raw.first().filter(|first| **first < 0x80) {
        return Err(TransactionError::Type(*kind));
    }
    let mut rest = raw.as_ref();
    let signed = Signed::<TxLegacy>::rlp_decode(&mut rest).map_err(TransactionError::Malformed)?;
    if !rest.is_empty() {
        return Err(TransactionError::Trailing(rest.len()));
    }
    match signed.tx().chain_id {
        None => return Err(TransactionError::Unprotected),
        Some(found) if found != chain_id => {
            return Err(TransactionError::ChainId { expected: chain_id, found });
        }
        Some(_) => {}
    }
    Ok(signed)
}

/// geth's limit as well.
const MAX_BYTES: usize = 128 * 1024;
