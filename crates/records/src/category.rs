//! The categories of a health record: the unit of a grant and of completeness.
//!
//! Every record lies in exactly one of thirteen categories, found from its FHIR type and a few of its codes. A grant
//! names categories, and a record set proves one category complete at a time (`record_set`). Only sealed members of
//! a record count: `meta` and `text` are not part of the digest, so they never decide where a record lies.
//!
//! Source: FHIR R4 (4.0.1) resource list; `observation-category`; US Core clinical notes.

use core::fmt;
use core::str::FromStr;

use lightclient::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// One of the thirteen kinds of record; the number is its place in the record set and its bit in a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Category {
    /// Allergies and intolerances.
    Allergies = 0,
    /// Conditions, family history, risks.
    Problems = 1,
    /// Prescribed, given, dispensed and stated medicines.
    Medicines = 2,
    /// Laboratory, imaging and other findings.
    Results = 3,
    /// Vital signs and bodily activity.
    VitalSigns = 4,
    /// Immunisations.
    Immunisations = 5,
    /// Procedures done or ordered.
    Procedures = 6,
    /// Encounters, episodes, appointments.
    Visits = 7,
    /// Documents, files and bills (a bill tells what was done, so it is no administrative matter).
    Documents = 8,
    /// Clinical notes, care plans, goals, social history, surveys; also any type this version does not know.
    Notes = 9,
    /// What the patient (or a device of theirs) reported.
    OwnData = 10,
    /// Devices and supplies.
    Devices = 11,
    /// Who the patient is, who treats them and where.
    Profile = 12,
}

impl Category {
    /// Every category, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Allergies,
        Self::Problems,
        Self::Medicines,
        Self::Results,
        Self::VitalSigns,
        Self::Immunisations,
        Self::Procedures,
        Self::Visits,
        Self::Documents,
        Self::Notes,
        Self::OwnData,
        Self::Devices,
        Self::Profile,
    ];

    /// The number of the category: its place in the record set.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The category of a number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The stable name used on the wire and in the JavaScript API (`vital-signs`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allergies => "allergies",
            Self::Problems => "problems",
            Self::Medicines => "medicines",
            Self::Results => "results",
            Self::VitalSigns => "vital-signs",
            Self::Immunisations => "immunisations",
            Self::Procedures => "procedures",
            Self::Visits => "visits",
            Self::Documents => "documents",
            Self::Notes => "notes",
            Self::OwnData => "own-data",
            Self::Devices => "devices",
            Self::Profile => "profile",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Category {
    type Err = CategoryError;

    fn from_str(name: &str) -> Result<Self, CategoryError> {
        let found = Self::ALL.into_iter().find(|category| category.name() == name);
        found.ok_or_else(|| CategoryError::UnknownName { found: name.chars().take(64).collect() })
    }
}

/// A set of categories: bit `n` stands for category number `n`, here and in the grant word on chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Categories(u16);

impl Categories {
    /// All thirteen categories.
    pub const ALL: Self = Self(0x1fff);
    /// No category.
    pub const NONE: Self = Self(0);

    /// Reads the bits of a grant word.
    ///
    /// # Errors
    /// [`CategoryError::ReservedBits`] if one of the three reserved bits is set.
    pub const fn from_bits(bits: u16) -> Result<Self, CategoryError> {
        if bits & !Self::ALL.0 == 0 {
            Ok(Self(bits))
        } else {
            Err(CategoryError::ReservedBits { found: bits })
        }
    }

    /// The bits of the set.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with one category more.
    #[must_use]
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | 1 << category.number())
    }

    /// Whether the category is in the set.
    pub const fn contains(self, category: Category) -> bool {
        self.0 & 1 << category.number() != 0
    }

    /// Whether every category of `self` is in `other`.
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The categories in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The categories of `self` that are not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set holds nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number of categories in the set.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The categories of the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.into_iter().filter(move |category| self.contains(*category))
    }
}

impl FromIterator<Category> for Categories {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Categories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, category) in self.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{category}")?;
        }
        Ok(())
    }
}

impl Serialize for Categories {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Reads a list of names in which no name is unknown or given twice.
impl<'de> Deserialize<'de> for Categories {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> serde::de::Visitor<'de> for Names {
            type Value = Categories;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of distinct category names")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut names: A) -> Result<Categories, A::Error> {
                let mut set = Categories::NONE;
                while let Some(category) = names.next_element::<Category>()? {
                    if set.contains(category) {
                        return Err(serde::de::Error::custom(format_args!(
                            "category {category} is named twice"
                        )));
                    }
                    set = set.with(category);
                }
                Ok(set)
            }
        }
        deserializer.deserialize_seq(Names)
    }
}

/// Why a category or a set of categories was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    /// A set of categories has bits that stand for nothing.
    #[error("categories {found:#06x} have reserved bits set, expected a subset of 0x1fff")]
    ReservedBits {
        /// The bits as read.
        found: u16,
    },
    /// No category has this name.
    #[error("no category is called {found:?}")]
    UnknownName {
        /// The name, cut after 64 characters.
        found: String,
    },
}

impl CategoryError {
    /// Who is to blame: a grant with reserved bits was written by a peer, a wrong name is the caller's.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::ReservedBits { .. } => Fault::Peer,
            Self::UnknownName { .. } => Fault::Caller,
        }
    }
}

/// Finds the category of a FHIR resource from its type and, where the type is not enough, its codes.
///
/// Total: whatever is not known lies in [`Category::Notes`], which is granted least freely.
pub fn category_of(resource: &Value) -> Category {
    match text(resource, "resourceType") {
        "Observation" => observation_category(resource),
        "DocumentReference" if is_clinical_note(resource) => Category::Notes,
        kind => BY_TYPE
            .iter()
            .find(|(_, types)| types.contains(&kind))
            .map_or(Category::Notes, |(found, _)| *found),
    }
}

/// The FHIR R4 types whose name alone decides.
const BY_TYPE: [(Category, &[&str]); 11] = [
    (Category::Allergies, &["AllergyIntolerance"]),
    (
        Category::Problems,
        &["AdverseEvent", "Condition", "DetectedIssue", "FamilyMemberHistory", "Flag", "RiskAssessment"],
    ),
    (
        Category::Medicines,
        &[
            "Medication",
            "MedicationAdministration",
            "MedicationDispense",
            "MedicationKnowledge",
            "MedicationRequest",
            "MedicationStatement",
            "NutritionOrder",
        ],
    ),
    (
        Category::Results,
        &["BodyStructure", "DiagnosticReport", "ImagingStudy", "MolecularSequence", "Specimen"],
    ),
    (Category::Immunisations, &["Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation"]),
    (Category::Procedures, &["Procedure", "ServiceRequest"]),
    (Category::Visits, &["Appointment", "AppointmentResponse", "Encounter", "EpisodeOfCare"]),
    (
        Category::Documents,
        &[
            "Binary",
            "Bundle",
            "ChargeItem",
            "Claim",
            "ClaimResponse",
            "Composition",
            "Contract",
            "DocumentManifest",
            "DocumentReference",
            "ExplanationOfBenefit",
            "Invoice",
            "Media",
            "PaymentNotice",
            "PaymentReconciliation",
        ],
    ),
    (Category::OwnData, &["QuestionnaireResponse"]),
    (
        Category::Devices,
        &[
            "Device",
            "DeviceDefinition",
            "DeviceMetric",
            "DeviceRequest",
            "DeviceUseStatement",
            "SupplyDelivery",
            "SupplyRequest",
            "VisionPrescription",
        ],
    ),
    (
        Category::Profile,
        &[
            "Account",
            "AuditEvent",
            "Consent",
            "Coverage",
            "CoverageEligibilityRequest",
            "CoverageEligibilityResponse",
            "Endpoint",
            "EnrollmentRequest",
            "EnrollmentResponse",
            "HealthcareService",
            "InsurancePlan",
            "Location",
            "Organization",
            "OrganizationAffiliation",
            "Patient",
            "Person",
            "Practitioner",
            "PractitionerRole",
            "Provenance",
            "RelatedPerson",
            "Schedule",
            "Slot",
        ],
    ),
];

/// Own data if only the patient or a relative performed it; else the first `observation-category` that decides.
fn observation_category(observation: &Value) -> Category {
    let performers = items(observation, "performer");
    let is_own = |performer: &Value| {
        let reference = text(performer, "reference");
        reference.starts_with("Patient/") || reference.starts_with("RelatedPerson/")
    };
    if !performers.is_empty() && performers.iter().all(is_own) {
        return Category::OwnData;
    }
    items(observation, "category")
        .iter()
        .flat_map(|concept| items(concept, "coding"))
        .find_map(|coding| match text(coding, "code") {
            "vital-signs" | "activity" => Some(Category::VitalSigns),
            "laboratory" | "imaging" | "exam" | "procedure" => Some(Category::Results),
            "social-history" | "survey" | "therapy" => Some(Category::Notes),
            _ => None,
        })
        .unwrap_or(Category::Results)
}

/// Whether a `DocumentReference` is one of US Core's clinical notes, by its category or by its LOINC type.
fn is_clinical_note(document: &Value) -> bool {
    let by_category = items(document, "category")
        .iter()
        .flat_map(|concept| items(concept, "coding"))
        .any(|coding| text(coding, "code") == "clinical-note");
    let by_type = document.get("type").is_some_and(|concept| {
        items(concept, "coding")
            .iter()
            .any(|coding| text(coding, "system") == LOINC && CLINICAL_NOTES.contains(&text(coding, "code")))
    });
    by_category || by_type
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(object: &'a Value, member: &str) -> &'a [Value] {
    object.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

const LOINC: &str = "http://loinc.org";

/// US Core 6.1, clinical notes guidance: consultation, discharge summary, history and physical, procedure and
/// progress note.
const CLINICAL_NOTES: [&str; 5] = ["11488-4", "18842-5", "34117-2", "28570-0", "11506-3"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_names_and_bits_are_inverses() {
        for (number, category) in (0u8..).zip(Category::ALL) {
            assert_eq!(category.number(), number);
            assert_eq!(Category::from_number(number), Some(category));
            assert_eq!(category.name().parse(), Ok(category));
            assert_eq!(serde_json::to_value(category).unwrap(), json!(category.name()));
            assert_eq!(Categories::from_bits(1 << number), Ok(Categories::NONE.with(category)));
        }
        assert_eq!(Category::from_number(13), None);
        assert_eq!(
            "vitals".parse::<Category>(),
            Err(CategoryError::UnknownName { found: "vitals".to_owned() })
        );
    }

    #[test]
    fn refuses_reserved_bits() {
        assert_eq!(Categories::from_bits(0x1fff), Ok(Categories::ALL));
        for bit in 13..16 {
            let bits = 1 << bit;
            assert_eq!(Categories::from_bits(bits), Err(CategoryError::ReservedBits { found: bits }));
        }
    }

    #[test]
    fn a_set_travels_as_a_list_of_distinct_names() {
        let set: Categories = [Category::Profile, Category::Allergies].into_iter().collect();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["allergies","profile"]"#);
        assert_eq!(serde_json::from_str::<Categories>(r#"["profile","allergies"]"#).unwrap(), set);
        assert_eq!(set.to_string(), "allergies, profile");
        assert!(serde_json::from_str::<Categories>(r#"["profile","profile"]"#).is_err());
        assert!(serde_json::from_str::<Categories>(r#"["everything"]"#).is_err());
    }

    #[test]
    fn set_operations_follow_the_bits() {
        let few: Categories = [Category::Results, Category::Notes].into_iter().collect();
        assert!(few.is_subset_of(Categories::ALL) && !Categories::ALL.is_subset_of(few));
        assert_eq!(Categories::ALL.difference(few).len(), 11);
        assert_eq!(Categories::ALL.intersection(few), few);
        assert!(few.difference(few).is_empty());
        assert_eq!(few.iter().collect::<Vec<_>>(), [Category::Results, Category::Notes]);
    }

    #[test]
    fn observations_are_sorted_by_their_category_codes() {
        let observation =
            |code: &str| json!({"resourceType": "Observation", "category": [{"coding": [{"code": code}]}]});
        for (code, expected) in [
            ("vital-signs", Category::VitalSigns),
            ("activity", Category::VitalSigns),
            ("laboratory", Category::Results),
            ("imaging", Category::Results),
            ("social-history", Category::Notes),
            ("survey", Category::Notes),
            ("something-else", Category::Results),
        ] {
            assert_eq!(category_of(&observation(code)), expected, "{code}");
        }
        assert_eq!(category_of(&json!({"resourceType": "Observation"})), Category::Results);
    }

    #[test]
    fn what_only_the_patient_measured_is_own_data() {
        let measured_by = |performers: Value| json!({"resourceType": "Observation", "performer": performers});
        let patient = json!({"reference": "Patient/1"});
        let nurse = json!({"reference": "Practitioner/1"});
        assert_eq!(category_of(&measured_by(json!([patient]))), Category::OwnData);
        assert_eq!(category_of(&measured_by(json!([patient, nurse]))), Category::Results);
        assert_eq!(category_of(&measured_by(json!([]))), Category::Results);
    }

    #[test]
    fn notes_are_told_from_other_documents() {
        let typed = |code: &str| json!({"resourceType": "DocumentReference", "type": {"coding": [{"system": LOINC, "code": code}]}});
        assert_eq!(category_of(&typed("34117-2")), Category::Notes);
        assert_eq!(category_of(&typed("51969-4")), Category::Documents);
        let filed = json!({"resourceType": "DocumentReference", "category": [{"coding": [{"code": "clinical-note"}]}]});
        assert_eq!(category_of(&filed), Category::Notes);
    }

    #[test]
    fn unsealed_members_and_unknown_shapes_decide_nothing() {
        let tagged = json!({"resourceType": "Condition", "meta": {"tag": [{"code": "patient-generated"}]}, "text": {}});
        assert_eq!(category_of(&tagged), Category::Problems);
        for odd in [json!(null), json!([]), json!({"resourceType": 7}), json!({"resourceType": "Novel"})] {
            assert_eq!(category_of(&odd), Category::Notes);
        }
        assert_eq!(
            category_of(&json!({"resourceType": "Observation", "category": {"coding": 1}, "performer": 2})),
            Category::Results
        );
    }
}
