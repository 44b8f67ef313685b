//! The same records from the same store, without a signature, a nonce, a grant, a log or a seal: what all that costs.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use gatekeeper::record_sets::RecordSets;
use gatekeeper::store::Store;
use protocol::answer::RecordsAnswer;
use records::category::{Categories, Category};

use crate::schedule::{self, Load, Offer};
use crate::stack::{Request, Stack};

struct Plain {
    store: Store,
    sets: RecordSets,
    pseudonym: Address,
    root: B256,
}

/// Serves the allergies of one patient; returns where.
pub(crate) async fn serve(stack: &Stack, pseudonym: Address, root: B256) -> String {
    let store = Store::open(&stack.database()).unwrap();
    let plain = Arc::new(Plain { store, sets: RecordSets::default(), pseudonym, root });
    let router = Router::new().route("/v1/call", post(read)).with_state(plain);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn read(State(plain): State<Arc<Plain>>, _body: axum::body::Bytes) -> Vec<u8> {
    let answer = tokio::task::spawn_blocking(move || {
        let allergies = Categories::NONE.with(Category::Allergies);
        plain.sets.answer(&plain.store, plain.pseudonym, plain.root, allergies).unwrap().unwrap()
    });
    serde_json::to_vec(&RecordsAnswer { categories: answer.await.unwrap() }).unwrap()
}

pub(crate) async fn load(address: &str, rate: f64, seconds: f64) -> Load {
    let offer = Offer { rate, seconds };
    let request = Request { url: String::new(), headers: vec![], body: vec![b' '; 600], signature: [0; 65] };
    schedule::run(address, vec![schedule::http(address, &request); offer.count()], offer).await
}
