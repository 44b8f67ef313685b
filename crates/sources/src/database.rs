//! The database, opened for reading alone, and for so long.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lightclient::Fault;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::query::{Parameter, Statement};

/// A row: the value of each column, `Null` if it has none.
pub type Row = BTreeMap<String, Value>;

/// An SQLite database of somebody else.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
}

impl Database {
    /// Opens a file that must exist; nothing can be written through it.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed =
            |error: rusqlite::Error| DatabaseError::Open { path: path.to_owned(), reason: error.to_string() };
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        // Else a quoted name that is no column would be taken for a text: an invented value, or everybody's rows.
        for quotes in [DbConfig::SQLITE_DBCONFIG_DQS_DML, DbConfig::SQLITE_DBCONFIG_DQS_DDL] {
            connection.set_db_config(quotes, false).map_err(failed)?;
        }
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        Ok(Self { connection })
    }

    /// Does some reading as of one moment, whoever writes meanwhile.
    ///
    /// # Errors
    /// What `work` fails with, or [`DatabaseError`].
    pub fn at_one_moment<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection.execute_batch("BEGIN").map_err(DatabaseError::from)?;
        let done = work(self);
        // Nothing was written: undone and done are the same.
        self.connection.execute_batch("ROLLBACK").map_err(DatabaseError::from)?;
        done
    }

    /// Reads the rows that a statement asks for.
    ///
    /// # Errors
    /// [`DatabaseError`], also for more rows or a longer time than anybody needs.
    pub fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, DatabaseError> {
        let deadline = Instant::now() + MAX_TIME;
        self.connection.progress_handler(STEPS, Some(move || Instant::now() > deadline))?;
        let mut prepared = self.connection.prepare(&statement.sql)?;
        let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
        let mut found = prepared.query(rusqlite::params_from_iter(&statement.parameters))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            if rows.len() == MAX_ROWS {
                return Err(DatabaseError::TooMany { limit: MAX_ROWS });
            }
            let values =
                names.iter().enumerate().map(|(index, name)| Ok((name.clone(), value(row.get_ref(index)?))));
            rows.push(values.collect::<Result<Row, rusqlite::Error>>()?);
        }
        Ok(rows)
    }
}

/// A value as JSON has it; bytes that are no text have none.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Value::Null, Value::from),
        ValueRef::Blob(_) | ValueRef::Null => Value::Null,
    }
}

impl ToSql for Parameter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Integer(number) => number.to_sql(),
            Self::Real(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

/// Why rows could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be opened.
    #[error("cannot open {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// SQLite refused, or it took too long.
    #[error("database: {reason}")]
    Sqlite {
        /// What SQLite said.
        reason: String,
    },
    /// More rows than anybody's records.
    #[error("more than {limit} rows")]
    TooMany {
        /// The most rows.
        limit: usize,
    },
}

impl DatabaseError {
    /// Returns who is to blame: this machine, or whoever wrote the mapping.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Unavailable
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite { reason: error.to_string() }
    }
}

/// How long to wait for somebody who writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one statement may take.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 10_000;
/// The most rows of one patient in one view.
const MAX_ROWS: usize = 100_000;
