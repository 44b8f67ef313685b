//! Lies that an endpoint can be told to tell, so that readers can be seen to catch them.
//!
//! `devnet_setLie` switches one on for the endpoint it is sent to, and `null` switches it off. Each lie is what a broken or
//! hostile node could really do; those marked *quorum* need the keys of the validators, which this process has.

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, U256, b256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY};
use k256::ecdsa::SigningKey;
use serde_json::{Map, Value, json};

use crate::block::Block;
use crate::rpc::{Params, RpcError, Selector, View, quantity};
use crate::seal::{Extra, VANITY, sign};

/// A way of not telling the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Says that accounts which exist do not, and proves it with nothing.
    AbsentAsEmpty,
    /// Answers HTTP 503 to everything.
    Dead,
    /// Serves headers with a false state root: the hash fits, the seals do not.
    ForgedHeader,
    /// *Quorum*: serves a second header for each height, sealed by all validators.
    Fork,
    /// *Quorum*: serves headers that are an hour ahead, sealed by all validators.
    Future,
    /// Answers with a web page.
    Garbage,
    /// Answers with 64 MiB.
    Huge,
    /// Leaves the last node out of every proof.
    MissingNode,
    /// Answers with the valid proof of an account that was not asked for.
    OtherAccount,
    /// Answers for another block than was asked for.
    OtherBlock,
    /// Serves headers with one seal fewer than a quorum, and one from an outsider.
    OutsiderSeal,
    /// Serves headers with one seal fewer than a quorum.
    ShortSeals,
    /// Answers five seconds late.
    Slow,
    /// Adds a node that is not needed to every proof.
    SpareNode,
    /// Knows no block after the one that was the newest when this was switched on.
    Stale,
    /// Gives another chain id.
    WrongChainId,
    /// Changes the value in every proof.
    WrongProof,
}

impl Lie {
    /// All lies with the names they are switched on by.
    pub const ALL: [(&'static str, Self); 17] = [
        ("absent-as-empty", Self::AbsentAsEmpty),
        ("dead", Self::Dead),
        ("forged-header", Self::ForgedHeader),
        ("fork", Self::Fork),
        ("future", Self::Future),
        ("garbage", Self::Garbage),
        ("huge", Self::Huge),
        ("missing-node", Self::MissingNode),
        ("other-account", Self::OtherAccount),
        ("other-block", Self::OtherBlock),
        ("outsider-seal", Self::OutsiderSeal),
        ("short-seals", Self::ShortSeals),
        ("slow", Self::Slow),
        ("spare-node", Self::SpareNode),
        ("stale", Self::Stale),
        ("wrong-chain-id", Self::WrongChainId),
        ("wrong-proof", Self::WrongProof),
    ];

    /// Returns the lie with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, lie)| (known == name).then_some(lie))
    }

    /// Answers one call untruthfully, where this lie has to do with it.
    ///
    /// `since` is the number of the block that was the newest when the lie was switched on. Lies about the transport
    /// ([`Lie::Dead`], [`Lie::Garbage`], [`Lie::Huge`], [`Lie::Slow`]) are told by the server; their answers are honest.
    pub(crate) fn answer(
        self,
        since: u64,
        view: View<'_>,
        method: &str,
        params: &Params<'_>,
    ) -> Result<Value, RpcError> {
        match (self, method) {
            (Self::Stale, _) => View { head: view.head.min(since), ..view }.answer(method, params),
            (Self::WrongChainId, "eth_chainId") => Ok(quantity(view.chain.rules().chain_id + 1)),
            (Self::WrongChainId, "net_version") => Ok(json!((view.chain.rules().chain_id + 1).to_string())),
            (Self::OtherBlock, "eth_getBlockByHash" | "eth_getBlockByNumber" | "eth_getProof") => {
                other_block(view, method, params)
            }
            (Self::Fork | Self::ForgedHeader | Self::Future, "eth_getBlockByHash") => {
                let by_hash = self
                    .find(view, params.hash(0)?)?
                    .map_or(Selector::Hash(params.hash(0)?), Selector::Number);
                self.bend_header(view, &view.block_at(&by_hash, params.flag(1)?)?)
            }
            (
                Self::ForgedHeader | Self::Fork | Self::Future | Self::OutsiderSeal | Self::ShortSeals,
                "eth_getBlockByHash" | "eth_getBlockByNumber",
            ) => self.bend_header(view, &view.answer(method, params)?),
            (
                Self::AbsentAsEmpty
                | Self::MissingNode
                | Self::OtherAccount
                | Self::SpareNode
                | Self::WrongProof,
                "eth_getProof",
            ) => self.bend_proof(view, params),
            _ => view.answer(method, params),
        }
    }

    /// Finds the recent block whose bent header has a hash.
    fn find(self, view: View<'_>, wanted: B256) -> Result<Option<u64>, RpcError> {
        for number in (view.head.saturating_sub(FORK_DEPTH)..=view.head).rev() {
            let block = view.block(Some(number))?;
            if block.is_some_and(|block| self.bent(&block).hash_of_block(view) == wanted) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn bend_header(self, view: View<'_>, honest: &Value) -> Result<Value, RpcError> {
        let mut answer = honest.clone();
        let Some(fields) = answer.as_object_mut() else { return Ok(answer) };
        let hash: Option<B256> =
            fields.get("hash").and_then(Value::as_str).and_then(|hash| hash.parse().ok());
        let number = hash.map(|hash| view.chain.number_of(hash)).transpose()?.flatten();
        let Some(block) = view.block(number)?.filter(|block| block.header.number > 0) else {
            return Ok(answer);
        };
        let bent = self.bent(&block);
        let served = bent.served(self, view, &block);
        fields.insert("hash".to_owned(), json!(bent.hash_of_block(view)));
        fields.insert("stateRoot".to_owned(), json!(served.state_root));
        fields.insert("timestamp".to_owned(), quantity(served.timestamp));
        fields.insert("extraData".to_owned(), json!(served.extra_data));
        Ok(answer)
    }

    fn bent(self, block: &Block) -> Bent {
        let mut header = block.header.clone();
        let mut vanity = VANITY;
        match self {
            Self::ForgedHeader => header.state_root = keccak256(header.state_root),
            Self::Fork => vanity = FORK_VANITY,
            Self::Future => header.timestamp += 3600,
            _ => {}
        }
        Bent { header, vanity }
    }

    fn bend_proof(self, view: View<'_>, params: &Params<'_>) -> Result<Value, RpcError> {
        let mut answer = view.answer("eth_getProof", params)?;
        let Some(fields) = answer.as_object_mut() else { return Ok(answer) };
        match self {
            Self::AbsentAsEmpty => deny(fields),
            Self::OtherAccount => swap_account(view, params, fields)?,
            Self::MissingNode => for_each_proof(fields, |nodes| {
                nodes.pop();
            }),
            Self::SpareNode => for_each_proof(fields, |nodes| nodes.push(json!(SPARE_NODE))),
            _ => change_values(fields),
        }
        Ok(answer)
    }
}

/// A header that was tampered with.
struct Bent {
    header: Header,
    vanity: B256,
}

impl Bent {
    fn hash_of_block(&self, view: View<'_>) -> B256 {
        let validators = view.chain.validators();
        Extra { vanity: self.vanity, validators: &validators, round: 0 }.put_in(&self.header, &[]).hash_slow()
    }

    /// Puts seals in: the true ones of the true header, unless the lie makes others.
    fn served(&self, lie: Lie, view: View<'_>, block: &Block) -> Header {
        let authority = view.chain.authority();
        let validators = authority.addresses();
        let extra = Extra { vanity: self.vanity, validators: &validators, round: block.round };
        let mut seals = match lie {
            Lie::Fork | Lie::Future => authority.seal(&self.header, self.vanity, block.round),
            _ => block.seals_of(authority.quorum(), view.endpoint),
        };
        if matches!(lie, Lie::OutsiderSeal | Lie::ShortSeals) {
            seals.truncate(authority.quorum().saturating_sub(1));
        }
        if let (Lie::OutsiderSeal, Ok(outsider)) = (lie, SigningKey::from_slice(&OUTSIDER)) {
            seals.push(sign(&outsider, extra.put_in(&self.header, &[]).hash_slow()));
        }
        extra.put_in(&self.header, &seals)
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
    let other = (number.saturating_sub(FORK_DEPTH)..number).rev().find(differs).unwrap_or(before);
    let mut values = params.values().to_vec();
    if let Some(value) = values.get_mut(place) {
        *value = quantity(if method == "eth_getProof" { other } else { before });
    }
    let method = if method == "eth_getBlockByHash" { "eth_getBlockByNumber" } else { method };
    let values = Value::Array(values);
    view.answer(method, &Params::new(Some(&values))?)
}

fn deny(fields: &mut Map<String, Value>) {
    for (name, value) in [
        ("accountProof", json!([])),
        ("balance", quantity(0)),
        ("codeHash", json!(KECCAK_EMPTY)),
        ("nonce", quantity(0)),
        ("storageHash", json!(EMPTY_ROOT_HASH)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    for slot in slots(fields) {
        slot.insert("value".to_owned(), quantity(0));
        slot.insert("proof".to_owned(), json!([]));
    }
}

fn swap_account(
    view: View<'_>,
    params: &Params<'_>,
    fields: &mut Map<String, Value>,
) -> Result<(), RpcError> {
    let at = view.snapshot(&params.selector(2)?)?;
    let Some((proof, account)) = at.state.other_account(params.address(0)?) else { return Ok(()) };
    for (name, value) in [
        ("accountProof", json!(proof)),
        ("balance", json!(account.balance)),
        ("codeHash", json!(account.code_hash)),
        ("nonce", quantity(account.nonce)),
        ("storageHash", json!(account.storage.root())),
    ] {
        fields.insert(name.to_owned(), value);
    }
    for slot in slots(fields) {
        let key: Option<U256> = slot.get("key").and_then(Value::as_str).and_then(|key| key.parse().ok());
        let key = keccak256(B256::from(key.unwrap_or_default()));
        slot.insert("value".to_owned(), json!(account.storage.get(&key).copied().unwrap_or_default()));
        slot.insert("proof".to_owned(), json!(account.storage.prove(&key)));
    }
    Ok(())
}

/// Adds one to each value shown and flips the last bit of the node it is in; without slots, of the account's.
fn change_values(fields: &mut Map<String, Value>) {
    let mut changed = false;
    for slot in slots(fields) {
        let value: Option<U256> =
            slot.get("value").and_then(Value::as_str).and_then(|value| value.parse().ok());
        slot.insert("value".to_owned(), json!(value.unwrap_or_default().wrapping_add(U256::from(1))));
        slot.get_mut("proof").and_then(Value::as_array_mut).into_iter().for_each(|nodes| flip_last(nodes));
        changed = true;
    }
    if !changed {
        fields
            .get_mut("accountProof")
            .and_then(Value::as_array_mut)
            .into_iter()
            .for_each(|nodes| flip_last(nodes));
    }
}

fn flip_last(nodes: &mut [Value]) {
    let Some(node) = nodes.last_mut() else { return };
    let Some(mut bytes) =
        node.as_str().and_then(|text| text.parse::<Bytes>().ok()).map(|bytes| bytes.to_vec())
    else {
        return;
    };
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
    *node = json!(Bytes::from(bytes));
}

fn for_each_proof(fields: &mut Map<String, Value>, mut change: impl FnMut(&mut Vec<Value>)) {
    fields.get_mut("accountProof").and_then(Value::as_array_mut).into_iter().for_each(&mut change);
    for slot in slots(fields) {
        slot.get_mut("proof").and_then(Value::as_array_mut).into_iter().for_each(&mut change);
    }
}

fn slots(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    fields
        .get_mut("storageProof")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// How far back a bent header is found by its hash.
const FORK_DEPTH: u64 = 64;

/// "medrec-devnet fork".
const FORK_VANITY: B256 = b256!("6d65647265632d6465766e657420666f726b0000000000000000000000000000");

/// A leaf that leads nowhere.
const SPARE_NODE: &str = "0xc22001";

/// The secret key of somebody who is no validator.
const OUTSIDER: [u8; 32] = [0x42; 32];
