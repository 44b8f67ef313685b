//! Q5: what a steward leaves out of an answer it seals and signs itself, the reader notices.

use client::GrantOffer;
use protocol::access_log::{AccessesAnswer, verify_newest_page};
use protocol::answer::RecordsAnswer;
use protocol::envelope::open;
use protocol::keys::SigningKey;
use protocol::layout::{RelationshipQuery, Rights, ViewersQuery};
use protocol::relationship::RelationshipId;
use protocol::request::Method;
use records::category::Categories;
use records::record_set::{CategoryAnswer, verify_category};

use crate::stack::{Browser, Stack, eventually, key, send, synced};
use crate::{ALLERGIES, Choices, Dose, Line};

pub(crate) async fn run(stack: &Stack, browser: &Browser, patient: &SigningKey, dose: Dose) -> [Line; 3] {
    let mut choices = dose.choices();
    let query = RelationshipQuery { patient: patient.address(), steward: stack.steward };

    let content = sealed(stack, browser, patient, Method::ReadRecords { categories: Categories::ALL }).await;
    let answer: RecordsAnswer = serde_json::from_slice(&content).unwrap();
    let anchor = browser.relationship(&synced(browser).await, query).await.unwrap().record_set.unwrap();
    let full: Vec<&CategoryAnswer> =
        answer.categories.iter().filter(|category| !category.records.is_empty()).collect();
    assert!(full.iter().all(|category| verify_category(&anchor, category.category, category).is_ok()));
    let mut records =
        Line { figure: "Q5", broken: 0, attempts: dose.of(1_000), what: "omitted records overlooked" };
    for _ in 0..records.attempts {
        let truth = full[choices.below(full.len())];
        let lie = without_a_record(truth, &mut choices);
        let is_overlooked = verify_category(&anchor, truth.category, &lie)
            .is_ok_and(|category| category.records().iter().all(|record| record.verified().is_some()));
        records.broken += u64::from(is_overlooked);
    }

    let lists = list_entries(stack, browser, patient, dose).await;

    for _ in 0..20 {
        sealed(stack, browser, patient, Method::ReadRecords { categories: ALLERGIES }).await;
    }
    let log = eventually("an anchor of twenty accesses", async || {
        let log = browser.relationship(&synced(browser).await, query).await.unwrap().access_log;
        (log.point.count >= 21).then_some(log)
    });
    let anchored = log.await;
    let content = sealed(stack, browser, patient, Method::ListAccesses { before: None }).await;
    let answer: AccessesAnswer = serde_json::from_slice(&content).unwrap();
    assert!(verify_newest_page(anchored, answer.clone()).is_ok());
    let mut entries = Line {
        figure: "Q5",
        broken: 0,
        attempts: dose.of(1_000),
        what: "omitted access-log entries overlooked",
    };
    for _ in 0..entries.attempts {
        let mut lie = answer.clone();
        lie.entries.remove(choices.below(usize::try_from(anchored.point.count).unwrap()));
        // A steward that leaves one out also renumbers the rest.
        let last = u64::try_from(lie.entries.len()).unwrap();
        lie.anchors.retain(|anchor| *anchor <= last);
        entries.broken += u64::from(verify_newest_page(anchored, lie).is_ok());
    }
    [records, lists, entries]
}

/// Viewers that somebody between the chain and the reader leaves out, or puts another one in for.
async fn list_entries(stack: &Stack, browser: &Browser, patient: &SigningKey, dose: Dose) -> Line {
    let steward = stack.steward;
    for secret in 0x71..0x73 {
        let viewer = key(secret).address();
        let offer =
            GrantOffer { steward, viewer, categories: ALLERGIES, rights: Rights::READ, from: 0, until: None };
        browser.grant(patient, offer, |_| {}).await.unwrap();
    }
    let head = synced(browser).await;
    let query = RelationshipQuery { patient: patient.address(), steward };
    let count = browser.relationship(&head, query).await.unwrap().viewer_count;
    let contract = stack.network.relationships.address;
    let viewers = ViewersQuery { patient: patient.address(), steward };
    let proven = browser.storage(&head, contract, &viewers.slots(0..count)).await.unwrap().slots;
    assert_eq!(viewers.decode(contract, 0..count, &proven).unwrap().len(), 2);
    let mut choices = dose.choices();
    let mut line =
        Line { figure: "Q5", broken: 0, attempts: dose.of(1_000), what: "omitted list entries overlooked" };
    for _ in 0..line.attempts {
        let mut lie = proven.clone();
        let place = choices.below(lie.len());
        if choices.below(2) == 0 {
            lie.remove(place);
        } else {
            lie[place] = lie[(place + 1) % lie.len()].clone();
        }
        line.broken += u64::from(viewers.decode(contract, 0..count, &lie).is_ok());
    }
    line
}

/// The answer less one record: gone with its count, gone alone, or only its content withheld.
fn without_a_record(truth: &CategoryAnswer, choices: &mut Choices) -> CategoryAnswer {
    let mut lie = truth.clone();
    let place = choices.below(lie.records.len());
    match choices.below(3) {
        0 => {
            lie.records.remove(place);
            lie.count -= 1;
        }
        1 => drop(lie.records.remove(place)),
        _ => (lie.records[place].salt, lie.records[place].content) = (None, None),
    }
    lie
}

/// What the gatekeeper sealed for a fresh call.
pub(crate) async fn sealed(stack: &Stack, browser: &Browser, key: &SigningKey, method: Method) -> Vec<u8> {
    let (call, reply) = stack.call(&synced(browser).await, key.address(), method);
    let request = stack.sign(browser, key, &call.to_body());
    let answer = send(browser, &request).await.unwrap();
    assert_eq!(stack.refusal_in(&request, &answer), None);
    let context = RelationshipId {
        chain_id: call.network,
        contract: call.contract,
        patient: call.patient,
        steward: call.steward,
    };
    open(&reply, &context, &request.signature, &answer.body).unwrap().to_vec()
}
