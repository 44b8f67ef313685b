//! The head store against real IndexedDB.

use core::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

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
    platform.save_head(NETWORK, vec![1, 2, 3], |_| panic!("there is none")).await.unwrap();
    platform.save_head(B256::repeat_byte(2), vec![9], |_| panic!("there is none")).await.unwrap();
    platform.save_head(NETWORK, vec![4], |kept| kept == [1, 2, 3]).await.unwrap();
    assert_eq!(platform.load_head(NETWORK).await, Ok(Some(vec![4])));
    let again = WebPlatform::open("heads-test").await.unwrap();
    assert_eq!(again.load_head(NETWORK).await, Ok(Some(vec![4])));
    assert_eq!(again.load_head(B256::repeat_byte(3)).await, Ok(None));
    again.save_head(NETWORK, vec![5], |_| false).await.unwrap();
    assert_eq!(platform.load_head(NETWORK).await, Ok(Some(vec![4])));
}

#[wasm_bindgen_test]
async fn of_two_tabs_that_save_at_once_the_higher_head_stays() {
    let [one, two] =
        [WebPlatform::open("tabs-test").await.unwrap(), WebPlatform::open("tabs-test").await.unwrap()];
    for round in 0..20_u8 {
        let [low, high] = [2 * round, 2 * round + 1];
        let is_higher = |new: u8| move |kept: &[u8]| kept[0] < new;
        let mut first = pin!(one.save_head(NETWORK, vec![high], is_higher(high)));
        let mut second = pin!(two.save_head(NETWORK, vec![low], is_higher(low)));
        let (mut first_done, mut second_done) = (None, None);
        poll_fn(|context| {
            poll_once(first.as_mut(), &mut first_done, context);
            poll_once(second.as_mut(), &mut second_done, context);
            if first_done.is_some() && second_done.is_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        first_done.unwrap().and(second_done.unwrap()).unwrap();
        assert_eq!(one.load_head(NETWORK).await, Ok(Some(vec![high])));
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>, done: &mut Option<F::Output>, context: &mut Context<'_>) {
    if done.is_none()
        && let Poll::Ready(output) = future.poll(context)
    {
        *done = Some(output);
    }
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
