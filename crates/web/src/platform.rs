//! The browser as a [`Platform`]: `fetch`, IndexedDB, the clock, the timer, and its random source.

use core::task::{Context, Waker};
use std::cell::{Cell, RefCell};

use alloy_primitives::B256;
use client::{
    EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, Progress, StoreError, TransportError,
};
use gloo::timers::future::sleep;
use js_sys::{Function, Object};

use crate::{
    database::{Database, DatabaseError},
    fetch,
    views::ProgressView,
};

/// What the journeys run on in a browser.
#[derive(Debug)]
pub(crate) struct WebPlatform {
    heads: Database,
    listeners: RefCell<Vec<Function>>,
    transactions: Cell<u32>,
    waiting: RefCell<Vec<Waker>>,
}

/// Tells a JavaScript function how far the client has come, until this is dropped.
#[derive(Debug)]
pub(crate) struct Listening<'a> {
    platform: &'a WebPlatform,
    listener: Function,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut listeners = self.platform.listeners.borrow_mut();
        if let Some(index) = listeners.iter().position(|other| Object::is(other, &self.listener)) {
            listeners.swap_remove(index);
        }
    }
}

impl WebPlatform {
    /// Opens the database of verified heads with this name.
    pub(crate) async fn open(name: &str) -> Result<Self, StoreError> {
        let heads = Database::open(name, "heads").await.map_err(|error| failed("load", error))?;
        Ok(Self {
            heads,
            listeners: RefCell::default(),
            transactions: Cell::new(0),
            waiting: RefCell::default(),
        })
    }

    /// Whether no transaction of IndexedDB is open; who asks is woken when one ends. Whoever waits for one must not be
    /// dropped: the browser still calls back, and what it calls would be gone.
    pub(crate) fn may_drop(&self, context: &Context<'_>) -> bool {
        let is_open = self.transactions.get() > 0;
        if is_open {
            self.waiting.borrow_mut().push(context.waker().clone());
        }
        !is_open
    }

    /// Has this function told how far the client has come.
    pub(crate) fn listen(&self, listener: Function) -> Listening<'_> {
        self.listeners.borrow_mut().push(listener.clone());
        Listening { platform: self, listener }
    }
}

/// Counts as an open transaction until it is dropped.
struct OpenTransaction<'a>(&'a WebPlatform);

impl<'a> OpenTransaction<'a> {
    fn new(platform: &'a WebPlatform) -> Self {
        platform.transactions.set(platform.transactions.get() + 1);
        Self(platform)
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        self.0.transactions.set(self.0.transactions.get() - 1);
        self.0.waiting.take().into_iter().for_each(Waker::wake);
    }
}

impl Http for WebPlatform {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        fetch::post(request).await
    }
}

impl HeadStore for WebPlatform {
    async fn load_head(&self, network_id: B256) -> Result<Option<Vec<u8>>, StoreError> {
        let _open = OpenTransaction::new(self);
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
        let _open = OpenTransaction::new(self);
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

    fn progress(&self, progress: Progress) {
        // A listener may end a call, and with it its place in the list.
        let listeners = self.listeners.borrow().clone();
        listeners.iter().for_each(|listener| ProgressView::within(progress, 0, 0).tell(listener));
    }
}

fn failed(action: &'static str, error: DatabaseError) -> StoreError {
    StoreError { action, reason: error.to_string() }
}

#[cfg(test)]
mod tests;
