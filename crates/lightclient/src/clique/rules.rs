//! What the fields of a Clique header must hold, alone and after its parent; seal and votes are elsewhere.
//!
//! London is seen from the header itself: it has come when there is a base fee, and it never goes.

use alloy_primitives::{Address, B256, U256, b256};

use super::{CliqueError, ExtraData};
use crate::Header;

/// Checks the fields of any header but the genesis block's, for which anything goes.
pub(crate) fn check_fields<'h>(header: &'h Header, epoch_length: u64) -> Result<ExtraData<'h>, CliqueError> {
    let number = header.number;
    check_forks(header)?;
    let extra = ExtraData::decode(header, epoch_length)?;
    if header.nonce != VOTE_IN && header.nonce != VOTE_OUT {
        return Err(CliqueError::Nonce { number, found: header.nonce });
    }
    let is_vote = header.coinbase != Address::ZERO || header.nonce == VOTE_IN;
    if extra.signers.is_some() && is_vote {
        let (candidate, nonce) = (header.coinbase, header.nonce);
        return Err(CliqueError::CheckpointVote { number, candidate, nonce });
    }
    if header.mix_hash != B256::ZERO {
        return Err(CliqueError::MixHash { number, found: header.mix_hash });
    }
    if header.ommers_hash != EMPTY_OMMERS_HASH {
        return Err(CliqueError::Ommers { number, expected: EMPTY_OMMERS_HASH, found: header.ommers_hash });
    }
    if header.difficulty != IN_TURN && header.difficulty != OUT_OF_TURN {
        return Err(CliqueError::Difficulty { number, found: header.difficulty });
    }
    if header.gas_used > header.gas_limit {
        return Err(CliqueError::GasUsed { number, expected: header.gas_limit, found: header.gas_used });
    }
    Ok(extra)
}

/// Clique ended before Shanghai: of the appended fields there is at most the base fee.
pub(super) fn check_forks(header: &Header) -> Result<(), CliqueError> {
    let appended = [
        ("withdrawalsRoot", header.withdrawals_root.is_some()),
        ("blobGasUsed", header.blob_gas_used.is_some()),
        ("excessBlobGas", header.excess_blob_gas.is_some()),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root.is_some()),
        ("requestsHash", header.requests_hash.is_some()),
    ];
    match appended.iter().find(|(_, is_present)| *is_present) {
        Some((field, _)) => Err(CliqueError::Appended { number: header.number, field }),
        None => Ok(()),
    }
}

/// Checks what must follow from the parent: height, time, gas limit and base fee.
///
/// That `parent` *is* the parent is for the caller to check: by its block hash.
pub(crate) fn check_successor(
    parent: &Header,
    header: &Header,
    block_period: u64,
) -> Result<(), CliqueError> {
    let number = header.number;
    check_number(parent.number, header)?;
    let earliest = parent.timestamp.saturating_add(block_period);
    if header.timestamp < earliest {
        return Err(CliqueError::TooEarly { number, expected: earliest, found: header.timestamp });
    }
    // The first block of London may use twice the gas, because half of it is what it aims at.
    let starts_london = parent.base_fee_per_gas.is_none() && header.base_fee_per_gas.is_some();
    let before = if starts_london { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
    let is_near = header.gas_limit.abs_diff(before) < before / GAS_LIMIT_DIVISOR;
    if !is_near || !(MIN_GAS_LIMIT..=MAX_GAS_LIMIT).contains(&header.gas_limit) {
        return Err(CliqueError::GasLimit { number, expected: before, found: header.gas_limit });
    }
    let expected = match parent.base_fee_per_gas {
        Some(base_fee) => Some(next_base_fee(parent, base_fee)),
        None => header.base_fee_per_gas.map(|_| FIRST_BASE_FEE),
    };
    if header.base_fee_per_gas != expected {
        return Err(CliqueError::BaseFee { number, expected, found: header.base_fee_per_gas });
    }
    Ok(())
}

/// The height after `parent`.
pub(super) const fn check_number(parent: u64, header: &Header) -> Result<(), CliqueError> {
    let expected = parent.saturating_add(1);
    if header.number == expected {
        return Ok(());
    }
    Err(CliqueError::Number { expected, found: header.number })
}

/// EIP-1559: up or down by at most an eighth, by how far the parent was from half of its gas limit.
fn next_base_fee(parent: &Header, base_fee: u64) -> u64 {
    let target = parent.gas_limit / 2;
    let distance = parent.gas_used.abs_diff(target);
    let weighted = u128::from(base_fee) * u128::from(distance);
    // The target is not 0: a gas limit near the parent's was in bounds.
    let change = weighted.checked_div(u128::from(target)).unwrap_or_default() / 8;
    let change = u64::try_from(change).unwrap_or(u64::MAX);
    if parent.gas_used > target {
        base_fee.saturating_add(change.max(1))
    } else {
        base_fee.saturating_sub(change)
    }
}

/// `nonce` of a vote for a signer.
pub(super) const VOTE_IN: [u8; 8] = [0xff; 8];
/// `nonce` of a vote against a signer, or of no vote.
const VOTE_OUT: [u8; 8] = [0; 8];
/// `difficulty` of a block by the signer whose turn it is.
pub(super) const IN_TURN: U256 = U256::from_limbs([2, 0, 0, 0]);
/// `difficulty` of a block by any other signer.
pub(super) const OUT_OF_TURN: U256 = U256::ONE;
/// Keccak-256 of the RLP of an empty list.
const EMPTY_OMMERS_HASH: B256 = b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
/// The gas limit moves by less than this part of the parent's.
const GAS_LIMIT_DIVISOR: u64 = 1024;
const MIN_GAS_LIMIT: u64 = 5000;
const MAX_GAS_LIMIT: u64 = i64::MAX.unsigned_abs();
/// Base fee of the first block of London, in wei.
const FIRST_BASE_FEE: u64 = 1_000_000_000;
