//! A group as a viewer: whoever is in it reads, and no longer once they are out of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use alloy_primitives::Address;
use client::{
    CategoryOutcome, ClientError, GatekeeperError, GrantOffer, JourneyError, Message, Problem, ReadAsk,
};
use protocol::answer::RefusalCode;
use protocol::contracts::add_to_group;
use protocol::keys::SigningKey;
use protocol::layout::Rights;
use protocol::request::{Call, Method};
use records::category::{Categories, Category};
use serde_json::{Value, json};

use stack::{Browser, Stack, eventually, key, synced};

const ALLERGIES: Categories = Categories::NONE.with(Category::Allergies);

async fn read(
    stack: &Stack,
    browser: &Browser,
    reader: &SigningKey,
    patient: Address,
    via: Option<Address>,
) -> Result<usize, RefusalCode> {
    let ask = ReadAsk { key: reader, patient, steward: stack.steward, categories: ALLERGIES, via };
    match browser.read_records(ask, |_| {}).await {
        Ok(reading) => match &reading.categories[0].outcome {
            CategoryOutcome::Complete(verified) => Ok(verified.records().len()),
            other => panic!("{other:?}"),
        },
        Err(ClientError { problem, .. }) => match *problem {
            Problem::Journey(JourneyError::Access(refusal)) => Err(refusal.code),
            Problem::Gatekeeper(GatekeeperError::Refused(refusal)) => Err(refusal.code),
            other => panic!("{other:?}"),
        },
    }
}

/// As a client that does not ask the chain first.
async fn refusal(
    stack: &Stack,
    browser: &Browser,
    reader: &SigningKey,
    patient: Address,
    via: Address,
) -> Option<RefusalCode> {
    let head = synced(browser).await;
    let (call, _) = stack.call(&head, patient, Method::ReadRecords { categories: ALLERGIES });
    let request = stack.sign(browser, reader, &Call { via: Some(via), ..call }.to_body());
    stack.refusal(browser, &request).await.map(|refusal| refusal.code)
}

#[tokio::test]
async fn whoever_is_in_a_group_reads_what_the_group_was_granted() {
    let stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let (nurse, stranger, me) = (key(2), key(3), patient.address());
    let keep = |change: &[&str]| -> Value {
        serde_json::from_str(&stack.command(&[&["group", "--number", "1"], change].concat())).unwrap()
    };
    let made = keep(&[]);
    let group: Address = made["group"].as_str().unwrap().parse().unwrap();
    assert_eq!(made["members"], Value::Array(vec![]));
    let offer = GrantOffer {
        steward: stack.steward,
        viewer: group,
        categories: ALLERGIES,
        rights: Rights::READ,
        from: 0,
        until: None,
    };
    browser.grant(&patient, offer, |_| {}).await.unwrap();
    let at_hand = [(&nurse, Some(group)), (&stranger, Some(group)), (&nurse, None)];
    for (reader, via) in at_hand {
        assert_eq!(read(&stack, &browser, reader, me, via).await, Err(RefusalCode::NoGrant));
    }
    assert_eq!(refusal(&stack, &browser, &nurse, me, group).await, Some(RefusalCode::NoGrant));

    let address = nurse.address().to_string();
    let with_nurse = keep(&["--add", &address, "--until", "4000000000"]);
    assert_eq!(with_nurse["members"][0]["person"], *address);
    assert_eq!(with_nurse["members"][0]["until"], 4_000_000_000_u64);
    assert_eq!(read(&stack, &browser, &nurse, me, Some(group)).await, Ok(2));
    assert_eq!(read(&stack, &browser, &nurse, me, None).await, Err(RefusalCode::NoGrant));
    assert_eq!(read(&stack, &browser, &stranger, me, Some(group)).await, Err(RefusalCode::NoGrant));
    // Another group has nothing.
    assert_eq!(refusal(&stack, &browser, &nurse, me, stack.steward).await, Some(RefusalCode::NoGrant));
    // The patient sees who it was, and through what.
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let released = log.entries().filter_map(|entry| entry.event.clone());
    let released: Vec<_> = released.filter(|event| event.refusal.is_none()).collect();
    assert_eq!(released.len(), 1);
    assert_eq!((released[0].caller, released[0].via), (nurse.address(), Some(group)));

    assert_eq!(keep(&["--remove", &address])["members"], Value::Array(vec![]));
    assert_eq!(read(&stack, &browser, &nurse, me, Some(group)).await, Err(RefusalCode::NoGrant));
    assert_eq!(refusal(&stack, &browser, &nurse, me, group).await, Some(RefusalCode::NoGrant));
}

#[tokio::test]
async fn staff_reads_for_its_provider_as_far_as_both_permit() {
    let stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let (clinic, doctor, me) = (key(5), key(6), patient.address());
    stack.admit(&clinic.address().to_string(), "https://clinic.example", &format!("0x{}", "07".repeat(32)));
    let both = ALLERGIES.with(Category::Results);
    let offer = GrantOffer {
        steward: stack.steward,
        viewer: clinic.address(),
        categories: both,
        rights: Rights::READ,
        from: 0,
        until: None,
    };
    browser.grant(&patient, offer, |_| {}).await.unwrap();
    let via = Some(clinic.address());
    assert_eq!(read(&stack, &browser, &doctor, me, via).await, Err(RefusalCode::NoGrant));

    let employ = async |categories: Categories| {
        let data = add_to_group(clinic.address(), doctor.address(), categories, Rights::ALL, None);
        let message = Message::call(stack.network.relationships.address, data);
        browser.submit(&synced(&browser).await, &clinic, &[message]).await.unwrap();
    };
    employ(ALLERGIES).await;
    eventually("the doctor as staff", async || read(&stack, &browser, &doctor, me, via).await.ok()).await;
    // Neither without the provider, nor what the provider keeps from its staff.
    assert_eq!(read(&stack, &browser, &doctor, me, None).await, Err(RefusalCode::NoGrant));
    let head = synced(&browser).await;
    let (call, _) = stack.call(&head, me, Method::ReadRecords { categories: both });
    let request = stack.sign(&browser, &doctor, &Call { via, ..call }.to_body());
    let refused = stack.refusal(&browser, &request).await.unwrap();
    assert_eq!(refused.code, RefusalCode::CategoryNotGranted);
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let released =
        log.entries().filter_map(|entry| entry.event.clone()).find(|event| event.refusal.is_none());
    let released = released.unwrap();
    assert_eq!((released.caller, released.via), (doctor.address(), via));

    // A provider keeps its own staff with a command; that of the steward is no viewer of its patients.
    let (person, own) = (doctor.address().to_string(), stack.steward.to_string());
    let staff = |line: &[&str]| -> Value {
        serde_json::from_str(&stack.command(&[&["staff"], line].concat())).unwrap()
    };
    assert_eq!(staff(&[]), json!({ "group": own, "members": [] }));
    let added = staff(&["--add", &person, "--categories", "allergies,notes", "--rights", "read"]);
    assert_eq!(added["members"][0]["person"], *person);
    assert_eq!(added["members"][0]["categories"], json!(["allergies", "notes"]));
    assert_eq!(added["members"][0]["rights"], json!(["read"]));
    let of_steward = refusal(&stack, &browser, &doctor, me, stack.steward).await;
    assert_eq!(of_steward, Some(RefusalCode::NoGrant));
    assert_eq!(staff(&["--remove", &person])["members"], Value::Array(vec![]));
}
