//! Q9: what a gatekeeper has answered survives its death: the entry in the access log, and the nonce.

use std::sync::Arc;
use std::time::Duration;

use protocol::answer::RefusalCode;
use protocol::keys::SigningKey;
use protocol::request::Method;
use records::record::record_digest;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::stack::{Browser, Request, Stack, send, synced};
use crate::{ALLERGIES, Dose, Line};

pub(crate) async fn run(stack: &mut Stack, browser: &Arc<Browser>, dose: Dose) -> Line {
    // A key may have 512 live requests: not enough for two hundred kills within a minute.
    let mut patients: Vec<SigningKey> = Vec::new();
    for secret in 0x61..0x64 {
        patients.push(stack.patient(browser, secret).await);
    }
    let mut choices = dose.choices();
    let mut line =
        Line { figure: "Q9", broken: 0, attempts: dose.of(200), what: "kills lost an answered call" };
    let mut calls_answered = 0;
    for (_, patient) in (0..line.attempts).zip(patients.iter().cycle()) {
        let head = synced(browser).await;
        let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories: ALLERGIES });
        let mut calls = JoinSet::new();
        for _ in 0..CALLS {
            let (browser, request) = (browser.clone(), stack.sign(browser, patient, &call.to_body()));
            calls.spawn(async move {
                let answer = send(&browser, &request).await.ok();
                (request, answer)
            });
        }
        // After some answers, while the others are being written.
        let fatal = 1 + choices.below(CALLS - 1);
        let mut answered: Vec<Request> = Vec::new();
        for number in 1..=CALLS {
            let (request, answer) = calls.join_next().await.unwrap().unwrap();
            answered.extend(
                answer.filter(|answer| stack.refusal_in(&request, answer).is_none()).map(|_| request),
            );
            if number == fatal {
                tokio::time::sleep(Duration::from_micros(choices.next() % 2_000)).await;
                stack.kill_gatekeeper();
            }
        }
        stack.start_gatekeeper();
        let log = browser.read_accesses(patient, stack.steward).await.unwrap();
        let mut is_lost = false;
        for request in answered {
            let is_logged =
                log.entries().any(|entry| id(&entry.raw).as_deref() == Some(&expected_id(&request)));
            let again = stack.refusal(browser, &request).await.map(|refusal| refusal.code);
            is_lost |= !is_logged || again != Some(RefusalCode::Replayed);
            calls_answered += 1;
        }
        line.broken += u64::from(is_lost);
    }
    assert!(calls_answered > 0, "no call was answered before its gatekeeper was killed");
    line
}

fn id(entry: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(entry).ok()?;
    Some(entry["id"].as_str()?.to_owned())
}

fn expected_id(request: &Request) -> String {
    alloy_primitives::hex::encode(&record_digest(&request.signature)[..16])
}

/// Calls at once.
const CALLS: usize = 5;
