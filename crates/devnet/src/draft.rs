//! Drafts of blocks: all that the rules of sealing decide about a header, before transactions run and seals are made.

use alloy_consensus::Header;
use alloy_consensus::constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH};
use alloy_primitives::{Address, B64, B256, Bytes, U256};

use crate::block::Block;
use crate::council::Council;
use crate::rules::{Rules, Scheme};
use crate::seal::{Extra, VANITY, Vote};

/// Drafts the first block: the validators, no seals.
pub(crate) fn genesis(rules: &Rules, council: &Council, state_root: B256, timestamp: u64) -> Block {
    let mut block = Block {
        header: Header { timestamp, state_root, ..blank_header(rules) },
        extra: Extra { vanity: VANITY, listed: listed(rules, council, 0), ..Extra::default() },
        hash: B256::ZERO,
        seals: Vec::new(),
        sealer: Address::ZERO,
        validators: council.validators.clone(),
        weight: 1,
        transactions: Vec::new(),
    };
    if rules.scheme == Scheme::Ibft {
        block.extra.proposer_seal = Bytes::from_static(&[0; 65]);
    }
    block.rehash(rules.scheme);
    block
}

/// Drafts the block after `parent`; also returns the vote in it.
pub(crate) fn next(rules: &Rules, council: &Council, parent: &Block, now: u64) -> (Block, Option<Vote>) {
    let number = parent.header.number + 1;
    // The slow proposer: a failed round, or in Clique a signer out of turn.
    let is_late = number.is_multiple_of(if rules.scheme.is_bft() { LATE_EVERY } else { OUT_OF_TURN_EVERY });
    let round = u32::from(is_late);
    let sealer =
        if rules.scheme.is_bft() { council.proposer(round) } else { council.signer(number, is_late) };
    let vote = council.vote_of(sealer).filter(|_| !rules.is_epoch(number));
    let mut header = Header { parent_hash: parent.hash, number, timestamp: now, ..blank_header(rules) };
    let mut extra = Extra { vanity: VANITY, listed: listed(rules, council, number), ..Extra::default() };
    match rules.scheme {
        Scheme::Clique | Scheme::Ibft => {
            header.beneficiary = vote.map(Vote::candidate).unwrap_or_default();
            header.nonce =
                if matches!(vote, Some(Vote::Add(_))) { B64::repeat_byte(0xff) } else { B64::ZERO };
        }
        Scheme::Ibft2 | Scheme::Qbft => {
            header.beneficiary = sealer;
            (extra.vote, extra.round) = (vote, round);
        }
        Scheme::QbftContract => (header.beneficiary, extra.round) = (sealer, round),
    }
    if !rules.scheme.is_bft() {
        header.difficulty = difficulty(council, number, sealer);
    }
    let block = Block {
        weight: parent.weight.saturating_add(header.difficulty.saturating_to()),
        header,
        extra,
        hash: B256::ZERO,
        seals: Vec::new(),
        sealer,
        validators: council.validators.clone(),
        transactions: Vec::new(),
    };
    (block, vote)
}

/// Returns a Clique block's difficulty: 2 in turn, 1 out of turn.
fn difficulty(council: &Council, number: u64, signer: Address) -> U256 {
    U256::from(if council.member(council.turn(number)) == signer { 2 } else { 1 })
}

fn listed(rules: &Rules, council: &Council, number: u64) -> Vec<Address> {
    let is_listed = match rules.scheme {
        Scheme::Clique => rules.is_epoch(number),
        Scheme::Ibft | Scheme::Ibft2 | Scheme::Qbft => true,
        Scheme::QbftContract => false,
    };
    if is_listed { council.validators.clone() } else { Vec::new() }
}

/// What all headers of a chain have in common.
fn blank_header(rules: &Rules) -> Header {
    Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        state_root: EMPTY_ROOT_HASH,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        difficulty: U256::from(1),
        gas_limit: GAS_LIMIT,
        mix_hash: rules.scheme.mix_hash(),
        nonce: B64::ZERO,
        ..Header::default()
    }
}

const GAS_LIMIT: u64 = 30_000_000;

/// Every fiftieth block is agreed on in round 1, as when a proposer was late: readers must tell the block hash (round left
/// out) from the commit digest (round kept), which are equal in round 0.
const LATE_EVERY: u64 = 50;

/// Every fifth Clique block is signed by somebody whose turn it is not.
const OUT_OF_TURN_EVERY: u64 = 5;
