//! Records to take along: as one FHIR `Bundle`, or as one line each (NDJSON), for whoever reads FHIR and nothing of ours.
//!
//! The resources are the canonical texts that were sealed, as they came. Two providers may use the same id; the `fullUrl` of
//! an entry begins with the provider's base, so that references mean records of the same provider.
//!
//! Source: FHIR R4 Bundle (`collection`, `fullUrl`), §3.2.0.6.2 (NDJSON in Bulk Data).

use core::fmt::Write;

use lightclient::UnixTime;
use serde_json::Value;

use crate::record::{Record, instant};

/// Writes a `Bundle` of type `collection`; each record comes with the base address of its provider.
pub fn bundle<'a>(records: impl IntoIterator<Item = (&'a str, &'a Record)>, at: UnixTime) -> String {
    let mut text =
        format!(r#"{{"resourceType":"Bundle","type":"collection","timestamp":"{}","entry":["#, instant(at));
    for (index, (base, record)) in records.into_iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let url = Value::from(format!("{}/{}", base.trim_end_matches('/'), record.name()));
        // Writing to a text does not fail.
        let _written = write!(text, r#"{separator}{{"fullUrl":{url},"resource":{}}}"#, record.canonical());
    }
    text.push_str("]}");
    text
}

/// Writes one canonical resource per line.
pub fn lines<'a>(records: impl IntoIterator<Item = (&'a str, &'a Record)>) -> String {
    records.into_iter().flat_map(|(_, record)| [record.canonical(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str) -> Record {
        let resource =
            json!({"resourceType": "Condition", "id": id, "code": {"text": "line\nbreak \"quoted\""}});
        Record::parse(resource.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_bundle_tells_records_of_two_providers_apart() {
        let same = record("a");
        let records = [("https://one.example/", &same), ("https://two.example", &same)];
        let bundle: Value = serde_json::from_str(&bundle(records, 0)).unwrap();
        assert_eq!(bundle["type"], "collection");
        assert_eq!(bundle["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(bundle["entry"][0]["fullUrl"], "https://one.example/Condition/a");
        assert_eq!(bundle["entry"][1]["fullUrl"], "https://two.example/Condition/a");
        assert_eq!(bundle["entry"][1]["resource"], *same.resource());
    }

    #[test]
    fn nothing_is_a_bundle_too() {
        let bundle: Value = serde_json::from_str(&bundle([], 0)).unwrap();
        assert_eq!(bundle["entry"], json!([]));
        assert_eq!(lines([]), "");
    }

    #[test]
    fn each_record_is_one_line() {
        let (one, two) = (record("a"), record("b"));
        let text = lines([("", &one), ("", &two)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, [one.canonical(), two.canonical()]);
        assert!(text.ends_with('\n'));
    }
}
