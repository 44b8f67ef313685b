//! The view of a reading: records by category, each with the proof that it rests on.
//!
//! Thousands of records rest on one header, one registry and one relationship. These parts are made once and shared
//! as JavaScript objects, which the copy to the page keeps shared.

use alloy_primitives::B256;
use client::{CategoryOutcome, CategoryReading, Head, JourneyError, Reading};
use protocol::{layout::RelationshipQuery, network::Network};
use records::{
    category::Category,
    record_set::{RecordSetAnchor, RecordVerdict, VerifiedCategory, VerifiedRecord},
};
use serde::Serialize;
use view::RecordView;
use wasm_bindgen::JsValue;

use crate::{
    error::ErrorView,
    views::{HeaderView, Number, directory::RelationshipView, to_js},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordsView {
    relationship: RelationshipView,
    proven_at: ProvenAtView,
    categories: Vec<CategoryView>,
}

#[derive(Serialize)]
struct CategoryView {
    category: &'static str,
    count: Number,
    state: &'static str,
    error: Option<ErrorView>,
    records: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    state: &'static str,
    index: Number,
    count: Number,
    view: Option<RecordView>,
    proof: ProofView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProofView {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    header: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    registry: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    relationship: JsValue,
    record: RecordProofView,
    digest: DigestView,
    broken_rung: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistryProofView {
    address: String,
    network_id: B256,
    slot: B256,
}

#[derive(Serialize)]
struct RelationshipProofView {
    contract: String,
    patient: String,
    steward: String,
    slot: Option<B256>,
    root: B256,
    count: Number,
    revision: Number,
}

#[derive(Serialize)]
struct RecordProofView {
    index: Number,
    count: Number,
    category: &'static str,
    leaf: B256,
    path: Vec<B256>,
    root: B256,
}

#[derive(Serialize)]
struct DigestView {
    algorithm: &'static str,
    value: Option<B256>,
    canonical: &'static str,
}

impl RecordsView {
    pub(crate) fn new(reading: &Reading, network: &Network) -> Self {
        let shared = SharedProof::new(reading, network);
        Self {
            relationship: RelationshipView::new(&reading.relationship, &reading.steward),
            proven_at: (&reading.head).into(),
            categories: reading
                .categories
                .iter()
                .map(|category| CategoryView::new(category, &shared))
                .collect(),
        }
    }
}

impl CategoryView {
    fn new(reading: &CategoryReading, shared: &SharedProof) -> Self {
        let category = reading.category.name();
        let without =
            |state, error| Self { category, count: 0.into(), state, error: Some(error), records: Vec::new() };
        match &reading.outcome {
            CategoryOutcome::Broken(error) => without("broken", error.clone().into()),
            CategoryOutcome::NotGranted(refusal) => {
                without("not-granted", JourneyError::from(refusal.clone()).into())
            }
            CategoryOutcome::Complete(complete) => {
                let count = u64::try_from(complete.records().len()).unwrap_or(u64::MAX);
                let entry = |verdict| EntryView::new(verdict, reading.category, complete, count, shared);
                let records = complete.records().iter().map(entry).collect();
                Self { category, count: count.into(), state: "complete", error: None, records }
            }
        }
    }
}

impl EntryView {
    fn new(
        verdict: &RecordVerdict,
        category: Category,
        complete: &VerifiedCategory,
        count: u64,
        shared: &SharedProof,
    ) -> Self {
        let index = verdict.index();
        let (state, broken_rung) = match verdict {
            RecordVerdict::Altered { .. } => ("altered", Some("digest")),
            RecordVerdict::Erased { .. } | RecordVerdict::Missing { .. } => ("missing", Some("record")),
            RecordVerdict::Verified(_) => ("verified", None),
        };
        let record = RecordProofView {
            index: index.into(),
            count: count.into(),
            category: category.name(),
            leaf: verdict.leaf(),
            path: complete.path(index).unwrap_or_default(),
            root: complete.anchor().root,
        };
        let digest = DigestView {
            algorithm: "SHA-256",
            value: verdict.verified().map(VerifiedRecord::digest),
            canonical: "FHIR #static, RFC 8785",
        };
        let proof = ProofView {
            header: shared.header.clone(),
            registry: shared.registry.clone(),
            relationship: shared.relationship.clone(),
            record,
            digest,
            broken_rung,
        };
        Self {
            state,
            index: index.into(),
            count: count.into(),
            view: verdict.verified().map(RecordView::of),
            proof,
        }
    }
}

/// The parts of a proof that all records of a reading share.
struct SharedProof {
    header: JsValue,
    registry: JsValue,
    relationship: JsValue,
}

impl SharedProof {
    fn new(reading: &Reading, network: &Network) -> Self {
        let relationship = &reading.relationship;
        let query = RelationshipQuery { patient: relationship.patient, steward: relationship.steward };
        let RecordSetAnchor { root, count, revision, .. } = reading.anchor;
        Self {
            header: to_js(&HeaderView::of(reading.head.header())),
            registry: to_js(&RegistryProofView {
                address: network.registry.address.to_string(),
                network_id: network.network_id,
                slot: reading.head.network_id().slot(),
            }),
            relationship: to_js(&RelationshipProofView {
                contract: network.relationships.address.to_string(),
                patient: relationship.patient.to_string(),
                steward: relationship.steward.to_string(),
                slot: query.slots().get(RECORD_SET_WORD).copied(),
                root,
                count: count.into(),
                revision: revision.into(),
            }),
        }
    }
}

/// Which of a relationship's words holds the root of its record set.
const RECORD_SET_WORD: usize = 1;

/// Which head something was proven at.
#[derive(Serialize)]
pub(crate) struct ProvenAtView {
    block: Number,
    time: Number,
}

impl From<&Head> for ProvenAtView {
    fn from(head: &Head) -> Self {
        Self { block: head.header().number().into(), time: head.header().timestamp().into() }
    }
}
