//! A persistent Merkle Patricia trie: what the chain's state is kept in, and what proofs are cut from.
//!
//! Every change makes new nodes only along one path and shares the rest with the version before it, so the state of each
//! recent block is kept whole at little cost, and a proof is one walk from the root. Hashes are worked out on first use and
//! remembered, so a block that writes a hundred slots hashes each changed node once.
//!
//! Keys are always 32 bytes (a Keccak-256 of an address or of a slot position), so no key is a prefix of another and a
//! branch never carries a value of its own.
//!
//! Source: Yellow Paper, appendix D (Modified Merkle Patricia Tree); appendix C (hex-prefix encoding). The tests compare
//! roots and proofs with `alloy-trie`, an implementation this one shares nothing with.

use std::sync::{Arc, OnceLock};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Encodable, Header};
use alloy_trie::EMPTY_ROOT_HASH;

/// A trie from 32-byte keys to values whose RLP encodings are the leaves; cloning it is cheap.
#[derive(Debug)]
pub(crate) struct Trie<V> {
    root: Option<Arc<Node<V>>>,
}

impl<V> Clone for Trie<V> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone() }
    }
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { root: None }
    }
}

impl<V: Encodable + Clone> Trie<V> {
    /// Returns the value under a key.
    pub(crate) fn get(&self, key: &B256) -> Option<&V> {
        let path = nibbles(key);
        let mut rest = path.as_slice();
        let mut node = self.root.as_ref()?;
        loop {
            match &node.kind {
                Kind::Leaf { path, value } => return (path == rest).then_some(value),
                Kind::Extension { path, child } => {
                    rest = rest.strip_prefix(path.as_slice())?;
                    node = child;
                }
                Kind::Branch { children } => {
                    let (nibble, after) = split(rest);
                    rest = after;
                    node = children.get(nibble)?.as_ref()?;
                }
            }
        }
    }

    /// Puts a value under a key, replacing what was there.
    pub(crate) fn insert(&mut self, key: &B256, value: V) {
        self.root = Some(insert(self.root.as_ref(), &nibbles(key), value));
    }

    /// Takes a key out; nothing happens when it is not there.
    pub(crate) fn remove(&mut self, key: &B256) {
        self.root = self.root.as_ref().and_then(|root| remove(root, &nibbles(key)));
    }

    /// Tells whether there is nothing in the trie.
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Returns the root hash.
    pub(crate) fn root(&self) -> B256 {
        self.root.as_ref().map_or(EMPTY_ROOT_HASH, |root| root.hash())
    }

    /// Returns the nodes from the root towards a key, down to its leaf or to the node that shows it is absent.
    ///
    /// Nodes shorter than 32 bytes are part of their parents and are not listed (EIP-1186); an empty trie has no nodes.
    pub(crate) fn prove(&self, key: &B256) -> Vec<Bytes> {
        let path = nibbles(key);
        let mut rest = path.as_slice();
        let mut proof = Vec::new();
        let mut next = self.root.as_ref();
        while let Some(node) = next {
            if proof.is_empty() || node.rlp().len() >= B256::len_bytes() {
                proof.push(node.rlp().clone());
            }
            next = match &node.kind {
                Kind::Leaf { .. } => None,
                Kind::Extension { path, child } => rest.strip_prefix(path.as_slice()).map(|after| {
                    rest = after;
                    child
                }),
                Kind::Branch { children } => {
                    let (nibble, after) = split(rest);
                    rest = after;
                    children.get(nibble).and_then(Option::as_ref)
                }
            };
        }
        proof
    }

    /// Returns all keys with their values, in ascending order of the keys.
    pub(crate) fn entries(&self) -> Vec<(B256, V)> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            collect(root, &mut Vec::new(), &mut found);
        }
        found
    }
}

#[derive(Debug)]
struct Node<V> {
    kind: Kind<V>,
    rlp: OnceLock<Bytes>,
    hash: OnceLock<B256>,
}

/// Paths hold one nibble (0 to 15) per byte.
#[derive(Debug)]
enum Kind<V> {
    Leaf { path: Vec<u8>, value: V },
    Extension { path: Vec<u8>, child: Arc<Node<V>> },
    Branch { children: [Option<Arc<Node<V>>>; 16] },
}

impl<V: Encodable> Node<V> {
    fn rlp(&self) -> &Bytes {
        self.rlp.get_or_init(|| match &self.kind {
            Kind::Leaf { path, value } => {
                let value = alloy_rlp::encode(value);
                list(&[
                    alloy_rlp::encode(hex_prefix(path, true).as_slice()),
                    alloy_rlp::encode(value.as_slice()),
                ])
            }
            Kind::Extension { path, child } => {
                list(&[alloy_rlp::encode(hex_prefix(path, false).as_slice()), child.reference()])
            }
            Kind::Branch { children } => {
                let mut items: Vec<Vec<u8>> = children
                    .iter()
                    .map(|child| child.as_ref().map_or_else(empty, |child| child.reference()))
                    .collect();
                items.push(empty());
                list(&items)
            }
        })
    }

    fn hash(&self) -> B256 {
        *self.hash.get_or_init(|| keccak256(self.rlp()))
    }

    /// What a parent holds: the node itself when it is shorter than a hash, else its hash.
    fn reference(&self) -> Vec<u8> {
        if self.rlp().len() < B256::len_bytes() {
            self.rlp().to_vec()
        } else {
            alloy_rlp::encode(self.hash())
        }
    }
}

fn make<V>(kind: Kind<V>) -> Arc<Node<V>> {
    Arc::new(Node { kind, rlp: OnceLock::new(), hash: OnceLock::new() })
}

fn insert<V: Clone>(node: Option<&Arc<Node<V>>>, path: &[u8], value: V) -> Arc<Node<V>> {
    let Some(node) = node else {
        return make(Kind::Leaf { path: path.to_vec(), value });
    };
    match &node.kind {
        Kind::Leaf { path: own, .. } if own == path => make(Kind::Leaf { path: path.to_vec(), value }),
        Kind::Leaf { path: own, value: other } => {
            let (common, own_rest, rest) = diverge(own, path);
            let (at, after) = split(own_rest);
            let sibling = make(Kind::Leaf { path: after.to_vec(), value: other.clone() });
            fork(common, (at, sibling), rest, value)
        }
        Kind::Extension { path: own, child } => {
            let (common, own_rest, rest) = diverge(own, path);
            if own_rest.is_empty() {
                return make(Kind::Extension { path: own.clone(), child: insert(Some(child), rest, value) });
            }
            let (at, after) = split(own_rest);
            fork(common, (at, join(after, child)), rest, value)
        }
        Kind::Branch { children } => {
            let (nibble, rest) = split(path);
            let mut children = children.clone();
            if let Some(child) = children.get_mut(nibble) {
                *child = Some(insert(child.as_ref(), rest, value));
            }
            make(Kind::Branch { children })
        }
    }
}

/// Makes the branch where a new leaf leaves the path of an old node.
fn fork<V: Clone>(common: &[u8], sibling: (usize, Arc<Node<V>>), rest: &[u8], value: V) -> Arc<Node<V>> {
    let (nibble, rest) = split(rest);
    let mut children = [const { None }; 16];
    for (at, child) in [sibling, (nibble, make(Kind::Leaf { path: rest.to_vec(), value }))] {
        if let Some(place) = children.get_mut(at) {
            *place = Some(child);
        }
    }
    join(common, &make(Kind::Branch { children }))
}

/// Returns what is left of a subtree without a key: the same node when the key is not in it, nothing when it was the last one.
fn remove<V: Clone>(node: &Arc<Node<V>>, path: &[u8]) -> Option<Arc<Node<V>>> {
    match &node.kind {
        Kind::Leaf { path: own, .. } => (own != path).then(|| node.clone()),
        Kind::Extension { path: own, child } => match path.strip_prefix(own.as_slice()) {
            None => Some(node.clone()),
            Some(rest) => remove(child, rest).map(|child| join(own, &child)),
        },
        Kind::Branch { children } => {
            let (nibble, rest) = split(path);
            let Some(Some(child)) = children.get(nibble) else {
                return Some(node.clone());
            };
            let left = remove(child, rest);
            let mut children = children.clone();
            if let Some(place) = children.get_mut(nibble) {
                *place = left;
            }
            let mut occupied = (0_u8..).zip(&children).filter_map(|(at, child)| Some((at, child.as_ref()?)));
            match (occupied.next(), occupied.next()) {
                (Some((at, only)), None) => Some(join(&[at], only)),
                _ => Some(make(Kind::Branch { children })),
            }
        }
    }
}

/// Puts a path in front of a node, merging it with the node's own.
fn join<V: Clone>(prefix: &[u8], node: &Arc<Node<V>>) -> Arc<Node<V>> {
    if prefix.is_empty() {
        return node.clone();
    }
    make(match &node.kind {
        Kind::Leaf { path, value } => Kind::Leaf { path: [prefix, path].concat(), value: value.clone() },
        Kind::Extension { path, child } => {
            Kind::Extension { path: [prefix, path].concat(), child: child.clone() }
        }
        Kind::Branch { .. } => Kind::Extension { path: prefix.to_vec(), child: node.clone() },
    })
}

fn collect<V: Clone>(node: &Node<V>, path: &mut Vec<u8>, found: &mut Vec<(B256, V)>) {
    let depth = path.len();
    match &node.kind {
        Kind::Leaf { path: own, value } => {
            path.extend(own);
            let key: Vec<u8> =
                path.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)).collect();
            found.push((B256::from_slice(&key), value.clone()));
        }
        Kind::Extension { path: own, child } => {
            path.extend(own);
            collect(child, path, found);
        }
        Kind::Branch { children } => {
            for (at, child) in (0_u8..).zip(children) {
                if let Some(child) = child {
                    path.push(at);
                    collect(child, path, found);
                    path.truncate(depth);
                }
            }
        }
    }
    path.truncate(depth);
}

fn nibbles(key: &B256) -> Vec<u8> {
    key.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]).collect()
}

/// Splits two paths where they stop being equal: the common part, then what is left of each.
fn diverge<'a>(own: &'a [u8], path: &'a [u8]) -> (&'a [u8], &'a [u8], &'a [u8]) {
    let common = own.iter().zip(path).take_while(|(a, b)| a == b).count();
    let (shared, own_rest) = own.split_at(common);
    (shared, own_rest, path.split_at(common).1)
}

fn split(path: &[u8]) -> (usize, &[u8]) {
    let (nibble, rest) = path.split_first().expect("all keys have 64 nibbles, so none ends above a leaf");
    (usize::from(*nibble), rest)
}

/// Yellow Paper appendix C: two nibbles per byte behind a flag nibble (2 for a leaf, 1 for an odd length).
fn hex_prefix(path: &[u8], is_leaf: bool) -> Vec<u8> {
    let flag = if is_leaf { 0x20 } else { 0x00 };
    let (first, rest) = match path.split_first() {
        Some((nibble, rest)) if path.len() % 2 == 1 => (flag | 0x10 | nibble, rest),
        _ => (flag, path),
    };
    let mut encoded = vec![first];
    encoded.extend(rest.chunks(2).map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble)));
    encoded
}

fn list(items: &[Vec<u8>]) -> Bytes {
    let payload = items.concat();
    let mut encoded = Vec::with_capacity(payload.len() + 3);
    Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded.into()
}

fn empty() -> Vec<u8> {
    vec![alloy_rlp::EMPTY_STRING_CODE]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use alloy_primitives::U256;
    use alloy_trie::{Nibbles, proof::verify_proof, root::storage_root_unsorted};
    use proptest::prelude::*;

    use super::*;

    fn oracle(map: &BTreeMap<B256, U256>) -> B256 {
        storage_root_unsorted(map.iter().map(|(key, value)| (*key, *value)))
    }

    fn assert_proves(trie: &Trie<U256>, key: B256) {
        let expected = trie.get(&key).map(alloy_rlp::encode);
        let proof = trie.prove(&key);
        assert_eq!(verify_proof(trie.root(), Nibbles::unpack(key), expected, &proof), Ok(()));
    }

    #[test]
    fn has_the_empty_root_and_no_nodes_when_empty() {
        let trie = Trie::<U256>::default();
        assert_eq!(trie.root(), EMPTY_ROOT_HASH);
        assert_eq!(trie.prove(&B256::ZERO), Vec::<Bytes>::new());
    }

    #[test]
    fn keeps_older_versions_whole() {
        let mut trie = Trie::default();
        for byte in 0..=255 {
            trie.insert(&keccak256([byte]), U256::from(byte) + U256::from(1));
        }
        let (before, root) = (trie.clone(), trie.root());
        trie.insert(&keccak256([3]), U256::from(77));
        trie.remove(&keccak256([4]));
        assert_eq!(before.root(), root);
        assert_eq!(before.get(&keccak256([4])), Some(&U256::from(5)));
        assert_eq!(trie.get(&keccak256([4])), None);
    }

    // Few distinct nibbles, so that keys share long paths and small nodes are embedded in their parents.
    fn key() -> impl Strategy<Value = B256> {
        prop_oneof![
            (0_u8..4, 0_u8..4, 0_u8..4).prop_map(|(first, middle, last)| {
                let mut key = [0x11; 32];
                (key[0], key[16], key[31]) = (first, middle << 4, last);
                B256::from(key)
            }),
            any::<[u8; 32]>().prop_map(B256::from),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_alloy_trie(steps in proptest::collection::vec((key(), 0_u64..400), 0..60), absent in key()) {
            let (mut trie, mut map) = (Trie::default(), BTreeMap::new());
            for (key, value) in steps {
                if value < 130 {
                    trie.remove(&key);
                    map.remove(&key);
                } else {
                    trie.insert(&key, U256::from(value));
                    map.insert(key, U256::from(value));
                }
            }
            prop_assert_eq!(trie.root(), oracle(&map));
            prop_assert_eq!(trie.entries(), map.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
            for key in map.keys().chain([&absent]) {
                assert_proves(&trie, *key);
            }
        }
    }
}
