//! The commands of the program, with arguments read by hand.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::hex;
use lightclient::UnixTime;
use protocol::invitation::{Invitation, InvitationCode};
use serde_json::json;

use crate::bundle::{Bundle, BundleError};
use crate::config::{Config, ConfigError};
use crate::gatekeeper::{Gatekeeper, StartError, load_network};
use crate::keys::{KeyFileError, Keys};
use crate::server::serve;
use crate::store::{InvitationError, Store, StoreError};

/// How to call the program.
pub const USAGE: &str = "\
usage: medrec-gatekeeper <command> --config FILE

  init      make the keys if there are none; prints {address, encryptionKey}
  seed      --bundle FILE [--bundle FILE ...]   take in FHIR bundles (.json, .json.gz)
  patients  print every patient as JSON
  invite    --patient ID                        print an invitation, good once
  run       serve; prints {ready, address, listen} once it does";

/// A command and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes the keys.
    Init,
    /// Prints an invitation for a patient.
    Invite {
        /// The patient's local id.
        patient: String,
    },
    /// Prints the patients.
    Patients,
    /// Serves.
    Run,
    /// Takes in bundles.
    Seed {
        /// The files.
        bundles: Vec<PathBuf>,
    },
}

/// Reads the arguments, without the program's name: the command and the configuration file.
///
/// # Errors
/// [`CommandError::Usage`].
pub fn parse_arguments(
    arguments: impl IntoIterator<Item = String>,
) -> Result<(Command, PathBuf), CommandError> {
    let usage = |reason: String| CommandError::Usage { reason };
    let mut arguments = arguments.into_iter();
    let name = arguments.next().ok_or_else(|| usage("no command".to_owned()))?;
    let (mut config, mut patient, mut bundles) = (None, None, Vec::new());
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| usage(format!("{option} without a value")))?;
        match (option.as_str(), name.as_str()) {
            ("--config", _) if config.is_none() => config = Some(PathBuf::from(value)),
            ("--patient", "invite") if patient.is_none() => patient = Some(value),
            ("--bundle", "seed") => bundles.push(PathBuf::from(value)),
            _ => return Err(usage(format!("{name} takes no {option}, or not twice"))),
        }
    }
    let command = match name.as_str() {
        "init" => Command::Init,
        "invite" => {
            Command::Invite { patient: patient.ok_or_else(|| usage("invite needs --patient".to_owned()))? }
        }
        "patients" => Command::Patients,
        "run" => Command::Run,
        "seed" if bundles.is_empty() => return Err(usage("seed needs --bundle".to_owned())),
        "seed" => Command::Seed { bundles },
        _ => return Err(usage(format!("no command {name:?}"))),
    };
    Ok((command, config.ok_or_else(|| usage("--config is missing".to_owned()))?))
}

/// Does what the command says; results go to standard output.
///
/// # Errors
/// [`CommandError`].
pub async fn execute(command: Command, config: Config, now: UnixTime) -> Result<(), CommandError> {
    match command {
        Command::Init => {
            let keys = Keys::load_or_generate(&config.key_file)?;
            Store::open(&config.database)?;
            let encryption_key = hex::encode_prefixed(keys.encryption.public());
            print(&json!({ "address": keys.signing.address().to_string(), "encryptionKey": encryption_key }))
        }
        Command::Invite { patient } => invite(&config, &patient, now),
        Command::Patients => {
            let patients = Store::open(&config.database)?.patients()?;
            let rows =
                patients.iter().map(|row| json!({ "id": row.id, "name": row.name, "records": row.records }));
            print(&rows.collect())
        }
        Command::Run => run(config).await,
        Command::Seed { bundles } => seed(&config, &bundles),
    }
}

fn seed(config: &Config, bundles: &[PathBuf]) -> Result<(), CommandError> {
    let store = Store::open(&config.database)?;
    for path in bundles {
        let bundle =
            Bundle::load(path).map_err(|source| CommandError::Bundle { path: path.clone(), source })?;
        let seeded = store.add_records(&bundle.patient, &bundle.name, &bundle.records)?;
        print(&json!({
            "patient": bundle.patient,
            "added": seeded.added,
            "replaced": seeded.replaced,
            "unchanged": seeded.unchanged,
        }))?;
    }
    Ok(())
}

fn invite(config: &Config, patient: &str, now: UnixTime) -> Result<(), CommandError> {
    let network = load_network(config)?;
    let keys = Keys::load(&config.key_file)?;
    let mut code = InvitationCode([0; 16]);
    getrandom::fill(&mut code.0).map_err(|error| CommandError::Random { reason: error.to_string() })?;
    let expires = now.saturating_add(config.invitation_days.saturating_mul(86_400));
    Store::open(&config.database)?.add_invitation(code.digest().into(), patient, now, expires)?;
    let invitation = Invitation { network: network.rules.chain_id, steward: keys.signing.address(), code };
    write_line(&invitation.to_text())
}

async fn run(config: Config) -> Result<(), CommandError> {
    let system = |error: std::io::Error| CommandError::System { reason: error.to_string() };
    let gatekeeper = Arc::new(Gatekeeper::open(config)?);
    let listener = tokio::net::TcpListener::bind(gatekeeper.config().listen).await.map_err(system)?;
    let listen = listener.local_addr().map_err(system)?;
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(system)?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
    };
    print(&json!({
        "ready": true, "address": gatekeeper.address().to_string(), "listen": listen.to_string(),
    }))?;
    serve(gatekeeper, listener, stop).await.map_err(system)
}

fn print(value: &serde_json::Value) -> Result<(), CommandError> {
    write_line(&value.to_string())
}

fn write_line(text: &str) -> Result<(), CommandError> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{text}")
        .and_then(|()| output.flush())
        .map_err(|error| CommandError::System { reason: error.to_string() })
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// A bundle was refused.
    #[error("{}: {source}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BundleError,
    },
    /// The configuration was refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No invitation.
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// No random bytes.
    #[error("no random bytes: {reason}")]
    Random {
        /// What the system said.
        reason: String,
    },
    /// The gatekeeper cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system refused.
    #[error("{reason}")]
    System {
        /// What it said.
        reason: String,
    },
    /// The arguments are not understood.
    #[error("{reason}\n\n{USAGE}")]
    Usage {
        /// What is wrong with them.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Command, PathBuf), CommandError> {
        parse_arguments(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_every_command() {
        let config = PathBuf::from("c.toml");
        assert_eq!(parse("init --config c.toml"), Ok((Command::Init, config.clone())));
        assert_eq!(parse("patients --config c.toml"), Ok((Command::Patients, config.clone())));
        assert_eq!(parse("run --config c.toml"), Ok((Command::Run, config.clone())));
        let invite = Command::Invite { patient: "p".to_owned() };
        assert_eq!(parse("invite --patient p --config c.toml"), Ok((invite, config.clone())));
        let seed = Command::Seed { bundles: vec!["a".into(), "b".into()] };
        assert_eq!(parse("seed --bundle a --config c.toml --bundle b"), Ok((seed, config)));
    }

    #[test]
    fn refuses_everything_else() {
        for (line, reason) in [
            ("", "no command"),
            ("run", "--config is missing"),
            ("fly --config c", "no command \"fly\""),
            ("run --config", "--config without a value"),
            ("run --config c --config d", "run takes no --config, or not twice"),
            ("run --config c --patient p", "run takes no --patient, or not twice"),
            ("seed --config c", "seed needs --bundle"),
            ("invite --config c", "invite needs --patient"),
        ] {
            assert_eq!(parse(line), Err(CommandError::Usage { reason: reason.to_owned() }), "{line}");
        }
    }
}
