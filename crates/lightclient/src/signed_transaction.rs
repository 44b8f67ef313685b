//! Signed transactions of every type, encoded as they stand in a block.
//!
//! Nodes give transactions as JSON only. Encoding them again gives the bytes that were signed and sent, of which the
//! hash is the transaction's name and the list is bound by `transactionsRoot`: a field that was changed on the way, or
//! one that this module does not know, changes both.
//!
//! Decoding is strict, so that the fields of a proven transaction are as proven as its bytes; its sender is recovered from
//! the signature, which the validators have checked before.
//!
//! Source: Yellow Paper §4.2; EIP-155, EIP-2718, EIP-2930, EIP-1559, EIP-4844, EIP-7702.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use crate::{Fault, Signature, SignatureError, receipt::FIRST_LIST, recover_signer, rlp, rlp::RlpError};

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

    /// Decodes what stands in the transaction trie.
    ///
    /// # Errors
    /// [`TransactionError`] for anything but the one right encoding of a transaction of type 0 to 4.
    pub fn decode(raw: &[u8]) -> Result<Self, TransactionError> {
        let (number, list) = match raw.split_first() {
            Some((&number @ 1..=MAX_TRANSACTION_TYPE, list)) => (number, list),
            Some((&found, _)) if found < FIRST_LIST => return Err(TransactionError::Type { found }),
            _ => (0, raw),
        };
        let mut fields = rlp::Reader::open(list)?;
        let chain_id = if number == 0 { 0 } else { fields.u64()? };
        let nonce = fields.u64()?;
        // One price before EIP-1559, two since.
        let price = fields.u256()?;
        let max_fee_per_gas = if number < 2 { price } else { fields.u256()? };
        let gas_limit = fields.u64()?;
        let to = match fields.bytes()? {
            [] => None,
            to => Some(Address::try_from(to).map_err(|_length| TransactionError::To { found: to.len() })?),
        };
        let value = fields.u256()?;
        let data = Bytes::copy_from_slice(fields.bytes()?);
        let access = |fields: &mut rlp::Reader<'_>| {
            Ok::<_, RlpError>(Access { chain_id, list: read_list(fields, AccessListItem::read)? })
        };
        let fees = Fees { max_priority_fee_per_gas: price, max_fee_per_gas };
        let kind = match number {
            0 => TransactionKind::Legacy { gas_price: price },
            1 => TransactionKind::AccessList { gas_price: price, access: access(&mut fields)? },
            2 => TransactionKind::DynamicFee { fees, access: access(&mut fields)? },
            3 => TransactionKind::Blob {
                fees,
                access: access(&mut fields)?,
                max_fee_per_blob_gas: fields.u256()?,
                blob_versioned_hashes: read_list(&mut fields, read_hash)?,
            },
            _ => TransactionKind::SetCode {
                fees,
                access: access(&mut fields)?,
                authorizations: read_list(&mut fields, Authorization::read)?,
            },
        };
        let (v, r, s) = (fields.u256()?, fields.u256()?, fields.u256()?);
        fields.finish()?;
        Ok(Self { nonce, gas_limit, to, value, data, kind, v, r, s })
    }

    /// The chain that the transaction is for; `None` if it has no replay protection.
    pub fn chain_id(&self) -> Option<u64> {
        match self.kind.access() {
            Some(access) => Some(access.chain_id),
            None => legacy_chain_id(self.v),
        }
    }

    /// Recovers who signed it.
    ///
    /// # Errors
    /// [`SignatureError`] if nobody has.
    pub fn sender(&self) -> Result<Address, SignatureError> {
        let y_parity = match (self.kind.access(), legacy_chain_id(self.v)) {
            // EIP-155: 35 and 36 with chain id 0, and so on; before it 27 and 28.
            (None, Some(_)) => !self.v.bit(0),
            (None, None) => self.v == U256::from(28),
            (Some(_), _) => self.v.bit(0),
        };
        let signature = Signature { r: self.r.into(), s: self.s.into(), y_parity };
        recover_signer(self.signing_digest(), &signature)
    }

    /// The address of the contract that this creates, if `sender` sent it and it creates one.
    pub fn creates(&self, sender: Address) -> Option<Address> {
        if self.to.is_some() {
            return None;
        }
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES);
        rlp::write_list(&mut out, |out| {
            rlp::write_bytes(out, sender.as_slice());
            rlp::write_scalar(out, &self.nonce.to_be_bytes());
        });
        Some(Address::from_word(keccak256(out)))
    }

    /// What the sender signed: everything but the signature, with the chain id (EIP-155) where there is one.
    fn signing_digest(&self) -> B256 {
        let mut out = Vec::with_capacity(FIXED_FIELDS_BYTES + self.data.len());
        match self.kind.number() {
            0 => {}
            number => out.push(number),
        }
        rlp::write_list(&mut out, |out| {
            self.write_signed_fields(out);
            if let (None, Some(chain_id)) = (self.kind.access(), legacy_chain_id(self.v)) {
                rlp::write_scalar(out, &chain_id.to_be_bytes());
                rlp::write_scalar(out, &[]);
                rlp::write_scalar(out, &[]);
            }
        });
        keccak256(out)
    }

    fn write_fields(&self, out: &mut Vec<u8>) {
        self.write_signed_fields(out);
        for number in [self.v, self.r, self.s] {
            write_number(out, number);
        }
    }

    fn write_signed_fields(&self, out: &mut Vec<u8>) {
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

    /// The price of gas in wei, where there is only one (before EIP-1559).
    pub const fn gas_price(&self) -> Option<U256> {
        match self {
            Self::Legacy { gas_price } | Self::AccessList { gas_price, .. } => Some(*gas_price),
            Self::DynamicFee { .. } | Self::Blob { .. } | Self::SetCode { .. } => None,
        }
    }

    /// The fees of the types since EIP-1559.
    pub const fn fees(&self) -> Option<&Fees> {
        match self {
            Self::Legacy { .. } | Self::AccessList { .. } => None,
            Self::DynamicFee { fees, .. } | Self::Blob { fees, .. } | Self::SetCode { fees, .. } => {
                Some(fees)
            }
        }
    }

    /// What every type but the legacy one has.
    pub const fn access(&self) -> Option<&Access> {
        match self {
            Self::Legacy { .. } => None,
            Self::AccessList { access, .. }
            | Self::DynamicFee { access, .. }
            | Self::Blob { access, .. }
            | Self::SetCode { access, .. } => Some(access),
        }
    }

    fn write_prices(&self, out: &mut Vec<u8>) {
        if let Some(gas_price) = self.gas_price() {
            write_number(out, gas_price);
        }
        if let Some(fees) = self.fees() {
            write_number(out, fees.max_priority_fee_per_gas);
            write_number(out, fees.max_fee_per_gas);
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
    fn read(items: &mut rlp::Reader<'_>) -> Result<Self, RlpError> {
        let mut fields = items.list()?;
        let item = Self { address: fields.fixed()?.into(), storage_keys: read_list(&mut fields, read_hash)? };
        fields.finish()?;
        Ok(item)
    }

    fn write(&self, out: &mut Vec<u8>) {
        rlp::write_list(out, |out| {
            rlp::write_bytes(out, self.address.as_slice());
            write_hashes(out, &self.storage_keys);
        });
    }
}

impl Authorization {
    fn read(items: &mut rlp::Reader<'_>) -> Result<Self, RlpError> {
        let mut fields = items.list()?;
        let authorization = Self {
            chain_id: fields.u256()?,
            address: fields.fixed()?.into(),
            nonce: fields.u64()?,
            y_parity: fields.u256()?,
            r: fields.u256()?,
            s: fields.u256()?,
        };
        fields.finish()?;
        Ok(authorization)
    }

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

/// The chain id in the `v` of a legacy transaction: `v` is twice that, and 35 or 36 (EIP-155).
fn legacy_chain_id(v: U256) -> Option<u64> {
    u64::try_from(v.checked_sub(U256::from(35))? >> 1).ok()
}

fn read_list<T>(
    fields: &mut rlp::Reader<'_>,
    read: impl Fn(&mut rlp::Reader<'_>) -> Result<T, RlpError>,
) -> Result<Vec<T>, RlpError> {
    let mut items = fields.list()?;
    let mut list = Vec::new();
    while !items.is_at_end() {
        list.push(read(&mut items)?);
    }
    Ok(list)
}

fn read_hash(items: &mut rlp::Reader<'_>) -> Result<B256, RlpError> {
    items.fixed().map(B256::from)
}

fn write_number(out: &mut Vec<u8>, number: U256) {
    rlp::write_scalar(out, &number.to_be_bytes::<32>());
}

fn write_hashes(out: &mut Vec<u8>, hashes: &[B256]) {
    rlp::write_list(out, |out| hashes.iter().for_each(|hash| rlp::write_bytes(out, hash.as_slice())));
}

/// Why bytes are not a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Not the one right RLP encoding.
    #[error("transaction is not well-formed")]
    Rlp(#[from] RlpError),
    /// Who is called is neither nobody nor an address.
    #[error("called: {found} bytes, expected none or 20")]
    To {
        /// Length of the field in bytes.
        found: usize,
    },
    /// A type that we do not know.
    #[error("transaction of type {found}, expected at most {MAX_TRANSACTION_TYPE}")]
    Type {
        /// The type.
        found: u8,
    },
}

impl TransactionError {
    /// Whose fault it is: who sent the transaction.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// The newest type of transaction that we know.
pub(crate) const MAX_TRANSACTION_TYPE: u8 = 4;
/// What all fields but `data` and the lists take at most, so that encoding mostly allocates once.
const FIXED_FIELDS_BYTES: usize = 320;

#[cfg(test)]
mod tests;
