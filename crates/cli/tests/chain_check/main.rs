//! Tests of `medrec chain check`: the built program on chains of many engines, whole and damaged.
//!
//! The chains in the project are trimmed; they are put together again as folders in the format of a recording. Whole
//! recordings are read from a folder beside the project; a test that finds it missing says so in its output.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use serde_json::{Value, json};

use crate::folder::{Folder, PROJECT_CLIQUE, PROJECT_CLIQUE_BAD, PROJECT_QBFT, shared};

mod damaged;
mod folder;
mod sealed;

const QBFT: &str = "headers 206 of 206, proofs 55 of 55, receipts 37 of 37, logs 133 of 133, \
                    variants 0 of 0, negatives 14 of 14\n";
const CLIQUE: &str = "headers 206 of 206, proofs 0 of 0, receipts 77 of 77, logs 646 of 646, \
                      variants 0 of 0, negatives 0 of 0\n";

#[test]
fn the_chains_in_the_project_hold() {
    Folder::of_project(PROJECT_QBFT).assert_holds(QBFT);
    Folder::of_project(PROJECT_CLIQUE).assert_holds(CLIQUE);
}

#[test]
fn the_chain_whose_checkpoint_names_no_signers_holds_up_to_it() {
    let folder = Folder::of_project(PROJECT_CLIQUE_BAD);
    let failures = folder.assert_fails(
        "headers 30 of 31, proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, negatives 0 of 0\n",
    );
    assert_eq!(failures.len(), 1);
    assert!(failures[0].starts_with("header 30: expected a valid header, found: "), "{}", failures[0]);
    assert!(failures[0].ends_with("no validators"), "{}", failures[0]);
}

#[test]
fn the_whole_recordings_hold() {
    for (name, line) in [
        (
            "ethereumjs-clique",
            "headers 206 of 206, proofs 55 of 55, receipts 77 of 77, logs 646 of 646, variants 0 of 0, \
             negatives 0 of 0\n",
        ),
        (
            "goquorum-qbft",
            "headers 206 of 206, proofs 55 of 55, receipts 37 of 37, logs 133 of 133, variants 505 of 505, \
             negatives 14 of 14\n",
        ),
        (
            "goquorum-qbft-contract",
            "headers 66 of 66, proofs 10 of 10, receipts 2 of 2, logs 2 of 2, variants 0 of 0, \
             negatives 0 of 0\n",
        ),
    ] {
        let Some(path) = shared(&format!("recorded/{name}")) else { continue };
        Folder::at(path).assert_holds(line);
    }
}

#[test]
fn the_whole_recording_with_bad_checkpoints_is_refused_from_the_first_on() {
    let Some(path) = shared("recorded/ethereumjs-clique-bad-checkpoints") else { return };
    let failures = Folder::at(path).assert_fails(
        "headers 30 of 62, proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, negatives 0 of 0\n",
    );
    assert_eq!(failures.len(), 32);
    assert!(failures[0].starts_with("header 30: "), "{}", failures[0]);
    assert_eq!(failures[31], "header 61: expected a verified header before it, found none");
}

#[test]
fn no_mutation_is_accepted() {
    let mut folders: Vec<Folder> =
        [PROJECT_QBFT, PROJECT_CLIQUE, PROJECT_CLIQUE_BAD].map(Folder::of_project).into();
    for name in
        ["ethereumjs-clique", "ethereumjs-clique-bad-checkpoints", "goquorum-qbft", "goquorum-qbft-contract"]
    {
        folders.extend(shared(&format!("recorded/{name}")).map(Folder::at));
    }
    for folder in folders {
        let (code, line, said) = folder.check(&["--mutate", "2000", "--seed", "3"]);
        assert_eq!((code, line.as_str(), said.as_str()), (0, "accepted 0 of 2000\n", ""));
    }
}

/// One hundred headers of legacy Istanbul IBFT, and four of Clique with one signer, as Besu keeps them for its tests.
#[test]
fn headers_that_besu_keeps_hold() {
    for (name, engine, headers) in
        [("ibft-legacy-100.json", "legacy Istanbul IBFT", 101), ("clique-london-4.json", "Clique", 5)]
    {
        let Some(path) = shared(&format!("thirdparty/besu/{name}")) else { continue };
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut recorded = file["blocks"].clone();
        for header in recorded.as_array_mut().unwrap() {
            // Of a block without transactions, these are counts.
            header.as_object_mut().unwrap().remove("transactions");
        }
        let folder = Folder::new();
        folder.write("headers.json", &json!({ "engine": engine, "headers": recorded }));
        folder.write("genesis.json", &file["genesis"]);
        let count = recorded.as_array().unwrap().len();
        assert!(count >= headers, "{name}: {count}");
        folder.assert_holds(&format!(
            "headers {count} of {count}, proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, \
             negatives 0 of 0\n"
        ));
        folder.assert_refuses_mutations();
    }
}
