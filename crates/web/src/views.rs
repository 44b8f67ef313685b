//! What JavaScript sees: plain objects, made from proven types and from nothing else.
//!
//! The shapes are declared in `www/src/views.ts`, which is also part of the package's `.d.ts`. Addresses and hashes
//! are `0x…` text, times are seconds.

use alloy_primitives::{Address, B256};
use client::{Ancestry, EndpointReport, EndpointState, Progress, SyncReport};
use js_sys::Function;
use lightclient::VerifiedHeader;
use protocol::network::Network;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::ErrorView;

#[cfg(feature = "records")]
pub(crate) mod accesses;
#[cfg(feature = "light")]
pub(crate) mod chain;
#[cfg(feature = "records")]
pub(crate) mod directory;
#[cfg(feature = "records")]
pub(crate) mod guardians;
#[cfg(feature = "records")]
pub(crate) mod records;
#[cfg(feature = "records")]
pub(crate) mod versions;

/// Makes a plain object.
pub(crate) fn to_js(view: &impl Serialize) -> JsValue {
    // JSON-compatible: maps become objects, absent becomes null, 64-bit numbers become numbers.
    view.serialize(&Serializer::json_compatible())
        .expect("views have only text, lists and numbers below 2^53")
}

/// A number of the chain's as JavaScript can hold it. A steward or patient may have written anything up to 2^64 - 1;
/// from 2^53 - 1 on they all look the same, which no honest count or time reaches.
#[derive(Clone, Copy)]
pub(crate) struct Number(u64);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.min(MAX_SAFE_INTEGER))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncView {
    block: Number,
    hash: B256,
    time: Number,
    age_seconds: Number,
    stale: bool,
    seals: usize,
    validators: usize,
    quorum: usize,
    round: u32,
    proposer: String,
    signers: Vec<String>,
    endpoints: Vec<EndpointView>,
    ancestry: &'static str,
    requests: Number,
    headers_verified: Number,
    network: NetworkView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointView {
    url: String,
    state: &'static str,
    block: Option<Number>,
    latency_ms: Option<Number>,
    error: Option<ErrorView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkView {
    name: String,
    chain_id: Number,
    demo: bool,
}

impl SyncView {
    pub(crate) fn new(report: SyncReport, network: &Network) -> Self {
        let header = HeaderView::of(&report.head);
        Self {
            block: header.number,
            hash: header.hash,
            time: header.time,
            age_seconds: report.age_seconds.into(),
            stale: report.stale,
            seals: header.seals,
            validators: header.validators,
            quorum: header.quorum,
            round: header.round,
            proposer: header.proposer,
            signers: header.signers,
            endpoints: report.endpoints.into_iter().map(EndpointView::new).collect(),
            ancestry: match report.ancestry {
                Ancestry::History => "history",
                Ancestry::NetworkId => "network-id",
                Ancestry::Parents => "parents",
            },
            requests: report.requests.into(),
            headers_verified: report.headers_verified.into(),
            network: NetworkView {
                name: network.name.clone(),
                chain_id: network.rules.chain_id.into(),
                demo: network.demo,
            },
        }
    }
}

impl EndpointView {
    fn new(report: EndpointReport) -> Self {
        let state = match &report.state {
            EndpointState::Agrees => "agrees",
            EndpointState::Behind => "behind",
            EndpointState::Lies(_) => "lies",
            EndpointState::Unreachable(_) => "unreachable",
        };
        let error = report.state.error().map(ErrorView::from);
        Self {
            url: report.url,
            state,
            block: report.block.map(Number),
            latency_ms: report.latency_millis.map(Number),
            error,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct HeaderView {
    number: Number,
    hash: B256,
    time: Number,
    seals: usize,
    validators: usize,
    quorum: usize,
    signers: Vec<String>,
    proposer: String,
    round: u32,
}

impl HeaderView {
    pub(crate) fn of(header: &VerifiedHeader) -> Self {
        Self {
            number: header.number().into(),
            hash: header.hash(),
            time: header.timestamp().into(),
            seals: header.signers().len(),
            validators: header.validators().len(),
            quorum: header.validators().quorum(),
            signers: header.signers().iter().map(Address::to_string).collect(),
            proposer: header.proposer().to_string(),
            round: header.round(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ProgressView {
    pub(crate) step: &'static str,
    pub(crate) done: u32,
    pub(crate) total: u32,
}

impl ProgressView {
    /// Tells JavaScript. What the listener throws is its own affair.
    pub(crate) fn tell(&self, listener: &Function) {
        let _thrown = listener.call1(&JsValue::UNDEFINED, &to_js(self));
    }

    /// One journey out of several: `before` steps were done by those before, `after` will be by those after.
    pub(crate) fn within(progress: Progress, before: u32, after: u32) -> Self {
        let Progress { step, done, total } = progress;
        Self { step: step.name(), done: before + done, total: before + total + after }
    }
}

/// The greatest whole number that JavaScript numbers hold exactly along with all below it.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
