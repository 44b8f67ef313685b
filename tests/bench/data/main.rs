//! Writes what the benchmark measures: headers, account proofs, mappings that grow, recorded syncs, a record set.
//!
//! `data FILE [--quick]`. The same bytes on every machine. Chains and tries are made with alloy and k256; the syncs
//! are what the client itself asks of an endpoint in memory, recorded so that a page can replay them.

mod chain;
mod endpoint;
mod sets;
mod state;
mod trie;

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use alloy_primitives::{Address, B256, Bytes, keccak256};
use client::{Client, ClientError};
use lightclient::{ChainRules, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint};
use protocol::layout::NetworkIdQuery;
use protocol::network::{ContractRef, Network, network_id};
use serde_json::{Value, json};

use crate::chain::{Chain, GENESIS_TIME, Members};
use crate::endpoint::Endpoint;
use crate::state::{Account, State};
use crate::trie::Mapping;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (file, largest, replacements): (_, _, &[u64]) = match *args {
        [file] => (file, 7, &[0, 1, 2, 4, 8, 16]),
        [file, "--quick"] => (file, 5, &[0, 2, 16]),
        _ => return Err("data FILE [--quick]".into()),
    };
    let network = network();
    let mappings = (3..=largest).map(|digits| Mapping::build(10_u64.pow(digits), MAPPING_PROOFS)).collect();
    let [slot] = *NetworkIdQuery.slots() else { return Err("the network id has one slot".into()) };
    let state = State::build(ACCOUNTS, ACCOUNT_PROOFS, (slot, network.network_id), mappings);
    let unchanged = Chain::build(BLOCKS, Members::new(vec![]), state.root);
    let mut syncs = vec![record(&network, &unchanged, &state, "nowhere")?];
    for count in replacements.iter().filter(|count| **count > 0) {
        for (place, heights) in [("spread", spread(*count)), ("adjacent", adjacent(*count))] {
            let chain = Chain::build(BLOCKS, Members::new(heights), state.root);
            syncs.push(record(&network, &chain, &state, place)?);
        }
    }
    let headers = (0..=HEADERS).map(|number| Bytes::from(alloy_rlp::encode(unchanged.header(number))));
    let data = json!({
        "network": network.to_json(),
        "now": NOW,
        "headers": headers.collect::<Vec<_>>(),
        "stateRoot": state.root,
        "accounts": state.accounts.iter().map(account_json).collect::<Value>(),
        "mappings": state.mappings.iter().map(mapping_json).collect::<Value>(),
        "registrySlot": slot,
        "networkId": network.network_id,
        "syncs": syncs,
        "recordSet": sets::build(RECORDS)?,
    });
    Ok(std::fs::write(file, data.to_string())?)
}

/// The one network of all chains here: they share their first block.
fn network() -> Network {
    let genesis_hash = Chain::build(0, Members::new(vec![]), B256::ZERO).hash(0);
    let contract =
        |name: &str| ContractRef { address: Address::from_word(keccak256(name)), code_hash: keccak256(name) };
    Network {
        name: "benchmark".to_owned(),
        rules: ChainRules {
            chain_id: CHAIN_ID,
            schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
            trust: TrustThreshold::OneThird,
            trusting_period: 30 * 24 * 60 * 60,
            clock_drift: 5,
        },
        genesis_hash,
        checkpoint: TrustedCheckpoint { number: 0, hash: genesis_hash },
        checkpoint_validators: None,
        network_id: network_id(CHAIN_ID, genesis_hash),
        registry: contract(state::REGISTRY),
        relationships: contract("relationships"),
        summary: contract("summary"),
        endpoints: vec!["http://127.0.0.1".to_owned()],
        operators: None,
        max_head_age: 30,
        demo: true,
    }
}

/// Syncs a client from the checkpoint to the head, then reads once; what it asked becomes part of the result.
fn record(network: &Network, chain: &Chain, state: &State, place: &str) -> Result<Value, Box<dyn Error>> {
    let client = Client::new(network.clone(), Endpoint::new(chain, state, NOW));
    let report = ready(client.sync())?;
    let headers_served = client.platform().headers_served();
    ready(async {
        client.state(&client.head()?, &network.registry, &NetworkIdQuery.slots()).await?;
        Ok::<_, ClientError>(())
    })?;
    Ok(json!({
        "replacements": chain.replacements(),
        "place": place,
        "blocks": report.head.number(),
        "requests": report.requests,
        "headersServed": headers_served,
        "headersVerified": report.headers_verified,
        "exchanges": client.into_platform().exchanges(),
    }))
}

/// The value of a future that never has to wait, because its endpoint is in memory.
fn ready<T, E: Error + 'static>(future: impl Future<Output = Result<T, E>>) -> Result<T, Box<dyn Error>> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Ok(result?),
        Poll::Pending => Err("an endpoint in memory made its client wait".into()),
    }
}

/// Heights of replacements that lie as far apart as they can.
fn spread(count: u64) -> Vec<u64> {
    (1..=count).map(|index| index * BLOCKS / (count + 1)).collect()
}

/// Heights of replacements that follow one another without a block between, at no round number.
fn adjacent(count: u64) -> Vec<u64> {
    (0..count).map(|index| BLOCKS / 7 * 3 + index * 2).collect()
}

fn account_json(account: &Account) -> Value {
    json!({"address": account.address, "nonce": account.state.nonce, "proof": account.proof})
}

fn mapping_json((account, mapping): &(Account, Mapping)) -> Value {
    let slots = mapping.proven.iter().zip(&mapping.trie.proofs);
    json!({
        "entries": mapping.entries,
        "account": account_json(account),
        "slots": slots.map(|((slot, word), proof)| json!({"slot": slot, "word": word, "proof": proof})).collect::<Value>(),
    })
}

const CHAIN_ID: u64 = 1337;
/// Blocks from the checkpoint to the head of a sync.
const BLOCKS: u64 = 1_000_000;
/// Headers to verify one on top of the other.
const HEADERS: u64 = 1_000;
const ACCOUNTS: u64 = 100_000;
const ACCOUNT_PROOFS: u64 = 256;
/// Proofs from each mapping.
const MAPPING_PROOFS: u64 = 64;
/// Records of one set.
const RECORDS: usize = 10_000;
/// When everything is verified: as the last block was made.
const NOW: u64 = GENESIS_TIME + BLOCKS;
