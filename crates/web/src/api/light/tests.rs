//! The light client as JavaScript uses it, without a network: arguments that are refused before anybody is asked.
//! What it proves of a running chain is a journey: `tests/journeys/light.test.mjs`.

use core::{future::poll_fn, task::Poll};

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{AbortController, AbortSignal};

use super::*;
use crate::api::testing::{code, network_json, operator};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

async fn open() -> LightClient {
    LightClient::open(&network_json()).await.unwrap()
}

#[wasm_bindgen_test]
async fn refuses_a_malformed_network_description() {
    assert_eq!(code(LightClient::open("{}").await.unwrap_err()), "network/description");
}

#[wasm_bindgen_test]
async fn proves_nothing_without_a_network() {
    let client = open().await;
    assert_eq!(code(client.head().unwrap_err()), "network/no-head");
    assert_eq!(code(client.sync(None).await.unwrap_err()), "network/unreachable");
    let nobody = "0x00000000000000000000000000000000deadbeef";
    assert_eq!(code(client.account(nobody, None).await.unwrap_err()), "network/unreachable");
    assert_eq!(client.evidence(), None);
}

#[wasm_bindgen_test]
async fn gives_up_when_told_to() {
    let client = open().await;
    let options = |signal: &AbortSignal| {
        let object = Object::new();
        Reflect::set(&object, &"signal".into(), signal).unwrap();
        Some(object.unchecked_into())
    };
    let abort = AbortController::new().unwrap();
    let mut sync = Box::pin(client.sync(options(&abort.signal())));
    // Begun, and on its way when the signal comes.
    let has_begun = poll_fn(|context| Poll::Ready(sync.as_mut().poll(context).is_pending())).await;
    assert!(has_begun);
    abort.abort();
    assert_eq!(code(sync.await.unwrap_err()), "call/aborted");
    assert_eq!(code(client.sync(options(&abort.signal())).await.unwrap_err()), "call/aborted");
}

#[wasm_bindgen_test]
async fn goes_on_from_no_checkpoint_that_operators_have_not_signed() {
    let client = open().await;
    let mut update = CheckpointUpdate {
        network_id: Network::parse(network_json().as_bytes()).unwrap().network_id,
        number: 1,
        hash: B256::repeat_byte(2),
        validators: None,
        issued: 0,
        signatures: vec![],
    };
    assert_eq!(code(client.checkpoint("{}", None).await.unwrap_err()), "checkpoint/malformed");
    let unsigned = update.to_json();
    assert_eq!(code(client.checkpoint(&unsigned, None).await.unwrap_err()), "checkpoint/not-enough-signers");
    // Signed, its block is asked for.
    update.sign(&operator());
    assert_eq!(code(client.checkpoint(&update.to_json(), None).await.unwrap_err()), "network/unreachable");
}

#[wasm_bindgen_test]
async fn refuses_arguments_before_it_asks_anybody() {
    let client = open().await;
    let refused = |result: Result<JsValue, ErrorView>| assert_eq!(code(result.unwrap_err()), "call/argument");
    refused(client.account("0x1234", None).await);
    refused(client.block(-1.0, None).await);
    refused(client.block(0.5, None).await);
    refused(client.transaction("0x12", None).await);
    refused(client.receipt(&"1".repeat(64), None).await);
    refused(client.storage(&format!("0x{}", "00".repeat(20)), vec!["0x1".to_owned()], None).await);
    for query in [
        r#"{"adresses":[]}"#,
        r#"{"addresses":["0x12"]}"#,
        r#"{"topics":[["0x12"]]}"#,
        r#"{"fromBlock":1.5}"#,
        "7",
    ] {
        refused(client.logs(JSON::parse(query).unwrap(), None).await);
    }
    for raw in ["", "0xg", "12"] {
        assert_eq!(code(client.send(raw, None).await.unwrap_err()), "call/argument", "{raw:?}");
    }
}
