//! The walk through a trie, behind the hashes: nodes of any form, linked by their right hashes.
//!
//! The input describes a way from the root to a slot, node by node; the nodes are put together from the last to the
//! first, so that each is named by the hash it has, whatever was changed in it. alloy-trie must find the same.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable as _, Encodable as _};
use alloy_trie::{
    Nibbles, TrieAccount,
    proof::{ProofVerificationError, verify_proof},
};
use lightclient::{
    Evidence, Header, ProvenAccount, TrustedCheckpoint, block_hash, verify_account, verify_checkpoint,
};

use crate::input::Input;
use crate::recorded::Chain;

/// A value that we find, alloy-trie finds as well, and none where we find none; a way without oddities is proven.
pub(crate) fn trie(data: &[u8]) {
    let mut input = Input::new(data);
    let slot = B256::with_last_byte(input.byte());
    let path = Nibbles::unpack(keccak256(slot)).to_vec();
    let way = read_way(&mut input, path.len());
    let nodes = build(&way, &path);
    let Some(root_node) = nodes.first() else { return };
    let root = keccak256(root_node);
    let found = account_with_storage(root).verify_slot(slot, &nodes).map(|proven| proven.value());
    match plain_value(&way) {
        Some(expected) => assert_eq!(found, Ok(expected), "a plain proof"),
        // alloy-trie takes no root shorter than a hash, which a trie of one small entry has.
        None if root_node.len() < 32 => {}
        None => {
            let Ok(value) = found else { return };
            let key = Nibbles::from_nibbles(&path);
            let other = |expected| verify_proof(root, key, expected, &nodes).err();
            if value.is_zero() && other(None).is_none_or(|error| !is_another_value(&error, key)) {
                // Absent; where the way has ended, alloy-trie minds oddities behind it that we do not look at.
                return;
            }
            let error = other(Some(alloy_rlp::encode(value)));
            assert!(error.is_none(), "found {value}, alloy-trie says {error:?}");
        }
    }
}

/// Whether alloy-trie came to the end of the way and found something.
fn is_another_value(error: &ProofVerificationError, key: Nibbles) -> bool {
    matches!(error, ProofVerificationError::ValueMismatch { path, got: Some(_), .. } if *path == key)
}

/// One node of the way.
struct Step<'a> {
    /// How many nibbles of the path are behind it.
    position: usize,
    kind: Kind<'a>,
    /// Changes of its encoding, for [`Input::edit`].
    edits: &'a [u8],
    /// Named by its hash even when it is short enough to stand inside its parent.
    is_hashed: bool,
}

enum Kind<'a> {
    /// With a sibling for each bit.
    Branch(u16),
    Extension(usize),
    Leaf(&'a [u8]),
    Raw(&'a [u8]),
}

fn read_way<'a>(input: &mut Input<'a>, path_length: usize) -> Vec<Step<'a>> {
    let mut way = Vec::new();
    let mut position = 0;
    while !input.is_at_end() {
        let choice = input.byte();
        let left = path_length - position;
        let kind = match choice % 4 {
            0 if left > 0 => Kind::Branch(u16::from_le_bytes(input.array())),
            1 if left > 0 => Kind::Extension(1 + input.below(left)),
            2 => Kind::Leaf(input.bytes()),
            _ => Kind::Raw(input.bytes()),
        };
        let edits = if choice & 0x40 == 0 { &[] } else { input.bytes() };
        let is_last = matches!(kind, Kind::Leaf(_) | Kind::Raw(_));
        let length = match kind {
            Kind::Branch(_) => 1,
            Kind::Extension(length) => length,
            Kind::Leaf(_) | Kind::Raw(_) => 0,
        };
        way.push(Step { position, kind, edits, is_hashed: choice & 0x80 != 0 });
        position += length;
        if is_last {
            break;
        }
    }
    way
}

/// What a way without oddities leads to.
fn plain_value(way: &[Step<'_>]) -> Option<U256> {
    let (last, before) = way.split_last()?;
    let Kind::Leaf(mut value) = last.kind else { return None };
    let is_plain = way.iter().all(|step| step.edits.is_empty() && !step.is_hashed)
        && before.iter().all(|step| matches!(step.kind, Kind::Branch(_) | Kind::Extension(_)))
        // An extension leads to a branch.
        && way.windows(2).all(|pair| {
            !matches!(pair[0].kind, Kind::Extension(_)) || matches!(pair[1].kind, Kind::Branch(_))
        });
    let number = U256::decode(&mut value).ok()?;
    (is_plain && value.is_empty()).then_some(number)
}

/// The nodes of the way that do not stand inside their parents, from the root down.
fn build(way: &[Step<'_>], path: &[u8]) -> Vec<Bytes> {
    let mut nodes = Vec::new();
    let mut child = vec![alloy_rlp::EMPTY_STRING_CODE];
    for (index, step) in way.iter().enumerate().rev() {
        let rest = &path[step.position..];
        let mut node = match step.kind {
            Kind::Branch(siblings) => {
                let item = |nibble: u8| match (nibble == rest[0], siblings >> nibble & 1) {
                    (true, _) => child.clone(),
                    (false, 0) => vec![alloy_rlp::EMPTY_STRING_CODE],
                    (false, _) => alloy_rlp::encode(B256::repeat_byte(nibble)),
                };
                let items: Vec<u8> = (0..16).flat_map(item).chain([alloy_rlp::EMPTY_STRING_CODE]).collect();
                list(&items)
            }
            Kind::Extension(length) => list(&[hex_prefix(&rest[..length], 0), child].concat()),
            Kind::Leaf(value) => list(&[hex_prefix(rest, 2), alloy_rlp::encode(value)].concat()),
            Kind::Raw(bytes) => bytes.to_vec(),
        };
        let mut edits = Input::new(step.edits);
        while !edits.is_at_end() {
            edits.edit(&mut node);
        }
        if index == 0 || step.is_hashed || node.len() >= 32 {
            child = alloy_rlp::encode(keccak256(&node));
            nodes.insert(0, node.into());
        } else {
            child = node;
        }
    }
    nodes
}

/// A path segment, encoded: flags 0 for an extension, 2 for a leaf, and 1 more for an odd length.
fn hex_prefix(nibbles: &[u8], flags: u8) -> Vec<u8> {
    let (odd, even) = nibbles.split_at(nibbles.len() % 2);
    let first = (flags << 4) | odd.first().map_or(0, |nibble| 0x10 | nibble);
    let pairs = even.chunks_exact(2).map(|pair| (pair[0] << 4) | pair[1]);
    let bytes: Vec<u8> = std::iter::once(first).chain(pairs).collect();
    alloy_rlp::encode(bytes.as_slice())
}

fn list(payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded
}

/// An account proven to have `storage_root`, under a genesis block of its own.
fn account_with_storage(storage_root: B256) -> ProvenAccount {
    let mut value = Vec::new();
    TrieAccount { storage_root, ..TrieAccount::default() }.encode(&mut value);
    let path = Nibbles::unpack(keccak256(Address::ZERO)).to_vec();
    let leaf = Bytes::from(list(&[hex_prefix(&path, 2), alloy_rlp::encode(value.as_slice())].concat()));
    let chain = Chain::qbft();
    let genesis = Header { state_root: keccak256(&leaf), ..chain.headers[0].raw().clone() };
    let hash = block_hash(&genesis, &chain.rules).expect("only the state root is new");
    let checkpoint = TrustedCheckpoint { number: 0, hash };
    let verified = verify_checkpoint(&checkpoint, &genesis, Evidence::None, &chain.rules)
        .expect("a genesis block with its hash verifies");
    verify_account(&verified, Address::ZERO, &[leaf]).expect("the leaf is the whole trie")
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let word = [&[2, 33, 0xa0][..], &[0x77; 32]].concat();
    let seeds: [&[&[u8]]; 10] = [
        // A leaf alone, with a word, a byte, a zero.
        &[&[1], &word],
        &[&[2, 2, 1, 5]],
        &[&[3, 2, 1, 0x80]],
        // Branches, a lone child, an extension between.
        &[&[4, 0, 0xff, 0xff, 0, 1, 0, 0, 0x33, 0x11], &word],
        &[&[5, 0, 0xf0, 0, 1, 3, 0, 0, 0x0f, 0], &word],
        // Deep enough that the leaf stands inside its parent; an extension into a leaf.
        &[&[6, 1, 60, 0, 0, 0, 0, 2, 1, 9]],
        &[&[6, 1, 58, 0, 2, 1, 9]],
        // The way ends in an empty place, in bytes, in a short node that is named by its hash.
        &[&[7, 0, 0xff, 0]],
        &[&[8, 0, 0xff, 0, 3, 3, 0xc2, 0x80, 0x80]],
        &[&[9, 1, 58, 0, 0, 1, 1, 0xc2, 1, 9, 4, 1, 0, 0, 0]],
    ];
    seeds.iter().map(|parts| parts.concat()).collect()
}
