//! The native platform with somebody in between who may change what a node answers.

use alloy_primitives::B256;
use client::{EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError};
use native::{MemoryHeads, Native};
use serde_json::Value;

/// Changes the result of a call, if it is of the kind meant.
pub(crate) type Change = fn(result: &mut Value);

/// The platform of one client.
pub(crate) struct Altered {
    native: Native<MemoryHeads>,
    changes: Vec<Change>,
}

impl Altered {
    /// Passes every result through `changes`, one after the other; without any it is what the node says.
    pub(crate) fn new(changes: &[Change]) -> Self {
        Self { native: Native::new(MemoryHeads::default()).unwrap(), changes: changes.to_vec() }
    }
}

impl Http for Altered {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let mut answer = self.native.post(request).await?;
        let mut answered: Value = serde_json::from_slice(&answer.body).unwrap();
        let answers = match &mut answered {
            Value::Array(answers) => answers.as_mut_slice(),
            only => core::slice::from_mut(only),
        };
        for result in answers.iter_mut().filter_map(|answer| answer.get_mut("result")) {
            self.changes.iter().for_each(|change| change(result));
        }
        answer.body = serde_json::to_vec(&answered).unwrap();
        Ok(answer)
    }
}

impl HeadStore for Altered {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        self.native.load_head(network_id).await
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.native.save_head(network_id, head, replaces).await
    }
}

impl Platform for Altered {
    fn now_millis(&self) -> u64 {
        self.native.now_millis()
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.native.fill_random(bytes)
    }

    async fn sleep(&self, millis: u64) {
        self.native.sleep(millis).await;
    }
}
