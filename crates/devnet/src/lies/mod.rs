//! Lies that an endpoint can be told to tell, so that readers can be seen to catch them.
//!
//! `devnet_setLie` switches one on for the endpoint it is sent to, and `null` switches it off; `devnet_lies` lists them all.
//! Each is what a broken or hostile node could really do. Where a lie says that validators seal it, it needs their keys,
//! which this process has and a single hostile node has not.

mod answer;
mod batch;
mod fork;
mod header;
mod proof;
mod receipt;
mod transport;

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::B256;
use serde_json::{Value, json};

use crate::block::Block;
use crate::chain::Chain;
use crate::rpc::{Blocks, Params, RpcError, View};
use crate::rules::Scheme;
use crate::store::StoreError;

use answer::AnswerLie;
use batch::BatchLie;
use fork::{Fork, ForkLie};
use header::HeaderLie;
use proof::ProofLie;
use receipt::ReceiptLie;
pub(crate) use transport::TransportLie;

/// A way of not telling the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lie {
    /// What it is switched on by.
    pub name: &'static str,
    /// What the endpoint does, in one sentence.
    pub doc: &'static str,
    /// The schemes of the chains on which it can be told.
    pub schemes: &'static [Scheme],
    kind: Kind,
}

/// What a lie is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answer(AnswerLie),
    Batch(BatchLie),
    Fork(ForkLie),
    Header(HeaderLie),
    Proof(ProofLie),
    Receipt(ReceiptLie),
    Transport(TransportLie),
}

impl Lie {
    /// Returns all lies, those about the same thing together.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let tables: [&[Self]; 7] = [
            &header::LIES,
            &fork::LIES,
            &proof::LIES,
            &receipt::LIES,
            &answer::LIES,
            &batch::LIES,
            &transport::LIES,
        ];
        tables.into_iter().flatten()
    }

    /// Returns the lie with a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().find(|lie| lie.name == name)
    }

    /// Returns the lie as `devnet_lies` lists it.
    pub(crate) fn to_json(self) -> Value {
        let schemes: Vec<&str> = self.schemes.iter().map(|scheme| scheme.name()).collect();
        json!({ "name": self.name, "doc": self.doc, "schemes": schemes })
    }
}

/// A lie that is being told by one endpoint.
#[derive(Debug)]
pub(crate) struct Telling {
    kind: Kind,
    /// The newest block when it was switched on.
    since: u64,
    /// How many blocks were asked for since then.
    asked: AtomicU64,
    fork: Option<Fork>,
}

impl Telling {
    /// Starts telling a lie about a chain.
    ///
    /// # Errors
    /// When there is no such lie, or it cannot be told on this chain.
    pub(crate) fn start(name: &str, chain: &Chain) -> Result<Self, RpcError> {
        let lie = Lie::named(name).ok_or_else(|| {
            let names: Vec<&str> = Lie::all().map(|lie| lie.name).collect();
            RpcError::params(format!("no lie is called {name:?}, there are {}", names.join(", ")))
        })?;
        let scheme = chain.rules().scheme;
        if !lie.schemes.contains(&scheme) {
            return Err(RpcError::params(format!(
                "{name} cannot be told on a chain of scheme {}",
                scheme.name()
            )));
        }
        let since = chain.head_number();
        let fork = if let Kind::Fork(lie) = lie.kind { Some(Fork::start(lie, chain, since)?) } else { None };
        Ok(Self { kind: lie.kind, since, asked: AtomicU64::new(0), fork })
    }

    /// Returns how this lie spoils the transport, if that is what it does.
    pub(crate) fn transport(&self) -> Option<TransportLie> {
        if let Kind::Transport(lie) = self.kind { Some(lie) } else { None }
    }

    /// Answers one call untruthfully, where this lie has to do with it.
    pub(crate) fn answer(
        &self,
        view: View<'_>,
        method: &str,
        params: &Params<'_>,
    ) -> Result<Value, RpcError> {
        match self.kind {
            Kind::Answer(lie) => lie.answer(self.since, view, method, params),
            Kind::Fork(_) | Kind::Header(_) => {
                let is_block = method == "eth_getBlockByNumber" || method == "eth_getBlockByHash";
                let asked = self.asked.fetch_add(u64::from(is_block), Ordering::Relaxed);
                let twisted = Twisted { chain: view.chain, telling: self, head: view.head, asked };
                View { blocks: &twisted, ..view }.answer(method, params)
            }
            Kind::Proof(lie) if method == "eth_getProof" => lie.answer(view, params),
            Kind::Receipt(lie) => lie.answer(view, method, params),
            _ => view.answer(method, params),
        }
    }

    /// Spoils what is sent back as a whole: one answer, or those to a batch.
    pub(crate) fn spoil(&self, answer: Value) -> Value {
        if let Kind::Batch(lie) = self.kind { lie.spoil(answer) } else { answer }
    }
}

/// The chain with blocks that a lie has changed.
#[derive(Debug)]
struct Twisted<'a> {
    chain: &'a Chain,
    telling: &'a Telling,
    head: u64,
    /// How many blocks were asked for before.
    asked: u64,
}

impl Blocks for Twisted<'_> {
    fn block(&self, number: u64) -> Result<Option<Block>, StoreError> {
        match (self.telling.kind, &self.telling.fork) {
            (Kind::Fork(_), Some(fork)) => fork.block(self.chain, number),
            (Kind::Header(lie), _) => {
                let honest = self.chain.block(number)?;
                honest.map(|block| lie.twist(self.chain, block, self.asked)).transpose()
            }
            _ => self.chain.block(number),
        }
    }

    /// Looks among the recent blocks, then among the true ones.
    fn number_of(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        for number in (self.head.saturating_sub(SEARCH_DEPTH)..=self.head).rev() {
            if self.block(number)?.is_some_and(|block| block.hash == hash) {
                return Ok(Some(number));
            }
        }
        self.chain.number_of(hash)
    }
}

/// How far back a changed block is found by its hash.
const SEARCH_DEPTH: u64 = 64;

/// The secret key of somebody who is no validator.
const OUTSIDER: B256 = B256::repeat_byte(0x42);

const EVERY: &[Scheme] = &[Scheme::Clique, Scheme::Ibft, Scheme::Ibft2, Scheme::Qbft, Scheme::QbftContract];
const BFT: &[Scheme] = &[Scheme::Ibft, Scheme::Ibft2, Scheme::Qbft, Scheme::QbftContract];
const CLIQUE: &[Scheme] = &[Scheme::Clique];
