//! Lies about whole chains: forks that follow all rules, seen from inside, but were made by those who may not.
//!
//! A fork shows the transactions and states of the true chain under headers of its own, each the parent of the next.

use std::sync::{Mutex, PoisonError};

use alloy_primitives::{Address, U256};

use super::header::FORK_VANITY;
use super::{CLIQUE, EVERY, Kind, Lie};
use crate::block::Block;
use crate::chain::Chain;
use crate::council::Council;
use crate::draft;
use crate::rpc::RpcError;
use crate::rules::Scheme;
use crate::store::StoreError;

/// Who makes the fork, and from where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForkLie {
    ForeignChain,
    LoneSigner,
    OldValidators,
}

const fn lie(name: &'static str, schemes: &'static [Scheme], lie: ForkLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes, kind: Kind::Fork(lie) }
}

pub(super) const LIES: [Lie; 3] = [
    lie(
        "foreign-chain",
        EVERY,
        ForkLie::ForeignChain,
        "Serves another chain from its genesis block on, sealed by this chain's first validators.",
    ),
    lie(
        "lone-signer",
        CLIQUE,
        ForkLie::LoneSigner,
        "Serves a fork from the newest block on that one signer seals alone.",
    ),
    lie(
        "old-validators",
        EVERY,
        ForkLie::OldValidators,
        "Serves a fork from before the last removal of a validator on, sealed by those of then; needs a removal.",
    ),
];

/// A fork, as far as it was asked for.
#[derive(Debug)]
pub(super) struct Fork {
    lie: ForkLie,
    first: u64,
    made: Mutex<Made>,
}

#[derive(Debug)]
struct Made {
    council: Council,
    /// From the first block of the fork on.
    blocks: Vec<Block>,
}

impl Fork {
    /// Finds where the fork starts, and who seals it.
    ///
    /// # Errors
    /// When no validator was ever removed whose fork this would be.
    pub(super) fn start(lie: ForkLie, chain: &Chain, since: u64) -> Result<Self, RpcError> {
        let first = match lie {
            ForkLie::ForeignChain => 0,
            ForkLie::LoneSigner => since + 1,
            ForkLie::OldValidators => last_of_former(chain, since)?
                .ok_or_else(|| RpcError::server("no validator has been removed yet"))?,
        };
        let validators = chain.block(first)?.map_or_else(|| chain.validators(), |block| block.validators);
        let mut council = Council::new(validators);
        for number in first.saturating_sub(MEMORY)..first {
            let sealer = chain.block(number)?.map(|block| block.sealer);
            council.apply(sealer.unwrap_or_default(), true, None);
        }
        Ok(Self { lie, first, made: Mutex::new(Made { council, blocks: Vec::new() }) })
    }

    /// Returns a block of the fork, or of the true chain before it.
    pub(super) fn block(&self, chain: &Chain, number: u64) -> Result<Option<Block>, StoreError> {
        let Some(place) = number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok()) else {
            return chain.block(number);
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        while made.blocks.len() <= place {
            let next = self.first + u64::try_from(made.blocks.len()).unwrap_or(u64::MAX);
            let Some(honest) = chain.block(next)? else { return Ok(None) };
            let parent = match (made.blocks.last(), next.checked_sub(1)) {
                (Some(parent), _) => Some(parent.clone()),
                (None, Some(before)) => chain.block(before)?,
                (None, None) => None,
            };
            let block = self.make(chain, &mut made.council, honest, parent.as_ref());
            made.blocks.push(block);
        }
        Ok(made.blocks.get(place).cloned())
    }

    fn make(&self, chain: &Chain, council: &mut Council, honest: Block, parent: Option<&Block>) -> Block {
        let rules = chain.rules();
        let Some(parent) = parent else {
            let mut genesis = honest;
            genesis.extra.vanity = FORK_VANITY;
            genesis.rehash(rules.scheme);
            return genesis;
        };
        let (mut block, _) = draft::next(&rules, council, parent, honest.header.timestamp);
        block.extra.vanity = FORK_VANITY;
        block.header.state_root = honest.header.state_root;
        block.header.transactions_root = honest.header.transactions_root;
        block.header.receipts_root = honest.header.receipts_root;
        block.header.logs_bloom = honest.header.logs_bloom;
        block.header.gas_used = honest.header.gas_used;
        block.transactions = honest.transactions;
        if self.lie == ForkLie::LoneSigner {
            let is_turn = council.turn(block.header.number) == 0;
            block.sealer = council.member(0);
            block.header.difficulty = U256::from(if is_turn { 2 } else { 1 });
        }
        block.seal(rules.scheme, &chain.keys(), &council.validators);
        council.apply(block.sealer, true, None);
        block
    }
}

/// Returns the newest block that somebody might seal who may not seal now.
fn last_of_former(chain: &Chain, head: u64) -> Result<Option<u64>, StoreError> {
    let validators = chain.validators();
    let is_former = |validator: &Address| !validators.contains(validator);
    for number in (1..=head).rev() {
        if chain.block(number)?.is_some_and(|block| block.validators.iter().any(is_former)) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// How many earlier blocks a fork takes its signers' turns from: more than the largest set's half.
const MEMORY: u64 = 32;
