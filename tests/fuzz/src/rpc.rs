//! What an endpoint answers: read the same way each time, and written again it means the same.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use alloy_primitives::{B256, Bytes, U256, hex};
use client::rpc::{RpcCall, RpcError, decode_header, decode_proof, request};
use client::{Http, HttpAnswer, HttpRequest, TransportError};
use lightclient::{Asked, Header};
use serde_json::{Value, json};

use crate::recorded::Chain;

/// Input: how many questions were asked (1 to 4), then the body of the answer.
pub(crate) fn rpc(data: &[u8]) {
    let Some((count, body)) = data.split_first() else { return };
    let calls = vec![RpcCall::header(Asked::Latest); 1 + usize::from(count % 4)];
    let answers = ask(&calls, body);
    assert_eq!(answers, ask(&calls, body), "read twice, the answer is another one");
    let Ok(answers) = answers else { return };
    assert_eq!(answers.len(), calls.len(), "not one answer for each question");
    for answer in answers.into_iter().flatten() {
        check_header(&answer);
        check_proof(&answer);
    }
}

/// A header that decodes means the same when it is written as JSON again, and as RLP.
fn check_header(answer: &Value) {
    let Ok(header) = decode_header(answer) else { return };
    assert_eq!(decode_header(&header_json(&header)), Ok(header.clone()), "not the same from JSON");
    // Of Cancun's three fields one or two alone have no RLP encoding; no verifier accepts such a header.
    if header.blob_gas_used.is_some() == header.parent_beacon_block_root.is_some() {
        assert_eq!(Header::decode(&header.encode()), Ok(header), "not the same from RLP");
    }
}

/// A proof that decodes has one entry for each slot that was asked for, and means the same when written again.
fn check_proof(answer: &Value) {
    let slots = slots();
    let Ok(proof) = decode_proof(answer, &slots) else { return };
    assert_eq!(proof.storage.len(), slots.len(), "not one entry for each slot");
    let storage: Vec<Value> = slots
        .iter()
        .zip(&proof.storage)
        .filter_map(|(slot, nodes)| Some(json!({"key": slot, "proof": nodes.as_ref()?})))
        .collect();
    let again = json!({"accountProof": proof.account_proof, "storageProof": storage});
    assert_eq!(decode_proof(&again, &slots), Ok(proof), "not the same from JSON");
}

/// The slots that every proof is read for.
fn slots() -> [B256; 2] {
    [0, 1].map(B256::with_last_byte)
}

/// Asks an endpoint that answers with `body`.
fn ask(calls: &[RpcCall], body: &[u8]) -> Result<Vec<Result<Value, RpcError>>, RpcError> {
    let endpoint = Endpoint(body);
    let mut exchange = pin!(request(&endpoint, "http://127.0.0.1", calls));
    match exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answers) => answers,
        Poll::Pending => unreachable!("the endpoint answers at once"),
    }
}

struct Endpoint<'a>(&'a [u8]);

impl Http for Endpoint<'_> {
    async fn post(&self, _request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        Ok(HttpAnswer { status: 200, headers: Vec::new(), body: self.0.to_vec() })
    }
}

fn header_json(header: &Header) -> Value {
    let quantity = |number: u64| format!("{number:#x}");
    let mut answer = json!({
        "parentHash": header.parent_hash,
        "sha3Uncles": header.ommers_hash,
        "miner": header.coinbase,
        "stateRoot": header.state_root,
        "transactionsRoot": header.transactions_root,
        "receiptsRoot": header.receipts_root,
        "logsBloom": header.logs_bloom,
        "difficulty": format!("{:#x}", header.difficulty),
        "number": quantity(header.number),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": header.extra_data,
        "mixHash": header.mix_hash,
        "nonce": hex::encode_prefixed(header.nonce),
    });
    let appended = [
        ("baseFeePerGas", header.base_fee_per_gas.map(|fee| json!(quantity(fee)))),
        ("withdrawalsRoot", header.withdrawals_root.map(|root| json!(root))),
        ("blobGasUsed", header.blob_gas_used.map(|gas| json!(quantity(gas)))),
        ("excessBlobGas", header.excess_blob_gas.map(|gas| json!(quantity(gas)))),
        ("parentBeaconBlockRoot", header.parent_beacon_block_root.map(|root| json!(root))),
        ("requestsHash", header.requests_hash.map(|hash| json!(hash))),
    ];
    for (name, value) in appended {
        if let Some(value) = value {
            answer[name] = value;
        }
    }
    answer
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let chain = Chain::qbft();
    let block = |number: usize| header_json(chain.headers[number].raw());
    let answer = |id: u64, result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    let later = Header {
        base_fee_per_gas: Some(7),
        withdrawals_root: Some(B256::ZERO),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(B256::ZERO),
        difficulty: U256::MAX,
        ..chain.headers[10].raw().clone()
    };
    let nodes: &[Bytes] = &chain.proofs[0].nodes;
    let proof = json!({"accountProof": nodes, "storageProof": [
        {"key": "0x1", "value": "0x0", "proof": nodes}, {"key": format!("{:#066x}", 0), "value": "0x0", "proof": []}]});
    let absent = json!({"accountProof": nodes, "storageProof": []});
    let refusal = json!({"code": -32000, "message": "missing trie node"});
    [
        (0, answer(1, block(0))),
        (0, answer(1, block(133))),
        (0, answer(1, header_json(&later))),
        (0, answer(1, proof.clone())),
        (0, answer(1, Value::Null)),
        (0, json!({"jsonrpc": "2.0", "id": 1, "error": refusal})),
        (1, json!({"jsonrpc": "2.0", "id": null, "error": refusal})),
        (1, json!([answer(2, block(1)), answer(1, absent)])),
        (2, json!([answer(1, json!("0x1")), {"id": 3, "error": refusal}, answer(2, proof)])),
    ]
    .into_iter()
    .map(|(count, body)| [vec![count], body.to_string().into_bytes()].concat())
    .collect()
}
