//! People, a gatekeeper and a chain: what is read, by whom, until when.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use client::{
    CategoryOutcome, ClientError, GatekeeperError, GrantOffer, JourneyError, Problem, ReadAsk, Reading,
};
use protocol::answer::RefusalCode;
use protocol::keys::SigningKey;
use protocol::layout::{RelationshipQuery, Rights};
use protocol::request::Method;
use records::category::{Categories, Category};
use records::record_set::{RecordVerdict, VerifiedCategory};

use stack::{Browser, Stack, eventually, key, send, synced};

const ALLERGIES: Categories = Categories::NONE.with(Category::Allergies);
const VITAL_SIGNS: Categories = Categories::NONE.with(Category::VitalSigns);

async fn read(
    stack: &Stack,
    browser: &Browser,
    reader: &SigningKey,
    patient: &SigningKey,
    categories: Categories,
) -> Result<Reading, ClientError> {
    let (patient, steward) = (patient.address(), stack.steward);
    let ask = ReadAsk { key: reader, patient, steward, categories, via: None };
    browser.read_records(ask, |_| {}).await
}

fn complete(reading: &Reading, category: Category) -> &VerifiedCategory {
    let found = reading.categories.iter().find(|reading| reading.category == category).unwrap();
    match &found.outcome {
        CategoryOutcome::Complete(verified) => verified,
        other => panic!("{category}: {other:?}"),
    }
}

/// A viewer's raw read, as a client that does not ask the chain first would send it.
async fn refusal_of_read(
    stack: &Stack,
    browser: &Browser,
    reader: &SigningKey,
    patient: &SigningKey,
    categories: Categories,
) -> Option<RefusalCode> {
    let head = synced(browser).await;
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories });
    let request = stack.sign(browser, reader, &call.to_body());
    stack.refusal(browser, &request).await.map(|refusal| refusal.code)
}

#[tokio::test]
async fn a_patient_reads_everything_and_nothing_is_missing() {
    let stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let reading = read(&stack, &browser, &patient, &patient, Categories::ALL).await.unwrap();
    assert_eq!(reading.anchor.count, 531);
    let verified: usize = Category::ALL
        .into_iter()
        .map(|category| {
            let records = complete(&reading, category).records();
            assert!(records.iter().all(|record| record.verified().is_some()), "{category}");
            records.len()
        })
        .sum();
    assert_eq!(verified, 531);

    // Redeeming again brings nothing new and does no harm; another key cannot redeem at all.
    let invitation = stack.invitation();
    browser.redeem_invitation(&invitation, &key(2), |_| {}).await.unwrap();
    let head = synced(&browser).await;
    let (call, _) =
        stack.call(&head, key(3).address(), Method::RedeemInvitation { code: invitation.code.clone() });
    let request = stack.sign(&browser, &key(3), &call.to_body());
    assert_eq!(
        stack.refusal(&browser, &request).await.map(|refusal| refusal.code),
        Some(RefusalCode::BadInvitation)
    );
    let (call, _) = stack.call(&head, key(2).address(), Method::RedeemInvitation { code: invitation.code });
    let request = stack.sign(&browser, &key(2), &call.to_body());
    assert_eq!(stack.refusal(&browser, &request).await, None);

    // No content in the log of the server.
    let log = stack.log();
    assert!(
        !log.contains("Devora") && !log.contains("resourceType") && log.contains("record set made"),
        "{log}"
    );
}

/// Fault 1 of MedRec 2.0 (`research/medrec.md` §1.11): its gatekeeper never looked at the chain.
#[tokio::test]
async fn fault_1_a_viewer_reads_what_is_granted_until_it_is_revoked() {
    let mut stack = Stack::start();
    let (browser, other) = (stack.browser(), stack.browser());
    let patient = stack.patient(&browser, 1).await;
    let viewer = key(2);
    let code = refusal_of_read(&stack, &other, &viewer, &patient, ALLERGIES).await;
    assert_eq!(code, Some(RefusalCode::NoGrant));

    let offer = GrantOffer {
        steward: stack.steward,
        viewer: viewer.address(),
        categories: ALLERGIES,
        rights: Rights::READ,
        from: 0,
        until: None,
    };
    browser.grant(&patient, offer, |_| {}).await.unwrap();
    let reading = read(&stack, &other, &viewer, &patient, ALLERGIES).await.unwrap();
    assert_eq!(complete(&reading, Category::Allergies).records().len(), 2);
    let code = refusal_of_read(&stack, &other, &viewer, &patient, VITAL_SIGNS).await;
    assert_eq!(code, Some(RefusalCode::CategoryNotGranted));
    let code = refusal_of_read(&stack, &other, &key(3), &patient, ALLERGIES).await;
    assert_eq!(code, Some(RefusalCode::NoGrant));

    browser.revoke(&patient, stack.steward, viewer.address(), |_| {}).await.unwrap();
    let code = refusal_of_read(&stack, &other, &viewer, &patient, ALLERGIES).await;
    assert_eq!(code, Some(RefusalCode::NoGrant));
    let error = read(&stack, &other, &viewer, &patient, ALLERGIES).await.unwrap_err();
    assert!(
        matches!(&*error.problem, Problem::Journey(JourneyError::Access(refusal)) if refusal.code == RefusalCode::NoGrant)
    );

    // Every release and refusal is in the log, and the log's head goes on chain.
    let log = eventually("the anchor of five entries", async || {
        let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
        (log.anchor.point.count == 5).then_some(log)
    });
    let log = log.await;
    assert!(log.is_whole() && log.count() == 5 && log.entries().all(|entry| log.is_anchored(entry)));
    let events: Vec<_> = log.entries().map(|entry| entry.event.clone().unwrap()).collect();
    let refusals: Vec<_> = events.iter().map(|event| event.refusal.as_deref()).collect();
    let expected = [Some("no_grant"), Some("no_grant"), Some("category_not_granted"), None, Some("no_grant")];
    assert_eq!(refusals, expected);
    assert_eq!((events[3].caller, events[3].method.as_str()), (viewer.address(), "records.read"));
    assert_eq!(events[3].categories, ["allergies"]);
    assert!(events.iter().all(|event| event.block.is_some()));
    // One more is seen before it is anchored, and said not to be.
    refusal_of_read(&stack, &other, &viewer, &patient, ALLERGIES).await;
    let log = browser.read_accesses(&patient, stack.steward).await.unwrap();
    let newest = log.entries().next().unwrap();
    assert_eq!((newest.number, log.is_anchored(newest)), (6, log.anchor.point.count == 6));
    let (head, member) = (log.head, log.steward);

    let error = browser
        .call_gatekeeper(
            &head,
            &member,
            client::Caller { key: &viewer, patient: patient.address(), via: None },
            Method::ListAccesses { before: None },
        )
        .await
        .unwrap_err();
    assert!(
        matches!(&*error.problem, Problem::Gatekeeper(GatekeeperError::Refused(refusal)) if refusal.code == RefusalCode::RightNotGranted),
        "{error:?}"
    );
    assert!(stack.stop_gatekeeper());
}

#[tokio::test]
async fn an_altered_record_shows_and_a_new_one_is_published() {
    let mut stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let sql = "UPDATE record SET content = replace(content, '\"active\"', '\"resolved\"')
               WHERE category = 0 AND id = (SELECT min(id) FROM record WHERE category = 0)";
    assert_eq!(stack.change(sql), 1);
    let reading = read(&stack, &browser, &patient, &patient, ALLERGIES).await.unwrap();
    let records = complete(&reading, Category::Allergies).records();
    let altered = records.iter().filter(|record| matches!(record, RecordVerdict::Altered { .. })).count();
    assert_eq!((records.len(), altered), (2, 1), "{records:?}");

    // The other hospital's half of the same person, taken in while the gatekeeper is down.
    stack.kill_gatekeeper();
    stack.seed("riverside-devora-orn.json.gz");
    stack.start_gatekeeper();
    // The former one still holds a connection to the process that is gone.
    let browser = stack.browser();
    let query = RelationshipQuery { patient: patient.address(), steward: stack.steward };
    let anchor = eventually("the second publication", async || {
        let head = synced(&browser).await;
        let state = browser.relationship(&head, query).await.unwrap();
        state.record_set.filter(|anchor| anchor.revision > 1)
    });
    // Both halves hold the Patient resource.
    assert_eq!(anchor.await.count, 531 + 314 - 1);
    let reading = read(&stack, &browser, &patient, &patient, VITAL_SIGNS).await.unwrap();
    assert!(
        complete(&reading, Category::VitalSigns).records().iter().all(|record| record.verified().is_some())
    );
}

#[tokio::test]
async fn a_nonce_stays_used_after_the_gatekeeper_was_killed() {
    let mut stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let head = synced(&browser).await;
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories: ALLERGIES });
    let request = stack.sign(&browser, &patient, &call.to_body());
    assert_eq!(stack.refusal(&browser, &request).await, None);
    stack.kill_gatekeeper();
    stack.start_gatekeeper();
    // The former one still holds a connection to the process that is gone.
    let browser = stack.browser();
    assert_eq!(
        stack.refusal(&browser, &request).await.map(|refusal| refusal.code),
        Some(RefusalCode::Replayed)
    );

    // Of sixty-four equal requests at once exactly one is answered.
    let request = stack.sign(&browser, &patient, &call.to_body());
    let browser = std::sync::Arc::new(browser);
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (browser, request) = (browser.clone(), request.clone());
        all.spawn(async move { send(&browser, &request).await.unwrap().status });
    }
    let mut statuses = all.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 63, "{statuses:?}");
}

#[tokio::test]
async fn what_changes_in_an_existing_database_is_published_and_read() {
    let mut stack = Stack::start();
    stack.kill_gatekeeper();
    let hospital = rusqlite::Connection::open(stack.folder.join("hospital.sqlite")).unwrap();
    hospital.execute_batch(include_str!("../../../tests/data/hospital/hospital.sql")).unwrap();
    let mapping = include_str!("../../../tests/data/hospital/hospital.toml");
    std::fs::write(stack.folder.join("hospital.toml"), mapping).unwrap();
    stack.configure("anchor_seconds", "source = \"hospital.toml\"\nsource_seconds = 1\nanchor_seconds");
    // The first reading by hand, so that somebody can be invited; the next ones by themselves.
    let source = stack.folder.join("hospital.toml");
    let told = stack.command(&["import", "--source", source.to_str().unwrap()]);
    assert!(told.contains("\"patients\":3") && told.contains("\"refused\":[]"), "{told}");
    stack.start_gatekeeper();

    let browser = stack.browser();
    let patient = stack.redeem(&browser, &stack.invitation_of("2"), 1).await;
    let visits = Categories::NONE.with(Category::Visits);
    let reasons = |reading: &Reading| -> Vec<String> {
        let records = complete(reading, Category::Visits).records().iter();
        records
            .map(|record| record.verified().unwrap().resource()["reasonCode"][0]["text"].to_string())
            .collect()
    };
    let before = read(&stack, &browser, &patient, &patient, visits).await.unwrap();
    assert_eq!((before.anchor.revision, reasons(&before)), (1, vec!["\"Fracture\"".to_owned()]));
    hospital.execute("UPDATE encounter_info SET reason = 'Fracture, healed' WHERE id = 4", []).unwrap();
    let after = eventually("the second revision", async || {
        let reading = read(&stack, &browser, &patient, &patient, visits).await.ok()?;
        (reading.anchor.revision == 2).then_some(reading)
    });
    assert_eq!(reasons(&after.await), ["\"Fracture, healed\""]);
}
