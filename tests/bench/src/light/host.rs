//! The page as a [`Platform`]: it posts requests and tells the time.

use alloy_primitives::B256;
use client::{EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// What the page does for a client.
    #[derive(Debug)]
    pub type Host;

    /// Posts a JSON-RPC request and resolves to the bytes of the answer.
    #[wasm_bindgen(method, catch)]
    async fn post(this: &Host, url: &str, body: &str) -> Result<JsValue, JsValue>;

    /// Seconds since 1970.
    #[wasm_bindgen(method)]
    fn now(this: &Host) -> f64;
}

/// The platform of a client that keeps nothing and signs nothing.
#[derive(Debug)]
pub(crate) struct Page(Host);

impl Page {
    pub(crate) const fn new(host: Host) -> Self {
        Self(host)
    }
}

impl Http for Page {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let reason = |found: JsValue| TransportError::Connection { reason: format!("{found:?}") };
        let body = String::from_utf8_lossy(&request.body);
        let answer = self.0.post(&request.url, &body).await.map_err(reason)?;
        let body = Uint8Array::new(&answer).to_vec();
        if body.len() > request.max_answer_bytes {
            return Err(TransportError::TooLarge { limit_bytes: request.max_answer_bytes });
        }
        Ok(HttpAnswer { status: 200, headers: vec![], body })
    }
}

impl HeadStore for Page {
    async fn load_head(&self, _network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn save_head(
        &self,
        _network_id: B256,
        _head: Vec<u8>,
        _replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Platform for Page {
    fn now_millis(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole seconds below 2^53; a saturating cast keeps a clock before 1970 at 0"
        )]
        let millis = (self.0.now() * 1000.0) as u64;
        millis
    }

    fn fill_random(&self, _bytes: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError { reason: "this client signs nothing".to_owned() })
    }

    async fn sleep(&self, _millis: u64) {}
}
