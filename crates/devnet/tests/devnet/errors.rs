//! What happens to requests that are not well formed.

use serde_json::{Value, json};

use crate::harness::{Net, call, http, post};

fn raw(net: &Net, body: &str) -> (u16, Value) {
    let (status, _, body) = post(&net.endpoints[0], body.as_bytes());
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn code(answer: &Value) -> (&Value, &Value) {
    (&answer["id"], &answer["error"]["code"])
}

#[test]
fn answers_malformed_requests_with_json_rpc_errors() {
    let net = Net::start();
    for (body, id, expected) in [
        ("", Value::Null, -32700),
        ("{\"jsonrpc\":", Value::Null, -32700),
        ("\u{fe}", Value::Null, -32700),
        ("[]", Value::Null, -32600),
        ("7", Value::Null, -32600),
        ("{}", Value::Null, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":"x","method":"eth_nonsense"}"#, json!("x"), -32601),
        (r#"{"jsonrpc":"2.0","id":2,"method":"eth_getBalance","params":{}}"#, json!(2), -32602),
        (r#"{"jsonrpc":"2.0","id":3,"method":"devnet_setLie","params":["truth"]}"#, json!(3), -32602),
    ] {
        let (status, answer) = raw(&net, body);
        assert_eq!((status, code(&answer)), (200, (&id, &json!(expected))), "{body}");
    }
    let (_, batch) = raw(&net, &json!(vec![json!({}); 101]).to_string());
    assert_eq!(code(&batch), (&Value::Null, &json!(-32600)));
    let deep = "[".repeat(100_000);
    assert_eq!(code(&raw(&net, &deep).1), (&Value::Null, &json!(-32700)));
    let (status, answer) = raw(&net, &" ".repeat(1024 * 1024 + 1));
    assert_eq!((status, code(&answer)), (413, (&Value::Null, &json!(-32600))));
}

#[test]
fn answers_batches_in_order_and_notifications_not_at_all() {
    let net = Net::start();
    let (_, answer) = raw(
        &net,
        r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","method":"eth_chainId"},3,
            {"jsonrpc":"2.0","id":"b","method":"net_version"}]"#,
    );
    let answers = answer.as_array().expect("a batch");
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": 1, "result": "0x13f71" }));
    assert_eq!(code(&answers[1]), (&Value::Null, &json!(-32600)));
    assert_eq!(answers[2], json!({ "jsonrpc": "2.0", "id": "b", "result": "81777" }));
    let (status, _, body) = post(&net.endpoints[0], br#"{"jsonrpc":"2.0","method":"eth_chainId"}"#);
    assert_eq!((status, body.as_slice()), (200, b"".as_slice()));
}

#[test]
fn refuses_bad_parameters_of_every_method_without_falling_over() {
    let net = Net::start();
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("0x"),
        json!("0xg"),
        json!("0x00"),
        json!("0xé"),
        json!("latest"),
        json!("0xffffffffffffffff"),
        json!(format!("0x{}", "f".repeat(64))),
        json!(format!("0x{}", "f".repeat(65))),
        json!("0x0000000000000000000000000000000000000001"),
        json!([]),
        json!(["0x0", null]),
        json!({}),
        json!({ "to": "0x1", "gas": "0xffffffffffffffffff" }),
        json!({ "blockNumber": { "blockNumber": "0x1" } }),
        json!({ "fromBlock": "0x5", "toBlock": "0x1", "topics": [[[]]] }),
        json!({ "from": "0x0000000000000000000000000000000000000001", "gas": "0xffffffffffffffff", "value": "0x1" }),
    ];
    let methods = [
        "debug_getRawHeader",
        "eth_blockNumber",
        "eth_call",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_getBalance",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getCode",
        "eth_getLogs",
        "eth_getProof",
        "eth_getStorageAt",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_sendRawTransaction",
        "istanbul_getValidators",
    ];
    for lie in [
        json!(null),
        json!("fork"),
        json!("other-block"),
        json!("wrong-proof"),
        json!("other-account"),
        json!("other-slot"),
        json!("foreign-chain"),
    ] {
        net.ask("devnet_setLie", json!([lie]));
        for method in methods {
            let requests: Vec<Value> = odd
                .iter()
                .flat_map(|first| odd.iter().map(move |second| json!([first, second, "latest"])))
                .chain([json!([]), json!(["0x1"])])
                .map(|params| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
                .collect();
            for batch in requests.chunks(100) {
                let (status, answer) = raw(&net, &json!(batch).to_string());
                assert_eq!(status, 200);
                for answer in answer.as_array().expect("a batch") {
                    let known = answer.get("result").is_some()
                        || [json!(-32602), json!(-32000), json!(3)].contains(&answer["error"]["code"]);
                    assert!(known, "{method}: {answer}");
                }
            }
        }
    }
    assert_eq!(call(&net.endpoints[0], "eth_blockNumber", json!([]))["result"], "0x0");
}

#[test]
fn may_be_read_from_any_origin_without_credentials() {
    let net = Net::start();
    let wish = "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n\
                Access-Control-Request-Headers: content-type\r\n";
    let (status, head, _) = http(&net.endpoints[0], "OPTIONS", wish, b"");
    assert_eq!(status, 200);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert!(head.contains("access-control-allow-headers: content-type"), "{head}");
    let (_, head, _) = post(&net.endpoints[0], br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}"#);
    assert!(head.contains("access-control-allow-origin: *") && !head.contains("credentials"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(http(&net.endpoints[0], "GET", "", b"").0, 405);
}
