//! Clique: one header is by one signer, so a header counts once more than half of the signers stand on it.
//!
//! Two ways lead from a trusted header to a later one. *Walking* takes up every header in between, with its votes, and
//! knows the set exactly. *Skipping* asks only that more than half of the signers we trust stand on the header: one of
//! them at least is honest, and an honest signer builds only on what follows from the chain. Who signs after a skip
//! is known only if the header is a checkpoint, which lists the signers; otherwise the set known before goes on to be
//! the one that is trusted, and its age with it.

use alloy_primitives::{Address, B256};

use super::{Authority, Evidence, UnsettledHeader, VerifiedHeader, VerifyError};
use crate::{
    ChainRules, CliqueError, Header, UnixTime, ValidatorSet,
    clique::{ExtraData, Snapshot, block_hash, check_fields, check_successor, is_checkpoint, majority},
};

/// Verifies the header of a checkpoint whose hash was compared already.
pub(super) fn checkpoint(
    header: &Header,
    hash: B256,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let number = header.number;
    let refused = |source| VerifyError::Clique { number, source };
    let epoch_length = rules.schedule.at(number).epoch_length;
    if let (Evidence::Known { validators, time }, false) = (evidence, is_checkpoint(number, epoch_length)) {
        let signer =
            check_fields(header, epoch_length).and_then(|extra| extra.signer(header)).map_err(refused)?;
        // The set is that of the next block, and a signer's vote may have been the last one against itself.
        if !validators.contains(&signer) && header.coinbase != signer {
            return Err(VerifyError::UnknownSigner { number, signer });
        }
        let authority = Authority { validators: validators.clone(), time, snapshot: None };
        return Ok(verified(header, hash, authority, vec![signer]));
    }
    let snapshot = Snapshot::at_checkpoint(header, epoch_length).map_err(refused)?;
    let signers = snapshot.sealed_by().into_iter().collect();
    let authority = known_by(header, snapshot)?;
    Ok(verified(header, hash, authority, signers))
}

/// Verifies a header at or after the trusted one.
pub(super) fn successor(
    trusted: &VerifiedHeader,
    header: &Header,
    hash: B256,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    if hash == trusted.hash() {
        return Ok(trusted.clone());
    }
    let number = header.number;
    let Evidence::Chain { ancestors, descendants } = evidence else {
        return Err(VerifyError::EvidenceMissing { number });
    };
    let is_next = ancestors.first().unwrap_or(header).number == trusted.number().saturating_add(1);
    match (&trusted.authority.snapshot, is_next) {
        (Some(snapshot), true) => {
            let walk = Walk {
                snapshot: snapshot.clone(),
                parent: trusted.raw(),
                parent_hash: trusted.hash(),
                rules,
            };
            walk.to(ancestors, header, hash, descendants)
        }
        (None, true) if ancestors.is_empty() && header.parent_hash != trusted.hash() => {
            let (expected, found) = (trusted.hash(), header.parent_hash);
            Err(VerifyError::Parent { number, expected, found })
        }
        _ if ancestors.is_empty() => skip(trusted, header, hash, descendants, rules),
        _ => Err(VerifyError::EvidenceMissing { number }),
    }
}

/// Learns the votes at a Clique header that was skipped to, from all headers since the checkpoint before it.
///
/// `headers` starts with that checkpoint and ends with the header itself; the parent hashes bind all of them to it.
///
/// # Errors
/// [`VerifyError::EvidenceMissing`] without headers, [`VerifyError::Hash`] when they do not lead to `header`, and what
/// walking finds.
pub fn rewalk(
    header: &VerifiedHeader,
    headers: &[Header],
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let number = header.number();
    let (first, rest) = headers.split_first().ok_or(VerifyError::EvidenceMissing { number })?;
    let refused = |source| VerifyError::Clique { number: first.number, source };
    let epoch_length = rules.schedule.at(first.number).epoch_length;
    let snapshot = Snapshot::at_checkpoint(first, epoch_length).map_err(refused)?;
    let mut walk = Walk { snapshot, parent: first, parent_hash: block_hash(first), rules };
    for header in rest {
        walk.step(header)?;
    }
    super::require_hash(header.hash(), number, walk.parent_hash)?;
    let authority = known_by(header.raw(), walk.snapshot)?;
    Ok(verified(header.raw(), header.hash(), authority, header.signers().to_vec()))
}

/// Walks all of `headers` from the trusted one, whether anybody stands on them or not.
pub(super) fn unsettled(
    trusted: &VerifiedHeader,
    headers: &[Header],
    rules: &ChainRules,
) -> Result<Vec<UnsettledHeader>, VerifyError> {
    let number = trusted.number().saturating_add(1);
    let snapshot = trusted.authority.snapshot.clone().ok_or(VerifyError::EvidenceMissing { number })?;
    let mut walk = Walk { snapshot, parent: trusted.raw(), parent_hash: trusted.hash(), rules };
    let mut walked = Vec::with_capacity(headers.len());
    for header in headers {
        let signer = walk.step(header)?;
        let validators = known_by(header, walk.snapshot.clone())?.validators;
        walked.push(UnsettledHeader { hash: walk.parent_hash, signer, validators });
    }
    Ok(walked)
}

/// Headers taken up one after the other.
struct Walk<'a> {
    snapshot: Snapshot,
    parent: &'a Header,
    parent_hash: B256,
    rules: &'a ChainRules,
}

impl<'a> Walk<'a> {
    fn to(
        mut self,
        ancestors: &'a [Header],
        header: &'a Header,
        hash: B256,
        descendants: &'a [Header],
    ) -> Result<VerifiedHeader, VerifyError> {
        for ancestor in ancestors {
            self.step(ancestor)?;
        }
        let signer = self.step(header)?;
        let authority = known_by(header, self.snapshot.clone())?;
        let mut support = Support::new(&authority.validators);
        support.add(signer);
        for descendant in descendants {
            if support.is_enough() {
                break;
            }
            support.add(self.step(descendant)?);
        }
        let (number, expected, found) = (header.number, support.needed, support.signers.len());
        if !support.is_enough() {
            return Err(VerifyError::NotSettled { number, expected, found });
        }
        let signers = support.signers;
        Ok(verified(header, hash, authority, signers))
    }

    /// The next header, on top of the one before; returns who sealed it.
    fn step(&mut self, header: &'a Header) -> Result<Address, VerifyError> {
        let number = header.number;
        let transition = self.rules.schedule.at(number);
        let refused = |source| VerifyError::Clique { number, source };
        check_link(self.parent, self.parent_hash, header, transition.block_period)?;
        let signer = self.snapshot.apply(header, transition.epoch_length).map_err(refused)?;
        (self.parent, self.parent_hash) = (header, block_hash(header));
        Ok(signer)
    }
}

/// Over a distance: enough of the signers we trust stand on it.
fn skip(
    trusted: &VerifiedHeader,
    header: &Header,
    hash: B256,
    descendants: &[Header],
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let number = header.number;
    let epoch_length = rules.schedule.at(number).epoch_length;
    let mut support = Support::new(trusted.validators());
    support.add(signer_of(header, epoch_length)?);
    let (mut parent, mut parent_hash) = (header, hash);
    for descendant in descendants {
        if support.is_enough() {
            break;
        }
        let transition = rules.schedule.at(descendant.number);
        check_link(parent, parent_hash, descendant, transition.block_period)?;
        support.add(signer_of(descendant, transition.epoch_length)?);
        (parent, parent_hash) = (descendant, block_hash(descendant));
    }
    let (expected, found) = (support.needed, support.signers.len());
    if number == trusted.number() {
        let (is_fork, expected, found) = (support.is_enough(), trusted.hash(), hash);
        return Err(if is_fork {
            VerifyError::Fork { number, expected, found, signers: support.signers }
        } else {
            VerifyError::Hash { number, expected, found }
        });
    }
    if found >= expected && !support.is_enough() {
        return Err(VerifyError::NotSettled { number, expected, found });
    }
    if !support.is_enough() {
        return Err(VerifyError::NotEnoughTrust { number, trusted: trusted.number(), expected, found });
    }
    let authority = if is_checkpoint(number, epoch_length) {
        let snapshot = Snapshot::at_checkpoint(header, epoch_length)
            .map_err(|source| VerifyError::Clique { number, source })?;
        known_by(header, snapshot)?
    } else {
        Authority { snapshot: None, ..trusted.authority.clone() }
    };
    Ok(verified(header, hash, authority, support.signers))
}

/// The signers of a set that stand on a header, each once.
///
/// At least one header must follow, even where one signer is a majority: a seal has a twin, so anybody can make a
/// second block hash from a header, and only the parent hash in a sealed header says which of the two it is.
struct Support<'a> {
    validators: &'a ValidatorSet,
    needed: usize,
    headers: usize,
    signers: Vec<Address>,
}

impl<'a> Support<'a> {
    const fn new(validators: &'a ValidatorSet) -> Self {
        Self { validators, needed: majority(validators.len()), headers: 0, signers: Vec::new() }
    }

    fn add(&mut self, signer: Address) {
        self.headers += 1;
        if self.validators.contains(&signer) && !self.signers.contains(&signer) {
            self.signers.push(signer);
        }
    }

    const fn is_enough(&self) -> bool {
        self.signers.len() >= self.needed && self.headers > 1
    }
}

pub(super) fn signer_of(header: &Header, epoch_length: u64) -> Result<Address, VerifyError> {
    check_fields(header, epoch_length)
        .and_then(|extra: ExtraData<'_>| extra.signer(header))
        .map_err(|source| VerifyError::Clique { number: header.number, source })
}

/// The header names the other as its parent and follows from it.
fn check_link(
    parent: &Header,
    parent_hash: B256,
    header: &Header,
    block_period: u64,
) -> Result<(), VerifyError> {
    let (number, expected, found) = (header.number, parent_hash, header.parent_hash);
    if found != expected {
        return Err(VerifyError::Parent { number, expected, found });
    }
    check_successor(parent, header, block_period).map_err(|source| VerifyError::Clique { number, source })
}

/// The set as it is after `header`.
fn known_by(header: &Header, snapshot: Snapshot) -> Result<Authority, VerifyError> {
    let number = header.number;
    // It is empty once the last signer has voted itself out.
    let validators = ValidatorSet::new(snapshot.signers().to_vec()).map_err(|source| {
        VerifyError::Clique { number, source: CliqueError::SignerList { number, source } }
    })?;
    let time: UnixTime = header.timestamp;
    Ok(Authority { validators, time, snapshot: Some(snapshot) })
}

/// The one place where a Clique header becomes a [`VerifiedHeader`].
fn verified(header: &Header, hash: B256, authority: Authority, signers: Vec<Address>) -> VerifiedHeader {
    let proposer = signers.first().copied().unwrap_or_default();
    let header = header.clone();
    VerifiedHeader { header, hash, authority, candidate: None, round: 0, proposer, signers }
}
