//! Lies about single headers: each block has a false sister, whose parent and children are the true ones.

use alloy_primitives::{Address, B64, B256, U256, b256, keccak256, uint};

use super::{BFT, CLIQUE, EVERY, Kind, Lie, OUTSIDER};
use crate::block::Block;
use crate::chain::Chain;
use crate::rules::Scheme;
use crate::seal::{ISTANBUL_DIGEST, Keys, Seal, key_of, sign};
use crate::store::StoreError;

/// What is wrong with the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderLie {
    Backward,
    BareCheckpoint,
    CheckpointVote,
    DuplicateSeal,
    Equivocation,
    ForeignCheckpoint,
    Fork,
    ForgedHeader,
    ForgedReceiptsRoot,
    ForgedTransactionsRoot,
    Future,
    MalleableSeal,
    MutatedSeal,
    OutsiderSeal,
    OwnValidators,
    RecentSigner,
    ShortSeals,
    StrayList,
    TrailingExtra,
    UnsortedValidators,
    WrongDifficulty,
    WrongHash,
    WrongMixHash,
    WrongNonce,
    WrongNumber,
    WrongParent,
    WrongRound,
}

const fn lie(name: &'static str, schemes: &'static [Scheme], lie: HeaderLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes, kind: Kind::Header(lie) }
}

pub(super) const LIES: [Lie; 27] = [
    lie(
        "backward",
        EVERY,
        HeaderLie::Backward,
        "Serves headers that are a second older than their parents, sealed by the validators.",
    ),
    lie(
        "bare-checkpoint",
        CLIQUE,
        HeaderLie::BareCheckpoint,
        "Serves epoch blocks without the list of signers, sealed by the right signer.",
    ),
    lie(
        "checkpoint-vote",
        CLIQUE,
        HeaderLie::CheckpointVote,
        "Serves epoch blocks that vote an outsider in, sealed by the right signer.",
    ),
    lie(
        "duplicate-seal",
        BFT,
        HeaderLie::DuplicateSeal,
        "Serves headers whose quorum is one validator's seal, repeated.",
    ),
    lie(
        "equivocation",
        EVERY,
        HeaderLie::Equivocation,
        "Serves for each height by turns the true header and a second one, both sealed by the validators.",
    ),
    lie(
        "foreign-checkpoint",
        CLIQUE,
        HeaderLie::ForeignCheckpoint,
        "Serves epoch blocks that list an outsider among the signers, sealed by the right signer.",
    ),
    lie(
        "forged-header",
        EVERY,
        HeaderLie::ForgedHeader,
        "Serves headers with a false state root: the hash fits, the seals do not.",
    ),
    lie(
        "forged-receipts-root",
        EVERY,
        HeaderLie::ForgedReceiptsRoot,
        "Serves headers with a false receipts root: the hash fits, the seals do not.",
    ),
    lie(
        "forged-transactions-root",
        EVERY,
        HeaderLie::ForgedTransactionsRoot,
        "Serves headers with a false transactions root: the hash fits, the seals do not.",
    ),
    lie("fork", EVERY, HeaderLie::Fork, "Serves a second header for each height, sealed by the validators."),
    lie(
        "future",
        EVERY,
        HeaderLie::Future,
        "Serves headers that are an hour ahead, sealed by the validators.",
    ),
    lie(
        "malleable-seal",
        EVERY,
        HeaderLie::MalleableSeal,
        "Serves true headers whose seals were turned into the other valid form (n - s), which needs no key.",
    ),
    lie("mutated-seal", EVERY, HeaderLie::MutatedSeal, "Serves headers with one bit of each seal flipped."),
    lie(
        "outsider-seal",
        EVERY,
        HeaderLie::OutsiderSeal,
        "Serves headers with one seal fewer than a quorum, and one from an outsider.",
    ),
    lie(
        "own-validators",
        BFT,
        HeaderLie::OwnValidators,
        "Serves headers that list validators of the liar's own, sealed by all of them.",
    ),
    lie(
        "recent-signer",
        CLIQUE,
        HeaderLie::RecentSigner,
        "Serves headers signed by the signer of the block before, who must wait.",
    ),
    lie(
        "short-seals",
        EVERY,
        HeaderLie::ShortSeals,
        "Serves headers with one seal fewer than a quorum, in Clique with none.",
    ),
    lie(
        "stray-list",
        CLIQUE,
        HeaderLie::StrayList,
        "Serves headers with a list of signers where there is no epoch, sealed by the right signer.",
    ),
    lie(
        "trailing-extra",
        EVERY,
        HeaderLie::TrailingExtra,
        "Serves headers with one item (in Clique: one byte) too many in extraData, sealed by the validators.",
    ),
    lie(
        "unsorted-validators",
        LISTED,
        HeaderLie::UnsortedValidators,
        "Serves headers that list the validators in descending order, sealed by the validators.",
    ),
    lie(
        "wrong-difficulty",
        EVERY,
        HeaderLie::WrongDifficulty,
        "Serves headers of difficulty 2 (in Clique: 1 in turn and 2 out of turn), sealed by the validators.",
    ),
    lie("wrong-hash", EVERY, HeaderLie::WrongHash, "Serves true headers with a hash that is not theirs."),
    lie(
        "wrong-mix-hash",
        EVERY,
        HeaderLie::WrongMixHash,
        "Serves headers with the mixHash of the other kind of chain, sealed by the validators.",
    ),
    lie(
        "wrong-nonce",
        VOTING_BY_NONCE,
        HeaderLie::WrongNonce,
        "Serves headers whose nonce is no vote, sealed by the validators.",
    ),
    lie(
        "wrong-number",
        EVERY,
        HeaderLie::WrongNumber,
        "Serves headers that carry the next block's number: the hash fits, the seals do not.",
    ),
    lie(
        "wrong-parent",
        EVERY,
        HeaderLie::WrongParent,
        "Serves headers that follow a block nobody knows, sealed by the validators.",
    ),
    lie(
        "wrong-round",
        ROUNDS,
        HeaderLie::WrongRound,
        "Serves headers whose round was raised after sealing: the hash fits, the seals do not.",
    ),
];

impl HeaderLie {
    /// Returns what is served instead of a block; the genesis block is left alone.
    pub(super) fn twist(self, chain: &Chain, mut block: Block, asked: u64) -> Result<Block, StoreError> {
        let before = block.header.number.checked_sub(1).map(|number| chain.block(number)).transpose()?;
        let Some(parent) = before.flatten() else { return Ok(block) };
        let lie = match self {
            Self::Equivocation if asked % 2 == 1 => Self::Fork,
            Self::Equivocation => return Ok(block),
            other => other,
        };
        let (rules, signers) = (chain.rules(), block.validators.clone());
        let is_epoch = rules.is_epoch(block.header.number);
        let concerns_this_block = match lie {
            Self::BareCheckpoint | Self::CheckpointVote | Self::ForeignCheckpoint => is_epoch,
            Self::StrayList => !is_epoch,
            _ => true,
        };
        if !concerns_this_block {
            return Ok(block);
        }
        if lie.change_header(&mut block, &parent, rules.scheme) {
            block.seal(rules.scheme, &chain.keys(), &signers);
        } else {
            lie.change_seals(&mut block, rules.scheme);
            block.rehash(rules.scheme);
        }
        if lie == Self::WrongHash {
            block.hash = keccak256(block.hash);
        }
        Ok(block)
    }

    /// Changes what the seals cover; tells whether the validators seal it.
    fn change_header(self, block: &mut Block, parent: &Block, scheme: Scheme) -> bool {
        let (header, extra) = (&mut block.header, &mut block.extra);
        match self {
            Self::Backward => header.timestamp = parent.header.timestamp.saturating_sub(1),
            Self::BareCheckpoint => extra.listed.clear(),
            Self::CheckpointVote => {
                (header.beneficiary, header.nonce) = (outsider(), B64::repeat_byte(0xff));
            }
            Self::ForeignCheckpoint => {
                extra.listed.push(outsider());
                extra.listed.sort();
            }
            Self::Fork => extra.vanity = FORK_VANITY,
            Self::Future => header.timestamp += 3600,
            Self::RecentSigner => {
                let turn = usize::try_from(header.number).unwrap_or_default() % block.validators.len().max(1);
                block.sealer = parent.sealer;
                let is_turn = block.validators.get(turn) == Some(&parent.sealer);
                header.difficulty = U256::from(if is_turn { 2 } else { 1 });
            }
            Self::StrayList => extra.listed.clone_from(&block.validators),
            Self::TrailingExtra => extra.trailing = [0x80].into(),
            Self::UnsortedValidators => extra.listed.reverse(),
            Self::WrongDifficulty if scheme.is_bft() => header.difficulty = U256::from(2),
            Self::WrongDifficulty => header.difficulty = U256::from(3) - header.difficulty,
            Self::WrongMixHash => {
                header.mix_hash = if scheme.is_bft() { B256::ZERO } else { ISTANBUL_DIGEST };
            }
            Self::WrongNonce => header.nonce = B64::with_last_byte(1),
            Self::WrongParent => header.parent_hash = keccak256(header.parent_hash),
            Self::ForgedHeader => return forge(&mut header.state_root),
            Self::ForgedReceiptsRoot => return forge(&mut header.receipts_root),
            Self::ForgedTransactionsRoot => return forge(&mut header.transactions_root),
            Self::WrongNumber => {
                header.number += 1;
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Changes seals or what they do not cover.
    fn change_seals(self, block: &mut Block, scheme: Scheme) {
        let quorum = scheme.quorum(block.validators.len());
        match self {
            Self::DuplicateSeal => {
                let first = block.seals.first().copied().unwrap_or([0; 65]);
                block.seals = vec![first; quorum];
            }
            Self::MalleableSeal => block.seals.iter_mut().for_each(turn_around),
            Self::MutatedSeal => {
                block.seals.iter_mut().filter_map(|seal| seal.get_mut(20)).for_each(|byte| *byte ^= 1);
            }
            Self::OutsiderSeal => {
                let digest = scheme.digest(&block.header, &block.extra);
                block.seals.truncate(quorum.saturating_sub(1));
                block.seals.extend(key_of(OUTSIDER).map(|key| sign(&key, digest)));
            }
            Self::OwnValidators => usurp(block, scheme),
            Self::ShortSeals => block.seals.truncate(quorum.saturating_sub(1)),
            Self::WrongRound => block.extra.round += 1,
            _ => {}
        }
    }
}

fn forge(root: &mut B256) -> bool {
    *root = keccak256(*root);
    false
}

/// Replaces the validators by as many strangers.
fn usurp(block: &mut Block, scheme: Scheme) {
    let secrets: Vec<B256> =
        (1_u8..).zip(&block.validators).map(|(byte, _)| B256::repeat_byte(byte)).collect();
    let Some(keys) = Keys::from_secrets(&secrets) else { return };
    let strangers = keys.addresses();
    block.sealer = strangers.first().copied().unwrap_or_default();
    if scheme != Scheme::Ibft {
        block.header.beneficiary = block.sealer;
    }
    if !block.extra.listed.is_empty() {
        block.extra.listed.clone_from(&strangers);
    }
    block.seal(scheme, &keys, &strangers);
}

/// Turns a signature into the other one that recovers to the same key.
fn turn_around(seal: &mut Seal) {
    let [.., parity] = seal;
    *parity ^= 1;
    if let Some(s) = seal.get_mut(32..64) {
        let other = SECP256K1N.wrapping_sub(U256::from_be_slice(s));
        s.copy_from_slice(&other.to_be_bytes::<32>());
    }
}

fn outsider() -> Address {
    Keys::from_secrets(&[OUTSIDER]).and_then(|keys| keys.addresses().first().copied()).unwrap_or_default()
}

/// Where headers list the validators.
const LISTED: &[Scheme] = &[Scheme::Ibft, Scheme::Ibft2, Scheme::Qbft];
/// Where headers carry the round.
const ROUNDS: &[Scheme] = &[Scheme::Ibft2, Scheme::Qbft, Scheme::QbftContract];
/// Where the nonce means something.
const VOTING_BY_NONCE: &[Scheme] = &[Scheme::Clique, Scheme::Ibft, Scheme::Ibft2];

/// "medrec-devnet fork".
pub(super) const FORK_VANITY: B256 =
    b256!("6d65647265632d6465766e657420666f726b0000000000000000000000000000");

/// The order of the curve.
const SECP256K1N: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);
