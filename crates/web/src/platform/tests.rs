//! The head store against real IndexedDB.

use alloy_primitives::B256;
use client::{HeadStore as _, Platform as _};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::WebPlatform;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const NETWORK: B256 = B256::repeat_byte(1);

#[wasm_bindgen_test]
async fn keeps_one_head_per_network() {
    let platform = WebPlatform::open("heads-test").await.unwrap();
    assert_eq!(platform.load_head(NETWORK).await, Ok(None));
    platform.save_head(NETWORK, vec![1, 2, 3]).await.unwrap();
    platform.save_head(B256::repeat_byte(2), vec![9]).await.unwrap();
    platform.save_head(NETWORK, vec![4]).await.unwrap();
    assert_eq!(platform.load_head(NETWORK).await, Ok(Some(vec![4])));
    let again = WebPlatform::open("heads-test").await.unwrap();
    assert_eq!(again.load_head(NETWORK).await, Ok(Some(vec![4])));
    assert_eq!(again.load_head(B256::repeat_byte(3)).await, Ok(None));
}

#[wasm_bindgen_test]
async fn gives_different_random_bytes_each_time() {
    let platform = WebPlatform::open("heads-test").await.unwrap();
    let (mut one, mut other) = ([0; 32], [0; 32]);
    platform.fill_random(&mut one).unwrap();
    platform.fill_random(&mut other).unwrap();
    assert_ne!(one, other);
}

#[wasm_bindgen_test]
async fn waits_and_tells_the_time() {
    let platform = WebPlatform::open("heads-test").await.unwrap();
    let before = platform.now_millis();
    platform.sleep(20).await;
    // Timers may fire a little early against the wall clock.
    assert!(platform.now_millis() >= before + 15);
}
