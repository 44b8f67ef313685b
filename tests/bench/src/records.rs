//! A whole record set as a reader verifies it: what the page does after an answer was opened (figure F10).

use alloy_primitives::B256;
use protocol::answer::RecordsAnswer;
use records::record_set::{RecordSetAnchor, verify_category};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// An opened answer about every category, and the root that it has to lead to.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RecordSet {
    anchor: RecordSetAnchor,
    answer: Vec<u8>,
}

#[wasm_bindgen]
impl RecordSet {
    /// Takes the root, the number of records behind it, and the answer's JSON.
    ///
    /// # Errors
    /// When the root has not 32 bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(root: &[u8], count: u64, answer: Vec<u8>) -> Result<Self, JsError> {
        let anchor = RecordSetAnchor { root: B256::try_from(root)?, count, revision: 1, published_at: 0 };
        Ok(Self { anchor, answer })
    }

    /// Verifies every record, and that none is left out; returns how many.
    ///
    /// # Errors
    /// When a category does not lead to the root, or a record is missing or altered.
    pub fn verify(&self) -> Result<u32, JsError> {
        let answer: RecordsAnswer = serde_json::from_slice(&self.answer)?;
        let mut verified = 0;
        for category in &answer.categories {
            for record in verify_category(&self.anchor, category.category, category)?.records() {
                record.verified().ok_or_else(|| JsError::new("a record is missing or altered"))?;
                verified += 1;
            }
        }
        Ok(verified)
    }
}
