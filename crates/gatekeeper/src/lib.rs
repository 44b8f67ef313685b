//! The provider's server.

pub mod bundle;
pub mod chain;
pub mod config;
pub mod keys;
pub mod record_sets;
pub mod store;
