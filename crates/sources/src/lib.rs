//! Records out of a database that a provider already has.
//!
//! What such a database looks like is nobody's business but the provider's: a mapping (`docs/sources.md`) names the views
//! that may be read, the column that says whose row it is, and a FHIR template for each. What is asked of a view is said
//! in a small query language that is compiled to SQL with bound parameters only.
//!
//! Defends against: injected queries. Words of a query become parameters or names from the mapping, never SQL; whose rows
//! are meant comes from the verified relationship, never from a query; and the database is opened for reading alone.
//! **Not** checked: that the mapping itself says the truth about the database; its author is the provider.

mod database;
mod mapping;
mod query;
mod source;
mod template;

pub use database::{Database, DatabaseError, Row};
pub use mapping::{ColumnType, Mapping, MappingError, View};
pub use query::{Parameter, Query, QueryError, Statement};
pub use source::{Source, SourceError};
