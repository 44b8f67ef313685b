//! Verifies headers: from a trusted checkpoint to the head, one by one or skipping.
//!
//! A header is accepted when its own validators sealed it in a quorum *and* we have reason to trust those
//! validators: either it follows directly on a header we trust (parent hash, at most one validator changed,
//! and that one by the vote in the trusted header), or enough of the validators we trust sealed it that one of
//! them must be honest, who would only seal what follows from the chain. When a skip has too few of them the
//! caller tries a header half-way ([`VerifyError::NotEnoughTrust`]).
//!
//! Defends against forged headers, headers sealed by removed or invented validators, a seal counted twice,
//! answers to another question, old keys (trusting period), headers from the future, and going backward.
//!
//! **Not checked**: that the votes cast before a change of the set add up to a majority (the quorum of seals
//! stands for it; the votes since the epoch would have to be read); that a skipped-to header descends from the
//! trusted one, and that it is of this network if the same keys seal another (prove the registry's network id
//! under it); `gasLimit` steps, `baseFeePerGas`, whether it was the proposer's turn; `transitions` that replace
//! the set at a configured height (they need a new checkpoint); validators held in a contract.
//!
//! Source: Besu `QbftBlockHeaderValidationRulesetFactory`, `BftCommitSealsValidationRule`; the Tendermint light
//! client for skipping.

use alloy_primitives::{Address, B256};

pub use self::error::VerifyError;
use crate::{BlockNumber, Header, UnixTime, ValidatorSet, qbft};

mod error;
mod rules;

/// What a client must know about a chain beforehand: from the network description, never from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRules {
    /// Chain id, for transactions and requests; no header carries it.
    pub chain_id: u64,
    /// How blocks are sealed.
    pub scheme: SealScheme,
    /// Blocks after which pending votes are dropped; no header is refused by it.
    pub epoch_length: u64,
    /// Least seconds between a block and the one before it, over the whole life of the chain.
    pub block_period: u64,
    /// Seconds after its `timestamp` for which a verified header is trusted as a starting point.
    pub trusting_period: u64,
    /// Seconds by which our clock and the validators' clocks may differ.
    pub clock_drift: u64,
}

/// How the blocks of a chain are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealScheme {
    /// QBFT with the validators in the header, as in Hyperledger Besu and GoQuorum.
    Qbft,
}

/// The header from which everything starts: trusted because it stands in the network description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrustedCheckpoint {
    /// Its height.
    pub number: BlockNumber,
    /// Its block hash.
    pub hash: B256,
}

/// What a server was asked for; a header that is another one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The header with this block hash.
    Hash(B256),
    /// The newest header, whichever it is.
    Latest,
    /// The header at this height.
    Number(BlockNumber),
}

/// A header that was verified; there is no other way to make one than the functions of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedHeader {
    header: Header,
    hash: B256,
    validators: ValidatorSet,
    candidate: Option<Address>,
    round: u32,
    signers: Vec<Address>,
}

impl VerifiedHeader {
    /// Height of the block.
    pub const fn number(&self) -> BlockNumber {
        self.header.number
    }

    /// Block hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Block hash of the header before it.
    pub const fn parent_hash(&self) -> B256 {
        self.header.parent_hash
    }

    /// Root of the account trie after the block.
    pub const fn state_root(&self) -> B256 {
        self.header.state_root
    }

    /// When the block was made.
    pub const fn timestamp(&self) -> UnixTime {
        self.header.timestamp
    }

    /// The set that might seal this block.
    pub const fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// Who sealed it, in the order of the seals; empty only for a checkpoint that is the genesis block.
    pub fn signers(&self) -> &[Address] {
        &self.signers
    }

    /// Round in which the block was sealed; each one above 0 means that a proposer failed.
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// The validator that proposed the block (no validator for a genesis block).
    pub const fn proposer(&self) -> Address {
        self.header.coinbase
    }

    /// The whole header, to store it or show it.
    pub const fn raw(&self) -> &Header {
        &self.header
    }
}

/// Verifies the header of the trusted checkpoint itself.
///
/// Its hash makes it trusted; a quorum of its own seals is asked for as well, except for the genesis block,
/// which nobody seals. Neither its age nor its time is checked: [`verify_header`] does so when it starts there.
///
/// # Errors
/// [`VerifyError`] when the header is not the checkpoint's, or not a valid header of the chain.
pub fn verify_checkpoint(
    checkpoint: &TrustedCheckpoint,
    header: &Header,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    require_number(checkpoint.number, header)?;
    let (extra, hash) = read(header, rules)?;
    require_hash(checkpoint.hash, header.number, hash)?;
    if header.number == 0 {
        rules::check_unsealed(&extra)?;
        return Ok(verified(header, hash, extra, vec![]));
    }
    rules::check_fields(header, &extra.validators)?;
    let signers = rules::check_seals(header, &extra, hash)?;
    Ok(verified(header, hash, extra, signers))
}

/// Verifies a header that a server gave as the answer to `asked`, starting from one that is verified already.
///
/// A header of the same height as `trusted` is accepted when it is the same block, perhaps with other seals.
///
/// # Errors
/// [`VerifyError::NotEnoughTrust`] when the skip is too wide: verify a header between the two first.
/// [`VerifyError::TrustExpired`] and [`VerifyError::FromFuture`] are about time; all others mean that the header
/// is not what the server says it is.
pub fn verify_header(
    trusted: &VerifiedHeader,
    header: &Header,
    asked: Asked,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<VerifiedHeader, VerifyError> {
    rules::check_trusting_period(trusted, rules, now)?;
    if let Asked::Number(number) = asked {
        require_number(number, header)?;
    }
    let (extra, hash) = read(header, rules)?;
    if let Asked::Hash(expected) = asked {
        require_hash(expected, header.number, hash)?;
    }
    if header.number < trusted.number() {
        return Err(VerifyError::Backward { expected: trusted.number(), found: header.number });
    }
    if hash == trusted.hash() && header.number == 0 {
        rules::check_unsealed(&extra)?;
        return Ok(verified(header, hash, extra, vec![]));
    }
    rules::check_fields(header, &extra.validators)?;
    let signers = rules::check_seals(header, &extra, hash)?;
    if hash != trusted.hash() {
        rules::check_trust(trusted, header, hash, &extra.validators, &signers)?;
    }
    rules::check_time(trusted, header, rules, now)?;
    Ok(verified(header, hash, extra, signers))
}

fn read<'h>(header: &'h Header, rules: &ChainRules) -> Result<(qbft::ExtraData<'h>, B256), VerifyError> {
    header.check_shape()?;
    match rules.scheme {
        SealScheme::Qbft => {
            let extra = qbft::ExtraData::decode(&header.extra_data)
                .map_err(|source| VerifyError::ExtraData { number: header.number, source })?;
            let hash = extra.block_hash(header);
            Ok((extra, hash))
        }
    }
}

const fn require_number(expected: BlockNumber, header: &Header) -> Result<(), VerifyError> {
    if header.number == expected {
        return Ok(());
    }
    Err(VerifyError::Number { expected, found: header.number })
}

fn require_hash(expected: B256, number: BlockNumber, found: B256) -> Result<(), VerifyError> {
    if found == expected {
        return Ok(());
    }
    Err(VerifyError::Hash { number, expected, found })
}

/// The one place where a [`VerifiedHeader`] is made.
fn verified(
    header: &Header,
    hash: B256,
    extra: qbft::ExtraData<'_>,
    signers: Vec<Address>,
) -> VerifiedHeader {
    let qbft::ExtraData { validators, candidate, round, .. } = extra;
    VerifiedHeader { header: header.clone(), hash, validators, candidate, round, signers }
}

#[cfg(test)]
mod tests;
