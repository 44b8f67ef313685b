//! One category as it travels, and its verification.

use alloy_primitives::{B256, FixedBytes};
use lightclient::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tree::Tree;
use super::{CategoryProof, RecordSetAnchor, RecordSetError, commitment, leaf};
use crate::category::Category;
use crate::record::{Record, RecordError, RecordKey, id_digest};

/// Everything a steward holds of one category, with the proof that it is everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CategoryAnswer<Item = RecordItem> {
    /// The category.
    pub category: Category,
    /// The number of records in the category.
    pub count: u64,
    /// The salt of the category.
    pub salt: B256,
    /// The siblings of the category node, from below.
    pub path: [B256; 4],
    /// The number of records of all categories.
    pub total: u64,
    /// Every record of the category, in the order of its leaves.
    pub records: Vec<Item>,
}

/// One record of an answer: its leaf and, unless the steward no longer has it, its salt and content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordItem {
    /// The leaf of the record.
    pub leaf: B256,
    /// The salt of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<B256>,
    /// The canonical text of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// In place of both, what is left of a record that was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Erased>,
}

/// What is left of an erased record. Salt and content are destroyed; the commitment says nothing without them, and
/// still proves that this record, and no other, stood in this place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Erased {
    /// `Type/id`.
    pub name: String,
    /// The time of the record's key, 8 bytes big-endian.
    pub time: FixedBytes<8>,
    /// The commitment to the salt and digest that were.
    pub commitment: B256,
}

impl RecordItem {
    /// A record as it was sealed.
    pub const fn whole(leaf: B256, salt: B256, content: String) -> Self {
        Self { leaf, salt: Some(salt), content: Some(content), erased: None }
    }

    /// A record that the steward does not give.
    pub const fn missing(leaf: B256) -> Self {
        Self { leaf, salt: None, content: None, erased: None }
    }
}

impl core::fmt::Debug for RecordItem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RecordItem").field("leaf", &self.leaf).finish_non_exhaustive()
    }
}

impl<Item> CategoryAnswer<Item> {
    pub(super) fn proof(&self) -> CategoryProof {
        CategoryProof { count: self.count, salt: self.salt, path: self.path, total: self.total }
    }
}

/// Verifies an answer about one category against the root on chain.
///
/// The leaves must lead to the root: if they do not, nothing of the category can be trusted and the whole answer is
/// refused. If they do, every record is judged by itself.
///
/// # Errors
/// [`RecordSetError`]: another category, another count, leaves that do not lead to the root, records out of order.
pub fn verify_category(
    anchor: &RecordSetAnchor,
    asked: Category,
    answer: &CategoryAnswer,
) -> Result<VerifiedCategory, RecordSetError> {
    let tree = verify_leaves(anchor, asked, answer, |item| item.leaf)?;
    let judged = (0..).zip(&answer.records).map(|(index, item)| judge(asked, index, answer.count, item));
    let records = judged.collect::<Result<Vec<_>, _>>()?;
    check_order(asked, &records)?;
    Ok(VerifiedCategory { category: asked, anchor: *anchor, path: answer.path, tree, records })
}

/// Verifies that the leaves of an answer are those of the category, all of them.
pub(super) fn verify_leaves<Item>(
    anchor: &RecordSetAnchor,
    asked: Category,
    answer: &CategoryAnswer<Item>,
    leaf: impl Fn(&Item) -> B256,
) -> Result<Tree, RecordSetError> {
    if answer.category != asked {
        return Err(RecordSetError::Category { expected: asked, found: answer.category });
    }
    let tree = Tree::new(answer.records.iter().map(leaf).collect());
    answer.proof().verify(anchor, asked, &tree)?;
    Ok(tree)
}

/// Judges one record against its leaf, which is proven.
pub(super) fn judge(
    category: Category,
    index: u64,
    count: u64,
    item: &RecordItem,
) -> Result<RecordVerdict, RecordSetError> {
    let altered = |reason| Ok(RecordVerdict::Altered { index, leaf: item.leaf, reason });
    let (salt, content) = match (item.salt, &item.content, &item.erased) {
        (Some(salt), Some(content), None) => (salt, content),
        (None, None, None) => return Ok(RecordVerdict::Missing { index, leaf: item.leaf }),
        (None, None, Some(Erased { name, time, commitment })) => {
            let key = RecordKey { time: u64::from_be_bytes(time.0), id: id_digest(name) };
            let found = leaf(category, key, *commitment);
            return if found == item.leaf {
                Ok(RecordVerdict::Erased { index, leaf: found, name: name.clone() })
            } else {
                altered(Alteration::Leaf { expected: item.leaf, found })
            };
        }
        _ => return Err(RecordSetError::HalfRecord { category, index }),
    };
    let record = match Record::from_canonical(content) {
        Ok(record) => record,
        Err(error) => return altered(Alteration::Content(error)),
    };
    let found = leaf(category, record.key(), commitment(salt, record.digest()));
    if found != item.leaf {
        return altered(Alteration::Leaf { expected: item.leaf, found });
    }
    Ok(RecordVerdict::Verified(VerifiedRecord { record, category, index, count, leaf: found, salt }))
}

/// The keys of the verified records must rise.
pub(super) fn check_order<'a>(
    category: Category,
    records: impl IntoIterator<Item = &'a RecordVerdict>,
) -> Result<(), RecordSetError> {
    let mut last: Option<RecordKey> = None;
    for record in records.into_iter().filter_map(RecordVerdict::verified) {
        if last.is_some_and(|last| last >= record.key()) {
            return Err(RecordSetError::Order { category, index: record.index });
        }
        last = Some(record.key());
    }
    Ok(())
}

/// A category whose leaves lead to the root on chain: nothing in it is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedCategory {
    category: Category,
    anchor: RecordSetAnchor,
    path: [B256; 4],
    tree: Tree,
    records: Vec<RecordVerdict>,
}

impl VerifiedCategory {
    /// The category that was asked and answered.
    pub const fn category(&self) -> Category {
        self.category
    }

    /// The anchor on chain that the category leads to.
    pub const fn anchor(&self) -> &RecordSetAnchor {
        &self.anchor
    }

    /// What became of each record, in the order of the leaves.
    pub fn records(&self) -> &[RecordVerdict] {
        &self.records
    }

    /// The siblings that lead from a record's leaf to its category's tree, then from the category node to the root;
    /// `None` if there is no such record.
    pub fn path(&self, index: u64) -> Option<Vec<B256>> {
        let leaf = usize::try_from(index).ok().filter(|leaf| *leaf < self.tree.leaves().len())?;
        let mut path = self.tree.path(leaf);
        path.extend(self.path);
        Some(path)
    }
}

/// What became of one record of a verified category.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordVerdict {
    /// Something else than what was sealed.
    Altered {
        /// The place of the record in its category.
        index: u64,
        /// The leaf on chain.
        leaf: B256,
        /// In what it differs.
        reason: Alteration,
    },
    /// The steward erased it and proves which record it was.
    Erased {
        /// The place of the record in its category.
        index: u64,
        /// The leaf on chain.
        leaf: B256,
        /// `Type/id`.
        name: String,
    },
    /// The steward did not give it.
    Missing {
        /// The place of the record in its category.
        index: u64,
        /// The leaf on chain.
        leaf: B256,
    },
    /// Exactly what was sealed.
    Verified(VerifiedRecord),
}

impl RecordVerdict {
    /// The record, if it is exactly what was sealed.
    pub const fn verified(&self) -> Option<&VerifiedRecord> {
        match self {
            Self::Verified(record) => Some(record),
            Self::Altered { .. } | Self::Erased { .. } | Self::Missing { .. } => None,
        }
    }

    /// The place of the record in its category.
    pub const fn index(&self) -> u64 {
        match self {
            Self::Altered { index, .. } | Self::Erased { index, .. } | Self::Missing { index, .. } => *index,
            Self::Verified(record) => record.index,
        }
    }

    /// The leaf on chain.
    pub const fn leaf(&self) -> B256 {
        match self {
            Self::Altered { leaf, .. } | Self::Erased { leaf, .. } | Self::Missing { leaf, .. } => *leaf,
            Self::Verified(record) => record.leaf,
        }
    }
}

/// In what a record differs from what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Alteration {
    /// The content is no record in canonical form, so it cannot be what was sealed.
    #[error(transparent)]
    Content(RecordError),
    /// Content, date, id or salt lead to another leaf.
    #[error("record leads to the leaf {found}, expected {expected}")]
    Leaf {
        /// The leaf on chain.
        expected: B256,
        /// The leaf of what came.
        found: B256,
    },
}

impl Alteration {
    /// The steward that answered is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// A record that is exactly what its steward sealed on chain.
#[derive(Clone, PartialEq)]
pub struct VerifiedRecord {
    record: Record,
    category: Category,
    index: u64,
    count: u64,
    leaf: B256,
    salt: B256,
}

impl core::fmt::Debug for VerifiedRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { category, index, leaf, .. } = self;
        let mut fields = f.debug_struct("VerifiedRecord");
        fields.field("category", category).field("index", index).field("leaf", leaf).finish_non_exhaustive()
    }
}

impl VerifiedRecord {
    /// The record in its strict form.
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// The resource as sealed, without root `meta` and `text`.
    pub const fn resource(&self) -> &Value {
        self.record.resource()
    }

    /// The category the record is filed under.
    pub const fn category(&self) -> Category {
        self.category
    }

    /// The place of the record in its category, from 0.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The number of records in the category.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The key that orders the record.
    pub const fn key(&self) -> RecordKey {
        self.record.key()
    }

    /// SHA-256 of the canonical text.
    pub const fn digest(&self) -> B256 {
        self.record.digest()
    }

    /// The leaf of the record, proven.
    pub const fn leaf(&self) -> B256 {
        self.leaf
    }

    /// The salt that opens the leaf's commitment.
    pub const fn salt(&self) -> B256 {
        self.salt
    }
}
