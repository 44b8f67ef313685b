//! Checkpoint updates: a newer trusted checkpoint, signed by enough of the network's operators.
//!
//! A light client starts from a header that it trusts without proof, and only as long as keys of former validators can
//! be assumed unstolen: nothing is slashed on a permissioned chain. A client that was away for longer, or a network
//! whose old keys were stolen, needs a newer start. The network description names the operators who can give it one:
//! so many of them have to sign the same block of the same network.
//!
//! Defends against whoever hands out the update: fewer operators than the threshold move nothing, a signature counts
//! for one operator, network and block, and trust never goes back. Enough operators can do what the description itself
//! can: name a fork. They cannot change its rules, contracts, endpoints or operators. **Not** checked
//! here: when the update was issued (people are shown it), and whether it is of one chain with a client's head
//! (`client` does that).
//!
//! Source: weak subjectivity as in the Tendermint light client; EIP-191 version `0x45`; `docs/checkpoints.md`.

use alloy_primitives::{Address, B256, FixedBytes};
use lightclient::{
    BlockNumber, ParityByte, Signature, TrustedCheckpoint, UnixTime, ValidatorSet, keccak256, recover_low_s,
};
use serde::{Deserialize, Serialize};

use crate::httpsig::personal_digest;
use crate::keys::SigningKey;
use crate::network::wire::{hex, read_set, write_set};
use crate::network::{Network, NetworkError, check_number};

mod error;
#[cfg(test)]
mod tests;

pub use error::CheckpointError;

/// A block that operators sign as the new trusted checkpoint; nothing of it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointUpdate {
    /// Whose chain it is of.
    pub network_id: B256,
    /// Height of the block.
    pub number: BlockNumber,
    /// Hash of the block.
    pub hash: B256,
    /// As [`Network::checkpoint_validators`].
    pub validators: Option<ValidatorSet>,
    /// When the first operator signed it.
    pub issued: UnixTime,
    /// Of the operators, in any order.
    pub signatures: Vec<Signature>,
}

impl CheckpointUpdate {
    /// Reads a checkpoint update.
    ///
    /// # Errors
    /// [`CheckpointError::Json`], [`CheckpointError::Form`] and [`CheckpointError::Signature`].
    pub fn parse(json: &[u8]) -> Result<Self, CheckpointError> {
        if json.len() > MAX_BYTES {
            return Err(NetworkError::TooLong { expected: MAX_BYTES, found: json.len() }.into());
        }
        let wire: Wire = serde_json::from_slice(json)
            .map_err(|error| CheckpointError::Json { reason: error.to_string() })?;
        wire.read()
    }

    /// Writes the checkpoint update, indented, such that [`parse`](Self::parse) reads the same.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(&Wire::write(self)).expect("strings and numbers");
        json.push('\n');
        json
    }

    /// What the operators sign.
    pub fn digest(&self) -> B256 {
        let validators = self.validators.as_ref().map_or(B256::ZERO, |set| {
            keccak256(set.iter().flat_map(|address| address.0.0).collect::<Vec<u8>>())
        });
        let (number, issued) = (self.number.to_be_bytes(), self.issued.to_be_bytes());
        let parts: [&[u8]; 6] = [DOMAIN, &self.network_id.0, &number, &self.hash.0, &validators.0, &issued];
        personal_digest(&parts.concat())
    }

    /// Adds an operator's signature.
    pub fn sign(&mut self, key: &SigningKey) {
        self.signatures.push(key.sign_digest(self.digest()));
    }

    /// Verifies that the update is of this network and that each signature is of another of its operators, and returns
    /// these in the order of the signatures. They may be fewer than it takes.
    ///
    /// # Errors
    /// [`CheckpointError`] for another network, and for a signature that is damaged, a stranger's, or there twice.
    pub fn verify_signers(&self, network: &Network) -> Result<Vec<Address>, CheckpointError> {
        if self.network_id != network.network_id {
            let (expected, found) = (network.network_id, self.network_id);
            return Err(CheckpointError::NetworkId { expected, found });
        }
        let operators = network.operators.as_ref().ok_or(CheckpointError::NoOperators)?;
        let digest = self.digest();
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let signer = recover_low_s(digest, signature)?;
            if operators.addresses().binary_search(&signer).is_err() {
                return Err(CheckpointError::UnknownSigner { signer });
            }
            if signers.contains(&signer) {
                return Err(CheckpointError::DoubleSigner { signer });
            }
            signers.push(signer);
        }
        Ok(signers)
    }
}

impl Network {
    /// The network with the update's checkpoint in place of its own, which is always an older one.
    ///
    /// # Errors
    /// [`CheckpointError`] unless enough operators signed a later checkpoint of this network.
    pub fn updated(&self, update: &CheckpointUpdate) -> Result<Self, CheckpointError> {
        let found = update.verify_signers(self)?.len();
        let TrustedCheckpoint { number, hash } = self.checkpoint;
        if update.number == number && update.hash != hash {
            return Err(CheckpointError::Conflict { number, expected: hash, found: update.hash });
        }
        if update.number <= number {
            return Err(CheckpointError::Behind { expected: number, found: update.number });
        }
        let expected = self.operators.as_ref().ok_or(CheckpointError::NoOperators)?.threshold();
        if found < expected {
            return Err(CheckpointError::TooFewSigners { expected, found });
        }
        Ok(Self {
            checkpoint: TrustedCheckpoint { number: update.number, hash: update.hash },
            checkpoint_validators: update.validators.clone(),
            ..self.clone()
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire {
    version: u64,
    network_id: String,
    number: u64,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validators: Option<Vec<String>>,
    issued: u64,
    signatures: Vec<String>,
}

impl Wire {
    fn read(self) -> Result<CheckpointUpdate, CheckpointError> {
        if self.version != VERSION {
            return Err(NetworkError::Version { expected: VERSION, found: self.version }.into());
        }
        check_number("number", self.number, 0)?;
        check_number("issued", self.issued, 0)?;
        Ok(CheckpointUpdate {
            network_id: hex("networkId", &self.network_id)?,
            number: self.number,
            hash: hex("hash", &self.hash)?,
            validators: read_set("validators", self.validators)?,
            issued: self.issued,
            signatures: self.signatures.iter().map(|text| read_signature(text)).collect::<Result<_, _>>()?,
        })
    }

    fn write(update: &CheckpointUpdate) -> Self {
        let write_signature =
            |signature: &Signature| FixedBytes::from(signature.to_bytes(ParityByte::From27)).to_string();
        Self {
            version: VERSION,
            network_id: update.network_id.to_string(),
            number: update.number,
            hash: update.hash.to_string(),
            validators: update.validators.as_ref().map(write_set),
            issued: update.issued,
            signatures: update.signatures.iter().map(write_signature).collect(),
        }
    }
}

fn read_signature(text: &str) -> Result<Signature, CheckpointError> {
    let bytes: FixedBytes<65> = hex("signatures", text)?;
    Ok(Signature::from_bytes(bytes.as_slice(), ParityByte::From27)?)
}

/// Keeps the signature from meaning anything else; 32 bytes, the last six zero.
const DOMAIN: &[u8; 32] = b"MedRec checkpoint update 1\0\0\0\0\0\0";
const MAX_BYTES: usize = 64 * 1024;
const VERSION: u64 = 1;
