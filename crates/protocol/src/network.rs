//! The network description: everything a client has to trust before it asks anyone.
//!
//! One JSON file names the chain, its rules, the trusted checkpoint, the contracts with the hashes of their code,
//! and the endpoints to ask. It is the root of all trust, so it is read strictly: unknown, missing or doubled
//! fields, impossible values and contradictions are errors, never defaults.
//!
//! Source: `design.md` §4 (network description); the network's id is
//! `keccak256(chain id as 32 bytes ‖ genesis hash)` and is proven in the registry.

use alloy_primitives::{Address, B256, U256};
use lightclient::{ChainRules, TrustedCheckpoint, ValidatorSet, keccak256};

use self::wire::Wire;

mod error;
mod operators;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wire;

pub use error::NetworkError;
pub use operators::{Operators, OperatorsError};

/// One permissioned chain and MedRec's contracts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// What people call it.
    pub name: String,
    /// The rules by which its headers are verified.
    pub rules: ChainRules,
    /// Hash of block 0.
    pub genesis_hash: B256,
    /// The header from which verification starts.
    pub checkpoint: TrustedCheckpoint,
    /// The set that may seal the checkpoint's block, under Clique the next one: for a checkpoint whose header does not
    /// name it and whose state nodes no longer keep.
    pub checkpoint_validators: Option<ValidatorSet>,
    /// [`network_id`] of the chain; the registry holds the same.
    pub network_id: B256,
    /// The contract `Registry`.
    pub registry: ContractRef,
    /// The contract `Relationships`.
    pub relationships: ContractRef,
    /// The contract `Summary`.
    pub summary: ContractRef,
    /// Origins or URLs of JSON-RPC endpoints; at least one, none twice.
    pub endpoints: Vec<String>,
    /// Who may move the checkpoint by a [`CheckpointUpdate`](crate::checkpoint::CheckpointUpdate), if anybody.
    pub operators: Option<Operators>,
    /// How old a head may be before it counts as stale, in seconds.
    pub max_head_age: u64,
    /// Whether one process holds all validator keys, so that nothing on it is worth trusting.
    pub demo: bool,
}

/// Where a contract lies and what its code must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractRef {
    /// Its address.
    pub address: Address,
    /// Keccak-256 of its runtime code.
    pub code_hash: B256,
}

/// The id of a network: `keccak256(chain id as 32 bytes big-endian ‖ genesis hash)`.
pub fn network_id(chain_id: u64, genesis_hash: B256) -> B256 {
    let chain: B256 = U256::from(chain_id).into();
    keccak256([chain.0, genesis_hash.0].concat())
}

impl Network {
    /// Reads a network description.
    ///
    /// # Errors
    /// Anything that is not exactly a network description without contradictions.
    pub fn parse(json: &[u8]) -> Result<Self, NetworkError> {
        if json.len() > MAX_BYTES {
            return Err(NetworkError::TooLong { expected: MAX_BYTES, found: json.len() });
        }
        let wire: Wire =
            serde_json::from_slice(json).map_err(|error| NetworkError::Json { reason: error.to_string() })?;
        let network = wire.read()?;
        network.check()?;
        Ok(network)
    }

    /// Writes the network description, indented, such that [`parse`](Self::parse) reads the same.
    pub fn to_json(&self) -> String {
        let mut json =
            serde_json::to_string_pretty(&Wire::write(self)).expect("strings, numbers and booleans");
        json.push('\n');
        json
    }

    fn check(&self) -> Result<(), NetworkError> {
        check_text("name", &self.name)?;
        for (field, number) in [
            ("chainId", self.rules.chain_id),
            ("trustingPeriod", self.rules.trusting_period),
            ("maxHeadAge", self.max_head_age),
        ] {
            check_number(field, number, 1)?;
        }
        for transition in self.rules.schedule.iter() {
            check_number("transitions.from", transition.from, 0)?;
            check_number("transitions.epochLength", transition.epoch_length, 1)?;
            check_number("transitions.blockPeriod", transition.block_period, 1)?;
        }
        check_number("clockDrift", self.rules.clock_drift, 0)?;
        check_number("checkpoint.number", self.checkpoint.number, 0)?;
        if self.checkpoint.number == 0 && self.checkpoint.hash != self.genesis_hash {
            let (expected, found) = (self.genesis_hash, self.checkpoint.hash);
            return Err(NetworkError::Checkpoint { expected, found });
        }
        let expected = network_id(self.rules.chain_id, self.genesis_hash);
        if self.network_id != expected {
            return Err(NetworkError::NetworkId { expected, found: self.network_id });
        }
        self.check_contracts()?;
        self.check_endpoints()
    }

    fn check_contracts(&self) -> Result<(), NetworkError> {
        let [registry, relationships, summary] =
            [self.registry, self.relationships, self.summary].map(|contract| contract.address);
        for (first, second) in [(registry, relationships), (registry, summary), (relationships, summary)] {
            if first == second {
                return Err(NetworkError::SameContract { address: first });
            }
        }
        Ok(())
    }

    fn check_endpoints(&self) -> Result<(), NetworkError> {
        let found = self.endpoints.len();
        if !(1..=MAX_ENDPOINTS).contains(&found) {
            return Err(NetworkError::EndpointCount { expected: MAX_ENDPOINTS, found });
        }
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            check_text("endpoints", endpoint)?;
            let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
            let is_plain = |host: &str| {
                !host.is_empty()
                    && !host.starts_with('/')
                    && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"@#\\\"<>".contains(&byte))
            };
            if !host.is_some_and(is_plain) || self.endpoints.iter().take(index).any(|other| other == endpoint)
            {
                return Err(NetworkError::Endpoint { found: endpoint.clone() });
            }
        }
        Ok(())
    }
}

pub(crate) fn check_number(field: &'static str, found: u64, least: u64) -> Result<(), NetworkError> {
    if (least..=MAX_NUMBER).contains(&found) {
        Ok(())
    } else {
        Err(NetworkError::Number { field, least, most: MAX_NUMBER, found })
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), NetworkError> {
    if (1..=MAX_TEXT).contains(&text.len()) {
        Ok(())
    } else {
        Err(NetworkError::Text { field, expected: MAX_TEXT, found: text.len() })
    }
}

const MAX_BYTES: usize = 64 * 1024;
const MAX_ENDPOINTS: usize = 16;
const MAX_TEXT: usize = 256;
/// 2^53 − 1: the browser shows these as JavaScript numbers.
const MAX_NUMBER: u64 = (1 << 53) - 1;
