//! Which members of which resource are shown, as data.

/// Where the parts of a view stand in a resource. Paths go through lists; `*` stands for any end of a member's name.
pub(super) struct Shape {
    types: &'static [&'static str],
    /// The first of these that says something is the title.
    pub(super) title: &'static [&'static str],
    /// The first of these that says something is the value.
    pub(super) value: &'static [&'static str],
    /// Labels and paths of the rows.
    pub(super) rows: &'static [(&'static str, &'static str)],
}

/// The shape of a FHIR type; types without one of their own share the last.
pub(super) fn shape_of(resource_type: &str) -> &'static Shape {
    SHAPES.iter().find(|shape| shape.types.contains(&resource_type)).unwrap_or(&OTHER)
}

const SHAPES: [Shape; 18] = [
    Shape {
        types: &["AllergyIntolerance"],
        title: &["code", "reaction.substance"],
        value: &["criticality"],
        rows: &[
            ("status", "clinicalStatus"),
            ("verification", "verificationStatus"),
            ("kind", "type"),
            ("kind", "category"),
            ("reaction", "reaction.manifestation"),
            ("severity", "reaction.severity"),
            ("onset", "onset*"),
            ("recorded", "recordedDate"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Condition"],
        title: &["code"],
        value: &["severity"],
        rows: &[
            ("status", "clinicalStatus"),
            ("verification", "verificationStatus"),
            ("kind", "category"),
            ("body-site", "bodySite"),
            ("onset", "onset*"),
            ("ended", "abatement*"),
            ("recorded", "recordedDate"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Observation"],
        title: &["code"],
        value: &["value*", "dataAbsentReason"],
        rows: &[
            ("status", "status"),
            ("interpretation", "interpretation"),
            ("reference-range", "referenceRange"),
            ("method", "method"),
            ("body-site", "bodySite"),
            ("performer", "performer"),
            ("device", "device"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["DiagnosticReport"],
        title: &["code"],
        value: &["conclusion", "conclusionCode"],
        rows: &[
            ("status", "status"),
            ("kind", "category"),
            ("conclusion", "conclusion"),
            ("results", "result"),
            ("performer", "performer"),
            ("issued", "issued"),
        ],
    },
    Shape {
        types: &[
            "MedicationAdministration",
            "MedicationDispense",
            "MedicationRequest",
            "MedicationStatement",
        ],
        title: &["medicationCodeableConcept", "medicationReference"],
        value: &["dosageInstruction", "dosage"],
        rows: &[
            ("status", "status"),
            ("intent", "intent"),
            ("dosage", "dosageInstruction"),
            ("dosage", "dosage"),
            ("reason", "reasonCode"),
            ("reason", "reasonReference"),
            ("supply", "dispenseRequest.quantity"),
            ("supply", "dispenseRequest.expectedSupplyDuration"),
            ("performer", "requester"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Medication"],
        title: &["code"],
        value: &["amount"],
        rows: &[("status", "status"), ("kind", "form"), ("ingredient", "ingredient.itemCodeableConcept")],
    },
    Shape {
        types: &["Immunization"],
        title: &["vaccineCode"],
        value: &["doseQuantity"],
        rows: &[
            ("status", "status"),
            ("reason", "statusReason"),
            ("dose", "protocolApplied.doseNumber*"),
            ("body-site", "site"),
            ("route", "route"),
            ("lot", "lotNumber"),
            ("performer", "performer.actor"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Procedure", "ServiceRequest"],
        title: &["code"],
        value: &["outcome"],
        rows: &[
            ("status", "status"),
            ("intent", "intent"),
            ("kind", "category"),
            ("reason", "reasonCode"),
            ("reason", "reasonReference"),
            ("body-site", "bodySite"),
            ("period", "performedPeriod"),
            ("performer", "performer.actor"),
            ("performer", "performer"),
            ("place", "location"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Encounter", "EpisodeOfCare"],
        title: &["type", "serviceType", "class"],
        value: &["class"],
        rows: &[
            ("status", "status"),
            ("reason", "reasonCode"),
            ("reason", "reasonReference"),
            ("period", "period"),
            ("performer", "participant.individual"),
            ("place", "location.location"),
            ("organization", "serviceProvider"),
            ("discharge", "hospitalization.dischargeDisposition"),
        ],
    },
    Shape {
        types: &["DocumentReference", "Media", "Composition"],
        title: &["description", "title", "type", "content.attachment.title"],
        value: &[],
        rows: &[
            ("status", "status"),
            ("kind", "category"),
            ("author", "author"),
            ("organization", "custodian"),
            ("format", "content.attachment.contentType"),
            ("format", "contentType"),
        ],
    },
    Shape {
        types: &["CarePlan", "CareTeam", "Goal"],
        title: &["title", "name", "description", "category.text", "category.coding.display"],
        value: &["achievementStatus"],
        rows: &[
            ("status", "status"),
            ("status", "lifecycleStatus"),
            ("intent", "intent"),
            ("kind", "category"),
            ("activity", "activity.detail.code"),
            ("activity", "activity.reference"),
            ("target", "target.detail*"),
            ("reason", "reasonCode"),
            ("role", "participant.role"),
            ("performer", "participant.member"),
            ("period", "period"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["ImagingStudy"],
        title: &["description", "procedureCode", "series.description", "series.modality"],
        value: &["series.bodySite"],
        rows: &[
            ("status", "status"),
            ("kind", "series.modality"),
            ("images", "numberOfInstances"),
            ("reason", "reasonCode"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Device", "DeviceUseStatement", "SupplyDelivery"],
        title: &["deviceName.name", "suppliedItem.itemCodeableConcept", "type", "device"],
        value: &["suppliedItem.quantity"],
        rows: &[
            ("status", "status"),
            ("maker", "manufacturer"),
            ("model", "modelNumber"),
            ("serial", "serialNumber"),
            ("identifier", "udiCarrier.carrierHRF"),
            ("made", "manufactureDate"),
            ("expires", "expirationDate"),
            ("note", "note"),
        ],
    },
    Shape {
        types: &["Patient", "Person", "Practitioner", "RelatedPerson"],
        title: &["name"],
        value: &["birthDate"],
        rows: &[
            ("born", "birthDate"),
            ("gender", "gender"),
            ("role", "relationship"),
            ("address", "address"),
            ("contact", "telecom"),
            ("language", "communication.language"),
        ],
    },
    Shape {
        types: &["Organization", "Location", "PractitionerRole"],
        title: &["name", "specialty", "code"],
        value: &[],
        rows: &[
            ("kind", "type"),
            ("performer", "practitioner"),
            ("organization", "organization"),
            ("address", "address"),
            ("contact", "telecom"),
        ],
    },
    Shape {
        types: &["Coverage"],
        title: &["payor", "class.name", "type"],
        value: &["class.name"],
        rows: &[("status", "status"), ("kind", "type"), ("period", "period"), ("identifier", "subscriberId")],
    },
    Shape {
        types: &["Claim", "ExplanationOfBenefit"],
        title: &["item.productOrService", "type"],
        value: &["total", "total.amount"],
        rows: &[
            ("status", "status"),
            ("kind", "type"),
            ("services", "item.productOrService"),
            ("outcome", "outcome"),
            ("organization", "provider"),
        ],
    },
    Shape {
        types: &["FamilyMemberHistory"],
        title: &["condition.code", "relationship"],
        value: &["relationship"],
        rows: &[
            ("status", "status"),
            ("role", "relationship"),
            ("onset", "condition.onset*"),
            ("note", "note"),
        ],
    },
];

/// Types that have no shape of their own: members that many resources share.
const OTHER: Shape = Shape {
    types: &[],
    title: &["code", "title", "name", "description", "type", "category", "activity"],
    value: &["value*"],
    rows: &[
        ("status", "status"),
        ("kind", "category"),
        ("reason", "reasonCode"),
        ("performer", "performer"),
        ("author", "author"),
        ("period", "period"),
        ("note", "note"),
    ],
};
