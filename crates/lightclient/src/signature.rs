//! Recoverable secp256k1 signatures: seals, transactions and signed requests.
//!
//! Ethereum never names the signer; it is recovered from the signature and the digest. Each signature (r, s)
//! has a twin (r, n-s) with the other parity that recovers to the same address. Seals with a high s exist, so
//! [`recover_signer`] accepts both and whoever counts signers must count *addresses*. What must be unique
//! itself (a transaction, a request remembered by its bytes) goes through [`recover_low_s`].
//!
//! Source: Yellow Paper, appendix F; EIP-2 for the low s.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::{RecoveryId, VerifyingKey};

use crate::Fault;

/// A signature from which the signer can be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature {
    /// x coordinate of the point R, 32-byte big-endian.
    pub r: B256,
    /// The scalar s, 32-byte big-endian.
    pub s: B256,
    /// Whether the y coordinate of R is odd.
    pub y_parity: bool,
}

/// How the last byte of a 65-byte signature tells the parity. The caller knows which; it is never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParityByte {
    /// 27 or 28: `eth_sign`, `ecrecover`.
    From27,
    /// 0 or 1: seals and signed requests.
    FromZero,
}

impl Signature {
    /// Reads `r ‖ s ‖ v`, 65 bytes.
    ///
    /// # Errors
    /// [`SignatureError::Length`] and [`SignatureError::Parity`]; r and s are looked at only when recovering.
    pub fn from_bytes(bytes: &[u8], parity_byte: ParityByte) -> Result<Self, SignatureError> {
        let length = SignatureError::Length { expected: 65, found: bytes.len() };
        let (r, s_and_v) = bytes.split_first_chunk::<32>().ok_or_else(|| length.clone())?;
        let (s, v) = s_and_v.split_first_chunk::<32>().ok_or_else(|| length.clone())?;
        let [v] = v else { return Err(length) };
        let y_parity = match v.checked_sub(parity_byte.base()) {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(SignatureError::Parity { expected: parity_byte, found: *v }),
        };
        Ok(Self { r: B256::from(*r), s: B256::from(*s), y_parity })
    }

    /// Writes `r ‖ s ‖ v`, 65 bytes.
    pub fn to_bytes(&self, parity_byte: ParityByte) -> [u8; 65] {
        let mut bytes = [0; 65];
        let (r, s_and_v) = bytes.split_at_mut(32);
        let (s, v) = s_and_v.split_at_mut(32);
        r.copy_from_slice(self.r.as_slice());
        s.copy_from_slice(self.s.as_slice());
        v.copy_from_slice(&[parity_byte.base() + u8::from(self.y_parity)]);
        bytes
    }
}

impl ParityByte {
    const fn base(self) -> u8 {
        match self {
            Self::From27 => 27,
            Self::FromZero => 0,
        }
    }
}

/// Recovers the address that signed `digest`; a high s is accepted.
///
/// Every signature that is well-formed recovers to *some* address: that it is the expected one is for the
/// caller to check.
///
/// # Errors
/// [`SignatureError::Scalar`] when r or s is zero or not below the group order, [`SignatureError::NoKey`] when
/// no public key belongs to the signature.
pub fn recover_signer(digest: B256, signature: &Signature) -> Result<Address, SignatureError> {
    Ok(public_key_address(&recover_key(digest, signature)?))
}

/// Recovers the key that signed `digest`, as [`recover_signer`] its address.
pub(crate) fn recover_key(digest: B256, signature: &Signature) -> Result<VerifyingKey, SignatureError> {
    let id = RecoveryId::new(signature.y_parity, false);
    VerifyingKey::recover_from_prehash(digest.as_slice(), &scalars(signature)?, id)
        // The cause says nothing more: r is on no point of the curve, or the key would be infinity.
        .map_err(|_no_point| SignatureError::NoKey)
}

/// Recovers the address that signed `digest`; of the two twins only the one with the low s is accepted.
///
/// # Errors
/// As [`recover_signer`], and [`SignatureError::HighS`].
pub fn recover_low_s(digest: B256, signature: &Signature) -> Result<Address, SignatureError> {
    let parsed = scalars(signature)?;
    if parsed.normalize_s() != parsed {
        return Err(SignatureError::HighS);
    }
    recover_signer(digest, signature)
}

/// The address of a public key: the last 20 bytes of the Keccak-256 of its two coordinates.
pub fn public_key_address(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    let coordinates = point.as_bytes().get(1..).unwrap_or_default();
    Address::from_word(keccak256(coordinates))
}

/// Reads r and s; both are from 1 to the group order less one.
pub(crate) fn scalars(signature: &Signature) -> Result<k256::ecdsa::Signature, SignatureError> {
    // The cause says nothing more: a scalar was zero or too large.
    k256::ecdsa::Signature::from_scalars(signature.r.0, signature.s.0)
        .map_err(|_out_of_range| SignatureError::Scalar)
}

/// Why bytes are not a signature, or nobody's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The twin with the high s.
    #[error("s of the signature is high")]
    HighS,
    /// Not 65 bytes.
    #[error("signature of {found} bytes, expected {expected}")]
    Length {
        /// Bytes a signature has.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// No public key belongs to the signature.
    #[error("no key belongs to the signature")]
    NoKey,
    /// The last byte does not tell the parity.
    #[error("parity byte {found}, expected one {expected:?}")]
    Parity {
        /// How the parity is told.
        expected: ParityByte,
        /// The last byte.
        found: u8,
    },
    /// r or s is zero or not below the group order.
    #[error("r or s of the signature is out of range")]
    Scalar,
}

impl SignatureError {
    /// Whose fault it is: who sent the signature.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests;
