//! A new key, of a provider or a patient: nothing of before is lost, and the old key is good for nothing any more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use client::{GatekeeperError, GrantOffer, Identity, JourneyError, KeyChange, Platform, Problem, ReadAsk};
use protocol::answer::{AnswerError, RefusalCode};
use protocol::contribution::Contribution;
use protocol::keys::SigningKey;
use protocol::layout::Rights;
use protocol::request::Method;
use records::category::{Categories, Category};
use serde_json::Value;

use stack::{Stack, eventually, key, send, synced, weight};

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
    assert_eq!(code(&doctor).await, Some(RefusalCode::KeyReplaced));
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let last = log.entries().filter_map(|entry| entry.event.clone()).find(|event| event.refusal.is_none());
    assert_eq!(last.unwrap().caller, doctor.address());
}

#[tokio::test]
async fn a_patients_new_key_is_the_patient_and_the_old_one_is_nobody() {
    let stack = Stack::start();
    let browser = stack.browser();
    let (first, second, next) = (stack.patient(&browser, 1).await, key(7), key(8));
    let me = first.address();
    let code = async |signer: &SigningKey, method: Method| {
        let head = synced(&browser).await;
        let (call, _) = stack.call(&head, me, method);
        let request = stack.sign(&browser, signer, &call.to_body());
        stack.refusal_in(&request, &send(&browser, &request).await.unwrap()).map(|refusal| refusal.code)
    };
    let read = || Method::ReadRecords { categories: ALLERGIES };
    assert_eq!((code(&first, read()).await, code(&second, read()).await), (None, Some(RefusalCode::NoGrant)));

    let change = |key, next| KeyChange { identity: Identity { address: me, key }, next };
    browser.replace_keys(&[change(&first, &second)], |_| {}).await.unwrap();
    // Once more changes nothing, and a third key is told who signs.
    browser.replace_keys(&[change(&first, &second)], |_| {}).await.unwrap();
    let error = browser.replace_keys(&[change(&first, &next)], |_| {}).await.unwrap_err();
    let (expected, found) = (me, second.address());
    assert_eq!(error, JourneyError::KeyReplaced { identity: me, expected, found }.into());
    browser.replace_keys(&[change(&second, &next)], |_| {}).await.unwrap();

    // Neither of the former keys reads, sees who read, or writes.
    let write = |author: &SigningKey| {
        let at = browser.platform().now();
        let relationship = stack.relationship(me);
        let record = weight(&relationship, author, "w1", 70);
        let contribution = Contribution::sign(author, &relationship, "own", at, &[record]).unwrap();
        Method::WriteRecords { category: Category::OwnData, contribution }
    };
    for former in [&first, &second] {
        let methods = [
            read(),
            Method::ListAccesses { before: None },
            Method::ListRequests,
            Method::DismissRequest { from: me },
            write(former),
        ];
        for method in methods {
            assert_eq!(code(former, method.clone()).await, Some(RefusalCode::KeyReplaced), "{method:?}");
        }
    }

    // The new one does all of it, and what it writes is the patient's own data.
    let who = Identity { address: me, key: &next };
    let ask =
        ReadAsk { key: &next, patient: me, steward: stack.steward, categories: Categories::ALL, via: None };
    assert_eq!(browser.read_records(ask, |_| {}).await.unwrap().terms, None);
    assert_eq!(code(&next, write(&next)).await, None);
    for method in [Method::ListRequests, Method::DismissRequest { from: me }] {
        assert_eq!(code(&next, method).await, None);
    }
    let (steward, viewer) = (stack.steward, key(9).address());
    let rights = Rights::READ;
    let offer = GrantOffer { steward, viewer, categories: ALLERGIES, rights, from: 0, until: None };
    browser.grant(who, offer, |_| {}).await.unwrap();
    assert_eq!(code(&key(9), read()).await, None);
    // Whoever tried with a former key is in the log.
    let log = browser.read_accesses(who, stack.steward).await.unwrap();
    let refusals = log.entries().filter_map(|entry| entry.event.clone()?.refusal);
    assert_eq!(refusals.filter(|refusal| refusal == "key_replaced").count(), 6);
    browser.revoke(who, stack.steward, viewer, |_| {}).await.unwrap();
}
