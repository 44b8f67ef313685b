//! HTTP by the browser's `fetch`, for RPC endpoints and gatekeepers.
//!
//! A request carries nothing but itself: no cookies, no referrer, no cache, no redirect. The body is read as a stream
//! and given up as soon as it is longer than what the request allows, and the time limit covers the whole of it.
//! Source: Fetch Standard (WHATWG).

use client::{HttpAnswer, HttpRequest, TransportError};
use gloo::timers::callback::Timeout;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array, global};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, ReferrerPolicy, RequestCache, RequestCredentials,
    RequestInit, RequestMode, RequestRedirect, Response,
};

use crate::thrown;

/// Sends one POST and reads its answer.
pub(crate) async fn post(request: HttpRequest) -> Result<HttpAnswer, TransportError> {
    let limit_millis = request.timeout_millis;
    let connection = Connection(AbortController::new().map_err(|error| failed(&error))?);
    let _alarm = {
        let abort = connection.0.clone();
        Timeout::new(u32::try_from(limit_millis).unwrap_or(u32::MAX), move || abort.abort())
    };
    let result = exchange(&request, &connection.0).await;
    let timed_out = connection.0.signal().aborted();
    match result {
        Err(TransportError::Connection { .. }) if timed_out => Err(TransportError::Timeout { limit_millis }),
        result => result,
    }
}

/// Lets go of the connection with the future that waits for it: when that is dropped, or the answer was too long.
/// After a whole answer there is nothing left to abort.
struct Connection(AbortController);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(request: &HttpRequest, abort: &AbortController) -> Result<HttpAnswer, TransportError> {
    let init = request_init(request, abort).map_err(|error| failed(&error))?;
    let response = fetch(&request.url, &init).await.map_err(|error| failed(&error))?;
    let body = read_body(&response, request.max_answer_bytes).await?;
    Ok(HttpAnswer { status: response.status(), headers: header_fields(&response.headers()), body })
}

fn request_init(request: &HttpRequest, abort: &AbortController) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.append(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&Uint8Array::from(request.body.as_slice()));
    init.set_mode(RequestMode::Cors);
    init.set_credentials(RequestCredentials::Omit);
    init.set_redirect(RequestRedirect::Error);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&abort.signal()));
    Ok(init)
}

/// Calls the global `fetch`, which a worker and a page both have.
async fn fetch(url: &str, init: &RequestInit) -> Result<Response, JsValue> {
    let fetch = Reflect::get(&global(), &"fetch".into())?.dyn_into::<Function>()?;
    let response: Promise = fetch.call2(&JsValue::UNDEFINED, &url.into(), init)?.dyn_into()?;
    JsFuture::from(response).await?.dyn_into()
}

/// Reads the body chunk by chunk, never holding more than `limit_bytes` and one chunk.
async fn read_body(response: &Response, limit_bytes: usize) -> Result<Vec<u8>, TransportError> {
    let Some(stream) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    loop {
        let step = JsFuture::from(reader.read()).await.map_err(|error| failed(&error))?;
        let value = Reflect::get(&step, &"value".into()).map_err(|error| failed(&error))?;
        let Some(chunk) = value.dyn_ref::<Uint8Array>() else { return Ok(body) };
        let chunk_bytes = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if chunk_bytes > limit_bytes.saturating_sub(body.len()) {
            return Err(TransportError::TooLarge { limit_bytes });
        }
        body.extend_from_slice(&chunk.to_vec());
    }
}

fn header_fields(headers: &Headers) -> Vec<(String, String)> {
    let pairs = headers.entries().into_iter().filter_map(Result::ok);
    pairs
        .filter_map(|pair| {
            let pair: Array = pair.dyn_into().ok()?;
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect()
}

fn failed(error: &JsValue) -> TransportError {
    TransportError::Connection { reason: thrown::text_of(error) }
}

#[cfg(test)]
mod tests;
