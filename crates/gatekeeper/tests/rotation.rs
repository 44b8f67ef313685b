//! A provider's new key: nothing of before is lost, and the old key is good for nothing any more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use client::{GatekeeperError, GrantOffer, Problem};
use protocol::answer::{AnswerError, RefusalCode};
use protocol::keys::SigningKey;
use protocol::layout::Rights;
use protocol::request::Method;
use records::category::{Categories, Category};
use serde_json::Value;

use stack::{Stack, eventually, key, send, synced};

const ALLERGIES: Categories = Categories::NONE.with(Category::Allergies);

#[tokio::test]
async fn a_new_key_takes_over_and_the_old_one_is_good_for_nothing() {
    let mut stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let me = patient.address();
    let read = || Method::ReadRecords { categories: ALLERGIES };
    let rotated: Value = serde_json::from_str(&stack.command(&["rotate"])).unwrap();
    assert_eq!(rotated["member"], stack.steward.to_string());
    let next = rotated["key"].as_str().unwrap().parse().unwrap();
    assert_ne!(next, stack.steward);

    // Whoever still answers with the old key is not believed.
    let head = eventually("the new key", async || {
        let head = synced(&browser).await;
        let member = browser.member(&head, stack.steward).await.unwrap().unwrap();
        (member.key == next).then_some(head)
    });
    let head = head.await;
    let error = stack.ask(&browser, &patient, me, read()).await.unwrap_err();
    assert!(
        matches!(&*error.problem, Problem::Gatekeeper(GatekeeperError::Answer(AnswerError::Signature(_)))),
        "{error:?}"
    );
    assert!(stack.stop_gatekeeper());
    stack.signer = next;
    stack.start_gatekeeper();
    let browser = stack.browser();
    stack.ask(&browser, &patient, me, read()).await.unwrap();
    // The relationship is the one of before, and goes on.
    stack.seed("riverside-devora-orn.json.gz");
    assert_eq!(stack.published(&browser, me, 2).await[1].count, 531 + 314 - 1);
    let anchored = eventually("an anchor by the new key", async || {
        let log = browser.read_accesses(&patient, stack.steward).await.ok()?;
        (log.is_whole() && log.anchor.point.count > 0).then_some(())
    });
    anchored.await;
    drop(head);

    // As a viewer a member is its address, whatever key it has; here the key of a second provider changes.
    let (doctor, successor) = (key(5), key(6));
    stack.admit(&doctor.address().to_string(), "https://doctor.example", &format!("0x{}", "07".repeat(32)));
    let offer = GrantOffer {
        steward: stack.steward,
        viewer: doctor.address(),
        categories: ALLERGIES,
        rights: Rights::READ,
        from: 0,
        until: None,
    };
    browser.grant(&patient, offer, |_| {}).await.unwrap();
    let code = async |reader: &SigningKey| {
        let head = synced(&browser).await;
        let (call, _) = stack.call(&head, me, read());
        let request = stack.sign(&browser, reader, &call.to_body());
        stack.refusal_in(&request, &send(&browser, &request).await.unwrap()).map(|refusal| refusal.code)
    };
    assert_eq!(code(&doctor).await, None);
    assert_eq!(code(&successor).await, Some(RefusalCode::NoGrant));
    let registry = stack.network.registry.address;
    let transact = async |signer: &SigningKey, data: Vec<u8>| {
        let head = synced(&browser).await;
        browser.submit(&head, signer, &[client::Message::call(registry, data)]).await.unwrap();
    };
    transact(&doctor, protocol::contracts::offer_key(successor.address())).await;
    let taken = eventually("the doctor's new key", async || {
        transact(&successor, protocol::contracts::take_key(doctor.address())).await;
        let head = synced(&browser).await;
        let identity = browser.identity(&head, successor.address()).await.unwrap();
        (identity == Some(doctor.address())).then_some(())
    });
    taken.await;
    assert_eq!(code(&successor).await, None);
    assert_eq!(code(&doctor).await, Some(RefusalCode::NoGrant));
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let last = log.entries().filter_map(|entry| entry.event.clone()).find(|event| event.refusal.is_none());
    assert_eq!(last.unwrap().caller, doctor.address());
}
