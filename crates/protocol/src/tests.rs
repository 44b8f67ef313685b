//! Vectors of other people for what this crate stands on, and where its tests run.
//!
//! Tests that are named `test` in a browser, too, run there: `cargo test -p protocol --target
//! wasm32-unknown-unknown --lib`.

mod structured_fields;
mod wycheproof;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
