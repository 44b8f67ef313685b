//! Q6: a signed request is good once, however often, however many at a time, and over the death of the gatekeeper.

use std::sync::Arc;

use protocol::answer::RefusalCode;
use protocol::keys::SigningKey;
use protocol::request::Method;
use tokio::task::JoinSet;

use crate::stack::{Browser, Request, Stack, send, synced};
use crate::{ALLERGIES, Choices, Dose, Line};

/// A request, and how often it was taken.
struct Sent {
    request: Request,
    taken: u64,
}

pub(crate) async fn run(stack: &mut Stack, browser: &Arc<Browser>, patient: &SigningKey, dose: Dose) -> Line {
    let mut choices = dose.choices();
    let full = dose.of(1_000_000);
    let mut line = Line { figure: "Q6", broken: 0, attempts: 0, what: "accepted twice" };
    while line.attempts < full {
        let mut sent = requests(stack, browser, patient, &mut choices).await;
        let fatal = choices.below(REQUESTS);
        for first in (0..REQUESTS).step_by(TOGETHER) {
            let answers = replay(browser, &sent, first, COPIES);
            if (first..first + TOGETHER).contains(&fatal) {
                stack.kill_gatekeeper();
                stack.start_gatekeeper();
            }
            line.attempts += count(stack, answers, &mut sent).await;
        }
        for first in (0..REQUESTS).step_by(TOGETHER) {
            line.attempts += count(stack, replay(browser, &sent, first, 1), &mut sent).await;
        }
        assert!(sent.iter().any(|sent| sent.taken > 0), "no request was taken at all");
        line.broken += sent.iter().map(|sent| sent.taken.saturating_sub(1)).sum::<u64>();
        line.attempts -= sent.iter().filter(|sent| sent.taken > 0).count() as u64;
    }
    line
}

/// Fresh requests: the patient's are answered; a stranger's are taken, too, and then refused.
async fn requests(
    stack: &Stack,
    browser: &Browser,
    patient: &SigningKey,
    choices: &mut Choices,
) -> Vec<Sent> {
    let head = synced(browser).await;
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories: ALLERGIES });
    let body = call.to_body();
    (0..REQUESTS)
        .map(|number| {
            let stranger = SigningKey::from_bytes(&std::array::from_fn(|_| choices.byte() | 1)).unwrap();
            let key = if number == 0 { patient } else { &stranger };
            Sent { request: stack.sign(browser, key, &body), taken: 0 }
        })
        .collect()
}

type Answers = JoinSet<(usize, Option<client::HttpAnswer>)>;

/// Sends some requests, each so many times, all at once.
fn replay(browser: &Arc<Browser>, sent: &[Sent], first: usize, copies: usize) -> Answers {
    let mut answers = JoinSet::new();
    for (index, sent) in sent.iter().enumerate().skip(first).take(TOGETHER) {
        for _ in 0..copies {
            let (browser, request) = (browser.clone(), sent.request.clone());
            answers.spawn(async move { (index, send(&browser, &request).await.ok()) });
        }
    }
    answers
}

/// How many were answered; what was cut off by the gatekeeper's death is not.
async fn count(stack: &Stack, mut answers: Answers, sent: &mut [Sent]) -> u64 {
    let mut answered = 0;
    while let Some(answer) = answers.join_next().await {
        let (index, Some(answer)) = answer.unwrap() else { continue };
        answered += 1;
        let refusal = stack.refusal_in(&sent[index].request, &answer).map(|refusal| refusal.code);
        sent[index].taken += u64::from(refusal != Some(RefusalCode::Replayed));
    }
    answered
}

/// Requests between two deaths.
const REQUESTS: usize = 32;
/// Copies of one request at once.
const COPIES: usize = 64;
/// Requests that are replayed at once.
const TOGETHER: usize = 2;
