//! A small chain in one process, for the demo and the tests: it seals real headers and answers Ethereum's JSON-RPC.
//!
//! Validators, whose keys all lie in the state folder, seal a block each period by one of five schemes ([`Scheme`]), and can
//! vote one another in and out. Transactions run on revm by the rules of Berlin and cost nothing. Several HTTP endpoints serve
//! the same chain the way several nodes would: each with its own seals, and each can be told to lie (see [`Lie`]).
//!
//! This is the prover. It shares no code with the verifier (`lightclient`), so that a mistake cannot be in both.
//!
//! What real networks have and this has not: peers, reorganisations, a base fee, typed transactions, old states.

mod block;
mod chain;
mod contract;
mod council;
mod draft;
mod execute;
mod lies;
mod pool;
mod rpc;
mod rules;
mod seal;
mod server;
mod state;
mod store;
mod transaction;
mod trie;

pub use chain::{Chain, ChainError, SubmitError};
pub use council::VoteError;
pub use lies::Lie;
pub use pool::PoolError;
pub use rules::{Rules, Scheme};
pub use server::{Devnet, DevnetError, Options, Sealing};
pub use store::StoreError;
pub use transaction::TransactionError;
