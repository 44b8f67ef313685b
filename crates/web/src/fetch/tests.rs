//! `fetch` as we call it: the browser's own `Response` and streams, behind a `fetch` that records what it was given.

use client::{HttpAnswer, HttpRequest, TransportError};
use js_sys::{Function, Reflect, global};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::post;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn request() -> HttpRequest {
    HttpRequest {
        url: "https://node.example/".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
        max_answer_bytes: 8,
        timeout_millis: 5_000,
    }
}

#[wasm_bindgen_test]
async fn returns_status_fields_and_body() {
    let _stub = FetchStub::install(
        "async () => new Response('12345678', {status: 403, headers: {'X-One': 'a', 'x-two': 'b, c'}})",
    );
    let answer = post(request()).await.unwrap();
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| name.starts_with("x-"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(headers, [pair("x-one", "a"), pair("x-two", "b, c")]);
    assert_eq!(
        answer,
        HttpAnswer { status: 403, headers: answer.headers.clone(), body: b"12345678".to_vec() }
    );
}

#[wasm_bindgen_test]
async fn returns_an_empty_body() {
    let _stub = FetchStub::install("async () => new Response(null, {status: 204})");
    assert_eq!(post(request()).await.unwrap().body, b"");
}

#[wasm_bindgen_test]
async fn gives_up_a_body_over_the_limit_while_it_streams() {
    // Endless, and it says when it is let go of: without the limit this would never end.
    let _stub = FetchStub::install(
        "async (url, init) => {
            init.signal.addEventListener('abort', () => { globalThis.letGo = true; });
            return new Response(new ReadableStream({ pull(stream) { stream.enqueue(new Uint8Array(3)); } }));
        }",
    );
    assert_eq!(post(request()).await, Err(TransportError::TooLarge { limit_bytes: 8 }));
    assert_eq!(Reflect::get(&global(), &"letGo".into()), Ok(JsValue::TRUE));
}

#[wasm_bindgen_test]
async fn gives_up_when_the_time_is_over() {
    let _stub = FetchStub::install(
        "(url, init) => new Promise((resolve, reject) =>
            init.signal.addEventListener('abort', () => reject(init.signal.reason)))",
    );
    let request = HttpRequest { timeout_millis: 10, ..request() };
    assert_eq!(post(request).await, Err(TransportError::Timeout { limit_millis: 10 }));
}

#[wasm_bindgen_test]
async fn gives_up_a_body_that_stalls() {
    let _stub = FetchStub::install(
        "async (url, init) => new Response(new ReadableStream({
            start(stream) {
                stream.enqueue(new Uint8Array(1));
                init.signal.addEventListener('abort', () => stream.error(init.signal.reason));
            },
        }))",
    );
    let request = HttpRequest { timeout_millis: 10, ..request() };
    assert_eq!(post(request).await, Err(TransportError::Timeout { limit_millis: 10 }));
}

#[wasm_bindgen_test]
async fn tells_that_nobody_answered() {
    let _stub = FetchStub::install("async () => { throw new TypeError('Failed to fetch'); }");
    let reason = "TypeError: Failed to fetch".to_owned();
    assert_eq!(post(request()).await, Err(TransportError::Connection { reason }));
}

#[wasm_bindgen_test]
async fn sends_nothing_but_the_request() {
    let _stub = FetchStub::install(
        "async (url, init) => {
            const {url: to, method, mode, credentials, redirect, referrerPolicy, cache} = new Request(url, init);
            const type = new Headers(init.headers).get('content-type');
            const seen = {to, method, mode, credentials, redirect, referrerPolicy, cache, type};
            globalThis.seen = JSON.stringify({...seen, body: new TextDecoder().decode(init.body)});
            return new Response('');
        }",
    );
    post(request()).await.unwrap();
    let seen = Reflect::get(&global(), &"seen".into()).unwrap().as_string().unwrap();
    assert_eq!(
        seen,
        r#"{"to":"https://node.example/","method":"POST","mode":"cors","credentials":"omit","redirect":"error","referrerPolicy":"no-referrer","cache":"no-store","type":"application/json","body":"{}"}"#
    );
}

/// Replaces the global `fetch` until dropped.
struct FetchStub {
    real: JsValue,
}

impl FetchStub {
    fn install(code: &str) -> Self {
        let real = Reflect::get(&global(), &"fetch".into()).unwrap();
        let stub = Function::new_no_args(&format!("return {code}")).call0(&JsValue::UNDEFINED).unwrap();
        assert!(stub.is_function() && real.unchecked_ref::<Function>().is_function());
        Reflect::set(&global(), &"fetch".into(), &stub).unwrap();
        Self { real }
    }
}

impl Drop for FetchStub {
    fn drop(&mut self) {
        Reflect::set(&global(), &"fetch".into(), &self.real).unwrap();
    }
}
