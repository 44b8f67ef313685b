//! Tables of a database, read through a mapping as FHIR bundles.

use lightclient::Fault;
use serde_json::{Value, json};

use crate::database::{Database, DatabaseError};
use crate::mapping::Mapping;
use crate::query::QueryError;

/// An existing database as a source of records.
#[derive(Debug)]
pub struct Tables {
    mapping: Mapping,
    database: Database,
}

impl Tables {
    /// Opens the database that a mapping names.
    ///
    /// # Errors
    /// [`TablesError`].
    pub fn open(mapping: Mapping) -> Result<Self, TablesError> {
        let database = Database::open(&mapping.database)?;
        Ok(Self { mapping, database })
    }

    /// The database, as text.
    pub fn name(&self) -> String {
        self.mapping.database.display().to_string()
    }

    /// The ids of all patients, as the database has them.
    ///
    /// # Errors
    /// [`TablesError`].
    pub fn patients(&mut self) -> Result<Vec<String>, TablesError> {
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
    /// [`TablesError`].
    pub fn bundle(&mut self, patient: &str) -> Result<Value, TablesError> {
        let views = &self.mapping.views;
        let entries = self.database.at_one_moment(|database| {
            let mut entries = Vec::new();
            for view in views {
                let rows = database.rows(&view.query.compile(view, patient)?)?;
                entries.extend(rows.iter().map(|row| json!({ "resource": view.template.fill(row) })));
            }
            Ok::<_, TablesError>(entries)
        })?;
        Ok(json!({ "resourceType": "Bundle", "type": "collection", "entry": entries }))
    }
}

/// Why the tables could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TablesError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A query was refused.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl TablesError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Database(error) => error.fault(),
            Self::Query(error) => error.fault(),
        }
    }
}
