//! `cargo xtask demo`: the whole network on 127.0.0.1, and the addresses to open.
//!
//! Starts the development chain, deploys the contracts, admits two hospitals, fills their databases
//! with synthetic patients, serves the patient app. All state lives in one folder and survives a restart.

mod page;
mod stack;

use std::path::PathBuf;

use crate::run::{Outcome, command, root, target};
use crate::{build, tools};

/// What the caller asked for.
struct Options {
    check: bool,
    build: bool,
    free_ports: bool,
    state: PathBuf,
}

/// Reads the words after `demo`.
fn options(args: &[&str]) -> Result<Options, Box<dyn std::error::Error>> {
    let mut options =
        Options { check: false, build: true, free_ports: false, state: target().join("demo/state") };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match *word {
            "--check" => options.check = true,
            "--free-ports" => options.free_ports = true,
            "--no-build" => options.build = false,
            "--state" => options.state = words.next().ok_or("--state wants a folder")?.into(),
            other => return Err(format!("demo does not know {other:?}").into()),
        }
    }
    if options.check {
        options.free_ports = true;
        options.state = target().join("demo/check");
        if options.state.exists() {
            std::fs::remove_dir_all(&options.state)?;
        }
    }
    std::fs::create_dir_all(&options.state)?;
    options.state = options.state.canonicalize()?;
    Ok(options)
}

/// Builds, starts, and stays until it is told to stop (or, with `--check`, until the journey is over).
pub(crate) fn main(args: &[&str]) -> Outcome {
    let options = options(args)?;
    if options.build {
        eprintln!("Building (a first build takes some minutes)");
        build::binaries()?;
        build::all()?;
    }
    if options.check {
        tools::chromium()?;
        tools::chinese_font()?;
        tools::npm("tests/journeys")?;
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&options))
}

async fn run(options: &Options) -> Outcome {
    eprintln!("Starting");
    let mut stack = stack::start(&options.state, options.free_ports).await?;
    let page = page::serve(stack.ports.page, &options.state).await?;
    println!("{}", serde_json::json!({ "ready": true, "demo": stack.description_path }));
    let outcome = if options.check {
        let screens = target().join("demo/screens");
        let mut journey = command("node", &["check.mjs"], "tests/journeys");
        journey.env("MEDREC_DEMO", &stack.description_path).env("MEDREC_SCREENS", &screens);
        let status = tokio::process::Command::from(journey).status().await?;
        if status.success() { Ok(()) } else { Err(format!("the reading journey failed ({status})").into()) }
    } else {
        eprintln!("{}", stack.invitation_to_people());
        stack.until_told_to_stop().await
    };
    page.abort();
    stack.stop().await;
    outcome
}

/// The folder of the built page.
fn dist() -> PathBuf {
    root().join("www/dist")
}
