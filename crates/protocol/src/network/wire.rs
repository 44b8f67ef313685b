//! The network description as JSON: its fields, and nothing beside them.

use core::str::FromStr;

use alloy_primitives::{Address, U256};
use lightclient::{
    ChainRules, Schedule, SealScheme, Transition, TrustThreshold, TrustedCheckpoint, ValidatorSet,
};
use serde::{Deserialize, Serialize};

use super::{ContractRef, Network, NetworkError, Operators};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Wire {
    version: u64,
    name: String,
    demo: bool,
    chain_id: u64,
    genesis_hash: String,
    network_id: String,
    checkpoint: WireCheckpoint,
    transitions: Vec<WireTransition>,
    trust_threshold: WireTrust,
    trusting_period: u64,
    clock_drift: u64,
    max_head_age: u64,
    contracts: WireContracts,
    endpoints: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operators: Option<WireOperators>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireCheckpoint {
    number: u64,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validators: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireTransition {
    from: u64,
    seal_scheme: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator_contract: Option<WireValidatorContract>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validators: Option<Vec<String>>,
    epoch_length: u64,
    block_period: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireValidatorContract {
    address: String,
    slot: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireTrust {
    OneThird,
    TwoThirds,
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireOperators {
    threshold: usize,
    addresses: Vec<String>,
}

impl Wire {
    pub(super) fn read(self) -> Result<Network, NetworkError> {
        if self.version != VERSION {
            return Err(NetworkError::Version { expected: VERSION, found: self.version });
        }
        let transitions = self.transitions.into_iter().map(WireTransition::read).collect::<Result<_, _>>()?;
        Ok(Network {
            name: self.name,
            rules: ChainRules {
                chain_id: self.chain_id,
                schedule: Schedule::new(transitions)?,
                trust: match self.trust_threshold {
                    WireTrust::OneThird => TrustThreshold::OneThird,
                    WireTrust::TwoThirds => TrustThreshold::TwoThirds,
                },
                trusting_period: self.trusting_period,
                clock_drift: self.clock_drift,
            },
            genesis_hash: hex("genesisHash", &self.genesis_hash)?,
            checkpoint: TrustedCheckpoint {
                number: self.checkpoint.number,
                hash: hex("checkpoint.hash", &self.checkpoint.hash)?,
            },
            checkpoint_validators: read_set("checkpoint.validators", self.checkpoint.validators)?,
            network_id: hex("networkId", &self.network_id)?,
            registry: self.contracts.registry.read()?,
            relationships: self.contracts.relationships.read()?,
            summary: self.contracts.summary.read()?,
            endpoints: self.endpoints,
            operators: self.operators.map(WireOperators::read).transpose()?,
            max_head_age: self.max_head_age,
            demo: self.demo,
        })
    }

    pub(super) fn write(network: &Network) -> Self {
        let Network { rules, checkpoint, .. } = network;
        Self {
            version: VERSION,
            name: network.name.clone(),
            demo: network.demo,
            chain_id: rules.chain_id,
            genesis_hash: network.genesis_hash.to_string(),
            network_id: network.network_id.to_string(),
            checkpoint: WireCheckpoint {
                number: checkpoint.number,
                hash: checkpoint.hash.to_string(),
                validators: network.checkpoint_validators.as_ref().map(write_set),
            },
            transitions: rules.schedule.iter().map(WireTransition::write).collect(),
            trust_threshold: match rules.trust {
                TrustThreshold::OneThird => WireTrust::OneThird,
                TrustThreshold::TwoThirds => WireTrust::TwoThirds,
            },
            trusting_period: rules.trusting_period,
            clock_drift: rules.clock_drift,
            max_head_age: network.max_head_age,
            contracts: WireContracts {
                registry: WireContract::write(network.registry),
                relationships: WireContract::write(network.relationships),
                summary: WireContract::write(network.summary),
            },
            endpoints: network.endpoints.clone(),
            operators: network.operators.as_ref().map(WireOperators::write),
        }
    }
}

impl WireTransition {
    fn read(self) -> Result<Transition, NetworkError> {
        let scheme = match (self.seal_scheme.as_str(), self.validator_contract) {
            ("clique", None) => SealScheme::Clique,
            ("ibft", None) => SealScheme::Ibft,
            ("ibft2", None) => SealScheme::Ibft2,
            ("qbft", None) => SealScheme::Qbft,
            ("qbft", Some(contract)) => SealScheme::QbftContract {
                address: hex("transitions.validatorContract.address", &contract.address)?,
                slot: U256::from(contract.slot),
            },
            (found, contract) => {
                return Err(NetworkError::SealScheme { contract: contract.is_some(), found: cut(found) });
            }
        };
        Ok(Transition {
            from: self.from,
            scheme,
            epoch_length: self.epoch_length,
            block_period: self.block_period,
            validators: read_set("transitions.validators", self.validators)?,
        })
    }

    fn write(transition: &Transition) -> Self {
        let (seal_scheme, validator_contract) = match transition.scheme {
            SealScheme::Clique => ("clique", None),
            SealScheme::Ibft => ("ibft", None),
            SealScheme::Ibft2 => ("ibft2", None),
            SealScheme::Qbft => ("qbft", None),
            SealScheme::QbftContract { address, slot } => {
                // Read from the same width.
                let slot = slot.saturating_to();
                ("qbft", Some(WireValidatorContract { address: address.to_string(), slot }))
            }
        };
        Self {
            from: transition.from,
            seal_scheme: seal_scheme.to_owned(),
            validator_contract,
            validators: transition.validators.as_ref().map(write_set),
            epoch_length: transition.epoch_length,
            block_period: transition.block_period,
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

impl WireOperators {
    fn read(self) -> Result<Operators, NetworkError> {
        Ok(Operators::new(self.threshold, read_addresses("operators.addresses", &self.addresses)?)?)
    }

    fn write(operators: &Operators) -> Self {
        Self {
            threshold: operators.threshold(),
            addresses: operators.addresses().iter().map(Address::to_string).collect(),
        }
    }
}

pub(crate) fn read_set(
    field: &'static str,
    addresses: Option<Vec<String>>,
) -> Result<Option<ValidatorSet>, NetworkError> {
    let Some(addresses) = addresses else { return Ok(None) };
    let set = ValidatorSet::new(read_addresses(field, &addresses)?);
    Ok(Some(set.map_err(|source| NetworkError::Validators { field, source })?))
}

fn read_addresses(field: &'static str, addresses: &[String]) -> Result<Vec<Address>, NetworkError> {
    addresses.iter().map(|address| hex(field, address)).collect()
}

pub(crate) fn write_set(validators: &ValidatorSet) -> Vec<String> {
    validators.iter().map(Address::to_string).collect()
}

/// Reads `0x` and exactly the digits of `T`; a mixed-case address is not compared with its checksum.
pub(crate) fn hex<T: FromStr + AsRef<[u8]> + Default>(
    field: &'static str,
    text: &str,
) -> Result<T, NetworkError> {
    let digits = T::default().as_ref().len() * 2;
    let found = || NetworkError::Hex { field, digits, found: cut(text) };
    let is_hex = text
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // The parser takes also digits without 0x, and says less than the field.
    is_hex.then(|| text.parse().ok()).flatten().ok_or_else(found)
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Version 1 knew one seal scheme for the whole chain.
const VERSION: u64 = 2;
