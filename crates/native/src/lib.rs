//! The native edge: HTTP by reqwest, the system's clock and randomness, heads in memory or in a folder.
//!
//! For the gatekeeper, the command line and the tests; the browser has its own edge in `web`. HTTPS with the certificates
//! of the system; by plain HTTP everything that matters is signed or proven, too, but who asks what is visible to the network.

use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use alloy_primitives::B256;

use client::{EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError};

/// The platform of a native program.
#[derive(Debug)]
pub struct Native<S> {
    http: reqwest::Client,
    heads: S,
}

impl<S: HeadStore> Native<S> {
    /// Makes a platform that keeps heads in `heads`.
    ///
    /// # Errors
    /// [`TransportError::Connection`] if the HTTP client cannot be built.
    pub fn new(heads: S) -> Result<Self, TransportError> {
        // Fails only if it was done before.
        let _done = rustls::crypto::ring::default_provider().install_default();
        let builder = || reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        // A system without any certificates does without HTTPS.
        let http = builder().build().or_else(|_none| builder().tls_certs_only([]).build());
        let http = http.map_err(|error| TransportError::Connection { reason: describe(&error) })?;
        Ok(Self { http, heads })
    }

    /// Sends the request and reads the body, at most as much as allowed.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let mut builder = self.http.post(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let mut answer = builder.body(request.body).send().await.map_err(|error| {
            if error.is_builder() {
                TransportError::Url { url: request.url.clone() }
            } else {
                TransportError::Connection { reason: describe(&error) }
            }
        })?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            // A field that is not text is none that we read.
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|error| TransportError::Connection { reason: describe(&error) })?
        {
            if body.len().saturating_add(chunk.len()) > request.max_answer_bytes {
                return Err(TransportError::TooLarge { limit_bytes: request.max_answer_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer { status, headers, body })
    }
}

impl<S: HeadStore> Http for Native<S> {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let limit_millis = request.timeout_millis;
        tokio::time::timeout(Duration::from_millis(limit_millis), self.exchange(request))
            .await
            .map_err(|_elapsed| TransportError::Timeout { limit_millis })?
    }
}

impl<S: HeadStore> HeadStore for Native<S> {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        self.heads.load_head(network_id).await
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.heads.save_head(network_id, head, replaces).await
    }
}

impl<S: HeadStore> Platform for Native<S> {
    fn now_millis(&self) -> u64 {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_millis()).ok())
            // Before 1970: every header is then from the future and refused.
            .unwrap_or(0)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|error| EntropyError { reason: error.to_string() })
    }

    async fn sleep(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Keeps heads for as long as the program runs.
#[derive(Debug, Default)]
pub struct MemoryHeads(Mutex<HashMap<B256, Vec<u8>>>);

impl HeadStore for MemoryHeads {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&network_id).cloned())
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.get(&network_id).is_none_or(|kept| replaces(kept)) {
            heads.insert(network_id, head);
        }
        Ok(())
    }
}

/// Keeps heads in a folder, one small file per network, replaced atomically.
#[derive(Debug)]
pub struct FileHeads {
    folder: PathBuf,
}

impl FileHeads {
    /// Keeps heads in `folder`, which is made when the first one is saved.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, network_id: B256) -> PathBuf {
        self.folder.join(format!("{network_id}.head"))
    }

    /// Writes the file anew, under a lock that other programs see.
    fn replace(&self, path: &Path, head: &[u8], replaces: impl FnOnce(&[u8]) -> bool) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let lock = File::create(path.with_extension("lock"))?;
        // Gone with the file handle, also when this program is killed.
        lock.lock()?;
        match std::fs::read(path) {
            Ok(kept) if !replaces(&kept) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, head)?;
        std::fs::rename(&fresh, path)
    }
}

impl HeadStore for FileHeads {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        match std::fs::read(self.path(network_id)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError { action: "load", reason: error.to_string() }),
        }
    }

    async fn save_head(
        &self,
        network_id: B256,
        head: Vec<u8>,
        replaces: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let path = self.path(network_id);
        self.replace(&path, &head, replaces)
            .map_err(|error| StoreError { action: "save", reason: error.to_string() })
    }
}

/// Says what went wrong, down to the cause, without the URL (it is named elsewhere).
fn describe(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&source.to_string());
        cause = source.source();
    }
    if text.is_empty() { "request failed".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
