//! Errors as JavaScript catches them.

use client::{ClientError, SyncError};
use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::vault::VaultError;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn view(code: &str, message: &str, expected: Option<&str>, found: Option<&str>) -> ErrorView {
    ErrorView {
        code: code.to_owned(),
        fault: "caller",
        message: message.to_owned(),
        expected: expected.map(str::to_owned),
        found: found.map(str::to_owned),
        endpoint: None,
    }
}

#[wasm_bindgen_test]
fn is_thrown_as_an_error_with_its_fields() {
    let error =
        ErrorView { endpoint: Some("http://node/".to_owned()), ..view("a/b", "text", Some("1"), None) };
    let thrown = JsValue::from(error);
    let error: &js_sys::Error = thrown.dyn_ref().unwrap();
    assert_eq!((error.name(), error.message()), ("MedrecError".into(), "text".into()));
    let fields = ["code", "fault", "expected", "found", "endpoint"];
    let values = fields.map(|name| Reflect::get(&thrown, &name.into()).unwrap());
    let expected: [JsValue; 5] =
        ["a/b".into(), "caller".into(), "1".into(), JsValue::NULL, "http://node/".into()];
    assert_eq!(values, expected);
}

#[wasm_bindgen_test]
fn keeps_what_the_client_says() {
    let error = ClientError::from(SyncError::StaleHead { number: 7, limit_seconds: 600, age_seconds: 900 });
    let seen = ErrorView::from(error.clone().at("http://node/"));
    assert_eq!(seen.code, error.code());
    assert_eq!((seen.expected, seen.found), (error.expected(), error.found()));
    assert_eq!(seen.endpoint.as_deref(), Some("http://node/"));
}

#[wasm_bindgen_test]
fn gives_each_fault_of_a_vault_its_own_code() {
    let damaged = VaultError::Damaged { part: "header" };
    assert_eq!(
        ErrorView::from(damaged),
        view("vault/damaged", "the vault's header is damaged", None, Some("header"))
    );
    let version = VaultError::UnknownVersion { expected: 1, found: 9 };
    assert_eq!(
        ErrorView::from(version),
        view("vault/unknown-version", "the vault has version 9, expected 1", Some("1"), Some("9"))
    );
    let parameter = VaultError::Parameter { name: "passes", least: 3, most: 12, found: 1 };
    assert_eq!(
        ErrorView::from(parameter),
        view(
            "vault/parameter",
            "key derivation parameter passes is 1, expected 3 to 12",
            Some("passes 3 to 12"),
            Some("1")
        )
    );
    assert_eq!(
        ErrorView::from(VaultError::WrongPassword),
        view("vault/wrong-password", "the password does not open the vault", None, None)
    );
}

#[wasm_bindgen_test]
fn cuts_what_was_given_as_an_argument() {
    let error = ErrorView::argument("patient", "an address", &"x".repeat(10_000));
    assert_eq!(error.found, Some("x".repeat(80)));
}
