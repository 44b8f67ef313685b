//! Where the access logs were anchored.
//!
//! An anchor is noted before it is sent, because nobody knows what became of a transaction whose sender died. Which of
//! those that were sent the chain has taken, its digest over all of them tells: it is the fold of some of them in their
//! order, and of no other log.

use alloy_primitives::{Address, B256};
use protocol::access_log::{LogAnchor, LogPoint};

use super::accesses::head_at;
use super::connection::{Db, values};
use super::{Store, StoreError, integer};

impl Store {
    /// Notes that a log is about to be anchored after so many entries.
    ///
    /// # Errors
    /// [`StoreError`]; the anchor must then not be sent.
    pub fn note_anchor_sent(&self, pseudonym: Address, count: u64) -> Result<(), StoreError> {
        let count = integer(count)?;
        self.write(|db| {
            db.execute(
                "INSERT INTO anchor (pseudonym, count) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                values![&pseudonym, count],
            )
            .map(drop)
        })
    }

    /// Notes what is proven to be on chain; whether that is an anchor of the log that is kept here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_anchored(&self, pseudonym: Address, proven: LogAnchor) -> Result<bool, StoreError> {
        let count = integer(proven.point.count)?;
        self.write(|db| {
            db.wait_turn(pseudonym.as_slice())?;
            let known = newest_anchor(db, pseudonym, i64::MAX)?;
            if known.point.count >= proven.point.count {
                // Nothing new, or proven under an older block than what is known.
                return Ok(newest_anchor(db, pseudonym, count)? == proven);
            }
            let sent = sent_anchors(db, pseudonym, known.point.count, count)?;
            let Some(taken) = taken_anchors(known, &sent, proven) else { return Ok(false) };
            db.execute(
                "DELETE FROM anchor WHERE pseudonym = ?1 AND count <= ?2 AND digest IS NULL",
                values![&pseudonym, count],
            )?;
            for anchor in taken {
                db.execute(
                    "INSERT INTO anchor (pseudonym, count, digest) VALUES (?1, ?2, ?3)",
                    values![&pseudonym, integer(anchor.point.count)?, &anchor.digest],
                )?;
            }
            db.execute(
                "UPDATE relationship SET anchored = ?2 WHERE pseudonym = ?1",
                values![&pseudonym, count],
            )?;
            Ok(true)
        })
    }
}

/// The anchors after entry `first - 1` up to entry `last` that are proven, and the digest before them.
pub(super) fn anchors_of_page(
    db: &mut Db<'_>,
    pseudonym: Address,
    first: i64,
    last: i64,
) -> Result<(B256, Vec<u64>), StoreError> {
    let before = newest_anchor(db, pseudonym, first - 1)?;
    let counts = db.rows(
        "SELECT count FROM anchor WHERE pseudonym = ?1 AND count BETWEEN ?2 AND ?3 AND digest IS NOT NULL ORDER BY count",
        values![&pseudonym, first, last],
        |row| row.get("count"),
    )?;
    Ok((before.digest, counts))
}

/// The newest proven anchor of at most so many entries.
fn newest_anchor(db: &mut Db<'_>, pseudonym: Address, at_most: i64) -> Result<LogAnchor, StoreError> {
    let newest = db.row(
        "SELECT count, digest FROM anchor WHERE pseudonym = ?1 AND count <= ?2 AND digest IS NOT NULL
         ORDER BY count DESC LIMIT 1",
        values![&pseudonym, at_most],
        |row| Ok((row.get("count")?, row.get("digest")?)),
    )?;
    let Some((count, digest)) = newest else { return Ok(LogAnchor::NONE) };
    Ok(LogAnchor { point: point_at(db, pseudonym, count)?, digest })
}

/// The points of the newest anchors that were sent, between the proven one and so many entries, ascending.
fn sent_anchors(
    db: &mut Db<'_>,
    pseudonym: Address,
    after: u64,
    until: i64,
) -> Result<Vec<LogPoint>, StoreError> {
    let counts: Vec<u64> = db.rows(
        "SELECT count FROM anchor WHERE pseudonym = ?1 AND count > ?2 AND count <= ?3 ORDER BY count DESC LIMIT ?4",
        values![&pseudonym, integer(after)?, until, MAX_SENT],
        |row| row.get("count"),
    )?;
    counts.into_iter().rev().map(|count| point_at(db, pseudonym, count)).collect()
}

/// Those of the anchors sent that lead from the known one to the proven one; `None` if none do. Nearly always the chain has
/// taken all of them, so that is tried first.
fn taken_anchors(known: LogAnchor, sent: &[LogPoint], proven: LogAnchor) -> Option<Vec<LogAnchor>> {
    let (_, earlier) = sent.split_last().filter(|(last, _)| **last == proven.point)?;
    let mut taken = Vec::new();
    leads_to(proven, known, earlier, &mut taken).then_some(taken)
}

/// Whether some of the points in their order, then the proven one, fold to it; `taken` are the anchors on the way.
fn leads_to(proven: LogAnchor, from: LogAnchor, points: &[LogPoint], taken: &mut Vec<LogAnchor>) -> bool {
    let Some((point, rest)) = points.split_first() else {
        let leads = from.after(proven.point) == proven;
        taken.extend(leads.then_some(proven));
        return leads;
    };
    taken.push(from.after(*point));
    leads_to(proven, from.after(*point), rest, taken)
        || (taken.pop().is_some() && leads_to(proven, from, rest, taken))
}

fn point_at(db: &mut Db<'_>, pseudonym: Address, count: u64) -> Result<LogPoint, StoreError> {
    let head = head_at(db, pseudonym, integer(count)?)?.ok_or(StoreError::Row { column: "count" })?;
    Ok(LogPoint { count, head })
}

/// How many anchors may be under way: a node holds sixteen transactions of one sender, and a few may have been lost. All
/// ways through so many take a quarter of a second.
const MAX_SENT: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;
    use crate::store::tests::{Scratch, bound, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);

    /// A store with a log of so many entries, and its points.
    fn logged(entries: u64) -> (Store, Scratch, Vec<LogPoint>) {
        let (store, folder) = scratch_with_patient();
        bound(&store, ME);
        let append = |number: u64| {
            let access = Access { pseudonym: ME, at: number, refused: false, entry: number.to_string() };
            store.append_access(&access).unwrap().unwrap()
        };
        let points = [LogPoint::START].into_iter().chain((1..=entries).map(append)).collect();
        (store, folder, points)
    }

    #[test]
    fn finds_out_which_anchors_the_chain_has_taken() {
        let (store, _folder, points) = logged(6);
        for count in [1, 2, 4, 5] {
            store.note_anchor_sent(ME, count).unwrap();
        }
        let second = LogAnchor::NONE.after(points[2]);
        let fifth = second.after(points[5]);
        assert_eq!(store.note_anchored(ME, fifth), Ok(true));
        let page = store.accesses(ME, None, 10).unwrap();
        assert_eq!((page.anchors_before, page.anchors), (B256::ZERO, vec![2, 5]));
        let page = store.accesses(ME, None, 3).unwrap();
        assert_eq!((page.first, page.anchors_before, page.anchors), (4, second.digest, vec![5]));
        // Seen again, or under an older block.
        assert_eq!(store.note_anchored(ME, fifth), Ok(true));
        assert_eq!(store.note_anchored(ME, second), Ok(true));
        assert_eq!(store.note_anchored(ME, LogAnchor::NONE), Ok(true));
        store.note_anchor_sent(ME, 6).unwrap();
        assert_eq!(store.note_anchored(ME, fifth.after(points[6])), Ok(true));
        assert_eq!(store.unanchored(9), Ok(vec![]));
    }

    #[test]
    fn finds_its_way_through_as_many_anchors_as_can_be_under_way() {
        let (store, _folder, points) = logged(20);
        for count in 1..=20 {
            store.note_anchor_sent(ME, count).unwrap();
        }
        // All but those that were lost, first and in between.
        let taken = [3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 19, 20];
        let anchor = taken.iter().fold(LogAnchor::NONE, |anchor, count| anchor.after(points[*count]));
        assert_eq!(store.note_anchored(ME, anchor), Ok(true));
        let listed = store.accesses(ME, None, 20).unwrap().anchors;
        assert_eq!(listed, taken.map(|count| count as u64));
    }

    #[test]
    fn tells_an_anchor_of_another_log() {
        let (store, _folder, points) = logged(3);
        store.note_anchor_sent(ME, 2).unwrap();
        let other = LogPoint { count: 2, head: B256::repeat_byte(9) };
        for foreign in [
            LogAnchor::NONE.after(other),
            LogAnchor::NONE.after(points[1]).after(points[2]),
            LogAnchor::NONE.after(points[3]),
        ] {
            assert_eq!(store.note_anchored(ME, foreign), Ok(false));
        }
        assert_eq!(store.note_anchored(ME, LogAnchor::NONE.after(points[2])), Ok(true));
        assert_eq!(store.note_anchored(ME, LogAnchor::NONE.after(other)), Ok(false));
    }
}
