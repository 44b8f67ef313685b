//! Forks by everybody who was a validator once, against a client that trusts who came after them.
//!
//! Whoever was a validator keeps the key, and all former validators together can make a past that never was: any number
//! of headers on top of any block, sealed as the rules ask, at the right times. Here they do, with as many accomplices
//! among the current validators as these tolerate. Each of a fork's headers is right but for who made it, so a client
//! can refuse it for lack of trust alone. That the same forks are accepted when the current validators make them is
//! checked with each kind.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::*;
use crate::CliqueError;

mod bft;
mod clique;

/// Trust figure Q4.
#[test]
fn of_10_000_forks_by_all_former_validators_none_is_accepted() {
    println!("seed {SEED:#x}");
    let kinds: Vec<Kind> = bft::kinds().into_iter().chain(clique::kinds()).collect();
    let forks = FORKS.div_ceil(kinds.len());
    let refused: usize = std::thread::scope(|scope| {
        let kinds = kinds.iter().zip(SEED..);
        let threads: Vec<_> =
            kinds.map(|(kind, seed)| scope.spawn(move || kind.refused(forks, Random(seed)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{refused} forks, none accepted");
    assert!(refused >= FORKS);
}

const FORKS: usize = 10_000;
const SEED: u64 = 0x4d65_6452_6563;

/// One way in which validators became former ones.
struct Kind {
    name: &'static str,
    make: Make,
}

/// Makes a fork and offers it to a client; returns what became of it.
type Make = Box<dyn Fn(&mut Random, By) -> Result<VerifiedHeader, VerifyError> + Sync>;

impl Kind {
    /// Makes so many forks and tells how many were refused, after some that must not be.
    fn refused(&self, forks: usize, mut random: Random) -> usize {
        for _ in 0..20 {
            let result = (self.make)(&mut random, By::Current);
            assert!(result.is_ok(), "{}, by the current validators: {result:?}", self.name);
        }
        let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
        for fork in 0..forks {
            match (self.make)(&mut random, By::Former) {
                Err(error) => *refusals.entry(lack_of_trust(&error)).or_default() += 1,
                Ok(header) => panic!("{}: fork {fork} accepted at header {}", self.name, header.number()),
            }
        }
        println!("{}: {refusals:?}", self.name);
        refusals.values().sum()
    }
}

/// Who makes a fork.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The validators that the client trusts, on top of the header that it trusts.
    Current,
    /// All former validators and as many current ones as are tolerated, on top of any header.
    Former,
}

/// The name of a refusal for want of trust; a fork that is refused for another reason tests nothing.
fn lack_of_trust(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Backward { .. } => "Backward",
        VerifyError::Clique { source: CliqueError::CheckpointSigners { .. }, .. } => "CheckpointSigners",
        VerifyError::Clique { source: CliqueError::UnknownSigner { .. }, .. }
        | VerifyError::UnknownSigner { .. } => "UnknownSigner",
        VerifyError::ConfiguredValidators { .. } => "ConfiguredValidators",
        VerifyError::Fork { .. } => "Fork",
        VerifyError::Hash { .. } => "Hash",
        VerifyError::NotEnoughTrust { .. } => "NotEnoughTrust",
        VerifyError::NotSettled { .. } => "NotSettled",
        VerifyError::Parent { .. } => "Parent",
        VerifyError::SetChange { .. } => "SetChange",
        VerifyError::TrustExpired { .. } => "TrustExpired",
        other => panic!("not for want of trust: {other:?}"),
    }
}

/// SplitMix64: the same numbers on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    fn of(&mut self, range: RangeInclusive<usize>) -> usize {
        let (start, end) = range.into_inner();
        start + usize::try_from(self.next() % (end - start + 1) as u64).unwrap()
    }

    /// The header on which a fork stands, and how many it has: most reach further than the trusted header.
    fn point_and_length(&mut self, trusted: usize, by: By) -> (usize, usize) {
        let gap = match (by, self.of(0..=7)) {
            (By::Current, _) | (_, 0 | 1) => 0,
            (By::Former, 2) => self.of(0..=trusted),
            (By::Former, _) => self.of(0..=trusted.min(6)),
        };
        let reached = if self.of(0..=7) == 0 { 0 } else { gap };
        // Under Clique three of four signers settle a header.
        let least = if by == By::Current { 3 } else { 1 };
        (trusted - gap, reached + self.of(least..=6))
    }

    fn hash(&mut self) -> B256 {
        B256::from(U256::from(self.next()))
    }
}

/// Seconds since the trusted header, well within the trusting period.
const AWAY: u64 = 300;

/// Keys in the order of their addresses, each once.
fn sorted(keys: impl IntoIterator<Item = SigningKey>) -> Vec<SigningKey> {
    let mut keys: Vec<SigningKey> = keys.into_iter().collect();
    keys.sort_by_key(address);
    keys.dedup();
    keys
}
