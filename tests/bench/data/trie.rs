//! Tries of any size from their leaves in ascending order, and proofs of some of them: `alloy-trie`, never the verifier's code.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};

/// The root of a trie and the proofs asked for.
#[derive(Debug)]
pub(crate) struct Trie {
    pub(crate) root: B256,
    /// In the order of the targets; each from the root down.
    pub(crate) proofs: Vec<Vec<Bytes>>,
}

impl Trie {
    /// Hashes `leaves`, which must ascend, in one pass; only the nodes on the way to `targets` are kept.
    pub(crate) fn build(leaves: impl Iterator<Item = (B256, Vec<u8>)>, targets: &[B256]) -> Self {
        let targets: Vec<Nibbles> = targets.iter().map(Nibbles::unpack).collect();
        let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets.clone()));
        for (key, value) in leaves {
            builder.add_leaf(Nibbles::unpack(key), &value);
        }
        let root = builder.root();
        let nodes = builder.take_proof_nodes();
        let proof_of = |target: &Nibbles| {
            nodes.matching_nodes_sorted(target).into_iter().map(|(_, node)| node).collect()
        };
        Self { root, proofs: targets.iter().map(proof_of).collect() }
    }
}

/// The storage of a contract with one mapping of many entries, and proofs of some.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) entries: u64,
    pub(crate) trie: Trie,
    /// Slot and value of each proof.
    pub(crate) proven: Vec<(B256, B256)>,
}

impl Mapping {
    /// `mapping(uint256 => uint256)` at slot 0 with the keys 0 to `entries`; every so many-th is proven.
    pub(crate) fn build(entries: u64, proofs: u64) -> Self {
        let slot = |entry: u64| keccak256([B256::from(U256::from(entry)), B256::ZERO].concat());
        let mut keys: Vec<B256> = (0..entries).map(|entry| keccak256(slot(entry))).collect();
        let proven: Vec<B256> = (0..proofs).map(|index| slot(index * (entries / proofs))).collect();
        let targets: Vec<B256> = proven.iter().map(keccak256).collect();
        keys.sort_unstable();
        let leaves = keys.iter().map(|key| (*key, alloy_rlp::encode(word(key))));
        let trie = Trie::build(leaves, &targets);
        let proven = proven.into_iter().map(|slot| (slot, word(&keccak256(slot)).into())).collect();
        Self { entries, trie, proven }
    }
}

/// What an entry holds: 24 bytes that follow from its key, as a packed struct would fill them, never zero.
fn word(key: &B256) -> U256 {
    (U256::from_be_bytes(key.0) >> 64) | U256::ONE
}
