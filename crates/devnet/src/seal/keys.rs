//! The keys of all who seal or ever sealed, and how they sign.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use k256::ecdsa::SigningKey;

/// A seal: r, s and the recovery id 0 or 1.
pub(crate) type Seal = [u8; 65];

/// Secret keys by the addresses they belong to.
pub(crate) struct Keys(BTreeMap<Address, SigningKey>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("addresses", &self.addresses()).field("keys", &"[redacted]").finish()
    }
}

impl Keys {
    /// Takes secret keys; nothing when one of them is not a valid key or there are none.
    pub(crate) fn from_secrets(secrets: &[B256]) -> Option<Self> {
        let mut keys = Self(BTreeMap::new());
        for secret in secrets {
            keys.insert(*secret)?;
        }
        (!keys.0.is_empty()).then_some(keys)
    }

    /// Takes one more secret key and returns its address; nothing when it is not valid.
    pub(crate) fn insert(&mut self, secret: B256) -> Option<Address> {
        let key = key_of(secret)?;
        let address = address_of(&key);
        self.0.insert(address, key);
        Some(address)
    }

    /// Tells whether the key of an address is here.
    pub(crate) fn contains(&self, address: Address) -> bool {
        self.0.contains_key(&address)
    }

    /// Returns the addresses, ascending.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.0.keys().copied().collect()
    }

    /// Signs a digest; nothing when the key is not here.
    pub(crate) fn sign(&self, signer: Address, digest: B256) -> Option<Seal> {
        self.0.get(&signer).map(|key| sign(key, digest))
    }
}

/// Returns the key with these secret bytes, unless they are none.
pub(crate) fn key_of(secret: B256) -> Option<SigningKey> {
    SigningKey::from_slice(secret.as_slice()).ok()
}

/// Makes up a secret.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn generate_secret() -> Result<B256, getrandom::Error> {
    let mut secret = B256::ZERO;
    getrandom::fill(secret.as_mut_slice())?;
    Ok(secret)
}

/// Signs a digest: low s, and a recovery id of 0 or 1.
pub(crate) fn sign(key: &SigningKey, digest: B256) -> Seal {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice());
    let mut seal = [0; 65];
    let (scalars, parity) = seal.split_at_mut(64);
    scalars.copy_from_slice(&signature.to_bytes());
    parity.copy_from_slice(&[recovery.to_byte()]);
    seal
}

/// Returns the address of a key.
fn address_of(key: &SigningKey) -> Address {
    let point = key.verifying_key().to_sec1_point(false);
    Address::from_raw_public_key(point.as_bytes().get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_keys_that_are_not_valid() {
        assert!(Keys::from_secrets(&[B256::repeat_byte(1), B256::ZERO]).is_none());
        assert!(Keys::from_secrets(&[]).is_none());
    }

    #[test]
    fn never_shows_keys() {
        let shown = format!("{:?}", Keys::from_secrets(&[B256::repeat_byte(1)]).unwrap());
        assert!(shown.contains("[redacted]") && !shown.contains("0101010101"));
    }
}
