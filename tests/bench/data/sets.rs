//! A record set of real size: the records of the demo's patients, each as often as it takes, under ids of their own.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

use alloy_primitives::{B256, keccak256};
use flate2::read::GzDecoder;
use protocol::answer::RecordsAnswer;
use records::category::Category;
use records::record::{Record, RecordKey};
use records::record_set::{CategoryAnswer, PLACES, RecordItem, RecordSet, SealedRecord, commitment};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Everything of a set of `count` records, as a gatekeeper answers it.
pub(crate) fn build(count: usize) -> Result<Value, Box<dyn Error>> {
    let resources = resources()?;
    let records: Vec<Record> = (0..count)
        .zip(resources.iter().cycle())
        .map(|(number, resource)| {
            let mut resource = resource.clone();
            resource.insert("id".to_owned(), format!("bench-{number}").into());
            Record::parse(Value::Object(resource).to_string().as_bytes())
        })
        .collect::<Result<_, _>>()?;
    let sealed = records.iter().map(|record| {
        SealedRecord::new(record.category(), record.key(), commitment(salt(record.id()), record.digest()))
    });
    let set = RecordSet::build(sealed.collect(), &[B256::repeat_byte(7); PLACES])?;
    let contents = records.iter().map(|record| (record.key(), record)).collect();
    let categories = Category::ALL.map(|category| answer(&set, category, &contents)).to_vec();
    let answer = serde_json::to_string(&RecordsAnswer { categories })?;
    Ok(json!({"root": set.root(), "count": set.total(), "answer": answer}))
}

fn answer(set: &RecordSet, category: Category, contents: &BTreeMap<RecordKey, &Record>) -> CategoryAnswer {
    let proof = set.category_proof(category);
    let records = set.records(category).iter().map(|sealed| {
        contents.get(&sealed.key()).map_or_else(
            || RecordItem::missing(sealed.leaf()),
            |record| RecordItem::whole(sealed.leaf(), salt(record.id()), record.canonical().to_owned()),
        )
    });
    CategoryAnswer {
        category,
        count: proof.count,
        salt: proof.salt,
        path: proof.path,
        total: proof.total,
        records: records.collect(),
    }
}

/// The salt of a record, by its id.
fn salt(id: &str) -> B256 {
    keccak256(id)
}

fn resources() -> Result<Vec<Map<String, Value>>, Box<dyn Error>> {
    let mut resources = vec![];
    for bundle in BUNDLES {
        let mut json = String::new();
        GzDecoder::new(*bundle).read_to_string(&mut json)?;
        let Bundle { entry } = serde_json::from_str(&json)?;
        resources.extend(entry.into_iter().map(|entry| entry.resource));
    }
    Ok(resources)
}

/// A FHIR bundle, as far as it matters here.
#[derive(Deserialize)]
struct Bundle {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    resource: Map<String, Value>,
}

/// Synthetic patients; see the README there.
const BUNDLES: &[&[u8]] = &[
    include_bytes!("../../data/synthea/general-devora-orn.json.gz"),
    include_bytes!("../../data/synthea/general-ray-lindgren.json.gz"),
    include_bytes!("../../data/synthea/riverside-devora-orn.json.gz"),
    include_bytes!("../../data/synthea/riverside-hernan-badillo.json.gz"),
];
