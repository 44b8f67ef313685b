//! Tests of contributions: what an author signs stays its own, and nothing else passes for it.

use alloy_primitives::b256;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const AT: UnixTime = 1_798_761_599;

fn key(secret: u8) -> SigningKey {
    SigningKey::from_bytes(&[secret; 32]).unwrap()
}

fn relationship() -> RelationshipId {
    RelationshipId {
        chain_id: 81_777,
        contract: Address::repeat_byte(1),
        patient: key(1).address(),
        steward: Address::repeat_byte(3),
    }
}

fn weight(author: &SigningKey, name: &str, kilograms: u32) -> Value {
    json!({
        "resourceType": "Observation",
        "id": contributed_id(author.address(), name),
        "status": "final",
        "category": [{ "coding": [{ "code": "vital-signs" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "29463-7" }] },
        "subject": subject(&relationship()),
        "effectiveDateTime": "2026-11-27",
        "valueQuantity": { "value": kilograms, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg" },
    })
}

fn record(value: &Value) -> Record {
    Record::parse(value.to_string().as_bytes()).unwrap()
}

fn two(author: &SigningKey) -> Vec<Record> {
    vec![record(&weight(author, "1", 70)), record(&weight(author, "2", 71))]
}

fn signed(author: &SigningKey) -> Contribution {
    Contribution::sign(author, &relationship(), "p", AT, &two(author)).unwrap()
}

#[test]
fn gives_back_what_its_author_signed() {
    let author = key(2);
    let records = signed(&author).verify(&relationship(), author.address()).unwrap();
    let [first, second, provenance] = &records[..] else { panic!("{records:?}") };
    assert_eq!([first.clone(), second.clone()].as_slice(), two(&author));
    let authorship = Authorship::read(&relationship(), provenance).unwrap();
    assert_eq!((authorship.author(), authorship.recorded()), (author.address(), "2026-12-31T23:59:59Z"));
    assert!(authorship.covers(first) && authorship.covers(second));
    assert!(!authorship.covers(&record(&weight(&author, "1", 72))));
    assert!(!authorship.covers(&record(&weight(&author, "3", 70))));
    // Vendors are filed by content, patients under their own data.
    assert_eq!(filed_under(&relationship(), author.address(), first), Category::VitalSigns);
    assert_eq!(filed_under(&relationship(), relationship().patient, first), Category::OwnData);
}

/// Pinned, so that what was signed once stays signed.
#[test]
fn signs_the_text_that_the_documentation_says() {
    let author = key(2);
    let provenance = Record::from_canonical(&signed(&author).provenance).unwrap();
    let mut statement = provenance.resource().clone();
    let signature = statement.as_object_mut().unwrap().remove("signature").unwrap();
    let RelationshipId { chain_id, contract, patient, steward } = relationship();
    let text = format!(
        "medrec-contribution-v1\n{chain_id}\n{contract:#x}\n{patient:#x}\n{steward:#x}\n{}",
        record(&statement).canonical()
    );
    let expected = key(2).sign_digest(personal_digest(text.as_bytes())).to_bytes(ParityByte::From27);
    assert_eq!(signature[0]["data"], STANDARD.encode(expected));
    assert_eq!(
        provenance.digest(),
        b256!("0xb2b1349a0f01f528dbcafb103c92c5621ac47fd805104d4e7622235c06096e63")
    );
}

#[test]
fn refuses_records_that_are_not_the_authors_or_not_about_the_patient() {
    let (author, other) = (key(2), key(3));
    let sign = |values: &[Value]| {
        let records: Vec<_> = values.iter().map(record).collect();
        Contribution::sign(&author, &relationship(), "p", AT, &records).map(drop)
    };
    let with = |member: &str, value: Value| {
        let mut resource = weight(&author, "1", 70);
        resource[member] = value;
        resource
    };
    assert_eq!(sign(&[]), Err(ContributionError::Empty));
    assert!(matches!(sign(&[weight(&other, "1", 70)]), Err(ContributionError::Id { .. })));
    assert!(matches!(sign(&[weight(&author, "", 70)]), Err(ContributionError::Id { .. })));
    assert_eq!(
        sign(&[weight(&author, "1", 70), weight(&author, "1", 71)]),
        Err(ContributionError::Duplicate { index: 1 })
    );
    for subject in [json!({ "reference": "Patient/1" }), json!({}), json!({ "identifier": {} })] {
        assert_eq!(sign(&[with("subject", subject.clone())]), Err(ContributionError::Subject { index: 0 }));
        assert_eq!(sign(&[with("patient", subject)]), Err(ContributionError::Subject { index: 0 }));
    }
    for kind in ["AuditEvent", "Patient", "Provenance"] {
        assert_eq!(
            sign(&[with("resourceType", json!(kind))]),
            Err(ContributionError::Type { index: 0, found: kind.to_owned() })
        );
    }
    let mut without = weight(&author, "1", 70);
    without.as_object_mut().unwrap().remove("subject");
    assert_eq!(sign(&[without]), Ok(()));
    let records = two(&author);
    let empty = Contribution::sign(&author, &relationship(), "", AT, &records);
    assert!(matches!(empty, Err(ContributionError::Id { .. })));
    let long = Contribution::sign(&author, &relationship(), &"x".repeat(24), AT, &records);
    assert!(matches!(long, Err(ContributionError::Record(_))));
}

#[test]
fn refuses_what_was_signed_by_or_for_or_about_something_else() {
    let author = key(2);
    let whole = signed(&author);
    let verify = |contribution: &Contribution| contribution.verify(&relationship(), author.address());
    assert!(verify(&whole).is_ok());
    // For another relationship, network, contract or steward.
    for other in [
        RelationshipId { chain_id: 1, ..relationship() },
        RelationshipId { contract: Address::ZERO, ..relationship() },
        RelationshipId { steward: Address::ZERO, ..relationship() },
    ] {
        assert!(whole.verify(&other, author.address()).is_err(), "{other:?}");
    }
    let other = RelationshipId { patient: Address::ZERO, ..relationship() };
    assert_eq!(whole.verify(&other, author.address()), Err(ContributionError::Subject { index: 0 }));
    // By another author.
    assert!(matches!(whole.verify(&relationship(), key(3).address()), Err(ContributionError::Id { .. })));
    // About other records.
    let changed = record(&weight(&author, "2", 99)).canonical().to_owned();
    for records in [
        vec![whole.records[0].clone()],
        vec![whole.records[1].clone(), whole.records[0].clone()],
        vec![whole.records[0].clone(), changed],
    ] {
        let lie = Contribution { records, ..whole.clone() };
        assert_eq!(verify(&lie), Err(ContributionError::Targets));
    }
    let spaced = format!(" {}", whole.records[0]);
    let lie = Contribution { records: vec![spaced, whole.records[1].clone()], ..whole.clone() };
    assert_eq!(verify(&lie), Err(ContributionError::Record(RecordError::NotCanonical)));
}

#[test]
fn refuses_every_provenance_that_is_not_word_for_word_the_statement() {
    let author = key(2);
    let whole = signed(&author);
    let provenance = Record::from_canonical(&whole.provenance).unwrap();
    let read = |change: &dyn Fn(&mut Value)| {
        let mut resource = provenance.resource().clone();
        change(&mut resource);
        Authorship::read(&relationship(), &record(&resource))
    };
    assert!(read(&|_| {}).is_ok());
    for change in [
        &(|resource: &mut Value| resource["spare"] = json!(1)) as &dyn Fn(&mut Value),
        &|resource| resource["agent"][0]["spare"] = json!(1),
        &|resource| resource["agent"][0]["who"]["identifier"]["value"] = json!("nobody"),
        &|resource| resource["target"][0] = json!({ "reference": "Observation/1" }),
        &|resource| resource["target"][0]["identifier"]["system"] = json!("urn:other"),
        &|resource| resource["signature"][0]["when"] = json!("2026-01-01T00:00:00Z"),
        &|resource| resource["signature"][0]["data"] = json!("?"),
        &|resource| _ = resource.as_object_mut().unwrap().remove("signature"),
        &|resource| {
            resource["recorded"] = json!("yesterday");
            resource["signature"][0]["when"] = json!("yesterday");
        },
    ] {
        assert_eq!(read(change), Err(ContributionError::Form));
    }
    // Word for word a statement, but not the one that was signed.
    let another = read(&|resource| {
        resource["recorded"] = json!("2026-01-01T00:00:00Z");
        resource["signature"][0]["when"] = json!("2026-01-01T00:00:00Z");
    });
    assert!(matches!(another, Err(ContributionError::Author { .. } | ContributionError::Signature(_))));
    assert!(!format!("{whole:?}").contains("resourceType"));
}
