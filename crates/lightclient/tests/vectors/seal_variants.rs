//! One block as several GoQuorum nodes served it: other seals, or in another order, under the same block hash.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes};
use lightclient::{Asked, Header, VerifyError, block_hash, unite_seals};
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{Chain, qbft};

/// How a node's seals differ from those that stand in the recorded header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// By other validators, at least one of them.
    OtherSigners,
    /// By the same validators in another order.
    Reordered,
}

#[test]
fn every_variant_is_the_recorded_block_by_whomever_it_is_sealed() {
    let chain = qbft::load();
    let mut outcomes = Vec::new();
    for block in blocks() {
        let recorded = &chain.recorded[block.number];
        let before = qbft::trusted(&chain, block.number - 1);
        let headers = block.headers(&chain);
        let mut everybody: BTreeSet<Address> = recorded.committers.iter().copied().collect();
        for header in &headers {
            assert_eq!(block_hash(header, &chain.rules), Ok(recorded.hash));
            let verified = qbft::verify(&chain, &before, header, Asked::Hash(recorded.hash)).unwrap();
            assert_eq!((verified.hash(), verified.round()), (recorded.hash, recorded.round));
            outcomes.push(outcome(verified.signers(), &recorded.committers));
            everybody.extend(verified.signers());
        }
        // The seals of all nodes together are those of everybody who sealed for one of them, each once.
        let united = unite_seals(&chain.headers[block.number], &headers, &chain.rules);
        let united = qbft::verify(&chain, &before, &united, Asked::Hash(recorded.hash)).unwrap();
        assert_eq!(united.signers().len(), everybody.len());
        assert!(united.signers().iter().all(|signer| everybody.contains(signer)));
    }
    let count = |outcome| outcomes.iter().filter(|found| **found == outcome).count();
    assert_eq!([Outcome::OtherSigners, Outcome::Reordered].map(count), [122, 199]);
}

/// The seals of a block say nothing about another one, though the same validators made them.
#[test]
fn seals_of_a_block_do_not_seal_the_next_one() {
    let chain = qbft::load();
    for block in blocks() {
        let number = block.number + 1;
        let Some(next) = chain.headers.get(number) else { continue };
        let before = qbft::trusted(&chain, block.number);
        for header in block.headers(&chain) {
            let header = Header { extra_data: header.extra_data, ..next.clone() };
            let result = qbft::verify(&chain, &before, &header, Asked::Latest);
            assert!(matches!(result, Err(VerifyError::UnknownSigner { .. })), "header {number}: {result:?}");
        }
    }
}

fn outcome(signers: &[Address], recorded: &[Address]) -> Outcome {
    let sorted = |signers: &[Address]| signers.iter().copied().collect::<BTreeSet<_>>();
    assert_ne!(signers, recorded);
    if sorted(signers) == sorted(recorded) { Outcome::Reordered } else { Outcome::OtherSigners }
}

#[derive(Deserialize)]
struct Block {
    number: usize,
    /// `extraData`, the only field that differs.
    variants: Vec<Bytes>,
}

impl Block {
    fn headers(&self, chain: &Chain) -> Vec<Header> {
        let header = &chain.headers[self.number];
        self.variants.iter().map(|extra| Header { extra_data: extra.clone(), ..header.clone() }).collect()
    }
}

/// The 184 blocks that the nodes did not all serve alike.
fn blocks() -> Vec<Block> {
    let blocks: Vec<Block> = serde_json::from_str(VARIANTS).unwrap();
    assert_eq!(blocks.len(), 184);
    blocks
}

const VARIANTS: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft/seal-variants.json");
