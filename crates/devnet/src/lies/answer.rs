//! Lies about what was asked: answers for another block, of another chain, from the past, or none at all.

use serde_json::{Value, json};

use super::{EVERY, Kind, Lie};
use crate::rpc::{Params, RpcError, Selector, View, quantity};

/// What is wrong with the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerLie {
    ChangedCode,
    Error,
    Null,
    OtherBlock,
    PhantomHead,
    Stale,
    WrongChainId,
}

const fn lie(name: &'static str, lie: AnswerLie, doc: &'static str) -> Lie {
    Lie { name, doc, schemes: EVERY, kind: Kind::Answer(lie) }
}

pub(super) const LIES: [Lie; 7] = [
    lie("changed-code", AnswerLie::ChangedCode, "Gives the code of contracts with a byte added."),
    lie("error", AnswerLie::Error, "Answers everything with a JSON-RPC error."),
    lie("null", AnswerLie::Null, "Answers everything with null."),
    lie("other-block", AnswerLie::OtherBlock, "Answers for another block than was asked for."),
    lie("phantom-head", AnswerLie::PhantomHead, "Says that there are a thousand blocks more than there are."),
    lie(
        "stale",
        AnswerLie::Stale,
        "Knows no block after the one that was the newest when this was switched on.",
    ),
    lie("wrong-chain-id", AnswerLie::WrongChainId, "Gives another chain id."),
];

impl AnswerLie {
    /// Answers one call; `since` is the number of the block that was the newest when the lie was switched on.
    pub(super) fn answer(
        self,
        since: u64,
        view: View<'_>,
        method: &str,
        params: &Params<'_>,
    ) -> Result<Value, RpcError> {
        match (self, method) {
            (Self::ChangedCode, "eth_getCode") => {
                let code = view.answer(method, params)?;
                Ok(json!(format!("{}00", code.as_str().unwrap_or_default())))
            }
            (Self::Error, _) => Err(RpcError::server("the node is syncing")),
            (Self::Null, _) => Ok(Value::Null),
            (Self::OtherBlock, "eth_getBlockByHash" | "eth_getBlockByNumber" | "eth_getProof") => {
                other_block(view, method, params)
            }
            (Self::PhantomHead, "eth_blockNumber") => Ok(quantity(view.head + 1000)),
            (Self::Stale, _) => View { head: view.head.min(since), ..view }.answer(method, params),
            (Self::WrongChainId, "eth_chainId") => Ok(quantity(view.chain.rules().chain_id + 1)),
            (Self::WrongChainId, "net_version") => Ok(json!((view.chain.rules().chain_id + 1).to_string())),
            _ => view.answer(method, params),
        }
    }
}

/// Answers for the newest earlier block whose state differs, or else for the one before; for block 0 with block 1.
fn other_block(view: View<'_>, method: &str, params: &Params<'_>) -> Result<Value, RpcError> {
    let place = if method == "eth_getProof" { 2 } else { 0 };
    let asked = if method == "eth_getBlockByHash" {
        Selector::Hash(params.hash(0)?)
    } else {
        params.selector(place)?
    };
    let Some(number) = view.number(&asked)? else { return view.answer(method, params) };
    let root = view.chain.snapshot(number).map(|snapshot| snapshot.state.root());
    let differs = |earlier: &u64| view.chain.snapshot(*earlier).map(|snapshot| snapshot.state.root()) != root;
    let before = number.checked_sub(1).unwrap_or(1);
    let other = (number.saturating_sub(SEARCH_DEPTH)..number).rev().find(differs).unwrap_or(before);
    let mut values = params.values().to_vec();
    if let Some(value) = values.get_mut(place) {
        *value = quantity(if method == "eth_getProof" { other } else { before });
    }
    let method = if method == "eth_getBlockByHash" { "eth_getBlockByNumber" } else { method };
    let values = Value::Array(values);
    view.answer(method, &Params::new(Some(&values))?)
}

/// How far back a block with another state is looked for.
const SEARCH_DEPTH: u64 = 64;
