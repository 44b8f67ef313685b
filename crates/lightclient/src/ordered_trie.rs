//! The root of the Merkle Patricia trie over a list: how a header commits to its transactions and receipts.
//!
//! The key of an item is the RLP of its position, its value the item. A list that leaves out, adds, swaps or
//! changes an item has another root, so whoever gives the whole list can be held to it without any proof nodes.
//! No such key is the beginning of another, so no branch holds a value. All nodes are written into one buffer, where
//! a finished node makes room for its hash; the recursion is as deep as a key has nibbles.
//!
//! Source: Yellow Paper §4.3.2 and appendix D.

use alloy_primitives::{B256, Bytes, keccak256};

use crate::{rlp, trie::EMPTY_ROOT};

/// The root of the trie over `items`.
pub(crate) fn root(items: &[Bytes]) -> B256 {
    if items.is_empty() {
        return EMPTY_ROOT;
    }
    let mut entries: Vec<Entry<'_>> =
        items.iter().enumerate().map(|(index, item)| Entry { key: IndexKey::new(index), item }).collect();
    entries.sort_unstable_by(|a, b| a.key.as_slice().cmp(b.key.as_slice()));
    let mut out = Vec::new();
    write_node(&mut out, &entries, 0);
    keccak256(out)
}

/// An item and its key.
struct Entry<'i> {
    key: IndexKey,
    item: &'i Bytes,
}

impl Entry<'_> {
    fn nibbles(&self, from: usize) -> impl Iterator<Item = u8> + Clone {
        self.key.as_slice().iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).skip(from)
    }
}

/// The RLP of a position, at the end of an array.
pub(crate) struct IndexKey {
    bytes: [u8; 9],
    from: usize,
}

impl IndexKey {
    pub(crate) fn new(index: usize) -> Self {
        let big_endian = (index as u64).to_be_bytes();
        let mut bytes = [0; 9];
        let [_, tail @ ..] = &mut bytes;
        *tail = big_endian;
        if (1..0x80).contains(&index) {
            return Self { bytes, from: 8 };
        }
        let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
        if let (Some(first), Ok(length)) = (bytes.get_mut(zeros), u8::try_from(8 - zeros)) {
            *first = 0x80 + length;
        }
        Self { bytes, from: zeros }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }
}

/// Appends the node that leads to all of `entries` (in the order of their keys), which agree before nibble `depth`.
fn write_node(out: &mut Vec<u8>, entries: &[Entry<'_>], depth: usize) {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
    if entries.len() == 1 {
        return rlp::write_list(out, |out| {
            write_path(out, first.nibbles(depth), LEAF);
            rlp::write_bytes(out, first.item);
        });
    }
    // The keys are in order, so what the first and the last share, all do.
    let shared = first.nibbles(depth).zip(last.nibbles(depth)).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return write_branch(out, entries, depth);
    }
    rlp::write_list(out, |out| {
        write_path(out, first.nibbles(depth).take(shared), EXTENSION);
        write_reference(out, |out| write_branch(out, entries, depth + shared));
    });
}

fn write_branch(out: &mut Vec<u8>, entries: &[Entry<'_>], depth: usize) {
    rlp::write_list(out, |out| {
        let mut rest = entries;
        for nibble in 0..16 {
            let count = rest.partition_point(|entry| entry.nibbles(depth).next() <= Some(nibble));
            let (children, others) = rest.split_at(count);
            rest = others;
            if children.is_empty() {
                rlp::write_bytes(out, &[]);
            } else {
                write_reference(out, |out| write_node(out, children, depth + 1));
            }
        }
        rlp::write_bytes(out, &[]);
    });
}

/// Appends what `node` writes, or its hash if that is not longer.
fn write_reference(out: &mut Vec<u8>, node: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    node(out);
    let written = out.get(start..).unwrap_or_default();
    if written.len() >= B256::len_bytes() {
        let hash = keccak256(written);
        out.truncate(start);
        rlp::write_bytes(out, hash.as_slice());
    }
}

/// Appends nibbles in hex-prefix encoding.
fn write_path(out: &mut Vec<u8>, nibbles: impl Iterator<Item = u8> + Clone, kind: u8) {
    let mut encoded = [0; 10];
    let odd = nibbles.clone().count() % 2;
    // Flags and the odd nibble, or flags and a zero, come before whole bytes.
    let padded = [kind + u8::from(odd == 1)].into_iter().chain((odd == 0).then_some(0)).chain(nibbles);
    let mut length = 0;
    for (position, nibble) in padded.enumerate() {
        if let Some(byte) = encoded.get_mut(position / 2) {
            *byte = *byte << 4 | nibble;
        }
        length = position / 2 + 1;
    }
    rlp::write_bytes(out, encoded.get(..length).unwrap_or_default());
}

/// First nibble of an extension's path, when the rest is even.
const EXTENSION: u8 = 0;
/// First nibble of a leaf's path, when the rest is even.
const LEAF: u8 = 2;

#[cfg(test)]
mod tests;
