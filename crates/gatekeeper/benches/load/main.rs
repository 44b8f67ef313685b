//! What a gatekeeper bears: `cargo xtask bench gatekeeper`. Figures F11 to F13.
//!
//! A chain, a gatekeeper and sixty-four readers, all real, on this machine. Load is open: each request has its moment, fixed
//! beforehand, and its latency counts from that moment, however late it could be sent. Prints what was measured as JSON;
//! decides nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that cannot measure ends")]

mod hostile;
mod plain;
mod schedule;
#[path = "../../tests/stack/mod.rs"]
mod stack;

use std::sync::Arc;
use std::time::Duration;

use client::Message;
use protocol::contracts;
use protocol::keys::SigningKey;
use protocol::layout::{GrantQuery, RelationshipQuery, Rights};
use protocol::request::Method;
use records::category::{Categories, Category};
use serde_json::{Value, json};

use self::schedule::{Load, Offer};
use self::stack::{Browser, Request, Stack, eventually, key, synced};

fn main() {
    // `cargo test --benches` only wants to know whether this builds.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{}", runtime.block_on(measure()));
}

async fn measure() -> Value {
    let mut stack = Stack::start();
    // The tests' haste with anchors aside, this is how a gatekeeper comes.
    stack.kill_gatekeeper();
    stack.configure("anchor_seconds = 1", "");
    stack.start_gatekeeper();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let readers: Vec<SigningKey> = (0..READERS).map(|number| key(number + 2)).collect();
    let_read(&stack, &browser, &patient, &readers).await;
    let world = World { stack, browser, patient, readers };

    let relationship = RelationshipQuery { patient: world.patient.address(), steward: world.stack.steward };
    let state = world.browser.relationship(&synced(&world.browser).await, relationship).await.unwrap();
    let plain = plain::serve(&world.stack, relationship.patient, state.record_set.unwrap().root).await;
    let plain_rate = most(async |rate| plain::load(&plain, rate, SECONDS).await).await;
    let signed_rate = most(async |rate| world.load(rate, SECONDS).await).await;
    let offered = signed_rate.offer.rate * 5.0;
    let over = world.load(offered, SECONDS).await;
    let hostile = hostile::run(&world.stack).await;
    json!({
        "readsPerSecond": signed_rate.offer.rate,
        "p50Millis": signed_rate.percentile(0.50),
        "p99Millis": signed_rate.percentile(0.99),
        "generatorShare": signed_rate.generator_share(),
        "plainPerSecond": plain_rate.offer.rate,
        "overload": {
            "offered": offered,
            "answeredPerSecond": over.answered_within(Duration::from_secs(1)) / SECONDS,
            "generatorShare": over.generator_share(),
        },
        "hostile": { "clients": hostile.clients, "refusedBodies": hostile.refused_bodies, "peakMiB": hostile.peak_mib },
    })
}

/// Everybody and everything that takes part.
struct World {
    stack: Stack,
    browser: Browser,
    patient: SigningKey,
    readers: Vec<SigningKey>,
}

impl World {
    /// Reads at a rate; every answer's signature is checked afterwards.
    async fn load(&self, rate: f64, seconds: f64) -> Load {
        let offer = Offer { rate, seconds };
        let head = synced(&self.browser).await;
        let (call, _) = self.stack.call(
            &head,
            self.patient.address(),
            Method::ReadRecords { categories: Categories::NONE.with(Category::Allergies) },
        );
        let body = call.to_body();
        let requests: Arc<Vec<Request>> = Arc::new(
            (0..offer.count())
                .map(|number| {
                    self.stack.sign(&self.browser, &self.readers[number % self.readers.len()], &body)
                })
                .collect(),
        );
        let bytes = requests.iter().map(|request| schedule::http(&self.stack.listen, request)).collect();
        let load = schedule::run(&self.stack.listen, bytes, offer).await;
        let wrong = load.answers.iter().filter(|answer| {
            let good = answer.http.as_ref().filter(|http| http.status == 200);
            good.is_some_and(|http| self.stack.verify(&requests[answer.number], http).is_err())
        });
        assert_eq!(wrong.count(), 0, "answers that the gatekeeper did not sign");
        load
    }
}

/// The largest rate at which nearly everybody is answered in time: doubled until it is too much, then halved in between.
async fn most(mut at: impl AsyncFnMut(f64) -> Load) -> Load {
    let (mut good, mut bad) = (at(50.0).await, None);
    loop {
        let rate = good.offer.rate;
        let next = bad.map_or(rate * 2.0, |bad: f64| f64::midpoint(rate, bad));
        if bad.is_some_and(|bad| bad / rate < 1.06) {
            return good;
        }
        let load = at(next).await;
        eprintln!(
            "{next:.0} per second: p99 {:.0} ms, {:.1} % answered",
            load.percentile(0.99),
            load.answered_within(LIMIT * 20) * 100.0 / load.count()
        );
        let is_good = load.percentile(0.99) <= LIMIT.as_secs_f64() * 1000.0;
        if is_good { good = load } else { bad = Some(next) }
    }
}

/// Grants every reader one category, as many in a block as a node takes of one sender.
async fn let_read(stack: &Stack, browser: &Browser, patient: &SigningKey, readers: &[SigningKey]) {
    let contract = stack.network.relationships.address;
    let categories = Categories::NONE.with(Category::Allergies);
    for some in readers.chunks(16) {
        let messages: Vec<Message> = some
            .iter()
            .map(|reader| {
                let viewer = reader.address();
                let call = contracts::grant(stack.steward, viewer, categories, Rights::READ, 0, None);
                Message::call(contract, call)
            })
            .collect();
        browser.submit(&synced(browser).await, patient, &messages).await.unwrap();
        let query = GrantQuery {
            patient: patient.address(),
            steward: stack.steward,
            viewer: some[some.len() - 1].address(),
        };
        eventually("the last grant", async || {
            let head = synced(browser).await;
            browser.relationship_and_grant(&head, query, None).await.unwrap().1
        })
        .await;
    }
}

/// A key may have 512 live requests, and a request lives for a minute and a half.
const READERS: u8 = 200;
const SECONDS: f64 = 4.0;
/// What 99 of 100 have to be answered within.
const LIMIT: Duration = Duration::from_millis(50);
