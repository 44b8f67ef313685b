//! What a gatekeeper says when its database, its disk or the chain is gone, and that it goes on by itself when it is back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use std::time::Duration;

use client::Head;
use gatekeeper::database::Database;
use protocol::answer::RefusalCode;
use protocol::keys::SigningKey;
use protocol::request::Method;
use records::category::{Categories, Category};

use stack::{Browser, Request, Stack, eventually, send, synced};

async fn read(stack: &Stack, browser: &Browser) -> Request {
    read_at(stack, browser, &synced(browser).await)
}

fn read_at(stack: &Stack, browser: &Browser, head: &Head) -> Request {
    let patient = stack::key(1);
    let categories = Categories::NONE.with(Category::Allergies);
    let (call, _) = stack.call(head, patient.address(), Method::ReadRecords { categories });
    stack.sign(browser, &patient, &call.to_body())
}

async fn newest_entry(browser: &Browser, patient: &SigningKey, stack: &Stack) -> u64 {
    browser
        .read_accesses(patient, stack.steward)
        .await
        .unwrap()
        .entries()
        .next()
        .map_or(0, |entry| entry.number)
}

#[tokio::test]
async fn without_its_database_it_releases_nothing_and_says_so_under_its_signature() {
    let stack = Stack::start();
    let browser = stack.browser();
    stack.patient(&browser, 1).await;
    // What is asked for first, the nonces, and what is asked for last, the access log.
    for table in ["nonce", "access"] {
        let request = read(&stack, &browser).await;
        stack.alter(&format!("ALTER TABLE {table} RENAME TO {table}_gone"));
        let answer = send(&browser, &request).await.unwrap();
        assert_eq!(answer.status, 503, "without {table}");
        let refusal = stack.refusal_in(&request, &answer).unwrap();
        assert_eq!(refusal.code, RefusalCode::Unavailable, "without {table}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(!text.contains(table), "without {table}: {text}");
        stack.alter(&format!("ALTER TABLE {table}_gone RENAME TO {table}"));
        let again = read(&stack, &browser).await;
        assert_eq!(stack.refusal(&browser, &again).await, None, "with {table} again");
    }
    assert!(!stack.log().contains("Observation"));
}

#[tokio::test]
async fn without_the_chain_it_decides_nothing_and_says_so_under_its_signature() {
    let mut stack = Stack::start();
    let browser = stack.browser();
    stack.patient(&browser, 1).await;
    let head = synced(&browser).await;
    stack.stop_chain();
    // A head that is not too old may still decide.
    tokio::time::sleep(Duration::from_secs(stack.network.max_head_age + 1)).await;
    let request = read_at(&stack, &browser, &head);
    let answer = send(&browser, &request).await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(stack.refusal_in(&request, &answer).unwrap().code, RefusalCode::Unavailable);
    stack.start_chain();
    eventually("an answer", async || {
        browser.sync().await.ok()?;
        browser.fresh_head().ok()?;
        let again = read(&stack, &browser).await;
        stack.refusal(&browser, &again).await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn on_a_full_disk_it_releases_nothing_unlogged_and_loses_no_entry() {
    let mut stack = Stack::start();
    let Database::File(_) = stack.database() else {
        eprintln!("the disk is the server's own here: nothing to see");
        return;
    };
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let before = newest_entry(&browser, &patient, &stack).await;
    assert!(stack.stop_gatekeeper());
    stack.start_gatekeeper_with_room(160);
    let mut released = 0;
    let refused = loop {
        let request = read(&stack, &browser).await;
        let answer = send(&browser, &request).await.unwrap();
        match stack.refusal_in(&request, &answer) {
            None => released += 1,
            Some(refusal) => break (answer.status, refusal.code),
        }
        assert!(released < 200, "the disk never fills");
    };
    assert_eq!(refused, (503, RefusalCode::Unavailable));
    assert!(released > 0, "too little room to see anything");
    stack.kill_gatekeeper();
    stack.start_gatekeeper();
    let after = newest_entry(&browser, &patient, &stack).await;
    assert!(after >= before + released, "{before} entries, {released} answers, then {after} entries");
}
