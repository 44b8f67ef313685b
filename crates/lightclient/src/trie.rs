//! Walks a Merkle Patricia trie along one key, through the nodes of a proof.
//!
//! Each node must have the hash by which the node above names it, from the root down. The walk ends with the
//! value, or where the trie shows that there is none: both are proven. The proof must be exactly the nodes on
//! the way: none spare, none missing, none twice, and nodes shorter than 32 bytes inside their parent, where
//! the trie has them. Nothing is copied or allocated. Nodes are hashed two at a time, and used one by one.
//!
//! Keys are 32 bytes (hashes of addresses or slots), or positions in a list. No key is the beginning of another, so
//! a way that ends before its key, a key that ends before its way, and a value inside a branch cannot occur in a real
//! trie and are refused.
//!
//! Source: Yellow Paper, appendix D; EIP-1186 for the order of the nodes.

use alloy_primitives::{B256, Bytes, b256, keccak256};

use crate::{
    Fault,
    keccak::keccak256_pair,
    ordered_trie::IndexKey,
    rlp::{self, Item, RlpError, RlpKind},
};

/// Root of a trie without any entry: Keccak-256 of the RLP of an empty string.
pub(crate) const EMPTY_ROOT: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// Finds the value at `key` under `root`, or proves that there is none.
pub(crate) fn find<'p>(root: B256, key: &B256, proof: &'p [Bytes]) -> Result<Option<&'p [u8]>, TrieError> {
    walk(
        root,
        Path { key: key.as_slice(), keys: Keys::Hashes, position: 0, is_after_extension: false },
        proof,
    )
}

/// Finds the item at `index` of the list under `root`, or proves that the list is not that long.
pub(crate) fn find_index(root: B256, index: usize, proof: &[Bytes]) -> Result<Option<&[u8]>, TrieError> {
    let key = IndexKey::new(index);
    walk(
        root,
        Path { key: key.as_slice(), keys: Keys::Indexes, position: 0, is_after_extension: false },
        proof,
    )
}

fn walk<'p>(root: B256, mut path: Path<'_>, proof: &'p [Bytes]) -> Result<Option<&'p [u8]>, TrieError> {
    check_limits(proof, path.keys.limits())?;
    if root == EMPTY_ROOT {
        return if proof.is_empty() {
            Ok(None)
        } else {
            Err(TrieError::SpareNodes { expected: 0, found: proof.len() })
        };
    }
    let mut nodes = Nodes { proof, used: 0, hash_ahead: None };
    let mut payload = nodes.next(root)?;
    let value = loop {
        // Every step but the last uses at least one nibble of the key, so this ends.
        let step = step(payload, &mut path).map_err(|source| nodes.malformed(source))?;
        payload = match step {
            Step::Absent => break None,
            Step::Hash(hash) => nodes.next(hash)?,
            Step::Inline(payload) => payload,
            Step::Value(value) => break Some(value),
        };
    };
    nodes.finish()?;
    Ok(value)
}

/// The nodes of a proof, used one after the other.
struct Nodes<'p> {
    proof: &'p [Bytes],
    used: usize,
    /// Hash of the next node, if it was hashed together with the last.
    hash_ahead: Option<B256>,
}

impl<'p> Nodes<'p> {
    /// The payload of the next node, which must have the hash `expected`.
    fn next(&mut self, expected: B256) -> Result<&'p [u8], TrieError> {
        let index = self.used;
        let node = self.proof.get(index).ok_or(TrieError::MissingNode { index, expected })?;
        let found = self.hash(node);
        if found != expected {
            return Err(if index == 0 {
                TrieError::Root { expected, found }
            } else {
                TrieError::Node { index, expected, found }
            });
        }
        self.used += 1;
        if index > 0 && node.len() < B256::len_bytes() {
            // A trie has it inside its parent.
            return Err(TrieError::Shape { index });
        }
        let list = rlp::Reader::open(node).map_err(|source| self.malformed(NodeFault::Rlp(source)))?;
        Ok(list.rest())
    }

    /// The hash of the next node.
    fn hash(&mut self, node: &[u8]) -> B256 {
        if let Some(hash) = self.hash_ahead.take() {
            return hash;
        }
        let Some(after) = self.proof.get(self.used + 1) else { return keccak256(node) };
        let [hash, ahead] = keccak256_pair(node, after);
        self.hash_ahead = Some(ahead);
        hash
    }

    fn malformed(&self, fault: NodeFault) -> TrieError {
        let index = self.used.saturating_sub(1);
        match fault {
            NodeFault::Rlp(source) => TrieError::Rlp { index, source },
            NodeFault::Shape => TrieError::Shape { index },
        }
    }

    const fn finish(self) -> Result<(), TrieError> {
        if self.used == self.proof.len() {
            return Ok(());
        }
        Err(TrieError::SpareNodes { expected: self.used, found: self.proof.len() })
    }
}

/// Where one node leads.
enum Step<'p> {
    Absent,
    Hash(B256),
    Inline(&'p [u8]),
    Value(&'p [u8]),
}

enum NodeFault {
    Rlp(RlpError),
    Shape,
}

impl From<RlpError> for NodeFault {
    fn from(source: RlpError) -> Self {
        Self::Rlp(source)
    }
}

/// Reads one node: 2 items are an extension or a leaf, 17 a branch.
fn step<'p>(payload: &'p [u8], path: &mut Path<'_>) -> Result<Step<'p>, NodeFault> {
    let mut items = rlp::Reader::of_payload(payload);
    let first = items.item()?;
    let second = items.item()?;
    if items.is_at_end() {
        return step_short(first, second, path);
    }
    path.is_after_extension = false;
    let nibble = path.next().ok_or(NodeFault::Shape)?;
    let mut child = if nibble == 0 { first } else { second };
    for index in 2..16 {
        let item = items.item()?;
        if index == nibble {
            child = item;
        }
    }
    let value = items.bytes()?;
    items.finish()?;
    if !value.is_empty() {
        return Err(NodeFault::Shape);
    }
    step_into(child)
}

/// An extension or a leaf: part of the path, then a child or the value.
fn step_short<'p>(
    encoded_path: Item<'p>,
    target: Item<'p>,
    path: &mut Path<'_>,
) -> Result<Step<'p>, NodeFault> {
    if path.is_after_extension {
        return Err(NodeFault::Shape);
    }
    let segment = Segment::decode(encoded_path)?;
    path.is_after_extension = !segment.is_leaf;
    let expected = if segment.is_leaf { path.remaining() } else { segment.length() };
    let fits = segment.length() == expected && segment.length() <= path.remaining();
    if !fits && path.keys == Keys::Hashes {
        return Err(NodeFault::Shape);
    }
    if segment.is_leaf && target.kind != RlpKind::Bytes {
        return Err(NodeFault::Shape);
    }
    // Keys of different lengths part before the shorter one ends.
    for nibble in segment.nibbles() {
        match path.next() {
            Some(next) if next == nibble => {}
            Some(_) => return Ok(Step::Absent),
            None => return Err(NodeFault::Shape),
        }
    }
    if segment.is_leaf {
        return if fits { Ok(Step::Value(target.payload)) } else { Err(NodeFault::Shape) };
    }
    match step_into(target)? {
        Step::Absent => Err(NodeFault::Shape),
        step => Ok(step),
    }
}

/// A reference to a child: nothing, the hash of a node, or a node shorter than 32 bytes itself.
fn step_into(child: Item<'_>) -> Result<Step<'_>, NodeFault> {
    match (child.kind, child.payload) {
        (RlpKind::Bytes, []) => Ok(Step::Absent),
        (RlpKind::Bytes, hash) => {
            Ok(Step::Hash(B256::try_from(hash).map_err(|_wrong_length| NodeFault::Shape)?))
        }
        // A list of 31 bytes has 32 with its prefix, and would be referred to by hash.
        (RlpKind::List, payload) if payload.len() < 31 => Ok(Step::Inline(payload)),
        (RlpKind::List, _) => Err(NodeFault::Shape),
    }
}

/// Which keys a trie has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Keccak-256 hashes.
    Hashes,
    /// RLP of the positions of a list.
    Indexes,
}

impl Keys {
    const fn limits(self) -> &'static Limits {
        match self {
            Self::Hashes => &STATE_LIMITS,
            Self::Indexes => &LIST_LIMITS,
        }
    }
}

/// The nibbles of a key, read one after the other.
struct Path<'k> {
    key: &'k [u8],
    keys: Keys,
    position: usize,
    /// Whether the last node was an extension, which only a branch follows: a trie joins the others to one node.
    is_after_extension: bool,
}

impl Path<'_> {
    fn next(&mut self) -> Option<usize> {
        let byte = self.key.get(self.position / 2)?;
        let nibble = if self.position.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f };
        self.position += 1;
        Some(nibble.into())
    }

    const fn remaining(&self) -> usize {
        2 * self.key.len() - self.position
    }
}

/// Part of a path in hex-prefix encoding: flags, perhaps one nibble, then whole bytes.
struct Segment<'p> {
    is_leaf: bool,
    odd: Option<u8>,
    rest: &'p [u8],
}

impl<'p> Segment<'p> {
    fn decode(encoded: Item<'p>) -> Result<Self, NodeFault> {
        let (RlpKind::Bytes, [flags, rest @ ..]) = (encoded.kind, encoded.payload) else {
            return Err(NodeFault::Shape);
        };
        let (is_leaf, odd) = match (flags >> 4, flags & 0x0f) {
            (0, 0) => (false, None),
            (1, nibble) => (false, Some(nibble)),
            (2, 0) => (true, None),
            (3, nibble) => (true, Some(nibble)),
            _ => return Err(NodeFault::Shape),
        };
        let segment = Self { is_leaf, odd, rest };
        if !is_leaf && segment.length() == 0 { Err(NodeFault::Shape) } else { Ok(segment) }
    }

    const fn length(&self) -> usize {
        self.odd.is_some() as usize + 2 * self.rest.len()
    }

    fn nibbles(&self) -> impl Iterator<Item = usize> {
        let whole = self.rest.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        self.odd.into_iter().chain(whole).map(usize::from)
    }
}

/// How much of a proof is read.
struct Limits {
    nodes: usize,
    node_bytes: usize,
    total_bytes: usize,
}

fn check_limits(proof: &[Bytes], limits: &Limits) -> Result<(), TrieError> {
    if proof.len() > limits.nodes {
        return Err(TrieError::TooManyNodes { expected: limits.nodes, found: proof.len() });
    }
    let mut total = 0;
    for (index, node) in proof.iter().enumerate() {
        if node.len() > limits.node_bytes {
            return Err(TrieError::NodeTooLong { index, expected: limits.node_bytes, found: node.len() });
        }
        total += node.len();
    }
    if total > limits.total_bytes {
        return Err(TrieError::TooLong { expected: limits.total_bytes, found: total });
    }
    Ok(())
}

/// Why nodes are not the proof of what is, or is not, at a key of a trie.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The proof ends before the value.
    #[error("node {index} is missing, expected one with hash {expected}")]
    MissingNode {
        /// Position in the proof.
        index: usize,
        /// Hash by which the node above names it.
        expected: B256,
    },
    /// A node is not the one that the node above names.
    #[error("node {index}: hash {found}, expected {expected}")]
    Node {
        /// Position in the proof.
        index: usize,
        /// Hash by which the node above names it.
        expected: B256,
        /// Hash of the node.
        found: B256,
    },
    /// A node is longer than any node of such a trie.
    #[error("node {index} of {found} bytes, expected at most {expected}")]
    NodeTooLong {
        /// Position in the proof.
        index: usize,
        /// The limit in bytes.
        expected: usize,
        /// Length in bytes.
        found: usize,
    },
    /// A node is not the one right RLP encoding of a list.
    #[error("node {index} is not well-formed")]
    Rlp {
        /// Position in the proof.
        index: usize,
        /// What is wrong with it.
        source: RlpError,
    },
    /// The first node is not the root of the trie.
    #[error("root {found}, expected {expected}")]
    Root {
        /// Root of the trie.
        expected: B256,
        /// Hash of the first node.
        found: B256,
    },
    /// A node is a list, but neither branch, extension nor leaf of such a trie.
    #[error("node {index} is no trie node")]
    Shape {
        /// Position in the proof.
        index: usize,
    },
    /// More nodes than lie on the way.
    #[error("{found} nodes, expected {expected}")]
    SpareNodes {
        /// Nodes on the way.
        expected: usize,
        /// Nodes in the proof.
        found: usize,
    },
    /// The proof is longer than any proof.
    #[error("proof of {found} bytes, expected at most {expected}")]
    TooLong {
        /// The limit in bytes.
        expected: usize,
        /// Length of all nodes in bytes.
        found: usize,
    },
    /// The proof has more nodes than a key has steps.
    #[error("proof of {found} nodes, expected at most {expected}")]
    TooManyNodes {
        /// The limit.
        expected: usize,
        /// Nodes in the proof.
        found: usize,
    },
}

impl TrieError {
    /// Whose fault it is: who sent the proof.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// One node for each nibble of a key, and a leaf; a full branch has 532 bytes.
const STATE_LIMITS: Limits = Limits { nodes: 65, node_bytes: 1024, total_bytes: 64 * 1024 };
/// A key of nine bytes; the leaf holds a whole transaction or receipt.
const LIST_LIMITS: Limits = Limits { nodes: 19, node_bytes: MAX_ITEM_BYTES, total_bytes: MAX_ITEM_BYTES };
/// Longest item of a list, with the nodes that lead to it: the logs of a transaction that uses 30 million gas fit.
const MAX_ITEM_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests;
