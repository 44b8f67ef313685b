//! A recorded chain, read from its folder: what was asked, what was answered, and what is said to be right.
//!
//! Only `headers.json` must be there. Nothing is verified here; what cannot be read is refused with its place.
//! Answers that a verifier has to judge (`eth_getProof`, transactions, receipts) stay as they were served.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes, U256};
use lightclient::{ChainRules, TrustThreshold, validator_slots};
use serde_json::Value;

use super::genesis::{GenesisError, read_rules};
use super::json::{FormError, Node};

/// Why a folder is not a recorded chain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordingError {
    #[error("{file}: {what} {found}, expected {expected} as in {other}")]
    Differs { file: &'static str, other: &'static str, what: &'static str, expected: String, found: String },
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    #[error("{path}: {source}", path = .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("headers.json has no headers")]
    NoHeaders,
    #[error("no config in genesis.json or headers.json")]
    NoRules,
}

/// A recorded chain.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) rules: ChainRules,
    /// The genesis file of the engine.
    pub(crate) genesis: Option<Value>,
    pub(crate) headers: Vec<RecordedHeader>,
    pub(crate) negatives: Vec<Negative>,
    pub(crate) proofs: Vec<RecordedProof>,
    /// By height, as served.
    pub(crate) receipts: BTreeMap<u64, Vec<Value>>,
    /// By height, as served; none at all without `blocks.json`.
    pub(crate) transactions: Option<BTreeMap<u64, Vec<Value>>>,
    pub(crate) variants: Vec<Variant>,
}

/// A header, and what another implementation found out about it.
#[derive(Debug, Clone)]
pub(crate) struct RecordedHeader {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) rlp: Bytes,
    pub(crate) proposer: Option<Address>,
    pub(crate) round: Option<u64>,
    pub(crate) signers: Option<Vec<Address>>,
    pub(crate) validators: Option<Vec<Address>>,
    /// Whom it votes on, and whether in; outside `None` where nothing is recorded about votes.
    pub(crate) vote: Option<Option<(Address, bool)>>,
}

/// A question to `eth_getProof` and the answer.
#[derive(Debug, Clone)]
pub(crate) struct RecordedProof {
    pub(crate) block: u64,
    pub(crate) state_root: Option<B256>,
    pub(crate) address: Address,
    pub(crate) slots: Vec<B256>,
    pub(crate) answer: Value,
}

/// A header as one of several nodes serves it.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) number: u64,
    pub(crate) hash: Option<B256>,
    pub(crate) content: VariantContent,
}

#[derive(Debug, Clone)]
pub(crate) enum VariantContent {
    ExtraData(Bytes),
    HeaderRlp(Bytes),
}

/// Something that must be refused, or accepted, for what it is.
#[derive(Debug, Clone)]
pub(crate) struct Negative {
    pub(crate) name: String,
    pub(crate) must_reject: bool,
    pub(crate) case: NegativeCase,
}

#[derive(Debug, Clone)]
pub(crate) enum NegativeCase {
    Header { parent: u64, rlp: Bytes },
    Proof(RecordedProof),
}

impl Recording {
    pub(crate) fn read(folder: &Path) -> Result<Self, RecordingError> {
        let read = |name| read_file(folder, name);
        let headers_file = read(HEADERS)?.ok_or_else(|| RecordingError::File {
            path: folder.join(HEADERS),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        let top = Node::new(HEADERS, &headers_file);
        let genesis = match read(GENESIS)? {
            Some(genesis) => Some(genesis),
            None => top.find(&["genesis"]).map(|genesis| genesis.value().clone()),
        };
        let proofs = optional(read(PROOFS)?.as_ref(), PROOFS, |file| {
            list_in(file, &["proofs"])?.iter().map(read_proof).collect()
        })?;
        let meta = read(META)?;
        let rules = rules(&top, genesis.as_ref(), meta.as_ref(), &proofs)?;
        let headers = list_in(&top, &["headers", "blocks"])?
            .iter()
            .map(read_header)
            .collect::<Result<Vec<_>, FormError>>()?;
        if headers.is_empty() {
            return Err(RecordingError::NoHeaders);
        }
        let blocks = read(BLOCKS)?;
        let transactions = blocks
            .map(|file| by_height(&Node::new(BLOCKS, &file), &["blocks"], &["transactions"]))
            .transpose()?;
        let receipts = read(RECEIPTS)?
            .map(|file| by_height(&Node::new(RECEIPTS, &file), &["receipts", "blocks"], &["receipts"]))
            .transpose()?
            .unwrap_or_default();
        let variants = optional(read(VARIANTS)?.as_ref(), VARIANTS, read_variants)?;
        let negatives = optional(read(NEGATIVES)?.as_ref(), NEGATIVES, |file| {
            list_in(file, &["cases"])?.iter().map(|case| read_negative(file, case)).collect()
        })?;
        Ok(Self { rules, genesis, headers, negatives, proofs, receipts, transactions, variants })
    }
}

/// Reads a file of the folder; none where it is not there.
fn read_file(folder: &Path, name: &'static str) -> Result<Option<Value>, RecordingError> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(json) => {
            serde_json::from_slice(&json).map(Some).map_err(|source| RecordingError::Json { path, source })
        }
        Err(source) if source.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => Ok(None),
        Err(source) => Err(RecordingError::File { path, source }),
    }
}

/// Reads the content of a file that need not be there.
fn optional<T>(
    file: Option<&Value>,
    name: &str,
    read: impl FnOnce(&Node<'_>) -> Result<Vec<T>, FormError>,
) -> Result<Vec<T>, FormError> {
    file.map_or(Ok(Vec::new()), |file| read(&Node::new(name, file)))
}

/// The list that a file is, or that it has under one of `keys`.
fn list_in<'a>(file: &Node<'a>, keys: &[&'static str]) -> Result<Vec<Node<'a>>, FormError> {
    if file.value().is_array() { file.list() } else { file.member(keys)?.list() }
}

/// The rules of the genesis file, which those in `headers.json` and `meta.json` must not contradict.
fn rules(
    headers: &Node<'_>,
    genesis: Option<&Value>,
    meta: Option<&Value>,
    proofs: &[RecordedProof],
) -> Result<ChainRules, RecordingError> {
    let engine = headers.find(&["engine"]).map(|engine| engine.text()).transpose()?;
    let slot_of = |contract| list_slot(contract, proofs);
    let read = |file, config| read_rules(file, config, engine, &slot_of);
    let in_headers = headers.find(&["config"]).map(|config| read("headers.json.config", config.value()));
    let in_genesis = genesis.and_then(|genesis| genesis.get("config"));
    let in_genesis = in_genesis.map(|config| read("genesis.json.config", config));
    let differs = |what, expected: String, found: String, file, other| {
        Err(RecordingError::Differs { file, other, what, expected, found })
    };
    let (chain_id, schedule) = match (in_genesis.transpose()?, in_headers.transpose()?) {
        (Some(expected), Some(found)) if expected != found => {
            let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
            return differs("rules", expected, found, HEADERS, GENESIS);
        }
        (Some(rules), _) | (None, Some(rules)) => rules,
        (None, None) => return Err(RecordingError::NoRules),
    };
    let named = [(headers.clone(), HEADERS), (Node::new(META, meta.unwrap_or(&Value::Null)), META)];
    let mut chain_id = chain_id;
    for (node, file) in named {
        let Some(found) = node.find(&["chainId"]).map(|id| id.number()).transpose()? else { continue };
        let expected = *chain_id.get_or_insert(found);
        if found != expected {
            return differs("chain id", expected.to_string(), found.to_string(), file, GENESIS);
        }
    }
    let chain_id = chain_id.ok_or(RecordingError::NoRules)?;
    // A recording is of any age, and is judged as of its newest header.
    let trust = TrustThreshold::OneThird;
    Ok(ChainRules { chain_id, schedule, trust, trusting_period: u64::MAX, clock_drift: CLOCK_DRIFT })
}

/// The slot in which a contract keeps its `address[]`: no genesis file says so, but the questions of the recording do,
/// because an array is asked for by its slot and the hashes behind it.
fn list_slot(contract: Address, proofs: &[RecordedProof]) -> U256 {
    let is_list = |slot: &&B256, slots: &[B256]| {
        let expected = validator_slots(U256::from_be_bytes(slot.0), 1);
        expected.iter().all(|slot| slots.contains(slot))
    };
    let asked = proofs.iter().filter(|proof| proof.address == contract);
    let slot = asked.flat_map(|proof| proof.slots.iter().find(|slot| is_list(slot, &proof.slots))).next();
    slot.map_or(U256::ZERO, |slot| U256::from_be_bytes(slot.0))
}

fn read_header(header: &Node<'_>) -> Result<RecordedHeader, FormError> {
    let address = |keys: &[&str]| header.find(keys).map(|address| address.address()).transpose();
    let addresses = |keys: &[&str]| header.find(keys).map(|list| list.addresses()).transpose();
    let signer = address(&["signer"])?;
    let is_silent = header.value().get("vote").is_none();
    let vote = header.find(&["vote"]).map(|vote| read_vote(&vote)).transpose()?;
    Ok(RecordedHeader {
        number: header.member(&["number"])?.number()?,
        hash: header.member(&["hash"])?.hash()?,
        rlp: header.member(&["headerRlp"])?.bytes()?,
        proposer: address(&["proposer", "author"])?,
        round: header.find(&["round"]).map(|round| round.number()).transpose()?,
        signers: addresses(&["committers"])?.or(signer.map(|signer| vec![signer])),
        validators: addresses(&["validators"])?,
        vote: if is_silent { None } else { Some(vote) },
    })
}

/// `[candidate, true]` to vote in, `[candidate, false]` to vote out.
fn read_vote(vote: &Node<'_>) -> Result<(Address, bool), FormError> {
    match vote.list()?.as_slice() {
        [candidate, direction] => Ok((candidate.address()?, direction.bool()?)),
        _ => Err(vote.error("an address and true or false")),
    }
}

fn read_proof(proof: &Node<'_>) -> Result<RecordedProof, FormError> {
    let slots = match proof.find(&["slots"]) {
        Some(slots) => {
            slots.list()?.iter().map(|slot| slot.word().map(B256::from)).collect::<Result<_, _>>()?
        }
        None => Vec::new(),
    };
    let answer = proof.member(&["answer", "result"])?;
    // Some recorders keep the envelope of JSON-RPC.
    let answer = answer.find(&["result"]).unwrap_or(answer);
    Ok(RecordedProof {
        block: proof.member(&["block"])?.number()?,
        state_root: proof.find(&["stateRoot"]).map(|root| root.hash()).transpose()?,
        address: proof.member(&["address"])?.address()?,
        slots,
        answer: answer.value().clone(),
    })
}

fn read_variants(file: &Node<'_>) -> Result<Vec<Variant>, FormError> {
    let mut variants = Vec::new();
    for block in list_in(file, &["variants", "blocks"])? {
        let number = block.member(&["number"])?.number()?;
        let hash = block.find(&["hash"]).map(|hash| hash.hash()).transpose()?;
        for variant in block.member(&["variants"])?.list()? {
            let content = match variant.find(&["headerRlp"]) {
                Some(rlp) => VariantContent::HeaderRlp(rlp.bytes()?),
                None => VariantContent::ExtraData(variant.member(&["extraData"])?.bytes()?),
            };
            variants.push(Variant { number, hash, content });
        }
    }
    Ok(variants)
}

fn read_negative(file: &Node<'_>, case: &Node<'_>) -> Result<Negative, FormError> {
    let kind = case.find(&["kind"]);
    let content = match kind.as_ref().map_or(Ok("header"), Node::text)? {
        "header" => {
            let parent = match case.find(&["parentNumber"]) {
                Some(parent) => parent.number()?,
                None => file.member(&["parentNumber"])?.number()?,
            };
            NegativeCase::Header { parent, rlp: case.member(&["headerRlp"])?.bytes()? }
        }
        "proof" => NegativeCase::Proof(read_proof(case)?),
        _ => return Err(case.member(&["kind"])?.error("header or proof")),
    };
    let name = case.member(&["name"])?.text()?.to_owned();
    Ok(Negative { name, must_reject: case.member(&["mustReject"])?.bool()?, case: content })
}

/// Lists by height: an object from height to list, or a list of objects with `number` and the list under `key`.
fn by_height(
    file: &Node<'_>,
    names: &[&'static str],
    key: &[&'static str],
) -> Result<BTreeMap<u64, Vec<Value>>, FormError> {
    let values = |list: &Node<'_>| -> Result<Vec<Value>, FormError> {
        Ok(list.list()?.iter().map(|item| item.value().clone()).collect())
    };
    let mut lists = BTreeMap::new();
    let file = file.find(names).unwrap_or_else(|| file.clone());
    if file.value().is_array() {
        for block in file.list()? {
            let number = match block.find(&["number", "block", "blockNumber"]) {
                Some(number) => number.number()?,
                None => block.member(&["header"])?.member(&["number"])?.number()?,
            };
            let inner = block.find(&["block", "header"]).filter(|inner| inner.value().is_object());
            let list = block.find(key).or_else(|| inner?.find(key));
            lists.insert(number, list.as_ref().map(values).transpose()?.unwrap_or_default());
        }
        return Ok(lists);
    }
    for (number, list) in file.members()? {
        let height = Value::String(number.to_owned());
        let height = Node::new(&format!("height {number}"), &height).number()?;
        let list = if list.value().is_array() { list } else { list.member(key)? };
        lists.insert(height, values(&list)?);
    }
    Ok(lists)
}

/// Seconds by which what is judged may be newer than the newest header.
const CLOCK_DRIFT: u64 = 15;
const BLOCKS: &str = "blocks.json";
const GENESIS: &str = "genesis.json";
const HEADERS: &str = "headers.json";
const META: &str = "meta.json";
const NEGATIVES: &str = "negative.json";
const PROOFS: &str = "proofs.json";
const RECEIPTS: &str = "receipts.json";
const VARIANTS: &str = "seal-variants.json";
