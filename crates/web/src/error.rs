//! One error for JavaScript: a stable code, who is to blame, and both sides of the mismatch.
//!
//! A thrown error is a JavaScript `Error` named `MedrecError` with the fields of `ErrorView`; the same fields stand in
//! views that carry an error. The page translates codes and never parses messages.

use client::{ClientError, StoreError};
use js_sys::Reflect;
use lightclient::{Fault, SignatureError, TransactionError};
use protocol::network::NetworkError;
use serde::Serialize;
use wasm_bindgen::JsValue;

#[cfg(feature = "records")]
mod records;

/// An error as JavaScript sees it: thrown as an `Error`, or as a field of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorView {
    code: String,
    fault: &'static str,
    message: String,
    expected: Option<String>,
    found: Option<String>,
    endpoint: Option<String>,
}

impl ErrorView {
    fn new(code: &str, fault: Fault, error: &impl ToString) -> Self {
        let (expected, found, endpoint) = (None, None, None);
        Self {
            code: code.to_owned(),
            fault: fault_name(fault),
            message: error.to_string(),
            expected,
            found,
            endpoint,
        }
    }

    fn found(self, found: &impl ToString) -> Self {
        Self { found: Some(found.to_string()), ..self }
    }

    fn mismatch(self, expected: &impl ToString, found: &impl ToString) -> Self {
        Self { expected: Some(expected.to_string()), ..self.found(found) }
    }

    /// An argument that no view of ours gave out.
    pub(crate) fn argument(name: &str, expected: &str, found: &str) -> Self {
        let found: String = found.chars().take(80).collect();
        Self::new("call/argument", Fault::Caller, &format!("argument {name} is not {expected}"))
            .mismatch(&expected, &found)
    }

    /// A call that JavaScript gave up.
    pub(crate) fn aborted() -> Self {
        Self::new("call/aborted", Fault::Caller, &"the page no longer waits for this")
    }
}

impl From<ClientError> for ErrorView {
    fn from(error: ClientError) -> Self {
        Self {
            code: error.code(),
            fault: fault_name(error.fault()),
            message: error.to_string(),
            expected: error.expected(),
            found: error.found(),
            endpoint: error.endpoint,
        }
    }
}

impl From<SignatureError> for ErrorView {
    fn from(error: SignatureError) -> Self {
        Self::new("proof/malformed", error.fault(), &error)
    }
}

impl From<TransactionError> for ErrorView {
    fn from(error: TransactionError) -> Self {
        Self::new("proof/malformed", error.fault(), &error)
    }
}

impl From<NetworkError> for ErrorView {
    fn from(error: NetworkError) -> Self {
        Self::new("network/description", error.fault(), &error)
    }
}

impl From<StoreError> for ErrorView {
    fn from(error: StoreError) -> Self {
        Self::new("storage/heads", Fault::Unavailable, &error).found(&error.reason)
    }
}

impl From<ErrorView> for JsValue {
    fn from(view: ErrorView) -> Self {
        let error = js_sys::Error::new(&view.message);
        error.set_name("MedrecError");
        let text = |value: Option<String>| value.map_or(Self::NULL, Self::from);
        for (name, value) in [
            ("code", view.code.into()),
            ("fault", view.fault.into()),
            ("expected", text(view.expected)),
            ("found", text(view.found)),
            ("endpoint", text(view.endpoint)),
        ] {
            Reflect::set(&error, &name.into(), &value).expect("a new error object takes any property");
        }
        error.into()
    }
}

const fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::Caller => "caller",
        Fault::Peer => "peer",
        Fault::Unavailable => "unavailable",
    }
}

#[cfg(test)]
mod tests;
