//! Verifies headers: from a trusted checkpoint to the head, one by one or skipping.
//!
//! # Proof of authority, for a client that sees only headers
//!
//! In a permissioned chain a known set of *validators* makes the blocks, and each block carries their signatures, the
//! *seals*. A client that knows the set at some block (the *trusted checkpoint*) can therefore judge any later header
//! without the blocks in between, by two questions:
//!
//! 1. **Is it a block of the chain?** Engines with finality (QBFT, IBFT 2.0, legacy IBFT) answer it in the header: a
//!    quorum of ceil(2n/3) of the block's own validators has sealed it, and two quorums always share an honest one.
//! 2. **Are those validators ours?** Either the header follows directly on one we trust, and the set follows from what
//!    that one says (a vote, a contract's state, the configuration). Or enough of the validators we trust are among
//!    the signers. Then the validators in between do not matter, and a consortium whose validators stay is crossed over
//!    any distance with one header. When too few are among the signers ([`VerifyError::NotEnoughTrust`]) the caller
//!    tries a header half-way.
//!
//! **Enough is f+1.** Of n validators at most f = floor((n-1)/3) may be faulty; more, and no engine of this family
//! keeps its promise. Of any f+1 one is honest, and an honest validator seals only a block that follows by every rule
//! from all blocks before it, changes of the set included. So that one seal vouches for all that was skipped; f seals
//! vouch for nothing. (Sets of 3, 6, 9, … are asked for one more, that it be more than a third:
//! [`ValidatorSet::trust_threshold`].)
//!
//! **Trust ends.** That at most f are faulty is a statement about those who run the chain, not about those who once
//! did: a former validator still has its key, and all of them together can seal a past that never was, without a flaw.
//! Therefore a header is no starting point any more once [`ChainRules::trusting_period`] seconds have passed since its
//! time ([`VerifyError::TrustExpired`]); a client that was away for longer needs a new checkpoint. For the same reason
//! a set that the operators replace by configuration is trusted up to that block only.
//!
//! **Clique settles.** It has one seal a block and no finality: one signer alone can make any number of blocks at one
//! height. But a signer may not seal again until floor(n/2) others have, so no minority can put floor(n/2)+1 blocks on
//! top of each other. A header counts once so many distinct signers, more than half, have sealed it or a block that
//! descends from it; for a skip, so many of those we trust. A server shows these blocks with the header.
//!
//! What a server must show beside the header is its [`Evidence`].
//!
//! Defends against forged headers, headers sealed by removed or invented validators, a seal counted twice, answers to
//! another question, old keys (trusting period), headers from the future, and going backward.
//!
//! **Not checked**: that the votes cast before a change of the set add up to a majority in the Istanbul family (the
//! quorum of seals stands for it; the votes since the epoch would have to be read); that a skipped-to header descends
//! from the trusted one, and that it is of this network if the same keys seal another (prove the registry's network
//! id under it, or walk the parents: [`verify_parent`]); `gasLimit` steps and `baseFeePerGas` in the Istanbul family;
//! whether it was the proposer's turn there.
//!
//! Source: Besu `QbftBlockHeaderValidationRulesetFactory`, `BftCommitSealsValidationRule`; EIP-225; the Tendermint
//! light client for skipping.

use alloy_primitives::{Address, B256};

pub use self::{batch::verify_headers, clique::rewalk, error::VerifyError};
use crate::{
    BlockNumber, ChainRules, Header, SealScheme, UnixTime, ValidatorProof, ValidatorSet, bft::ExtraData,
    clique::Snapshot,
};

mod batch;
mod bft;
mod clique;
mod error;
mod rules;

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

/// What shows who may seal a header, where the header does not say so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// Clique: the headers around it.
    Chain {
        /// All headers from the trusted one (without it) to this one, or none at all to skip them.
        ancestors: &'a [Header],
        /// The headers that follow, until more than half of the signers stand on this one.
        descendants: &'a [Header],
    },
    /// For a checkpoint only: the set as the network description gives it, or as it was verified before.
    Known {
        /// The set that may seal this block; under Clique, the next one.
        validators: &'a ValidatorSet,
        /// Time of the header by which the set is known; the trusting period counts from it.
        time: UnixTime,
    },
    /// Nothing is needed: the validators stand in the header.
    None,
    /// QBFT in contract mode: the contract's list.
    Validators(&'a ValidatorProof),
}

/// A header that was verified; there is no other way to make one than the functions of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedHeader {
    header: Header,
    hash: B256,
    authority: Authority,
    candidate: Option<Address>,
    round: u32,
    proposer: Address,
    signers: Vec<Address>,
}

/// A Clique header that follows from a verified one by every rule, but on which too few signers may stand: another
/// may yet take its place, so it is not a [`VerifiedHeader`] and nothing is proven under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsettledHeader {
    /// Block hash.
    pub hash: B256,
    /// Who sealed it.
    pub signer: Address,
    /// The set that may seal the next block.
    pub validators: ValidatorSet,
}

/// Whom a verified header makes us trust.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    validators: ValidatorSet,
    /// Time of the header by which the set is known: this one, unless Clique headers were skipped.
    time: UnixTime,
    /// Under Clique: votes and recent signers, unless headers were skipped.
    snapshot: Option<Snapshot>,
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

    /// The set that might seal this block; under Clique, and of a genesis block in contract mode, the next one.
    pub const fn validators(&self) -> &ValidatorSet {
        &self.authority.validators
    }

    /// Time of the header by which the set is known: of this one, unless Clique headers were skipped.
    pub const fn validators_time(&self) -> UnixTime {
        self.authority.time
    }

    /// Whether a Clique header that follows can be verified by its votes: no header was skipped since a checkpoint.
    pub const fn can_walk(&self) -> bool {
        self.authority.snapshot.is_some()
    }

    /// Who sealed it, in the order of the seals; under Clique, who stands on it. Empty for a checkpoint that is the
    /// genesis block, and for a header that was verified as the parent of another.
    pub fn signers(&self) -> &[Address] {
        &self.signers
    }

    /// Round in which the block was sealed; each one above 0 means that a proposer failed. 0 for a header that was
    /// verified as the parent of another.
    pub const fn round(&self) -> u32 {
        self.round
    }

    /// The validator that proposed the block (no validator for a genesis block).
    pub const fn proposer(&self) -> Address {
        self.proposer
    }

    /// Whom the proposer votes in or out, in the Istanbul family; under Clique the header says it itself.
    pub const fn candidate(&self) -> Option<Address> {
        self.candidate
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
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    require_number(checkpoint.number, header)?;
    let (sealed, hash) = read(header, rules)?;
    require_hash(checkpoint.hash, header.number, hash)?;
    match sealed {
        Sealed::Bft(extra) => bft::checkpoint(header, hash, &extra, evidence, rules),
        Sealed::Clique => clique::checkpoint(header, hash, evidence, rules),
    }
}

/// Verifies a header that a server gave as the answer to `asked`, starting from one that is verified already.
///
/// A header of the same height as `trusted` is accepted when it is the same block, perhaps with other seals.
///
/// # Errors
/// [`VerifyError::NotEnoughTrust`] when the skip is too wide: verify a header between the two first.
/// [`VerifyError::TrustExpired`] and [`VerifyError::FromFuture`] are about time; all others mean that the header
/// is not what the server says it is.
///
/// # Examples
///
/// A header of a Clique chain, with the header that settles it.
///
/// ```
/// # use alloy_primitives::{B256, Bytes};
/// # use lightclient::{
/// #     Asked, ChainRules, Evidence, Header, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint,
/// #     VerifyError, verify_checkpoint, verify_header,
/// # };
/// # let file = include_str!(concat!(
/// #     env!("CARGO_MANIFEST_DIR"),
/// #     "/../../tests/vectors/recorded/ethereumjs-clique/headers.json"
/// # ));
/// # let file: serde_json::Value = serde_json::from_str(file)?;
/// # let headers = file["headers"].as_array().unwrap().iter().map(|recorded| {
/// #     let bytes: Bytes = serde_json::from_value(recorded["headerRlp"].clone()).unwrap();
/// #     Header::decode(&bytes).unwrap()
/// # });
/// # let headers: Vec<Header> = headers.collect();
/// # let rules = ChainRules {
/// #     chain_id: 91_225,
/// #     schedule: Schedule::constant(SealScheme::Clique, 30_000, 4),
/// #     trust: TrustThreshold::OneThird,
/// #     trusting_period: 86_400,
/// #     clock_drift: 5,
/// # };
/// # let hash: B256 = serde_json::from_value(file["headers"][0]["hash"].clone())?;
/// # let checkpoint = TrustedCheckpoint { number: 0, hash };
/// # let genesis = verify_checkpoint(&checkpoint, &headers[0], Evidence::None, &rules)?;
/// # let now = headers[205].timestamp;
/// let verify = |descendants| {
///     let evidence = Evidence::Chain { ancestors: &[], descendants };
///     verify_header(&genesis, &headers[1], evidence, Asked::Number(1), &rules, now)
/// };
/// // Of three signers one has sealed it, and that says nothing.
/// assert_eq!(verify(&[]), Err(VerifyError::NotSettled { number: 1, expected: 2, found: 1 }));
/// // Another has sealed the header after it.
/// assert_eq!(verify(&headers[2..3])?.signers().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_header(
    trusted: &VerifiedHeader,
    header: &Header,
    evidence: Evidence<'_>,
    asked: Asked,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<VerifiedHeader, VerifyError> {
    rules::check_trusting_period(trusted, rules, now)?;
    if let Asked::Number(number) = asked {
        require_number(number, header)?;
    }
    let (sealed, hash) = read(header, rules)?;
    if let Asked::Hash(expected) = asked {
        require_hash(expected, header.number, hash)?;
    }
    successor(trusted, header, &sealed, hash, evidence, rules, now)
}

/// The rules for a header that was read, at or after the trusted one.
fn successor(
    trusted: &VerifiedHeader,
    header: &Header,
    sealed: &Sealed<'_>,
    hash: B256,
    evidence: Evidence<'_>,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<VerifiedHeader, VerifyError> {
    if header.number < trusted.number() {
        return Err(VerifyError::Backward { expected: trusted.number(), found: header.number });
    }
    let verified = match sealed {
        Sealed::Bft(extra) => bft::successor(trusted, header, hash, extra, evidence, rules)?,
        Sealed::Clique => clique::successor(trusted, header, hash, evidence, rules)?,
    };
    rules::check_time(trusted, header, rules, now)?;
    Ok(verified)
}

/// Verifies the Clique headers that follow a verified one, each on top of the one before, by every rule but that more
/// than half of the signers stand on them: for the newest blocks of a chain, on which nobody can stand yet.
///
/// # Errors
/// [`VerifyError::EvidenceMissing`] unless [`VerifiedHeader::can_walk`]; otherwise as [`verify_header`].
pub fn verify_unsettled(
    trusted: &VerifiedHeader,
    headers: &[Header],
    rules: &ChainRules,
    now: UnixTime,
) -> Result<Vec<UnsettledHeader>, VerifyError> {
    rules::check_trusting_period(trusted, rules, now)?;
    for header in headers {
        header.check_shape()?;
    }
    let walked = clique::unsettled(trusted, headers, rules)?;
    for header in headers {
        rules::check_time(trusted, header, rules, now)?;
    }
    Ok(walked)
}

/// Verifies the parent of a verified header: backward, each header is bound to the one after it by its hash.
///
/// Seals are not looked at, so [`VerifiedHeader::signers`] is empty, and so is the round that only they vouch for.
///
/// # Errors
/// [`VerifyError::Number`] and [`VerifyError::Hash`] when it is another block.
pub fn verify_parent(
    child: &VerifiedHeader,
    header: &Header,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    require_number(child.number().saturating_sub(1), header)?;
    let (sealed, hash) = read(header, rules)?;
    require_hash(child.parent_hash(), header.number, hash)?;
    let number = header.number;
    let (own, candidate, proposer) = match sealed {
        Sealed::Bft(extra) => {
            let proposer =
                extra.proposer(header).map_err(|source| VerifyError::ExtraData { number, source })?;
            (extra.validators, extra.candidate, proposer)
        }
        Sealed::Clique if number == 0 => (None, None, Address::ZERO),
        Sealed::Clique => (None, None, clique::signer_of(header, rules.schedule.at(number).epoch_length)?),
    };
    // Where the header does not name its set, that of the child is trusted as long as the child's is.
    let (validators, time) = match own {
        Some(validators) => (validators, header.timestamp),
        None => (child.validators().clone(), child.validators_time()),
    };
    let authority = Authority { validators, time, snapshot: None };
    let header = header.clone();
    Ok(VerifiedHeader { header, hash, authority, candidate, round: 0, proposer, signers: vec![] })
}

/// The block hash of a header, whoever sealed it.
///
/// # Errors
/// [`VerifyError::Header`] and [`VerifyError::ExtraData`] when it is no header of the chain at that height.
pub fn block_hash(header: &Header, rules: &ChainRules) -> Result<B256, VerifyError> {
    read(header, rules).map(|(_, hash)| hash)
}

/// What the seal scheme of a header has in `extraData`.
enum Sealed<'h> {
    Bft(ExtraData<'h>),
    Clique,
}

fn read<'h>(header: &'h Header, rules: &ChainRules) -> Result<(Sealed<'h>, B256), VerifyError> {
    header.check_shape()?;
    let number = header.number;
    match rules.schedule.at(number).scheme {
        SealScheme::Clique => Ok((Sealed::Clique, crate::clique::block_hash(header))),
        scheme => {
            let extra = ExtraData::decode(header, scheme)
                .map_err(|source| VerifyError::ExtraData { number, source })?;
            let hash = extra.block_hash(header);
            Ok((Sealed::Bft(extra), hash))
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

#[cfg(test)]
mod tests;
