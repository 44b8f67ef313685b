//! The light client alone for JavaScript, to be measured beside its peers; there is nothing here on native targets.

#[cfg(target_arch = "wasm32")]
pub mod light;
