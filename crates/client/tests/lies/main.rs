//! Every lie of the development chain against the client, under every seal scheme.
//!
//! Each lie is told to a client that has only the liar, and to one that has two honest endpoints as well. Whatever is
//! told, nothing but the honest value may come out, and who is alone with a liar must get the very error that
//! `matrix.txt` names for it. What a row says is read off the first letters of its columns: `sync` from the trusted
//! checkpoint, `follow` from a head that is known, `state` of a contract, `receipt` and `logs` of a transaction.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of this is tests, helpers included")]

mod matrix;
#[path = "../world/mod.rs"]
#[allow(dead_code, reason = "the journeys need more of it")]
mod world;

use devnet::Scheme;

#[tokio::test]
async fn every_lie_on_a_clique_chain_has_its_own_error() {
    matrix::run(Scheme::Clique).await;
}

#[tokio::test]
async fn every_lie_on_an_ibft_chain_has_its_own_error() {
    matrix::run(Scheme::Ibft).await;
}

#[tokio::test]
async fn every_lie_on_an_ibft2_chain_has_its_own_error() {
    matrix::run(Scheme::Ibft2).await;
}

#[tokio::test]
async fn every_lie_on_a_qbft_chain_has_its_own_error() {
    matrix::run(Scheme::Qbft).await;
}

#[tokio::test]
async fn every_lie_on_a_qbft_chain_with_its_validators_in_a_contract_has_its_own_error() {
    matrix::run(Scheme::QbftContract).await;
}
