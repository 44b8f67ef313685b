//! The rules of the house (ARCHITECTURE.md), held by a test: who may depend on whom, what the pure crates may
//! not touch, how large things may grow.

#![allow(clippy::unwrap_used, reason = "a rule that cannot be read is a failed test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each crate of ours and the crates of ours that it may depend on.
const LAYERS: [(&str, &[&str]); 14] = [
    ("lightclient", &[]),
    ("records", &["lightclient"]),
    ("view", &["records"]),
    ("protocol", &["lightclient", "records"]),
    ("client", &["lightclient", "protocol", "records"]),
    ("native", &["client", "lightclient"]),
    ("cli", &["client", "lightclient", "native", "protocol", "records"]),
    // What a provider's database looks like is nobody's business but its mapping's.
    ("sources", &["lightclient", "records"]),
    ("gatekeeper", &["client", "lightclient", "native", "protocol", "records", "sources"]),
    ("web", &["client", "lightclient", "protocol", "records", "view"]),
    // Prover and verifier must not share a bug.
    ("devnet", &[]),
    ("xtask", &[]),
    ("tests", &[]),
    // What is measured in a browser; its data is made without the verifier.
    ("bench", &["client", "lightclient", "protocol", "records"]),
];

/// Lines of code: neither tests nor comments nor blank lines count.
const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 60;
const MAX_CRATE_LINES: usize = 4_500;

#[test]
fn crates_depend_in_one_direction() {
    let metadata = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    assert_eq!(ours, LAYERS.iter().map(|(name, _)| *name).collect(), "a new crate needs a row and a reason");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let allowed = LAYERS.iter().find(|(layer, _)| *layer == name).unwrap().1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency_name = dependency["name"].as_str().unwrap();
            let in_build = dependency["kind"] != "dev";
            assert!(
                !in_build || !ours.contains(dependency_name) || allowed.contains(&dependency_name),
                "{name} must not depend on {dependency_name}"
            );
            assert!(
                !(name == "lightclient" && in_build && dependency_name.starts_with("serde")),
                "nothing in lightclient may be made from bytes except by its verifiers"
            );
        }
    }
}

#[test]
fn pure_crates_have_no_io_clock_randomness_or_async() {
    let forbidden =
        ["async fn", "std::fs", "std::net", "std::time", "std::env", "std::thread", "getrandom", "web_sys"];
    for name in ["lightclient", "records", "protocol", "view"] {
        for (path, code) in sources(&folder_of(name)) {
            for word in forbidden {
                assert!(!without_tests(&code).contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn targets_are_told_apart_only_at_three_doors() {
    for (name, _) in LAYERS.iter().filter(|(name, _)| *name != "tests") {
        for (path, code) in sources(&folder_of(name)) {
            let doors = ["web/src/lib.rs", "bench/src/lib.rs", "lightclient/src/keccak.rs"];
            let may = doors.iter().any(|door| path.ends_with(door));
            assert!(
                may || !without_tests(&code).contains("cfg(target"),
                "{} tells targets apart",
                path.display()
            );
        }
    }
}

#[test]
fn files_functions_and_crates_stay_small() {
    let mut faults = Vec::new();
    for (name, _) in LAYERS {
        let mut crate_lines = 0;
        for (path, code) in sources(&folder_of(name)) {
            let code = without_comments(&without_tests(&code));
            let lines = code.lines().count();
            crate_lines += lines;
            if lines > MAX_FILE_LINES {
                faults.push(format!("{}: {lines} lines", path.display()));
            }
            faults.extend(
                long_functions(&code)
                    .into_iter()
                    .map(|(at, long)| format!("{}:{at}: a function of {long} lines", path.display())),
            );
        }
        if crate_lines > MAX_CRATE_LINES {
            faults.push(format!("crate {name}: {crate_lines} lines"));
        }
    }
    assert!(faults.is_empty(), "too large:\n{}", faults.join("\n"));
}

#[test]
fn every_module_says_what_it_is_and_nothing_is_left_for_later() {
    let later =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    for (name, _) in LAYERS {
        for (path, code) in sources(&folder_of(name)) {
            let documented = code
                .lines()
                .find(|line| !line.starts_with("#!["))
                .is_some_and(|line| line.starts_with("//!"));
            assert!(documented, "{} starts without //!", path.display());
            for word in later {
                assert!(!code.contains(word), "{} says {word}", path.display());
            }
        }
    }
}

#[test]
fn the_page_leaves_trust_to_rust() {
    let callers = ["client.ts", "worker.ts", "kdf.worker.ts"];
    for (path, code) in sources("www/src") {
        let name = path.file_name().unwrap().to_str().unwrap();
        for word in ["innerHTML", "unsafeHTML", "eval(", "new Function"] {
            assert!(!code.contains(word), "{} says {word}", path.display());
        }
        for word in ["pkg/", "crypto.subtle", "indexedDB"] {
            assert!(callers.contains(&name) || !code.contains(word), "{} says {word}", path.display());
        }
    }
}

/// The top folder of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust or TypeScript file below `folder`, with its text; modules that hold only tests are left out.
/// Where a crate's sources lie; a crate that has none there is a fault.
fn folder_of(name: &str) -> String {
    let folder = match name {
        "bench" => "tests/bench/src".to_owned(),
        "tests" => "tests/src".to_owned(),
        _ => format!("crates/{name}/src"),
    };
    assert!(root().join(&folder).is_dir(), "{folder} is not there");
    folder
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let only_tests = ["tests", "tests.rs", "testing.rs"].iter().any(|name| path.ends_with(name));
            if only_tests {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "ts") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// Code without comment lines and blank lines.
fn without_comments(code: &str) -> String {
    let kept = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    code.lines().filter(kept).map(|line| format!("{line}\n")).collect()
}

/// The part of a file above its tests (they stand at the end).
fn without_tests(code: &str) -> String {
    code.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// First line and length of each function longer than allowed; the code is formatted, so that a function ends
/// at the first brace that closes at its own indentation.
fn long_functions(code: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        line.split("fn ").next().is_some_and(|before| {
            line.contains("fn ")
                && before.split_whitespace().all(|word| {
                    matches!(word, "async" | "const" | "extern" | "pub" | "unsafe")
                        || word.starts_with("pub(")
                })
        })
    });
    starts
        .filter_map(|(at, line)| {
            let indent = line.len() - line.trim_start().len();
            let close = format!("{}}}", " ".repeat(indent));
            let long = lines.iter().skip(at).position(|line| *line == close)? + 1;
            (long > MAX_FUNCTION_LINES).then_some((at + 1, long))
        })
        .collect()
}
