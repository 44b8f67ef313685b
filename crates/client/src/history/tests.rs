use super::*;
use crate::rpc::decode_u64;
use crate::testing::{CONTRACT, Chain, LAST, Manner, TestPlatform, count_methods, synced};
use alloy_primitives::{Bloom, hex};
use lightclient::Header;
use serde_json::{Value, json};

fn everything() -> LogFilter {
    LogFilter::new(vec![], vec![])
}

/// What the recording says of a block's logs: transaction hash, position of the transaction, and data.
fn recorded_logs(from: u64) -> Vec<(u64, String, usize, String)> {
    let chain = Chain::recorded();
    let mut logs = Vec::new();
    for body in chain.bodies.iter().filter(|body| body["number"].as_u64().unwrap() >= from) {
        for (index, receipt) in body["receipts"].as_array().unwrap().iter().enumerate() {
            for log in receipt["logs"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let number = body["number"].as_u64().unwrap();
                logs.push((number, text(&receipt["transactionHash"]), index, text(&log["data"])));
            }
        }
    }
    logs
}

fn summary(logs: &[ProvenLog]) -> Vec<(u64, String, usize, String)> {
    logs.iter()
        .map(|log| {
            let hash = log.transaction_hash().to_string();
            (log.block_number(), hash, log.transaction_index(), hex::encode_prefixed(&log.log().data))
        })
        .collect()
}

/// The last block of the recording that has logs, and the hash of its last transaction.
fn last_body() -> (u64, B256) {
    let chain = Chain::recorded();
    let has_logs = |body: &&Value| {
        body["receipts"].as_array().unwrap().iter().any(|receipt| receipt["logs"] != json!([]))
    };
    let body = chain.bodies.iter().rfind(has_logs).unwrap();
    let hash = body["transactions"].as_array().unwrap().last().unwrap()["hash"].as_str().unwrap();
    (body["number"].as_u64().unwrap(), hash.parse().unwrap())
}

#[tokio::test]
async fn proves_all_logs_of_the_whole_chain() {
    for manner in [Manner::Honest, Manner::BlockReceipts] {
        let (client, head) = synced(vec![manner.clone()]).await;
        client.platform().asked.lock().unwrap().clear();
        let logs = client.logs(&head, &everything(), 0..=LAST).await.unwrap();
        assert_eq!(summary(&logs), recorded_logs(0));
        assert_eq!(logs.len(), 133);
        let asked = count_methods(client.platform());
        let one_by_one = asked.get("eth_getTransactionReceipt").copied().unwrap_or_default();
        assert_eq!(one_by_one > 0, matches!(manner, Manner::Honest), "{manner:?}");
        assert!(!asked.contains_key("eth_getLogs"));
    }
}

#[tokio::test]
async fn a_filter_needs_only_the_blocks_whose_bloom_matches() {
    let (client, head) = synced(vec![Manner::BlockReceipts]).await;
    let all = client.logs(&head, &everything(), 0..=LAST).await.unwrap();
    let topic = all[5].log().topics[1];
    client.platform().asked.lock().unwrap().clear();
    let filter = LogFilter::new(vec![CONTRACT], vec![vec![], vec![topic]]);
    let some = client.logs(&head, &filter, 0..=LAST).await.unwrap();
    let wanted: Vec<ProvenLog> =
        all.into_iter().filter(|log| log.log().topics.get(1) == Some(&topic)).collect();
    assert_eq!(some, wanted);
    let nobody = LogFilter::new(vec![crate::testing::NOBODY], vec![]);
    client.platform().asked.lock().unwrap().clear();
    assert_eq!(client.logs(&head, &nobody, 0..=LAST).await.unwrap(), vec![]);
    assert!(!count_methods(client.platform()).contains_key("eth_getBlockByHash"));
}

#[tokio::test]
async fn proves_the_logs_of_a_part_of_the_chain_and_of_one_block() {
    let (number, _) = last_body();
    let (client, head) = synced(vec![Manner::Honest]).await;
    let logs = client.logs(&head, &everything(), number..=number).await.unwrap();
    assert_eq!(summary(&logs), recorded_logs(number));
    assert_eq!(client.logs(&head, &everything(), LAST..=LAST).await.unwrap(), vec![]);
}

#[tokio::test]
async fn refuses_ranges_that_it_cannot_prove() {
    let (client, head) = synced(vec![Manner::Honest]).await;
    let code = async |range| client.logs(&head, &everything(), range).await.unwrap_err();
    let backward = code(RangeInclusive::new(5, 4)).await;
    assert_eq!(backward, HistoryError::NoRange { from: 5, to: 4 }.into());
    assert_eq!((backward.code().as_str(), backward.fault()), ("history/no-range", Fault::Caller));
    let after = code(0..=LAST + 1).await;
    assert_eq!(after, HistoryError::AfterHead { head: LAST, found: LAST + 1 }.into());
    assert_eq!(check_distance(10_000, 0), Ok(()));
    assert_eq!(check_distance(10_001, 0), Err(HistoryError::TooFarBack { limit: 10_000, found: 0 }));
    assert_eq!(add_bytes(1, MAX_BYTES - 1), Ok(MAX_BYTES));
    let too_large = HistoryError::TooLarge { limit_bytes: MAX_BYTES };
    assert_eq!(add_bytes(1, MAX_BYTES), Err(too_large.clone()));
    assert_eq!(add_bytes(1, usize::MAX), Err(too_large));
}

/// The last item of a list in a body.
fn last<'a>(body: &'a mut Value, list: &str) -> &'a mut Value {
    body[list].as_array_mut().unwrap().last_mut().unwrap()
}

fn pop(body: &mut Value, list: &str) {
    body[list].as_array_mut().unwrap().pop();
}

#[tokio::test]
async fn whoever_leaves_something_out_is_named_and_the_next_is_asked() {
    let cases: [(Manner, &str); 9] = [
        (Manner::ChangedBody(|body| pop(body, "receipts")), "rpc/malformed"),
        (
            Manner::ChangedBody(|body| {
                pop(body, "receipts");
                pop(body, "transactions");
            }),
            "proof/root-mismatch",
        ),
        (Manner::ChangedBody(|body| pop(body, "transactions")), "proof/root-mismatch"),
        (Manner::ChangedBody(|body| body["receipts"][0]["logs"] = json!([])), "proof/root-mismatch"),
        (
            Manner::ChangedBody(|body| body["receipts"][0]["logs"][0]["data"] = json!("0x")),
            "proof/root-mismatch",
        ),
        (Manner::ChangedBody(|body| last(body, "receipts")["status"] = json!("0x0")), "proof/root-mismatch"),
        (
            Manner::ChangedBody(|body| last(body, "transactions")["nonce"] = json!("0xffff")),
            "proof/root-mismatch",
        ),
        (
            Manner::ChangedBody(|body| body["receipts"][0]["cumulativeGasUsed"] = json!("0x1")),
            "proof/root-mismatch",
        ),
        (Manner::Body("<html>"), "rpc/not-json"),
    ];
    let (number, _) = last_body();
    for (case, (manner, code)) in cases.into_iter().enumerate() {
        let (alone, head) = synced(vec![manner.clone()]).await;
        let error = alone.logs(&head, &everything(), number..=number).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.fault()), (code, Fault::Peer), "case {case}: {error}");
        assert_eq!(error.endpoint.as_deref(), Some("http://0"), "case {case}");

        let (client, head) = synced(vec![manner, Manner::Honest]).await;
        let logs = client.logs(&head, &everything(), number..=number).await.unwrap();
        assert_eq!(summary(&logs), recorded_logs(number), "case {case}");
        assert_eq!(client.reading_order(LAST), vec![1, 0], "case {case}");
    }
}

#[tokio::test]
async fn an_endpoint_without_receipts_is_no_liar() {
    let (number, _) = last_body();
    let (client, head) = synced(vec![Manner::NoReceipts, Manner::Honest]).await;
    let logs = client.logs(&head, &everything(), number..=number).await.unwrap();
    assert_eq!(summary(&logs), recorded_logs(number));
    let (alone, head) = synced(vec![Manner::NoReceipts]).await;
    let error = alone.logs(&head, &everything(), number..=number).await.unwrap_err();
    assert_eq!(error.code(), "network/unreachable");
}

#[tokio::test]
async fn a_forged_ancestor_is_noticed() {
    let recorded = Chain::recorded();
    let (number, _) = last_body();
    // A block that hides its logs; and a true header of another height.
    let hidden = Header { logs_bloom: Bloom::ZERO, ..recorded.header(number).clone() };
    let other = Header { number, ..recorded.header(number - 1).clone() };
    for forged in [hidden, other] {
        let (alone, head) = synced(vec![Manner::Headers(vec![forged.clone()])]).await;
        let error = alone.logs(&head, &everything(), number..=LAST).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.fault()), ("header/hash-mismatch", Fault::Peer));
        assert_eq!(error.endpoint.as_deref(), Some("http://0"));
        let (client, head) = synced(vec![Manner::Headers(vec![forged]), Manner::Honest]).await;
        let logs = client.logs(&head, &everything(), number..=LAST).await.unwrap();
        assert_eq!(summary(&logs), recorded_logs(number));
    }
}

#[tokio::test]
async fn proves_a_transaction_and_its_receipt() {
    let (number, hash) = last_body();
    for manner in [Manner::Honest, Manner::BlockReceipts] {
        let (client, head) = synced(vec![manner]).await;
        let transaction = client.transaction(&head, hash).await.unwrap();
        assert_eq!((transaction.hash(), transaction.block_number()), (hash, number));
        let (_, receipt) = client.receipt(&head, hash).await.unwrap();
        assert_eq!((receipt.index(), receipt.block_hash()), (transaction.index(), transaction.block_hash()));
        let body = Chain::recorded().bodies.into_iter().find(|body| body["number"] == number).unwrap();
        let recorded = &body["receipts"][receipt.index()];
        assert_eq!(recorded["transactionHash"], json!(hash));
        assert_eq!(recorded["logs"].as_array().unwrap().len(), receipt.receipt().logs.len());
        let before = &body["receipts"].as_array().unwrap()[..receipt.index()];
        let gas =
            |receipt: &Value| decode_u64("gas", receipt["cumulativeGasUsed"].as_str().unwrap()).unwrap();
        assert_eq!(receipt.gas_used(), Some(gas(recorded) - before.last().map_or(0, gas)));
        let logs_before = before.iter().map(|receipt| receipt["logs"].as_array().unwrap().len()).sum();
        assert_eq!(receipt.first_log_index(), Some(logs_before));
    }
}

#[tokio::test]
async fn a_transaction_that_is_not_where_a_node_says_is_looked_for_elsewhere() {
    let (_, hash) = last_body();
    let away = [json!("0xc8"), json!("0xffff"), json!("c8"), Value::Null];
    let codes = ["history/not-in-block", "rpc/absent", "rpc/malformed", "rpc/absent"];
    for (number, code) in away.into_iter().zip(codes) {
        let (alone, head) = synced(vec![Manner::NamesBlock(number.clone())]).await;
        assert_eq!(alone.receipt(&head, hash).await.unwrap_err().code(), code);
        let (client, head) = synced(vec![Manner::NamesBlock(number), Manner::Honest]).await;
        assert_eq!(client.transaction(&head, hash).await.unwrap().hash(), hash);
    }
    let (client, head) = synced(vec![Manner::Honest]).await;
    let unknown = client.receipt(&head, B256::ZERO).await.unwrap_err();
    assert_eq!((unknown.code().as_str(), unknown.fault()), ("rpc/absent", Fault::Unavailable));
}

#[tokio::test]
async fn the_futures_can_be_sent_where_the_platform_can() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let (client, head): (Client<TestPlatform>, Head) = synced(vec![Manner::Honest]).await;
    let filter = everything();
    is_send(client.logs(&head, &filter, LAST..=LAST)).await.unwrap();
    is_send(client.receipt(&head, last_body().1)).await.unwrap();
}
