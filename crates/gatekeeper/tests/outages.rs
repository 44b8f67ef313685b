//! What a gatekeeper says when its database is gone, and that it goes on by itself when it is back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use protocol::answer::RefusalCode;
use protocol::request::Method;
use records::category::{Categories, Category};

use stack::{Browser, Request, Stack, send, synced};

async fn read(stack: &Stack, browser: &Browser) -> Request {
    let patient = stack::key(1);
    let head = synced(browser).await;
    let categories = Categories::NONE.with(Category::Allergies);
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories });
    stack.sign(browser, &patient, &call.to_body())
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
