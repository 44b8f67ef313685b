//! Tests of records and their canonical form.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn parse(json: &str) -> Result<Record, RecordError> {
    Record::parse(json.as_bytes())
}

#[test]
fn canonicalises_the_vectors_of_rfc_8785() {
    macro_rules! vector {
        ($name:literal) => {
            (
                include_bytes!(concat!("../../../../tests/vectors/rfc8785/input/", $name)).as_slice(),
                include_str!(concat!("../../../../tests/vectors/rfc8785/output/", $name)),
            )
        };
    }
    for (input, output) in [
        vector!("arrays.json"),
        vector!("french.json"),
        vector!("structures.json"),
        vector!("unicode.json"),
        vector!("values.json"),
        vector!("weird.json"),
    ] {
        let value = parse_json(input, LIMITS).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), output);
    }
}

#[test]
fn the_digest_does_not_depend_on_how_a_server_writes_the_resource() {
    let one = parse(
        r#"{"resourceType":"Observation","id":"a","valueQuantity":{"value":70.5,"low":-0.0,"high":7e1}}"#,
    )
    .unwrap();
    let same = parse(
        r#"{ "id" : "a", "meta":{"versionId":"2"}, "valueQuantity":{"high":70.00,"value":70.50,"low":0},
             "text":{"status":"generated"}, "resourceType":"\u004fbservation" }"#,
    )
    .unwrap();
    assert_eq!(one, same);
    assert_eq!(
        one.canonical(),
        r#"{"id":"a","resourceType":"Observation","valueQuantity":{"high":70,"low":0,"value":70.5}}"#
    );
    assert_eq!(one.digest(), record_digest(one.canonical().as_bytes()));
    let other = parse(r#"{"resourceType":"Observation","id":"a","valueQuantity":{"value":70.6}}"#).unwrap();
    assert_ne!(one.digest(), other.digest());
}

#[test]
fn only_the_root_loses_meta_and_text() {
    let text =
        r#"{"contained":[{"id":"b","meta":{"x":1},"text":"kept"}],"id":"a","resourceType":"Condition"}"#;
    assert_eq!(Record::from_canonical(text).unwrap().canonical(), text);
}

#[test]
fn a_record_travels_only_in_its_canonical_form() {
    for text in [
        r#"{"resourceType":"Condition","id":"a"}"#,
        r#"{"id": "a","resourceType":"Condition"}"#,
        r#"{"id":"a","meta":{},"resourceType":"Condition"}"#,
        r#"{"id":"a","onsetAge":{"value":1.0},"resourceType":"Condition"}"#,
        r#"{"id":"\u0061","resourceType":"Condition"}"#,
    ] {
        assert_eq!(Record::from_canonical(text), Err(RecordError::NotCanonical), "{text}");
    }
}

#[test]
fn refuses_what_is_no_resource() {
    for (text, expected) in [
        ("[]", RecordError::NotAResource),
        (r#""text""#, RecordError::NotAResource),
        (r#"{"id":"a"}"#, RecordError::BadName { member: "resourceType" }),
        (r#"{"resourceType":"Condition"}"#, RecordError::BadName { member: "id" }),
        (r#"{"resourceType":"Condition","id":7}"#, RecordError::BadName { member: "id" }),
        (r#"{"resourceType":"Condition","id":"a/b"}"#, RecordError::BadName { member: "id" }),
        (
            r#"{"resourceType":"Condition","id":"a","id":"b"}"#,
            RecordError::Json(JsonError::DuplicateName { line: 1, column: 41 }),
        ),
        (
            r#"{"resourceType":"Condition","id":"a","onsetDateTime":"last year"}"#,
            RecordError::BadDate { member: "onsetDateTime", source: DateError::Form },
        ),
    ] {
        assert_eq!(parse(text), Err(expected), "{text}");
    }
    let long = format!(r#"{{"resourceType":"Condition","id":"{}"}}"#, "a".repeat(65));
    assert_eq!(parse(&long), Err(RecordError::BadName { member: "id" }));
}

#[test]
fn records_follow_each_other_in_time_and_undated_ones_come_first() {
    let key = |date: &str| {
        let member = if date.is_empty() { String::new() } else { format!(r#","onsetDateTime":"{date}""#) };
        parse(&format!(r#"{{"resourceType":"Condition","id":"a"{member}}}"#)).unwrap().key()
    };
    let keys = ["", "0001", "1950-03", "1969-12-31T23:59:59Z", "1970", "1970-01-01T00:00:01Z", "2026-11-22"]
        .map(key);
    assert!(keys.is_sorted_by(|one, next| one < next));
    assert!(keys.map(RecordKey::to_bytes).is_sorted_by(|one, next| one < next));
    assert_eq!(keys.first().map(|key| key.time), Some(0));
    assert_eq!(keys.get(4).map(|key| key.time), Some(1 << 63));
}

#[test]
fn the_date_is_the_most_telling_one() {
    for (members, expected) in [
        (r#""issued":"2020","effectivePeriod":{"start":"2019","end":"2021"}"#, Some("2019")),
        (r#""effectivePeriod":{"end":"2021"},"issued":"2020""#, Some("2020")),
        (r#""recordedDate":"2020","onsetAge":{"value":3}"#, Some("2020")),
        (r#""birthDate":"2000-01-01""#, None),
    ] {
        let record = parse(&format!(r#"{{"resourceType":"Observation","id":"a",{members}}}"#)).unwrap();
        assert_eq!(record.date(), expected, "{members}");
    }
}

#[test]
fn never_prints_what_the_record_says() {
    let record = parse(r#"{"resourceType":"Condition","id":"a","note":"secret"}"#).unwrap();
    assert!(!format!("{record:?}").contains("secret"));
}
