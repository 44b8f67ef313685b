//! Q7: a signed request or answer in which one byte is another one is refused, and breaks nothing.
//!
//! Only what is signed is changed: the body, the four fields, the status of an answer. How HTTP itself spells a message
//! is not the protocol's.

use std::sync::Arc;

use client::{HttpAnswer, Platform};
use protocol::answer::AnswerContent;
use protocol::keys::SigningKey;
use protocol::request::Method;
use tokio::task::JoinSet;

use crate::stack::{Browser, Request, Stack, send, synced};
use crate::{ALLERGIES, Choices, Dose, Line};

pub(crate) async fn run(
    stack: &Stack,
    browser: &Arc<Browser>,
    patient: &SigningKey,
    dose: Dose,
) -> [Line; 2] {
    let mut choices = dose.choices();
    let [mut requests, mut answers] = ["changed requests accepted, or a fault", "changed answers accepted"]
        .map(|what| Line { figure: "Q7", broken: 0, attempts: dose.of(500_000), what });
    let (request, sealed) =
        exchange(stack, browser, patient, Method::ReadRecords { categories: ALLERGIES }).await;
    let (refused, refusal) =
        exchange(stack, browser, patient, Method::ListAccesses { before: Some(1) }).await;
    assert_eq!(stack.verify(&request, &sealed).unwrap().content, AnswerContent::Sealed);
    assert!(matches!(stack.verify(&refused, &refusal).unwrap().content, AnswerContent::Refusal(_)));
    for number in 0..answers.attempts {
        let (request, truth) = if number % 2 == 0 { (&request, &sealed) } else { (&refused, &refusal) };
        let lie = changed_answer(truth, &mut choices);
        answers.broken += u64::from(stack.verify(request, &lie).is_ok());
    }

    let mut left = requests.attempts;
    while left > 0 {
        // Signed anew before it expires.
        let (call, _) = stack.call(
            &synced(browser).await,
            patient.address(),
            Method::ReadRecords { categories: ALLERGIES },
        );
        let truth = stack.sign(browser, patient, &call.to_body());
        let until = browser.platform().now() + 20;
        while left > 0 && browser.platform().now() < until {
            let batch = left.min(64);
            left -= batch;
            let mut all = JoinSet::new();
            for _ in 0..batch {
                let lie = changed_request(&truth, &mut choices);
                let browser = browser.clone();
                all.spawn(async move { send(&browser, &lie).await.map(|answer| answer.status) });
            }
            while let Some(status) = all.join_next().await {
                requests.broken += u64::from(!matches!(status.unwrap(), Ok(400..=499)));
            }
        }
    }
    [requests, answers]
}

async fn exchange(
    stack: &Stack,
    browser: &Browser,
    patient: &SigningKey,
    method: Method,
) -> (Request, HttpAnswer) {
    let (call, _) = stack.call(&synced(browser).await, patient.address(), method);
    let request = stack.sign(browser, patient, &call.to_body());
    let answer = send(browser, &request).await.unwrap();
    (request, answer)
}

fn changed_request(truth: &Request, choices: &mut Choices) -> Request {
    let mut lie = truth.clone();
    match choices.below(5) {
        field @ 0..4 => change_text(&mut lie.headers[field].1, choices),
        _ => change_byte(&mut lie.body, choices),
    }
    lie
}

fn changed_answer(truth: &HttpAnswer, choices: &mut Choices) -> HttpAnswer {
    let mut lie = truth.clone();
    let signed = ["content-type", "content-digest", "signature-input", "signature"];
    match choices.below(6) {
        field @ 0..4 => {
            let name = signed[field];
            let value = lie.headers.iter_mut().find(|(found, _)| found == name).unwrap();
            change_text(&mut value.1, choices);
        }
        4 => change_byte(&mut lie.body, choices),
        _ => {
            lie.status = [200, 201, 204, 400, 401, 403, 404, 409, 500, 503]
                .into_iter()
                .filter(|status| *status != truth.status)
                .nth(choices.below(9))
                .unwrap()
        }
    }
    lie
}

/// Another visible character, which a header field may hold.
fn change_text(text: &mut String, choices: &mut Choices) {
    let mut bytes = std::mem::take(text).into_bytes();
    let place = choices.below(bytes.len());
    let former = bytes[place];
    while bytes[place] == former {
        bytes[place] = b'!' + u8::try_from(choices.below(94)).unwrap();
    }
    *text = String::from_utf8(bytes).unwrap();
}

fn change_byte(bytes: &mut [u8], choices: &mut Choices) {
    let place = choices.below(bytes.len());
    bytes[place] ^= 1 << choices.below(8);
}
