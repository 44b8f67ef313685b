//! What JavaScript threw, as text for an error's reason.

use wasm_bindgen::{JsCast as _, JsValue};

/// Returns an error's name and message, or the text itself.
pub(crate) fn text_of(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => format!("{}: {}", String::from(error.name()), String::from(error.message())),
        None => thrown.as_string().unwrap_or_else(|| "a value that is no error was thrown".into()),
    }
}
