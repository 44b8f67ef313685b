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

use alloy_primitives::{Address, B256, U256};

use crate::{BlockNumber, Fault, Header, HeaderError, UnixTime, ValidatorSet, qbft, qbft::QbftError};

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

/// Why a header is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Older than the header we stand on.
    #[error("header {found} is before the verified header {expected}")]
    Backward {
        /// Height of the trusted header.
        expected: BlockNumber,
        /// Height of the offered header.
        found: BlockNumber,
    },
    /// `difficulty` is not 1.
    #[error("header {number}: difficulty {found}, expected {expected}")]
    Difficulty {
        /// Height.
        number: BlockNumber,
        /// Always 1.
        expected: U256,
        /// What the header says.
        found: U256,
    },
    /// Two seals are of one validator.
    #[error("header {number}: two seals of {signer}")]
    DuplicateSigner {
        /// Height.
        number: BlockNumber,
        /// Who is there twice.
        signer: Address,
    },
    /// `extraData` is not that of the scheme, or a seal in it is nobody's.
    #[error("header {number}: extraData or a seal in it is not valid")]
    ExtraData {
        /// Height.
        number: BlockNumber,
        /// What is wrong with it.
        source: QbftError,
    },
    /// Another block at the height of a verified one, sealed by validators we trust: evidence of a fork.
    #[error("header {number}: sealed block {found} beside the verified block {expected}")]
    Fork {
        /// Height of both.
        number: BlockNumber,
        /// Block hash that was verified before.
        expected: B256,
        /// Block hash of the other one.
        found: B256,
    },
    /// From the future. The seals are valid, so the clock that is wrong is rather ours.
    #[error("header {number}: time {found}, expected at most {expected}")]
    FromFuture {
        /// Height.
        number: BlockNumber,
        /// Our time plus the drift.
        expected: UnixTime,
        /// What the header says.
        found: UnixTime,
    },
    /// `gasUsed` above `gasLimit`.
    #[error("header {number}: gas used {found}, expected at most {expected}")]
    GasUsed {
        /// Height.
        number: BlockNumber,
        /// `gasLimit`.
        expected: u64,
        /// `gasUsed`.
        found: u64,
    },
    /// A genesis block with a round or seals, which its hash would not cover.
    #[error("genesis header: round {round} and {seals} seals, expected none")]
    GenesisSealed {
        /// Round in its `extraData`.
        round: u32,
        /// Number of seals in its `extraData`.
        seals: usize,
    },
    /// Another block hash than the one asked for, or the checkpoint's.
    #[error("header {number}: hash {found}, expected {expected}")]
    Hash {
        /// Height.
        number: BlockNumber,
        /// The hash that was asked for.
        expected: B256,
        /// The hash of the header.
        found: B256,
    },
    /// Not even the shape of a header.
    #[error("not a header")]
    Header(#[from] HeaderError),
    /// `mixHash` is not the Istanbul constant.
    #[error("header {number}: mixHash {found}, expected {expected}")]
    MixHash {
        /// Height.
        number: BlockNumber,
        /// The constant.
        expected: B256,
        /// What the header says.
        found: B256,
    },
    /// `nonce` is not zero.
    #[error("header {number}: nonce {found:?}, expected zero")]
    Nonce {
        /// Height.
        number: BlockNumber,
        /// What the header says.
        found: [u8; 8],
    },
    /// Fewer seals than the quorum of the header's own validators.
    #[error("header {number}: {found} seals, expected {expected}")]
    NotEnoughSeals {
        /// Height.
        number: BlockNumber,
        /// The quorum.
        expected: usize,
        /// Number of seals.
        found: usize,
    },
    /// Too few of the validators we trust sealed it: verify a header in between first.
    #[error("header {number}: sealed by {found} of the validators of header {trusted}, expected {expected}")]
    NotEnoughTrust {
        /// Height.
        number: BlockNumber,
        /// Height of the trusted header.
        trusted: BlockNumber,
        /// The trust threshold of its validators.
        expected: usize,
        /// How many of them sealed.
        found: usize,
    },
    /// Another height than the one asked for, or the checkpoint's.
    #[error("header {found}, expected {expected}")]
    Number {
        /// The height that was asked for.
        expected: BlockNumber,
        /// The height of the header.
        found: BlockNumber,
    },
    /// `sha3Uncles` is not that of an empty list.
    #[error("header {number}: ommers hash {found}, expected {expected}")]
    Ommers {
        /// Height.
        number: BlockNumber,
        /// The hash of an empty list.
        expected: B256,
        /// What the header says.
        found: B256,
    },
    /// The next header, but not on top of the one we trust.
    #[error("header {number}: parent hash {found}, expected {expected}")]
    Parent {
        /// Height.
        number: BlockNumber,
        /// Hash of the trusted header.
        expected: B256,
        /// What the header says.
        found: B256,
    },
    /// `miner` is not a validator.
    #[error("header {number}: proposed by {proposer}, who is not in the validator set")]
    Proposer {
        /// Height.
        number: BlockNumber,
        /// What the header says.
        proposer: Address,
    },
    /// More than one validator changed from one header to the next.
    #[error("header {number}: {found} validators changed, expected at most {expected}")]
    SetChange {
        /// Height.
        number: BlockNumber,
        /// Always 1.
        expected: usize,
        /// How many changed.
        found: usize,
    },
    /// Earlier than the block period allows.
    #[error("header {number}: time {found}, expected at least {expected}")]
    TooEarly {
        /// Height.
        number: BlockNumber,
        /// Time of the trusted header and a block period for each block since.
        expected: UnixTime,
        /// What the header says.
        found: UnixTime,
    },
    /// The header we stand on is too old to start from.
    #[error("trust in header {trusted} expired at {expected}, it is {found}")]
    TrustExpired {
        /// Height of the trusted header.
        trusted: BlockNumber,
        /// When trust in it ended.
        expected: UnixTime,
        /// Now.
        found: UnixTime,
    },
    /// Sealed by somebody who is not a validator (which also shows when a sealed field was changed).
    #[error("header {number}: sealed by {signer}, who is not in the validator set")]
    UnknownSigner {
        /// Height.
        number: BlockNumber,
        /// Who made the seal.
        signer: Address,
    },
    /// A validator came or went from one header to the next without the vote that would do so.
    #[error("header {number}: validator {found} changed, the vote was on {expected:?}")]
    UnvotedChange {
        /// Height.
        number: BlockNumber,
        /// Whom the trusted header's vote is about.
        expected: Option<Address>,
        /// Who came or went.
        found: Address,
    },
}

impl VerifyError {
    /// Whose fault it is.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::FromFuture { .. } | Self::TrustExpired { .. } => Fault::Caller,
            Self::NotEnoughTrust { .. } => Fault::Unavailable,
            _ => Fault::Peer,
        }
    }
}

#[cfg(test)]
mod tests;
