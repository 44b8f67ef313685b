//! The provider's server: decides from chain state it verified itself, and releases sealed, signed records.
//!
//! It stands in front of a provider's records and answers signed calls (`docs/gatekeeper-protocol.md`). It trusts
//! neither its callers nor its RPC nodes: calls are verified by `protocol`, the chain by `client`. What it holds alone
//! is which person stands behind a pseudonym.
//!
//! ```text
//! server → gatekeeper → chain         what may be read
//!                     → record_sets   what is read
//!                     → stewardship   what goes on chain
//!                     → intake        what comes out of an existing database
//!                     → store         SQLite or PostgreSQL
//! ```

pub mod audit;
pub mod bundle;
pub mod chain;
pub mod command;
pub mod config;
mod connections;
pub mod database;
pub mod erasure;
pub mod gatekeeper;
pub mod groups;
pub mod intake;
pub mod keys;
pub mod metrics;
pub mod record_sets;
pub mod refusal;
pub mod rotation;
pub mod server;
pub mod stewardship;
pub mod store;
pub mod tls;
