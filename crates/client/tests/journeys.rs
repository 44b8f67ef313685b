//! Journeys over a real chain that executes the contracts, with hostile endpoints and a hostile hospital at each step.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of this is tests, helpers included")]

mod world;

use std::sync::Arc;

use alloy_primitives::Address;
use client::{
    CategoryOutcome, Client, ClientError, EndpointState, GrantOffer, JourneyError, Message, Progress,
    ReadAsk, Reading, Step, SyncError, SyncStart, TransactError, rpc,
};
use lightclient::{Fault, LogFilter};
use protocol::answer::RefusalCode;
use protocol::contracts;
use protocol::keys::SigningKey;
use protocol::layout::{GrantQuery, RelationshipQuery, RelationshipStatus, Rights};
use records::category::{Categories, Category};
use records::record_set::RecordVerdict;
use serde_json::{Value, json};

use world::hospital::Manner;
use world::{ORIGIN, Visitor, World};

fn patient() -> SigningKey {
    SigningKey::from_bytes(&[0x44; 32]).unwrap()
}

fn viewer() -> SigningKey {
    SigningKey::from_bytes(&[0x55; 32]).unwrap()
}

fn quiet(_: Progress) {}

/// Allergies (one record), problems (two) and notes (none).
fn three() -> Categories {
    [Category::Allergies, Category::Problems, Category::Notes].into_iter().collect()
}

/// A world with an active relationship between the patient and the hospital.
async fn with_relationship(name: &str) -> (Arc<World>, Client<Visitor>, Address) {
    let world = World::start(name).await;
    let client = world.client();
    let (invitation, steward) = {
        let hospital = world.hospital.lock().unwrap();
        (hospital.invitation(), hospital.address())
    };
    client.redeem_invitation(&invitation, &patient(), quiet).await.unwrap();
    client.accept_relationship(&patient(), steward, quiet).await.unwrap();
    (world, client, steward)
}

async fn read(client: &Client<Visitor>, key: &SigningKey, steward: Address) -> Result<Reading, ClientError> {
    let ask = ReadAsk { key, patient: patient().address(), steward, categories: three(), via: None };
    client.read_records(ask, quiet).await
}

fn offer(steward: Address, from: u64) -> GrantOffer {
    GrantOffer {
        steward,
        viewer: viewer().address(),
        categories: Categories::NONE.with(Category::Problems),
        rights: Rights::READ,
        from,
        until: None,
    }
}

/// How many records of each category were verified, or the code of what went wrong.
fn outcomes(reading: &Reading) -> Vec<(Category, Result<usize, String>)> {
    let outcome = |outcome: &CategoryOutcome| match outcome {
        CategoryOutcome::Broken(error) => Err(error.code()),
        CategoryOutcome::Complete(complete) => {
            Ok(complete.records().iter().filter(|record| record.verified().is_some()).count())
        }
        CategoryOutcome::NotGranted(refusal) => Err(refusal.code.name().to_owned()),
    };
    reading.categories.iter().map(|reading| (reading.category, outcome(&reading.outcome))).collect()
}

fn all_verified() -> Vec<(Category, Result<usize, String>)> {
    vec![(Category::Allergies, Ok(1)), (Category::Problems, Ok(2)), (Category::Notes, Ok(0))]
}

#[tokio::test]
async fn a_patient_takes_an_invitation_accepts_and_reads_verified_records() {
    let world = World::start("whole").await;
    let client = world.client();
    let invitation = world.hospital.lock().unwrap().invitation();
    let steward = invitation.steward;
    let mut steps = Vec::new();
    let proposed = client
        .redeem_invitation(&invitation, &patient(), |progress| steps.push((progress.step, progress.done)))
        .await
        .unwrap();
    assert_eq!(proposed.status, RelationshipStatus::Proposed);
    assert_eq!(proposed.record_set.map(|anchor| (anchor.count, anchor.revision)), Some((3, 1)));
    let expected = vec![(Step::Sync, 0), (Step::Prove, 1), (Step::Ask, 2), (Step::Wait, 3), (Step::Wait, 4)];
    assert_eq!(steps, expected);

    let accepted = client.accept_relationship(&patient(), steward, quiet).await.unwrap();
    assert_eq!(accepted.status, RelationshipStatus::Active);

    let reading = read(&client, &patient(), steward).await.unwrap();
    assert_eq!(outcomes(&reading), all_verified());
    assert_eq!(reading.steward.name, "A hospital whose name does not fit into one word");
    assert_eq!(reading.terms, None);

    let head = client.head().unwrap();
    let summary = client.summary(&head, patient().address()).await.unwrap();
    assert_eq!(summary.iter().map(|entry| entry.steward).collect::<Vec<_>>(), vec![steward]);
    let lengths = client.summary_lengths(&head, &[patient().address(), viewer().address()]).await.unwrap();
    assert_eq!(lengths, vec![1, 0]);
    assert_eq!(client.members(&head).await.unwrap(), vec![reading.steward]);
    let queries = [RelationshipQuery { patient: patient().address(), steward }];
    assert_eq!(client.relationships(&head, &queries).await.unwrap(), vec![reading.relationship]);
}

#[tokio::test]
async fn every_log_and_receipt_of_a_journey_is_proven() {
    let (_world, client, _) = with_relationship("logs").await;
    let head = client.head().unwrap();
    let last = head.header().number();
    let relationships = client.network().relationships.address;
    let filter = LogFilter::new(vec![relationships], vec![]);
    let logs = client.logs(&head, &filter, 0..=last).await.unwrap();
    assert!(!logs.is_empty());
    // What the node would have answered: another filter over another store.
    let query = json!([{"address": relationships, "fromBlock": "0x0", "toBlock": format!("{last:#x}")}]);
    let call = rpc::RpcCall { method: "eth_getLogs", params: query };
    let url = &client.network().endpoints[0];
    let answer = rpc::request(client.platform(), url, &[call]).await.unwrap().remove(0).unwrap();
    let proven: Vec<Value> = logs
        .iter()
        .map(|log| {
            json!({
                "address": log.log().address,
                "topics": log.log().topics,
                "data": log.log().data,
                "blockNumber": format!("{:#x}", log.block_number()),
                "transactionHash": log.transaction_hash(),
                "transactionIndex": format!("{:#x}", log.transaction_index()),
                "blockHash": log.block_hash(),
                "logIndex": format!("{:#x}", log.log_index()),
                "removed": false,
            })
        })
        .collect();
    assert_eq!(answer, Value::Array(proven));
    let (_, receipt) = client.receipt(&head, logs[0].transaction_hash()).await.unwrap();
    assert!(receipt.receipt().logs.contains(logs[0].log()));
}

#[tokio::test]
async fn a_repeated_journey_finds_what_is_done_and_does_it_not_again() {
    let (world, client, steward) = with_relationship("repeat").await;
    let calls = world.hospital.lock().unwrap().calls;
    let invitation = world.hospital.lock().unwrap().invitation();
    let state = client.redeem_invitation(&invitation, &patient(), quiet).await.unwrap();
    assert_eq!(state.status, RelationshipStatus::Active);
    let block = world.devnet.chain().head_number();
    client.accept_relationship(&patient(), steward, quiet).await.unwrap();
    assert_eq!(world.hospital.lock().unwrap().calls, calls);
    assert_eq!(world.devnet.chain().head_number(), block);
}

#[tokio::test]
async fn a_viewer_reads_exactly_what_is_granted_until_it_is_revoked() {
    let (world, patients, steward) = with_relationship("viewer").await;
    let viewers = world.client();
    let refused = read(&viewers, &viewer(), steward).await.unwrap_err();
    assert_eq!((refused.code().as_str(), refused.fault()), ("access/no_grant", Fault::Caller));

    let terms = patients.grant(&patient(), offer(steward, 0), quiet).await.unwrap();
    assert_eq!(terms.categories, Categories::NONE.with(Category::Problems));
    let reading = read(&viewers, &viewer(), steward).await.unwrap();
    let not_granted = || Err("category_not_granted".to_owned());
    assert_eq!(
        outcomes(&reading),
        vec![
            (Category::Allergies, not_granted()),
            (Category::Problems, Ok(2)),
            (Category::Notes, not_granted())
        ]
    );
    assert_eq!(reading.terms, Some(terms));
    let listed = patients.viewers(&reading.head, &reading.relationship).await.unwrap();
    assert_eq!(listed.iter().map(|viewer| viewer.terms).collect::<Vec<_>>(), vec![Some(terms)]);

    patients.revoke(&patient(), steward, viewer().address(), quiet).await.unwrap();
    let refused = read(&viewers, &viewer(), steward).await.unwrap_err();
    assert_eq!(refused.code(), "access/no_grant");
    let head = viewers.head().unwrap();
    let relationship = RelationshipQuery { patient: patient().address(), steward };
    let state = viewers.relationship(&head, relationship).await.unwrap();
    let listed = viewers.viewers(&head, &state).await.unwrap();
    assert_eq!(
        listed.iter().map(|viewer| (viewer.address, viewer.terms)).collect::<Vec<_>>(),
        vec![(viewer().address(), None)]
    );
}

#[tokio::test]
async fn a_grant_that_has_not_begun_or_has_ended_permits_nothing() {
    let (world, patients, steward) = with_relationship("period").await;
    let from = world.now() + 20;
    let period = GrantOffer { until: Some(from + 20), ..offer(steward, from) };
    patients.grant(&patient(), period, quiet).await.unwrap();
    let viewers = world.client();
    assert_eq!(read(&viewers, &viewer(), steward).await.unwrap_err().code(), "access/grant_not_yet_valid");
    world.pass(25_000);
    read(&viewers, &viewer(), steward).await.unwrap();
    world.pass(25_000);
    assert_eq!(read(&viewers, &viewer(), steward).await.unwrap_err().code(), "access/grant_expired");
}

#[tokio::test]
async fn each_failure_of_the_hospital_has_its_own_error() {
    let (world, client, steward) = with_relationship("hospital").await;
    let cases = [
        (Manner::Dead, "gatekeeper/unreachable", Fault::Unavailable),
        (Manner::BadGateway, "gatekeeper/http-status", Fault::Unavailable),
        (Manner::Stranger, "gatekeeper/bad-signature", Fault::Peer),
        (Manner::ChangedBody, "gatekeeper/bad-signature", Fault::Peer),
        (Manner::Replay, "gatekeeper/bad-signature", Fault::Peer),
        (Manner::OtherKey, "gatekeeper/not-for-us", Fault::Peer),
        (Manner::Nonsense, "gatekeeper/bad-content", Fault::Peer),
        (Manner::CategorySpare, "gatekeeper/bad-content", Fault::Peer),
        (Manner::Refuses(RefusalCode::NoGrant), "gatekeeper/refused/no_grant", Fault::Caller),
        (Manner::Refuses(RefusalCode::Unavailable), "gatekeeper/refused/unavailable", Fault::Unavailable),
        (Manner::Refuses(RefusalCode::StaleHead), "gatekeeper/refused/stale_head", Fault::Unavailable),
        (Manner::ClockAhead(601), "gatekeeper/refused/expired", Fault::Caller),
    ];
    for (manner, code, fault) in cases {
        world.hospital.lock().unwrap().manner = manner;
        let error = read(&client, &patient(), steward).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.fault()), (code, fault), "{manner:?}");
        assert_eq!(error.endpoint.as_deref(), Some(ORIGIN), "{manner:?}");
    }
}

#[tokio::test]
async fn a_broken_category_does_not_spoil_the_others() {
    let (world, client, steward) = with_relationship("broken").await;
    let broken = |category: Category, code: &str| {
        let mut expected = all_verified();
        expected.iter_mut().find(|(found, _)| *found == category).unwrap().1 = Err(code.to_owned());
        expected
    };
    for (manner, expected) in [
        (Manner::RecordOmitted, broken(Category::Problems, "record/root-mismatch")),
        (Manner::CategoryMissing, broken(Category::Notes, "gatekeeper/category-missing")),
    ] {
        world.hospital.lock().unwrap().manner = manner;
        let reading = read(&client, &patient(), steward).await.unwrap();
        assert_eq!(outcomes(&reading), expected, "{manner:?}");
    }
}

#[tokio::test]
async fn an_altered_and_a_missing_record_are_named_among_the_verified_ones() {
    let (world, client, steward) = with_relationship("altered").await;
    for manner in [Manner::RecordAltered, Manner::RecordMissing] {
        world.hospital.lock().unwrap().manner = manner;
        let reading = read(&client, &patient(), steward).await.unwrap();
        let CategoryOutcome::Complete(problems) = &reading.categories[1].outcome else {
            panic!("{reading:?}")
        };
        let [RecordVerdict::Verified(_), last] = problems.records() else { panic!("{problems:?}") };
        let is_altered = matches!(last, RecordVerdict::Altered { index: 1, .. });
        let is_missing = matches!(last, RecordVerdict::Missing { index: 1, .. });
        assert_eq!(
            (is_altered, is_missing),
            (manner == Manner::RecordAltered, manner == Manner::RecordMissing)
        );
    }
}

#[tokio::test]
async fn catches_up_when_the_hospital_is_ahead_by_a_revision_or_a_block() {
    let (world, client, steward) = with_relationship("ahead").await;
    world.hospital.lock().unwrap().manner = Manner::PublishesMeanwhile;
    let reading = read(&client, &patient(), steward).await.unwrap();
    assert_eq!((outcomes(&reading), reading.anchor.revision), (all_verified(), 2));
    world.hospital.lock().unwrap().manner = Manner::StaleOnce;
    let reading = read(&client, &patient(), steward).await.unwrap();
    assert_eq!(outcomes(&reading), all_verified());
}

#[tokio::test]
async fn follows_the_hospitals_clock_within_ten_minutes() {
    let (world, client, steward) = with_relationship("clock").await;
    world.hospital.lock().unwrap().manner = Manner::ClockAhead(600);
    let reading = read(&client, &patient(), steward).await.unwrap();
    assert_eq!(outcomes(&reading), all_verified());
}

#[tokio::test]
async fn refuses_invitations_of_strangers_and_of_other_networks() {
    let world = World::start("strangers").await;
    let client = world.client();
    let mut invitation = world.hospital.lock().unwrap().invitation();
    invitation.steward = viewer().address();
    let error = client.redeem_invitation(&invitation, &patient(), quiet).await.unwrap_err();
    assert_eq!(error, JourneyError::UnknownSteward { steward: viewer().address() }.into());
    invitation.network = 1;
    let error = client.redeem_invitation(&invitation, &patient(), quiet).await.unwrap_err();
    assert_eq!(error, JourneyError::OtherNetwork { expected: 81_777, found: 1 }.into());
}

#[tokio::test]
async fn gives_up_waiting_for_a_hospital_that_does_not_do_what_it_says() {
    let world = World::start("forgets").await;
    let client = world.client();
    let invitation = {
        let mut hospital = world.hospital.lock().unwrap();
        hospital.manner = Manner::ForgetsToPropose;
        hospital.invitation()
    };
    let before = world.now();
    let error = client.redeem_invitation(&invitation, &patient(), quiet).await.unwrap_err();
    let what = "relationship with its record set";
    assert_eq!(error, TransactError::NotProven { what, limit_seconds: 30 }.into());
    assert_eq!(world.now() - before, 30);
}

#[tokio::test]
async fn says_when_the_contract_refuses_a_transaction() {
    let (world, client, steward) = with_relationship("reverted").await;
    // The contract takes no grant that is over already.
    let over = GrantOffer { until: Some(world.now() - 10), ..offer(steward, 0) };
    let error = client.grant(&patient(), over, quiet).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.fault()), ("transaction/no-effect", Fault::Caller));
    // The nonce was used up; the next transaction takes the next one.
    client.grant(&patient(), offer(steward, 0), quiet).await.unwrap();
}

#[tokio::test]
async fn transactions_that_wait_do_not_hinder_each_other() {
    let (world, client, steward) = with_relationship("pending").await;
    client.sync().await.unwrap();
    let head = client.head().unwrap();
    let others = [1, 2, 3].map(Address::repeat_byte);
    let message = |viewer: &Address| {
        let categories = Categories::NONE.with(Category::Notes);
        let calldata = contracts::grant(steward, *viewer, categories, Rights::READ, 0, None);
        Message::call(world.network.relationships.address, calldata)
    };
    let [first, second, third] = others.each_ref().map(message);
    let both = client.submit(&head, &patient(), &[first, second]).await.unwrap();
    let last = client.submit(&head, &patient(), &[third]).await.unwrap();
    let nonces: Vec<u64> = both.iter().chain(&last).map(|sent| sent.nonce).collect();
    assert_eq!(nonces, vec![nonces[0], nonces[0] + 1, nonces[0] + 2]);
    // Handing in once more what the nodes have already is no error.
    client.hand_in(&both).await.unwrap();
    world.pass(1_000);
    client.sync().await.unwrap();
    let head = client.head().unwrap();
    let queries = others.map(|viewer| GrantQuery { patient: patient().address(), steward, viewer });
    let grants = client.grants(&head, &queries).await.unwrap();
    assert_eq!(grants.iter().flatten().count(), 3);
}

#[tokio::test]
async fn acts_only_on_relationships_that_stand_where_they_must() {
    let world = World::start("status").await;
    let client = world.client();
    let steward = world.hospital.lock().unwrap().address();
    let status = |expected, found| ClientError::from(JourneyError::Status { expected, found });
    let error = client.accept_relationship(&patient(), steward, quiet).await.unwrap_err();
    assert_eq!(error, status(RelationshipStatus::Proposed, RelationshipStatus::None));
    let error = client.grant(&patient(), offer(steward, 0), quiet).await.unwrap_err();
    assert_eq!(error, status(RelationshipStatus::Active, RelationshipStatus::None));
    assert_eq!(read(&client, &patient(), steward).await.unwrap_err().code(), "access/no_relationship");
}

#[tokio::test]
async fn does_not_act_on_a_stale_head() {
    let (world, client, steward) = with_relationship("stale").await;
    world.set_sealing(false);
    world.pass(60_000);
    let number = world.devnet.chain().head_number();
    let error = read(&client, &patient(), steward).await.unwrap_err();
    let age_seconds = world.now() - client.head().unwrap().header().timestamp();
    assert_eq!(error, SyncError::StaleHead { number, limit_seconds: 30, age_seconds }.into());
    let report = client.sync().await.unwrap();
    assert!(report.stale);
}

#[tokio::test]
async fn every_lie_of_one_endpoint_is_survived_and_told() {
    let (world, client, steward) = with_relationship("lies").await;
    let lies = [
        ("absent-as-empty", "proof/incomplete"),
        ("dead", "network/http-status"),
        ("forged-header", "header/unknown-signer"),
        ("garbage", "rpc/not-json"),
        ("huge", "network/answer-too-large"),
        ("missing-node", "proof/incomplete"),
        ("other-account", "proof/node-mismatch"),
        ("outsider-seal", "header/unknown-signer"),
        ("short-seals", "header/not-enough-seals"),
        ("spare-node", "proof/spare-nodes"),
        ("wrong-proof", "proof/"),
    ];
    for (lie, code) in lies {
        world.set_lie(0, Some(lie)).await;
        // Whoever lied before is trusted again by now.
        world.set_sealing(false);
        world.pass(61_000);
        world.set_sealing(true);
        world.pass(1_000);
        // A transaction, so that the state and its proofs change.
        let terms = offer(steward, world.now());
        client.grant(&patient(), terms, quiet).await.unwrap();
        let reading = read(&client, &patient(), steward).await.unwrap();
        assert_eq!(outcomes(&reading), all_verified(), "{lie}");
        let report = client.sync().await.unwrap();
        let found = report.endpoints[0].state.clone().error().map(|error| error.code()).unwrap_or_default();
        assert!(found.starts_with(code), "{lie}: {found}, expected {code}");
        assert_eq!(report.endpoints[1].state, EndpointState::Agrees, "{lie}");
        assert_eq!(report.endpoints[2].state, EndpointState::Agrees, "{lie}");
    }
}

#[tokio::test]
async fn an_endpoint_that_stands_still_is_behind() {
    let world = World::start("behind").await;
    let client = world.client();
    world.set_lie(0, Some("stale")).await;
    for _ in 0..3 {
        world.pass(1_000);
    }
    let report = client.sync().await.unwrap();
    assert_eq!(report.endpoints[0].state, EndpointState::Behind);
    assert_eq!(report.head.number(), world.devnet.chain().head_number());
}

#[tokio::test]
async fn a_fork_that_the_validators_sealed_ends_everything() {
    let (world, client, steward) = with_relationship("fork").await;
    world.set_lie(1, Some("fork")).await;
    let error = client.sync().await.unwrap_err();
    assert_eq!((error.code().as_str(), error.fault()), ("network/equivocation", Fault::Peer));
    world.set_lie(1, None).await;
    assert_eq!(read(&client, &patient(), steward).await.unwrap_err(), error);
}

#[tokio::test]
async fn a_second_visit_starts_where_the_first_one_ended() {
    let (world, client, _) = with_relationship("visit").await;
    let number = client.head().unwrap().header().number();
    let again = Client::new(world.network.clone(), client.into_platform());
    world.pass(1_000);
    let report = again.sync().await.unwrap();
    assert_eq!(report.start, SyncStart::Stored { number });
    // The stored head, the new one, and the other seals under which the other two endpoints show it.
    assert_eq!((report.requests, report.headers_verified), (4, 4));
}

#[test]
fn the_journeys_can_be_spawned() {
    fn check<T: Send>(_: T) {}
    let key = patient();
    let make = |client: &'static Client<Visitor>, key: &'static SigningKey, ask: ReadAsk<'static>| {
        check(client.read_records(ask, quiet));
        check(client.accept_relationship(key, Address::ZERO, quiet));
        check(client.revoke(key, Address::ZERO, Address::ZERO, quiet));
    };
    // Only the types matter; nothing is run.
    let _ = (make, key);
}
