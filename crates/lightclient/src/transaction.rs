//! Legacy transactions with replay protection: what is signed, what is sent.
//!
//! Consortium chains without fees have no use for the newer types, and every engine back to GoQuorum takes the
//! legacy one. The chain id is part of what is signed (EIP-155), so a transaction for one network is worth
//! nothing on another. Signing itself belongs to whoever holds the key; only low-s signatures are accepted by
//! the network (EIP-2).
//!
//! Source: Yellow Paper §4.2; EIP-155.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::{rlp, signature::Signature};

/// A transaction before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Chain the transaction is for.
    pub chain_id: u64,
    /// Number of transactions the sender has sent before.
    pub nonce: u64,
    /// Wei per gas; 0 on a network without fees.
    pub gas_price: u128,
    /// Gas the transaction may use.
    pub gas_limit: u64,
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei to transfer.
    pub value: U256,
    /// Calldata, or the creation bytecode.
    pub data: Bytes,
}

impl Transaction {
    /// The digest to sign: Keccak-256 of the nine-item list that ends in `chainId, 0, 0`.
    pub fn signing_digest(&self) -> B256 {
        keccak256(self.encode(|out| {
            rlp::write_scalar(out, &self.chain_id.to_be_bytes());
            rlp::write_scalar(out, &[]);
            rlp::write_scalar(out, &[]);
        }))
    }

    /// Encodes the signed transaction for `eth_sendRawTransaction`: v is `2·chainId + 35 + parity`.
    pub fn encode_signed(&self, signature: &Signature) -> Vec<u8> {
        let v = 2 * u128::from(self.chain_id) + 35 + u128::from(signature.y_parity);
        self.encode(|out| {
            rlp::write_scalar(out, &v.to_be_bytes());
            rlp::write_scalar(out, signature.r.as_slice());
            rlp::write_scalar(out, signature.s.as_slice());
        })
    }

    fn encode(&self, last_three: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES + self.data.len());
        rlp::write_list(&mut out, |out| {
            rlp::write_scalar(out, &self.nonce.to_be_bytes());
            rlp::write_scalar(out, &self.gas_price.to_be_bytes());
            rlp::write_scalar(out, &self.gas_limit.to_be_bytes());
            rlp::write_bytes(out, self.to.as_ref().map_or(&[], |to| to.as_slice()));
            rlp::write_scalar(out, &self.value.to_be_bytes::<32>());
            rlp::write_bytes(out, &self.data);
            last_three(out);
        });
        out
    }
}

/// The hash by which the network knows a signed transaction: Keccak-256 of its bytes.
pub fn transaction_hash(raw: &[u8]) -> B256 {
    keccak256(raw)
}

/// Upper bound of what all fields but `data` take, so that encoding allocates once.
const FIXED_FIELDS_BYTES: usize = 224;

#[cfg(test)]
mod tests;
