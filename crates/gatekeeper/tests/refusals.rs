//! Requests that a gatekeeper must refuse, each with its own signed reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use std::collections::BTreeSet;

use client::{HttpAnswer, Platform};
use protocol::answer::RefusalCode;
use protocol::request::{Call, HeadRef, METHODS, Method, Origin};
use records::category::{Categories, Category};
use serde_json::Value;

use stack::{Browser, Request, Stack, key, send, synced};

async fn code(stack: &Stack, browser: &Browser, request: &Request) -> Option<RefusalCode> {
    stack.refusal(browser, request).await.map(|refusal| refusal.code)
}

fn header<'a>(answer: &'a HttpAnswer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn each_broken_rule_has_its_own_signed_refusal() {
    let stack = Stack::start();
    let browser = stack.browser();
    let patient = stack.patient(&browser, 1).await;
    let head = synced(&browser).await;
    let categories = Categories::NONE.with(Category::Allergies);
    let (call, _) = stack.call(&head, patient.address(), Method::ReadRecords { categories });
    let body = call.to_body();
    let now = browser.platform().now();
    let good = stack.sign(&browser, &patient, &body);

    let cases: Vec<(&str, Request, RefusalCode)> = vec![
        (
            "expired",
            stack.sign_with(&patient, &stack.origin, &body, now - 120, [1; 16]),
            RefusalCode::Expired,
        ),
        (
            "of the future",
            stack.sign_with(&patient, &stack.origin, &body, now + 120, [2; 16]),
            RefusalCode::NotYetValid,
        ),
        (
            "for another origin",
            stack.sign_with(&patient, &Origin::parse("https://other.example").unwrap(), &body, now, [3; 16]),
            RefusalCode::BadSignature,
        ),
        (
            "with a changed body",
            Request { body: [&body[..], b" "].concat(), ..good.clone() },
            RefusalCode::BadSignature,
        ),
        ("with a changed signature", flipped_signature(&good), RefusalCode::BadSignature),
        (
            "for another chain",
            sign(&stack, &browser, Call { network: 1, ..call.clone() }),
            RefusalCode::WrongAudience,
        ),
        (
            "for another contract",
            sign(&stack, &browser, Call { contract: stack.steward, ..call.clone() }),
            RefusalCode::WrongAudience,
        ),
        (
            "for another steward",
            sign(&stack, &browser, Call { steward: patient.address(), ..call.clone() }),
            RefusalCode::WrongAudience,
        ),
        ("that is no JSON", stack.sign(&browser, &patient, b"{\"version\":1,"), RefusalCode::Malformed),
        (
            "with a name twice",
            stack.sign(&browser, &patient, b"{\"version\":1,\"version\":1}"),
            RefusalCode::Malformed,
        ),
        ("of an unknown method", stack.sign(&browser, &patient, &renamed(&body)), RefusalCode::UnknownMethod),
        (
            "at a block that cannot exist yet",
            sign(&stack, &browser, Call { head: HeadRef { number: 1 << 40, ..call.head }, ..call.clone() }),
            RefusalCode::StaleHead,
        ),
        ("that is too large", stack.sign(&browser, &patient, &vec![b' '; 70_000]), RefusalCode::TooLarge),
        (
            "about nobody",
            sign(&stack, &browser, Call { patient: key(7).address(), ..call.clone() }),
            RefusalCode::NoRelationship,
        ),
        (
            "to a key without secrets",
            sign(&stack, &browser, Call { reply_key: [0; 32], ..call.clone() }),
            RefusalCode::Malformed,
        ),
    ];
    for (what, request, expected) in &cases {
        assert_eq!(code(&stack, &browser, request).await, Some(*expected), "a request {what}");
    }
    assert_eq!(code(&stack, &browser, &good).await, None);
    assert_eq!(code(&stack, &browser, &good).await, Some(RefusalCode::Replayed));
    for (what, request, _) in &cases {
        let text = String::from_utf8(send(&browser, request).await.unwrap().body).unwrap();
        assert!(!text.contains("sqlite") && !text.contains("127.0.0.1:1"), "a request {what}: {text}");
    }
}

/// Signed by the patient, whatever it says.
fn sign(stack: &Stack, browser: &Browser, call: Call) -> Request {
    stack.sign(browser, &key(1), &call.to_body())
}

/// Another signature, and an answer bound to that one.
fn flipped_signature(good: &Request) -> Request {
    let mut request = good.clone();
    request.signature[40] ^= 1;
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, request.signature);
    for (name, value) in &mut request.headers {
        if name == "signature" {
            *value = format!("mr=:{encoded}:");
        }
    }
    request
}

fn renamed(body: &[u8]) -> Vec<u8> {
    String::from_utf8(body.to_vec()).unwrap().replace("records.read", "records.burn").into_bytes()
}

#[tokio::test]
async fn the_edge_speaks_http_as_browsers_expect() {
    let stack = Stack::start();
    let browser = stack.browser();

    // Without a signature there is nothing to bind an answer to.
    let plain = Request {
        url: format!("{}/v1/call", stack.origin),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
        signature: [0; 65],
    };
    let answer = send(&browser, &plain).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, body["code"].as_str()), (401, Some("bad_signature")));
    assert_eq!(header(&answer, "signature"), None);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    assert_eq!(
        header(&answer, "access-control-expose-headers"),
        Some("signature,signature-input,content-digest")
    );
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));

    let elsewhere = Request { url: format!("{}/v1/other", stack.origin), ..plain };
    let answer = send(&browser, &elsewhere).await.unwrap();
    assert_eq!((answer.status, header(&answer, "content-type")), (404, Some("application/problem+json")));
    let wrong_method = get(&stack, "GET /v1/call");
    assert!(wrong_method.starts_with("HTTP/1.1 405") && wrong_method.contains("application/problem+json"));

    for path in ["/v1/health", "/healthz"] {
        let health = get(&stack, &format!("GET {path}"));
        assert!(health.starts_with("HTTP/1.1 200") || health.starts_with("HTTP/1.1 503"), "{health}");
        assert!(health.contains(&stack.steward.to_string()), "{health}");
    }
    let metrics = get(&stack, "GET /metrics");
    assert!(metrics.contains("medrec_calls_total{outcome=\"bad_signature\"} 1\n"), "{metrics}");
    is_as_described(&stack);
    // Whoever does not finish a head is cut off, whoever sends too large a one at once.
    for (head, answer) in [
        ("POST /v1/call HTTP/1.1\r\nhost: a\r\nx".to_owned(), ""),
        (format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(20_000)), "HTTP/1.1 431"),
    ] {
        let mut stream = std::net::TcpStream::connect(&stack.listen).unwrap();
        std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
        let mut text = String::new();
        // The rest of what we sent may be thrown away with the connection.
        let _reset = std::io::Read::read_to_string(&mut stream, &mut text);
        assert!(text.starts_with(answer), "{text}");
    }
    let preflight = get(&stack, "OPTIONS /v1/call");
    for field in [
        "access-control-allow-origin: *",
        "access-control-max-age: 7200",
        "access-control-allow-headers: content-type,signature,signature-input,content-digest",
    ] {
        assert!(preflight.contains(field), "{field} in {preflight}");
    }
}

/// Every path of the description is served, and its codes are those of the protocol's text.
fn is_as_described(stack: &Stack) {
    let served = get(stack, "GET /openapi.json");
    let description: Value = serde_json::from_str(served.split_once("\r\n\r\n").unwrap().1).unwrap();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let answer = get(stack, &format!("{} {path}", method.to_uppercase()));
            assert!(!answer.starts_with("HTTP/1.1 404") && !answer.starts_with("HTTP/1.1 405"), "{answer}");
        }
    }
    let schemas = &description["components"]["schemas"];
    let text = include_str!("../../../docs/gatekeeper-protocol.md");
    let (_, refusals) = text.split_once("## 4. Refusals").unwrap();
    let (refusals, _) = refusals.split_once("## 5.").unwrap();
    let told: BTreeSet<&str> = refusals
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .flat_map(|(_, codes)| codes.split('`').skip(1).step_by(2))
        .collect();
    let codes = schemas["Refusal"]["properties"]["code"]["enum"].as_array().unwrap();
    assert_eq!(codes.iter().map(|code| code.as_str().unwrap()).collect::<BTreeSet<_>>(), told);
    for code in codes {
        serde_json::from_value::<RefusalCode>(code.clone()).unwrap();
    }
    assert_eq!(schemas["Call"]["properties"]["method"]["enum"], serde_json::json!(METHODS));
    for method in schemas["Call"]["properties"]["method"]["enum"].as_array().unwrap() {
        assert!(text.contains(&format!("| `{}` |", method.as_str().unwrap())), "{method}");
    }
}

/// The whole answer to a request without a body, as text.
fn get(stack: &Stack, line: &str) -> String {
    use std::io::{Read, Write};
    let authority = stack.origin.authority();
    let mut stream = std::net::TcpStream::connect(authority).unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\norigin: https://page.example\r\n\
         access-control-request-method: POST\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
