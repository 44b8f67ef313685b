//! The development chain over real HTTP: what it serves is checked here by a path of its own (alloy's types and proofs).

#![allow(clippy::indexing_slicing, reason = "in a test a missing element is a failure like any other")]

mod chain;
mod check;
mod clique;
mod errors;
mod harness;
mod lies;
mod lies_of_every_kind;
mod process;
mod schemes;
mod shapes;
