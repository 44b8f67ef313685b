//! Measures the light client beside its peers, and record sets: one page of headless Chromium, everybody taking turns.
//!
//! Prints a table in markdown and, if asked, writes it as JSON. A figure that is not reached is no failure: machines
//! differ, and only a broken benchmark ends badly. The wasm is built exactly as `cargo xtask build` does it.

mod figures;

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::run::{Outcome, command, root, step, step_shown, target};
use crate::{build, tools};
use figures::Figure;

const FOLDER: &str = "tests/bench";

/// `cargo xtask bench [gatekeeper] [--json FILE] [--quick]`
pub(crate) fn main(args: &[&str]) -> Outcome {
    let (mut json, mut is_quick) = (None, false);
    let (is_gatekeeper, args) = match args {
        ["gatekeeper", rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match *word {
            "--json" => json = Some(words.next().ok_or("--json needs a file")?),
            "--quick" if !is_gatekeeper => is_quick = true,
            other => return Err(format!("bench does not know {other}").into()),
        }
    }
    let figures = if is_gatekeeper {
        let figures = figures::gatekeeper(&load()?)?;
        println!("{}", table(&figures)?);
        figures
    } else {
        let measured = measure(is_quick)?;
        let figures = figures::all(&measured)?;
        println!("{}\n{}", machine(&measured), table(&figures)?);
        figures
    };
    if let Some(file) = json {
        let list: Value = figures.iter().map(Figure::to_json).collect();
        std::fs::write(file, format!("{list:#}\n"))?;
    }
    Ok(())
}

/// Builds everything, makes the data, and runs the page; what the page and its driver say.
fn measure(is_quick: bool) -> Result<Value, Box<dyn std::error::Error>> {
    let folder = target().join("bench");
    std::fs::create_dir_all(&folder)?;
    tools::chromium()?;
    tools::npm(FOLDER)?;
    // Chromium is started as for the journeys.
    tools::npm("tests/journeys")?;
    build::package()?;
    build::wasm("bench", &["--features", "light"], &folder, "light")?;
    build::wasm("bench", &["--features", "records"], &folder, "records")?;
    let in_folder = |name: &str| folder.join(name).display().to_string();
    bundle(&in_folder("page.js"))?;
    let data = in_folder("data.json");
    let mut make = vec!["run", "--quiet", "--package", "bench", "--example", "data", "--", &data];
    make.extend(is_quick.then_some("--quick"));
    step_shown("chains and tries", command("cargo", &make, "."))?;
    let rounds = if is_quick { "3" } else { "7" };
    step("Chromium", command("node", &["run.mjs", &in_folder(""), rounds], FOLDER))?;
    read(&folder.join("measured.json"))
}

/// The page with the peers; ours stay beside it. By the bundler that Vite brings along.
fn bundle(page: &str) -> Outcome {
    let rolldown = root().join("www/node_modules/.bin/rolldown").display().to_string();
    let args = "page.mjs --format esm --minify --no-codeSplitting --external ./light.js --external ./records.js --file";
    let args: Vec<&str> = args.split(' ').chain([page]).collect();
    step("page", command(&rolldown, &args, FOLDER))
}

fn read(file: &Path) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

/// What a gatekeeper bears, measured by its own benchmark.
fn load() -> Result<Value, Box<dyn std::error::Error>> {
    let mut bench = command("cargo", &["bench", "--package", "gatekeeper", "--bench", "load"], ".");
    let output = bench.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the gatekeeper's benchmark failed ({})", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The day and the machine.
fn machine(measured: &Value) -> String {
    let machine = &measured["machine"];
    let text = |name: &str| machine[name].as_str().unwrap_or("?").to_owned();
    format!(
        "Measured on {}: {}, {} cores, load {:.1} before it began, Chromium {}. Seconds are of processor time.\n",
        text("date"),
        text("cpu"),
        machine["cores"],
        machine["load"].as_f64().unwrap_or_default(),
        text("chromium")
    )
}

/// The figures as a table in markdown.
fn table(figures: &[Figure]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "| # | figure | measured | beside it | floor | moonshot |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    for figure in figures {
        writeln!(out, "{}", figure.to_row())?;
    }
    Ok(out)
}
