//! What JavaScript gives, parsed before anything is done with it.

use alloy_primitives::Address;
use protocol::invitation::parse_address;

use crate::error::ErrorView;

pub(super) fn parse_address_argument(name: &str, text: &str) -> Result<Address, ErrorView> {
    parse_address(text).ok_or_else(|| ErrorView::argument(name, "an address", text))
}

/// Reads a height or a time in seconds: a whole number that JavaScript holds exactly.
pub(super) fn parse_whole(name: &str, number: f64) -> Result<u64, ErrorView> {
    let is_exact = number.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&number);
    if !is_exact {
        return Err(ErrorView::argument(name, "a whole number", &number.to_string()));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and between 0 and 2^53 - 1"
    )]
    let whole = number as u64;
    Ok(whole)
}

const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
