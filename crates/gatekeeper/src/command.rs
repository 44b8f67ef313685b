//! The commands of the program, with arguments read by hand.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alloy_primitives::{Address, hex};
use client::ClientError;
use lightclient::UnixTime;
use protocol::invitation::{Invitation, InvitationCode};
use protocol::layout::Rights;
use qrcode::QrCode;
use qrcode::render::svg;
use records::category::Categories;
use serde_json::{Value, json};
use sources::{BackendKey, FhirSettings, Source};

use crate::bundle::{Bundle, BundleError};
use crate::config::{Config, ConfigError, TEMPLATE};
use crate::database::Database;
use crate::erasure::{Eraser, ErasureError, erase};
use crate::gatekeeper::{Gatekeeper, StartError, load_network};
use crate::groups::{self, GroupChange, GroupError, Scope};
use crate::intake::{Intake, IntakeError, take_in};
use crate::keys::{KeyFileError, Keys};
use crate::rotation::{Rotated, RotationError, rotate};
use crate::server::serve;
use crate::store::{InvitationError, Store, StoreError};
use crate::tls::{Tls, TlsError};

/// How to call the program.
pub const USAGE: &str = "\
usage: medrec-gatekeeper <command> --config FILE

  init      write FILE if there is none, to be filled in; then make the keys; prints {address, encryptionKey}
  import    --bundle FILE [--bundle FILE ...]   take in FHIR bundles (.json, .json.gz)
            --source FILE [--patient ID ...]    or what a source holds: a database or FHIR server (docs/sources.md)
  jwks      --source FILE                       print the public key to register with a FHIR server; makes it if need be
  erase     --patient ID --record TYPE/ID       destroy a record in all its versions, and say so in its place
  group     --number N [--add ADDRESS [--until SECONDS] | --remove ADDRESS]
                                                keep a group that patients can grant something to; prints who is in it
  staff     [--add ADDRESS [--until SECONDS] [--categories A,B] [--rights R,S] | --remove ADDRESS]
                                                let people act for this provider with keys of their own; prints who does
  patients  print every patient as JSON
  invite    --patient ID [--qr FILE]            print an invitation, good once; and draw it (SVG)
  rotate    put a new signing key in the old one's place, on chain and here; then start anew
  run       serve; prints {ready, address, listen} once it does
  status    print what is stored, and how the chain stands
  backup    --to FILE                           copy the database, also while it is served";

/// A command and what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Copies the database.
    Backup {
        /// The new file.
        to: PathBuf,
    },
    /// Erases a record.
    Erase {
        /// The patient's local id.
        patient: String,
        /// `Type/id`.
        record: String,
    },
    /// Keeps a group.
    Group {
        /// Which of the provider's; `None` is its staff.
        number: Option<u64>,
        /// Who is to be in it.
        change: Option<GroupChange>,
    },
    /// Takes in bundles.
    Import {
        /// The files.
        bundles: Vec<PathBuf>,
    },
    /// Takes in what a source holds.
    ImportSource {
        /// What describes the source.
        source: PathBuf,
        /// Patients to take in beside those that the source says.
        patients: Vec<String>,
    },
    /// Prints the public key for a FHIR server.
    Jwks {
        /// What describes the server.
        source: PathBuf,
    },
    /// Makes the keys.
    Init,
    /// Prints an invitation for a patient.
    Invite {
        /// Where to draw it.
        qr: Option<PathBuf>,
        /// The patient's local id.
        patient: String,
    },
    /// Prints the patients.
    Patients,
    /// Puts a new signing key in the old one's place.
    Rotate,
    /// Serves.
    Run,
    /// Prints how things stand.
    Status,
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
    let (mut config, mut record, mut source, mut to) = (None, None, None, None);
    let (mut patients, mut bundles, mut group) = (Vec::new(), Vec::new(), GroupArguments::NONE);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| usage(format!("{option} without a value")))?;
        match (option.as_str(), name.as_str()) {
            ("--config", _) if config.is_none() => config = Some(PathBuf::from(value)),
            ("--patient", "import") => patients.push(value),
            ("--patient", "erase" | "invite") if patients.is_empty() => patients.push(value),
            ("--record", "erase") if record.is_none() => record = Some(value),
            ("--bundle", "import") => bundles.push(PathBuf::from(value)),
            ("--source", "import" | "jwks") if source.is_none() => source = Some(PathBuf::from(value)),
            (_, "group" | "staff") => group.take(&option, &value).map_err(usage)?,
            ("--to", "backup") | ("--qr", "invite") if to.is_none() => to = Some(PathBuf::from(value)),
            _ => return Err(usage(format!("{name} takes no {option}, or not twice"))),
        }
    }
    let command = match name.as_str() {
        "backup" => Command::Backup { to: to.ok_or_else(|| usage("backup needs --to".to_owned()))? },
        "erase" => match (patients.pop(), record) {
            (Some(patient), Some(record)) => Command::Erase { patient, record },
            _ => return Err(usage("erase needs --patient and --record".to_owned())),
        },
        "group" | "staff" => group.command(&name).map_err(usage)?,
        "import" => match (source, bundles.is_empty()) {
            (None, false) if patients.is_empty() => Command::Import { bundles },
            (Some(source), true) => Command::ImportSource { source, patients },
            _ => return Err(usage("import needs --bundle or --source".to_owned())),
        },
        "init" => Command::Init,
        "invite" => Command::Invite {
            qr: to,
            patient: patients.pop().ok_or_else(|| usage("invite needs --patient".to_owned()))?,
        },
        "jwks" => Command::Jwks { source: source.ok_or_else(|| usage("jwks needs --source".to_owned()))? },
        "patients" => Command::Patients,
        "rotate" => Command::Rotate,
        "run" => Command::Run,
        "status" => Command::Status,
        _ => return Err(usage(format!("no command {name:?}"))),
    };
    Ok((command, config.ok_or_else(|| usage("--config is missing".to_owned()))?))
}

/// The options of `group` and `staff`.
#[derive(Debug)]
struct GroupArguments {
    number: Option<u64>,
    person: Option<(Address, bool)>,
    scope: Scope,
}

impl GroupArguments {
    const NONE: Self = Self { number: None, person: None, scope: Scope::WHOLE };

    fn take(&mut self, option: &str, value: &str) -> Result<(), String> {
        let refused = || format!("{option} {value} is not understood, or not twice");
        let number = || value.parse().map_err(|_digits| refused());
        let names = || Value::from_iter(value.split(','));
        match option {
            "--number" if self.number.is_none() => self.number = Some(number()?),
            "--until" if self.scope.until.is_none() => self.scope.until = Some(number()?),
            "--categories" if self.scope.categories == Categories::ALL => {
                let set = serde_json::from_value(names()).ok();
                self.scope.categories = set.ok_or_else(refused)?;
            }
            "--rights" if self.scope.rights == Rights::ALL => {
                self.scope.rights = serde_json::from_value(names()).ok().ok_or_else(refused)?;
            }
            "--add" | "--remove" if self.person.is_none() => {
                let person = value.parse().map_err(|_address| refused())?;
                self.person = Some((person, option == "--add"));
            }
            _ => return Err(refused()),
        }
        Ok(())
    }

    fn command(self, name: &str) -> Result<Command, String> {
        if self.number.is_some() != (name == "group") {
            return Err("group needs --number, and staff has none".to_owned());
        }
        let change = match self.person {
            Some((person, true)) => Some(GroupChange::Add(person, self.scope)),
            _ if self.scope != Scope::WHOLE => {
                return Err("--until, --categories and --rights belong to --add".to_owned());
            }
            other => other.map(|(person, _)| GroupChange::Remove(person)),
        };
        Ok(Command::Group { number: self.number, change })
    }
}

/// Does what the command says; results go to standard output.
///
/// # Errors
/// [`CommandError`].
pub async fn execute(command: Command, path: &Path, now: UnixTime) -> Result<(), CommandError> {
    if command == Command::Init && !path.exists() {
        write_new(path, TEMPLATE)?;
        return print(&json!({ "written": path, "next": "fill it in, then run init again" }));
    }
    let config = Config::load(path)?;
    match command {
        Command::Backup { to } => {
            if let Database::Server(_) = config.database {
                return Err(StoreError::Server.into());
            }
            write_new(&to, "")?;
            Store::open(&config.database)?.back_up(&to)?;
            print(&json!({ "database": config.database.to_string(), "copy": to, "keep": config.key_file }))
        }
        Command::Erase { patient, record } => {
            let (network, keys) = (load_network(&config)?, Keys::load(&config.key_file)?);
            let by = Eraser { chain_id: network.rules.chain_id, steward: keys.member, at: now };
            let versions = erase(&Store::open(&config.database)?, &patient, &record, &by)?;
            print(&json!({ "record": record, "versions": versions }))
        }
        Command::Group { number, change } => {
            let group = groups::keep(&Gatekeeper::open(config)?, number, change).await?;
            let members = group.members.iter();
            print(&json!({
                "group": group.address.to_string(),
                "members": members.map(|one| json!({
                    "person": one.person.to_string(), "since": one.since, "until": one.until,
                    "categories": one.categories, "rights": one.rights,
                })).collect::<Vec<_>>(),
            }))
        }
        Command::Import { bundles } => import(&config, &bundles),
        Command::ImportSource { source, patients } => import_source(&config, source, patients, now).await,
        Command::Jwks { source } => jwks(&source),
        Command::Init => {
            let keys = Keys::load_or_generate(&config.key_file)?;
            Store::open(&config.database)?;
            let encryption_key = hex::encode_prefixed(keys.encryption.public());
            print(&json!({ "address": keys.member.to_string(), "encryptionKey": encryption_key }))
        }
        Command::Invite { patient, qr } => invite(&config, &patient, qr.as_deref(), now),
        Command::Patients => {
            let patients = Store::open(&config.database)?.patients()?;
            let rows =
                patients.iter().map(|row| json!({ "id": row.id, "name": row.name, "records": row.records }));
            print(&rows.collect())
        }
        Command::Rotate => {
            let Rotated { member, key, former } = rotate(&config).await?;
            print(&json!({ "member": member.to_string(), "key": key.to_string(), "former": former }))
        }
        Command::Run => run(config).await,
        Command::Status => status(config).await,
    }
}

/// Makes a file that only its owner reads; never in place of another one.
fn write_new(path: &Path, text: &str) -> Result<(), CommandError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| CommandError::System { reason: format!("{}: {error}", path.display()) })
}

/// What is stored, and how the chain stands now.
async fn status(config: Config) -> Result<(), CommandError> {
    let gatekeeper = Gatekeeper::open(config)?;
    let counts = gatekeeper.store().counts()?;
    let chain = gatekeeper.chain().sync().await;
    let standing = gatekeeper.standing();
    print(&json!({
        "steward": gatekeeper.address().to_string(),
        "origin": gatekeeper.config().origin.to_string(),
        "patients": counts.patients,
        "records": counts.records,
        "relationships": counts.relationships,
        "accesses": counts.accesses,
        "accessesAnchored": counts.accesses_anchored,
        "chain": chain.as_ref().map_or_else(ClientError::code, |()| "verified".to_owned()),
        "block": standing.map(|standing| standing.block),
        "blockAgeSeconds": standing.map(|standing| standing.age),
        "isStale": standing.is_none_or(|standing| standing.is_stale),
    }))
}

fn import(config: &Config, bundles: &[PathBuf]) -> Result<(), CommandError> {
    let store = Store::open(&config.database)?;
    for path in bundles {
        let bundle =
            Bundle::load(path).map_err(|source| CommandError::Bundle { path: path.clone(), source })?;
        let imported = store.add_records(&bundle.patient, &bundle.name, &bundle.records)?;
        print(&json!({
            "patient": bundle.patient,
            "added": imported.added,
            "replaced": imported.replaced,
            "unchanged": imported.unchanged,
        }))?;
    }
    Ok(())
}

fn jwks(source: &Path) -> Result<(), CommandError> {
    let failed = |reason: String| CommandError::System { reason };
    let text =
        std::fs::read_to_string(source).map_err(|error| failed(format!("{}: {error}", source.display())))?;
    let settings = FhirSettings::parse(&text, source.parent().unwrap_or(Path::new("")))
        .map_err(|error| failed(error.to_string()))?;
    let path = settings.key_file().ok_or_else(|| failed("the source names no key_file".to_owned()))?;
    let key = BackendKey::load_or_generate(path).map_err(|error| failed(error.to_string()))?;
    print(&key.public_keys())
}

async fn import_source(
    config: &Config,
    source: PathBuf,
    patients: Vec<String>,
    now: UnixTime,
) -> Result<(), CommandError> {
    let store = Store::open(&config.database)?;
    let read = store.run(move |store| {
        take_in(&mut Source::load(&source, now).map_err(IntakeError::from)?, store, &patients)
    });
    let Intake { patients, records, refused } = read.await?;
    let refused = refused.iter().map(|(place, error)| format!("patient {place}: {error}"));
    print(&json!({
        "patients": patients,
        "added": records.added,
        "replaced": records.replaced,
        "unchanged": records.unchanged,
        "removed": records.removed,
        "refused": refused.collect::<Vec<_>>(),
    }))
}

fn invite(config: &Config, patient: &str, qr: Option<&Path>, now: UnixTime) -> Result<(), CommandError> {
    let network = load_network(config)?;
    let keys = Keys::load(&config.key_file)?;
    let mut code = InvitationCode([0; 16]);
    getrandom::fill(&mut code.0).map_err(|error| CommandError::Random { reason: error.to_string() })?;
    let expires = now.saturating_add(config.invitation_days.saturating_mul(86_400));
    Store::open(&config.database)?.add_invitation(code.digest().into(), patient, now, expires)?;
    let invitation = Invitation { network: network.rules.chain_id, steward: keys.member, code }.to_text();
    let app = config.app.as_ref();
    let invitation = app.map_or_else(|| invitation.clone(), |app| format!("{app}/#/invitation/{invitation}"));
    if let Some(path) = qr {
        write_new(path, &draw(&invitation)?)?;
    }
    write_line(&invitation)
}

/// A QR code as SVG.
fn draw(text: &str) -> Result<String, CommandError> {
    let code = QrCode::new(text).map_err(|error| CommandError::System { reason: error.to_string() })?;
    Ok(code.render::<svg::Color<'_>>().module_dimensions(8, 8).build())
}

async fn run(config: Config) -> Result<(), CommandError> {
    let system = |error: std::io::Error| CommandError::System { reason: error.to_string() };
    let gatekeeper = Arc::new(Gatekeeper::open(config)?);
    let listener = tokio::net::TcpListener::bind(gatekeeper.config().listen).await.map_err(system)?;
    let listen = listener.local_addr().map_err(system)?;
    let tls = gatekeeper.config().tls.clone().map(Tls::load).transpose()?.map(Arc::new);
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
    serve(gatekeeper, listener, tls, stop).await;
    Ok(())
}

fn print(value: &Value) -> Result<(), CommandError> {
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
    /// Nothing was erased.
    #[error(transparent)]
    Erasure(#[from] ErasureError),
    /// A group is not as it should be.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A source cannot be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
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
    /// The key is the old one still.
    #[error(transparent)]
    Rotation(#[from] RotationError),
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
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The arguments are not understood.
    #[error("{reason}\n\n{USAGE}")]
    Usage {
        /// What is wrong with them.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use records::category::Category;

    use super::*;
    use crate::store::tests::Scratch;

    fn parse(line: &str) -> Result<(Command, PathBuf), CommandError> {
        parse_arguments(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_every_command() {
        let config = PathBuf::from("c.toml");
        assert_eq!(parse("init --config c.toml"), Ok((Command::Init, config.clone())));
        assert_eq!(parse("patients --config c.toml"), Ok((Command::Patients, config.clone())));
        assert_eq!(parse("rotate --config c.toml"), Ok((Command::Rotate, config.clone())));
        assert_eq!(parse("run --config c.toml"), Ok((Command::Run, config.clone())));
        let invite = Command::Invite { patient: "p".to_owned(), qr: None };
        assert_eq!(parse("invite --patient p --config c.toml"), Ok((invite, config.clone())));
        let drawn = Command::Invite { patient: "p".to_owned(), qr: Some("i.svg".into()) };
        assert_eq!(parse("invite --qr i.svg --patient p --config c.toml"), Ok((drawn, config.clone())));
        let import = Command::Import { bundles: vec!["a".into(), "b".into()] };
        assert_eq!(parse("import --bundle a --config c.toml --bundle b"), Ok((import, config.clone())));
        let source = Command::ImportSource { source: "s".into(), patients: vec!["p".into(), "q".into()] };
        let line = "import --source s --patient p --patient q --config c.toml";
        assert_eq!(parse(line), Ok((source, config.clone())));
        let jwks = Command::Jwks { source: "s".into() };
        assert_eq!(parse("jwks --source s --config c.toml"), Ok((jwks, config.clone())));
        assert_eq!(parse("status --config c.toml"), Ok((Command::Status, config.clone())));
        let erase = Command::Erase { patient: "p".to_owned(), record: "Condition/1".to_owned() };
        assert_eq!(
            parse("erase --patient p --record Condition/1 --config c.toml"),
            Ok((erase, config.clone()))
        );
        let person = Address::repeat_byte(7);
        let group =
            |line: &str| parse(&format!("group --config c.toml --number 3 {line}")).map(|(group, _)| group);
        let change = |change| Ok(Command::Group { number: Some(3), change });
        assert_eq!(group(""), change(None));
        assert_eq!(
            group(&format!("--add {person} --until 9")),
            change(Some(GroupChange::Add(person, Scope { until: Some(9), ..Scope::WHOLE })))
        );
        assert_eq!(group(&format!("--remove {person}")), change(Some(GroupChange::Remove(person))));
        let staff = |line: &str| parse(&format!("staff --config c.toml {line}")).map(|(group, _)| group);
        let scope =
            Scope { categories: Categories::NONE.with(Category::Results), rights: Rights::READ, until: None };
        let added = Command::Group { number: None, change: Some(GroupChange::Add(person, scope)) };
        assert_eq!(staff(&format!("--add {person} --categories results --rights read")), Ok(added));
        let backup = Command::Backup { to: "b".into() };
        assert_eq!(parse("backup --to b --config c.toml"), Ok((backup, config)));
    }

    #[tokio::test]
    async fn writes_no_file_in_place_of_another() {
        let folder = Scratch::new();
        let config = folder.path().join("gatekeeper.toml");
        execute(Command::Init, &config, 0).await.unwrap();
        assert_eq!(std::fs::read_to_string(&config).unwrap(), TEMPLATE);
        // Now there is one: it is read, and the keys are made beside it.
        execute(Command::Init, &config, 0).await.unwrap();
        assert!(folder.path().join("gatekeeper.key").exists());
        let to = folder.path().join("copy.sqlite");
        execute(Command::Backup { to: to.clone() }, &config, 0).await.unwrap();
        assert!(Store::open(&Database::File(to.clone())).unwrap().patients().unwrap().is_empty());
        let again = execute(Command::Backup { to }, &config, 0).await;
        assert!(
            matches!(&again, Err(CommandError::System { reason }) if reason.contains("exists")),
            "{again:?}"
        );
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
            ("import --config c", "import needs --bundle or --source"),
            ("import --bundle a --source b --config c", "import needs --bundle or --source"),
            ("import --bundle a --patient p --config c", "import needs --bundle or --source"),
            (
                "group --config c --add 0x0707070707070707070707070707070707070707",
                "group needs --number, and staff has none",
            ),
            ("staff --config c --number 1", "group needs --number, and staff has none"),
            ("group --config c --number 1 --until 9", "--until, --categories and --rights belong to --add"),
            ("staff --config c --categories results", "--until, --categories and --rights belong to --add"),
            ("staff --config c --rights fly", "--rights fly is not understood, or not twice"),
            ("staff --config c --categories read", "--categories read is not understood, or not twice"),
            ("group --config c --number 1 --add me", "--add me is not understood, or not twice"),
            ("jwks --config c", "jwks needs --source"),
            ("invite --config c --patient p --patient q", "invite takes no --patient, or not twice"),
            ("backup --config c", "backup needs --to"),
            ("status --config c --to d", "status takes no --to, or not twice"),
            ("invite --config c", "invite needs --patient"),
            ("erase --config c --record r", "erase needs --patient and --record"),
        ] {
            assert_eq!(parse(line), Err(CommandError::Usage { reason: reason.to_owned() }), "{line}");
        }
    }

    #[test]
    fn a_camera_reads_the_invitation_that_was_drawn() {
        let text = "https://records.example/#/invitation/AQAAAAAAAT9xnRs7zzMcHEgmFHwf60LCQmQzrvBXJ1hCOpzkl3oOp1gjZyMFhOan2A";
        let drawn = draw(text).unwrap();
        let number =
            |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>();
        let width = number(drawn.split("width=\"").nth(1).unwrap()).unwrap();
        // Each dark module is `Mx yh8v8H…`.
        let (_, path) = drawn.split_once(" d=\"").unwrap();
        let mut dark = std::collections::HashSet::new();
        for module in path.split('M').skip(1) {
            let (x, rest) = module.split_once(' ').unwrap();
            let (left, top) = (number(x).unwrap(), number(rest).unwrap());
            dark.extend((0..64).map(|dot| (left + dot % 8, top + dot / 8)));
        }
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| {
            if dark.contains(&(x, y)) { 0 } else { 255 }
        });
        let codes = seen.detect_grids();
        assert_eq!(codes.len(), 1);
        assert_eq!(codes[0].decode().unwrap().1, text);
    }
}
