//! The access log: who asked for what of whom, as one chain of entries per relationship (`protocol::access_log`).
//!
//! Refusals are logged, too, but only so many per hour and relationship, lest a stranger fills the disk.

use alloy_primitives::{Address, B256};
use lightclient::UnixTime;
use protocol::access_log::{AccessesAnswer, LogPoint};
use rusqlite::{OptionalExtension, Transaction, params};

use super::anchors::anchors_of_page;
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

impl Store {
    /// Appends an access.
    ///
    /// Returns the log's head, or `None` if it was a refusal beyond what is kept per hour.
    ///
    /// # Errors
    /// [`StoreError`]; the access must then not be answered.
    pub fn append_access(&self, access: &Access) -> Result<Option<LogPoint>, StoreError> {
        let at = integer(access.at)?;
        self.write(|db| {
            if access.refused && refusals_since(db, access.pseudonym, access.at)? >= MAX_REFUSALS_PER_HOUR {
                return Ok(None);
            }
            let next = end_of(db, access.pseudonym)?.after(&access.entry);
            let mut statement = db.prepare_cached(
                "INSERT INTO access (pseudonym, number, at, refused, entry, head) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            statement.execute(params![
                access.pseudonym.as_slice(),
                integer(next.count)?,
                at,
                access.refused,
                access.entry,
                next.head.as_slice()
            ])?;
            Ok(Some(next))
        })
    }

    /// Logs that are longer than what is proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unanchored(&self, limit: u32) -> Result<Vec<(Address, LogPoint)>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT pseudonym FROM relationship WHERE anchored <
                   (SELECT coalesce(max(number), 0) FROM access WHERE access.pseudonym = relationship.pseudonym)
                 ORDER BY random() LIMIT ?1",
            )?;
            let rows = statement.query_map(params![limit], |row| row.get::<_, Vec<u8>>(0))?;
            rows.map(|bytes| {
                let pseudonym = address("pseudonym", &bytes?)?;
                Ok((pseudonym, end_of(db, pseudonym)?))
            })
            .collect()
        })
    }

    /// The newest `limit` entries of a relationship's log, of those before entry `before` if one is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn accesses(
        &self,
        pseudonym: Address,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AccessesAnswer, StoreError> {
        let before = before.map_or(Ok(i64::MAX), integer)?;
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT number, entry FROM access WHERE pseudonym = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            )?;
            let rows = statement.query_map(params![pseudonym.as_slice(), before, limit], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            let (numbers, mut entries): (Vec<i64>, Vec<String>) =
                rows.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            entries.reverse();
            let first = numbers.last().copied().unwrap_or(1);
            let last = numbers.first().copied().unwrap_or(0);
            let before = head_at(db, pseudonym, first - 1)?.ok_or(StoreError::Row { column: "number" })?;
            let (anchors_before, anchors) = anchors_of_page(db, pseudonym, first, last)?;
            Ok(AccessesAnswer { first: unsigned("number", first)?, before, entries, anchors_before, anchors })
        })
    }
}

fn end_of(db: &Transaction<'_>, pseudonym: Address) -> Result<LogPoint, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT number, head FROM access WHERE pseudonym = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    let newest: Option<(i64, Vec<u8>)> = statement
        .query_row(params![pseudonym.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match newest {
        Some((number, head)) => {
            Ok(LogPoint { count: unsigned("number", number)?, head: hash("head", &head)? })
        }
        None => Ok(LogPoint::START),
    }
}

pub(super) fn head_at(
    db: &Transaction<'_>,
    pseudonym: Address,
    count: i64,
) -> Result<Option<B256>, StoreError> {
    if count == 0 {
        return Ok(Some(B256::ZERO));
    }
    let head: Option<Vec<u8>> = db
        .query_row(
            "SELECT head FROM access WHERE pseudonym = ?1 AND number = ?2",
            params![pseudonym.as_slice(), count],
            |row| row.get(0),
        )
        .optional()?;
    head.map(|head| hash("head", &head)).transpose()
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
    use protocol::access_log::LogAnchor;

    use super::*;
    use crate::store::tests::{bound, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);

    fn access(at: UnixTime, refused: bool, entry: &str) -> Access {
        Access { pseudonym: ME, at, refused, entry: entry.to_owned() }
    }

    #[test]
    fn chains_the_entries_and_lists_them_page_by_page() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        let answer = |first, before, entries: &[&str]| {
            Ok(AccessesAnswer {
                first,
                before,
                entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
                anchors_before: B256::ZERO,
                anchors: vec![],
            })
        };
        assert_eq!(store.accesses(ME, None, 10), answer(1, B256::ZERO, &[]));
        let one = LogPoint::START.after("a");
        let two = one.after("bb");
        assert_eq!(store.append_access(&access(1, false, "a")), Ok(Some(one)));
        assert_eq!(store.append_access(&access(2, false, "bb")), Ok(Some(two)));
        assert_eq!(store.accesses(ME, None, 10), answer(1, B256::ZERO, &["a", "bb"]));
        assert_eq!(store.accesses(ME, None, 1), answer(2, one.head, &["bb"]));
        assert_eq!(store.accesses(ME, Some(2), 10), answer(1, B256::ZERO, &["a"]));
    }

    #[test]
    fn keeps_only_so_many_refusals_an_hour_but_every_release() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        for _ in 0..MAX_REFUSALS_PER_HOUR {
            assert!(store.append_access(&access(10, true, "no")).unwrap().is_some());
        }
        assert_eq!(store.append_access(&access(10, true, "no")), Ok(None));
        assert!(store.append_access(&access(10, false, "yes")).unwrap().is_some());
        assert!(store.append_access(&access(4_000, true, "no")).unwrap().is_some());
    }

    #[test]
    fn lists_logs_that_are_longer_than_on_chain() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        assert_eq!(store.unanchored(9), Ok(vec![]));
        let log = store.append_access(&access(1, false, "a")).unwrap().unwrap();
        assert_eq!(store.unanchored(9), Ok(vec![(ME, log)]));
        store.note_anchor_sent(ME, 1).unwrap();
        assert_eq!(store.unanchored(9), Ok(vec![(ME, log)]));
        assert_eq!(store.note_anchored(ME, LogAnchor::NONE.after(log)), Ok(true));
        assert_eq!(store.unanchored(9), Ok(vec![]));
    }
}
