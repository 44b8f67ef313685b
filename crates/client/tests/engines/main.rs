//! The light client against engines that other people wrote, each running on loopback (`tests/engines`): nothing here
//! was recorded, and nothing of theirs shares a line with the verifier.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of this is tests, helpers included")]

mod anvil;
mod engine;
mod ethereumjs;
mod platform;
mod registry;
mod seal;
