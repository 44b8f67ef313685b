#![cfg(target_arch = "wasm32")]
//! The browser edge of MedRec Light: `fetch`, IndexedDB, the vault, and the class that JavaScript uses.
//!
//! Runs in a Worker. What comes from outside is verified by `client` and the crates below it; this crate brings it
//! there and shows what came of it. It defends the keys at rest (the vault) and keeps panics, secrets and
//! unproven values from reaching JavaScript. **Not** here: any decision about trust.

mod api;
mod database;
mod error;
mod fetch;
#[cfg(feature = "records")]
mod hex_bytes;
#[cfg(feature = "records")]
mod identity;
mod platform;
mod thrown;
#[cfg(feature = "records")]
mod vault;
mod views;

#[cfg(feature = "light")]
pub use crate::api::LightClient;
#[cfg(feature = "records")]
pub use crate::api::{Medrec, derive_password_key};
pub use crate::error::ErrorView;
