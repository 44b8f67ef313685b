//! Asking for access: who may, what the patient sees of it, and what it changes (nothing, until the patient grants).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use client::{GatekeeperError, GrantOffer, Platform, Problem};
use protocol::access_request::AccessRequest;
use protocol::answer::{Description, DoneAnswer, RefusalCode, RequestsAnswer};
use protocol::keys::SigningKey;
use protocol::layout::Rights;
use protocol::request::{METHODS, Method};
use records::category::{Categories, Category};
use serde::de::DeserializeOwned;

use stack::{Browser, Stack, eventually, key, synced};

const PROBLEMS: Categories = Categories::NONE.with(Category::Problems);

async fn ask<T: DeserializeOwned>(
    stack: &Stack,
    browser: &Browser,
    signer: &SigningKey,
    patient: &SigningKey,
    method: Method,
) -> Result<T, RefusalCode> {
    match stack.ask(browser, signer, patient.address(), method).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap()),
        Err(error) => match *error.problem {
            Problem::Gatekeeper(GatekeeperError::Refused(refusal)) => Err(refusal.code),
            other => panic!("{other:?}"),
        },
    }
}

/// Asks now; the request says when, as the call does.
async fn request(
    stack: &Stack,
    browser: &Browser,
    signer: &SigningKey,
    patient: &SigningKey,
) -> Result<DoneAnswer, RefusalCode> {
    let at = browser.platform().now();
    let relationship = stack.relationship(patient.address());
    let what = (PROBLEMS, Rights::READ);
    let request = AccessRequest::sign(signer, &relationship, what, "Your visit on Monday", at).unwrap();
    let head = synced(browser).await;
    let (call, _) = stack.call(&head, patient.address(), Method::RequestAccess { request });
    let mut nonce = [0; 16];
    browser.platform().fill_random(&mut nonce).unwrap();
    let signed = stack.sign_with(signer, &stack.origin, &call.to_body(), at, nonce);
    stack.refusal(browser, &signed).await.map_or(Ok(DoneAnswer {}), |refusal| Err(refusal.code))
}

#[tokio::test]
async fn a_member_asks_and_the_patient_decides() {
    let stack = Stack::start();
    let browser = stack.browser();
    let (patient, doctor, stranger) = (stack.patient(&browser, 1).await, key(2), key(3));
    let address = doctor.address().to_string();
    stack.admit(&address, "https://doctor.example", &format!("0x{}", "07".repeat(32)));
    let admitted = eventually("the doctor's admission", async || {
        let head = synced(&browser).await;
        browser.member(&head, doctor.address()).await.unwrap()
    });
    admitted.await;

    assert_eq!(request(&stack, &browser, &stranger, &patient).await, Err(RefusalCode::NotAMember));
    assert_eq!(request(&stack, &browser, &doctor, &key(9)).await, Err(RefusalCode::NoRelationship));
    assert_eq!(request(&stack, &browser, &doctor, &patient).await, Ok(DoneAnswer {}));
    assert_eq!(request(&stack, &browser, &doctor, &patient).await, Err(RefusalCode::TooManyRequests));

    // Nothing follows from it, and nobody else sees it.
    let describe = async |signer: &SigningKey| {
        ask::<Description>(&stack, &browser, signer, &patient, Method::Describe).await.unwrap()
    };
    let described = describe(&doctor).await;
    assert_eq!((described.read, described.write), (Categories::NONE, Categories::NONE));
    assert_eq!(described.methods, METHODS);
    let seen = ask::<RequestsAnswer>(&stack, &browser, &doctor, &patient, Method::ListRequests).await;
    assert_eq!(seen, Err(RefusalCode::RightNotGranted));

    let list = async || {
        let answer = ask::<RequestsAnswer>(&stack, &browser, &patient, &patient, Method::ListRequests).await;
        answer.unwrap().requests
    };
    let requests = list().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].verify(&stack.relationship(patient.address())), Ok(()));
    assert_eq!((requests[0].from, requests[0].categories), (doctor.address(), PROBLEMS));
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let newest = log.entries().next().unwrap().event.clone().unwrap();
    assert_eq!((newest.caller, newest.method.as_str()), (doctor.address(), "access.request"));
    assert_eq!((log.count(), newest.categories), (1, vec!["problems".to_owned()]));

    let offer = GrantOffer {
        steward: stack.steward,
        viewer: doctor.address(),
        categories: PROBLEMS.with(Category::Results),
        rights: Rights::from_bits(3).unwrap(),
        from: 0,
        until: Some(4_000_000_000),
    };
    browser.grant(&patient, offer, |_| {}).await.unwrap();
    let described = describe(&doctor).await;
    let granted = PROBLEMS.with(Category::Results);
    assert_eq!((described.read, described.write, described.until), (granted, granted, Some(4_000_000_000)));
    let own = describe(&patient).await;
    assert_eq!((own.read, own.write), (Categories::ALL, Categories::NONE.with(Category::OwnData)));

    let dismiss = Method::DismissRequest { from: doctor.address() };
    let by_other = ask::<DoneAnswer>(&stack, &browser, &doctor, &patient, dismiss.clone()).await;
    assert_eq!(by_other, Err(RefusalCode::RightNotGranted));
    assert_eq!(ask(&stack, &browser, &patient, &patient, dismiss).await, Ok(DoneAnswer {}));
    assert_eq!(list().await, []);
}
