//! Tests of views, over records as systems write them.

use serde_json::json;

use super::*;

fn view(resource: &Value) -> RecordView {
    let record = Record::parse(resource.to_string().as_bytes()).unwrap();
    let category = record.category();
    RecordView::build(&record, category)
}

fn row<'a>(view: &'a RecordView, label: &str) -> Option<&'a str> {
    view.rows.iter().find(|row| row.label == label).map(|row| row.value.as_str())
}

fn snomed(code: &str, display: &str) -> Value {
    json!({"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]})
}

#[test]
fn a_laboratory_result_has_value_range_and_flag() {
    let view = view(&json!({
        "resourceType": "Observation", "id": "o1", "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
        "effectiveDateTime": "2020-01-02T03:04:05Z",
        "valueQuantity": {"value": 10.2, "unit": "g/dL"},
        "referenceRange": [{"low": {"value": 12, "unit": "g/dL"}, "high": {"value": 16, "unit": "g/dL"}}],
        "interpretation": [{"coding": [{"code": "L", "display": "Low"}]}],
        "performer": [{"reference": "Organization/1", "display": "Main laboratory"}],
    }));
    assert_eq!(view.title, "Hemoglobin");
    assert_eq!(view.value.as_deref(), Some("10.2 g/dL"));
    assert_eq!(view.date.as_deref(), Some("2020-01-02T03:04:05Z"));
    assert_eq!(view.category, Category::Results);
    let rows: Vec<_> = view.rows.iter().map(|row| (row.label, row.value.as_str())).collect();
    assert_eq!(
        rows,
        [
            ("status", "final"),
            ("interpretation", "Low"),
            ("reference-range", "12 – 16 g/dL"),
            ("performer", "Main laboratory"),
        ]
    );
}

#[test]
fn blood_pressure_is_one_value_of_two_parts() {
    let part = |code: &str, name: &str, value: f64| {
        json!({"code": {"coding": [{"code": code, "display": name}]},
               "valueQuantity": {"value": value, "unit": "mm[Hg]"}})
    };
    let view = view(&json!({
        "resourceType": "Observation", "id": "o1", "code": {"text": "Blood pressure"},
        "component": [part("8462-4", "Diastolic", 77.0), part("8480-6", "Systolic", 98.9)],
    }));
    assert_eq!(view.value.as_deref(), Some("98.9 / 77 mmHg"));
    let parts: Vec<_> = view.rows.iter().map(|row| row.value.as_str()).collect();
    assert_eq!(parts, ["Diastolic: 77 mmHg", "Systolic: 98.9 mmHg"]);
}

#[test]
fn observations_of_other_kinds_have_a_value_too() {
    for (member, value, expected) in [
        (
            "valueCodeableConcept",
            snomed("266919005", "Never smoked tobacco (finding)"),
            "Never smoked tobacco",
        ),
        ("valueString", json!("clear"), "clear"),
        ("valueBoolean", json!(true), "yes"),
        ("valueInteger", json!(7), "7"),
        ("valueRatio", json!({"numerator": {"value": 1}, "denominator": {"value": 128}}), "1 / 128"),
        ("valueRange", json!({"low": {"value": 3, "unit": "d"}}), "≥ 3 d"),
        ("valueQuantity", json!({"value": 5, "comparator": "<", "unit": "%"}), "<5%"),
        ("valuePeriod", json!({"start": "2020-01-02T00:00:00Z", "end": "2021"}), "2020-01-02 – 2021"),
    ] {
        let view =
            view(&json!({"resourceType": "Observation", "id": "o1", "code": {"text": "x"}, member: value}));
        assert_eq!(view.value.as_deref(), Some(expected), "{member}");
    }
}

#[test]
fn a_medicine_tells_how_to_take_it() {
    let medicine = |dosage: Value| {
        view(&json!({
            "resourceType": "MedicationRequest", "id": "m1", "status": "stopped", "authoredOn": "2000-08-23",
            "medicationCodeableConcept": {"coding": [{"display": "Amoxicillin 500 MG Oral Tablet"}]},
            "dosageInstruction": [dosage],
        }))
    };
    let coded = medicine(json!({
        "timing": {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 1}}],
        "additionalInstruction": [snomed("418577003", "Take at regular intervals (qualifier value)")],
    }));
    assert_eq!(coded.title, "Amoxicillin 500 MG Oral Tablet");
    assert_eq!(coded.value.as_deref(), Some("1, 3 × / 1 d, Take at regular intervals"));
    assert_eq!(row(&coded, "status"), Some("stopped"));
    let written = medicine(json!({"text": "one tablet at night"}));
    assert_eq!(written.value.as_deref(), Some("one tablet at night"));
}

#[test]
fn other_clinical_records_have_a_title_and_a_status() {
    for (resource, title, value) in [
        (
            json!({"resourceType": "AllergyIntolerance", "code": {"coding": [{"display": "Aspirin"}]}, "criticality": "high"}),
            "Aspirin",
            Some("high"),
        ),
        (
            json!({"resourceType": "Condition", "code": snomed("195967001", "Asthma (disorder)")}),
            "Asthma",
            None,
        ),
        (json!({"resourceType": "Immunization", "vaccineCode": {"text": "Hep B"}}), "Hep B", None),
        (json!({"resourceType": "Procedure", "code": {"text": "Spirometry"}}), "Spirometry", None),
        (
            json!({"resourceType": "Encounter", "class": {"system": "s", "code": "AMB", "display": "ambulatory"},
                   "type": [snomed("1", "Check-up (procedure)")]}),
            "Check-up",
            Some("ambulatory"),
        ),
        (
            json!({"resourceType": "Patient", "name": [{"prefix": ["Ms."], "given": ["Laila"], "family": "Gorczany"}],
                   "birthDate": "2000-02-25"}),
            "Ms. Laila Gorczany",
            Some("2000-02-25"),
        ),
        (
            json!({"resourceType": "Claim", "total": {"value": 125.5, "currency": "USD"},
                   "item": [{"productOrService": {"text": "Check-up"}}]}),
            "Check-up",
            Some("125.5 USD"),
        ),
        (json!({"resourceType": "CareTeam"}), "Care team", None),
        (
            json!({"resourceType": "CarePlan", "category": [{"coding": [{"code": "assess-plan"}]}, snomed("1", "Diet (regime/therapy)")]}),
            "Diet",
            None,
        ),
        (
            json!({"resourceType": "SupplyDelivery", "type": {"coding": [{"code": "device"}]},
                   "suppliedItem": {"itemCodeableConcept": snomed("1", "Dental equipment (physical object)")}}),
            "Dental equipment",
            None,
        ),
        (json!({"resourceType": "Procedure", "code": {"text": "Removal (left)"}}), "Removal (left)", None),
        (json!({"resourceType": "Basic", "code": {"text": "Something"}}), "Something", None),
    ] {
        let mut resource = resource;
        resource["id"] = json!("r1");
        resource["status"] = json!("active");
        let view = view(&resource);
        assert_eq!((view.title.as_str(), view.value.as_deref()), (title, value));
    }
}

#[test]
fn a_note_is_shown_as_text() {
    let document = |format: &str| {
        view(&json!({
            "resourceType": "DocumentReference", "id": "d1",
            "type": {"coding": [{"system": "http://loinc.org", "code": "34117-2", "display": "History and physical note"}]},
            "content": [{"attachment": {"contentType": format, "data": "bGluZSAxCmxpbmUgMg=="}}],
        }))
    };
    assert_eq!(row(&document("text/plain; charset=utf-8"), "content"), Some("line 1\nline 2"));
    assert_eq!(row(&document("text/html"), "content"), None);
    assert_eq!(document("application/pdf").title, "History and physical note");
}

#[test]
fn nothing_that_turns_or_hides_text_gets_through() {
    let view = view(&json!({
        "resourceType": "Condition", "id": "c1",
        "code": {"text": "a\u{202e}b\u{0}c\u{2066}d <b>e</b>"},
        "note": [{"text": "n".repeat(5000)}],
    }));
    assert_eq!(view.title, "abcd <b>e</b>");
    let note = row(&view, "note").unwrap();
    assert_eq!((note.chars().count(), note.ends_with('…')), (1001, true));
}

#[test]
fn members_of_any_shape_are_shown_or_left_out_without_a_panic() {
    let odd = [
        json!(null),
        json!(7),
        json!(""),
        json!([[]]),
        json!({}),
        json!([{"coding": 7}]),
        json!({"coding": [null]}),
        json!({"value": {}}),
        json!({"low": 1}),
        json!({"repeat": []}),
        json!({"attachment": {"contentType": "text/plain", "data": "!"}}),
    ];
    let members = [
        "code",
        "valueQuantity",
        "component",
        "referenceRange",
        "dosageInstruction",
        "name",
        "content",
        "type",
        "status",
        "category",
        "medicationCodeableConcept",
        "total",
        "address",
        "period",
        "note",
    ];
    for resource_type in
        ["Observation", "MedicationRequest", "Patient", "Encounter", "DocumentReference", "Claim", "Novel"]
    {
        for value in &odd {
            let mut resource = json!({"resourceType": resource_type, "id": "x"});
            for member in members.iter().filter(|member| **member != "period") {
                resource[*member] = value.clone();
            }
            assert!(!view(&resource).title.is_empty());
        }
    }
}

#[test]
fn travels_in_camel_case() {
    let view = view(&json!({"resourceType": "Condition", "id": "c1", "code": {"text": "Asthma"}}));
    let expected = json!({"id": "c1", "resourceType": "Condition", "category": "problems", "date": null,
        "title": "Asthma", "value": null, "measures": [], "rows": []});
    assert_eq!(serde_json::to_value(&view).unwrap(), expected);
}

fn quantity(value: f64, unit: &str) -> Value {
    json!({ "value": value, "unit": unit })
}

#[test]
fn what_was_measured_is_a_number_with_its_range() {
    let observation = json!({
        "resourceType": "Observation", "id": "o1", "status": "final",
        "code": {"text": "Blood sugar", "coding": [
            {"system": "http://hospital.example", "code": "GLU"},
            {"system": "http://loinc.org", "code": "2345-7", "display": "Glucose"},
        ]},
        "valueQuantity": quantity(5.4, "mmol/L"),
        "referenceRange": [
            {"high": quantity(99.0, "mg/dL")},
            {"appliesTo": [{"text": "pregnant"}], "high": quantity(5.1, "mmol/L")},
            {"low": quantity(3.9, "mmol/L"), "high": quantity(5.5, "mmol/L")},
        ],
    });
    let expected = Measure {
        code: "http://loinc.org|2345-7".to_owned(),
        name: "Blood sugar".to_owned(),
        value: 5.4,
        unit: "mmol/L".to_owned(),
        low: Some(3.9),
        high: Some(5.5),
    };
    assert_eq!(view(&observation).measures, [expected]);
    // Neither what is only a bound, nor what was withdrawn.
    for (path, value) in [
        ("/valueQuantity", json!({"value": 5, "unit": "mmol/L", "comparator": "<"})),
        ("/status", json!("entered-in-error")),
        ("/valueQuantity", json!({"unit": "mmol/L"})),
        ("/valueQuantity", json!({"value": "5", "unit": "mmol/L"})),
        ("/code", json!({})),
    ] {
        let mut other = observation.clone();
        *other.pointer_mut(path).unwrap() = value;
        assert_eq!(view(&other).measures, [], "{path}");
    }
}

#[test]
fn the_parts_of_an_observation_are_measures_of_their_own() {
    let part = |code: &str, value: f64| {
        json!({"code": {"coding": [{"system": "http://loinc.org", "code": code, "display": code}]},
               "valueQuantity": quantity(value, "mm[Hg]")})
    };
    let measures = view(&json!({
        "resourceType": "Observation", "id": "o1", "code": {"text": "Blood pressure"},
        "component": [part("8480-6", 120.0), part("8462-4", 80.0), {"code": {"text": "arm"}, "valueString": "left"}],
    }))
    .measures;
    let parts: Vec<_> =
        measures.iter().map(|one| (one.code.as_str(), one.value, one.unit.as_str())).collect();
    assert_eq!(
        parts,
        [("http://loinc.org|8480-6", 120.0, "mmHg"), ("http://loinc.org|8462-4", 80.0, "mmHg")]
    );
    let other = view(&json!({"resourceType": "Condition", "id": "c", "valueQuantity": quantity(1.0, "kg")}));
    assert_eq!(other.measures, []);
}
