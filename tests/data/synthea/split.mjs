// Cuts the generator's whole-life bundles down to what each hospital holds.
//
//   node split.mjs <folder with the generator's *.json> <output folder>
//
// The rule, in this order:
//  1. Kept: the clinical resource types in TYPES. Dropped: money (Claim, ExplanationOfBenefit, Coverage), logistics
//     (SupplyDelivery), directories (Organization, Location, Practitioner...), and document wrapping (Composition).
//  2. Kept: resources of the years SINCE and later, and every allergy, immunisation and device whatever its year.
//  3. A patient known to one hospital: everything goes there.
//  4. A patient known to both: the kept encounters, in order of start and id, go alternately to `general` and
//     `riverside`; a resource goes where its encounter goes. One without an encounter goes by its year: even years
//     `general`, odd years `riverside`. The Patient resource goes to both.
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";

const TYPES = new Set([
  "Patient", "AllergyIntolerance", "Condition", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
  "ImagingStudy", "Immunization", "MedicationAdministration", "MedicationRequest", "Observation", "Procedure",
]);
const ALWAYS = new Set(["Patient", "AllergyIntolerance", "Device", "Immunization"]);
const PATIENTS = [
  { file: "Devora_Orn_28c23f88.json", name: "devora-orn", since: 2017, hospitals: ["general", "riverside"] },
  { file: "Ray_Lindgren_fc082b89.json", name: "ray-lindgren", since: 2019, hospitals: ["general"] },
  { file: "Hernán_Badillo_770d4afa.json", name: "hernan-badillo", since: 2015, hospitals: ["riverside"] },
];

const dateOf = (r) =>
  r.effectiveDateTime ?? r.effectivePeriod?.start ?? r.onsetDateTime ?? r.recordedDate ?? r.authoredOn ??
  r.occurrenceDateTime ?? r.performedDateTime ?? r.performedPeriod?.start ?? r.period?.start ?? r.started ?? r.date ??
  r.manufactureDate ?? r.issued ?? "";
const yearOf = (r) => Number(dateOf(r).slice(0, 4));
const encounterOf = (r) =>
  (r.encounter ?? r.context?.encounter?.[0] ?? r.context)?.reference?.replace("urn:uuid:", "");

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error("usage: node split.mjs <generator output> <output folder>");
for (const patient of PATIENTS) {
  const bundle = JSON.parse(fs.readFileSync(path.join(source, patient.file), "utf8"));
  const kept = bundle.entry
    .map((e) => e.resource)
    .filter((r) => TYPES.has(r.resourceType))
    .filter((r) => ALWAYS.has(r.resourceType) || yearOf(r) >= patient.since);
  const encounters = kept
    .filter((r) => r.resourceType === "Encounter")
    .sort((a, b) => (a.period.start + a.id < b.period.start + b.id ? -1 : 1))
    .map((r) => r.id);
  const hospitalOf = (r) => {
    const order = encounters.indexOf(r.resourceType === "Encounter" ? r.id : encounterOf(r));
    return patient.hospitals[(order >= 0 ? order : yearOf(r)) % patient.hospitals.length];
  };
  for (const hospital of patient.hospitals) {
    const entry = kept
      .filter((r) => r.resourceType === "Patient" || hospitalOf(r) === hospital)
      .map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource }));
    const text = JSON.stringify({ resourceType: "Bundle", type: "collection", entry });
    const out = path.join(target, `${hospital}-${patient.name}.json.gz`);
    fs.writeFileSync(out, zlib.gzipSync(text, { level: 9 }));
    const counts = {};
    for (const { resource } of entry) counts[resource.resourceType] = (counts[resource.resourceType] ?? 0) + 1;
    console.log(path.basename(out), entry.length, JSON.stringify(counts));
  }
}
