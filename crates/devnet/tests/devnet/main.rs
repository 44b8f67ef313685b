//! The development chain over real HTTP: what it serves is checked here by a path of its own (alloy's types and proofs).

mod chain;
mod check;
mod errors;
mod harness;
mod lies;
mod process;
mod shapes;
