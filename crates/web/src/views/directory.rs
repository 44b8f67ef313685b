//! What JavaScript sees of people: members, invitations, relationships, viewers.

use alloy_primitives::{Address, B256};
use protocol::{
    answer::RefusalCode,
    grant::Refusal,
    layout::{GrantTerms, Member, MemberStatus, RelationshipQuery, RelationshipState, Right},
};
use records::{
    category::{Categories, Category},
    record_set::RecordSetAnchor,
};
use serde::Serialize;

use super::Number;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonView {
    pub(crate) viewer_address: String,
    pub(crate) viewer_card: String,
}

/// Somebody, with the name that the directory or the person gives.
#[derive(Serialize)]
pub(crate) struct NamedView {
    address: String,
    name: Option<String>,
}

impl NamedView {
    pub(crate) fn new(address: Address, name: Option<String>) -> Self {
        Self { address: address.to_string(), name }
    }
}

#[derive(Serialize)]
pub(crate) struct MemberView {
    address: String,
    kind: &'static str,
    name: String,
    endpoint: String,
    active: bool,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> Self {
        Self {
            address: member.address.to_string(),
            kind: member.kind.name(),
            name: member.name.clone(),
            endpoint: member.endpoint.clone(),
            active: member.status == MemberStatus::Active,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvitationView {
    pub(crate) text: String,
    pub(crate) steward: MemberView,
    pub(crate) already_accepted: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelationshipView {
    id: String,
    patient: String,
    steward: MemberView,
    status: &'static str,
    opened_at: Number,
    record_set: Option<RecordSetView>,
    viewer_count: Number,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordSetView {
    root: B256,
    count: Number,
    revision: Number,
    published_at: Number,
}

impl RelationshipView {
    pub(crate) fn new(state: &RelationshipState, steward: &Member) -> Self {
        Self {
            id: relationship_id(RelationshipQuery { patient: state.patient, steward: state.steward }),
            patient: state.patient.to_string(),
            steward: steward.into(),
            status: state.status.name(),
            opened_at: state.opened_at.into(),
            record_set: state.record_set.map(|RecordSetAnchor { root, count, revision, published_at }| {
                RecordSetView {
                    root,
                    count: count.into(),
                    revision: revision.into(),
                    published_at: published_at.into(),
                }
            }),
            viewer_count: state.viewer_count.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ViewerView {
    viewer: String,
    name: Option<String>,
    categories: Vec<&'static str>,
    rights: Vec<&'static str>,
    from: Number,
    until: Option<Number>,
    state: &'static str,
}

impl ViewerView {
    /// `decided` is what the grant permits at the head.
    pub(crate) fn new(
        viewer: Address,
        name: Option<String>,
        terms: Option<&GrantTerms>,
        decided: Result<(), Refusal>,
    ) -> Self {
        let state = match decided {
            Ok(()) => "effective",
            Err(refusal) if refusal.code == RefusalCode::GrantNotYetValid => "pending",
            Err(_) => "ended",
        };
        Self {
            viewer: viewer.to_string(),
            name,
            categories: terms.map_or_else(Vec::new, |terms| category_names(terms.categories)),
            rights: terms.map_or_else(Vec::new, |terms| terms.rights.iter().map(Right::name).collect()),
            from: terms.map_or(0, |terms| terms.from).into(),
            until: terms.and_then(|terms| terms.until).map(Number),
            state,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SharedView {
    patient: String,
    steward: MemberView,
    categories: Vec<&'static str>,
    until: Option<Number>,
    state: &'static str,
}

impl SharedView {
    /// `decided` is what the grant permits at the head.
    pub(crate) fn new(
        patient: Address,
        steward: &Member,
        terms: Option<&GrantTerms>,
        decided: Result<(), Refusal>,
    ) -> Self {
        let state = match decided.map_err(|refusal| refusal.code) {
            Ok(()) => "effective",
            Err(RefusalCode::GrantNotYetValid) => "not-yet",
            Err(RefusalCode::NoGrant) => "revoked",
            Err(_) => "ended",
        };
        Self {
            patient: patient.to_string(),
            steward: steward.into(),
            categories: terms.map_or_else(Vec::new, |terms| category_names(terms.categories)),
            until: terms.and_then(|terms| terms.until).map(Number),
            state,
        }
    }
}

/// The id of a relationship: `patient:steward`.
pub(crate) fn relationship_id(query: RelationshipQuery) -> String {
    format!("{}:{}", query.patient, query.steward)
}

fn category_names(categories: Categories) -> Vec<&'static str> {
    categories.iter().map(Category::name).collect()
}
