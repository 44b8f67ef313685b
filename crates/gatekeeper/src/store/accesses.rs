//! The access log: who asked for what of whom, as one chain of entries per relationship.
//!
//! `head(n) = SHA-256(head(n − 1) ‖ SHA-256(entry n))`, `head(0)` is zero. The head and the number of entries go on
//! chain in batches, after which no entry up to there can be left out, changed or put in. Refusals are logged, too,
//! but only so many per hour and relationship, lest a stranger fills the disk.

use alloy_primitives::{Address, B256};
use lightclient::UnixTime;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Store, StoreError, address, hash, integer, unsigned};

/// One access on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whose records were asked for.
    pub pseudonym: Address,
    /// When.
    pub at: UnixTime,
    /// Whether it was refused.
    pub refused: bool,
    /// Canonical JSON of the entry; the chain is over these bytes.
    pub entry: String,
}

/// One entry of the log as it is given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// Its number, from 1.
    pub number: u64,
    /// Canonical JSON of the entry.
    pub entry: String,
}

/// The head of a relationship's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessLog {
    /// Hash over all entries; zero if there is none.
    pub head: B256,
    /// How many entries there are.
    pub count: u64,
}

impl Store {
    /// Appends an access; `step` makes the new head of the former head and the entry.
    ///
    /// Returns the log's head, or `None` if it was a refusal beyond what is kept per hour.
    ///
    /// # Errors
    /// [`StoreError`]; the access must then not be answered.
    pub fn append_access(
        &self,
        access: &Access,
        step: fn(B256, &str) -> B256,
    ) -> Result<Option<AccessLog>, StoreError> {
        let at = integer(access.at)?;
        self.write(|db| {
            if access.refused && refusals_since(db, access.pseudonym, access.at)? >= MAX_REFUSALS_PER_HOUR {
                return Ok(None);
            }
            let log = log_of(db, access.pseudonym)?;
            let next = AccessLog { head: step(log.head, &access.entry), count: log.count + 1 };
            db.execute(
                "INSERT INTO access (pseudonym, number, at, refused, entry, head) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    access.pseudonym.as_slice(),
                    integer(next.count)?,
                    at,
                    access.refused,
                    access.entry,
                    next.head.as_slice()
                ],
            )?;
            Ok(Some(next))
        })
    }

    /// The head of a relationship's log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn access_log(&self, pseudonym: Address) -> Result<AccessLog, StoreError> {
        self.read(|db| log_of(db, pseudonym))
    }

    /// Logs that are longer than what is proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unanchored(&self, limit: u32) -> Result<Vec<(Address, AccessLog)>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT pseudonym FROM relationship WHERE anchored <
                   (SELECT coalesce(max(number), 0) FROM access WHERE access.pseudonym = relationship.pseudonym)
                 ORDER BY random() LIMIT ?1",
            )?;
            let rows = statement.query_map(params![limit], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|bytes| {
                let pseudonym = address("pseudonym", &bytes?)?;
                Ok((pseudonym, log_of(db, pseudonym)?))
            })
            .collect()
        })
    }

    /// Notes that so many entries of a log are proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_anchored(&self, pseudonym: Address, count: u64) -> Result<(), StoreError> {
        let count = integer(count)?;
        self.write(|db| {
            db.execute(
                "UPDATE relationship SET anchored = ?2 WHERE pseudonym = ?1",
                params![pseudonym.as_slice(), count],
            )?;
            Ok(())
        })
    }

    /// The newest `limit` entries of a relationship's log, oldest first, and the log's head.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accesses(
        &self,
        pseudonym: Address,
        limit: u32,
    ) -> Result<(AccessLog, Vec<AccessEntry>), StoreError> {
        self.read(|db| {
            let log = log_of(db, pseudonym)?;
            let mut statement = db.prepare(
                "SELECT number, entry FROM access WHERE pseudonym = ?1 ORDER BY number DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![pseudonym.as_slice(), limit], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut entries: Vec<AccessEntry> = rows
                .map(|row| {
                    let (number, entry) = row?;
                    Ok(AccessEntry { number: unsigned("number", number)?, entry })
                })
                .collect::<Result<_, StoreError>>()?;
            entries.reverse();
            Ok((log, entries))
        })
    }
}

fn log_of(db: &Transaction<'_>, pseudonym: Address) -> Result<AccessLog, StoreError> {
    let newest: Option<(i64, Vec<u8>)> = db
        .query_row(
            "SELECT number, head FROM access WHERE pseudonym = ?1 ORDER BY number DESC LIMIT 1",
            params![pseudonym.as_slice()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match newest {
        Some((number, head)) => {
            Ok(AccessLog { head: hash("head", &head)?, count: unsigned("number", number)? })
        }
        None => Ok(AccessLog { head: B256::ZERO, count: 0 }),
    }
}

fn refusals_since(db: &Transaction<'_>, pseudonym: Address, at: UnixTime) -> Result<u32, StoreError> {
    Ok(db.query_row(
        "SELECT count(*) FROM access WHERE pseudonym = ?1 AND refused = 1 AND at > ?2",
        params![pseudonym.as_slice(), integer(at.saturating_sub(3600))?],
        |row| row.get(0),
    )?)
}

/// How many refusals one relationship's log takes up in an hour.
pub(crate) const MAX_REFUSALS_PER_HOUR: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{bound, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);

    fn step(head: B256, entry: &str) -> B256 {
        B256::with_last_byte(head.0[31].wrapping_mul(3).wrapping_add(u8::try_from(entry.len()).unwrap()))
    }

    fn access(at: UnixTime, refused: bool, entry: &str) -> Access {
        Access { pseudonym: ME, at, refused, entry: entry.to_owned() }
    }

    #[test]
    fn chains_the_entries() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        assert_eq!(store.access_log(ME), Ok(AccessLog { head: B256::ZERO, count: 0 }));
        store.append_access(&access(1, false, "a"), step).unwrap();
        let log = AccessLog { head: B256::with_last_byte(5), count: 2 };
        assert_eq!(store.append_access(&access(2, false, "bb"), step), Ok(Some(log)));
        let entries = ["a", "bb"].iter().zip(1..);
        let entries: Vec<_> =
            entries.map(|(entry, number)| AccessEntry { number, entry: (*entry).to_owned() }).collect();
        assert_eq!(store.accesses(ME, 10), Ok((log, entries.clone())));
        assert_eq!(store.accesses(ME, 1), Ok((log, entries[1..].to_vec())));
    }

    #[test]
    fn keeps_only_so_many_refusals_an_hour_but_every_release() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        for _ in 0..MAX_REFUSALS_PER_HOUR {
            assert!(store.append_access(&access(10, true, "no"), step).unwrap().is_some());
        }
        assert_eq!(store.append_access(&access(10, true, "no"), step), Ok(None));
        assert!(store.append_access(&access(10, false, "yes"), step).unwrap().is_some());
        assert!(store.append_access(&access(4_000, true, "no"), step).unwrap().is_some());
    }

    #[test]
    fn lists_logs_that_are_longer_than_on_chain() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        assert_eq!(store.unanchored(9), Ok(vec![]));
        let log = store.append_access(&access(1, false, "a"), step).unwrap().unwrap();
        assert_eq!(store.unanchored(9), Ok(vec![(ME, log)]));
        store.note_anchored(ME, 1).unwrap();
        assert_eq!(store.unanchored(9), Ok(vec![]));
    }
}
