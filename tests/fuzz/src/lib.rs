//! Fuzz targets: what no input may make the verifiers do.
//!
//! Each target is a plain function that panics when its property does not hold: not only "never panics", but what
//! the verifier promises (never another value than the recorded one, decode and encode are inverses, another
//! implementation agrees). `cargo xtask fuzz` runs them under libFuzzer, led by coverage; `cargo test` here runs
//! each on its seeds, which come from the recorded chains, and on simple changes of them.
//!
//! No input can forge a hash or a seal. So the targets of proofs and headers read their input as a choice among what
//! was recorded, and changes of it; the target `trie` makes the hashes right itself, so that the walk behind the
//! hashes is reached, and asks alloy-trie for its opinion.

mod header;
mod input;
mod network;
mod proof;
mod receipt;
mod recorded;
mod rpc;
mod signature;
mod trie;
mod verify;

/// One property, and where to start looking for what breaks it.
#[derive(Debug)]
pub struct Target {
    /// By which `cargo xtask fuzz --target` names it.
    pub name: &'static str,
    /// Panics when the property does not hold for these bytes.
    pub check: fn(&[u8]),
    /// Inputs made from the recorded chains; each holds.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets, in alphabetical order.
pub const TARGETS: [Target; 13] = [
    Target { name: "account-proof", check: proof::account, seeds: proof::account_seeds },
    Target { name: "body", check: receipt::body, seeds: receipt::body_seeds },
    Target { name: "extra-data", check: header::extra_data, seeds: header::extra_data_seeds },
    Target { name: "header", check: header::header, seeds: header::header_seeds },
    Target { name: "network", check: network::network, seeds: network::seeds },
    Target { name: "receipt", check: receipt::receipt, seeds: receipt::receipt_seeds },
    Target { name: "rpc", check: rpc::rpc, seeds: rpc::seeds },
    Target { name: "signature", check: signature::signature, seeds: signature::seeds },
    Target { name: "storage-proof", check: proof::storage, seeds: proof::storage_seeds },
    Target { name: "stored-head", check: verify::stored_head, seeds: verify::stored_head_seeds },
    Target { name: "trie", check: trie::trie, seeds: trie::seeds },
    Target { name: "verify-clique", check: verify::clique, seeds: verify::clique_seeds },
    Target { name: "verify-qbft", check: verify::qbft, seeds: verify::qbft_seeds },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_holds() {
        for target in &TARGETS {
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{} has no seeds", target.name);
            for seed in &seeds {
                (target.check)(seed);
            }
        }
    }

    #[test]
    fn a_changed_or_cut_seed_holds() {
        for target in &TARGETS {
            for seed in (target.seeds)().iter().take(8) {
                // About 40 positions of each, whatever its length.
                for position in (0..seed.len()).step_by(seed.len() / 40 + 1) {
                    let mut changed = seed.clone();
                    changed[position] ^= 0x11;
                    (target.check)(&changed);
                    (target.check)(&seed[..position]);
                }
            }
        }
    }

    #[test]
    fn names_are_in_order() {
        assert!(TARGETS.is_sorted_by(|before, after| before.name < after.name));
    }
}
