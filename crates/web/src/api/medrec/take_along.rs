//! Records to take along, as a file that others can read without anything of ours.

use client::{Platform as _, ReadAsk, Reading};
use js_sys::Function;
use records::collection::{bundle, lines};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    api::medrec::{Medrec, arguments::parse_categories},
    error::ErrorView,
    views::{ProgressView, to_js},
};

#[derive(Serialize)]
struct TakenView {
    text: String,
    /// How many records are in it.
    records: usize,
    /// How many are not, since they do not hold.
    withheld: usize,
}

#[wasm_bindgen]
impl Medrec {
    /// Reads the records of own relationships anew, verified, and writes those that hold into one file. Has to be confirmed
    /// before (`confirmWithPassword`, `confirmWithPasskey`).
    #[wasm_bindgen(js_name = takeAlong, unchecked_return_type = "TakenView")]
    pub async fn take_along(
        &self,
        relationships: Vec<String>,
        #[wasm_bindgen(unchecked_param_type = "readonly CategoryName[]")] categories: Vec<String>,
        #[wasm_bindgen(unchecked_param_type = "'bundle' | 'ndjson'")] format: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let own = relationships.iter().map(|id| self.own(id)).collect::<Result<Vec<_>, _>>()?;
        let categories = parse_categories(&categories)?;
        if !matches!(format, "bundle" | "ndjson") {
            return Err(ErrorView::argument("format", "bundle or ndjson", format));
        }
        self.session()?.take_confirmation()?;
        let mut readings: Vec<Reading> = Vec::new();
        for (own, index) in own.iter().zip(0..) {
            let query = own.query();
            let ask = ReadAsk {
                key: &own.key.key,
                patient: query.patient,
                steward: query.steward,
                categories,
                via: None,
            };
            let progress = |progress| ProgressView::within(progress, index, 0).tell(on_progress);
            readings.push(self.client.read_records(ask, progress).await?);
        }
        let at = self.client.platform().now();
        let (mut records, mut withheld) = (Vec::new(), 0);
        for reading in &readings {
            let holding = reading.holding()?;
            records.extend(holding.records);
            withheld += holding.withheld;
        }
        let count = records.len();
        let text = if format == "bundle" { bundle(records, at) } else { lines(records) };
        Ok(to_js(&TakenView { text, records: count, withheld }))
    }
}
