//! The person's keys: from a phrase to one signing and one encryption key per relationship.
//!
//! A BIP-39 phrase of 12 (or 24) English words gives a seed, and BIP-32 derives from it, **hardened only**, so that
//! a leaked child key says nothing of its siblings or of the seed:
//!
//! ```text
//! m / 7777' / chain' / index' / { 0' sign, 1' encrypt, 2' delegate }
//! ```
//!
//! Index 0 is the person as a viewer (the address that others grant to); from 1 on each relationship has keys of its
//! own, so that two stewards cannot see that they treat the same person. The encryption key is apart from the
//! signing key: one key serves one purpose.
//!
//! Secrets are wiped when dropped, never printed, and not `Clone`.
//!
//! Source: BIP-39; BIP-32 (private parent to private child, hardened); RFC 9180 §7.1.3 (`DeriveKeyPair`).

use core::fmt;

use alloy_primitives::{Address, B256};
use hmac::{Hmac, KeyInit, Mac};
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, Serializable};
use lightclient::{Fault, Signature};
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

mod phrase;

pub use phrase::{Phrase, WordList};

/// The keys of one identity: of the person as a viewer, or of one relationship.
#[derive(Debug)]
pub struct IdentityKeys {
    /// Signs requests and transactions; its address is the pseudonym.
    pub sign: SigningKey,
    /// Opens what is sealed to the identity.
    pub encrypt: EncryptionKey,
    /// Signs what the identity delegates.
    pub delegate: SigningKey,
}

/// The 64 bytes of a phrase from which all keys follow. They stay in one place of the memory, however the seed is handed on: what is
/// moved leaves copies behind that nobody wipes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seed(Box<[u8; 64]>);

impl Seed {
    /// Takes a seed out of the vault.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let mut seed = Self(Box::new([0; 64]));
        seed.0.copy_from_slice(bytes);
        seed
    }

    /// The bytes, for the vault.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Derives the keys of one identity on one chain.
    ///
    /// # Errors
    /// [`KeysError::IndexTooLarge`] if chain id or index has more than 31 bits; [`KeysError::NoSuchKey`] with a
    /// probability of 2^-127.
    pub fn derive_identity(&self, chain_id: u64, index: u32) -> Result<IdentityKeys, KeysError> {
        // No more to say.
        let chain = u32::try_from(chain_id).map_err(|_cause| KeysError::IndexTooLarge { found: chain_id })?;
        let base = self.derive(&[PURPOSE, chain, index])?;
        Ok(IdentityKeys {
            sign: SigningKey::from_bytes(&base.child(0)?.key)?,
            encrypt: EncryptionKey::derive(&base.child(1)?.key),
            delegate: SigningKey::from_bytes(&base.child(2)?.key)?,
        })
    }

    /// Derives the key at a path of hardened indexes.
    fn derive(&self, path: &[u32]) -> Result<ExtendedKey, KeysError> {
        let mut key = ExtendedKey::master(self.0.as_slice())?;
        for index in path {
            key = key.child(*index)?;
        }
        Ok(key)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed([redacted])")
    }
}

/// A secp256k1 key that signs for one address.
pub struct SigningKey {
    key: k256::ecdsa::SigningKey,
    address: Address,
}

impl SigningKey {
    /// Takes a key from its 32 bytes.
    ///
    /// # Errors
    /// [`KeysError::NoSuchKey`] if they are zero or not below the group order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeysError> {
        // The cause says no more.
        let key = k256::ecdsa::SigningKey::from_slice(bytes).map_err(|_cause| KeysError::NoSuchKey)?;
        let address = lightclient::public_key_address(key.verifying_key());
        Ok(Self { key, address })
    }

    /// The 32 bytes of the key, for a key file or the vault.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes().into())
    }

    /// The address that the key signs for.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a 32-byte digest (RFC 6979, low s).
    pub fn sign_digest(&self, digest: B256) -> Signature {
        let (signature, recovery) = self.key.sign_prehash_recoverable(digest.as_slice());
        let (r, s) = signature.split_bytes();
        Signature { r: B256::new(r.into()), s: B256::new(s.into()), y_parity: recovery.is_y_odd() }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, [redacted])", self.address)
    }
}

/// An X25519 key that opens what is sealed to it.
pub struct EncryptionKey {
    private: <X25519HkdfSha256 as Kem>::PrivateKey,
    public: [u8; 32],
}

impl EncryptionKey {
    /// Derives the key pair that RFC 9180 `DeriveKeyPair` makes of 32 secret (random or derived) bytes.
    pub fn derive(secret: &[u8; 32]) -> Self {
        let (private, public) = X25519HkdfSha256::derive_keypair(secret);
        Self { private, public: public.to_bytes().into() }
    }

    /// Takes a key from its 32 private bytes.
    ///
    /// # Errors
    /// None is known for 32 bytes: X25519 takes any. [`KeysError::NoSuchKey`] if the library thinks otherwise.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeysError> {
        let private = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(bytes);
        // The cause says no more.
        let private = private.map_err(|_cause| KeysError::NoSuchKey)?;
        let public = X25519HkdfSha256::sk_to_pk(&private).to_bytes().into();
        Ok(Self { private, public })
    }

    /// The 32 private bytes, for a key file or the vault.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.private.to_bytes().into())
    }

    /// The public key that others seal to.
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }

    pub(crate) const fn private(&self) -> &<X25519HkdfSha256 as Kem>::PrivateKey {
        &self.private
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey([redacted])")
    }
}

/// A BIP-32 private key with its chain code.
#[derive(Zeroize, ZeroizeOnDrop)]
struct ExtendedKey {
    key: [u8; 32],
    chain_code: [u8; 32],
}

impl ExtendedKey {
    fn master(seed: &[u8]) -> Result<Self, KeysError> {
        let master = Self::halves(b"Bitcoin seed", &[seed])?;
        SigningKey::from_bytes(&master.key)?;
        Ok(master)
    }

    /// The hardened child `index'`.
    fn child(&self, index: u32) -> Result<Self, KeysError> {
        if index >= HARDENED {
            return Err(KeysError::IndexTooLarge { found: index.into() });
        }
        let number = (index | HARDENED).to_be_bytes();
        let mut child = Self::halves(&self.chain_code, &[&[0], &self.key, &number])?;
        // The child's key is parent + left half modulo the group order; both must be keys themselves.
        // The cause says no more.
        let scalar = |bytes| k256::NonZeroScalar::try_from(bytes).map_err(|_cause| KeysError::NoSuchKey);
        let mut tweak = scalar(child.key.as_slice())?;
        let mut parent = scalar(self.key.as_slice())?;
        let mut sum = *parent.as_ref() + *tweak.as_ref();
        let found = Option::<k256::NonZeroScalar>::from(k256::NonZeroScalar::new(sum));
        child.key.copy_from_slice(Zeroizing::new(sum.to_bytes()).as_slice());
        tweak.zeroize();
        parent.zeroize();
        sum.zeroize();
        found.ok_or(KeysError::NoSuchKey).map(|_| child)
    }

    /// HMAC-SHA512, cut into key and chain code.
    fn halves(key: &[u8], parts: &[&[u8]]) -> Result<Self, KeysError> {
        // HMAC takes any length.
        let mac = Hmac::<Sha512>::new_from_slice(key).map_err(|_cause| KeysError::NoSuchKey)?;
        let mac = parts.iter().fold(mac, |mac, part| mac.chain_update(part));
        let output = Zeroizing::new(<[u8; 64]>::from(mac.finalize().into_bytes()));
        let mut halves = Self { key: [0; 32], chain_code: [0; 32] };
        let (left, right) = output.split_at(32);
        halves.key.copy_from_slice(left);
        halves.chain_code.copy_from_slice(right);
        Ok(halves)
    }
}

/// The first level of every path.
const PURPOSE: u32 = 7777;
/// Indexes from here on are the hardened ones.
const HARDENED: u32 = 1 << 31;

/// Why a phrase or a key was refused; never says what the words or bytes were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// All words are known, but they do not belong together.
    #[error("the checksum of the phrase is wrong: a word is wrong or two are swapped")]
    Checksum,
    /// A chain id or index of more than 31 bits.
    #[error("key index {found}, expected less than 2147483648")]
    IndexTooLarge {
        /// The index.
        found: u64,
    },
    /// The bytes are no key.
    #[error("the bytes are no key")]
    NoSuchKey,
    /// A word that is not in the list.
    #[error("word {position} of the phrase is not in the list")]
    UnknownWord {
        /// Which word, from 1.
        position: usize,
    },
    /// Neither 12 nor 24 words.
    #[error("phrase of {found} words, expected 12 or 24")]
    WordCount {
        /// The number of words.
        found: usize,
    },
}

impl KeysError {
    /// The user's input, or our own.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests;
