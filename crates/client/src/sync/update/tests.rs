use alloy_primitives::B256;
use lightclient::{ChainRules, Evidence, Header, verify_checkpoint};
use protocol::keys::SigningKey;
use protocol::network::{Network, Operators};

use super::*;
use crate::head_store::encode_stored_head;
use crate::sync::SyncError;
use crate::sync::tests::{honest, made_chain, next_header};
use crate::testing::{Chain, LAST, Manner, Node, TestPlatform, hash_of, seal, validator};

/// Two of the keys 21, 22 and 23 may sign.
fn operated(platform: &TestPlatform) -> Network {
    let mut operators = [21, 22, 23].map(|number| validator(number).address());
    operators.sort_unstable();
    Network { operators: Some(Operators::new(2, operators.to_vec()).unwrap()), ..platform.network(0) }
}

fn update(client: &Client<TestPlatform>, header: &Header, signers: &[u8]) -> CheckpointUpdate {
    let mut update = CheckpointUpdate {
        network_id: client.network().network_id,
        number: header.number,
        hash: hash_of(header),
        validators: None,
        issued: 0,
        signatures: vec![],
    };
    signers.iter().for_each(|number| update.sign(&validator(*number)));
    update
}

/// The update of a block of the recorded chain.
fn recorded(client: &Client<TestPlatform>, number: u64) -> CheckpointUpdate {
    update(client, client.platform().chain.header(number), &[21, 23])
}

/// Keeps a header as the head of an earlier visit.
fn store(client: &Client<TestPlatform>, header: &Header) {
    let own = TrustedCheckpoint { number: header.number, hash: hash_of(header) };
    let head = verify_checkpoint(&own, header, Evidence::None, &client.network().rules).unwrap();
    *client.platform().stored.lock().unwrap() = Some(encode_stored_head(&head));
}

/// A client of the recorded chain, on which trust lasts for so many blocks up to the last one.
fn away(trusted_blocks: u64) -> Client<TestPlatform> {
    let platform = TestPlatform::recorded(honest(1));
    let time = |number| platform.chain.header(number).timestamp;
    let trusting_period = time(LAST) - time(LAST - trusted_blocks);
    let network = operated(&platform);
    let network = Network { rules: ChainRules { trusting_period, ..network.rules.clone() }, ..network };
    Client::new(network, platform)
}

#[tokio::test]
async fn a_client_that_was_away_for_longer_than_the_trusting_period_goes_on_from_an_update() {
    let client = away(20);
    store(&client, client.platform().chain.header(LAST - 30));
    assert_eq!(client.sync().await.unwrap_err().code(), "header/trust-expired");
    let report = client.update_checkpoint(&recorded(&client, LAST - 10)).await.unwrap();
    assert_eq!((report.start, report.head.number()), (SyncStart::Update { number: LAST - 10 }, LAST));
    assert_eq!(client.head().unwrap().header().hash(), report.head.hash());

    // What it reached is its head from now on, at the next visit too.
    let again = Client::new(client.network().clone(), client.into_platform());
    assert_eq!(again.sync().await.unwrap().start, SyncStart::Stored { number: LAST });
}

#[tokio::test]
async fn an_update_above_a_head_that_is_still_trusted_is_fine() {
    let client = away(50);
    store(&client, client.platform().chain.header(LAST - 30));
    let report = client.update_checkpoint(&recorded(&client, LAST)).await.unwrap();
    assert_eq!((report.start, report.head.number()), (SyncStart::Update { number: LAST }, LAST));
}

#[tokio::test]
async fn refuses_an_update_that_is_itself_older_than_the_trusting_period() {
    let client = away(20);
    let trusted = LAST - 20;
    let now = client.platform().now();
    let expired = VerifyError::TrustExpired { trusted, expected: now, found: now };
    assert_eq!(client.update_checkpoint(&recorded(&client, trusted)).await, Err(expired.into()));
    client.update_checkpoint(&recorded(&client, trusted + 1)).await.unwrap();
}

#[tokio::test]
async fn the_verified_head_never_goes_back() {
    let client = away(50);
    client.platform().set_latest(0, 195);
    // The head may be known from an earlier visit only.
    store(&client, client.platform().chain.header(195));
    for _ in 0..2 {
        for found in [190, 195] {
            let behind = CheckpointError::Behind { expected: 195, found };
            assert_eq!(client.update_checkpoint(&recorded(&client, found)).await, Err(behind.into()));
        }
        assert_eq!(client.sync().await.unwrap().head.number(), 195);
    }
}

#[tokio::test]
async fn refuses_what_operators_have_not_signed_before_it_asks_anybody() {
    let client = away(20);
    let header = client.platform().chain.header(LAST).clone();
    let other = CheckpointUpdate { network_id: B256::ZERO, ..update(&client, &header, &[21, 22]) };
    let address = |number| Some(validator(number).address().to_string());
    let id = Some(client.network().network_id.to_string());
    for (update, code, expected, found) in [
        (
            update(&client, &header, &[22]),
            "checkpoint/not-enough-signers",
            Some("2".to_owned()),
            Some("1".to_owned()),
        ),
        (update(&client, &header, &[22, 22]), "checkpoint/duplicate-signer", None, address(22)),
        (update(&client, &header, &[22, 1, 23]), "checkpoint/unknown-signer", None, address(1)),
        (other, "checkpoint/other-network", id, Some(B256::ZERO.to_string())),
    ] {
        let error = client.update_checkpoint(&update).await.unwrap_err();
        assert_eq!((&*error.code(), error.expected(), error.found()), (code, expected, found));
    }
    assert!(client.platform().asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn refuses_an_update_whose_block_nobody_shows() {
    let client = away(20);
    let mut forged = client.platform().chain.header(LAST).clone();
    forged.gas_used += 1;
    let error = client.update_checkpoint(&update(&client, &forged, &[21, 22])).await.unwrap_err();
    assert_eq!((&*error.code(), error.found()), ("header/hash-mismatch", Some(hash(&client, LAST))));
}

fn hash(client: &Client<TestPlatform>, number: u64) -> String {
    hash_of(client.platform().chain.header(number)).to_string()
}

/// Blocks 0 to 3, and a fork of 1 to 3 by the same validators.
fn forked() -> (Vec<Header>, Vec<Header>) {
    let headers = made_chain(&vec![(vec![1, 2, 3, 4], None); 4]);
    let mut fork = vec![headers[0].clone()];
    for _ in 1..4 {
        let mut next = next_header(fork.last());
        next.gas_limit += 1;
        fork.push(seal(&next, &keys(), 3, None));
    }
    (headers, fork)
}

fn keys() -> [SigningKey; 4] {
    [1, 2, 3, 4].map(validator)
}

/// A client that knows the true block of this height; one endpoint is honest, another has the fork.
fn between(known: usize, fork: &[Header], headers: Vec<Header>) -> Client<TestPlatform> {
    let manners = [Manner::Honest, Manner::Headers(fork.to_vec())];
    let nodes = manners.map(|manner| Node { latest: 3, manner }).to_vec();
    let platform = TestPlatform::new(Chain::made(headers), nodes);
    let client = Client::new(operated(&platform), platform);
    store(&client, client.platform().chain.header(known as u64));
    client
}

fn evidence(ours: &Header, theirs: &Header) -> ClientError {
    let mut double_signers = keys().map(|key| key.address()).to_vec();
    double_signers.sort_unstable();
    double_signers.truncate(3);
    let error = SyncError::Equivocation {
        number: ours.number,
        expected: hash_of(ours),
        found: hash_of(theirs),
        first_header: ours.encode().into(),
        second_header: theirs.encode().into(),
        double_signers,
    };
    error.into()
}

#[tokio::test]
async fn an_update_on_a_fork_of_the_verified_head_freezes_for_good() {
    // Below our head, at its height, above it.
    for (known, signed, forked_at) in [(3, 2, 2), (2, 2, 2), (1, 3, 1)] {
        let (headers, fork) = forked();
        let error = evidence(&headers[forked_at], &fork[forked_at]);
        let client = between(known, &fork, headers);
        let update = update(&client, &fork[signed], &[22, 23]);
        assert_eq!(client.update_checkpoint(&update).await, Err(error.clone()));
        assert_eq!(client.head(), Err(error.clone()));

        let again = Client::new(client.network().clone(), client.into_platform());
        assert_eq!(again.update_checkpoint(&update).await, Err(error.clone()));
        assert_eq!(again.sync().await, Err(error));
    }
}

#[tokio::test]
async fn without_the_other_header_or_its_seals_a_fork_is_refused_and_no_evidence() {
    let (headers, fork) = forked();
    let client = between(3, &[], headers.clone());
    let conflict =
        CheckpointError::Conflict { number: 2, expected: hash_of(&headers[2]), found: hash_of(&fork[2]) };
    let below = update(&client, &fork[2], &[21, 22]);
    assert_eq!(client.update_checkpoint(&below).await, Err(conflict.into()));

    let unsealed = [seal(&fork[1], &keys(), 0, None), fork[2].clone(), fork[3].clone()];
    let client = between(1, &unsealed, headers);
    let error = client.update_checkpoint(&update(&client, &fork[3], &[21, 22])).await.unwrap_err();
    assert_eq!(error.code(), "header/not-enough-seals");
    assert_eq!(client.head().unwrap_err().code(), "network/no-head");
}

#[test]
fn an_update_can_be_spawned_where_the_platform_is_send() {
    fn check<T: Send>(_: &T) {}
    let client = away(20);
    let update = recorded(&client, LAST);
    check(&client.update_checkpoint(&update));
}
