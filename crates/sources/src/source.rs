//! A source: a mapping and its database, read as FHIR bundles.

use lightclient::Fault;
use serde_json::{Value, json};

use crate::database::{Database, DatabaseError};
use crate::mapping::Mapping;
use crate::query::QueryError;

/// An existing database as a source of records.
#[derive(Debug)]
pub struct Source {
    mapping: Mapping,
    database: Database,
}

impl Source {
    /// Opens the database that a mapping names.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn open(mapping: Mapping) -> Result<Self, SourceError> {
        let database = Database::open(&mapping.database)?;
        Ok(Self { mapping, database })
    }

    /// The ids of all patients, as the database has them.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn patients(&mut self) -> Result<Vec<String>, SourceError> {
        let Some(view) = self.mapping.views.first() else { return Ok(Vec::new()) };
        let rows = self.database.rows(&view.patients())?;
        let ids = rows.into_iter().filter_map(|row| match row.into_values().next()? {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        });
        Ok(ids.collect())
    }

    /// Everything about one patient, as a FHIR `Bundle`.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn bundle(&mut self, patient: &str) -> Result<Value, SourceError> {
        let views = &self.mapping.views;
        let entries = self.database.at_one_moment(|database| {
            let mut entries = Vec::new();
            for view in views {
                let rows = database.rows(&view.query.compile(view, patient)?)?;
                entries.extend(rows.iter().map(|row| json!({ "resource": view.template.fill(row) })));
            }
            Ok::<_, SourceError>(entries)
        })?;
        Ok(json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }))
    }
}

/// Why a source could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A query was refused.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl SourceError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => error.fault(),
            Self::Query(error) => error.fault(),
        }
    }
}
