//! Signed transactions of every type, encoded as they stand in a block.
//!
//! Nodes give transactions as JSON only. Encoding them again gives the bytes that were signed and sent, of which the
//! hash is the transaction's name and the list is bound by `transactionsRoot`: a field that was changed on the way, or
//! one that this module does not know, changes both.
//!
//! Whether the signature is anybody's is not checked here: the validators have.
//!
//! Source: Yellow Paper §4.2; EIP-155, EIP-2718, EIP-2930, EIP-1559, EIP-4844, EIP-7702.

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::rlp;

/// A transaction as it was served: nothing about it is known to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Number of transactions the sender had sent before.
    pub nonce: u64,
    /// `gas`: what the transaction may use.
    pub gas_limit: u64,
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei to transfer.
    pub value: U256,
    /// `input`: calldata, or the creation bytecode.
    pub data: Bytes,
    /// The type, and the fields that only some types have.
    pub kind: TransactionKind,
    /// `v` of the signature; the parity of y (`yParity`, 0 or 1) except in a legacy transaction.
    pub v: U256,
    /// `r` of the signature.
    pub r: U256,
    /// `s` of the signature.
    pub s: U256,
}

/// The types of transaction, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields have the names of the standards")]
pub enum TransactionKind {
    /// Type 0.
    Legacy { gas_price: U256 },
    /// Type 1, EIP-2930.
    AccessList { gas_price: U256, access: Access },
    /// Type 2, EIP-1559.
    DynamicFee { fees: Fees, access: Access },
    /// Type 3, EIP-4844.
    Blob { fees: Fees, access: Access, max_fee_per_blob_gas: U256, blob_versioned_hashes: Vec<B256> },
    /// Type 4, EIP-7702.
    SetCode { fees: Fees, access: Access, authorizations: Vec<Authorization> },
}

/// What every type but the legacy one has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Chain the transaction is for.
    pub chain_id: u64,
    /// `accessList`: what it announces to touch.
    pub list: Vec<AccessListItem>,
}

/// One account of an access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessListItem {
    /// The account.
    pub address: Address,
    /// Its storage slots.
    pub storage_keys: Vec<B256>,
}

/// Fees since EIP-1559, in wei per gas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fees {
    /// `maxPriorityFeePerGas`.
    pub max_priority_fee_per_gas: U256,
    /// `maxFeePerGas`.
    pub max_fee_per_gas: U256,
}

/// An account's consent to run the code of another (EIP-7702).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Chain the consent is for; 0 for any.
    pub chain_id: U256,
    /// Whose code to run.
    pub address: Address,
    /// Nonce of the account that consents.
    pub nonce: u64,
    /// Parity of y of its signature, 0 or 1.
    pub y_parity: U256,
    /// `r` of its signature.
    pub r: U256,
    /// `s` of its signature.
    pub s: U256,
}

impl SignedTransaction {
    /// Encodes the transaction as it stands in the transaction trie: its type unless it is 0, then the RLP list.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES + self.data.len());
        match self.kind.number() {
            0 => {}
            number => out.push(number),
        }
        rlp::write_list(&mut out, |out| self.write_fields(out));
        out
    }

    fn write_fields(&self, out: &mut Vec<u8>) {
        let access = self.kind.access();
        if let Some(access) = access {
            rlp::write_scalar(out, &access.chain_id.to_be_bytes());
        }
        rlp::write_scalar(out, &self.nonce.to_be_bytes());
        self.kind.write_prices(out);
        rlp::write_scalar(out, &self.gas_limit.to_be_bytes());
        rlp::write_bytes(out, self.to.as_ref().map_or(&[], |to| to.as_slice()));
        write_number(out, self.value);
        rlp::write_bytes(out, &self.data);
        if let Some(access) = access {
            rlp::write_list(out, |out| access.list.iter().for_each(|item| item.write(out)));
        }
        self.kind.write_own_fields(out);
        for number in [self.v, self.r, self.s] {
            write_number(out, number);
        }
    }
}

impl TransactionKind {
    /// The number of the type.
    pub const fn number(&self) -> u8 {
        match self {
            Self::Legacy { .. } => 0,
            Self::AccessList { .. } => 1,
            Self::DynamicFee { .. } => 2,
            Self::Blob { .. } => 3,
            Self::SetCode { .. } => MAX_TRANSACTION_TYPE,
        }
    }

    const fn access(&self) -> Option<&Access> {
        match self {
            Self::Legacy { .. } => None,
            Self::AccessList { access, .. }
            | Self::DynamicFee { access, .. }
            | Self::Blob { access, .. }
            | Self::SetCode { access, .. } => Some(access),
        }
    }

    fn write_prices(&self, out: &mut Vec<u8>) {
        match self {
            Self::Legacy { gas_price } | Self::AccessList { gas_price, .. } => write_number(out, *gas_price),
            Self::DynamicFee { fees, .. } | Self::Blob { fees, .. } | Self::SetCode { fees, .. } => {
                write_number(out, fees.max_priority_fee_per_gas);
                write_number(out, fees.max_fee_per_gas);
            }
        }
    }

    /// Writes what stands between the access list and the signature.
    fn write_own_fields(&self, out: &mut Vec<u8>) {
        match self {
            Self::Legacy { .. } | Self::AccessList { .. } | Self::DynamicFee { .. } => {}
            Self::Blob { max_fee_per_blob_gas, blob_versioned_hashes, .. } => {
                write_number(out, *max_fee_per_blob_gas);
                write_hashes(out, blob_versioned_hashes);
            }
            Self::SetCode { authorizations, .. } => {
                rlp::write_list(out, |out| authorizations.iter().for_each(|item| item.write(out)));
            }
        }
    }
}

impl AccessListItem {
    fn write(&self, out: &mut Vec<u8>) {
        rlp::write_list(out, |out| {
            rlp::write_bytes(out, self.address.as_slice());
            write_hashes(out, &self.storage_keys);
        });
    }
}

impl Authorization {
    fn write(&self, out: &mut Vec<u8>) {
        rlp::write_list(out, |out| {
            write_number(out, self.chain_id);
            rlp::write_bytes(out, self.address.as_slice());
            rlp::write_scalar(out, &self.nonce.to_be_bytes());
            for number in [self.y_parity, self.r, self.s] {
                write_number(out, number);
            }
        });
    }
}

fn write_number(out: &mut Vec<u8>, number: U256) {
    rlp::write_scalar(out, &number.to_be_bytes::<32>());
}

fn write_hashes(out: &mut Vec<u8>, hashes: &[B256]) {
    rlp::write_list(out, |out| hashes.iter().for_each(|hash| rlp::write_bytes(out, hash.as_slice())));
}

/// The newest type of transaction that we know.
pub(crate) const MAX_TRANSACTION_TYPE: u8 = 4;
/// What all fields but `data` and the lists take at most, so that encoding mostly allocates once.
const FIXED_FIELDS_BYTES: usize = 320;

#[cfg(test)]
mod tests;
