//! Why a header is refused: one variant for each rule.

use alloy_primitives::{Address, B256, U256};

use crate::{
    BlockNumber, Fault, HeaderError, UnixTime, ValidatorListError, bft::BftError, clique::CliqueError,
};

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
    /// A rule of Clique is broken.
    #[error("header {number}: not by the rules of Clique")]
    Clique {
        /// Height of the header that was asked for.
        number: BlockNumber,
        /// Which rule, and at which height.
        source: CliqueError,
    },
    /// Other validators than the network description says for the block at which it replaces them.
    #[error("header {number}: {found} validators differ from the configured ones")]
    ConfiguredValidators {
        /// Height.
        number: BlockNumber,
        /// In how many validators the two sets differ.
        found: usize,
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
    /// Not enough was shown to know the header's validators: ask for the [`Evidence`](crate::Evidence) as well.
    #[error("header {number}: nothing shows its validators")]
    EvidenceMissing {
        /// Height.
        number: BlockNumber,
    },
    /// `extraData` is not that of the scheme, or a seal in it is nobody's.
    #[error("header {number}: extraData or a seal in it is not valid")]
    ExtraData {
        /// Height.
        number: BlockNumber,
        /// What is wrong with it.
        source: BftError,
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
        /// Who sealed the other one, or stands on it (Clique).
        signers: Vec<Address>,
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
    /// Under Clique, too few signers stand on it yet to count on it.
    #[error("header {number}: {found} signers stand on it, expected {expected}")]
    NotSettled {
        /// Height.
        number: BlockNumber,
        /// More than half of the signers.
        expected: usize,
        /// How many distinct ones have sealed it or a header that follows.
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
    /// The list of validators in the contract is not proven.
    #[error("header {number}: the contract's list of validators is not proven")]
    ValidatorList {
        /// Height.
        number: BlockNumber,
        /// What is wrong with the proof.
        source: ValidatorListError,
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
            Self::EvidenceMissing { .. } | Self::NotEnoughTrust { .. } | Self::NotSettled { .. } => {
                Fault::Unavailable
            }
            Self::ValidatorList { source, .. } => source.fault(),
            _ => Fault::Peer,
        }
    }
}
