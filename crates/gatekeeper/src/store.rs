//! The gatekeeper's store: patients, records, record sets, invitations, nonces and the access log, in one SQLite file.
//!
//! Every statement has bound parameters, every write is one immediate transaction, and the schema is moved forward by
//! numbered migrations. Connections are kept in a small pool, so that readers do not wait for each other; SQLite's
//! write-ahead log lets them read while another connection writes. Work on the file happens on threads that may block.
//!
//! What is acknowledged survives the death of the process. It survives a loss of power only up to the operating
//! system's last flush (`synchronous = NORMAL`): a nonce that is lost that way is of a request that has expired by the
//! time the machine is up again, and anything else can be done again.

mod access_requests;
mod accesses;
mod anchors;
mod erasures;
mod invitations;
mod nonces;
mod records;
mod sets;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::{Address, B256};
use lightclient::Fault;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use access_requests::Asked;
pub use accesses::Access;
pub use invitations::{Bound, InvitationError};
pub use nonces::NonceUse;
pub use records::{Counts, Imported, NewRecord, PatientRow};
pub use sets::{Seal, Sealing, SetAge, SetRow, StoredSet};

/// The store, shared by everything that runs in the gatekeeper.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Held by whoever writes: waiting here costs less than SQLite's looking again and again.
    writing: Mutex<()>,
}

impl Store {
    /// Opens the file, makes it if it is missing, and moves its schema forward.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite refuses, or if the file was written by a later version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                idle: Mutex::default(),
                writing: Mutex::default(),
            }),
        };
        let mut connection = store.connect()?;
        migrate(&mut connection)?;
        store.idle(connection);
        Ok(store)
    }

    /// Copies the database into a file, whole and as of one moment, while others read and write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        Ok(self.connect()?.backup("main", to, None::<fn(rusqlite::backup::Progress)>)?)
    }

    /// Runs `work` with a connection on a thread that may block.
    pub(crate) async fn run<T, E>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap_or_else(|error| Err(StoreError::Interrupted { reason: error.to_string() }.into()))
    }

    /// Empties the write-ahead log, which holds pages as they were.
    fn empty_log(&self) -> Result<(), StoreError> {
        let is_busy = self.with_connection(|connection| {
            let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
            busy.map_err(StoreError::from)
        })?;
        if is_busy { Err(StoreError::LogInUse) } else { Ok(()) }
    }

    /// Reads: one deferred transaction, so that several statements see the same state.
    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Deferred, work)
    }

    /// Writes: one immediate transaction, undone if `work` fails.
    fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.transact(TransactionBehavior::Immediate, work)
    }

    fn transact<T, E: From<StoreError>>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.with_connection(|connection| {
            let transaction = connection.transaction_with_behavior(behavior).map_err(StoreError::from)?;
            let done = work(&transaction)?;
            transaction.commit().map_err(StoreError::from)?;
            Ok(done)
        })
    }

    fn with_connection<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let done = work(&mut connection)?;
        // A connection that failed is closed instead; the next user opens a new one.
        self.idle(connection);
        Ok(done)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(&self.shared.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What is deleted or erased is overwritten, not only unlinked.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        Ok(connection)
    }

    fn idle(&self, connection: Connection) {
        let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE_CONNECTIONS {
            idle.push(connection);
        }
    }
}

/// Applies the migrations that the file has not seen, each in a transaction of its own.
fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 =
        transaction.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))?;
    let newest = (1..).zip(MIGRATIONS).map(|(number, _)| number).last().unwrap_or(0);
    if found > newest {
        return Err(StoreError::Newer { expected: newest, found });
    }
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The thread that did the work ended early.
    #[error("work on the database was interrupted: {reason}")]
    Interrupted {
        /// What the runtime said.
        reason: String,
    },
    /// Somebody read for so long that the write-ahead log could not be emptied.
    #[error("the write-ahead log is in use and still holds what was erased; erase it again")]
    LogInUse,
    /// The file was written by a later version of the gatekeeper.
    #[error("database has schema version {found}, expected at most {expected}")]
    Newer {
        /// The newest version known here.
        expected: u32,
        /// The version of the file.
        found: u32,
    },
    /// A time or count does not fit the database.
    #[error("{found} is out of range for the database")]
    Range {
        /// The number.
        found: u64,
    },
    /// A stored value is not what the schema promises.
    #[error("database holds a bad {column}")]
    Row {
        /// The column.
        column: &'static str,
    },
    /// SQLite refused.
    #[error("database: {reason}")]
    Sqlite {
        /// What SQLite said; it never quotes values.
        reason: String,
    },
    /// Making or reading a record set failed.
    #[error("record set: {reason}")]
    RecordSet {
        /// What `protocol` said.
        reason: String,
    },
}

impl StoreError {
    /// Returns who is to blame: always this machine.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Unavailable
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let reason = match &error {
            rusqlite::Error::SqliteFailure(code, message) => {
                format!("{code}{}", message.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())
            }
            other => other.to_string(),
        };
        Self::Sqlite { reason }
    }
}

/// A number as SQLite keeps it.
fn integer(number: u64) -> Result<i64, StoreError> {
    // The number itself says what is wrong with it.
    i64::try_from(number).map_err(|_range| StoreError::Range { found: number })
}

/// A number that was never negative when it was stored.
fn unsigned(column: &'static str, number: i64) -> Result<u64, StoreError> {
    // As in `integer`.
    u64::try_from(number).map_err(|_sign| StoreError::Row { column })
}

/// A BLOB of fixed length.
fn fixed<const N: usize>(column: &'static str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
    // The length is all that can be wrong.
    bytes.try_into().map_err(|_length| StoreError::Row { column })
}

/// A stored hash.
fn hash(column: &'static str, bytes: &[u8]) -> Result<B256, StoreError> {
    fixed(column, bytes).map(B256::new)
}

/// A stored pseudonym.
fn address(column: &'static str, bytes: &[u8]) -> Result<Address, StoreError> {
    fixed(column, bytes).map(Address::new)
}

/// Applied in this order; the number of those applied is the file's `user_version`.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_anchors.sql"),
    include_str!("../migrations/0003_history.sql"),
    include_str!("../migrations/0004_access_requests.sql"),
    include_str!("../migrations/0005_sources.sql"),
];
/// How long a writer waits for another one.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
/// Connections kept open while nobody uses them.
const MAX_IDLE_CONNECTIONS: usize = 8;

#[cfg(test)]
pub(crate) mod tests;
