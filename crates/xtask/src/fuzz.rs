//! `cargo xtask fuzz`: the targets of `tests/fuzz` under libFuzzer, led by coverage, one after the other.
//!
//! A stable compiler instruments for libFuzzer when LLVM is told so; only the sanitizers, which look for faults that
//! Rust without `unsafe` does not have, would want a nightly one. Corpora start from the recorded chains and stay in
//! `target/fuzz/corpus`. A finding stays in `target/fuzz/artifacts` and is tried first by the next run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use crate::run::{Outcome, command, output_of, root, step_shown, target};

/// What the caller asked for.
struct Options {
    seconds: u64,
    target: Option<String>,
    runs: Option<u64>,
}

/// Reads the words after `fuzz`.
fn options(args: &[&str]) -> Result<Options, Box<dyn std::error::Error>> {
    let mut options = Options { seconds: 60, target: None, runs: None };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} wants a value"));
        match *word {
            "--seconds" => options.seconds = value?.parse()?,
            "--target" => options.target = Some((*value?).to_owned()),
            "--runs" => options.runs = Some(value?.parse()?),
            other => return Err(format!("fuzz does not know {other:?}").into()),
        }
    }
    Ok(options)
}

/// Builds, writes the seeds, fuzzes; ends with an error when there is a finding.
pub(crate) fn main(args: &[&str]) -> Outcome {
    let options = options(args)?;
    let fuzzer = build()?;
    let folder = target().join("fuzz");
    let mut seeds = fuzzer_command(&fuzzer);
    seeds.env("FUZZ_SEEDS", folder.join("corpus"));
    let mut names: Vec<String> = output_of(seeds)?.lines().map(str::to_owned).collect();
    if let Some(only) = &options.target {
        names.retain(|name| name == only);
        if names.is_empty() {
            return Err(format!("there is no target {only:?}").into());
        }
    }
    let mut broken = Vec::new();
    for name in &names {
        let report = fuzz(&fuzzer, name, &folder, &options)?;
        println!("{name}: {report}");
        if report.finding.is_some() {
            broken.push(name.as_str());
        }
    }
    println!("{} targets, {} with findings", names.len(), broken.len());
    if broken.is_empty() { Ok(()) } else { Err(format!("findings in {}", broken.join(", ")).into()) }
}

/// The fuzzer, built for this machine. With `--target` the flags stay away from build scripts and macros.
fn build() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let version = output_of(command("rustc", &["-vV"], "."))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    let folder = target().join("fuzz");
    let mut cargo = command(
        "cargo",
        &["build", "--locked", "--release", "--features", "libfuzzer", "--target", host],
        "tests/fuzz",
    );
    cargo.arg("--target-dir").arg(&folder);
    cargo.env("RUSTFLAGS", FLAGS.join(" ")).env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.env("RUSTC_WRAPPER", root().join("tests/fuzz/rustc.sh"));
    step_shown("fuzzer", cargo)?;
    Ok(folder.join(host).join("release/fuzz"))
}

/// One target under libFuzzer, for as long as asked or until the first finding.
fn fuzz(
    fuzzer: &Path,
    name: &str,
    folder: &Path,
    options: &Options,
) -> Result<Report, Box<dyn std::error::Error>> {
    let artifacts = folder.join("artifacts").join(name);
    let log_path = folder.join("logs").join(name);
    std::fs::create_dir_all(&artifacts)?;
    std::fs::create_dir_all(folder.join("logs"))?;
    let mut run = fuzzer_command(fuzzer);
    run.env("FUZZ_TARGET", name)
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=2048", "-use_value_profile=1"])
        .arg(format!("-max_total_time={}", options.seconds))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(options.runs.map(|runs| format!("-runs={runs}")))
        .arg(folder.join("corpus").join(name))
        .arg(&artifacts);
    let started = Instant::now();
    let status = run.stdout(Stdio::null()).stderr(std::fs::File::create(&log_path)?).status()?;
    let log = String::from_utf8_lossy(&std::fs::read(&log_path)?).into_owned();
    Ok(Report {
        runs: last_number(&log, "stat::number_of_executed_units:").unwrap_or(0),
        seconds: started.elapsed().as_secs(),
        coverage: last_number(&log, " cov:").unwrap_or(0),
        finding: (!status.success()).then_some(log_path),
    })
}

fn fuzzer_command(fuzzer: &Path) -> std::process::Command {
    command(&fuzzer.display().to_string(), &[], ".")
}

/// The number behind the last `label` in what libFuzzer wrote.
fn last_number(log: &str, label: &str) -> Option<u64> {
    log.rsplit_once(label)?.1.split_whitespace().next()?.parse().ok()
}

/// What came of one target.
struct Report {
    runs: u64,
    seconds: u64,
    /// Edges of the program that were reached.
    coverage: u64,
    /// What libFuzzer wrote, when it did not end well: it stops at the first finding.
    finding: Option<PathBuf>,
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { runs, seconds, coverage, finding } = self;
        let findings = u8::from(finding.is_some());
        write!(out, "{runs} runs in {seconds} s, coverage {coverage}, findings {findings}")?;
        finding.iter().try_for_each(|log| write!(out, " (see {})", log.display()))
    }
}

/// Counters at each edge and the operands of comparisons, for libFuzzer.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
