//! The browser as a [`Platform`]: `fetch`, IndexedDB, the clock, the timer, and its random source.

use alloy_primitives::B256;
use client::{EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError};
use gloo::timers::future::sleep;

use crate::{
    database::{Database, DatabaseError},
    fetch,
};

/// What the journeys run on in a browser.
#[derive(Debug)]
pub(crate) struct WebPlatform {
    heads: Database,
}

impl WebPlatform {
    /// Opens the database of verified heads with this name.
    pub(crate) async fn open(name: &str) -> Result<Self, StoreError> {
        let heads = Database::open(name, "heads").await.map_err(|error| failed("load", error))?;
        Ok(Self { heads })
    }
}

impl Http for WebPlatform {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        fetch::post(request).await
    }
}

impl HeadStore for WebPlatform {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        let [head] =
            self.heads.read([&network_id.to_string()]).await.map_err(|error| failed("load", error))?;
        Ok(head)
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let key = network_id.to_string();
        self.heads.replace(&key, &head, replaces).await.map_err(|error| failed("save", error))
    }
}

impl Platform for WebPlatform {
    fn now_millis(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "Date.now() is a whole number of milliseconds below 2^53; a saturating cast keeps a clock before 1970 at 0"
        )]
        let millis = js_sys::Date::now() as u64;
        millis
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|error| EntropyError { reason: error.to_string() })
    }

    async fn sleep(&self, millis: u64) {
        sleep(core::time::Duration::from_millis(millis)).await;
    }
}

fn failed(action: &'static str, error: DatabaseError) -> StoreError {
    StoreError { action, reason: error.reason }
}

#[cfg(test)]
mod tests;
