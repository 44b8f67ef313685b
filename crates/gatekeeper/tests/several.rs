//! Several gatekeepers over one database: clients may come to any of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use protocol::answer::RefusalCode;
use protocol::layout::{RelationshipQuery, RelationshipStatus};
use protocol::request::Method;
use records::category::{Categories, Category};

use stack::{Request, Stack, eventually, key, synced};

const ALLERGIES: Categories = Categories::NONE.with(Category::Allergies);

#[tokio::test]
async fn requests_invitations_and_the_log_belong_to_all_of_them() {
    let mut stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let mut first = stack.start_another();

    // A request is good once, whichever of them it comes to.
    let head = synced(&browser).await;
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories: ALLERGIES });
    let request = stack.sign(&browser, &patient, &call.to_body());
    assert_eq!(stack.refusal(&browser, &request).await, None);
    stack.turn_to(&mut first);
    let again = Request { url: format!("http://{}/v1/call", stack.listen), ..request };
    let refused = stack.refusal(&browser, &again).await.map(|refusal| refusal.code);
    assert_eq!(refused, Some(RefusalCode::Replayed));

    // What is redeemed at the second is brought on chain by the first, which has the duty.
    let (invitation, other) = (stack.invitation(), key(2));
    stack.turn_to(&mut first);
    let redeem = Method::RedeemInvitation { code: invitation.code };
    let (call, _) = stack.call(&synced(&browser).await, other.address(), redeem);
    let request = stack.sign(&browser, &other, &call.to_body());
    assert_eq!(stack.refusal(&browser, &request).await, None);
    let query = RelationshipQuery { patient: other.address(), steward: stack.steward };
    let proposed = eventually("the proposal", async || {
        let state = browser.relationship(&synced(&browser).await, query).await.unwrap();
        (state.status == RelationshipStatus::Proposed && state.record_set.is_some()).then_some(())
    });
    proposed.await;

    // When the first one stops, the second has the duty: it publishes what is new.
    stack.turn_to(&mut first);
    assert!(stack.stop_gatekeeper());
    stack.turn_to(&mut first);
    stack.seed("riverside-devora-orn.json.gz");
    assert_eq!(stack.published(&browser, patient.address(), 2).await.len(), 2);
    let (call, _) =
        stack.call(&synced(&browser).await, patient.address(), Method::ReadRecords { categories: ALLERGIES });
    let request = stack.sign(&browser, &patient, &call.to_body());
    assert_eq!(stack.refusal(&browser, &request).await, None);

    // What both have logged is one chain, and anchored.
    stack.turn_to(&mut first);
    stack.start_gatekeeper();
    let log = eventually("the anchor of both reads", async || {
        let log = browser.read_accesses(&patient, stack.steward).await.ok()?;
        (log.anchor.point.count == log.count()).then_some(log)
    });
    let log = log.await;
    assert!(log.is_whole() && log.entries().all(|entry| log.is_anchored(entry)));
    let reads = log
        .entries()
        .filter(|entry| entry.event.as_ref().is_some_and(|event| event.method == "records.read"));
    assert_eq!(reads.count(), 2);
}
