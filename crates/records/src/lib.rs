//! Health records, and proofs about whole sets of them.
//!
//! What a record is (strict JSON, its canonical text and digest, its category and place in time), and how a set of
//! records becomes one root from which a whole category can be released and proven complete. No chain, no keys, no
//! network: whoever holds a root, from wherever, can judge an answer with this crate alone. The text for a second
//! implementation is `docs/gatekeeper-protocol.md` §6 and §7.

pub mod category;
pub mod collection;
pub mod json;
pub mod record;
pub mod record_set;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
