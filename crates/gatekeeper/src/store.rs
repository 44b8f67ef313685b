//! The gatekeeper's store: patients, records, record sets, invitations, nonces and the access log, in a SQLite file or in
//! a database of a PostgreSQL server that several gatekeepers share.
//!
//! Every statement has bound parameters, every change is one transaction, and the schema is moved forward by numbered
//! migrations, the same ones for both. A few connections are kept, so that readers do not wait for each other. Work on them
//! happens on threads that may block.
//!
//! What is acknowledged survives the death of the process. In a file it survives a loss of power only up to the operating
//! system's last flush (`synchronous = NORMAL`): a nonce that is lost that way is of a request that has expired by the
//! time the machine is up again, and anything else can be done again. A server decides that by itself.

mod access_requests;
mod accesses;
mod anchors;
mod connection;
mod duties;
mod erasures;
mod invitations;
mod nonces;
mod pool;
mod records;
mod sets;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lightclient::Fault;

use self::connection::{Connection, Db, Purpose, open_file};
use self::pool::Pool;
use crate::database::Database;

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
    pool: Pool,
    /// Held by whoever writes to a file: waiting here costs less than SQLite's looking again and again.
    writing: Mutex<()>,
}

impl Store {
    /// Opens the database, makes the file if it is missing, and moves the schema forward.
    ///
    /// # Errors
    /// [`StoreError`] if the database refuses, or if it was written by a later version.
    pub fn open(database: &Database) -> Result<Self, StoreError> {
        let pool = Pool::new(database.clone());
        let store = Self { shared: Arc::new(Shared { pool, writing: Mutex::default() }) };
        store.write(migrate)?;
        Ok(store)
    }

    /// Copies the file into another one, whole and as of one moment, while others read and write.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Server`] if it is not a file.
    pub fn back_up(&self, to: &Path) -> Result<(), StoreError> {
        match self.shared.pool.database() {
            Database::File(path) => {
                Ok(open_file(path)?.backup("main", to, None::<fn(rusqlite::backup::Progress)>)?)
            }
            Database::Server(_) => Err(StoreError::Server),
        }
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

    /// Takes what was deleted out of where the database keeps pages as they were.
    fn forget_deleted(&self) -> Result<(), StoreError> {
        self.shared.pool.with_connection(Connection::forget_deleted)
    }

    /// Reads: one transaction, so that several statements see the same state.
    fn read<T: Send>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        self.transact(Purpose::Read, work)
    }

    /// Writes: one transaction, undone if `work` fails.
    fn write<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let is_file = matches!(self.shared.pool.database(), Database::File(_));
        let _turn = is_file.then(|| self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner));
        self.transact(Purpose::Write, work)
    }

    fn transact<T: Send, E: From<StoreError> + Send>(
        &self,
        purpose: Purpose,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        self.shared.pool.with_connection(|connection| {
            let mut transaction = connection.begin(purpose)?;
            let done = work(&mut transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}

/// Applies the migrations that the database has not seen.
fn migrate(db: &mut Db<'_>) -> Result<(), StoreError> {
    let found = db.schema_version()?;
    let newest = (1..).zip(MIGRATIONS).map(|(number, _)| number).last().unwrap_or(0);
    if found > newest {
        return Err(StoreError::Newer { expected: newest, found });
    }
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        db.migrate(number, migration)?;
    }
    Ok(())
}

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("database: {reason}")]
    Database {
        /// What it said; it never quotes values.
        reason: String,
    },
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
    /// Somebody changes records faster than they can be sealed.
    #[error("the records change while a set of them is made; the next round tries again")]
    Overtaken,
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
    /// Making or reading a record set failed.
    #[error("record set: {reason}")]
    RecordSet {
        /// What `protocol` said.
        reason: String,
    },
    /// The database is not a file.
    #[error("the database is on a server, which makes copies itself: see pg_dump")]
    Server,
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
        Self::Database { reason }
    }
}

/// A number as databases keep it.
fn integer(number: u64) -> Result<i64, StoreError> {
    // The number itself says what is wrong with it.
    i64::try_from(number).map_err(|_range| StoreError::Range { found: number })
}

/// Applied in this order; the number of those applied is noted in the database.
const MIGRATIONS: [&str; 6] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_anchors.sql"),
    include_str!("../migrations/0003_history.sql"),
    include_str!("../migrations/0004_access_requests.sql"),
    include_str!("../migrations/0005_sources.sql"),
    include_str!("../migrations/0006_duties.sql"),
];

#[cfg(test)]
pub(crate) mod tests;
