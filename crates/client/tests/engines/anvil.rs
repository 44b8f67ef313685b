//! Foundry's anvil: another implementation's tries, under headers of the newest fork that nobody seals.

use client::rpc::RpcCall;
use client::{Client, ClientError, Problem};
use lightclient::{Asked, BftError, RlpError, VerifyError, keccak256};
use protocol::network::Network;
use serde_json::json;

use super::engine::Engine;
use super::platform::{Altered, Change};
use super::registry;
use super::seal::{hash_of, rules, seal, seal_genesis, sealed};

#[tokio::test]
async fn proves_what_the_registry_wrote_and_nothing_else() {
    let anvil = start().await;
    let genesis_hash = hash_of(&sealed(anvil.header(Asked::Number(0)).await));
    let deployed = anvil.deploy(genesis_hash).await;
    // So far that the parents in between are not fetched: the validator of this test cannot seal their links.
    anvil.ask(RpcCall { method: "anvil_mine", params: json!(["0x50"]) }).await.unwrap();
    let network = anvil.network(rules(anvil.chain_id), genesis_hash, &deployed).await;
    registry::is_proven(&network, &[seal]).await;
    registry::refuses_lies(&network, &[seal]).await;
}

#[tokio::test]
async fn is_refused_because_nobody_seals() {
    let anvil = start().await;
    let genesis = anvil.header(Asked::Number(0)).await;
    let [unsealed, sealed] = [keccak256(genesis.encode()), hash_of(&sealed(genesis))];
    let deployed = anvil.deploy(unsealed).await;
    let rules = rules(anvil.chain_id);
    // Neither one who takes its genesis block for the trusted checkpoint believes it,
    let network = anvil.network(rules.clone(), unsealed, &deployed).await;
    assert_eq!(refusal(network, &[]).await, no_extra_data(0));
    // nor one whose trusted checkpoint is a validator's.
    let network = anvil.network(rules, sealed, &deployed).await;
    assert_eq!(refusal(network, &[seal_genesis]).await, no_extra_data(deployed.number));
}

async fn refusal(network: Network, changes: &[Change]) -> Problem {
    let ClientError { problem, .. } = Client::new(network, Altered::new(changes)).sync().await.unwrap_err();
    *problem
}

fn no_extra_data(number: u64) -> Problem {
    let source = BftError::Rlp { item: "list", source: RlpError::End { expected: 1, found: 0 } };
    Problem::Header(VerifyError::ExtraData { number, source })
}

/// Starts anvil, with a second between the blocks that it makes at once.
async fn start() -> Engine {
    let anvil = Engine::start("anvil");
    let method = "anvil_setBlockTimestampInterval";
    anvil.ask(RpcCall { method, params: json!([1]) }).await.unwrap();
    anvil
}
