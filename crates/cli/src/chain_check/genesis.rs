//! The rules of a chain, read from the `config` of its genesis file.
//!
//! Besu and GoQuorum describe the same engines in different words, in upper and lower case. A section (`clique`,
//! `ibft`, `istanbul`, `ibft2`, `qbft`) is how the chain starts; what changes at a height stands in
//! `transitions` (a list in GoQuorum, a list for each engine in Besu), in `qbft.startBlock` (Besu) or in
//! `testQBFTBlock` (GoQuorum).
//!
//! Source: Besu `JsonGenesisConfigOptions`, `TransitionsConfigOptions`; GoQuorum `params.ChainConfig`, `Transition`.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use lightclient::{Schedule, ScheduleError, SealScheme, Transition, ValidatorSet, ValidatorSetError};
use serde_json::Value;

use super::json::{FormError, Node};

/// Why a genesis configuration makes no rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GenesisError {
    #[error("{place}: no engine, expected clique, ibft, istanbul, ibft2 or qbft")]
    Engine { place: String },
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("transitions: {0}")]
    Schedule(#[from] ScheduleError),
    #[error("validators from block {number} on: {source}")]
    Validators { number: u64, source: ValidatorSetError },
}

/// The chain id, if the configuration has it, and the schedule.
///
/// `engine` is what the recording calls the engine, for a configuration that says nothing; `slot_of` tells where a
/// contract keeps its list.
pub(crate) fn read_rules(
    place: &str,
    config: &Value,
    engine: Option<&str>,
    slot_of: &dyn Fn(Address) -> U256,
) -> Result<(Option<u64>, Schedule), GenesisError> {
    let config = lower_case_keys(config);
    let config = Node::new(place, &config);
    let chain_id = config.find(&["chainid"]).map(|id| id.number()).transpose()?;
    let mut changes = changes(&config, engine)?;
    let mut settings = Settings::default();
    let first = changes.remove(&0).unwrap_or_default();
    if first.iter().all(|change| change.engine.is_none()) {
        return Err(GenesisError::Engine { place: place.to_owned() });
    }
    let mut transitions = vec![settings.change(0, &first, slot_of)?];
    for (from, changes) in changes {
        transitions.push(settings.change(from, &changes, slot_of)?);
    }
    Ok((chain_id, Schedule::new(transitions)?))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Clique,
    Ibft,
    Ibft2,
    Qbft,
}

impl Engine {
    /// Reads the many names: `IBFT 2.0`, `istanbul`, `goquorum-qbft`, …
    fn parse(name: &str) -> Option<Self> {
        let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let known = [
            ("clique", Self::Clique),
            ("ibft2", Self::Ibft2),
            ("qbft", Self::Qbft),
            ("ibft", Self::Ibft),
            ("istanbul", Self::Ibft),
        ];
        known.into_iter().find(|(known, _)| name.contains(known)).map(|(_, engine)| engine)
    }
}

/// What a section or a transition says.
struct Change<'a> {
    engine: Option<Engine>,
    section: Option<Node<'a>>,
}

/// All changes by height; those from block 0 on are how the chain starts.
fn changes<'a>(
    config: &Node<'a>,
    engine: Option<&str>,
) -> Result<BTreeMap<u64, Vec<Change<'a>>>, GenesisError> {
    let mut changes: BTreeMap<u64, Vec<Change<'a>>> = BTreeMap::new();
    let mut add = |from, engine, section| {
        changes.entry(from).or_default().push(Change { engine, section });
    };
    let block = |section: &Node<'a>, keys| section.find(keys).map(|from| from.number()).transpose();
    let former = [
        (config.find(&["clique"]), Engine::Clique),
        (config.find(&["ibft", "istanbul"]), Engine::Ibft),
        (config.find(&["ibft2"]), Engine::Ibft2),
    ];
    let qbft = config.find(&["qbft"]);
    let mut test_qbft_block = block(config, &["testqbftblock"])?;
    let mut has_section = qbft.is_some();
    for (section, engine) in former {
        let Some(section) = section else { continue };
        has_section = true;
        test_qbft_block = test_qbft_block.or(block(&section, &["testqbftblock"])?);
        add(0, Some(engine), Some(section));
    }
    if let Some(section) = qbft {
        let start = block(&section, &["startblock", "testqbftblock"])?.or(test_qbft_block).unwrap_or(0);
        add(start, Some(Engine::Qbft), Some(section));
    } else if let Some(start) = test_qbft_block {
        add(start, Some(Engine::Qbft), None);
    }
    if !has_section && let Some(engine) = engine.and_then(Engine::parse) {
        add(0, Some(engine), None);
    }
    let Some(transitions) = config.find(&["transitions"]) else { return Ok(changes) };
    let lists = if transitions.value().is_array() {
        vec![transitions]
    } else {
        transitions.members()?.into_iter().map(|(_, list)| list).collect()
    };
    for transition in lists.iter().map(Node::list).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let engine = match transition.find(&["algorithm"]) {
            Some(name) => {
                Some(Engine::parse(name.text()?).ok_or_else(|| name.error("clique, ibft, ibft2 or qbft"))?)
            }
            None => None,
        };
        add(transition.member(&["block"])?.number()?, engine, Some(transition));
    }
    Ok(changes)
}

/// What holds at a height, before it is a [`Transition`].
#[derive(Default)]
struct Settings {
    engine: Option<Engine>,
    epoch_length: Option<u64>,
    block_period: Option<u64>,
    is_in_contract: Option<bool>,
    contract: Option<Address>,
}

impl Settings {
    fn change(
        &mut self,
        from: u64,
        changes: &[Change<'_>],
        slot_of: &dyn Fn(Address) -> U256,
    ) -> Result<Transition, GenesisError> {
        let mut validators = None;
        for Change { engine, section } in changes {
            self.engine = engine.or(self.engine);
            let Some(section) = section else { continue };
            let number = |keys: &[&str]| section.find(keys).map(|value| value.number()).transpose();
            self.epoch_length = number(&["epochlength", "epoch"])?.or(self.epoch_length);
            self.block_period =
                number(&["blockperiodseconds", "period", "blockperiod"])?.or(self.block_period);
            if let Some(millis) = number(&["blockperiodmilliseconds", "xblockperiodmilliseconds"])?
                && millis > 0
            {
                self.block_period = Some(millis / 1000);
            }
            if let Some(mode) = section.find(&["validatorselectionmode"]) {
                self.is_in_contract = Some(match mode.text()?.to_ascii_lowercase().as_str() {
                    "contract" => true,
                    "blockheader" | "" => false,
                    _ => return Err(mode.error("contract or blockheader").into()),
                });
            }
            if let Some(contract) = section.find(&["validatorcontractaddress"]) {
                self.contract = Some(contract.address()?).filter(|contract| *contract != Address::ZERO);
            }
            if let Some(list) = section.find(&["validators"]) {
                let mut addresses = list.addresses()?;
                addresses.sort_unstable();
                // GoQuorum writes an empty list where it replaces nobody.
                if !addresses.is_empty() {
                    let set = ValidatorSet::new(addresses)
                        .map_err(|source| GenesisError::Validators { number: from, source })?;
                    validators = Some(set);
                }
            }
        }
        Ok(Transition {
            from,
            scheme: self.scheme(slot_of),
            epoch_length: self.epoch_length.filter(|length| *length > 0).unwrap_or(DEFAULT_EPOCH_LENGTH),
            block_period: self.block_period.unwrap_or_else(|| self.default_period()),
            validators,
        })
    }

    fn scheme(&self, slot_of: &dyn Fn(Address) -> U256) -> SealScheme {
        match self.engine.unwrap_or(Engine::Qbft) {
            Engine::Clique => SealScheme::Clique,
            Engine::Ibft => SealScheme::Ibft,
            Engine::Ibft2 => SealScheme::Ibft2,
            // A contract without a mode is Besu's way, and GoQuorum's until it had modes.
            Engine::Qbft => match self.contract.filter(|_| self.is_in_contract.unwrap_or(true)) {
                Some(address) => SealScheme::QbftContract { address, slot: slot_of(address) },
                None => SealScheme::Qbft,
            },
        }
    }

    /// No engine of the Istanbul family makes two blocks in one second unless told to; Clique without a period does.
    fn default_period(&self) -> u64 {
        u64::from(self.engine != Some(Engine::Clique))
    }
}

/// Engines read their configuration without regard to case.
fn lower_case_keys(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.to_ascii_lowercase(), lower_case_keys(value))).collect()
        }
        Value::Array(items) => items.iter().map(lower_case_keys).collect(),
        other => other.clone(),
    }
}

/// Of every engine.
const DEFAULT_EPOCH_LENGTH: u64 = 30_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(config: &Value, engine: Option<&str>) -> Result<(Option<u64>, Vec<Transition>), GenesisError> {
        let (chain_id, schedule) = read_rules("config", config, engine, &|_| U256::from(7))?;
        Ok((chain_id, schedule.iter().cloned().collect()))
    }

    fn transition(from: u64, scheme: SealScheme, epoch_length: u64, block_period: u64) -> Transition {
        Transition { from, scheme, epoch_length, block_period, validators: None }
    }

    #[test]
    fn reads_each_engine() {
        for (section, scheme) in [
            ("clique", SealScheme::Clique),
            ("ibft", SealScheme::Ibft),
            ("istanbul", SealScheme::Ibft),
            ("ibft2", SealScheme::Ibft2),
            ("qbft", SealScheme::Qbft),
        ] {
            let config =
                json!({ "chainId": "0x7", section: { "epochLength": 60, "blockPeriodSeconds": "2" } });
            assert_eq!(rules(&config, None), Ok((Some(7), vec![transition(0, scheme, 60, 2)])), "{section}");
        }
        let config = json!({ "chainid": 7, "clique": { "period": 0, "epoch": 0 } });
        assert_eq!(rules(&config, None), Ok((Some(7), vec![transition(0, SealScheme::Clique, 30_000, 0)])));
        let defaults = vec![transition(0, SealScheme::Ibft2, 30_000, 1)];
        assert_eq!(rules(&json!({}), Some("Besu IBFT 2.0")), Ok((None, defaults)));
        assert_eq!(rules(&json!({}), None), Err(GenesisError::Engine { place: "config".into() }));
    }

    #[test]
    fn a_contract_counts_in_contract_mode_only() {
        let address = Address::repeat_byte(0x88);
        let scheme = |mode: Option<&str>, address: Address| {
            let config =
                json!({ "qbft": { "validatorselectionmode": mode, "validatorcontractaddress": address } });
            rules(&config, None).unwrap().1[0].scheme
        };
        let in_contract = SealScheme::QbftContract { address, slot: U256::from(7) };
        assert_eq!(scheme(Some("contract"), address), in_contract);
        assert_eq!(scheme(None, address), in_contract);
        assert_eq!(scheme(Some("blockheader"), address), SealScheme::Qbft);
        assert_eq!(scheme(None, Address::ZERO), SealScheme::Qbft);
    }

    #[test]
    fn reads_the_transitions_of_both_engines() {
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let besu = json!({
            "qbft": { "epochlength": 10, "blockperiodseconds": 1 },
            "transitions": { "qbft": [
                { "block": 5, "blockperiodseconds": 3 },
                { "block": 9, "validatorselectionmode": "contract", "validatorcontractaddress": one },
                { "block": 12, "validatorselectionmode": "blockheader", "validators": [two, one] },
            ] },
        });
        let contract = SealScheme::QbftContract { address: one, slot: U256::from(7) };
        let set = ValidatorSet::new(vec![one, two]).unwrap();
        let expected = vec![
            transition(0, SealScheme::Qbft, 10, 1),
            transition(5, SealScheme::Qbft, 10, 3),
            transition(9, contract, 10, 3),
            Transition { validators: Some(set), ..transition(12, SealScheme::Qbft, 10, 3) },
        ];
        assert_eq!(rules(&besu, None).unwrap().1, expected);

        let goquorum = json!({
            "istanbul": { "epoch": 10, "blockperiodseconds": 1 },
            "transitions": [{ "block": 20, "algorithm": "qbft", "blockperiodseconds": 4, "validators": [] }],
        });
        let expected = vec![transition(0, SealScheme::Ibft, 10, 1), transition(20, SealScheme::Qbft, 10, 4)];
        assert_eq!(rules(&goquorum, None).unwrap().1, expected);
        let tested = json!({ "istanbul": { "epoch": 10, "testQBFTBlock": 20 } });
        let expected = vec![transition(0, SealScheme::Ibft, 10, 1), transition(20, SealScheme::Qbft, 10, 1)];
        assert_eq!(rules(&tested, None).unwrap().1, expected);
        let migrated = json!({
            "ibft2": { "epochlength": 10, "blockperiodseconds": 2 },
            "qbft": { "epochlength": 20, "blockperiodseconds": 5, "startBlock": 101 },
        });
        let expected =
            vec![transition(0, SealScheme::Ibft2, 10, 2), transition(101, SealScheme::Qbft, 20, 5)];
        assert_eq!(rules(&migrated, None).unwrap().1, expected);
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let mode = json!({ "qbft": { "validatorselectionmode": "oracle" } });
        assert!(matches!(rules(&mode, None), Err(GenesisError::Form(_))));
        let family = json!({ "qbft": {}, "transitions": [{ "block": 3, "algorithm": "clique" }] });
        let error = ScheduleError::Family { number: 3 };
        assert_eq!(rules(&family, None), Err(GenesisError::Schedule(error)));
    }
}
