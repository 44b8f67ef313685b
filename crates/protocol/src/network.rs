//! The network description: everything a client has to trust before it asks anyone.
//!
//! One JSON file names the chain, its rules, the trusted checkpoint, the contracts with the hashes of their code,
//! and the endpoints to ask. It is the root of all trust, so it is read strictly: unknown, missing or doubled
//! fields, impossible values and contradictions are errors, never defaults.
//!
//! Source: `design.md` §4 (network description); the network's id is
//! `keccak256(chain id as 32 bytes ‖ genesis hash)` and is proven in the registry.

use core::str::FromStr;

use alloy_primitives::{Address, B256, U256};
use lightclient::{ChainRules, SealScheme, TrustedCheckpoint, keccak256};
use serde::{Deserialize, Serialize};

mod error;
#[cfg(test)]
mod tests;

pub use error::NetworkError;

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
            ("epochLength", self.rules.epoch_length),
            ("blockPeriod", self.rules.block_period),
            ("trustingPeriod", self.rules.trusting_period),
            ("maxHeadAge", self.max_head_age),
        ] {
            check_number(field, number, 1)?;
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire {
    version: u64,
    name: String,
    demo: bool,
    chain_id: u64,
    genesis_hash: String,
    network_id: String,
    checkpoint: WireCheckpoint,
    seal_scheme: String,
    epoch_length: u64,
    block_period: u64,
    trusting_period: u64,
    clock_drift: u64,
    max_head_age: u64,
    contracts: WireContracts,
    endpoints: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireCheckpoint {
    number: u64,
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireContracts {
    registry: WireContract,
    relationships: WireContract,
    summary: WireContract,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireContract {
    address: String,
    code_hash: String,
}

impl Wire {
    fn read(self) -> Result<Network, NetworkError> {
        if self.version != VERSION {
            return Err(NetworkError::Version { expected: VERSION, found: self.version });
        }
        if self.seal_scheme != QBFT {
            let found = cut(&self.seal_scheme);
            return Err(NetworkError::SealScheme { expected: QBFT, found });
        }
        Ok(Network {
            name: self.name,
            rules: ChainRules {
                chain_id: self.chain_id,
                scheme: SealScheme::Qbft,
                epoch_length: self.epoch_length,
                block_period: self.block_period,
                trusting_period: self.trusting_period,
                clock_drift: self.clock_drift,
            },
            genesis_hash: hex("genesisHash", &self.genesis_hash)?,
            checkpoint: TrustedCheckpoint {
                number: self.checkpoint.number,
                hash: hex("checkpoint.hash", &self.checkpoint.hash)?,
            },
            network_id: hex("networkId", &self.network_id)?,
            registry: self.contracts.registry.read()?,
            relationships: self.contracts.relationships.read()?,
            summary: self.contracts.summary.read()?,
            endpoints: self.endpoints,
            max_head_age: self.max_head_age,
            demo: self.demo,
        })
    }

    fn write(network: &Network) -> Self {
        let Network { rules, checkpoint, .. } = network;
        Self {
            version: VERSION,
            name: network.name.clone(),
            demo: network.demo,
            chain_id: rules.chain_id,
            genesis_hash: network.genesis_hash.to_string(),
            network_id: network.network_id.to_string(),
            checkpoint: WireCheckpoint { number: checkpoint.number, hash: checkpoint.hash.to_string() },
            seal_scheme: match rules.scheme {
                SealScheme::Qbft => QBFT.into(),
            },
            epoch_length: rules.epoch_length,
            block_period: rules.block_period,
            trusting_period: rules.trusting_period,
            clock_drift: rules.clock_drift,
            max_head_age: network.max_head_age,
            contracts: WireContracts {
                registry: WireContract::write(network.registry),
                relationships: WireContract::write(network.relationships),
                summary: WireContract::write(network.summary),
            },
            endpoints: network.endpoints.clone(),
        }
    }
}

impl WireContract {
    fn read(&self) -> Result<ContractRef, NetworkError> {
        Ok(ContractRef {
            address: hex("contracts.address", &self.address)?,
            code_hash: hex("contracts.codeHash", &self.code_hash)?,
        })
    }

    fn write(contract: ContractRef) -> Self {
        Self { address: contract.address.to_string(), code_hash: contract.code_hash.to_string() }
    }
}

/// Reads `0x` and exactly the digits of `T`; a mixed-case address is not compared with its checksum.
fn hex<T: FromStr + AsRef<[u8]> + Default>(field: &'static str, text: &str) -> Result<T, NetworkError> {
    let digits = T::default().as_ref().len() * 2;
    let found = || NetworkError::Hex { field, digits, found: cut(text) };
    let is_hex = text
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // The parser takes also digits without 0x, and says less than the field.
    is_hex.then(|| text.parse().ok()).flatten().ok_or_else(found)
}

fn check_number(field: &'static str, found: u64, least: u64) -> Result<(), NetworkError> {
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

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

const VERSION: u64 = 1;
const QBFT: &str = "qbft";
const MAX_BYTES: usize = 64 * 1024;
const MAX_ENDPOINTS: usize = 16;
const MAX_TEXT: usize = 256;
/// 2^53 − 1: the browser shows these as JavaScript numbers.
const MAX_NUMBER: u64 = (1 << 53) - 1;
