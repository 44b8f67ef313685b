//! Compares a verified header with what the recording says about it.
//!
//! Signers are compared as sets: nodes serve seals in any order, and other implementations list them in theirs.

use std::collections::BTreeSet;
use std::fmt::Display;

use alloy_primitives::{Address, B256, U256};
use lightclient::{Header, SealScheme};

use super::chain::Judged;
use super::json::{FormError, Node};
use super::recording::{RecordedHeader, Recording};

/// One line for each member that differs.
pub(super) fn differences(
    recorded: &RecordedHeader,
    header: &Header,
    judged: &Judged,
    recording: &Recording,
) -> Vec<String> {
    let mut lines = Lines { number: recorded.number, lines: Vec::new() };
    lines.compare("number", recorded.number, header.number);
    lines.compare("hash", recorded.hash, judged.hash());
    let scheme = recording.rules.schedule.at(header.number).scheme;
    let is_in_contract = matches!(scheme, SealScheme::QbftContract { .. });
    let (signers, proposer) = match judged {
        Judged::Unsettled(unsettled) => (vec![unsettled.signer], unsettled.signer),
        Judged::Verified(verified) => {
            let (round, proposer) = (u64::from(verified.round()), verified.proposer());
            lines.compare("round", recorded.round.unwrap_or(round), round);
            if let Some(validators) = recorded.validators.as_ref().filter(|_| scheme != SealScheme::Clique) {
                // Of a header that leaves them to a contract, recorders note that it lists none.
                let found = if is_in_contract && validators.is_empty() {
                    vec![]
                } else {
                    verified.validators().iter().copied().collect()
                };
                lines.compare_sets("validators", validators, &found);
            }
            (verified.signers().to_vec(), proposer)
        }
    };
    // Nobody proposes or seals a genesis block.
    if header.number > 0 {
        lines.compare("proposer", recorded.proposer.unwrap_or(proposer), proposer);
        lines.compare_sets("signers", recorded.signers.as_ref().unwrap_or(&signers), &signers);
    }
    if let Some(expected) = recorded.vote {
        compare_vote(&mut lines, expected, header, judged, scheme);
    }
    if header.number == 0
        && let Some(genesis) = &recording.genesis
        && let Err(error) = compare_genesis(&mut lines, genesis, header)
    {
        lines.lines.push(format!("header 0: {error}"));
    }
    lines.lines
}

struct Lines {
    number: u64,
    lines: Vec<String>,
}

impl Lines {
    fn compare<T: PartialEq + Display>(&mut self, what: &str, expected: T, found: T) {
        if expected != found {
            let number = self.number;
            self.lines.push(format!("header {number}: {what}: expected {expected}, found {found}"));
        }
    }

    fn compare_sets(&mut self, what: &str, expected: &[Address], found: &[Address]) {
        let is_same = expected.len() == found.len()
            && expected.iter().collect::<BTreeSet<_>>() == found.iter().collect();
        if !is_same {
            let number = self.number;
            self.lines.push(format!("header {number}: {what}: expected {expected:?}, found {found:?}"));
        }
    }
}

/// Whom a header votes on and how.
fn compare_vote(
    lines: &mut Lines,
    expected: Option<(Address, bool)>,
    header: &Header,
    judged: &Judged,
    scheme: SealScheme,
) {
    let by_nonce = Some(header.coinbase).filter(|candidate| *candidate != Address::ZERO);
    let by_nonce = by_nonce.map(|candidate| (candidate, header.nonce != [0; 8]));
    let found = match (scheme, judged) {
        (SealScheme::Clique | SealScheme::Ibft, _) | (_, Judged::Unsettled(_)) => by_nonce,
        (_, Judged::Verified(verified)) => verified.candidate().map(|candidate| {
            // In `extraData` a vote is the address and a byte, which is 0xff for in.
            let vote_in = [&[0x94][..], candidate.as_slice(), &[0x81, 0xff]].concat();
            let is_in = header.extra_data.windows(vote_in.len()).any(|bytes| bytes == vote_in);
            (candidate, is_in)
        }),
    };
    let say = |vote: Option<(Address, bool)>| match vote {
        None => "none".to_owned(),
        Some((candidate, is_in)) => format!("{candidate} {}", if is_in { "in" } else { "out" }),
    };
    lines.compare("vote", say(expected), say(found));
}

/// The genesis block is that of the genesis file. Its state is not computed from `alloc`.
fn compare_genesis(lines: &mut Lines, genesis: &serde_json::Value, header: &Header) -> Result<(), FormError> {
    let genesis = Node::new("genesis.json", genesis);
    if let Some(extra_data) = genesis.find(&["extraData"]) {
        lines.compare("extraData", extra_data.bytes()?, header.extra_data.clone());
    }
    let words = [
        ("timestamp", U256::from(header.timestamp)),
        ("gasLimit", U256::from(header.gas_limit)),
        ("difficulty", header.difficulty),
        ("nonce", U256::from_be_slice(&header.nonce)),
        ("mixHash", U256::from_be_bytes(header.mix_hash.0)),
    ];
    // Engines read past a base fee where London has not come yet.
    let base_fee = header.base_fee_per_gas.map(|base_fee| ("baseFeePerGas", U256::from(base_fee)));
    for (name, found) in words.into_iter().chain(base_fee) {
        if let Some(expected) = genesis.find(&[name]) {
            lines.compare(name, B256::from(expected.word()?), B256::from(found));
        }
    }
    if let Some(coinbase) = genesis.find(&["coinbase"]) {
        lines.compare("coinbase", coinbase.address()?, header.coinbase);
    }
    Ok(())
}
