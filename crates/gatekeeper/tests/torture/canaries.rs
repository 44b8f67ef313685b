//! Q14: what whoever ends TLS in front of a gatekeeper sees of the records: nothing.
//!
//! Between reader and gatekeeper stands a relay that keeps every byte of both directions. The patient's records hold
//! thousands of random words; none may be seen, as it is or in another dress (hex, base64, UTF-16).

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use client::{CategoryOutcome, ReadAsk};
use records::category::{Categories, Category};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stack::{Browser, Stack};
use crate::{Choices, Dose, Line};

/// The relay, and what it has seen.
pub(crate) struct Wire {
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Wire {
    /// Passes on whatever arrives at one port to another.
    pub(crate) async fn listen(origin: u16, target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", origin)).await.unwrap();
        let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, kept.clone()));
                tokio::spawn(pass(far_in, near_out, kept.clone()));
            }
        });
        Self { seen }
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
) {
    let mut stream = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        stream.extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
        // Kept at once: the reader may look before the connection ends.
        let mut seen = seen.lock().unwrap();
        seen.push(std::mem::take(&mut stream));
    }
}

pub(crate) async fn run(stack: &Stack, browser: &Browser, wire: &Wire, dose: Dose) -> Line {
    let mut choices = dose.choices();
    let canaries: Vec<String> = (0..dose.of(10_000)).map(|_| canary(&mut choices)).collect();
    let bundle = stack.folder.join("canaries.json");
    std::fs::write(&bundle, bundle_of(&canaries).to_string()).unwrap();
    stack.import(&bundle);
    let invitation = stack.invitation_of("canary");
    let key = stack.redeem(browser, &invitation, 0x51).await;
    let ask = ReadAsk {
        key: &key,
        patient: key.address(),
        steward: stack.steward,
        categories: Categories::NONE.with(Category::VitalSigns),
        via: None,
    };
    let reading = browser.read_records(ask, |_| {}).await.unwrap();
    let mut read = Vec::new();
    for category in &reading.categories {
        let CategoryOutcome::Complete(category) = &category.outcome else { panic!("{:?}", category.outcome) };
        for record in category.records() {
            read.extend_from_slice(record.verified().unwrap().record().canonical().as_bytes());
        }
    }
    let dresses = Dresses::of(&canaries);
    // The reader has them all: what is searched for can be found.
    assert_eq!(dresses.count(&read), canaries.len());
    let seen: Vec<u8> = wire.seen.lock().unwrap().concat();
    assert!(seen.len() > read.len(), "{} bytes passed the relay", seen.len());
    Line {
        figure: "Q14",
        broken: u64::try_from(dresses.count(&seen)).unwrap(),
        attempts: u64::try_from(canaries.len()).unwrap(),
        what: "canaries seen by a relay between reader and gatekeeper",
    }
}

/// A word that occurs nowhere else.
fn canary(choices: &mut Choices) -> String {
    format!("{:016x}{:08x}", choices.next(), choices.next() >> 32)
}

/// A patient whose vital signs hold ten words each.
fn bundle_of(canaries: &[String]) -> serde_json::Value {
    let observations = canaries.chunks(10).enumerate().map(|(number, words)| {
        json!({"resource": {
            "resourceType": "Observation", "id": format!("o{number}"), "status": "final",
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs",
            }]}],
            "code": {"text": "canary"}, "subject": {"reference": "Patient/canary"},
            "effectiveDateTime": "2026-01-01",
            "note": words.iter().map(|word| json!({"text": word})).collect::<Vec<_>>(),
        }})
    });
    let patient =
        json!({"resource": {"resourceType": "Patient", "id": "canary", "name": [{"text": "Canary"}]}});
    json!({
        "resourceType": "Bundle", "type": "collection",
        "entry": std::iter::once(patient).chain(observations).collect::<Vec<_>>(),
    })
}

/// How a word may look on its way.
type Dress = fn(&[u8]) -> Vec<u8>;

/// All canaries in every dress, by length.
struct Dresses(Vec<(usize, HashSet<Vec<u8>>)>);

impl Dresses {
    fn of(canaries: &[String]) -> Self {
        let dresses: [Dress; 7] = [
            <[u8]>::to_vec,
            |word| hex::encode(word).into_bytes(),
            |word| hex::encode_upper(word).into_bytes(),
            |word| word.iter().flat_map(|byte| [*byte, 0]).collect(),
            // The middle of base64 says the same wherever the word begins in what was encoded.
            |word| middle_of_base64(word, 0),
            |word| middle_of_base64(word, 1),
            |word| middle_of_base64(word, 2),
        ];
        let sets = dresses.map(|dress| {
            let words: HashSet<Vec<u8>> = canaries.iter().map(|word| dress(word.as_bytes())).collect();
            (words.iter().next().map_or(1, Vec::len), words)
        });
        Self(sets.into())
    }

    /// How many different canaries are in there, in whichever dress.
    fn count(&self, bytes: &[u8]) -> usize {
        let found = self.0.iter().map(|(length, words)| {
            bytes.windows(*length).filter(|window| words.contains(*window)).collect::<HashSet<_>>().len()
        });
        found.max().unwrap_or(0)
    }
}

fn middle_of_base64(word: &[u8], shift: usize) -> Vec<u8> {
    let encoded = STANDARD.encode([&vec![b' '; shift][..], word].concat());
    let encoded = encoded.trim_end_matches('=').as_bytes();
    encoded[4..encoded.len() - 1].to_vec()
}
