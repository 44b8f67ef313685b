//! Recordings with one thing wrong: each is found, named, and fails the check.

use serde_json::{Value, json};

use crate::folder::{Folder, PROJECT_CLIQUE, PROJECT_QBFT, shared};

/// The one failure that a damage makes, and the part of the line that it changes.
fn assert_one_failure(damaged: &Folder, changed: &str, failure: &str) {
    let (code, line, said) = damaged.check(&[]);
    assert_eq!(code, 1, "{line}{said}");
    assert!(line.contains(changed), "{line}");
    assert!(said.starts_with(failure), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

fn qbft(file: &str, edit: impl FnOnce(&mut Value)) -> Folder {
    let folder = Folder::of_project(PROJECT_QBFT);
    folder.edit(file, edit);
    folder
}

#[test]
fn what_is_recorded_of_a_header_must_be_found_in_it() {
    let other = "0x1a1eabcbb639ee03568700c63de455d4da51cc2f";
    for (member, value, failure) in [
        ("hash", json!(format!("0x{}", "11".repeat(32))), "header 40: hash: expected 0x1111"),
        ("round", json!(7), "header 40: round: expected 7, found 0"),
        ("proposer", json!(other), "header 40: proposer: expected 0x1A1eABcBb639"),
        ("committers", json!([other]), "header 40: signers: expected ["),
        ("validators", json!([other]), "header 40: validators: expected ["),
        ("number", json!(41), "header 41: number: expected 41, found 40"),
        ("vote", json!([other, true]), "header 40: vote: expected 0x1A1eABcBb639"),
    ] {
        let folder = qbft("headers.json", |file| file["headers"][40][member] = value);
        let (code, line, said) = folder.check(&[]);
        assert_eq!(code, 1, "{member}: {line}");
        assert!(line.starts_with("headers 205 of 206"), "{member}: {line}");
        assert!(said.to_lowercase().starts_with(&failure.to_lowercase()), "{member}: {said}");
    }
}

/// Of a vote the direction counts as well.
#[test]
fn a_vote_is_compared_with_its_direction() {
    let Some(path) = shared("recorded/goquorum-qbft") else { return };
    let folder = Folder::copy_of(&path);
    let vote = |is_in: bool| {
        move |file: &mut Value| {
            assert!(file["headers"][105]["vote"][1].is_boolean());
            file["headers"][105]["vote"][1] = json!(is_in);
        }
    };
    folder.edit("headers.json", vote(false));
    assert_eq!(folder.check(&[]).0, 0);
    folder.edit("headers.json", vote(true));
    assert_one_failure(
        &folder,
        "headers 205 of 206",
        "header 105: vote: expected 0x21E3e92000c076DD9b8B34B2019Aad8bafb7454E in, found 0x21E3e92000c076DD9b8B34B2019Aad8bafb7454E out",
    );
}

#[test]
fn a_changed_header_ends_the_chain() {
    let folder = qbft("headers.json", |file| {
        let rlp = file["headers"][40]["headerRlp"].as_str().unwrap();
        let changed = format!("{}00{}", &rlp[..240], &rlp[242..]);
        file["headers"][40]["headerRlp"] = json!(changed);
    });
    let (code, line, said) = folder.check(&[]);
    assert_eq!((code, line.starts_with("headers 40 of 206")), (1, true), "{line}");
    assert!(said.starts_with("header 40: expected a valid header, found: header 40: "), "{said}");
    assert!(said.contains("\nheader 205: expected a verified header before it, found none\n"), "{said}");
}

#[test]
fn a_value_that_is_not_the_proven_one_is_found() {
    let proof = |name: &'static str, value: &'static str| {
        qbft("proofs.json", move |file| file[54]["answer"][name] = json!(value))
    };
    let at = "proof of 0x";
    assert_one_failure(&proof("balance", "0x1"), "proofs 54 of 55", at);
    assert_one_failure(&proof("nonce", "0x777"), "proofs 54 of 55", at);
    let zeros = "0x0000000000000000000000000000000000000000000000000000000000000000";
    let slot = |file: &mut Value| {
        let answers = file.as_array_mut().unwrap();
        let answer = answers.iter_mut().rev().find(|answer| !answer["slots"].as_array().unwrap().is_empty());
        answer.unwrap()["answer"]["storageProof"][0]["value"] = json!("0x1234567");
    };
    assert_one_failure(&qbft("proofs.json", slot), "proofs 54 of 55", at);
    let root = qbft("proofs.json", |file| file[54]["stateRoot"] = json!(zeros));
    assert_one_failure(&root, "proofs 54 of 55", at);
}

#[test]
fn a_log_that_is_dropped_or_moved_is_found() {
    let with_logs = |file: &mut Value| {
        let blocks = file.as_array().unwrap();
        blocks.iter().position(|block| block["receipts"][0]["logs"][0].is_object()).unwrap()
    };
    let dropped = qbft("receipts.json", |file| {
        let block = with_logs(file);
        file[block]["receipts"][0]["logs"].as_array_mut().unwrap().remove(0);
    });
    let (code, line, said) = dropped.check(&[]);
    assert_eq!((code, line.contains("receipts 36 of 37")), (1, true), "{line}");
    assert!(said.starts_with("receipts of block "), "{said}");

    let dropped = qbft("receipts.json", |file| {
        let block = with_logs(file);
        file[block]["receipts"].as_array_mut().unwrap().remove(0);
    });
    let (code, line, _) = dropped.check(&[]);
    assert_eq!((code, line.contains("receipts 36 of 37")), (1, true), "{line}");

    let moved = |member: &'static str| {
        qbft("receipts.json", move |file| {
            let block = with_logs(file);
            let log = &mut file[block]["receipts"][0]["logs"][0];
            log[member] = json!("0x4d");
        })
    };
    for member in ["blockHash", "blockNumber", "logIndex", "transactionHash", "transactionIndex"] {
        assert_one_failure(&moved(member), "receipts 37 of 37, logs 132 of 133", "log 0 of block ");
    }
}

#[test]
fn a_transaction_that_is_dropped_or_changed_is_found() {
    let changed = qbft("blocks.json", |file| file[2]["transactions"][0]["nonce"] = json!("0x777"));
    let (code, line, said) = changed.check(&[]);
    assert_eq!((code, line.contains("receipts 37 of 37")), (1, true), "{line}");
    assert!(said.starts_with("log 0 of block "), "{said}");
    let dropped = qbft("blocks.json", |file| {
        file[2]["transactions"].as_array_mut().unwrap().remove(0);
    });
    let (code, line, _) = dropped.check(&[]);
    assert_eq!((code, line.contains("receipts 36 of 37")), (1, true), "{line}");
}

#[test]
fn a_foreign_genesis_file_is_found() {
    let folder = Folder::of_project(PROJECT_QBFT);
    let config = json!({ "chainId": "81337", "QBFT": { "blockPeriodSeconds": "0x1", "epochLength": 60 } });
    folder.write("genesis.json", &json!({ "config": config, "gasLimit": "30000000" }));
    assert_eq!(folder.check(&[]), (0, crate::QBFT.to_owned(), String::new()));
    folder.edit("genesis.json", |file| file["extraData"] = json!("0x00"));
    assert_one_failure(&folder, "headers 205 of 206", "header 0: extraData: expected 0x00, found 0xf87a");
    folder.edit("genesis.json", |file| file["config"]["chainId"] = json!(1));
    let (code, line, said) = folder.check(&[]);
    assert_eq!((code, line.as_str()), (1, ""));
    assert!(said.starts_with("medrec: headers.json: rules "), "{said}");
}

#[test]
fn negatives_are_judged_as_they_say() {
    let folder = qbft("negative.json", |file| file["cases"][0]["mustReject"] = json!(false));
    assert_one_failure(
        &folder,
        "negatives 13 of 14",
        "negative one-seal-short: expected acceptance, found a refusal: header 40: ",
    );
    let folder = Folder::of_project(PROJECT_QBFT);
    let mut proof = Value::Null;
    folder.edit("proofs.json", |file| proof = file[54].clone());
    folder.edit("negative.json", |file| {
        let cases = file["cases"].as_array_mut().unwrap();
        let case = |name: &str, block: u64, must_reject: bool| {
            json!({ "name": name, "kind": "proof", "mustReject": must_reject, "block": block,
                "address": proof["address"], "slots": proof["slots"], "result": proof["answer"] })
        };
        cases.push(case("right", proof["block"].as_u64().unwrap(), false));
        cases.push(case("another block", 3, true));
        cases.push(case("no such block", 7777, true));
    });
    assert_one_failure(
        &folder,
        "negatives 16 of 17",
        "negative no such block: expected a refusal, found no verified header 7777",
    );
}

#[test]
fn a_variant_must_be_valid_and_have_the_hash_of_its_block() {
    let folder = Folder::of_project(PROJECT_QBFT);
    let mut rlp = Vec::new();
    folder.edit("headers.json", |file| {
        rlp = [40, 41].map(|number: usize| file["headers"][number]["headerRlp"].clone()).into();
    });
    let variants: Vec<Value> = rlp.iter().map(|rlp| json!({ "headerRlp": rlp })).collect();
    folder.write("seal-variants.json", &json!([{ "number": 40, "variants": variants }]));
    assert_one_failure(&folder, "variants 1 of 2", "variant 1, of block 40: header 41");
}

#[test]
fn a_recording_may_start_at_any_header_that_names_its_validators() {
    let from_50 = |name: &str| {
        let whole = Folder::of_project(name);
        let folder = Folder::new();
        whole.edit("headers.json", |file| {
            file["headers"].as_array_mut().unwrap().drain(..50);
            folder.write("headers.json", file);
        });
        folder
    };
    let none = "proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, negatives 0 of 0\n";
    let folder = from_50(PROJECT_QBFT);
    folder.assert_holds(&format!("headers 156 of 156, {none}"));
    folder.assert_refuses_mutations();
    let failures = from_50(PROJECT_CLIQUE).assert_fails(&format!("headers 0 of 156, {none}"));
    let not_checkpoint = "header 50: expected a valid header, found: header 50: not by the rules of Clique: ";
    assert!(failures[0].starts_with(not_checkpoint), "{}", failures[0]);
}

#[test]
fn what_is_missing_is_not_counted() {
    let folder = Folder::of_project(PROJECT_QBFT);
    for (file, line) in [
        (
            "negative.json",
            "proofs 55 of 55, receipts 37 of 37, logs 133 of 133, variants 0 of 0, negatives 0 of 0",
        ),
        (
            "proofs.json",
            "proofs 0 of 0, receipts 37 of 37, logs 133 of 133, variants 0 of 0, negatives 0 of 0",
        ),
        ("receipts.json", "proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, negatives 0 of 0"),
        ("blocks.json", "proofs 0 of 0, receipts 0 of 0, logs 0 of 0, variants 0 of 0, negatives 0 of 0"),
    ] {
        folder.remove(file);
        folder.assert_holds(&format!("headers 206 of 206, {line}\n"));
    }
}

type Damage = fn(&Folder);

#[test]
fn a_malformed_folder_is_named() {
    let cases: [(&str, Damage, &str); 7] = [
        ("no headers", |folder| folder.remove("headers.json"), "headers.json: entity not found"),
        (
            "no JSON",
            |folder| folder.write("proofs.json", &json!("x")),
            "proofs.json.proofs: expected a value",
        ),
        (
            "no config",
            |folder| folder.edit("headers.json", |file| file["config"] = Value::Null),
            "no config in genesis.json or headers.json",
        ),
        (
            "no engine",
            |folder| folder.edit("headers.json", |file| file["config"]["qbft"] = Value::Null),
            "headers.json.config: no engine, expected clique",
        ),
        (
            "short hash",
            |folder| folder.edit("headers.json", |file| file["headers"][3]["hash"] = json!("0x12")),
            "headers.json.headers[3].hash: expected 32 bytes, found \"0x12\"",
        ),
        (
            "no headers",
            |folder| folder.edit("headers.json", |file| file["headers"] = json!([])),
            "headers.json has no headers",
        ),
        (
            "another chain",
            |folder| folder.write("meta.json", &json!({ "chainId": "0x1" })),
            "meta.json: chain id 1, expected 81337",
        ),
    ];
    for (name, damage, words) in cases {
        let folder = Folder::of_project(PROJECT_QBFT);
        damage(&folder);
        let (code, line, said) = folder.check(&[]);
        assert_eq!((code, line.as_str()), (1, ""), "{name}");
        assert!(said.contains(words), "{name}: {said}");
    }
    for args in [&["--mutate"][..], &["--mutate", "many"], &["--seed", "-1"], &["--fast"]] {
        assert_eq!(Folder::of_project(PROJECT_QBFT).check(args).0, 2, "{args:?}");
    }
}

/// Where no proof of the list is recorded for a state, a header must fit the list proven before it or after it.
#[test]
fn a_list_that_nothing_proves_is_that_proven_before_or_after() {
    let Some(path) = shared("recorded/goquorum-qbft-contract") else { return };
    let without = |blocks: std::ops::RangeInclusive<u64>| {
        let folder = Folder::copy_of(&path);
        folder.edit("proofs.json", |file| {
            file.as_array_mut().unwrap().retain(|proof| !blocks.contains(&proof["block"].as_u64().unwrap()));
        });
        folder
    };
    let held = |folder: Folder| {
        let (code, line, said) = folder.check(&[]);
        assert_eq!(code, 1, "{line}");
        (line.split(',').next().unwrap().to_owned(), said.lines().next().unwrap().to_owned())
    };
    // Up to block 50 the list is that proven after block 52; in between there were three, which nothing shows.
    let (line, said) = held(without(0..=51));
    assert_eq!(line, "headers 51 of 66");
    assert_eq!(said, "header 51: expected a valid header, found: header 51: 2 seals, expected 3");
    // From block 53 on there are four again, of which three are proven last.
    let (line, said) = held(without(52..=55));
    assert!(line.starts_with("headers 5"), "{line}");
    assert!(said.contains("in the validator set"), "{said}");
}
