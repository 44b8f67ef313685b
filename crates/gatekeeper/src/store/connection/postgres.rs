//! PostgreSQL.
//!
//! Several gatekeepers may work on one database. Reads see one state. A write sees what was committed before each of its
//! statements, and whatever must not happen twice at a time waits for its turn first.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use postgres::config::{Host, SslMode};
use postgres::types::ToSql;
use postgres::{Client, Config, IsolationLevel, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{LOCK_TIMEOUT, Purpose, StoreError, Value};
use crate::database::ServerAddress;

/// A connection to a server.
pub(in crate::store) struct Server {
    client: Client,
    statements: Statements,
    /// When it was last known to be alive.
    used: Instant,
}

type Statements = HashMap<&'static str, Statement>;

impl Server {
    pub(super) fn connect(address: &ServerAddress) -> Result<Self, StoreError> {
        let config = server_settings(address)?;
        let client = if config.get_ssl_mode() == SslMode::Disable {
            config.connect(postgres::NoTls)?
        } else {
            config.connect(tls()?)?
        };
        let mut server = Self { client, statements: HashMap::new(), used: Instant::now() };
        server.limit_statements()?;
        server.client.batch_execute(&format!(
            "SET lock_timeout = {}; SET client_min_messages = warning",
            LOCK_TIMEOUT.as_millis()
        ))?;
        Ok(server)
    }

    pub(super) fn begin(&mut self, purpose: Purpose) -> Result<Transaction<'_>, StoreError> {
        let begin = self.client.build_transaction();
        let transaction = match purpose {
            Purpose::Read => begin.isolation_level(IsolationLevel::RepeatableRead).read_only(true),
            Purpose::Write => begin.isolation_level(IsolationLevel::ReadCommitted),
        };
        self.used = Instant::now();
        Ok(Transaction { transaction: transaction.start()?, statements: &mut self.statements })
    }

    /// The server may have been restarted meanwhile: after a pause it is asked.
    pub(super) fn is_usable(&mut self) -> bool {
        !self.client.is_closed()
            && (self.used.elapsed() < TRUSTED_FOR || self.client.is_valid(LOCK_TIMEOUT).is_ok())
    }

    /// Lets the server use again the room of what was deleted. Its log and its backups are kept as long as whoever runs it
    /// keeps them.
    pub(super) fn vacuum(&mut self) -> Result<(), StoreError> {
        // Each for itself: more than one statement would make a transaction.
        self.client.batch_execute("SET statement_timeout = 0")?;
        self.client.batch_execute("VACUUM record, sealing")?;
        self.limit_statements()
    }

    fn limit_statements(&mut self) -> Result<(), StoreError> {
        let limit = STATEMENT_TIMEOUT.as_millis();
        Ok(self.client.batch_execute(&format!("SET statement_timeout = {limit}"))?)
    }
}

/// How to reach a server, with what the address leaves open. Whatever leaves this machine is encrypted, unless the address
/// itself says `sslmode=disable`.
fn server_settings(address: &ServerAddress) -> Result<Config, StoreError> {
    let mut config: Config = address.url.parse()?;
    if let Some(path) = &address.password_file {
        let password = std::fs::read_to_string(path).map_err(|error| StoreError::Database {
            reason: format!("cannot read the password from {}: {error}", path.display()),
        })?;
        config.password(password.trim_end_matches('\n'));
    }
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        Host::Unix(_) => true,
    };
    if config.get_ssl_mode() == SslMode::Prefer {
        let is_local = config.get_hosts().iter().all(is_local);
        config.ssl_mode(if is_local { SslMode::Disable } else { SslMode::Require });
    }
    config.connect_timeout(CONNECT_TIMEOUT).application_name("medrec-gatekeeper");
    Ok(config)
}

fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let (connect, refused) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
        StoreError::Database { reason: format!("no certificates of authorities: {errors:?}") }
    })?;
    for error in refused {
        tracing::debug!(%error, "a certificate of an authority cannot be read");
    }
    Ok(connect)
}

/// A transaction on a server.
pub(in crate::store) struct Transaction<'c> {
    transaction: postgres::Transaction<'c>,
    statements: &'c mut Statements,
}

impl Transaction<'_> {
    fn prepared(&mut self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.transaction.prepare(&sql.replace('?', "$"))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, StoreError> {
        let statement = self.prepared(sql)?;
        let changed = self.transaction.execute(&statement, &references(values))?;
        // No statement changes more rows than fit into memory.
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(super) fn execute_script(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.transaction.batch_execute(sql)?)
    }

    pub(super) fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<postgres::Row>, StoreError> {
        let statement = self.prepared(sql)?;
        Ok(self.transaction.query(&statement, &references(values))?)
    }

    pub(super) fn wait_turn(&mut self, key: &[u8]) -> Result<(), StoreError> {
        // Two keys of the same number only wait for each other without need.
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended(encode(?1, 'hex'), 0))";
        self.execute(sql, &[Value::Bytes(key)]).map(drop)
    }

    /// Makes the table that says how far the schema has come, while nobody else does.
    pub(super) fn prepare_schema(&mut self) -> Result<(), StoreError> {
        self.wait_turn(b"schema")?;
        self.execute_script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)")
    }

    pub(super) fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}

fn references<'a>(values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// A migration as PostgreSQL says it. The words are those of our migrations, not of SQL at large.
pub(super) fn dialect(migration: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        ("INTEGER", "BIGINT"),
        ("BLOB", "BYTEA"),
        (") STRICT, WITHOUT ROWID;", ");"),
        (") STRICT;", ");"),
        ("ifnull(", "coalesce("),
        ("x''", "''::BYTEA"),
    ];
    WORDS.iter().fold(migration.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs))
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&postgres::Error> for StoreError {
    /// What the server said in short; its details quote values.
    fn from(error: &postgres::Error) -> Self {
        let reason = error.as_db_error().map_or_else(
            || error.to_string(),
            |answer| format!("{} ({})", answer.message(), answer.code().code()),
        );
        Self::Database { reason }
    }
}

/// How long a server may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement may take; an answer waits twenty seconds at the most.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection is taken to be alive without asking.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
