//! The exported classes: plain objects in and out, every error a `MedrecError`.
//!
//! The methods parse what JavaScript gave, call `client`, and make views; what is proven and what is permitted is
//! decided below them.

mod arguments;
#[cfg(feature = "light")]
mod light;
#[cfg(feature = "records")]
mod medrec;
mod running;
#[cfg(test)]
mod testing;

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "light")]
pub use self::light::LightClient;
#[cfg(feature = "records")]
pub use self::medrec::{Medrec, derive_password_key};

#[wasm_bindgen(typescript_custom_section)]
const VIEWS: &str = include_str!("../../../www/src/views.ts");
