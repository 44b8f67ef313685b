//! Changes one byte at a time of what was verified, and asks the same question again.
//!
//! Headers, seals, nodes of proofs and receipts are drawn equally often, then one of them, a byte of it, and another
//! value for that byte. A header is judged as the successor of the one before, a proof as the answer to its
//! question whatever the value, a receipt with all others of its block under its header. The sequence depends on
//! the seed alone (SplitMix64), and each mutation on its number, so threads change nothing.
//!
//! No change of one byte is harmless. What a scheme leaves open takes more: seals in another order, those of more
//! validators, the twin of a seal with the high s.

use std::num::NonZero;
use std::ops::Range;
use std::thread;

use alloy_primitives::Bytes;
use lightclient::{Header, SealScheme, verify_account, verify_receipts};

use super::bodies::HeldReceipts;
use super::chain::Chain;
use super::proofs::HeldProof;

/// What may be changed; all of it holds as it is.
#[derive(Debug)]
pub(crate) struct Targets<'c> {
    chain: &'c Chain<'c>,
    proofs: &'c [HeldProof<'c>],
    receipts: &'c [HeldReceipts<'c>],
    /// One list for each kind that the recording has.
    kinds: Vec<Vec<Target>>,
}

/// Bytes that are changed.
#[derive(Debug, Clone)]
enum Target {
    Account { proof: usize, node: usize },
    Header { index: usize, bytes: Range<usize> },
    Receipt { block: usize, receipt: usize },
    Slot { proof: usize, slot: usize, node: usize },
}

impl<'c> Targets<'c> {
    pub(crate) fn new(
        chain: &'c Chain<'c>,
        proofs: &'c [HeldProof<'c>],
        receipts: &'c [HeldReceipts<'c>],
    ) -> Self {
        let (mut headers, mut seals) = (Vec::new(), Vec::new());
        for (index, (header, recorded)) in chain.verified().zip(&chain.recording.headers).enumerate() {
            headers.push(Target::Header { index, bytes: 0..recorded.rlp.len() });
            let length = match chain.recording.rules.schedule.at(header.number()).scheme {
                SealScheme::Clique => SEAL_BYTES,
                _ => header.signers().len() * ENCODED_SEAL_BYTES,
            };
            // The seals are the end of `extraData`, and a genesis block has none.
            let extra_data = &header.raw().extra_data;
            let start = recorded.rlp.windows(extra_data.len()).position(|bytes| bytes == extra_data.as_ref());
            if let Some(end) = start.map(|start| start + extra_data.len())
                && header.number() > 0
            {
                seals.push(Target::Header { index, bytes: end.saturating_sub(length)..end });
            }
        }
        let mut nodes = Vec::new();
        for (proof, held) in proofs.iter().enumerate() {
            nodes.extend((0..held.nodes.account_proof.len()).map(|node| Target::Account { proof, node }));
            for (slot, list) in held.nodes.storage.iter().enumerate() {
                let length = list.as_ref().map_or(0, Vec::len);
                nodes.extend((0..length).map(|node| Target::Slot { proof, slot, node }));
            }
        }
        let mut encodings = Vec::new();
        for (block, held) in receipts.iter().enumerate() {
            encodings.extend((0..held.raw.len()).map(|receipt| Target::Receipt { block, receipt }));
        }
        let mut kinds = vec![headers, seals, nodes, encodings];
        kinds.retain(|targets| !targets.is_empty());
        Self { chain, proofs, receipts, kinds }
    }

    /// Makes `count` mutations and returns a line for each that is accepted.
    pub(crate) fn mutate(&self, count: u64, seed: u64) -> Vec<String> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
        let share = |thread| (thread..count).step_by(usize::try_from(threads).unwrap_or(usize::MAX));
        thread::scope(|scope| {
            let start = |thread| {
                scope.spawn(move || share(thread).filter_map(|number| self.accepted(number, seed)).collect())
            };
            let running: Vec<_> = (0..threads).map(start).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, Vec<String>>| {
                thread.join().expect("a verifier never panics")
            };
            running.into_iter().flat_map(join).collect()
        })
    }

    /// Makes one mutation; a line if it is accepted.
    fn accepted(&self, number: u64, seed: u64) -> Option<String> {
        let mut random = SplitMix64(seed ^ SplitMix64(number).next());
        let targets = random.pick(&self.kinds)?;
        let target = random.pick(targets)?;
        let original = self.bytes(target)?;
        let range = match target {
            Target::Header { bytes, .. } => bytes.clone(),
            _ => 0..original.len(),
        };
        let position = range.start + random.below(range.len());
        let flip = u8::try_from(1 + random.below(255)).unwrap_or(1);
        let mut changed = original.to_vec();
        let byte = changed.get_mut(position)?;
        let before = *byte;
        *byte ^= flip;
        let after = *byte;
        let is_accepted = self.is_accepted(target, changed.into());
        is_accepted.then(|| {
            format!(
                "mutation {number}, {}, byte {position} from {before:#04x} to {after:#04x}: expected a refusal, \
                 found acceptance",
                self.name(target)
            )
        })
    }

    fn bytes(&self, target: &Target) -> Option<&Bytes> {
        match *target {
            Target::Account { proof, node } => self.proofs.get(proof)?.nodes.account_proof.get(node),
            Target::Header { index, .. } => self.chain.recording.headers.get(index).map(|header| &header.rlp),
            Target::Receipt { block, receipt } => self.receipts.get(block)?.raw.get(receipt),
            Target::Slot { proof, slot, node } => {
                self.proofs.get(proof)?.nodes.storage.get(slot)?.as_ref()?.get(node)
            }
        }
    }

    /// Asks the question of a target again, with other bytes.
    fn is_accepted(&self, target: &Target, changed: Bytes) -> bool {
        let judge = || match *target {
            Target::Account { proof, node } => {
                let held = self.proofs.get(proof)?;
                let nodes = replaced(&held.nodes.account_proof, node, changed)?;
                Some(verify_account(held.header, held.account.address(), &nodes).is_ok())
            }
            Target::Header { index, .. } => {
                let header = Header::decode(&changed).ok()?;
                Some(self.chain.judge(index, &header).is_ok())
            }
            Target::Receipt { block, receipt } => {
                let held = self.receipts.get(block)?;
                let raw = replaced(&held.raw, receipt, changed)?;
                Some(verify_receipts(held.header, &raw).is_ok())
            }
            Target::Slot { proof, slot, node } => {
                let held = self.proofs.get(proof)?;
                let nodes = replaced(held.nodes.storage.get(slot)?.as_ref()?, node, changed)?;
                Some(held.account.verify_slot(*held.slots.get(slot)?, &nodes).is_ok())
            }
        };
        judge().unwrap_or(false)
    }

    fn name(&self, target: &Target) -> String {
        let of_proof = |proof: usize| {
            self.proofs.get(proof).map_or_else(String::new, |held| {
                format!("proof of {} at block {}", held.account.address(), held.header.number())
            })
        };
        match target {
            Target::Account { proof, node } => format!("node {node} of the account {}", of_proof(*proof)),
            Target::Header { index, .. } => {
                let header = self.chain.recording.headers.get(*index);
                format!("header {}", header.map_or(0, |header| header.number))
            }
            Target::Receipt { block, receipt } => {
                let block = self.receipts.get(*block);
                format!("receipt {receipt} of block {}", block.map_or(0, |held| held.header.number()))
            }
            Target::Slot { proof, slot, node } => {
                format!("node {node} of slot {slot} of the {}", of_proof(*proof))
            }
        }
    }
}

/// The list with one item replaced.
fn replaced(list: &[Bytes], index: usize, item: Bytes) -> Option<Vec<Bytes>> {
    let mut list = list.to_vec();
    *list.get_mut(index)? = item;
    Some(list)
}

/// A generator of 64-bit numbers; source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
struct SplitMix64(u64);

impl SplitMix64 {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0 if that is 0. The bias is below one in 2^40 for every length here.
    fn below(&mut self, limit: usize) -> usize {
        let scaled = (u128::from(self.next()) * limit as u128) >> 64;
        usize::try_from(scaled).unwrap_or_default()
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        items.get(self.below(items.len()))
    }
}

/// A seal at the end of a Clique header's `extraData`.
const SEAL_BYTES: usize = 65;
/// A seal in the list of the Istanbul family, with its prefix.
const ENCODED_SEAL_BYTES: usize = 67;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_that_of_the_paper() {
        // First outputs of the reference implementation for the seed 1234567.
        let mut random = SplitMix64(1_234_567);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn numbers_stay_below_the_limit_and_reach_it() {
        let mut random = SplitMix64(1);
        let drawn: std::collections::BTreeSet<usize> = (0..1000).map(|_| random.below(7)).collect();
        assert_eq!(drawn, (0..7).collect());
        assert_eq!(random.below(0), 0);
    }
}
