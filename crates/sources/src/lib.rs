//! Records out of what a provider already has: a database, or a FHIR R4 server.
//!
//! What a database looks like is nobody's business but the provider's: a mapping (`docs/sources.md`) names the views
//! that may be read, the column that says whose row it is, and a FHIR template for each. What is asked of a view is said
//! in a small query language that is compiled to SQL with bound parameters only.
//!
//! Defends against: injected queries. Words of a query become parameters or names from the mapping, never SQL; whose rows
//! are meant comes from the verified relationship, never from a query; and the database is opened for reading alone.
//! **Not** checked: that the mapping itself says the truth about the database; its author is the provider.

mod database;
mod fhir;
mod mapping;
mod query;
mod source;
mod tables;
mod template;

pub use database::{Database, DatabaseError, Row};
pub use fhir::{BackendKey, FhirError, FhirServer, FhirSettings, KeyError};
pub use mapping::{ColumnType, Mapping, MappingError, View};
pub use query::{Parameter, Query, QueryError, Statement};
pub use source::{Source, SourceError};
pub use tables::{Tables, TablesError};
