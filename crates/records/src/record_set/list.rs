//! One category without its contents: what there is, since when, and the digest of each.
//!
//! As complete as an answer with contents, and small enough to ask often: whoever keeps records compares digests and
//! fetches what changed.

use alloy_primitives::{B256, FixedBytes};
use serde::{Deserialize, Serialize};

use super::answer::verify_leaves;
use super::{CategoryAnswer, RecordSetAnchor, RecordSetError, commitment, leaf};
use crate::category::Category;
use crate::record::{RecordKey, id_digest};

/// One record of a list: its leaf and, unless the steward no longer has it, what opens the leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListItem {
    /// The leaf of the record.
    pub leaf: B256,
    /// What opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
}

/// What a leaf is made of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opening {
    /// `Type/id`.
    pub name: String,
    /// The time of the record's key, 8 bytes big-endian.
    pub time: FixedBytes<8>,
    /// The salt of the record.
    pub salt: B256,
    /// SHA-256 of the canonical text.
    pub digest: B256,
}

impl core::fmt::Debug for Opening {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}

/// A record that is in the set, by its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRecord {
    /// The leaf on chain.
    pub leaf: B256,
    /// Name, place and digest; absent if the steward no longer has it.
    pub known: Option<(String, RecordKey, B256)>,
}

/// Verifies a list of one category against the root on chain: the list is whole, and each name and digest is the one
/// that was sealed.
///
/// # Errors
/// As [`verify_category`](super::verify_category), and [`RecordSetError::Listed`].
pub fn verify_list(
    anchor: &RecordSetAnchor,
    asked: Category,
    list: &CategoryAnswer<ListItem>,
) -> Result<Vec<ListedRecord>, RecordSetError> {
    verify_leaves(anchor, asked, list, |item| item.leaf)?;
    let mut last: Option<RecordKey> = None;
    let records = (0..).zip(&list.records).map(|(index, item)| {
        let known =
            item.opening.as_ref().map(|opening| open(asked, index, item.leaf, opening)).transpose()?;
        if let Some((_, key, _)) = &known {
            if last.is_some_and(|last| last >= *key) {
                return Err(RecordSetError::Order { category: asked, index });
            }
            last = Some(*key);
        }
        Ok(ListedRecord { leaf: item.leaf, known })
    });
    records.collect()
}

fn open(
    category: Category,
    index: u64,
    expected: B256,
    opening: &Opening,
) -> Result<(String, RecordKey, B256), RecordSetError> {
    let Opening { name, time, salt, digest } = opening;
    let key = RecordKey { time: u64::from_be_bytes(time.0), id: id_digest(name) };
    let found = leaf(category, key, commitment(*salt, *digest));
    if found == expected {
        Ok((name.clone(), key, *digest))
    } else {
        Err(RecordSetError::Listed { category, index, expected, found })
    }
}
