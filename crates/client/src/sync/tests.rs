use super::round::Climbed;
use super::*;
use crate::error::{EndpointFailure, Problem};
use crate::head_store::{encode_stored_head, verify_stored_head};
use crate::testing::{
    CONTRACT, Chain, LAST, Manner, Node, TestPlatform, count_methods, hash_of, seal, validator,
};
use alloy_primitives::U256;
use lightclient::{Evidence, Header, TrustedCheckpoint, VerifyError, verify_checkpoint};
use protocol::keys::SigningKey;

fn client(manners: Vec<Manner>, checkpoint: u64) -> Client<TestPlatform> {
    let platform = TestPlatform::recorded(manners);
    Client::new(platform.network(checkpoint), platform)
}

pub(super) fn honest(count: usize) -> Vec<Manner> {
    vec![Manner::Honest; count]
}

fn states(report: &SyncReport) -> Vec<&EndpointState> {
    report.endpoints.iter().map(|endpoint| &endpoint.state).collect()
}

fn hash(client: &Client<TestPlatform>, number: u64) -> B256 {
    hash_of(client.platform().chain.header(number))
}

#[tokio::test]
async fn jumps_from_genesis_to_the_head_of_a_chain_whose_validators_changed() {
    let client = client(honest(3), 0);
    let report = client.sync().await.unwrap();
    assert_eq!(report.head.number(), LAST);
    assert_eq!(report.head.hash(), hash(&client, LAST));
    assert_eq!(report.start, SyncStart::Checkpoint);
    assert_eq!(states(&report), vec![&EndpointState::Agrees; 3]);
    assert_eq!((report.age_seconds, report.stale, report.not_saved), (0, false, None));
    assert_eq!(report.network_id.address(), CONTRACT);
    assert_eq!(client.head().unwrap().header().hash(), report.head.hash());
}

#[tokio::test]
async fn a_first_sync_costs_one_request_for_each_endpoint_and_one_proof() {
    let client = client(honest(3), 0);
    let report = client.sync().await.unwrap();
    assert_eq!((report.requests, report.headers_verified), (4, 2));
    let counts = count_methods(client.platform());
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        vec![("eth_getBlockByNumber".to_owned(), 6), ("eth_getProof".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_sync_at_the_same_head_proves_nothing_again() {
    let client = client(honest(3), 0);
    client.sync().await.unwrap();
    let report = client.sync().await.unwrap();
    assert_eq!((report.requests, report.headers_verified), (3, 0));
    assert_eq!(report.start, SyncStart::Head { number: LAST });
}

#[tokio::test]
async fn starts_from_the_stored_head_of_an_earlier_visit() {
    let first = client(honest(1), 0);
    first.platform().set_latest(0, 195);
    first.sync().await.unwrap();
    let stored = first.platform().stored.lock().unwrap().clone();

    let second = client(honest(1), 0);
    *second.platform().stored.lock().unwrap() = stored;
    let report = second.sync().await.unwrap();
    assert_eq!(report.start, SyncStart::Stored { number: 195 });
    assert_eq!(report.head.number(), LAST);
    // One for the newest header, one for the parents in between, one for the network id.
    assert_eq!((report.requests, report.headers_verified, report.ancestry), (3, 2, Ancestry::Parents));
}

#[tokio::test]
async fn falls_back_to_the_checkpoint_when_the_stored_head_is_damaged() {
    let client = client(honest(1), 0);
    let mut stored = {
        let trusted = TrustedCheckpoint { number: 195, hash: hash(&client, 195) };
        let header = client.platform().chain.header(195);
        encode_stored_head(
            &verify_checkpoint(&trusted, header, Evidence::None, &client.network().rules).unwrap(),
        )
    };
    let (expected, found) = (B256::from_slice(&stored[1..33]), {
        stored[40] ^= 1;
        lightclient::keccak256(&stored[33..])
    });
    *client.platform().stored.lock().unwrap() = Some(stored);
    let report = client.sync().await.unwrap();
    let error = StoredHeadError::Digest { expected, found };
    assert_eq!(report.start, SyncStart::CheckpointAfterDamage(error));
    assert_eq!(report.head.number(), LAST);
}

#[tokio::test]
async fn falls_back_to_a_checkpoint_that_is_newer_than_the_stored_head() {
    let first = client(honest(1), 0);
    first.platform().set_latest(0, 195);
    first.sync().await.unwrap();
    let stored = first.platform().stored.lock().unwrap().clone();

    let second = client(honest(1), 200);
    *second.platform().stored.lock().unwrap() = stored;
    let report = second.sync().await.unwrap();
    let error = StoredHeadError::BehindCheckpoint { expected: 200, found: 195 };
    assert_eq!(report.start, SyncStart::CheckpointAfterDamage(error));
    assert_eq!(report.head.number(), LAST);
}

#[tokio::test]
async fn goes_on_without_a_store_and_says_so() {
    let client = client(honest(1), 0);
    *client.platform().store_fails.lock().unwrap() = true;
    let report = client.sync().await.unwrap();
    let error = |action| StoreError { action, reason: "no access".to_owned() };
    assert_eq!(report.start, SyncStart::CheckpointWithoutStore(error("load")));
    assert_eq!(report.not_saved, Some(error("save")));
}

#[tokio::test]
async fn the_head_never_goes_back() {
    let client = client(honest(2), 0);
    client.sync().await.unwrap();
    client.platform().set_latest(0, 195);
    client.platform().set_latest(1, 195);
    let report = client.sync().await.unwrap();
    assert_eq!(report.head.number(), LAST);
    assert_eq!(states(&report), vec![&EndpointState::Behind; 2]);
}

#[tokio::test]
async fn calls_an_endpoint_behind_when_it_shows_an_older_block_of_our_chain() {
    let client = client(honest(2), 0);
    client.platform().set_latest(1, 195);
    let report = client.sync().await.unwrap();
    assert_eq!(states(&report), vec![&EndpointState::Agrees, &EndpointState::Behind]);
    assert_eq!(report.endpoints[1].block, Some(195));
    // The header 195 of the first endpoint was asked for and compared.
    assert_eq!(report.requests, 4);
}

#[tokio::test]
async fn an_endpoint_one_block_behind_agrees_at_no_cost() {
    let client = client(honest(2), 0);
    client.platform().set_latest(1, LAST - 1);
    let report = client.sync().await.unwrap();
    assert_eq!(states(&report), vec![&EndpointState::Agrees; 2]);
    assert_eq!(report.requests, 3);
}

#[tokio::test]
async fn takes_the_highest_head_that_verifies_and_names_the_liar() {
    let client = client(honest(3), 0);
    let mut forged = client.platform().chain.header(LAST).clone();
    forged.number += 1;
    client.platform().set_manner(0, Manner::Headers(vec![forged]));
    let report = client.sync().await.unwrap();
    assert_eq!(report.head.number(), LAST);
    let EndpointState::Lies(error) = &report.endpoints[0].state else { panic!("{:?}", report.endpoints) };
    assert_eq!(error.code(), "header/unknown-signer");
    assert_eq!(error.endpoint.as_deref(), Some("http://0"));
    assert_eq!(error.fault(), Fault::Peer);
    // The proof was asked of an endpoint that told the truth.
    let asked = client.platform().asked.lock().unwrap().clone();
    assert_eq!(asked.last(), Some(&(1, "eth_getProof".to_owned())));
}

/// The codes of what a lone endpoint of each manner leads to, and of its state beside an honest one.
#[tokio::test]
async fn each_failure_has_its_own_error_and_does_no_harm_beside_an_honest_endpoint() {
    let header = |change: fn(&mut Header)| {
        let mut header = Chain::recorded().header(LAST).clone();
        change(&mut header);
        Manner::Headers(vec![header])
    };
    let cases = [
        (Manner::Dead, "network/unreachable"),
        (Manner::Slow, "network/timeout"),
        (Manner::Status(502), "network/http-status"),
        (Manner::Refuses, "rpc/refused"),
        (Manner::TooLarge, "network/answer-too-large"),
        (Manner::Body("<html>"), "rpc/not-json"),
        (Manner::Body("[]"), "rpc/malformed"),
        (Manner::Body("{}"), "rpc/malformed"),
        (Manner::Body("7"), "rpc/malformed"),
        (Manner::DropsAnswer, "rpc/malformed"),
        (Manner::SwapsIds, "header/number-mismatch"),
        (header(|header| header.state_root = B256::ZERO), "header/unknown-signer"),
        (header(|header| header.parent_hash = B256::ZERO), "header/unknown-signer"),
        (header(|header| header.difficulty = U256::from(2)), "header/constants"),
        (header(|header| header.extra_data = Bytes::from_static(b"x")), "header/extra-data"),
        (header(|header| header.gas_used = header.gas_limit + 1), "header/gas-used"),
    ];
    for (manner, code) in cases {
        let beside = client(vec![manner.clone(), Manner::Honest], 0);
        let report = beside.sync().await.unwrap();
        assert_eq!(report.head.number(), LAST, "{manner:?}");
        assert_eq!(report.endpoints[1].state, EndpointState::Agrees, "{manner:?}");
        let error = report.endpoints[0].state.clone().error().unwrap();
        // Swapped ids show as another height at a different place, with and without company.
        assert_eq!(error.code(), code, "{manner:?}");

        let alone = client(vec![manner.clone()], 0);
        let error = alone.sync().await.unwrap_err();
        let unavailable = error.fault() == Fault::Unavailable;
        assert_eq!(error.code(), if unavailable { "network/unreachable" } else { code }, "{manner:?}");
        assert_eq!(alone.head().unwrap_err().code(), "network/no-head", "{manner:?}");
    }
}

/// The last header with these of its four seals.
fn with_seals(kept: core::ops::Range<usize>) -> Manner {
    let mut header = Chain::recorded().header(LAST).clone();
    // Five validators, four seals of 67 bytes at the end: cut the list and set its length again.
    let extra = header.extra_data.to_vec();
    let seals_at = extra.len() - 4 * 67;
    let payload = [&extra[3..seals_at - 3], &[0xf8, u8::try_from(kept.len() * 67).unwrap()]].concat();
    let kept = &extra[seals_at + kept.start * 67..seals_at + kept.end * 67];
    let payload = [&payload, kept].concat();
    let length = u8::try_from(payload.len() - 256).unwrap();
    header.extra_data = [&[0xf9, 1, length], &payload[..]].concat().into();
    Manner::Headers(vec![header])
}

#[tokio::test]
async fn joins_the_seals_that_several_endpoints_have_of_one_block() {
    let alone = client(vec![with_seals(0..3)], 0);
    assert_eq!(alone.sync().await.unwrap_err().code(), "header/not-enough-seals");
    let together = client(vec![with_seals(0..3), with_seals(2..4)], 0);
    let report = together.sync().await.unwrap();
    assert_eq!((report.head.number(), report.head.signers().len()), (LAST, 4));
    let report = client(vec![with_seals(1..4), Manner::Honest], 0).sync().await.unwrap();
    assert_eq!(report.head.number(), LAST);
    assert_eq!(states(&report), vec![&EndpointState::Agrees; 2]);
}

#[tokio::test]
async fn says_why_no_endpoint_answered() {
    let client = client(vec![Manner::Dead, Manner::Status(502)], 0);
    let failure = |url: &str, code: &str, reason: &str| EndpointFailure {
        url: url.to_owned(),
        code: code.to_owned(),
        reason: reason.to_owned(),
    };
    let endpoints = vec![
        failure("http://0", "network/unreachable", "no connection: refused"),
        failure("http://1", "network/http-status", "http status 502, expected 200"),
    ];
    assert_eq!(client.sync().await.unwrap_err(), ClientError::from(Problem::Unreachable { endpoints }));
}

#[tokio::test]
async fn keeps_its_head_when_all_endpoints_fall_silent() {
    let client = client(honest(1), 0);
    client.sync().await.unwrap();
    client.platform().set_manner(0, Manner::Dead);
    let report = client.sync().await.unwrap();
    assert_eq!(report.head.number(), LAST);
    assert!(matches!(report.endpoints[0].state, EndpointState::Unreachable(_)));
}

#[tokio::test]
async fn a_head_older_than_allowed_is_stale_and_not_acted_upon() {
    let client = client(honest(1), 0);
    let time = client.platform().chain.header(LAST).timestamp;
    client.platform().set_now(time + 30);
    assert!(!client.sync().await.unwrap().stale);
    client.platform().set_now(time + 31);
    let report = client.sync().await.unwrap();
    assert_eq!((report.stale, report.age_seconds), (true, 31));
    let error = SyncError::StaleHead { number: LAST, limit_seconds: 30, age_seconds: 31 };
    assert_eq!(client.fresh_head().unwrap_err(), error.into());
}

#[tokio::test]
async fn blames_our_clock_for_a_sealed_header_from_the_future() {
    let client = client(honest(1), 0);
    let time = client.platform().chain.header(LAST).timestamp;
    client.platform().set_now(time - 6);
    let error = VerifyError::FromFuture { number: LAST, expected: time - 1, found: time };
    assert_eq!(client.sync().await.unwrap_err(), ClientError::from(error).at("http://0"));
}

#[tokio::test]
async fn a_header_from_the_future_does_no_harm_beside_one_of_the_present() {
    let client = client(honest(2), 0);
    client.platform().set_latest(1, 195);
    let time = client.platform().chain.header(195).timestamp;
    client.platform().set_now(time);
    let report = client.sync().await.unwrap();
    assert_eq!(report.head.number(), 195);
    let error = report.endpoints[0].state.clone().error().unwrap();
    assert_eq!((error.code().as_str(), error.fault()), ("clock/behind", Fault::Caller));
}

#[tokio::test]
async fn says_that_our_clock_is_wrong_when_it_jumps_under_a_known_head() {
    let client = client(honest(1), 0);
    client.platform().set_latest(0, 195);
    client.sync().await.unwrap();
    client.platform().set_latest(0, LAST);
    client.platform().set_now(client.platform().chain.header(195).timestamp - 60);
    assert_eq!(client.sync().await.unwrap_err().code(), "clock/behind");
}

#[tokio::test]
async fn does_not_start_from_a_header_older_than_the_trusting_period() {
    let client = client(honest(1), 0);
    let expires = client.platform().chain.header(0).timestamp + 86_400;
    client.platform().set_now(expires);
    let error = VerifyError::TrustExpired { trusted: 0, expected: expires, found: expires };
    assert_eq!(client.sync().await.unwrap_err(), ClientError::from(error).at("http://0"));
}

#[tokio::test]
async fn refuses_a_checkpoint_that_no_endpoint_has() {
    let platform = TestPlatform::recorded(honest(1));
    let mut network = platform.network(10);
    network.checkpoint.hash = B256::repeat_byte(1);
    let client = Client::new(network, platform);
    let found = hash(&client, 10);
    let error = VerifyError::Hash { number: 10, expected: B256::repeat_byte(1), found };
    assert_eq!(client.sync().await.unwrap_err(), ClientError::from(error).at("http://0"));
}

#[tokio::test]
async fn refuses_a_sealed_chain_with_another_network_id() {
    let platform = TestPlatform::recorded(honest(1));
    let mut network = platform.network(0);
    network.network_id = B256::from(U256::from(7));
    let client = Client::new(network, platform);
    let (expected, found) = (B256::from(U256::from(7)), B256::from(U256::from(0x83)));
    let error = SyncError::WrongNetwork { number: LAST, expected, found };
    assert_eq!(client.sync().await.unwrap_err(), error.into());
    assert_eq!(client.head().unwrap_err(), SyncError::NoHead.into());
}

#[tokio::test]
async fn refuses_a_sealed_chain_with_other_contracts() {
    let platform = TestPlatform::recorded(honest(1));
    let mut network = platform.network(0);
    network.registry.code_hash = B256::repeat_byte(1);
    let client = Client::new(network, platform);
    assert_eq!(client.sync().await.unwrap_err().code(), "network/wrong-code");
}

#[tokio::test]
async fn calls_another_block_between_checkpoint_and_head_a_lie() {
    let client = client(honest(2), 0);
    let mut forged = client.platform().chain.header(150).clone();
    forged.state_root = B256::ZERO;
    client.platform().set_manner(1, Manner::Headers(vec![forged]));
    client.platform().set_latest(1, 149);
    let report = client.sync().await.unwrap();
    let error = report.endpoints[1].state.clone().error().unwrap();
    assert_eq!(error.code(), "header/unknown-signer");
}

/// A genesis and blocks on top of it, each with its validators and whom it votes about.
pub(super) fn made_chain(blocks: &[(Vec<u8>, Option<u8>)]) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for (validators, vote) in blocks {
        let keys: Vec<SigningKey> = validators.iter().map(|number| validator(*number)).collect();
        let header = next_header(headers.last());
        let sealers = if headers.is_empty() { 0 } else { (2 * keys.len()).div_ceil(3) };
        headers.push(seal(&header, &keys, sealers, vote.map(|number| validator(number).address())));
    }
    headers
}

/// The next header, not sealed yet.
pub(super) fn next_header(parent: Option<&Header>) -> Header {
    let template = Chain::recorded().header(0).clone();
    match parent {
        None => template,
        Some(parent) => Header {
            parent_hash: hash_of(parent),
            number: parent.number + 1,
            timestamp: parent.timestamp + 1,
            ..template
        },
    }
}

#[tokio::test]
async fn bisects_where_no_trusted_validator_is_left() {
    // One validator joins or leaves with each block, until none of the first four is left.
    let steps: [(&[u8], u8); 9] = [
        (&[1, 2, 3, 4], 5),
        (&[1, 2, 3, 4, 5], 1),
        (&[2, 3, 4, 5], 6),
        (&[2, 3, 4, 5, 6], 2),
        (&[3, 4, 5, 6], 7),
        (&[3, 4, 5, 6, 7], 3),
        (&[4, 5, 6, 7], 8),
        (&[4, 5, 6, 7, 8], 4),
        (&[5, 6, 7, 8], 9),
    ];
    let blocks: Vec<_> = steps.iter().map(|(set, vote)| (set.to_vec(), Some(*vote))).collect();
    let chain = Chain::made(made_chain(&blocks));
    let platform = TestPlatform::new(chain, vec![Node { latest: 8, manner: Manner::Honest }]);
    let client = Client::new(platform.network(0), platform);
    let mut round = Round::new(&client, client.network());
    let mut sightings = round.look(true).await;
    let trusted = round.checkpoint(&mut sightings).await.unwrap();
    let Climbed { head, source, .. } = round.climb(&trusted, &mut sightings).await.unwrap();
    assert_eq!((head.hash(), source), (hash(&client, 8), Some(0)));
    // The checkpoint, a quarter of the way, half of it, all of it; one more request for the parents in between.
    assert_eq!((round.headers_verified, round.requests.into_inner()), (4, 4));
}

#[tokio::test]
async fn freezes_for_good_when_two_sealed_blocks_share_a_height() {
    let set: Vec<u8> = vec![1, 2, 3, 4];
    let headers = made_chain(&[(set.clone(), None), (set.clone(), None)]);
    let keys: Vec<SigningKey> = set.iter().map(|number| validator(*number)).collect();
    let mut other = next_header(headers.first());
    other.gas_limit += 1;
    let other = seal(&other, &keys, 3, None);
    let (first, second) = (headers[1].clone(), other.clone());
    let nodes = vec![
        Node { latest: 1, manner: Manner::Honest },
        Node { latest: 1, manner: Manner::Headers(vec![other]) },
    ];
    let platform = TestPlatform::new(Chain::made(headers), nodes);
    let client = Client::new(platform.network(0), platform);
    let mut double_signers: Vec<Address> = keys.iter().map(SigningKey::address).collect();
    double_signers.sort_unstable();
    double_signers.truncate(3);
    let error = ClientError::from(SyncError::Equivocation {
        number: 1,
        expected: hash_of(&first),
        found: hash_of(&second),
        first_header: first.encode().into(),
        second_header: second.encode().into(),
        double_signers,
    });
    assert_eq!(client.sync().await.unwrap_err(), error);
    client.platform().set_manner(1, Manner::Dead);
    assert_eq!(client.sync().await.unwrap_err(), error);
    assert_eq!(client.head().unwrap_err(), error);

    // A restart does not forget it, whatever the endpoints show now.
    let network = client.network().clone();
    let again = Client::new(network.clone(), client.into_platform());
    assert_eq!(again.evidence(), None);
    assert_eq!(again.sync().await.unwrap_err(), error);
    let evidence: serde_json::Value = serde_json::from_str(&again.evidence().unwrap()).unwrap();
    assert_eq!(evidence["first"]["header"], Bytes::from(first.encode()).to_string());
    assert_eq!(evidence["second"]["hash"], hash_of(&second).to_string());
    assert_eq!(evidence["doubleSigners"].as_array().map(Vec::len), Some(3));
    // What is damaged is no evidence.
    for kept in again.platform().others.lock().unwrap().values_mut() {
        *kept.last_mut().unwrap() ^= 1;
    }
    let damaged = Client::new(network, again.into_platform());
    assert_ne!(damaged.sync().await.err(), Some(error));
}

#[tokio::test]
async fn a_block_sealed_on_top_of_a_fork_is_evidence_too() {
    let set: Vec<u8> = vec![1, 2, 3, 4];
    let keys: Vec<SigningKey> = set.iter().map(|number| validator(*number)).collect();
    let headers = made_chain(&[(set.clone(), None), (set.clone(), None)]);
    let mut fork = next_header(headers.first());
    fork.gas_limit += 1;
    let fork = seal(&fork, &keys, 3, None);
    let on_top = seal(&next_header(Some(&fork)), &keys, 3, None);
    let platform = TestPlatform::new(
        Chain::made(headers),
        vec![Node { latest: 1, manner: Manner::Headers(vec![fork, on_top]) }],
    );
    platform.set_now(platform.chain.header(1).timestamp + 1);
    let client = Client::new(platform.network(0), platform);
    let known = TrustedCheckpoint { number: 1, hash: hash(&client, 1) };
    let trusted =
        verify_checkpoint(&known, client.platform().chain.header(1), Evidence::None, &client.network().rules)
            .unwrap();
    *client.platform().stored.lock().unwrap() = Some(encode_stored_head(&trusted));
    assert_eq!(client.sync().await.unwrap_err().code(), "network/equivocation");
}

#[tokio::test]
async fn a_block_of_strangers_beside_ours_is_a_lie_and_no_evidence() {
    let set: Vec<u8> = vec![1, 2, 3, 4];
    let headers = made_chain(&[(set.clone(), None), (set, None)]);
    let strangers: Vec<SigningKey> = [5, 6, 7, 8].map(validator).into();
    let other = seal(&next_header(headers.first()), &strangers, 3, None);
    let found = hash_of(&other);
    let platform = TestPlatform::new(Chain::made(headers), vec![Node { latest: 1, manner: Manner::Honest }]);
    let client = Client::new(platform.network(0), platform);
    let mut round = Round::new(&client, client.network());
    let known = TrustedCheckpoint { number: 1, hash: hash(&client, 1) };
    let ours =
        verify_checkpoint(&known, client.platform().chain.header(1), Evidence::None, &client.network().rules)
            .unwrap();
    let error = SyncError::Conflict { number: 1, expected: ours.hash(), found };
    let sealed = round.sealed(0, &other).await.unwrap();
    assert_eq!(round.conflict(&ours, &sealed), Ok(error.into()));
}

#[test]
fn every_changed_byte_of_a_stored_head_is_refused() {
    let platform = TestPlatform::recorded(honest(1));
    let network = platform.network(0);
    let hash = hash_of(platform.chain.header(195));
    let known = TrustedCheckpoint { number: 195, hash };
    let head = verify_checkpoint(&known, platform.chain.header(195), Evidence::None, &network.rules).unwrap();
    let stored = encode_stored_head(&head);
    assert_eq!(verify_stored_head(&stored, &network.checkpoint, &network.rules), Ok(head));
    for index in 0..stored.len() {
        let mut changed = stored.clone();
        changed[index] ^= 1;
        let result = verify_stored_head(&changed, &network.checkpoint, &network.rules);
        assert!(result.is_err(), "byte {index}");
    }
    for length in 0..stored.len() {
        let result = verify_stored_head(&stored[..length], &network.checkpoint, &network.rules);
        assert!(result.is_err(), "length {length}");
    }
}

#[test]
fn a_sync_can_be_spawned_where_the_platform_is_send() {
    fn check<T: Send>(_: &T) {}
    let client = client(honest(1), 0);
    check(&client.sync());
}

#[tokio::test]
async fn refuses_a_head_that_does_not_stand_on_the_trusted_block() {
    // Two chains of the same validators: the second is sealed on top of another block 1.
    let keys = [1, 2, 3, 4].map(validator);
    let blocks = vec![(vec![1, 2, 3, 4], None); 4];
    let chain = Chain::made(made_chain(&blocks));
    let platform = TestPlatform::new(chain, vec![Node { latest: 3, manner: Manner::Honest }]);
    let client = Client::new(platform.network(0), platform);
    let mut other = client.platform().chain.header(1).clone();
    other.state_root = B256::repeat_byte(9);
    let other = seal(&other, &keys, 3, None);
    let found = hash_of(client.platform().chain.header(1));
    let own = TrustedCheckpoint { number: 1, hash: hash_of(&other) };
    let rules = &client.network().rules;
    let trusted = verify_checkpoint(&own, &other, Evidence::None, rules).unwrap();
    let mut round = Round::new(&client, client.network());
    let mut sightings = round.look(false).await;
    let climbed = round.climb(&trusted, &mut sightings).await.unwrap();
    assert_eq!((climbed.source, climbed.head.number()), (None, 1));
    let expected = SyncError::Ancestry { number: 1, expected: trusted.hash(), found };
    assert_eq!(*sightings[0].failure.as_ref().unwrap().problem, Problem::Sync(expected));
}

#[test]
fn a_stored_head_with_other_validators_than_its_header_is_refused() {
    let client = client(honest(1), 0);
    let rules = &client.network().rules;
    let known = TrustedCheckpoint { number: 195, hash: hash(&client, 195) };
    let header = client.platform().chain.header(195);
    let head = verify_checkpoint(&known, header, Evidence::None, rules).unwrap();
    let mut stored = encode_stored_head(&head);
    assert_eq!(verify_stored_head(&stored, &client.network().checkpoint, rules), Ok(head));
    // A digit of the last validator, behind hash, time and count; the digest is made right again.
    stored[33 + 32 + 8 + 2 + 5 * 20 - 1] ^= 1;
    let digest = lightclient::keccak256(&stored[33..]);
    stored[1..33].copy_from_slice(digest.as_slice());
    let refused = Err(StoredHeadError::Inconsistent { number: 195 });
    assert_eq!(verify_stored_head(&stored, &client.network().checkpoint, rules), refused);
}

#[tokio::test]
async fn a_head_that_another_tab_has_stored_meanwhile_stays_if_it_is_higher() {
    let first = client(honest(1), 0);
    first.sync().await.unwrap();
    let higher = first.platform().stored.lock().unwrap().clone();
    let second = client(honest(1), 0);
    second.platform().set_latest(0, 195);
    second.sync().await.unwrap();
    let lower = second.platform().stored.lock().unwrap().clone();
    let head = second.memory().head.take().unwrap();
    for (kept, left) in [
        (higher.clone(), higher.clone()),
        (lower.clone(), lower.clone()),
        (None, lower.clone()),
        // What is damaged does not stand in the way.
        (Some(vec![2; 500]), lower),
    ] {
        *second.platform().stored.lock().unwrap() = kept;
        second.memory().head = None;
        let (_, not_saved) = Round::new(&second, second.network()).commit(head.clone()).await;
        assert_eq!(not_saved, None);
        assert_eq!(*second.platform().stored.lock().unwrap(), left);
    }
}
