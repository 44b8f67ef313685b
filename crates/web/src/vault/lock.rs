//! One writer at a time: the Web Lock that every change of the vault holds, across all tabs of this origin.
//!
//! The browser lets go of the lock when its holder's tab or worker ends, so a crash cannot block the vault.
//! Source: Web Locks API (W3C).

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use crate::{thrown, vault::error::VaultError};

/// Holds the vault's Web Lock until it is dropped.
#[derive(Debug)]
pub(crate) struct WriteLock {
    release: Function,
}

impl WriteLock {
    /// Waits until no other tab writes.
    pub(crate) async fn acquire() -> Result<Self, VaultError> {
        let failed = |error: JsValue| VaultError::Storage { action: "lock", reason: thrown::text_of(&error) };
        let granted = Promise::new(&mut |resolve, reject| {
            let hold = Closure::once_into_js(move |_lock: JsValue| hold_until_released(&resolve));
            if let Err(error) = request(NAME, hold.unchecked_ref()) {
                // The promise is new, so rejecting it cannot fail.
                let _rejected = reject.call1(&JsValue::UNDEFINED, &error);
            }
        });
        let release = JsFuture::from(granted).await.map_err(failed)?;
        Ok(Self { release: release.unchecked_into() })
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        // Resolving a promise cannot throw; there would be nothing to do about it.
        let _released = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Hands out the function that lets the lock go, and the promise that keeps it until then.
fn hold_until_released(granted: &Function) -> Promise {
    Promise::new(&mut |release, _| {
        let _granted = granted.call1(&JsValue::UNDEFINED, &release);
    })
}

#[wasm_bindgen]
extern "C" {
    // `web-sys` has the Web Locks API only behind its unstable flag.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"])]
    fn request(name: &str, hold: &Function) -> Result<Promise, JsValue>;
}

const NAME: &str = "medrec-vault-write";
