//! What JavaScript sees of an access log.

use alloy_primitives::Address;
use client::AccessReading;
use protocol::{access_log::AccessEntry, layout::RelationshipQuery};
use serde::Serialize;

use super::{
    Number,
    directory::{MemberView, NamedView, relationship_id},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessesView {
    relationship: String,
    steward: MemberView,
    count: Number,
    anchored: Number,
    anchored_at: Number,
    whole: bool,
    entries: Vec<AccessView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessView {
    number: Number,
    anchored: bool,
    raw: String,
    event: Option<EventView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventView {
    recorded: String,
    method: String,
    caller: String,
    /// Nobody's for the patient's own pseudonym.
    name: Option<String>,
    /// Through which group, or for which member of the network.
    via: Option<NamedView>,
    by_patient: bool,
    categories: Vec<String>,
    block: Option<Number>,
    refusal: Option<String>,
}

impl AccessesView {
    /// `name_of` tells what callers are called, as far as that is known.
    pub(crate) fn new<E>(
        query: RelationshipQuery,
        reading: &AccessReading,
        name_of: impl Fn(Address) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let view = |entry: &AccessEntry| {
            let event = entry.event.as_ref().map(|event| {
                Ok(EventView {
                    recorded: event.recorded.clone(),
                    method: event.method.clone(),
                    caller: event.caller.to_string(),
                    name: name_of(event.caller)?,
                    via: event.via.map(|via| Ok(NamedView::new(via, name_of(via)?))).transpose()?,
                    by_patient: event.caller == query.patient,
                    categories: event.categories.clone(),
                    block: event.block.map(Number),
                    refusal: event.refusal.clone(),
                })
            });
            Ok(AccessView {
                number: entry.number.into(),
                anchored: reading.is_anchored(entry),
                raw: entry.raw.clone(),
                event: event.transpose()?,
            })
        };
        Ok(Self {
            relationship: relationship_id(query),
            steward: MemberView::from(&reading.steward),
            count: reading.count().into(),
            anchored: reading.anchor.point.count.into(),
            anchored_at: reading.anchored_at.into(),
            whole: reading.is_whole(),
            entries: reading.entries().map(view).collect::<Result<_, E>>()?,
        })
    }
}
