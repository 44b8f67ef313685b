//! The access log: who asked for what of whom, as one chain of entries per relationship (`protocol::access_log`).
//!
//! Refusals are logged, too, but only so many per hour and relationship, lest a stranger fills the disk.

use alloy_primitives::{Address, B256};
use lightclient::UnixTime;
use protocol::access_log::{AccessesAnswer, LogPoint};

use super::anchors::anchors_of_page;
use super::connection::{Db, values};
use super::{Store, StoreError, integer};

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
            db.wait_turn(access.pseudonym.as_slice())?;
            if access.refused && refusals_since(db, access.pseudonym, access.at)? >= MAX_REFUSALS_PER_HOUR {
                return Ok(None);
            }
            let next = end_of(db, access.pseudonym)?.after(&access.entry);
            let number = integer(next.count)?;
            db.execute(
                "INSERT INTO access (pseudonym, number, at, refused, entry, head) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                values![&access.pseudonym, number, at, access.refused, &access.entry, &next.head],
            )?;
            Ok(Some(next))
        })
    }

    /// Logs that are longer than what is proven to be on chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unanchored(&self, limit: u32) -> Result<Vec<(Address, LogPoint)>, StoreError> {
        self.read(|db| {
            let longer = db.rows(
                "SELECT pseudonym FROM relationship WHERE anchored <
                   (SELECT coalesce(max(number), 0) FROM access WHERE access.pseudonym = relationship.pseudonym)
                 ORDER BY random() LIMIT ?1",
                values![limit],
                |row| row.get("pseudonym"),
            )?;
            longer.into_iter().map(|pseudonym| Ok((pseudonym, end_of(db, pseudonym)?))).collect()
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
            let page: Vec<(i64, String)> = db.rows(
                "SELECT number, entry FROM access WHERE pseudonym = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
                values![&pseudonym, before, limit],
                |row| Ok((row.get("number")?, row.get("entry")?)),
            )?;
            let (numbers, mut entries): (Vec<_>, Vec<_>) = page.into_iter().unzip();
            entries.reverse();
            let first = numbers.last().copied().unwrap_or(1);
            let last = numbers.first().copied().unwrap_or(0);
            let before = head_at(db, pseudonym, first - 1)?.ok_or(StoreError::Row { column: "number" })?;
            let (anchors_before, anchors) = anchors_of_page(db, pseudonym, first, last)?;
            let first = u64::try_from(first).map_err(|_sign| StoreError::Row { column: "number" })?;
            Ok(AccessesAnswer { first, before, entries, anchors_before, anchors })
        })
    }
}

fn end_of(db: &mut Db<'_>, pseudonym: Address) -> Result<LogPoint, StoreError> {
    let newest = db.row(
        "SELECT number, head FROM access WHERE pseudonym = ?1 ORDER BY number DESC LIMIT 1",
        values![&pseudonym],
        |row| Ok(LogPoint { count: row.get("number")?, head: row.get("head")? }),
    )?;
    Ok(newest.unwrap_or(LogPoint::START))
}

pub(super) fn head_at(db: &mut Db<'_>, pseudonym: Address, count: i64) -> Result<Option<B256>, StoreError> {
    if count == 0 {
        return Ok(Some(B256::ZERO));
    }
    let sql = "SELECT head FROM access WHERE pseudonym = ?1 AND number = ?2";
    db.row(sql, values![&pseudonym, count], |row| row.get("head"))
}

fn refusals_since(db: &mut Db<'_>, pseudonym: Address, at: UnixTime) -> Result<u32, StoreError> {
    db.value(
        "SELECT count(*) AS value FROM access WHERE pseudonym = ?1 AND refused = 1 AND at > ?2",
        values![&pseudonym, integer(at.saturating_sub(3600))?],
    )
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
    fn two_processes_write_one_chain() {
        let (store, folder) = scratch_with_patient();
        bound(&store, ME);
        let other = Store::open(&folder.database()).unwrap();
        std::thread::scope(|scope| {
            for store in [&store, &other, &store, &other] {
                scope.spawn(move || {
                    for at in 0..25 {
                        assert!(store.append_access(&access(at, false, "a")).unwrap().is_some());
                    }
                });
            }
        });
        let expected = (0..100).fold(LogPoint::START, |point, _| point.after("a"));
        assert_eq!(store.unanchored(9), Ok(vec![(ME, expected)]));
        assert_eq!(other.accesses(ME, None, 1).unwrap().first, 100);
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
