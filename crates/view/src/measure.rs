//! What an observation measured, as numbers to draw over time.
//!
//! A number that says less than it seems is left out: with a comparator (`< 5`), from an observation that was entered in error or
//! cancelled, or not finite.
//!
//! Source: FHIR R4 Observation, Quantity.

use serde::Serialize;
use serde_json::Value;

use super::text::{clean, describe, follow, readable_unit};

/// One measured value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// What was measured, `system|code`: the same wherever it was; LOINC where the record has it.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit, as people write it.
    pub unit: String,
    /// The lower end of the reference range.
    pub low: Option<f64>,
    /// The upper end of the reference range.
    pub high: Option<f64>,
}

/// What a resource measured: itself, then its parts.
pub(super) fn measures(resource: &Value) -> Vec<Measure> {
    let is_void = matches!(resource["status"].as_str(), Some("entered-in-error" | "cancelled"));
    if resource["resourceType"] != "Observation" || is_void {
        return Vec::new();
    }
    let parts = follow(resource, "component");
    [resource].into_iter().chain(parts).filter_map(measure).take(MAX_MEASURES).collect()
}

fn measure(part: &Value) -> Option<Measure> {
    let quantity = part.get("valueQuantity").filter(|quantity| quantity.get("comparator").is_none())?;
    let unit = unit_of(quantity);
    let range = follow(part, "referenceRange").into_iter().find(|range| {
        // Of ranges for others, or in another unit, nothing is drawn.
        range.get("appliesTo").is_none()
            && ["low", "high"].iter().filter_map(|end| range.get(*end)).all(|end| unit_of(end) == unit)
    });
    let end = |name: &str| range?.get(name).and_then(number);
    Some(Measure {
        code: code_of(&part["code"])?,
        name: clean(&describe(&part["code"])?, MAX_NAME),
        value: number(quantity)?,
        low: end("low"),
        high: end("high"),
        unit,
    })
}

fn number(quantity: &Value) -> Option<f64> {
    quantity.get("value")?.as_f64().filter(|number| number.is_finite())
}

fn unit_of(quantity: &Value) -> String {
    let unit = ["unit", "code"].into_iter().find_map(|name| quantity.get(name).and_then(Value::as_str));
    clean(readable_unit(unit.unwrap_or_default()), MAX_NAME)
}

fn code_of(concept: &Value) -> Option<String> {
    let codings = follow(concept, "coding").into_iter();
    let codings =
        codings.filter_map(|coding| Some((coding.get("system")?.as_str()?, coding.get("code")?.as_str()?)));
    let codings: Vec<_> = codings.collect();
    let loinc = codings.iter().find(|(system, _)| *system == "http://loinc.org");
    match loinc.or(codings.first()) {
        Some((system, code)) => Some(clean(&format!("{system}|{code}"), MAX_NAME)),
        None => describe(concept).map(|text| clean(&format!("|{}", text.to_lowercase()), MAX_NAME)),
    }
}

/// The most values of one record.
const MAX_MEASURES: usize = 32;
/// The most characters of a name.
const MAX_NAME: usize = 200;
