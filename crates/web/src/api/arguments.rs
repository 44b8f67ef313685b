//! What JavaScript gives, parsed before anything is done with it.

use alloy_primitives::{Address, B256};
use js_sys::Function;
use protocol::{
    category::{Categories, Category},
    invitation::parse_address,
    keys::Phrase,
};
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use crate::{
    error::ErrorView,
    vault::{KdfParameters, PasswordKey},
    views::{ProgressView, to_js},
};

/// Tells JavaScript how far a journey is. What the callback throws is its own affair.
pub(super) fn tell(on_progress: &Function, progress: &ProgressView) {
    let _thrown = on_progress.call1(&JsValue::UNDEFINED, &to_js(progress));
}

pub(super) fn parse_phrase(text: &[u8]) -> Result<Phrase, ErrorView> {
    // The bytes are a secret, so the error does not say where they stop being text.
    let text = core::str::from_utf8(text).ok();
    let text = text.ok_or_else(|| ErrorView::argument("phrase", "text", "other bytes"))?;
    Ok(Phrase::parse(text)?)
}

pub(super) fn parse_parameters(parameters: JsValue) -> Result<KdfParameters, ErrorView> {
    let parameters: KdfParameters = serde_wasm_bindgen::from_value(parameters)
        .map_err(|error| ErrorView::argument("parameters", "of a password", &error.to_string()))?;
    parameters.check()?;
    Ok(parameters)
}

pub(super) fn parse_key(bytes: &[u8]) -> Result<PasswordKey, ErrorView> {
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(ErrorView::argument("passwordKey", "of 32 bytes", &format!("{} bytes", bytes.len())));
    }
    key.copy_from_slice(bytes);
    Ok(PasswordKey::new(key))
}

pub(super) fn parse_address_argument(name: &str, text: &str) -> Result<Address, ErrorView> {
    parse_address(text).ok_or_else(|| ErrorView::argument(name, "an address", text))
}

pub(super) fn parse_categories(names: &[String]) -> Result<Categories, ErrorView> {
    let mut categories = Categories::NONE;
    for name in names {
        categories = categories.with(name.parse::<Category>()?);
    }
    if categories.is_empty() {
        return Err(ErrorView::argument("categories", "at least one", "none"));
    }
    Ok(categories)
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

/// Reads a hash or a 32-byte storage slot.
pub(super) fn parse_hash(name: &str, text: &str) -> Result<B256, ErrorView> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| ErrorView::argument(name, "32 bytes as 0x…", text))
}

pub(super) fn parse_hashes(name: &str, texts: &[String]) -> Result<Vec<B256>, ErrorView> {
    texts.iter().map(|text| parse_hash(name, text)).collect()
}

const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
