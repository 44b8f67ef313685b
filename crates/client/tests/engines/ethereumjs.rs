//! The EthereumJS client: London blocks of another implementation, each second.

use lightclient::Asked;

use super::engine::Engine;
use super::registry;
use super::seal::{hash_of, rules, seal, sealed};

#[tokio::test]
async fn proves_what_the_registry_wrote_and_nothing_else() {
    let ethereumjs = Engine::start("ethereumjs");
    let genesis_hash = hash_of(&sealed(ethereumjs.header(Asked::Number(0)).await));
    let deployed = ethereumjs.deploy(genesis_hash).await;
    let network = ethereumjs.network(rules(ethereumjs.chain_id), genesis_hash, &deployed).await;
    // Block 1 says who its parent is; the validator of this test did not seal that one.
    ethereumjs.reaches(2).await;
    registry::is_proven(&network, &[seal]).await;
    registry::refuses_lies(&network, &[seal]).await;
}
