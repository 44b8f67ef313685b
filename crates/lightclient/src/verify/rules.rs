//! Rules about single fields and about time.

use alloy_primitives::{B256, U256, b256};

use super::{VerifiedHeader, VerifyError};
use crate::{ChainRules, Header, SealScheme, UnixTime, bft::ExtraData};

/// The constants of a header of the Istanbul family, and its gas.
pub(super) fn check_fields(header: &Header, scheme: SealScheme) -> Result<(), VerifyError> {
    let number = header.number;
    if header.mix_hash != ISTANBUL_MIX_HASH {
        return Err(VerifyError::MixHash { number, expected: ISTANBUL_MIX_HASH, found: header.mix_hash });
    }
    if header.difficulty != U256::ONE {
        return Err(VerifyError::Difficulty { number, expected: U256::ONE, found: header.difficulty });
    }
    // Under legacy IBFT the nonce is the direction of a vote.
    if header.nonce != [0; 8] && !(scheme == SealScheme::Ibft && header.nonce == [0xff; 8]) {
        return Err(VerifyError::Nonce { number, found: header.nonce });
    }
    if header.ommers_hash != EMPTY_OMMERS_HASH {
        return Err(VerifyError::Ommers { number, expected: EMPTY_OMMERS_HASH, found: header.ommers_hash });
    }
    if header.gas_used > header.gas_limit {
        return Err(VerifyError::GasUsed { number, expected: header.gas_limit, found: header.gas_used });
    }
    Ok(())
}

/// A genesis block has no round and no seals, neither of which its hash would cover.
pub(super) fn check_unsealed(extra: &ExtraData<'_>) -> Result<(), VerifyError> {
    if extra.round() == 0 && extra.seals.is_empty() {
        return Ok(());
    }
    Err(VerifyError::GenesisSealed { round: extra.round(), seals: extra.seals.len() })
}

/// The trusted header is young enough to start from.
pub(super) const fn check_trusting_period(
    trusted: &VerifiedHeader,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<(), VerifyError> {
    let expires = trusted.validators_time().saturating_add(rules.trusting_period);
    if now < expires {
        return Ok(());
    }
    Err(VerifyError::TrustExpired { trusted: trusted.number(), expected: expires, found: now })
}

/// A block period for each block since the trusted one, and not from the future.
pub(super) fn check_time(
    trusted: &VerifiedHeader,
    header: &Header,
    rules: &ChainRules,
    now: UnixTime,
) -> Result<(), VerifyError> {
    let (number, found) = (header.number, header.timestamp);
    let earliest = rules.schedule.earliest(trusted.number(), trusted.timestamp(), number);
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
