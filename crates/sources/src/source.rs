//! A source: whatever a provider has already, read as one FHIR bundle per patient.

use std::path::{Path, PathBuf};

use lightclient::{Fault, UnixTime};
use serde_json::Value;

use crate::fhir::{FhirError, FhirServer, FhirSettings};
use crate::mapping::{Mapping, MappingError};
use crate::tables::{Tables, TablesError};

/// Where records come from.
#[derive(Debug)]
pub enum Source {
    /// A FHIR R4 server.
    Fhir(Box<FhirServer>),
    /// A database, through a mapping.
    Tables(Box<Tables>),
}

impl Source {
    /// Opens what a file describes: a FHIR server if it has a table `[fhir]`, else a database. Paths in it are taken from its
    /// folder.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn load(path: &Path, now: UnixTime) -> Result<Self, SourceError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SourceError::Read { path: path.to_owned(), reason: error.to_string() })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        // What is no TOML at all is refused by whoever reads it next.
        if text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("fhir")) {
            let server = FhirServer::open(FhirSettings::parse(&text, folder)?, now)?;
            return Ok(Self::Fhir(Box::new(server)));
        }
        Ok(Self::Tables(Box::new(Tables::open(Mapping::parse(&text, folder)?)?)))
    }

    /// What it is called in the store: records that once came from it are looked for there again.
    pub fn name(&self) -> String {
        match self {
            Self::Fhir(server) => server.name().to_owned(),
            Self::Tables(tables) => tables.name(),
        }
    }

    /// The ids of the patients that it says to take in: all in a database, those that a search finds on a FHIR server.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn patients(&mut self) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Fhir(server) => Ok(server.patients()?),
            Self::Tables(tables) => Ok(tables.patients()?),
        }
    }

    /// Everything about one patient, as a FHIR `Bundle`.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn bundle(&mut self, patient: &str) -> Result<Value, SourceError> {
        match self {
            Self::Fhir(server) => Ok(server.bundle(patient)?),
            Self::Tables(tables) => Ok(tables.bundle(patient)?),
        }
    }
}

/// Why a source could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The FHIR server, or what is said about it.
    #[error(transparent)]
    Fhir(#[from] FhirError),
    /// The mapping was refused.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The database, or a query.
    #[error(transparent)]
    Tables(#[from] TablesError),
}

impl SourceError {
    /// Whether the next patient would meet the same.
    #[must_use]
    pub const fn concerns_all(&self) -> bool {
        match self {
            Self::Fhir(error) => matches!(
                error,
                FhirError::Certificate { .. }
                    | FhirError::Key(_)
                    | FhirError::Token { .. }
                    | FhirError::Unreachable { .. }
            ),
            Self::Mapping(_) | Self::Read { .. } => true,
            Self::Tables(_) => false,
        }
    }

    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Fhir(error) => error.fault(),
            Self::Mapping(error) => error.fault(),
            Self::Read { .. } => Fault::Caller,
            Self::Tables(error) => error.fault(),
        }
    }
}
