//! One category over time: every record that ever was in it, and when it came and went.
//!
//! The chain keeps the roots of all record sets. A history begins with one of them, whole, and tells for each later one
//! what was taken out and what was put in. The reader replays the changes and comes to the root of every revision, so
//! no version can be left out, moved or invented. It costs as much as there are changes, because a record keeps its
//! salt, and with it its leaf, as long as it does not change.
//!
//! **Not** checked: why a record changed. That is what a `Provenance` beside it says.

use std::collections::BTreeSet;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::answer::{check_order, judge};
use super::tree::Tree;
use super::{CategoryProof, RecordItem, RecordSetAnchor, RecordSetError, RecordVerdict, count};
use crate::category::Category;

/// One category in consecutive record sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CategoryHistory {
    /// The category.
    pub category: Category,
    /// The revisions asked for, the oldest first; the first one adds all that there was.
    pub revisions: Vec<CategoryRevision>,
}

/// What one revision changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CategoryRevision {
    /// The number of records in the category.
    pub count: u64,
    /// The salt of the category in this revision.
    pub salt: B256,
    /// The siblings of the category node, from below.
    pub path: [B256; 4],
    /// The number of records of all categories.
    pub total: u64,
    /// Places in the revision before, ascending, of the records that are gone.
    pub removed: Vec<u64>,
    /// The records that are new, by ascending place in this revision.
    pub added: Vec<AddedRecord>,
}

/// A record that is new in a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddedRecord {
    /// Its place in the category.
    pub place: u64,
    /// The record.
    pub record: RecordItem,
}

impl CategoryRevision {
    /// The change from one order of leaves to the next; `items` gives the records at places of the newer one.
    ///
    /// # Errors
    /// What `items` fails with.
    pub fn between<E>(
        proof: &CategoryProof,
        before: &[B256],
        after: &[B256],
        items: impl FnOnce(&[usize]) -> Result<Vec<RecordItem>, E>,
    ) -> Result<Self, E> {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
        let removed = (0..).zip(before).filter(|(_, leaf)| !new.contains(leaf)).map(|(place, _)| place);
        let added = after.iter().enumerate().filter(|(_, leaf)| !old.contains(leaf));
        let places: Vec<usize> = added.map(|(place, _)| place).collect();
        let added = places.iter().zip(items(&places)?);
        Ok(Self {
            count: proof.count,
            salt: proof.salt,
            path: proof.path,
            total: proof.total,
            removed: removed.collect(),
            added: added.map(|(place, record)| AddedRecord { place: count(*place), record }).collect(),
        })
    }

    const fn proof(&self) -> CategoryProof {
        CategoryProof { count: self.count, salt: self.salt, path: self.path, total: self.total }
    }
}

/// Verifies the history of one category against the record sets that the chain names, consecutive and the oldest first.
///
/// # Errors
/// [`RecordSetError`]: another category or number of revisions, a change that cannot be, and for each revision what
/// [`verify_category`](super::verify_category) refuses.
pub fn verify_history(
    anchors: &[RecordSetAnchor],
    asked: Category,
    history: &CategoryHistory,
) -> Result<VerifiedHistory, RecordSetError> {
    if history.category != asked {
        return Err(RecordSetError::Category { expected: asked, found: history.category });
    }
    let (expected, found) = (count(anchors.len()), count(history.revisions.len()));
    if expected != found {
        return Err(RecordSetError::Revisions { category: asked, expected, found });
    }
    let mut replay =
        Replay { category: asked, versions: Vec::new(), live: Vec::new(), tree: Tree::new(Vec::new()) };
    for (anchor, revision) in anchors.iter().zip(&history.revisions) {
        replay.apply(anchor, revision)?;
    }
    Ok(VerifiedHistory { category: asked, versions: replay.versions })
}

/// The category as it stood after the revisions so far.
struct Replay {
    category: Category,
    versions: Vec<RecordVersion>,
    /// Which versions are in it, in the order of their leaves.
    live: Vec<usize>,
    tree: Tree,
}

impl Replay {
    fn apply(&mut self, anchor: &RecordSetAnchor, revision: &CategoryRevision) -> Result<(), RecordSetError> {
        if !revision.removed.is_empty() || !revision.added.is_empty() {
            self.remove(anchor, &revision.removed)?;
            self.add(anchor, revision)?;
            let verdicts =
                || self.live.iter().filter_map(|version| self.versions.get(*version)).map(|one| &one.verdict);
            self.tree = Tree::new(verdicts().map(RecordVerdict::leaf).collect());
            revision.proof().verify(anchor, self.category, &self.tree)?;
            return check_order(self.category, verdicts());
        }
        revision.proof().verify(anchor, self.category, &self.tree)
    }

    fn remove(&mut self, anchor: &RecordSetAnchor, removed: &[u64]) -> Result<(), RecordSetError> {
        let mut removed = removed.iter().copied().peekable();
        let mut place = 0;
        let versions = &mut self.versions;
        self.live.retain(|version| {
            let is_removed = removed.next_if_eq(&place).is_some();
            place += 1;
            if let Some(version) = versions.get_mut(*version).filter(|_| is_removed) {
                version.until = Some(anchor.revision);
            }
            !is_removed
        });
        removed.next().map_or(Ok(()), |place| Err(self.misplaced(anchor, place)))
    }

    fn add(&mut self, anchor: &RecordSetAnchor, revision: &CategoryRevision) -> Result<(), RecordSetError> {
        let mut kept = core::mem::take(&mut self.live).into_iter();
        for AddedRecord { place, record } in &revision.added {
            let before = place.checked_sub(count(self.live.len()));
            let before = before.and_then(|before| usize::try_from(before).ok());
            let before = before.filter(|before| *before <= kept.len());
            let before = before.ok_or_else(|| self.misplaced(anchor, *place))?;
            self.live.extend(kept.by_ref().take(before));
            self.live.push(self.versions.len());
            let verdict = judge(self.category, *place, revision.count, record)?;
            self.versions.push(RecordVersion { verdict, since: anchor.revision, until: None });
        }
        self.live.extend(kept);
        Ok(())
    }

    const fn misplaced(&self, anchor: &RecordSetAnchor, place: u64) -> RecordSetError {
        RecordSetError::Place { category: self.category, revision: anchor.revision, place }
    }
}

/// A category whose every change leads to a root on chain.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedHistory {
    category: Category,
    versions: Vec<RecordVersion>,
}

/// One version of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordVersion {
    /// The record as it was judged; place and count are those of the revision it came with.
    pub verdict: RecordVerdict,
    /// The revision it came with. In the first revision of a history it may be older.
    pub since: u64,
    /// The first revision without it; `None` while it is in the newest.
    pub until: Option<u64>,
}

impl VerifiedHistory {
    /// The category that was asked and answered.
    pub const fn category(&self) -> Category {
        self.category
    }

    /// Every version, in the order of the revisions they came with, then of their leaves.
    pub fn versions(&self) -> &[RecordVersion] {
        &self.versions
    }
}
