//! The configuration file: one TOML file, read strictly.
//!
//! Unknown keys, missing keys and impossible values are errors, so that a typing error never silently weakens the
//! server. Paths are taken from the folder of the file.
//!
//! ```toml
#![doc = include_str!("../gatekeeper.toml")]
//! ```

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use lightclient::Fault;
use protocol::request::{Origin, OriginError};
use serde::Deserialize;

use crate::database::Database;
use crate::tls::TlsFiles;

/// What the gatekeeper was told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The audience of requests.
    pub origin: Origin,
    /// Where patients open the app.
    pub app: Option<Origin>,
    /// Where the store is.
    pub database: Database,
    /// The folder of the verified heads.
    pub heads: PathBuf,
    /// The file of the keys.
    pub key_file: PathBuf,
    /// The network description.
    pub network: PathBuf,
    /// Certificate and key, if TLS is spoken here.
    pub tls: Option<TlsFiles>,
    /// What describes a database or FHIR server that records are read from.
    pub source: Option<PathBuf>,
    /// How often it is read again, in seconds.
    pub source_seconds: u64,
    /// How far a client's clock may be off, in seconds.
    pub allowed_skew: u64,
    /// How long an invitation is good, in days.
    pub invitation_days: u64,
    /// How often the access log goes on chain, in seconds.
    pub anchor_seconds: u64,
    /// How many calls are worked on at a time.
    pub max_concurrent_calls: usize,
}

/// A configuration to be filled in: every key with what it means and, where it may be left out, its default.
pub const TEMPLATE: &str = include_str!("../gatekeeper.toml");

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: SocketAddr,
    origin: String,
    app: Option<String>,
    database: String,
    database_password_file: Option<PathBuf>,
    key_file: PathBuf,
    network: PathBuf,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    source: Option<PathBuf>,
    source_seconds: Option<u64>,
    allowed_skew_seconds: Option<u64>,
    invitation_days: Option<u64>,
    anchor_seconds: Option<u64>,
    max_concurrent_calls: Option<u64>,
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), reason: error.to_string() })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a configuration whose paths are taken from `folder`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfigError::Toml { reason: error.to_string() })?;
        let origin = Origin::parse(&file.origin)?;
        let app = file.app.as_deref().map(Origin::parse).transpose()?;
        let max_concurrent_calls =
            number("max_concurrent_calls", file.max_concurrent_calls, 256, 1..=65_536)?;
        let tls = match (file.tls_certificate, file.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: folder.join(certificate), key: folder.join(key) })
            }
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        let password_file = file.database_password_file.map(|path| folder.join(path));
        let database = Database::parse(&file.database, folder, password_file);
        let heads = match &database {
            Database::File(path) => path.with_extension("heads"),
            Database::Server(_) => folder.join("gatekeeper.heads"),
        };
        Ok(Self {
            listen: file.listen,
            origin,
            app,
            database,
            heads,
            key_file: folder.join(file.key_file),
            network: folder.join(file.network),
            tls,
            source: file.source.map(|source| folder.join(source)),
            source_seconds: number("source_seconds", file.source_seconds, 60, 1..=86_400)?,
            allowed_skew: number("allowed_skew_seconds", file.allowed_skew_seconds, 30, 0..=300)?,
            invitation_days: number("invitation_days", file.invitation_days, 14, 1..=365)?,
            anchor_seconds: number("anchor_seconds", file.anchor_seconds, 10, 1..=86_400)?,
            // Within the range checked just above.
            max_concurrent_calls: usize::try_from(max_concurrent_calls).unwrap_or(usize::MAX),
        })
    }
}

/// Reads a number that may be left out.
fn number(
    field: &'static str,
    given: Option<u64>,
    otherwise: u64,
    allowed: RangeInclusive<u64>,
) -> Result<u64, ConfigError> {
    let found = given.unwrap_or(otherwise);
    if allowed.contains(&found) {
        Ok(found)
    } else {
        Err(ConfigError::Range { field, expected: allowed, found })
    }
}

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Only one of certificate and key is there.
    #[error("tls_certificate and tls_key are needed both, or none of them")]
    HalfTls,
    /// The origin is not one.
    #[error("origin: {0}")]
    Origin(#[from] OriginError),
    /// A number is out of range.
    #[error("{field} is {found}, expected {} to {}", expected.start(), expected.end())]
    Range {
        /// The key.
        field: &'static str,
        /// What is allowed.
        expected: RangeInclusive<u64>,
        /// What was written.
        found: u64,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not TOML of the right keys.
    #[error("configuration: {reason}")]
    Toml {
        /// Where and why.
        reason: String,
    },
}

impl ConfigError {
    /// Returns who is to blame: whoever wrote the file.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "listen = \"127.0.0.1:1\"\norigin = \"http://127.0.0.1:1\"\ndatabase = \"a.sqlite\"\n\
                        key_file = \"/k\"\nnetwork = \"n.json\"\n";

    #[test]
    fn reads_paths_from_the_folder_and_fills_in_what_may_be_left_out() {
        let config = Config::parse(GOOD, Path::new("/etc/medrec")).unwrap();
        assert_eq!(config.database, Database::File(PathBuf::from("/etc/medrec/a.sqlite")));
        assert_eq!(config.heads, Path::new("/etc/medrec/a.heads"));
        assert_eq!(config.key_file, Path::new("/k"));
        assert_eq!((config.allowed_skew, config.invitation_days, config.anchor_seconds), (30, 14, 10));
        assert_eq!(config.max_concurrent_calls, 256);
    }

    #[test]
    fn the_template_tells_every_key_and_its_true_default() {
        let folder = Path::new("/etc/medrec");
        let as_it_is = Config::parse(TEMPLATE, folder).unwrap();
        let (text, spelled_out) = TEMPLATE.lines().fold((String::new(), 0), |(text, count), line| {
            let key = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty());
            (text + key.unwrap_or(line) + "\n", count + u32::from(key.is_some()))
        });
        let spelled = Config::parse(&text, folder).unwrap();
        assert_eq!(spelled.source.as_deref(), Some(Path::new("/etc/medrec/source.toml")));
        let tls = spelled.tls.as_ref().map(|files| files.certificate.as_path());
        assert_eq!(tls, Some(Path::new("/etc/medrec/tls.crt")));
        assert_eq!(spelled.app.as_ref().map(ToString::to_string).as_deref(), Some("https://records.example"));
        assert_eq!((Config { app: None, source: None, tls: None, ..spelled }, spelled_out), (as_it_is, 10));
    }

    #[test]
    fn refuses_unknown_missing_and_doubled_keys() {
        let reason = |text: &str| match Config::parse(text, Path::new("")) {
            Err(ConfigError::Toml { reason }) => reason,
            other => panic!("{other:?}"),
        };
        assert!(reason(&format!("{GOOD}orgin = \"x\"\n")).contains("unknown field `orgin`"));
        assert!(reason(&GOOD.replace("network", "#")).contains("missing field `network`"));
        assert!(reason(&format!("{GOOD}network = \"x\"\n")).contains("duplicate key"));
    }

    #[test]
    fn refuses_numbers_out_of_range() {
        let found = Config::parse(&format!("{GOOD}allowed_skew_seconds = 301\n"), Path::new(""));
        let expected = ConfigError::Range { field: "allowed_skew_seconds", expected: 0..=300, found: 301 };
        assert_eq!(found, Err(expected));
    }

    #[test]
    fn refuses_a_certificate_without_key() {
        let found = Config::parse(&format!("{GOOD}tls_certificate = \"a\"\n"), Path::new(""));
        assert_eq!(found, Err(ConfigError::HalfTls));
    }

    #[test]
    fn refuses_an_origin_with_a_path() {
        let found = Config::parse(&GOOD.replace("http://127.0.0.1:1", "https://a/"), Path::new(""));
        assert_eq!(found, Err(ConfigError::Origin(OriginError::Host)));
        let found = Config::parse(&format!("{GOOD}app = \"https://a/\"\n"), Path::new(""));
        assert_eq!(found, Err(ConfigError::Origin(OriginError::Host)));
    }
}
