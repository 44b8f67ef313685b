//! A few connections, shared by whoever works on the database.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::{panic, thread};

use super::StoreError;
use super::connection::Connection;
use crate::database::Database;

/// The connections.
#[derive(Debug)]
pub(super) struct Pool {
    database: Database,
    places: Mutex<Places>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Places {
    idle: Vec<Connection>,
    taken: usize,
}

impl Pool {
    pub(super) fn new(database: Database) -> Self {
        Self { database, places: Mutex::default(), freed: Condvar::new() }
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    /// Lends a connection, when one is free. Not to be called by whoever has one.
    pub(super) fn with_connection<T: Send, E: From<StoreError> + Send>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        on_plain_thread(&self.database, || {
            let place = self.place();
            let mut connection = match place.idle() {
                Some(connection) => connection,
                None => Connection::open(&self.database)?,
            };
            let done = work(&mut connection);
            place.give_back(connection);
            done
        })
    }

    fn place(&self) -> Place<'_> {
        let places = self.places();
        let mut places = self
            .freed
            .wait_while(places, |places| places.taken >= MAX_CONNECTIONS)
            .unwrap_or_else(PoisonError::into_inner);
        places.taken += 1;
        Place { pool: self }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Each change is one push, pop or sum, so a panic leaves nothing half-done.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut self.places().idle);
        on_plain_thread(&self.database, || drop(idle));
    }
}

/// The right to one connection.
struct Place<'p> {
    pool: &'p Pool,
}

impl Place<'_> {
    /// A connection that was used before and still works.
    fn idle(&self) -> Option<Connection> {
        loop {
            let mut connection = self.pool.places().idle.pop()?;
            if connection.is_usable() {
                return Some(connection);
            }
        }
    }

    fn give_back(self, mut connection: Connection) {
        if connection.is_usable() {
            self.pool.places().idle.push(connection);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.places().taken -= 1;
        self.pool.freed.notify_one();
    }
}

/// The client of PostgreSQL brings a runtime of its own, which must not be entered from within another one.
fn on_plain_thread<T: Send>(database: &Database, work: impl FnOnce() -> T + Send) -> T {
    match database {
        Database::File(_) => work(),
        Database::Server(_) => thread::scope(|scope| {
            scope.spawn(work).join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
        }),
    }
}

/// More work than this at a time makes it slower, and the memory of each connection adds up.
const MAX_CONNECTIONS: usize = 16;
