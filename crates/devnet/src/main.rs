//! `medrec-devnet`: starts the development chain and prints one JSON line when it is ready.

use std::ffi::OsString;
use std::io::Write as _;
use std::num::ParseIntError;
use std::process::ExitCode;
use std::str::FromStr;

use devnet::{Devnet, Options, Rules, Scheme, Sealing};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let options = match parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("medrec-devnet: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("medrec-devnet: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut devnet = Devnet::start(options).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", devnet.ready_line())?;
    stdout.flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        error = devnet.failure() => return Err(error.into()),
    }
    devnet.stop().await;
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Options, String> {
    let (mut state, mut listen) = (None, Vec::new());
    let mut rules = Rules::default();
    let mut genesis_time = None;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{} needs a value", name.display()))?;
        if name == "--state" {
            state = Some(value.into());
            continue;
        }
        let value = value.to_str().ok_or_else(|| format!("{} needs a readable value", name.display()))?;
        match name.to_str() {
            Some("--rpc") => {
                let parsed = value.split(',').map(str::parse).collect::<Result<_, _>>();
                listen = parsed.map_err(|error| format!("--rpc {value}: {error}"))?;
            }
            Some("--period") => rules.period = number("--period", value)?,
            Some("--chain-id") => rules.chain_id = number("--chain-id", value)?,
            Some("--epoch") => rules.epoch = number("--epoch", value)?,
            Some("--scheme") => rules.scheme = scheme(value)?,
            Some("--validators") => rules.validators = number("--validators", value)?,
            Some("--genesis-time") => genesis_time = Some(number("--genesis-time", value)?),
            _ => return Err(format!("unknown option {}", name.display())),
        }
    }
    let state = state.ok_or("--state is missing")?;
    if listen.is_empty() {
        return Err("--rpc is missing".to_owned());
    }
    Ok(Options { state, listen, rules, genesis_time, sealing: Sealing::Clock })
}

fn number<N: FromStr<Err = ParseIntError>>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|error| format!("{name} {value}: {error}"))
}

fn scheme(value: &str) -> Result<Scheme, String> {
    let known = Scheme::ALL.map(|(name, _)| name).join(", ");
    Scheme::named(value).ok_or_else(|| format!("--scheme {value}: expected one of {known}"))
}

const USAGE: &str = "\
usage: medrec-devnet --state DIR --rpc ADDRESS[,ADDRESS...] [--period SECONDS] [--chain-id ID] \
[--scheme clique|ibft|ibft2|qbft|qbft-contract] [--epoch BLOCKS] [--validators COUNT] [--genesis-time UNIX-SECONDS]";
