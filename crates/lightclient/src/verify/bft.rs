//! The Istanbul family: a header with a quorum of seals is final, so one header is judged by itself.

use alloy_primitives::{Address, B256};

use super::{Authority, Evidence, VerifiedHeader, VerifyError, rules};
use crate::{ChainRules, Header, SealScheme, ValidatorProof, ValidatorSet, bft::ExtraData, block_hash};

/// Verifies the header of a checkpoint whose hash was compared already.
pub(super) fn checkpoint(
    header: &Header,
    hash: B256,
    extra: &ExtraData<'_>,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let validators = validators_of(header, extra, evidence, rules)?;
    if header.number == 0 {
        rules::check_unsealed(extra)?;
        return Ok(verified(header, hash, extra, validators, header.coinbase, vec![]));
    }
    sealed(header, hash, extra, validators, rules)
}

/// Verifies a header at or after the trusted one.
pub(super) fn successor(
    trusted: &VerifiedHeader,
    header: &Header,
    hash: B256,
    extra: &ExtraData<'_>,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    if hash == trusted.hash() {
        // The same block: its validators are known. Only round and seals may differ.
        let validators = trusted.validators().clone();
        if header.number == 0 {
            rules::check_unsealed(extra)?;
            return Ok(verified(header, hash, extra, validators, header.coinbase, vec![]));
        }
        return sealed(header, hash, extra, validators, rules);
    }
    if matches!(evidence, Evidence::Known { .. }) {
        return Err(VerifyError::EvidenceMissing { number: header.number });
    }
    let validators = validators_of(header, extra, evidence, rules)?;
    let header = sealed(header, hash, extra, validators, rules)?;
    check_trust(trusted, &header, rules)?;
    Ok(header)
}

/// The one place where a header of the Istanbul family becomes a [`VerifiedHeader`].
fn verified(
    header: &Header,
    hash: B256,
    extra: &ExtraData<'_>,
    validators: ValidatorSet,
    proposer: Address,
    signers: Vec<Address>,
) -> VerifiedHeader {
    let authority = Authority { validators, time: header.timestamp, snapshot: None };
    let (candidate, round) = (extra.candidate, extra.round());
    VerifiedHeader { header: header.clone(), hash, authority, candidate, round, proposer, signers }
}

/// The constants, the proposer and the seals.
fn sealed(
    header: &Header,
    hash: B256,
    extra: &ExtraData<'_>,
    validators: ValidatorSet,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let number = header.number;
    rules::check_fields(header, rules.schedule.at(number).scheme)?;
    let proposer = extra.proposer(header).map_err(|source| VerifyError::ExtraData { number, source })?;
    if !validators.contains(&proposer) {
        return Err(VerifyError::Proposer { number, proposer });
    }
    let signers = check_seals(header, extra, hash, &validators)?;
    Ok(verified(header, hash, extra, validators, proposer, signers))
}

/// The set that may seal a header: in the header, or proven in a contract; as configured where it is configured.
fn validators_of(
    header: &Header,
    extra: &ExtraData<'_>,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<ValidatorSet, VerifyError> {
    let number = header.number;
    let validators = match (rules.schedule.at(number).scheme, evidence, &extra.validators) {
        (SealScheme::QbftContract { address, slot }, Evidence::Validators(proof), _) => {
            let hash = check_link(header, proof, rules)?;
            proof
                .verify(hash, address, slot)
                .map_err(|source| VerifyError::ValidatorList { number, source })?
        }
        (SealScheme::QbftContract { .. }, Evidence::Known { validators, .. }, _) => validators.clone(),
        (_, _, Some(validators)) => validators.clone(),
        (_, _, None) => return Err(VerifyError::EvidenceMissing { number }),
    };
    match rules.schedule.validators_from(number) {
        Some(configured) if *configured != validators => {
            let found = configured.difference(&validators).len();
            Err(VerifyError::ConfiguredValidators { number, found })
        }
        _ => Ok(validators),
    }
}

/// The list is proven under the block before, or for the genesis block under itself. Returns that block's hash.
fn check_link(header: &Header, proof: &ValidatorProof, rules: &ChainRules) -> Result<B256, VerifyError> {
    let before = &proof.header;
    let hash = block_hash(before, rules)?;
    if header.number == 0 {
        super::require_hash(block_hash(header, rules)?, before.number, hash)?;
    } else {
        super::require_number(header.number - 1, before)?;
        super::require_hash(header.parent_hash, before.number, hash)?;
    }
    Ok(hash)
}

/// A quorum of the header's own validators, each once, and nobody else. Returns them in the order of the seals.
///
/// Distinct are the *addresses*: the same validator has two seals for one digest, (r, s) and (r, n-s).
fn check_seals(
    header: &Header,
    extra: &ExtraData<'_>,
    block_hash: B256,
    validators: &ValidatorSet,
) -> Result<Vec<Address>, VerifyError> {
    let number = header.number;
    let (expected, found) = (validators.quorum(), extra.seals.len());
    if found < expected {
        return Err(VerifyError::NotEnoughSeals { number, expected, found });
    }
    let mut signers = Vec::with_capacity(found.min(validators.len()));
    // The first seal that does not count ends it, so that nobody makes us recover more than the set's number.
    for sealer in extra.sealers(extra.commit_digest(header, block_hash)) {
        let signer = sealer.map_err(|source| VerifyError::ExtraData { number, source })?;
        if !validators.contains(&signer) {
            return Err(VerifyError::UnknownSigner { number, signer });
        }
        if signers.contains(&signer) {
            return Err(VerifyError::DuplicateSigner { number, signer });
        }
        signers.push(signer);
    }
    Ok(signers)
}

/// Enough of the validators we trust; or if it is the next header, on top of the trusted one.
///
/// Whom the operators have replaced by configuration in between counts no more: the configured set is taken over at
/// its own height.
///
/// The next header needs no count: its set follows from the trusted header, and a quorum of a set that differs by
/// one validator has more than a third of the trusted ones anyway. So `NotEnoughTrust` always leaves a header in
/// between to try, whatever the threshold.
fn check_trust(
    trusted: &VerifiedHeader,
    header: &VerifiedHeader,
    rules: &ChainRules,
) -> Result<(), VerifyError> {
    let number = header.number();
    let expected = rules.trust.of(trusted.validators());
    let found = if rules.schedule.replaces_between(trusted.number(), number) {
        0
    } else {
        header.signers().iter().filter(|signer| trusted.validators().contains(signer)).count()
    };
    if number == trusted.number() {
        let (is_fork, expected, found) = (found >= expected, trusted.hash(), header.hash());
        // Strangers can make any block; only those we trust can fork the chain.
        return Err(if is_fork {
            VerifyError::Fork { number, expected, found, signers: header.signers().to_vec() }
        } else {
            VerifyError::Hash { number, expected, found }
        });
    }
    if number == trusted.number().saturating_add(1) {
        return check_adjacent(trusted, header, rules);
    }
    if found < expected {
        return Err(VerifyError::NotEnoughTrust { number, trusted: trusted.number(), expected, found });
    }
    Ok(())
}

/// The next header names the trusted one as parent, and its set follows from the trusted header: by what a contract
/// holds then or the configuration says, or by a vote.
///
/// A vote takes effect at once or not at all, and engines look at a tally only when it is touched, so whoever
/// comes or goes is whom that vote was about. The direction of the vote does not tell the direction of the
/// change: a vote without meaning still has the tally looked at (EIP-225 case 17, GoQuorum).
fn check_adjacent(
    trusted: &VerifiedHeader,
    header: &VerifiedHeader,
    rules: &ChainRules,
) -> Result<(), VerifyError> {
    let number = header.number();
    let found = header.parent_hash();
    if found != trusted.hash() {
        return Err(VerifyError::Parent { number, expected: trusted.hash(), found });
    }
    let is_in_contract = matches!(rules.schedule.at(number).scheme, SealScheme::QbftContract { .. });
    if is_in_contract || rules.schedule.validators_from(number).is_some() {
        return Ok(());
    }
    match trusted.validators().difference(header.validators()).as_slice() {
        [] => Ok(()),
        [changed] if trusted.candidate == Some(*changed) => Ok(()),
        [changed] => Err(VerifyError::UnvotedChange { number, expected: trusted.candidate, found: *changed }),
        changed => Err(VerifyError::SetChange { number, expected: 1, found: changed.len() }),
    }
}

#[cfg(test)]
mod tests;
