//! Tests of the trie walker, on nodes written by hand. Random tries are in `tests/properties.rs`.

use super::*;
use crate::{Fault, rlp};

const KEY: B256 = B256::repeat_byte(0xab);

/// A node of two items: a path in hex-prefix encoding, and a value or a reference.
fn short(path: &[u8], target: &[u8]) -> Vec<u8> {
    let mut node = Vec::new();
    rlp::write_list(&mut node, |out| {
        rlp::write_bytes(out, path);
        out.extend_from_slice(target);
    });
    node
}

/// A branch with references at some places.
fn branch(children: &[(usize, &[u8])], value: &[u8]) -> Vec<u8> {
    let mut node = Vec::new();
    rlp::write_list(&mut node, |out| {
        for index in 0..16 {
            match children.iter().find(|(at, _)| *at == index) {
                Some((_, reference)) => out.extend_from_slice(reference),
                None => rlp::write_bytes(out, &[]),
            }
        }
        rlp::write_bytes(out, value);
    });
    node
}

/// A reference to a node: its hash, or the node itself when it is short.
fn reference(node: &[u8]) -> Vec<u8> {
    if node.len() < 32 {
        return node.to_vec();
    }
    let mut hash = Vec::new();
    rlp::write_bytes(&mut hash, keccak256(node).as_slice());
    hash
}

fn bytes(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    rlp::write_bytes(&mut out, value);
    out
}

/// A leaf at the root, on the whole way of `key`.
fn only_leaf(key: B256, value: &[u8]) -> Bytes {
    short(&[&[0x20], key.as_slice()].concat(), &bytes(value)).into()
}

/// The last nibble of the key with another value.
fn neighbour(last: u8) -> B256 {
    let mut key = KEY;
    key.0[31] = 0xa0 | last;
    key
}

/// A trie of two keys that differ in the last nibble only: an extension, and a branch with two leaves inside.
/// Values of one byte leave the branch so short that it stands inside the extension, too.
fn twins(value_length: usize) -> (B256, Vec<Bytes>) {
    let leaf = |value: u8| short(&[0x20], &bytes(&vec![value; value_length]));
    let branch = branch(&[(0x3, &leaf(3)), (0xb, &leaf(11))], &[]);
    // 63 nibbles are an odd number: the first stands with the flags.
    let path = [&[0x1a][..], &[0xba; 31]].concat();
    let root = short(&path, &reference(&branch));
    let mut nodes = vec![Bytes::from(root.clone())];
    if branch.len() >= 32 {
        nodes.push(branch.into());
    }
    (keccak256(root), nodes)
}

#[test]
fn finds_a_leaf_at_the_root() {
    let leaf = only_leaf(KEY, b"value");
    assert_eq!(find(keccak256(&leaf), &KEY, &[leaf]), Ok(Some(&b"value"[..])));
}

#[test]
fn a_leaf_of_another_key_proves_absence() {
    let leaf = only_leaf(B256::repeat_byte(0xaa), b"value");
    assert_eq!(find(keccak256(&leaf), &KEY, &[leaf]), Ok(None));
}

#[test]
fn finds_leaves_that_stand_inside_their_parent() {
    for (value_length, node_count) in [(1, 1), (10, 2)] {
        let (root, nodes) = twins(value_length);
        assert_eq!(nodes.len(), node_count);
        assert_eq!(find(root, &KEY, &nodes), Ok(Some(&[11; 10][..value_length])));
        assert_eq!(find(root, &neighbour(3), &nodes), Ok(Some(&[3; 10][..value_length])));
        assert_eq!(find(root, &neighbour(4), &nodes), Ok(None));
    }
}

#[test]
fn an_empty_place_and_another_way_prove_absence() {
    let (root, nodes) = twins(10);
    assert_eq!(find(root, &neighbour(4), &nodes), Ok(None));
    assert_eq!(find(root, &B256::ZERO, &nodes[..1]), Ok(None));
}

#[test]
fn an_empty_trie_needs_no_nodes_and_takes_none() {
    assert_eq!(EMPTY_ROOT, keccak256([0x80]));
    assert_eq!(find(EMPTY_ROOT, &KEY, &[]), Ok(None));
    let spare = Err(TrieError::SpareNodes { expected: 0, found: 1 });
    assert_eq!(find(EMPTY_ROOT, &KEY, &[Bytes::from_static(&[0x80])]), spare);
}

#[test]
fn refuses_missing_and_spare_nodes() {
    let (root, nodes) = twins(10);
    let (first, second) = (nodes[0].clone(), nodes[1].clone());
    assert_eq!(find(root, &KEY, &[]), Err(TrieError::MissingNode { index: 0, expected: root }));
    let expected = keccak256(&second);
    assert_eq!(find(root, &KEY, &nodes[..1]), Err(TrieError::MissingNode { index: 1, expected }));
    let too_many = [first.clone(), second.clone(), second.clone()];
    assert_eq!(find(root, &KEY, &too_many), Err(TrieError::SpareNodes { expected: 2, found: 3 }));
    assert_eq!(
        find(root, &B256::ZERO, &nodes),
        Err(TrieError::SpareNodes { expected: 1, found: 2 }),
        "absence is proven by the first node alone"
    );
    // The leaf inside the branch is no node of its own.
    let with_leaf = [first.clone(), second.clone(), short(&[0x20], &bytes(&[11; 10])).into()];
    assert_eq!(find(root, &KEY, &with_leaf), Err(TrieError::SpareNodes { expected: 2, found: 3 }));
    let found = keccak256(&first);
    assert_eq!(find(root, &KEY, &[first.clone(), first]), Err(TrieError::Node { index: 1, expected, found }));
    let found = keccak256(&second);
    let swapped = [second, nodes[0].clone()];
    assert_eq!(find(root, &KEY, &swapped), Err(TrieError::Root { expected: root, found }));
}

/// Checks that `node`, with the right hash, is refused for `error`.
fn refused(node: &[u8], error: TrieError) {
    let nodes = [Bytes::copy_from_slice(node)];
    assert_eq!(find(keccak256(node), &KEY, &nodes), Err(error), "{nodes:?}");
}

#[test]
fn refuses_what_is_no_list() {
    let kind = RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes };
    refused(&[0x01], TrieError::Rlp { index: 0, source: kind });
    let leaf = only_leaf(KEY, b"value");
    let trailing = [leaf.as_ref(), &[0]].concat();
    refused(&trailing, TrieError::Rlp { index: 0, source: RlpError::Trailing { found: 1 } });
    refused(&[0xc0], TrieError::Rlp { index: 0, source: RlpError::End { expected: 1, found: 0 } });
    refused(&[0xc3, 1, 2, 3], TrieError::Rlp { index: 0, source: RlpError::End { expected: 1, found: 0 } });
    let eighteen = [&[0xd2][..], &[0x80; 18]].concat();
    refused(&eighteen, TrieError::Rlp { index: 0, source: RlpError::Trailing { found: 1 } });
}

#[test]
fn refuses_nodes_that_no_trie_with_32_byte_keys_has() {
    let shape = || TrieError::Shape { index: 0 };
    let hash = reference(&[0; 40]);
    let whole_way = [&[0x20], KEY.as_slice()].concat();
    // A leaf whose way is shorter or longer than the rest of the key.
    refused(&short(&[0x20, 0xab], &[1]), shape());
    refused(&short(&[&whole_way[..], &[0xab]].concat(), &[1]), shape());
    // A leaf whose value is a list.
    refused(&short(&whole_way, &[0xc0]), shape());
    // An extension of nothing, into nothing, beyond the key.
    refused(&short(&[0x00], &hash), shape());
    refused(&short(&[0x1a], &[0x80]), shape());
    refused(&short(&[&[0x00], KEY.as_slice(), &[0xab]].concat(), &hash), shape());
    // A branch below the last nibble: a way as long as the key leads into one.
    let (inner, end) = (branch(&[], &[]), [&[0x00], KEY.as_slice()].concat());
    refused(&short(&end, &reference(&inner)), shape());
    // Flags that there are not; padding that is not zero; a path that is a list.
    refused(&short(&[0x40], &hash), shape());
    refused(&short(&[0x0a], &hash), shape());
    refused(&short(&[0x2a], &hash), shape());
    refused(&[0xc2, 0xc0, 0x01], shape());
    refused(&short(&[], &hash), shape());
    // A value inside a branch; a reference that is no hash; a long node inside its parent.
    refused(&branch(&[(0xa, &hash)], b"value"), shape());
    refused(&branch(&[(0xa, &[0x01])], &[]), shape());
    refused(&branch(&[(0xa, &bytes(&[1; 31]))], &[]), shape());
    refused(&branch(&[(0xa, &short(&[0x20; 20], &bytes(&[1; 10])))], &[]), shape());
}

/// Position 0 and position 128 of a list: an extension over the nibble they share, and a branch with two leaves.
fn two_items() -> (B256, Vec<Bytes>) {
    let (first, other) = (short(&[0x20], &bytes(&[1; 40])), short(&[0x20, 0x80], &bytes(&[2; 40])));
    let branch = branch(&[(0, &reference(&first)), (1, &reference(&other))], &[]);
    let root = short(&[0x18], &reference(&branch));
    (keccak256(&root), [root, branch, first, other].map(Bytes::from).to_vec())
}

#[test]
fn finds_items_of_a_list_though_their_keys_differ_in_length() {
    let (root, nodes) = two_items();
    assert_eq!(find_index(root, 0, &nodes[..3]), Ok(Some(&[1; 40][..])));
    let proof = [&nodes[..2], &nodes[3..]].concat();
    assert_eq!(find_index(root, 0x80, &proof), Ok(Some(&[2; 40][..])));
    // On another way from the root, from the branch, and from the leaf.
    assert_eq!(find_index(root, 1, &nodes[..1]), Ok(None));
    assert_eq!(find_index(root, 0x100, &nodes[..2]), Ok(None));
    assert_eq!(find_index(root, 0x81, &proof), Ok(None));
}

#[test]
fn refuses_nodes_that_no_list_has() {
    let refused = |node: Vec<u8>, index| {
        let nodes = [Bytes::from(node)];
        let root = keccak256(&nodes[0]);
        assert_eq!(find_index(root, index, &nodes), Err(TrieError::Shape { index: 0 }), "{nodes:?}");
    };
    let hash = reference(&[0; 40]);
    // A leaf that ends before the key, and a leaf and an extension that go on behind it.
    refused(short(&[0x20, 0x82], &[1]), 0x100);
    refused(short(&[0x20, 0x01, 0x23], &[1]), 1);
    refused(short(&[0x00, 0x01, 0x23], &hash), 1);
    // A branch behind the key.
    refused(short(&[0x00, 0x01], &branch(&[], &[])), 1);
    refused(branch(&[(0, &hash)], b"value"), 1);
}

#[test]
fn an_item_may_be_longer_than_a_node_of_the_state() {
    let item = vec![7; 5000];
    let leaf = Bytes::from(short(&[0x20, 0x80], &bytes(&item)));
    assert_eq!(find_index(keccak256(&leaf), 0, core::slice::from_ref(&leaf)), Ok(Some(&item[..])));
    let too_long = TrieError::NodeTooLong { index: 0, expected: 4 << 20, found: (4 << 20) + 1 };
    assert_eq!(find_index(KEY, 0, &[vec![0; (4 << 20) + 1].into()]), Err(too_long));
    assert_eq!(
        find_index(KEY, 0, &vec![Bytes::new(); 20]),
        Err(TrieError::TooManyNodes { expected: 19, found: 20 })
    );
}

#[test]
fn refuses_an_extension_that_leads_to_no_branch() {
    let (high, low) = (KEY[0] >> 4, KEY[0] & 0x0f);
    let leaf = short(&[&[0x30 | low], &KEY[1..]].concat(), &[1]);
    let further = short(&[0x10 | low], &reference(&short(&[&[0x20], &KEY[1..]].concat(), &[1])));
    for child in [leaf, further] {
        let extension = short(&[0x10 | high], &reference(&child));
        let nodes = [extension, child].map(Bytes::from);
        assert_eq!(find(keccak256(&nodes[0]), &KEY, &nodes), Err(TrieError::Shape { index: 1 }));
    }
}

#[test]
fn refuses_a_short_node_that_is_named_by_its_hash() {
    let leaf = short(&[0x20, 0xab], &bytes(&[9]));
    assert!(leaf.len() < 32, "its place is inside its parent");
    let path = [&[0x00], &KEY[..31]].concat();
    let root = short(&path, &bytes(keccak256(&leaf).as_slice()));
    let nodes = [root.clone().into(), leaf.into()];
    assert_eq!(find(keccak256(&root), &KEY, &nodes), Err(TrieError::Shape { index: 1 }));
}

#[test]
fn refuses_proofs_beyond_the_limits() {
    let nodes = |count, size| vec![Bytes::from(vec![0; size]); count];
    let too_many = TrieError::TooManyNodes { expected: 65, found: 66 };
    assert_eq!(find(KEY, &KEY, &nodes(66, 1)), Err(too_many));
    let node_too_long = TrieError::NodeTooLong { index: 0, expected: 1024, found: 1025 };
    assert_eq!(find(KEY, &KEY, &nodes(2, 1025)), Err(node_too_long.clone()));
    assert_eq!(node_too_long.fault(), Fault::Peer);
    let too_long = TrieError::TooLong { expected: 65_536, found: 66_560 };
    assert_eq!(find(KEY, &KEY, &nodes(65, 1024)), Err(too_long));
}
