//! Secrets and names that JavaScript gives, parsed before anything is done with them.

use protocol::keys::{Phrase, WordList};
use records::category::{Categories, Category};
use wasm_bindgen::JsValue;
use zeroize::Zeroizing;

use crate::{
    error::ErrorView,
    vault::{KdfParameters, PasskeyOutput, PasswordKey, RecoveryCode},
};

pub(super) fn parse_phrase(text: &[u8]) -> Result<Phrase, ErrorView> {
    // The bytes are a secret, so the error does not say where they stop being text.
    let text = core::str::from_utf8(text).ok();
    let text = text.ok_or_else(|| ErrorView::argument("phrase", "text", "other bytes"))?;
    Ok(Phrase::parse(text)?)
}

pub(super) fn parse_word_list(language: &str) -> Result<WordList, ErrorView> {
    match language {
        "en" => Ok(WordList::English),
        "zh" => Ok(WordList::Chinese),
        _ => Err(ErrorView::argument("language", "en or zh", language)),
    }
}

pub(super) fn parse_parameters(parameters: JsValue) -> Result<KdfParameters, ErrorView> {
    let parameters: KdfParameters = serde_wasm_bindgen::from_value(parameters)
        .map_err(|error| ErrorView::argument("parameters", "of a password", &error.to_string()))?;
    parameters.check()?;
    Ok(parameters)
}

pub(super) fn parse_key(bytes: &[u8]) -> Result<PasswordKey, ErrorView> {
    parse_secret("passwordKey", bytes).map(PasswordKey::new)
}

pub(super) fn parse_passkey_output(bytes: &[u8]) -> Result<PasskeyOutput, ErrorView> {
    parse_secret("output", bytes).map(PasskeyOutput::new)
}

pub(super) fn parse_code(text: &[u8]) -> Result<RecoveryCode, ErrorView> {
    // As with a phrase: the error says nothing of the bytes.
    let text = core::str::from_utf8(text).ok();
    Ok(RecoveryCode::parse(text.ok_or_else(|| ErrorView::argument("code", "text", "other bytes"))?)?)
}

fn parse_secret(name: &str, bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, ErrorView> {
    let mut secret = Zeroizing::new([0; 32]);
    if bytes.len() != secret.len() {
        return Err(ErrorView::argument(name, "of 32 bytes", &format!("{} bytes", bytes.len())));
    }
    secret.copy_from_slice(bytes);
    Ok(secret)
}

/// Reads what the person calls somebody.
pub(super) fn parse_name(name: &str) -> String {
    name.trim().chars().take(MAX_NAME).collect()
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

/// The longest name of somebody, in characters.
const MAX_NAME: usize = 80;
