//! Calls that JavaScript can watch and give up: `{ signal, onProgress }`, as the `fetch` of the web has it.

use core::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use client::Client;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, AddEventListenerOptions};

use crate::{error::ErrorView, platform::WebPlatform};

#[wasm_bindgen]
extern "C" {
    /// What may be said with a call that takes time.
    #[wasm_bindgen(typescript_type = "CallOptions")]
    #[derive(Debug)]
    pub type CallOptions;

    #[wasm_bindgen(method, getter)]
    fn signal(this: &CallOptions) -> Option<AbortSignal>;

    #[wasm_bindgen(method, getter, js_name = onProgress)]
    fn on_progress(this: &CallOptions) -> Option<Function>;
}

/// Does the work and tells how far the client has come meanwhile, unless the work is given up: then it is dropped, and with it
/// every request that is on its way.
pub(super) async fn run<T>(
    client: &Client<WebPlatform>,
    options: Option<CallOptions>,
    work: impl Future<Output = Result<T, ErrorView>>,
) -> Result<T, ErrorView> {
    let Some(options) = options else { return work.await };
    let _listening = options.on_progress().map(|listener| client.platform().listen(listener));
    let Some(signal) = options.signal() else { return work.await };
    if signal.aborted() {
        return Err(ErrorView::aborted());
    }
    let mut aborted = pin!(JsFuture::from(abortion(&signal)));
    let mut work = pin!(work);
    let mut is_aborted = false;
    poll_fn(|context| {
        let mut may_drop = |context: &mut Context<'_>| {
            is_aborted = is_aborted || aborted.as_mut().poll(context).is_ready();
            is_aborted && client.platform().may_drop(context)
        };
        if !may_drop(context)
            && let result = work.as_mut().poll(context)
            && (result.is_ready() || !may_drop(context))
        {
            return result;
        }
        Poll::Ready(Err(ErrorView::aborted()))
    })
    .await
}

/// Resolves when the signal is given.
fn abortion(signal: &AbortSignal) -> Promise {
    Promise::new(&mut |resolve, _reject| {
        let once = AddEventListenerOptions::new();
        once.set_once(true);
        signal
            .add_event_listener_with_callback_and_add_event_listener_options("abort", &resolve, &once)
            .expect("listening to a signal does not fail");
    })
}
