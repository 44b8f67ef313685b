//! Chains sealed by real engines, verified natively and in a browser.
//!
//! The vectors were recorded from GoQuorum and EthereumJS; what is expected of each (hash, proposer, committers,
//! values) was worked out by another implementation: see `tests/vectors/recorded` and the README of each chain there.
//! In a browser: `cargo test -p lightclient --target wasm32-unknown-unknown --test vectors`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test, a panic is a failed test")]

use alloy_primitives::{Address, B256, Bytes};
use lightclient::{
    ChainRules, Header, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint, VerifiedHeader,
};
use serde::Deserialize;

mod clique;
mod contract;
mod keccak;
mod proofs;
mod qbft;
mod seal_variants;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A recorded chain, decoded, with what a client must know beforehand.
struct Chain {
    rules: ChainRules,
    recorded: Vec<Recorded>,
    headers: Vec<Header>,
}

impl Chain {
    fn load(json: &str, scheme: SealScheme) -> Self {
        let file: Headers = serde_json::from_str(json).unwrap();
        let rules = ChainRules {
            chain_id: file.chain_id,
            schedule: Schedule::constant(scheme, file.epoch_length, file.block_period),
            trust: TrustThreshold::OneThird,
            trusting_period: 86_400,
            clock_drift: 0,
        };
        let headers = file.headers.iter().map(|header| Header::decode(&header.header_rlp).unwrap()).collect();
        Self { rules, recorded: file.headers, headers }
    }

    fn checkpoint(&self, number: usize) -> TrustedCheckpoint {
        let recorded = &self.recorded[number];
        TrustedCheckpoint { number: recorded.number, hash: recorded.hash }
    }

    /// The time at which the last block was made.
    fn now(&self) -> u64 {
        self.headers.last().unwrap().timestamp
    }

    /// All that the other implementation found out about a header of the Istanbul family.
    fn assert_as_recorded(&self, verified: &VerifiedHeader, validators: &[Address]) {
        let number = usize::try_from(verified.number()).unwrap();
        let recorded = &self.recorded[number];
        assert_eq!(verified.number(), recorded.number);
        assert_eq!(verified.hash(), recorded.hash, "hash of header {number}");
        assert_eq!(verified.round(), recorded.round, "round of header {number}");
        assert_eq!(verified.proposer(), recorded.proposer, "proposer of header {number}");
        assert_eq!(verified.signers(), recorded.committers, "committers of header {number}");
        assert!(verified.validators().iter().eq(validators), "validators of header {number}");
        assert_eq!(verified.raw(), &self.headers[number]);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Headers {
    chain_id: u64,
    epoch_length: u64,
    block_period: u64,
    headers: Vec<Recorded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    number: u64,
    hash: B256,
    header_rlp: Bytes,
    /// This and the next three: of the Istanbul family only.
    #[serde(default)]
    round: u32,
    #[serde(default)]
    proposer: Address,
    #[serde(default)]
    committers: Vec<Address>,
    /// Nobody where a contract holds them.
    #[serde(default)]
    validators: Vec<Address>,
    /// Under Clique only; nobody of a genesis block.
    signer: Option<Address>,
}
