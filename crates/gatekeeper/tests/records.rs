//! Records over time: what there is, what changed, and what each change was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use alloy_primitives::B256;
use client::{GatekeeperError, Problem};
use protocol::answer::{ListAnswer, RefusalCode};
use protocol::request::Method;
use records::category::{Categories, Category};
use records::record_set::{CategoryHistory, verify_history, verify_list};
use serde_json::json;

use stack::{Stack, key};

const PROBLEMS: Categories = Categories::NONE.with(Category::Problems);

/// A person with the given conditions, each a name and a text.
fn import(stack: &Stack, conditions: &[(&str, &str)]) {
    let mut entries = vec![json!({ "resource": { "resourceType": "Patient", "id": "ada" } })];
    entries.extend(conditions.iter().map(|(id, text)| {
        json!({ "resource": {
            "resourceType": "Condition", "id": id, "onsetDateTime": "2020-01-01", "code": { "text": text },
        } })
    }));
    let path = stack.folder.join("bundle.json");
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    std::fs::write(&path, bundle.to_string()).unwrap();
    stack.import(&path);
}

#[tokio::test]
async fn every_version_of_a_record_is_told_and_proven() {
    let mut stack = Stack::start();
    import(&stack, &[("a", "Asthma"), ("b", "Hay fever")]);
    let browser = stack.browser();
    let patient = stack.redeem(&browser, &stack.invitation_of("ada"), 1).await;
    let me = patient.address();
    import(&stack, &[("a", "Asthma, mild"), ("c", "Fracture")]);
    stack.published(&browser, me, 2).await;
    import(&stack, &[("a", "Asthma, severe")]);
    let anchors = stack.published(&browser, me, 3).await;
    // Nothing of it is held in memory alone.
    stack.kill_gatekeeper();
    stack.start_gatekeeper();
    let browser = stack.browser();

    let list = Method::ListRecords { categories: PROBLEMS };
    let answer: ListAnswer =
        serde_json::from_slice(&stack.ask(&browser, &patient, me, list.clone()).await.unwrap()).unwrap();
    let listed = verify_list(&anchors[2], Category::Problems, &answer.categories[0]).unwrap();
    let mut names: Vec<_> = listed.into_iter().map(|record| record.known.unwrap().0).collect();
    names.sort();
    assert_eq!(names, ["Condition/a", "Condition/b", "Condition/c"]);

    let history = |roots: Vec<B256>| Method::ReadHistory { category: Category::Problems, roots };
    let roots: Vec<B256> = anchors.iter().map(|anchor| anchor.root).collect();
    for from in 0..3 {
        let answer = stack.ask(&browser, &patient, me, history(roots[from..].to_vec())).await.unwrap();
        let answer: CategoryHistory = serde_json::from_slice(&answer).unwrap();
        let verified = verify_history(&anchors[from..], Category::Problems, &answer).unwrap();
        let versions: Vec<_> = verified
            .versions()
            .iter()
            .filter_map(|version| {
                let record = version.verdict.verified().unwrap();
                let text = record.resource()["code"]["text"].as_str().unwrap();
                (record.record().id() == "a").then_some((text, version.since, version.until))
            })
            .collect();
        let all = [("Asthma", 1, Some(2)), ("Asthma, mild", 2, Some(3)), ("Asthma, severe", 3, None)];
        assert_eq!(versions, all[from..]);
    }

    let stranger = key(2);
    let refusal = async |reader, method| {
        let error = stack.ask(&browser, reader, me, method).await.unwrap_err();
        let Problem::Gatekeeper(GatekeeperError::Refused(refusal)) = *error.problem else {
            panic!("{error}")
        };
        refusal.code
    };
    assert_eq!(refusal(&patient, history(vec![B256::ZERO])).await, RefusalCode::Unavailable);
    assert_eq!(refusal(&patient, history(vec![])).await, RefusalCode::Malformed);
    assert_eq!(refusal(&patient, history(vec![roots[0]; 65])).await, RefusalCode::Malformed);
    assert_eq!(refusal(&stranger, history(roots)).await, RefusalCode::NoGrant);
    assert_eq!(refusal(&stranger, list).await, RefusalCode::NoGrant);
}
