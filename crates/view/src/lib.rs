//! A record as a person reads it: what, when, how much, and a few more facts. Text only.
//!
//! A view is made from a [`VerifiedRecord`] and from nothing else, so that nothing unproven can be shown. It comes
//! from the structured content alone: the narrative is not sealed, and references are shown only by their display.
//! Labels are stable keys (`dosage`) that the page translates; texts are cut to a length that a list can bear, and
//! freed of control characters and of marks that turn the reading direction.
//!
//! **Not** given: a faithful copy of the resource (the canonical text is), or clinical interpretation.
//!
//! Source: FHIR R4 resource definitions and data types.

use records::category::Category;
use records::record::Record;
use records::record_set::VerifiedRecord;
use serde::Serialize;
use serde_json::Value;

mod measure;
mod shape;
mod text;

pub use measure::Measure;

use shape::{Shape, shape_of};
use text::{clean, describe, follow};

/// What a person sees of a verified record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// The logical id of the resource.
    pub id: String,
    /// The FHIR type.
    pub resource_type: String,
    /// The category the record is filed under.
    pub category: Category,
    /// The clinical date as the record writes it; may be partial (`2015-02`).
    pub date: Option<String>,
    /// What it is.
    pub title: String,
    /// The measured or most telling value, with its unit.
    pub value: Option<String>,
    /// What it measured, as numbers.
    pub measures: Vec<Measure>,
    /// More facts, in the order in which they are to be shown.
    pub rows: Vec<ViewRow>,
}

/// One fact of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewRow {
    /// A stable key that the page translates.
    pub label: &'static str,
    /// The fact, as text.
    pub value: String,
}

impl RecordView {
    /// The view of a verified record.
    pub fn of(verified: &VerifiedRecord) -> Self {
        Self::build(verified.record(), verified.category())
    }

    fn build(record: &Record, category: Category) -> Self {
        let resource = record.resource();
        let shape = shape_of(record.resource_type());
        let title = shape.title.iter().find_map(|path| first(resource, path));
        Self {
            id: record.id().to_owned(),
            resource_type: record.resource_type().to_owned(),
            category,
            date: record.date().map(str::to_owned),
            title: clean(&title.unwrap_or_else(|| spaced(record.resource_type())), MAX_SHORT),
            value: value(resource, shape).map(|value| clean(&value, MAX_SHORT)),
            measures: measure::measures(resource),
            rows: rows(resource, shape),
        }
    }
}

fn value(resource: &Value, shape: &Shape) -> Option<String> {
    blood_pressure(resource).or_else(|| shape.value.iter().find_map(|path| first(resource, path)))
}

fn rows(resource: &Value, shape: &Shape) -> Vec<ViewRow> {
    let own = shape.rows.iter().filter_map(|(label, path)| {
        let mut texts: Vec<_> = follow(resource, path).into_iter().filter_map(describe).collect();
        texts.dedup();
        let value = texts.join("; ");
        (!value.is_empty()).then(|| ViewRow { label, value: clean(&value, MAX_LONG) })
    });
    let notes = text::notes(resource).map(|note| ViewRow { label: "content", value: clean(&note, MAX_NOTE) });
    own.chain(components(resource)).chain(notes).take(MAX_ROWS).collect()
}

/// The parts of an observation, each `name: value`.
fn components(resource: &Value) -> impl Iterator<Item = ViewRow> {
    follow(resource, "component").into_iter().filter_map(|component| {
        let (name, value) = (first(component, "code")?, first(component, "value*")?);
        Some(ViewRow { label: "component", value: clean(&format!("{name}: {value}"), MAX_LONG) })
    })
}

/// `120 / 80 mmHg`, if the observation has a systolic and a diastolic part.
fn blood_pressure(resource: &Value) -> Option<String> {
    let part = |code: &str| {
        let parts = follow(resource, "component");
        let part = parts.into_iter().find(|part| {
            follow(part, "code.coding.code").into_iter().any(|found| found.as_str() == Some(code))
        });
        part.and_then(|part| first(part, "valueQuantity"))
    };
    let (systolic, diastolic) = (part("8480-6")?, part("8462-4")?);
    let (number, unit) = systolic.split_once(' ')?;
    match diastolic.split_once(' ') {
        Some((other, same)) if same == unit => Some(format!("{number} / {other} {unit}")),
        _ => Some(format!("{systolic} / {diastolic}")),
    }
}

fn first(resource: &Value, path: &str) -> Option<String> {
    follow(resource, path).into_iter().find_map(describe)
}

/// `CareTeam` as `Care team`: the title of a record that names nothing.
fn spaced(resource_type: &str) -> String {
    let mut text = String::with_capacity(resource_type.len() + 4);
    for letter in resource_type.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
            text.push(letter.to_ascii_lowercase());
        } else {
            text.push(letter);
        }
    }
    text
}

/// The most characters of a title or value.
const MAX_SHORT: usize = 200;
/// The most characters of a row.
const MAX_LONG: usize = 1000;
/// The most characters of a note.
const MAX_NOTE: usize = 20_000;
/// The most rows.
const MAX_ROWS: usize = 60;

#[cfg(test)]
mod tests;
