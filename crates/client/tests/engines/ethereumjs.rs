//! The EthereumJS client: a chain that another implementation seals by Clique, London blocks, one each second.

use client::Client;
use lightclient::{Asked, ChainRules, LogFilter, Outcome, Schedule, SealScheme, TrustThreshold, block_hash};

use super::engine::Engine;
use super::platform::Altered;
use super::registry;

#[tokio::test]
async fn is_followed_for_forty_blocks_and_proves_what_was_written() {
    let ethereumjs = Engine::start("ethereumjs");
    let rules = rules(ethereumjs.chain_id);
    let genesis_hash = block_hash(&ethereumjs.header(Asked::Number(0)).await, &rules).unwrap();
    let deployed = ethereumjs.deploy(genesis_hash).await;
    let network = ethereumjs.network(rules, genesis_hash, &deployed).await;
    // One signer is a majority, but one header has to follow.
    ethereumjs.reaches(deployed.number + 1).await;
    registry::is_proven(&network, &[]).await;
    registry::refuses_lies(&network, &[]).await;

    let client = Client::new(network.clone(), Altered::new(&[]));
    let first = client.sync().await.unwrap().head;
    assert_eq!((first.validators().len(), first.proposer()), (1, ethereumjs.key.address()));
    let (mut head, last) = (first.clone(), first.number() + 40);
    while head.number() < last {
        ethereumjs.reaches(head.number() + 2).await;
        let report = client.sync().await.unwrap();
        assert!(report.head.number() > head.number() && !report.stale, "{report:?}");
        head = report.head;
    }

    // What the admission did is still there, in its block and before the head.
    let head = client.head().unwrap();
    let (_, receipt) = client.receipt(&head, deployed.admission).await.unwrap();
    assert_eq!(receipt.receipt().outcome, Outcome::Succeeded);
    let filter = LogFilter::new(vec![network.registry.address], vec![]);
    let logs = client.logs(&head, &filter, 1..=head.header().number()).await.unwrap();
    let of_admission: Vec<_> =
        logs.iter().filter(|log| log.transaction_hash() == deployed.admission).collect();
    assert_eq!(of_admission.len(), receipt.receipt().logs.len());
    assert!(!of_admission.is_empty());
}

/// The settings of the engine's genesis file.
const fn rules(chain_id: u64) -> ChainRules {
    ChainRules {
        chain_id,
        schedule: Schedule::constant(SealScheme::Clique, 30_000, 1),
        trust: TrustThreshold::OneThird,
        trusting_period: 86_400,
        clock_drift: 15,
    }
}
