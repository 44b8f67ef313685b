//! What is measured in a page, for JavaScript: the light client alone, and record sets. One wasm each, so that the size of
//! the first says what a light client weighs. There is nothing here on native targets.

#[cfg(all(target_arch = "wasm32", feature = "light"))]
pub mod light;
#[cfg(all(target_arch = "wasm32", feature = "records"))]
pub mod records;
