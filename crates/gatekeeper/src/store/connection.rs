//! One connection to the database, a transaction on it, and what goes in and out: the little that SQLite and PostgreSQL do
//! not have in common stands here, so that the rest of the store is written once.
//!
//! Statements are written for both: parameters are `?1`, `?2`, …, which PostgreSQL calls `$1`; columns are read by name.

mod postgres;
mod value;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{OpenFlags, TransactionBehavior};

use self::postgres::Server;
pub(super) use self::value::{Column, Value, values};
use super::StoreError;
use crate::database::Database;

/// A connection of either kind.
pub(super) enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Server>),
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Several statements see the same state.
    Read,
    /// What others have written before is seen; see [`Db::wait_turn`].
    Write,
}

/// A transaction, undone unless it is committed.
pub(super) enum Db<'c> {
    Sqlite(rusqlite::Transaction<'c>),
    Postgres(postgres::Transaction<'c>),
}

/// A row as a query found it.
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r ::postgres::Row),
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}

impl Connection {
    pub(super) fn open(database: &Database) -> Result<Self, StoreError> {
        match database {
            Database::File(path) => open_file(path).map(Self::Sqlite),
            Database::Server(address) => Server::connect(address).map(Box::new).map(Self::Postgres),
        }
    }

    pub(super) fn begin(&mut self, purpose: Purpose) -> Result<Db<'_>, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let behavior = match purpose {
                    Purpose::Read => TransactionBehavior::Deferred,
                    Purpose::Write => TransactionBehavior::Immediate,
                };
                Ok(Db::Sqlite(connection.transaction_with_behavior(behavior)?))
            }
            Self::Postgres(server) => server.begin(purpose).map(Db::Postgres),
        }
    }

    /// Whether the next transaction can begin on it, after whatever has happened.
    pub(super) fn is_usable(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.is_autocommit(),
            Self::Postgres(server) => server.is_usable(),
        }
    }

    /// Takes what was deleted out of where the database keeps pages as they were.
    pub(super) fn forget_deleted(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let busy = "PRAGMA wal_checkpoint(TRUNCATE)";
                if connection.query_row(busy, [], |row| row.get(0))? {
                    Err(StoreError::LogInUse)
                } else {
                    Ok(())
                }
            }
            Self::Postgres(server) => server.vacuum(),
        }
    }
}

pub(super) fn open_file(path: &Path) -> Result<rusqlite::Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = rusqlite::Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(MAX_PREPARED);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted or erased is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

impl Db<'_> {
    /// Changes rows; returns how many.
    pub(super) fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(db) => Ok(db.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))?),
            Self::Postgres(db) => db.execute(sql, values),
        }
    }

    /// Every row of a query, read one by one.
    pub(super) fn rows<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Sqlite(db) => {
                let mut statement = db.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(read(&Row::Sqlite(row))?);
                }
                Ok(found)
            }
            Self::Postgres(db) => db.rows(sql, values)?.iter().map(|row| read(&Row::Postgres(row))).collect(),
        }
    }

    /// The first row of a query, if there is any.
    pub(super) fn row<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(sql, values, read)?.into_iter().next())
    }

    /// The column `value` of the one row of a query.
    pub(super) fn value<T: Column>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<T, StoreError> {
        self.row(sql, values, |row| row.get("value"))?.ok_or(StoreError::Row { column: "value" })
    }

    /// Waits until no other transaction has its turn with `key`, and sees what that one has written. SQLite has one writer
    /// at a time anyway.
    pub(super) fn wait_turn(&mut self, key: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(db) => db.wait_turn(key),
        }
    }

    /// How many migrations were applied; nothing else migrates until this transaction ends.
    pub(super) fn schema_version(&mut self) -> Result<u32, StoreError> {
        match self {
            Self::Sqlite(_) => self.value("SELECT user_version AS value FROM pragma_user_version", &[]),
            Self::Postgres(db) => {
                db.prepare_schema()?;
                self.value("SELECT coalesce(max(version), 0) AS value FROM schema_version", &[])
            }
        }
    }

    /// Applies a migration and notes its number.
    pub(super) fn migrate(&mut self, number: u32, migration: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(db) => {
                db.execute_batch(migration)?;
                Ok(db.pragma_update(None, "user_version", number)?)
            }
            Self::Postgres(db) => {
                db.execute_script(&postgres::dialect(migration))?;
                self.execute("INSERT INTO schema_version (version) VALUES (?1)", values![number]).map(drop)
            }
        }
    }

    pub(super) fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(db) => Ok(db.commit()?),
            Self::Postgres(db) => db.commit(),
        }
    }
}

impl Row<'_> {
    /// The value of a column.
    pub(super) fn get<T: Column>(&self, column: &'static str) -> Result<T, StoreError> {
        let value = match self {
            Self::Sqlite(row) => Value::of_sqlite(row.get_ref(column)?),
            Self::Postgres(row) => row.try_get(column).map_err(|error| StoreError::from(&error))?,
        };
        T::from_value(value).ok_or(StoreError::Row { column })
    }
}

/// How long a writer waits for another one.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// More statements than the store has.
const MAX_PREPARED: usize = 128;
