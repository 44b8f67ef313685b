//! Runs every test of the project and adds up what they say.
//!
//! The last line is `N passed, M failed`. A check (formatting, lints, types) counts as one test.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::postgres::Postgres;
use crate::run::{Outcome, command, step, target};
use crate::{build, check, tools, torture};

/// How many tests passed and failed.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// Everything, in the order of how soon it fails; nothing stops at the first failure.
pub(crate) fn all() -> Outcome {
    let started = Instant::now();
    let mut tally = Tally::default();
    tally.count("browser tools", tools::wasm().and_then(|()| tools::chromium()));
    tally.count("servers build", build::binaries());
    tally.count("package and page build", build::all());
    for (name, check) in check::CHECKS {
        tally.count(name, check());
    }
    tally.count("engine packages", tools::npm("tests/engines"));
    tally.count("vector packages", tools::npm("tests/vectors/protocol"));
    tally.count("FHIR server", tools::python("sekmet", "tests/fhir-server"));
    tally.cargo("Rust", &["test", "--workspace", "--no-fail-fast"]);
    tally.on_postgres();
    // What other implementations made, in the browser too; then the vault and the JavaScript API.
    let wasm = ["test", "--target", "wasm32-unknown-unknown", "--no-fail-fast", "--package"];
    let lightclient = ["lightclient", "--test", "vectors", "--test", "known_key"];
    tally.cargo("recorded chains in Chromium", &[&wasm[..], &lightclient].concat());
    tally
        .cargo("protocol in Chromium", &[&wasm[..], &["records", "--package", "protocol", "--lib"]].concat());
    tally.cargo("web in Chromium", &[&wasm[..], &["web", "--tests"]].concat());
    tally.node("page units", "npm", "www", &["run", "--silent", "test"]);
    tally.node("engines", "node", "tests/engines", &["--test", "--test-concurrency=1"]);
    tally.count(
        "second client",
        tools::python("python", "tests/second-client").and_then(|()| second_client()),
    );
    tally.count("journey packages", tools::npm("tests/journeys"));
    tally.node("journeys", "node", "tests/journeys", &["--test", "--test-concurrency=1"]);
    tally.count("torture of the vault", torture::vault_as_built(&["--scale", "0.02"]));
    eprintln!("{:.0} s", started.elapsed().as_secs_f32());
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 { Ok(()) } else { Err("some tests failed".into()) }
}

/// What the client in Python takes and refuses; counts as one test.
fn second_client() -> Outcome {
    let python = target().join("tools/python/bin/python");
    let python = python.to_str().ok_or("the target folder's path is not UTF-8")?;
    step("second client", command(python, &["-m", "unittest"], "tests/second-client"))
}

impl Tally {
    /// A step that counts as one test.
    fn count(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(error) => {
                self.failed += 1;
                eprintln!("FAILED {name}: {error}");
            }
        }
    }

    /// A `cargo test`: its `test result:` lines are added up.
    fn cargo(&mut self, name: &str, args: &[&str]) {
        self.cargo_with(name, args, &[]);
    }

    /// A `cargo test` that is told something.
    fn cargo_with(&mut self, name: &str, args: &[&str], variables: &[(&str, &str)]) {
        let mut cargo = command("cargo", args, ".");
        cargo.envs(variables.iter().copied());
        self.suite(name, cargo, |line, tally| {
            let Some(rest) = line.trim().strip_prefix("test result: ") else { return };
            tally.passed += number_before(rest, " passed");
            tally.failed += number_before(rest, " failed");
        });
    }

    /// What the gatekeeper's tests say of a store on a server: the same tests, once more.
    fn on_postgres(&mut self) {
        let server = match Postgres::start() {
            Ok(server) => server,
            Err(error) => return self.count("PostgreSQL", Err(error)),
        };
        let tests = [
            "--lib", "--test", "journeys", "--test", "outages", "--test", "records", "--test", "several",
            "--test", "torture",
        ];
        let args = [&["test", "--no-fail-fast", "--package", "gatekeeper"], &tests[..]].concat();
        self.cargo_with("gatekeeper on PostgreSQL", &args, &[("MEDREC_TEST_POSTGRES", &server.url())]);
    }

    /// A `node --test`: its closing counts are added up.
    fn node(&mut self, name: &str, program: &str, folder: &str, args: &[&str]) {
        self.suite(name, command(program, args, folder), |line, tally| {
            tally.passed += line.strip_prefix("# pass ").and_then(|n| n.trim().parse().ok()).unwrap_or(0);
            tally.failed += line.strip_prefix("# fail ").and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        });
    }

    /// Runs a suite, shows its output as it comes, and reads its counts. A suite that ends badly without
    /// naming a failed test, or runs none at all, counts as one failure.
    fn suite(&mut self, name: &str, mut command: Command, read: fn(&str, &mut Self)) {
        eprintln!("── {name}");
        let before = (self.passed, self.failed);
        let status = command
            .env("MEDREC_TARGET", target())
            .env("NODE_OPTIONS", "--test-reporter=tap")
            .stdout(Stdio::piped())
            .spawn()
            .and_then(|mut child| {
                if let Some(output) = child.stdout.take() {
                    for line in std::io::BufRead::lines(std::io::BufReader::new(output)) {
                        let line = line?;
                        println!("{line}");
                        read(&line, self);
                    }
                }
                child.wait()
            });
        let ran = (self.passed, self.failed) != before;
        if !(matches!(&status, Ok(status) if status.success()) && ran) && self.failed == before.1 {
            self.failed += 1;
            eprintln!("FAILED {name}: {status:?}");
        }
    }
}

/// The number that stands right before `word` in a line of cargo's.
fn number_before(line: &str, word: &str) -> u64 {
    let digits = line.split(word).next().and_then(|head| head.rsplit(' ').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
