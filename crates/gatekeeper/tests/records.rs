//! Records over time: what there is, what changed, and what each change was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use std::collections::BTreeSet;

use alloy_primitives::B256;
use client::{CategoryOutcome, GatekeeperError, GrantOffer, Platform, Problem, ReadAsk};
use protocol::answer::{ListAnswer, RefusalCode, WriteAnswer};
use protocol::contribution::{Authorship, Contribution};
use protocol::keys::SigningKey;
use protocol::layout::Rights;
use protocol::request::Method;
use records::category::{Categories, Category};
use records::record_set::{CategoryHistory, RecordVerdict, verify_history, verify_list};
use serde_json::json;

use stack::{Stack, eventually, key, weight};

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

#[tokio::test]
async fn what_others_write_is_sealed_with_its_author_and_only_they_may_replace_it() {
    let stack = Stack::start();
    import(&stack, &[("a", "Asthma")]);
    let browser = stack.browser();
    let patient = stack.redeem(&browser, &stack.invitation_of("ada"), 1).await;
    let me = patient.address();
    let relationship = stack.relationship(me);
    let (vendor, reader) = (key(2), key(3));
    let write = |author: &SigningKey, name, category, kilograms: &[u32]| {
        let records = (1..)
            .zip(kilograms)
            .map(|(number, kilograms)| weight(&relationship, author, &format!("w{number}"), *kilograms));
        let at = browser.platform().now();
        let records: Vec<_> = records.collect();
        let contribution = Contribution::sign(author, &relationship, name, at, &records).unwrap();
        Method::WriteRecords { category, contribution }
    };
    let ask = async |author, method| match stack.ask(&browser, author, me, method).await {
        Ok(answer) => Ok(serde_json::from_slice::<WriteAnswer>(&answer).unwrap()),
        Err(error) => match *error.problem {
            Problem::Gatekeeper(GatekeeperError::Refused(refusal)) => Err(refusal.code),
            other => panic!("{other:?}"),
        },
    };

    // Nobody writes without the right to, and not into another category.
    let first = write(&vendor, "first", Category::VitalSigns, &[70, 71]);
    assert_eq!(ask(&vendor, first.clone()).await, Err(RefusalCode::NoGrant));
    let offer = |viewer: &SigningKey, rights| GrantOffer {
        steward: stack.steward,
        viewer: viewer.address(),
        categories: Categories::NONE.with(Category::VitalSigns),
        rights: Rights::from_bits(rights).unwrap(),
        from: 0,
        until: None,
    };
    browser.grant(&patient, offer(&vendor, 2), |_| {}).await.unwrap();
    browser.grant(&patient, offer(&reader, 1), |_| {}).await.unwrap();
    let elsewhere = write(&vendor, "first", Category::Results, &[70]);
    assert_eq!(ask(&vendor, elsewhere).await, Err(RefusalCode::Malformed));
    let of_reader = write(&reader, "first", Category::VitalSigns, &[70]);
    assert_eq!(ask(&reader, of_reader.clone()).await, Err(RefusalCode::RightNotGranted));
    // The reader's records, sent by the vendor.
    assert_eq!(ask(&vendor, of_reader).await, Err(RefusalCode::Malformed));
    let list = Method::ListRecords { categories: Categories::NONE.with(Category::VitalSigns) };
    let refused = stack.ask(&browser, &vendor, me, list).await.unwrap_err();
    assert!(refused.to_string().contains("right_not_granted"), "{refused}");

    let answer = |added, replaced, unchanged| Ok(WriteAnswer { added, replaced, unchanged });
    assert_eq!(ask(&vendor, first.clone()).await, answer(3, 0, 0));
    assert_eq!(ask(&vendor, first).await, answer(0, 0, 3));
    assert_eq!(ask(&vendor, write(&vendor, "second", Category::VitalSigns, &[72])).await, answer(1, 1, 0));
    // The patient's own, which is own data whatever it says.
    assert_eq!(
        ask(&patient, write(&patient, "own", Category::VitalSigns, &[73])).await,
        Err(RefusalCode::Malformed)
    );
    assert_eq!(ask(&patient, write(&patient, "own", Category::OwnData, &[73])).await, answer(2, 0, 0));

    // Whoever may read the category sees what was written, and by whom, without believing the steward.
    let reading = eventually("a set with all of it", async || {
        let categories = Categories::NONE.with(Category::VitalSigns);
        let ask = ReadAsk { key: &reader, patient: me, steward: stack.steward, categories, via: None };
        let reading = browser.read_records(ask, |_| {}).await.ok()?;
        // Ada herself, her asthma, two weights of which one twice, two statements, her own weight and its statement.
        (reading.anchor.count == 8).then_some(reading)
    });
    let reading = reading.await;
    let CategoryOutcome::Complete(verified) = &reading.categories[0].outcome else { panic!("{reading:?}") };
    let records: Vec<_> =
        verified.records().iter().map(|verdict| verdict.verified().unwrap().record()).collect();
    let statements: Vec<_> = records
        .iter()
        .filter(|record| record.resource_type() == "Provenance")
        .map(|record| Authorship::read(&relationship, record).unwrap())
        .collect();
    assert_eq!((records.len(), statements.len()), (4, 2));
    for record in records.iter().filter(|record| record.resource_type() != "Provenance") {
        let authors: Vec<_> =
            statements.iter().filter(|one| one.covers(record)).map(Authorship::author).collect();
        assert_eq!(authors, [vendor.address()], "{}", record.canonical());
    }
    let weights: BTreeSet<_> =
        records.iter().filter_map(|record| record.resource()["valueQuantity"]["value"].as_u64()).collect();
    assert_eq!(weights, [71, 72].into());
}

#[tokio::test]
async fn an_erasure_leaves_a_proof_of_itself_and_nothing_else() {
    let stack = Stack::start();
    import(&stack, &[("a", "Asthma"), ("b", "Hay fever")]);
    let browser = stack.browser();
    let patient = stack.redeem(&browser, &stack.invitation_of("ada"), 1).await;
    let me = patient.address();
    // The set is built and in use before.
    let read = Method::ReadRecords { categories: PROBLEMS };
    stack.ask(&browser, &patient, me, read).await.unwrap();
    let told = stack.command(&["erase", "--patient", "ada", "--record", "Condition/a"]);
    assert_eq!(told, r#"{"record":"Condition/a","versions":1}"#);
    let anchors = stack.published(&browser, me, 2).await;
    import(&stack, &[("a", "Asthma"), ("c", "Fracture")]);
    let anchors = [anchors, stack.published(&browser, me, 3).await.split_off(2)].concat();

    let roots = anchors.iter().map(|anchor| anchor.root).collect();
    let history = Method::ReadHistory { category: Category::Problems, roots };
    let answer = stack.ask(&browser, &patient, me, history).await.unwrap();
    assert!(!String::from_utf8(answer.clone()).unwrap().contains("Asthma"));
    let history: CategoryHistory = serde_json::from_slice(&answer).unwrap();
    let verified = verify_history(&anchors, Category::Problems, &history).unwrap();
    let told: BTreeSet<_> = verified
        .versions()
        .iter()
        .map(|version| {
            let name = match &version.verdict {
                RecordVerdict::Erased { name, .. } => format!("erased {name}"),
                verdict => match verdict.verified().unwrap().record() {
                    note if note.resource_type() == "Provenance" => {
                        assert_eq!(note.resource()["activity"]["coding"][0]["code"], "DELETE");
                        format!("note of {}", note.resource()["target"][0]["reference"])
                    }
                    record => record.name(),
                },
            };
            (name, version.since, version.until)
        })
        .collect();
    let expected = [
        ("erased Condition/a", 1, Some(2)),
        ("Condition/b", 1, None),
        ("note of \"Condition/a\"", 2, None),
        ("Condition/c", 3, None),
    ];
    assert_eq!(told, expected.map(|(name, since, until)| (name.to_owned(), since, until)).into());
}
