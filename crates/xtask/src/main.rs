//! The project's commands; `cargo xtask` lists them.
//!
//! Each command installs what it needs (wasm target, `wasm-bindgen`, npm packages, Chromium), so that
//! a fresh machine with rustup, Node and git needs nothing else.

mod bench;
mod build;
mod check;
mod demo;
mod fuzz;
mod postgres;
mod run;
mod test;
mod tools;
mod torture;

use run::Outcome;

const USAGE: &str = "\
cargo xtask demo [--check] [--state DIR] [--free-ports] [--no-build]
                        start the whole network on 127.0.0.1; --check drives one journey, makes screenshots, stops
cargo xtask test        everything: Rust, contracts, Chromium, TypeScript, journeys
cargo xtask check       formatting, lints, documentation, TypeScript
cargo xtask bench [--json FILE] [--quick]
                        measures the light client beside its peers in Chromium; never fails for being slow
cargo xtask bench gatekeeper [--json FILE]
                        measures what a gatekeeper bears
cargo xtask build       the browser package (pkg/) and the page (www/dist/)
cargo xtask contracts   compile the contracts; with --check only compare
cargo xtask fuzz [--seconds 60] [--target NAME] [--runs N]
                        look for inputs that break a promise of the verifiers; stays for so long, or so many runs,
                        with each target
cargo xtask torture gatekeeper [--scale 0.01] [--seed 1]
                        attack a running gatekeeper: replays, changed bytes, kills, a relay; one line per trust figure
cargo xtask torture vault [--scale 0.01] [--seed 1]
                        kill Chromium while it writes the vault, and search its profile for secrets";

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bench", rest @ ..] => bench::main(rest),
        ["build"] => build::all(),
        ["check"] => check::all(),
        ["contracts", rest @ ..] => build::contracts(rest),
        ["demo", rest @ ..] => demo::main(rest),
        ["fuzz", rest @ ..] => fuzz::main(rest),
        ["test"] => test::all(),
        ["torture", "gatekeeper", rest @ ..] => torture::gatekeeper(rest),
        ["torture", "vault", rest @ ..] => torture::vault(rest),
        _ => Err(USAGE.into()),
    };
    report(outcome)
}

fn report(outcome: Outcome) -> std::process::ExitCode {
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}
