//! The record set: everything one steward holds of one patient, under one root that stands on the chain.
//!
//! The records of a category, in the order of their keys, are the leaves of an RFC 6962 tree. A category node binds
//! the number of records and a salt to that tree; sixteen category nodes and the total make the root. An answer
//! gives **every** leaf of the asked category, so the reader sees at once that nothing in it is missing, and four
//! sibling hashes that say nothing about other categories (their salts stay secret). Each leaf is a salted
//! commitment: a steward may erase a record with its salt, and the leaf then says nothing any more.
//!
//! ```text
//! c        = SHA-256(salt ‖ digest)                                    salt: 32 random bytes per record
//! leaf     = SHA-256(0x00 ‖ category ‖ time ‖ id ‖ c)                  1 + 1 + 8 + 32 + 32 bytes
//! node     = SHA-256(0x01 ‖ left ‖ right)                              an empty tree: SHA-256 of nothing
//! category = SHA-256(0x02 ‖ category ‖ count ‖ tree ‖ salt)            count: 8 bytes; salt: 32 per category
//! root     = SHA-256(0x03 ‖ node of the 16 category nodes ‖ total)     total: 8 bytes, big-endian
//! ```
//!
//! Defends against a steward that alters, withholds, adds, repeats or reorders records after publishing the root.
//! **Not** checked: that the steward published everything it knows, and that it filed a record under the category
//! of its content.
//!
//! Source: RFC 6962 §2.1 (shape and domain separation of the tree).

use alloy_primitives::B256;
use lightclient::{Fault, UnixTime};
use sha2::{Digest, Sha256};

use crate::category::Category;
use crate::record::RecordKey;

mod answer;
mod history;
mod list;
mod tree;

pub use answer::{
    Alteration, CategoryAnswer, Erased, RecordItem, RecordVerdict, VerifiedCategory, VerifiedRecord,
    verify_category,
};
pub use history::{
    AddedRecord, CategoryHistory, CategoryRevision, RecordVersion, VerifiedHistory, verify_history,
};
pub use list::{ListItem, ListedRecord, Opening, verify_list};
use tree::Tree;

/// The record set that the steward published on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSetAnchor {
    /// Its root.
    pub root: B256,
    /// Records in the set, as published beside the root.
    pub count: u64,
    /// 1 for the first publication, then ascending.
    pub revision: u64,
    /// When it was published.
    pub published_at: UnixTime,
}

/// A record in its place, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    category: Category,
    key: RecordKey,
    leaf: B256,
}

impl SealedRecord {
    /// Seals a record by its [`commitment`].
    pub fn new(category: Category, key: RecordKey, commitment: B256) -> Self {
        Self { category, key, leaf: leaf(category, key, commitment) }
    }

    /// Its place in the category.
    pub const fn key(&self) -> RecordKey {
        self.key
    }

    /// Its leaf.
    pub const fn leaf(&self) -> B256 {
        self.leaf
    }
}

/// What a leaf says of a record's content: nothing without the salt, 32 random bytes of this record.
pub fn commitment(salt: B256, digest: B256) -> B256 {
    hash(&[salt.as_slice(), digest.as_slice()])
}

/// The record set of one relationship, as the steward builds it.
#[derive(Clone)]
pub struct RecordSet {
    categories: Vec<CategorySet>,
    top: Tree,
    total: u64,
}

/// The records of one category in their order, and the tree over them.
#[derive(Clone)]
struct CategorySet {
    records: Vec<SealedRecord>,
    tree: Tree,
    salt: B256,
}

impl core::fmt::Debug for RecordSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut fields = f.debug_struct("RecordSet");
        fields.field("root", &self.root()).field("total", &self.total).finish_non_exhaustive()
    }
}

impl RecordSet {
    /// Builds the set of the given records, in any order; `category_salts` are 32 random bytes for each of the
    /// sixteen places, kept by the steward as long as this revision is served.
    ///
    /// # Errors
    /// [`RecordSetError::DuplicateRecord`] if two records have one type and id.
    pub fn build(
        mut records: Vec<SealedRecord>,
        category_salts: &[B256; PLACES],
    ) -> Result<Self, RecordSetError> {
        let mut ids: Vec<_> = records.iter().map(|record| record.key.id).collect();
        ids.sort_unstable();
        let twins = ids.iter().zip(ids.iter().skip(1)).find(|(id, next)| id == next);
        if let Some((id, _)) = twins {
            return Err(RecordSetError::DuplicateRecord { id: B256::new(*id) });
        }
        let total = count(records.len());
        records.sort_unstable_by_key(|record| record.key);
        let mut places: [Vec<SealedRecord>; PLACES] = Default::default();
        for record in records {
            if let Some(place) = places.get_mut(usize::from(record.category.number())) {
                place.push(record);
            }
        }
        let categories: Vec<_> = places
            .into_iter()
            .zip(category_salts)
            .map(|(records, salt)| {
                let tree = Tree::new(records.iter().map(SealedRecord::leaf).collect());
                CategorySet { records, tree, salt: *salt }
            })
            .collect();
        let nodes = (0u8..).zip(&categories).map(|(place, category)| {
            category_node(place, count(category.records.len()), category.tree.root(), category.salt)
        });
        let top = Tree::new(nodes.collect());
        Ok(Self { categories, top, total })
    }

    /// The root that is published on chain.
    pub fn root(&self) -> B256 {
        set_root(self.top.root(), self.total)
    }

    /// The number of records of all categories, published with the root.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The records of a category, in the order of its leaves.
    pub fn records(&self, category: Category) -> &[SealedRecord] {
        self.place(category).map_or(&[], |place| place.records.as_slice())
    }

    /// What proves a category against the root, without its records.
    pub fn category_proof(&self, category: Category) -> CategoryProof {
        let path = self.top.path(usize::from(category.number()));
        let mut siblings = [B256::ZERO; 4];
        siblings.iter_mut().zip(path).for_each(|(sibling, hash)| *sibling = hash);
        CategoryProof {
            count: count(self.records(category).len()),
            salt: self.place(category).map_or(B256::ZERO, |place| place.salt),
            path: siblings,
            total: self.total,
        }
    }

    fn place(&self, category: Category) -> Option<&CategorySet> {
        self.categories.get(usize::from(category.number()))
    }
}

/// What ties the tree of one category to the root of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryProof {
    /// The number of records in the category.
    pub count: u64,
    /// The salt of the category.
    pub salt: B256,
    /// The siblings of the category node, from below.
    pub path: [B256; 4],
    /// The number of records of all categories.
    pub total: u64,
}

impl CategoryProof {
    /// Verifies that the tree holds the whole category of the anchored set.
    fn verify(
        &self,
        anchor: &RecordSetAnchor,
        category: Category,
        tree: &Tree,
    ) -> Result<(), RecordSetError> {
        if self.total != anchor.count {
            return Err(RecordSetError::Total { expected: anchor.count, found: self.total });
        }
        let found = count(tree.leaves().len());
        if found != self.count {
            return Err(RecordSetError::Count { category, expected: self.count, found });
        }
        let root = self.root(category, tree.root());
        if root != anchor.root {
            return Err(RecordSetError::Root { category, expected: anchor.root, found: root });
        }
        Ok(())
    }

    /// The root that follows from the proof and the tree of the category.
    fn root(&self, category: Category, tree: B256) -> B256 {
        let node = category_node(category.number(), self.count, tree, self.salt);
        let place = category.number();
        let top = (0u8..).zip(self.path).fold(node, |node, (level, sibling)| match place >> level & 1 {
            0 => tree::node(node, sibling),
            _ => tree::node(sibling, node),
        });
        set_root(top, self.total)
    }
}

fn leaf(category: Category, key: RecordKey, commitment: B256) -> B256 {
    hash(&[&[0x00, category.number()], &key.to_bytes(), commitment.as_slice()])
}

fn category_node(place: u8, count: u64, tree: B256, salt: B256) -> B256 {
    hash(&[&[0x02, place], &count.to_be_bytes(), tree.as_slice(), salt.as_slice()])
}

fn set_root(top: B256, total: u64) -> B256 {
    hash(&[&[0x03], top.as_slice(), &total.to_be_bytes()])
}

fn hash(parts: &[&[u8]]) -> B256 {
    let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part));
    B256::new(hasher.finalize().into())
}

/// A length as it is hashed; on every machine of ours it fits.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The category nodes of a set: thirteen categories and three places for later.
pub const PLACES: usize = 16;

/// Why a record set could not be built, or a category of an answer does not prove what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordSetError {
    /// The answer is about another category.
    #[error("answer about category {found}, expected {expected}")]
    Category {
        /// The category that was asked.
        expected: Category,
        /// The category of the answer.
        found: Category,
    },
    /// The number of leaves is not the number that is sealed.
    #[error("category {category} came with {found} records, expected {expected}")]
    Count {
        /// The category.
        category: Category,
        /// The number the category says.
        expected: u64,
        /// The leaves in the answer.
        found: u64,
    },
    /// Two records of one type and id.
    #[error("two records with the id digest {id}")]
    DuplicateRecord {
        /// SHA-256 of `Type/id`.
        id: B256,
    },
    /// A record came with its salt and without its content, or the other way round.
    #[error("record {index} of category {category} came by half")]
    HalfRecord {
        /// The category.
        category: Category,
        /// The place of the record.
        index: u64,
    },
    /// A listed record does not lead to its leaf.
    #[error("record {index} of category {category} is listed as the leaf {found}, expected {expected}")]
    Listed {
        /// The category.
        category: Category,
        /// The place of the record.
        index: u64,
        /// The leaf on chain.
        expected: B256,
        /// The leaf of what is listed.
        found: B256,
    },
    /// The records are not in the order of their keys.
    #[error("record {index} of category {category} is out of order")]
    Order {
        /// The category.
        category: Category,
        /// The place of the record that should stand earlier.
        index: u64,
    },
    /// A change of a history names a place that is not there, or not in its turn.
    #[error("revision {revision} of category {category} changes a record at place {place}, which it cannot")]
    Place {
        /// The category.
        category: Category,
        /// The revision.
        revision: u64,
        /// The place.
        place: u64,
    },
    /// A history has another number of revisions than asked for.
    #[error("history of category {category} with {found} revisions, expected {expected}")]
    Revisions {
        /// The category.
        category: Category,
        /// The revisions asked for.
        expected: u64,
        /// The revisions of the answer.
        found: u64,
    },
    /// The category does not lead to the root on chain.
    #[error("category {category} leads to the root {found}, expected {expected}")]
    Root {
        /// The category.
        category: Category,
        /// The root on chain.
        expected: B256,
        /// The root that follows from the answer.
        found: B256,
    },
    /// The total is not the one on chain.
    #[error("record set of {found} records, expected {expected}")]
    Total {
        /// The count on chain.
        expected: u64,
        /// The count of the answer.
        found: u64,
    },
}

impl RecordSetError {
    /// Who is to blame: the steward that answered, except for a set that we built ourselves.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::DuplicateRecord { .. } => Fault::Caller,
            _ => Fault::Peer,
        }
    }
}

#[cfg(test)]
mod tests;
