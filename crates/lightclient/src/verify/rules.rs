//! The rules one by one; [`super::verify_header`] says in which order.

use alloy_primitives::{Address, B256, U256, b256};

use super::{ChainRules, VerifiedHeader, VerifyError};
use crate::{Header, UnixTime, ValidatorSet, qbft::ExtraData};

/// The constants of a QBFT header, its proposer and its gas.
pub(super) fn check_fields(header: &Header, validators: &ValidatorSet) -> Result<(), VerifyError> {
    let number = header.number;
    if header.mix_hash != ISTANBUL_MIX_HASH {
        return Err(VerifyError::MixHash { number, expected: ISTANBUL_MIX_HASH, found: header.mix_hash });
    }
    if header.difficulty != U256::ONE {
        return Err(VerifyError::Difficulty { number, expected: U256::ONE, found: header.difficulty });
    }
    if header.nonce != [0; 8] {
        return Err(VerifyError::Nonce { number, found: header.nonce });
    }
    if header.ommers_hash != EMPTY_OMMERS_HASH {
        return Err(VerifyError::Ommers { number, expected: EMPTY_OMMERS_HASH, found: header.ommers_hash });
    }
    if header.gas_used > header.gas_limit {
        return Err(VerifyError::GasUsed { number, expected: header.gas_limit, found: header.gas_used });
    }
    if !validators.contains(&header.coinbase) {
        return Err(VerifyError::Proposer { number, proposer: header.coinbase });
    }
    Ok(())
}

/// A genesis block has no round and no seals, neither of which its hash would cover.
pub(super) fn check_unsealed(extra: &ExtraData<'_>) -> Result<(), VerifyError> {
    if extra.round == 0 && extra.seals.is_empty() {
        return Ok(());
    }
    Err(VerifyError::GenesisSealed { round: extra.round, seals: extra.seals.len() })
}

/// A quorum of the header's own validators, each once, and nobody else. Returns them in the order of the seals.
///
/// Distinct are the *addresses*: the same validator has two seals for one digest, (r, s) and (r, n-s).
pub(super) fn check_seals(
    header: &Header,
    extra: &ExtraData<'_>,
    block_hash: B256,
) -> Result<Vec<Address>, VerifyError> {
    let number = header.number;
    let (expected, found) = (extra.validators.quorum(), extra.seals.len());
    if found < expected {
        return Err(VerifyError::NotEnoughSeals { number, expected, found });
    }
    let mut signers = Vec::with_capacity(found);
    // The first seal that does not count ends it, so that nobody makes us recover more than the set's number.
    for sealer in extra.sealers(extra.commit_digest(header, block_hash)) {
        let signer = sealer.map_err(|source| VerifyError::ExtraData { number, source })?;
        if !extra.validators.contains(&signer) {
            return Err(VerifyError::UnknownSigner { number, signer });
        }
        if signers.contains(&signer) {
            return Err(VerifyError::DuplicateSigner { number, signer });
        }
        signers.push(signer);
    }
    Ok(signers)
}

/// Enough of the validators we trust, and if it is the next header, on top of the trusted one.
///
/// A header next to the trusted one always has enough of them, because a quorum of a set that differs by one
/// validator does; so `NotEnoughTrust` always leaves a header in between to try.
pub(super) fn check_trust(
    trusted: &VerifiedHeader,
    header: &Header,
    hash: B256,
    validators: &ValidatorSet,
    signers: &[Address],
) -> Result<(), VerifyError> {
    let number = header.number;
    let expected = trusted.validators().trust_threshold();
    let found = signers.iter().filter(|signer| trusted.validators().contains(signer)).count();
    if number == trusted.number() {
        let (is_fork, expected, found) = (found >= expected, trusted.hash(), hash);
        // Strangers can make any block; only those we trust can fork the chain.
        return Err(if is_fork {
            VerifyError::Fork { number, expected, found }
        } else {
            VerifyError::Hash { number, expected, found }
        });
    }
    if number == trusted.number().saturating_add(1) {
        check_adjacent(trusted, header, validators)?;
    }
    if found < expected {
        return Err(VerifyError::NotEnoughTrust { number, trusted: trusted.number(), expected, found });
    }
    Ok(())
}

/// The next header names the trusted one as parent, and its set follows from the trusted header's vote.
///
/// A vote takes effect at once or not at all, and engines look at a tally only when it is touched, so whoever
/// comes or goes is whom that vote was about. The direction of the vote does not tell the direction of the
/// change: a vote without meaning still has the tally looked at (EIP-225 case 17, GoQuorum).
fn check_adjacent(
    trusted: &VerifiedHeader,
    header: &Header,
    validators: &ValidatorSet,
) -> Result<(), VerifyError> {
    let number = header.number;
    if header.parent_hash != trusted.hash() {
        return Err(VerifyError::Parent { number, expected: trusted.hash(), found: header.parent_hash });
    }
    match trusted.validators().difference(validators).as_slice() {
        [] => Ok(()),
        [changed] if trusted.candidate == Some(*changed) => Ok(()),
        [changed] => Err(VerifyError::UnvotedChange { number, expected: trusted.candidate, found: *changed }),
        changed => Err(VerifyError::SetChange { number, expected: 1, found: changed.len() }),
    }
}

/// The trusted header is young enough to start from.
pub(super) const fn check_trusting_period(
    trusted: &VerifiedHeader,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<(), VerifyError> {
    let expires = trusted.timestamp().saturating_add(rules.trusting_period);
    if now < expires {
        return Ok(());
    }
    Err(VerifyError::TrustExpired { trusted: trusted.number(), expected: expires, found: now })
}

/// A block period for each block since the trusted one, and not from the future.
pub(super) const fn check_time(
    trusted: &VerifiedHeader,
    header: &Header,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<(), VerifyError> {
    let (number, found) = (header.number, header.timestamp);
    let blocks = number.saturating_sub(trusted.number());
    let earliest = trusted.timestamp().saturating_add(blocks.saturating_mul(rules.block_period));
    if found < earliest {
        return Err(VerifyError::TooEarly { number, expected: earliest, found });
    }
    let latest = now.saturating_add(rules.clock_drift);
    if found > latest {
        return Err(VerifyError::FromFuture { number, expected: latest, found });
    }
    Ok(())
}

/// `mixHash` of all Istanbul-family headers: Keccak-256 of "Istanbul practical byzantine fault tolerance".
const ISTANBUL_MIX_HASH: B256 = b256!("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365");
/// Keccak-256 of the RLP of an empty list.
const EMPTY_OMMERS_HASH: B256 = b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
