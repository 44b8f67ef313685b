//! `medrec chain check`: verifies a recorded chain, as any engine may have made it, and all that was asked about it.
//!
//! A recording is a folder of JSON files (`recording`): headers with what another implementation found out about
//! them, answers to `eth_getProof`, receipts, the same block as several nodes serve it, and answers made to be
//! refused. The rules come from the genesis file (`genesis`), never from the names of things. Everything is verified
//! by the light client that runs in the browser, and compared with what is recorded.
//!
//! A chain with a header that must be refused does not hold: the headers before it are counted, it and those after it
//! are failures.
//!
//! **Not checked**: that the state of the genesis block is that of `alloc`; `calls.json` and `contract.json`.

use std::path::Path;

use self::chain::Chain;
use self::mutate::Targets;
use self::recording::Recording;
pub(crate) use self::recording::RecordingError;
use self::report::Report;

mod bodies;
mod chain;
mod compare;
mod genesis;
mod json;
mod mutate;
mod proofs;
mod recording;
mod report;
mod variants;

/// How many bytes to change, and the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mutations {
    pub(crate) count: u64,
    pub(crate) seed: u64,
}

/// What a check found: one line, and one more for each failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) line: String,
    pub(crate) failures: Vec<String>,
}

/// Checks the recording in a folder, or how many mutations of it are accepted.
pub(crate) fn check(folder: &Path, mutations: Option<Mutations>) -> Result<Findings, RecordingError> {
    let recording = Recording::read(folder)?;
    let mut report = Report::default();
    let chain = Chain::verify(&recording, &mut report);
    let proofs = proofs::verify(&chain, &mut report);
    let receipts = bodies::verify(&chain, &mut report);
    if let Some(Mutations { count, seed }) = mutations {
        // What does not hold as it is cannot be mutated: without any target nothing would be shown.
        if chain.verified().next().is_none() {
            return Ok(Findings {
                line: format!("accepted 0 of 0, expected {count}"),
                failures: report.failures,
            });
        }
        let failures = Targets::new(&chain, &proofs, &receipts).mutate(count, seed);
        return Ok(Findings { line: format!("accepted {} of {count}", failures.len()), failures });
    }
    variants::verify_variants(&chain, &mut report);
    variants::verify_negatives(&chain, &mut report);
    Ok(Findings { line: report.to_string(), failures: report.failures })
}
