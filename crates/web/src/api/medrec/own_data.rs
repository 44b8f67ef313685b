//! What the person writes down: notes and measurements, kept and sealed by a hospital.

use alloy_primitives::{hex, keccak256};
use client::{Addition, Platform as _};
use js_sys::Function;
use protocol::own_data::{MeasurementKind, OwnRecord};
use records::category::Category;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{api::medrec::Medrec, error::ErrorView, views::ProgressView};

#[wasm_bindgen]
impl Medrec {
    /// Writes a note about a day (`YYYY-MM-DD`), signed by the person, and waits until the hospital has sealed it.
    #[wasm_bindgen(js_name = addNote)]
    pub async fn add_note(
        &self,
        relationship: &str,
        title: &str,
        text: &str,
        date: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let note = OwnRecord::Note { title: title.to_owned(), text: text.to_owned() };
        self.add(relationship, &note, date, on_progress).await
    }

    /// Writes a measurement of a day or moment down, signed by the person, and waits until the hospital has sealed it.
    #[wasm_bindgen(js_name = addMeasurement)]
    pub async fn add_measurement(
        &self,
        relationship: &str,
        #[wasm_bindgen(unchecked_param_type = "MeasurementName")] kind: &str,
        values: Vec<f64>,
        date: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let known = MeasurementKind::named(kind);
        let kind = known.ok_or_else(|| ErrorView::argument("kind", "a measurement", kind))?;
        self.add(relationship, &OwnRecord::Measurement { kind, values }, date, on_progress).await
    }
}

impl Medrec {
    async fn add(
        &self,
        relationship: &str,
        record: &OwnRecord,
        date: &str,
        on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let own = self.own(relationship)?;
        let (query, at) = (own.query(), self.client.platform().now());
        // The same once more is the same record: whoever tries again after a failure writes nothing twice.
        let digest = keccak256(format!("{record:?}\n{date}"));
        let name = digest.first_chunk::<8>().map(hex::encode).unwrap_or_default();
        let author = own.key.key.address();
        let records = [record.to_record(&self.client.relationship_id(query), author, &name, date, at)?];
        let addition =
            Addition { query, category: Category::OwnData, name: &format!("c{name}"), at, records: &records };
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        self.client.contribute(own.key.identity(), addition, progress).await?;
        Ok(())
    }
}
