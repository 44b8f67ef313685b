//! What a patient writes down: notes and measurements, as FHIR resources for a [`Contribution`](crate::contribution::Contribution).
//!
//! A note is a `DocumentReference` with its text inside, a measurement an `Observation` with LOINC code and UCUM unit, as
//! devices and clinics write them. What no body can have is refused before it is signed: it is a slip of the hand.
//!
//! Source: FHIR R4 DocumentReference, Observation, vital signs profiles; LOINC; UCUM.

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lightclient::{Fault, UnixTime};
use records::record::{Record, RecordError, parse_date};
use serde_json::{Value, json};

use crate::contribution::{contributed_id, subject};
use crate::relationship::RelationshipId;

/// Something that a patient writes down.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnRecord {
    /// A text.
    Note {
        /// What it is about, in a few words.
        title: String,
        /// The text.
        text: String,
    },
    /// One measurement: a value for each of the kind's parts.
    Measurement {
        /// What was measured.
        kind: &'static MeasurementKind,
        /// How much.
        values: Vec<f64>,
    },
}

/// Something that people measure at home.
#[derive(Debug, PartialEq)]
pub struct MeasurementKind {
    /// The stable name, such as `weight`.
    pub name: &'static str,
    /// What people call it.
    pub text: &'static str,
    /// LOINC code and name of the whole.
    pub code: [&'static str; 2],
    /// The unit, as people write it and in UCUM.
    pub unit: [&'static str; 2],
    /// What it consists of; one part that is the whole itself for most.
    pub parts: &'static [Part],
}

/// One value of a measurement.
#[derive(Debug, PartialEq)]
pub struct Part {
    /// The stable name, such as `systolic`.
    pub name: &'static str,
    /// LOINC code and name.
    pub code: [&'static str; 2],
    /// The least and greatest value that is not a slip of the hand.
    pub bounds: [f64; 2],
}

impl MeasurementKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self {
            name: "blood-pressure",
            text: "Blood pressure",
            code: ["85354-9", "Blood pressure panel with all children optional"],
            unit: ["mmHg", "mm[Hg]"],
            parts: &[
                Part { name: "systolic", code: ["8480-6", "Systolic blood pressure"], bounds: [40.0, 300.0] },
                Part {
                    name: "diastolic",
                    code: ["8462-4", "Diastolic blood pressure"],
                    bounds: [20.0, 200.0],
                },
            ],
        },
        Self::single(
            ["weight", "Weight"],
            ["29463-7", "Body weight"],
            ["kg", "kg"],
            &[Self::part("29463-7", [0.3, 650.0])],
        ),
        Self::single(
            ["pulse", "Pulse"],
            ["8867-4", "Heart rate"],
            ["/min", "/min"],
            &[Self::part("8867-4", [20.0, 300.0])],
        ),
        Self::single(
            ["temperature", "Body temperature"],
            ["8310-5", "Body temperature"],
            ["°C", "Cel"],
            &[Self::part("8310-5", [25.0, 45.0])],
        ),
        Self::single(
            ["glucose", "Blood sugar"],
            ["15074-8", "Glucose [Moles/volume] in Blood"],
            ["mmol/L", "mmol/L"],
            &[Self::part("15074-8", [0.5, 60.0])],
        ),
        Self::single(
            ["oxygen", "Oxygen in the blood"],
            ["59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"],
            ["%", "%"],
            &[Self::part("59408-5", [30.0, 100.0])],
        ),
        Self::single(
            ["height", "Height"],
            ["8302-2", "Body height"],
            ["cm", "cm"],
            &[Self::part("8302-2", [20.0, 280.0])],
        ),
    ];

    /// The kind with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        const ALL: &[MeasurementKind] = &MeasurementKind::ALL;
        ALL.iter().find(|kind| kind.name == name)
    }

    const fn single(
        [name, text]: [&'static str; 2],
        code: [&'static str; 2],
        unit: [&'static str; 2],
        parts: &'static [Part],
    ) -> Self {
        Self { name, text, code, unit, parts }
    }

    const fn part(code: &'static str, bounds: [f64; 2]) -> Part {
        Part { name: "value", code: [code, ""], bounds }
    }
}

impl OwnRecord {
    /// Makes the resource that `author` signs, under a name of its own choice (see [`contributed_id`]); `date` is when it was,
    /// `now` the present.
    ///
    /// # Errors
    /// [`OwnDataError`] for a slip of the hand.
    pub fn to_record(
        &self,
        relationship: &RelationshipId,
        author: Address,
        name: &str,
        date: &str,
        now: UnixTime,
    ) -> Result<Record, OwnDataError> {
        let refused = || OwnDataError::Date { found: date.to_owned() };
        let at = parse_date(date).ok().ok_or_else(refused)?;
        // A day ahead it may be already in the patient's part of the world.
        if at > i64::try_from(now).unwrap_or(i64::MAX).saturating_add(86_400) {
            return Err(refused());
        }
        let mut resource = match self {
            Self::Note { title, text } => note(title, text, date)?,
            Self::Measurement { kind, values } => measurement(kind, values, date)?,
        };
        if let Some(members) = resource.as_object_mut() {
            members.insert("id".to_owned(), Value::from(contributed_id(author, name)));
            members.insert("subject".to_owned(), subject(relationship));
        }
        Ok(Record::parse(resource.to_string().as_bytes())?)
    }
}

fn note(title: &str, text: &str, date: &str) -> Result<Value, OwnDataError> {
    let (title, text) = (title.trim(), text.trim());
    for (part, limit) in [(title, MAX_TITLE), (text, MAX_TEXT)] {
        let found = part.chars().count();
        if found == 0 || found > limit {
            return Err(OwnDataError::Length { most: limit, found });
        }
    }
    Ok(json!({
        "resourceType": "DocumentReference",
        "status": "current",
        "type": { "coding": [{ "system": LOINC, "code": "51855-5", "display": "Patient Note" }] },
        "description": title,
        "date": moment(date),
        "context": { "period": { "start": date } },
        "content": [{ "attachment": { "contentType": "text/plain; charset=utf-8", "data": STANDARD.encode(text) } }],
    }))
}

/// The first moment of a date, as the FHIR `instant` that `DocumentReference.date` has to be. It is the day that the note is
/// about, by which it is listed; when it was written says the `Provenance`.
fn moment(date: &str) -> String {
    match date.len() {
        4 => format!("{date}-01-01T00:00:00Z"),
        7 => format!("{date}-01T00:00:00Z"),
        10 => format!("{date}T00:00:00Z"),
        _ => date.to_owned(),
    }
}

fn measurement(kind: &MeasurementKind, values: &[f64], date: &str) -> Result<Value, OwnDataError> {
    let (expected, found) = (kind.parts.len(), values.len());
    if found != expected {
        return Err(OwnDataError::Values { expected, found });
    }
    let [unit, ucum] = kind.unit;
    let mut quantities = Vec::new();
    for (part, value) in kind.parts.iter().zip(values) {
        let [least, most] = part.bounds;
        if !(least..=most).contains(value) {
            return Err(OwnDataError::Bounds { part: part.name, least, most, found: *value });
        }
        quantities.push(json!({ "value": value, "unit": unit, "system": UCUM, "code": ucum }));
    }
    let coding = |[code, display]: [&str; 2]| json!([{ "system": LOINC, "code": code, "display": display }]);
    let parts = kind.parts.iter().zip(&quantities);
    let parts = parts.map(
        |(part, quantity)| json!({ "code": { "coding": coding(part.code) }, "valueQuantity": quantity }),
    );
    let (member, value) = match quantities.as_slice() {
        [quantity] => ("valueQuantity", quantity.clone()),
        _ => ("component", parts.collect()),
    };
    Ok(json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [{ "coding": [{ "system": CATEGORIES, "code": "vital-signs" }] }],
        "code": { "coding": coding(kind.code), "text": kind.text },
        "effectiveDateTime": date,
        member: value,
    }))
}

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// The most characters of a title.
const MAX_TITLE: usize = 120;
/// The most characters of a note.
const MAX_TEXT: usize = 10_000;

/// Why something cannot be written down as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OwnDataError {
    /// No body can have this value.
    #[error("{part} is {found}, expected {least} to {most}")]
    Bounds {
        /// Of what.
        part: &'static str,
        /// The least.
        least: f64,
        /// The greatest.
        most: f64,
        /// The value.
        found: f64,
    },
    /// Not a day, or one that has not come yet.
    #[error("{found:?} is no date up to now")]
    Date {
        /// The text.
        found: String,
    },
    /// A text that says nothing, or too much.
    #[error("a text of {found} characters, expected 1 to {most}")]
    Length {
        /// The most characters.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// The resource is no record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Not one value for each part.
    #[error("{found} values, expected {expected}")]
    Values {
        /// As many parts as there are.
        expected: usize,
        /// How many values.
        found: usize,
    },
}

impl OwnDataError {
    /// Whoever wrote it is to correct it.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use records::category::Category;
    use records::record::instant;

    use super::*;
    use crate::contribution::{Contribution, filed_under};
    use crate::keys::SigningKey;

    const NOW: UnixTime = 1_764_000_000;

    fn written(own: &OwnRecord, date: &str) -> Result<Record, OwnDataError> {
        let author = Address::repeat_byte(7);
        own.to_record(&relationship(author), author, "n1", date, NOW)
    }

    fn relationship(patient: Address) -> RelationshipId {
        RelationshipId {
            chain_id: 1337,
            contract: Address::repeat_byte(1),
            patient,
            steward: Address::repeat_byte(2),
        }
    }

    fn note(title: &str, text: &str) -> OwnRecord {
        OwnRecord::Note { title: title.to_owned(), text: text.to_owned() }
    }

    fn measured(name: &str, values: &[f64]) -> OwnRecord {
        OwnRecord::Measurement { kind: MeasurementKind::named(name).unwrap(), values: values.to_vec() }
    }

    #[test]
    fn all_of_it_can_be_signed_and_is_own_data() {
        let key = SigningKey::from_bytes(&[7; 32]).unwrap();
        let relationship = relationship(key.address());
        let middle =
            |kind: &MeasurementKind| kind.parts.iter().map(|part| part.bounds[0]).collect::<Vec<_>>();
        let own = MeasurementKind::ALL.iter().map(|kind| measured(kind.name, &middle(kind)));
        for (index, own) in own.chain([note("Headache", "Since Monday,\nworse at night.")]).enumerate() {
            let record =
                own.to_record(&relationship, key.address(), &format!("n{index}"), "2025-11-20", NOW).unwrap();
            assert_eq!(filed_under(&relationship, key.address(), &record), Category::OwnData);
            let expected = if index == 7 { "2025-11-20T00:00:00Z" } else { "2025-11-20" };
            assert_eq!(record.date(), Some(expected));
            Contribution::sign(&key, &relationship, "c", NOW, &[record]).unwrap();
        }
    }

    #[test]
    fn a_slip_of_the_hand_is_refused() {
        let weight = |value| written(&measured("weight", &[value]), "2025-11-20");
        assert!(weight(70.5).is_ok());
        for found in [0.0, -1.0, 7000.0, f64::INFINITY] {
            assert_eq!(
                weight(found),
                Err(OwnDataError::Bounds { part: "value", least: 0.3, most: 650.0, found })
            );
        }
        assert!(weight(f64::NAN).is_err());
        let pressure = written(&measured("blood-pressure", &[120.0]), "2025-11-20");
        assert_eq!(pressure, Err(OwnDataError::Values { expected: 2, found: 1 }));
        for (title, text, most, found) in
            [("", "x", 120, 0), ("x", "  ", 10_000, 0), (&"x".repeat(121), "x", 120, 121)]
        {
            assert_eq!(written(&note(title, text), "2025"), Err(OwnDataError::Length { most, found }));
        }
        let tomorrow = instant(NOW + 86_400);
        assert!(written(&note("x", "y"), &tomorrow[..10]).is_ok());
        for date in ["", "yesterday", "2025-02-30", "2125-01-01"] {
            let found = date.to_owned();
            assert_eq!(written(&note("x", "y"), date), Err(OwnDataError::Date { found }));
        }
        assert_eq!(MeasurementKind::named("luck"), None);
    }

    #[test]
    fn blood_pressure_has_two_parts_and_everything_else_is_one_value() {
        let record = written(&measured("blood-pressure", &[120.0, 80.0]), "2025-11-20").unwrap();
        let resource = record.resource();
        assert_eq!(resource["component"][1]["valueQuantity"]["value"], 80);
        assert_eq!(resource["component"][0]["code"]["coding"][0]["code"], "8480-6");
        let record = written(&measured("temperature", &[37.2]), "2025-11-20T08:00:00Z").unwrap();
        assert_eq!(record.resource()["valueQuantity"]["code"], "Cel");
    }
}
