//! Where the store is: a SQLite file, or a database of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    File(PathBuf),
    /// A database of a PostgreSQL server, which several gatekeepers may share.
    Server(ServerAddress),
}

/// How a database of a PostgreSQL server is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerAddress {
    pub(crate) url: String,
    pub(crate) password_file: Option<PathBuf>,
}

impl Database {
    /// Reads what a configuration says: `postgresql://…`, perhaps with a file that holds the password, or a path from
    /// `folder`.
    #[must_use]
    pub fn parse(text: &str, folder: &Path, password_file: Option<PathBuf>) -> Self {
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            Self::Server(ServerAddress { url: text.to_owned(), password_file })
        } else {
            Self::File(folder.join(text))
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Server(address) => address.fmt(formatter),
        }
    }
}

impl fmt::Display for ServerAddress {
    /// Without user and password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self
            .url
            .rsplit_once('@')
            .map_or_else(|| self.url.split_once("://").map_or("", |(_, place)| place), |(_, place)| place);
        write!(formatter, "postgresql://{}", place.split('?').next().unwrap_or_default())
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
