//! `medrec`: an operator's tasks on a MedRec network, the native edge of the client.
//!
//! Results go to stdout as JSON (lines of text for checks and digests), everything else to stderr. Exit code 0: done; 1:
//! not done; 2: not understood.

mod admit;
mod args;
mod chain_check;
mod checkpoint;
mod deploy;
mod key_file;
mod node;
mod record_digest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alloy_primitives::B256;
use lightclient::SealScheme;
use native::{MemoryHeads, Native};
use protocol::contracts::Admission;
use protocol::invitation::parse_address;
use protocol::layout::MemberKind;
use serde_json::{Value, json};

use crate::args::{Args, ArgsError};

const USAGE: &str = "\
medrec operator key --key-file FILE
    make a key if there is none, print its address
medrec operator deploy --rpc URL[,URL...] --key-file FILE --chain-name NAME --out FILE [--demo]
        [--scheme qbft|ibft2|ibft|clique] [--epoch-length BLOCKS] [--block-period SECONDS] [--gas-price WEI]
    put the contracts on the chain with this key as the only operator, write the network description
medrec operator admit --network FILE --key-file FILE --member ADDRESS --kind provider|vendor|researcher|auditor
        --name NAME --endpoint URL --encryption-key HEX
    vote to admit a member
medrec operator checkpoint --network FILE --key-file FILE [--add UPDATE]
    sign the newest head as trusted checkpoint, or add a signature to the update in a file
medrec operator checkpoint --network FILE --check UPDATE
    start a light client from the signed update in a file
medrec chain check FOLDER [--mutate COUNT [--seed NUMBER]]
    verify a recorded chain, or change one byte of it COUNT times and count what is accepted
medrec record digest FILE...
    print `DIGEST  FILE[#INDEX]  TYPE/ID` for each FHIR resource: of a file that holds one resource, a Bundle (INDEX is
    the entry, from 0) or NDJSON (the line, from 0), seen from the content. DIGEST is the SHA-256 of the canonical
    text, as it is sealed, not yet salted";

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Admit(#[from] admit::AdmitError),
    #[error("{0}\n\n{USAGE}")]
    Args(#[from] ArgsError),
    #[error(transparent)]
    ChainCheck(#[from] chain_check::RecordingError),
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::CheckpointSignError),
    #[error(transparent)]
    Deploy(#[from] deploy::DeployError),
    #[error(transparent)]
    KeyFile(#[from] key_file::KeyFileError),
    #[error(transparent)]
    Transport(#[from] client::TransportError),
    #[error("{USAGE}")]
    Usage,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args).await {
        Ok(Answer { text, failures }) => {
            if !text.is_empty() {
                println!("{text}");
            }
            failures.iter().for_each(|failure| eprintln!("{failure}"));
            if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("medrec: {error}");
            ExitCode::from(if matches!(error, CommandError::Args(_) | CommandError::Usage) { 2 } else { 1 })
        }
    }
}

/// What a command has to say; with failures it was carried out, but to no good end.
struct Answer {
    text: String,
    failures: Vec<String>,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self { text: format!("{value:#}"), failures: vec![] }
    }
}

async fn run(args: &[String]) -> Result<Answer, CommandError> {
    let [area, command, args @ ..] = args else { return Err(CommandError::Usage) };
    match (area.as_str(), command.as_str()) {
        ("chain", "check") => chain_check(args),
        ("operator", "checkpoint") => operator_checkpoint(args).await.map(Answer::from),
        ("operator", "key") => operator_key(args).map(Answer::from),
        ("operator", "deploy") => operator_deploy(args).await.map(Answer::from),
        ("operator", "admit") => operator_admit(args).await.map(Answer::from),
        ("record", "digest") => record_digest(args),
        _ => Err(CommandError::Usage),
    }
}

fn chain_check(args: &[String]) -> Result<Answer, CommandError> {
    let [folder, args @ ..] = args else { return Err(CommandError::Usage) };
    let args = Args::parse(args, &["--mutate", "--seed"], &[])?;
    let number = |flag| args.read(flag, "a number", |text| text.parse().ok());
    let seed = args.optional("--seed").map_or(Ok(0), |_| number("--seed"))?;
    let mutations = args.optional("--mutate").map(|_| number("--mutate")).transpose()?;
    let mutations = mutations.map(|count| chain_check::Mutations { count, seed });
    let chain_check::Findings { line, failures } = chain_check::check(Path::new(folder), mutations)?;
    Ok(Answer { text: line, failures })
}

fn record_digest(files: &[String]) -> Result<Answer, CommandError> {
    if files.is_empty() || files.iter().any(|file| file.starts_with("--")) {
        return Err(CommandError::Usage);
    }
    let record_digest::Digests { lines, failures } = record_digest::digests(files);
    Ok(Answer { text: lines.join("\n"), failures })
}

fn operator_key(args: &[String]) -> Result<Value, CommandError> {
    let args = Args::parse(args, &["--key-file"], &[])?;
    let platform = Native::new(MemoryHeads::default())?;
    let key = key_file::read_or_create(Path::new(args.required("--key-file")?), &platform)?;
    Ok(json!({ "address": key.address().to_string() }))
}

async fn operator_deploy(args: &[String]) -> Result<Value, CommandError> {
    let flags = [
        "--rpc",
        "--key-file",
        "--chain-name",
        "--out",
        "--scheme",
        "--epoch-length",
        "--block-period",
        "--gas-price",
    ];
    let args = Args::parse(args, &flags, &["--demo"])?;
    let number = |flag, default| match args.optional(flag) {
        None => Ok(default),
        Some(_) => args.read(flag, "a number", |text| text.parse().ok()),
    };
    let scheme = match args.optional("--scheme") {
        None => SealScheme::Qbft,
        Some(_) => args.read("--scheme", "qbft, ibft2, ibft or clique", parse_scheme)?,
    };
    let options = deploy::Options {
        rpc: args.required("--rpc")?.split(',').map(str::to_owned).collect(),
        name: args.required("--chain-name")?.to_owned(),
        out: PathBuf::from(args.required("--out")?),
        scheme,
        // What Besu, GoQuorum and go-ethereum have by default.
        epoch_length: number("--epoch-length", 30_000)?,
        block_period: number("--block-period", 1)?,
        gas_price: number("--gas-price", 0)?.into(),
        demo: args.has("--demo"),
    };
    let key = key_file::read(Path::new(args.required("--key-file")?))?;
    let network = deploy::deploy(&options, &key).await?;
    Ok(serde_json::from_str(&network.to_json()).expect("a network description is JSON"))
}

async fn operator_admit(args: &[String]) -> Result<Value, CommandError> {
    let flags = ["--network", "--key-file", "--member", "--kind", "--name", "--endpoint", "--encryption-key"];
    let args = Args::parse(args, &flags, &[])?;
    let admission = Admission {
        member: args.read("--member", "0x and 40 hexadecimal digits", parse_address)?,
        kind: args.read("--kind", "provider, vendor, researcher or auditor", parse_kind)?,
        encryption_key: args.read("--encryption-key", "64 hexadecimal digits", parse_word)?,
        profile_digest: B256::ZERO,
        name: args.required("--name")?.to_owned(),
        endpoint: args.required("--endpoint")?.to_owned(),
    };
    let network = admit::read_network(Path::new(args.required("--network")?))?;
    let key = key_file::read(Path::new(args.required("--key-file")?))?;
    let outcome = admit::admit(&network, &key, &admission).await?;
    Ok(outcome.to_json(&admission))
}

fn parse_scheme(text: &str) -> Option<SealScheme> {
    match text {
        "clique" => Some(SealScheme::Clique),
        "ibft" => Some(SealScheme::Ibft),
        "ibft2" => Some(SealScheme::Ibft2),
        "qbft" => Some(SealScheme::Qbft),
        _ => None,
    }
}

async fn operator_checkpoint(args: &[String]) -> Result<Value, CommandError> {
    let args = Args::parse(args, &["--network", "--key-file", "--add", "--check"], &[])?;
    let network = admit::read_network(Path::new(args.required("--network")?))?;
    let path = |name| args.optional(name).map(Path::new);
    let signed = match (path("--key-file"), path("--add"), path("--check")) {
        (None, None, Some(update)) => checkpoint::check(&network, update).await?,
        (Some(key), update, None) => checkpoint::sign(&network, &key_file::read(key)?, update).await?,
        _ => return Err(CommandError::Usage),
    };
    let checkpoint::Signed { update, signers, threshold } = signed;
    eprintln!("{signers} of {threshold} signatures");
    Ok(serde_json::from_str(&update.to_json()).expect("a checkpoint update is JSON"))
}

fn parse_kind(text: &str) -> Option<MemberKind> {
    MemberKind::ALL.into_iter().find(|kind| kind.name() == text)
}

/// 64 hexadecimal digits, with or without `0x`.
fn parse_word(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() == 64 { digits.parse().ok() } else { None }
}
