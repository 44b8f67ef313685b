//! FHIR values as short plain text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use records::record::parse_date;
use serde_json::Value;

/// Everything at the end of a path of members, through lists; `name*` is the first member whose name begins so.
pub(super) fn follow<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('.').fold(items(value), |values, step| {
        values.into_iter().filter_map(|value| member(value, step)).flat_map(items).collect()
    })
}

/// A FHIR value as text; `None` if it says nothing to a person.
pub(super) fn describe(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.contains('T') && parse_date(text).is_ok() => {
            text.split('T').next().map(str::to_owned)
        }
        Value::String(text) => {
            Some(without_semantic_tag(text.trim()).to_owned()).filter(|text| !text.is_empty())
        }
        Value::Object(_) => describe_object(value),
    }
}

/// The data types of FHIR, told apart by the members that only they have.
fn describe_object(value: &Value) -> Option<String> {
    let has = |name: &str| value.get(name).is_some();
    let text = |name: &str| value.get(name).and_then(describe);
    if has("coding") {
        text("text").or_else(|| follow(value, "coding").into_iter().find_map(describe_coding))
    } else if has("low") || has("high") {
        describe_range(value)
    } else if has("numerator") {
        Some(format!("{} / {}", text("numerator")?, text("denominator")?))
    } else if has("doseAndRate") || has("timing") {
        describe_dosage(value)
    } else if has("repeat") {
        describe_timing(value)
    } else if has("start") || has("end") {
        let (start, end) = (text("start").unwrap_or_default(), text("end").unwrap_or_default());
        Some(format!("{start} – {end}").trim().to_owned())
    } else if has("family") || has("given") {
        text("text").or_else(|| join(value, &["prefix", "given", "family", "suffix"], " "))
    } else if has("city") || has("line") {
        text("text").or_else(|| join(value, &["line", "postalCode", "city", "state", "country"], ", "))
    } else if value.get("value").is_some_and(Value::is_number) {
        describe_quantity(value)
    } else if has("value") {
        text("value")
    } else if has("code") && has("system") {
        describe_coding(value)
    } else {
        text("text").or_else(|| text("display")).or_else(|| text("title"))
    }
}

fn describe_coding(coding: &Value) -> Option<String> {
    ["display", "code"].into_iter().find_map(|name| coding.get(name).and_then(describe))
}

/// SNOMED CT's fully specified names end in their kind: `Asthma (disorder)`.
fn without_semantic_tag(name: &str) -> &str {
    match name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
        Some((name, tag)) if SEMANTIC_TAGS.contains(&tag) => name,
        _ => name,
    }
}

/// The kinds of SNOMED CT concepts that records of a patient use.
const SEMANTIC_TAGS: [&str; 19] = [
    "body structure",
    "clinical drug",
    "disorder",
    "environment",
    "event",
    "finding",
    "medicinal product",
    "morphologic abnormality",
    "observable entity",
    "occupation",
    "organism",
    "person",
    "physical object",
    "procedure",
    "product",
    "qualifier value",
    "regime/therapy",
    "situation",
    "substance",
];

fn describe_quantity(quantity: &Value) -> Option<String> {
    let comparator = quantity.get("comparator").and_then(Value::as_str).unwrap_or_default();
    let number = quantity.get("value").and_then(describe)?;
    let unit =
        ["unit", "code", "currency"].into_iter().find_map(|name| quantity.get(name).and_then(Value::as_str));
    match unit.map(readable_unit) {
        None | Some("") => Some(format!("{comparator}{number}")),
        Some("%") => Some(format!("{comparator}{number}%")),
        Some(unit) => Some(format!("{comparator}{number} {unit}")),
    }
}

/// UCUM codes that people write otherwise.
pub(super) fn readable_unit(unit: &str) -> &str {
    match unit {
        "1" | "{#}" | "{count}" | "{score}" => "",
        "10*3/uL" => "×10³/µL",
        "10*6/uL" => "×10⁶/µL",
        "Cel" => "°C",
        "[degF]" => "°F",
        "[in_i]" => "in",
        "[lb_av]" => "lb",
        "kg/m2" => "kg/m²",
        "mL/min/{1.73_m2}" => "mL/min/1.73 m²",
        "mm[Hg]" => "mmHg",
        "ug" => "µg",
        "{steps}" => "steps",
        _ => unit,
    }
}

fn describe_range(range: &Value) -> Option<String> {
    let end = |name: &str| range.get(name).and_then(describe_quantity);
    let meaning = range.get("text").and_then(describe);
    meaning.or_else(|| match (end("low"), end("high")) {
        (Some(low), Some(high)) => {
            let (number, unit) = low.split_once(' ').unwrap_or((&low, ""));
            let shared = high.split_once(' ').is_some_and(|(_, other)| other == unit);
            Some(format!("{} – {high}", if shared { number } else { &low }))
        }
        (Some(low), None) => Some(format!("≥ {low}")),
        (None, Some(high)) => Some(format!("≤ {high}")),
        (None, None) => None,
    })
}

fn describe_dosage(dosage: &Value) -> Option<String> {
    let text = dosage.get("text").and_then(describe);
    text.or_else(|| {
        let parts = ["doseAndRate.dose*", "timing", "route", "additionalInstruction", "patientInstruction"];
        let parts = parts.into_iter().flat_map(|path| follow(dosage, path)).filter_map(describe);
        Some(parts.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
    })
}

/// `3 × / 1 d`: how often in which period.
fn describe_timing(timing: &Value) -> Option<String> {
    let repeat = timing.get("repeat")?;
    let part = |name: &str| repeat.get(name).and_then(describe);
    let often = format!("{} × / {} {}", part("frequency")?, part("period")?, part("periodUnit")?);
    Some(follow(timing, "code").into_iter().find_map(describe).unwrap_or(often))
}

/// The plain-text attachments of a document.
pub(super) fn notes(resource: &Value) -> impl Iterator<Item = String> {
    follow(resource, "content.attachment").into_iter().filter_map(|attachment| {
        let format = attachment.get("contentType").and_then(Value::as_str)?;
        let data =
            attachment.get("data").and_then(Value::as_str).filter(|_| format.starts_with("text/plain"))?;
        String::from_utf8(STANDARD.decode(data).ok()?).ok()
    })
}

/// Text without control characters (line breaks and tabs stay) and direction marks, cut after `limit` characters.
pub(super) fn clean(text: &str, limit: usize) -> String {
    let shown = |letter: &char| match letter {
        '\n' | '\t' => true,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        _ => !letter.is_control(),
    };
    let mut letters = text.chars().filter(shown);
    let mut kept: String = letters.by_ref().take(limit).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        _ => vec![value],
    }
}

fn member<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match step.strip_suffix('*') {
        Some(start) => {
            value.as_object()?.iter().find(|(name, _)| name.starts_with(start)).map(|(_, value)| value)
        }
        None => value.get(step),
    }
}

fn join(value: &Value, members: &[&str], separator: &str) -> Option<String> {
    let parts = members.iter().flat_map(|name| follow(value, name)).filter_map(describe);
    Some(parts.collect::<Vec<_>>().join(separator)).filter(|text| !text.is_empty())
}
