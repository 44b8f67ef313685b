//! The RFC 6962 tree over hashes that are already leaf hashes.
//!
//! RFC 6962 splits `n` leaves at the largest power of two below `n`. Pairing neighbours level by level and carrying
//! a last odd one up unchanged gives the same tree, and keeps every node for paths.

use alloy_primitives::B256;

use super::hash;

/// All nodes of a tree, the leaves first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    levels: Vec<Vec<B256>>,
}

impl Tree {
    pub(super) fn new(leaves: Vec<B256>) -> Self {
        let mut levels = Vec::new();
        let mut level = leaves;
        while level.len() > 1 {
            let next = level.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(node(*left, *right)),
                [odd] => Some(*odd),
                _ => None,
            });
            let next = next.collect();
            levels.push(core::mem::replace(&mut level, next));
        }
        levels.push(level);
        Self { levels }
    }

    /// The root; of an empty tree the SHA-256 of nothing.
    pub(super) fn root(&self) -> B256 {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(|| hash(&[]))
    }

    pub(super) fn leaves(&self) -> &[B256] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The siblings of a leaf, from below; empty if there is no such leaf.
    pub(super) fn path(&self, leaf: usize) -> Vec<B256> {
        let sibling = |(level, nodes): (u32, &Vec<B256>)| nodes.get(leaf >> level ^ 1).copied();
        if leaf >= self.leaves().len() {
            Vec::new()
        } else {
            (0..).zip(&self.levels).filter_map(sibling).collect()
        }
    }
}

/// The node over two others.
pub(super) fn node(left: B256, right: B256) -> B256 {
    hash(&[&[0x01], left.as_slice(), right.as_slice()])
}
