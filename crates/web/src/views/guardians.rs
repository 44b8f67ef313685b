//! What JavaScript sees of guardians: one's own, those whom one guards, and the way back.

use client::{Approvals, Guarded};
use protocol::guardians::{KeyRequest, Kit};
use serde::Serialize;

use super::{Number, directory::NamedView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardiansView {
    pub(crate) kit: Option<String>,
    pub(crate) threshold: u8,
    pub(crate) guardians: Vec<NamedView>,
    pub(crate) delay_seconds: Option<Number>,
    pub(crate) covered: usize,
    pub(crate) addresses: usize,
    pub(crate) unknown: bool,
    pub(crate) ready_at: Option<Number>,
    pub(crate) lost: bool,
}

#[derive(Serialize)]
pub(crate) struct WardView {
    pub(crate) person: String,
    pub(crate) name: String,
    pub(crate) kit: String,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum HandoverView {
    Kit { person: String, threshold: u8, guardians: usize, mine: bool, name: Option<String> },
    Request { name: String, approved: bool, approvals: ApprovalsView },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WayBackView {
    pub(crate) request: String,
    pub(crate) ready: bool,
    pub(crate) approvals: ApprovalsView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalsView {
    /// Twenty digits to compare by voice.
    digits: String,
    addresses: usize,
    by: usize,
    threshold: u8,
    delay_seconds: Number,
    ready_at: Option<Number>,
    taken: bool,
}

impl ApprovalsView {
    pub(crate) fn new(kit: &Kit, guarded: &[Guarded], request: &KeyRequest, approvals: &Approvals) -> Self {
        let delay = guarded.iter().map(|guarded| guarded.state.delay).max().unwrap_or_default();
        Self {
            digits: request.digits().map(|group| format!("{group:04}")).join(" "),
            addresses: request.keys.len(),
            by: approvals.by.len(),
            threshold: kit.circle.threshold(),
            delay_seconds: delay.into(),
            ready_at: approvals.ready_at.map(Into::into),
            taken: approvals.taken,
        }
    }
}
