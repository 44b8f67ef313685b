//! Tests of the signature profile: messages of other libraries, the digests of RFC 9530.

use std::collections::BTreeMap;

use alloy_primitives::Bytes;
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::answer::{AnswerKind, sign_answer};
use crate::request::sign_call;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exchange {
    key: B256,
    steward: B256,
    origin: String,
    chain_id: u64,
    created: UnixTime,
    nonce: Bytes,
    body: Bytes,
    repeat: usize,
    headers: BTreeMap<String, String>,
    status: u16,
    answer: BTreeMap<String, String>,
}

fn fields(headers: &SignedHeaders) -> BTreeMap<String, String> {
    headers.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The library builds the base, the fields and the parameters from the message alone (RFC 9421 §2, §3).
#[test]
fn signs_calls_and_answers_as_a_library_of_rfc_9421() {
    let text = include_str!("../../../../tests/vectors/protocol/messages.json");
    let exchanges: Vec<Exchange> = serde_json::from_str(text).unwrap();
    assert_eq!(exchanges.len(), 30);
    for exchange in exchanges {
        let Exchange { chain_id, created, status, .. } = exchange;
        let origin = Origin::parse(&exchange.origin).unwrap();
        let body = exchange.body.repeat(exchange.repeat);
        let nonce = exchange.nonce.as_ref().try_into().unwrap();
        let key = SigningKey::from_bytes(&exchange.key.0).unwrap();
        let call = sign_call(&key, chain_id, &origin, &body, created, nonce);
        assert_eq!(fields(&call), exchange.headers);
        let kind = if status == 200 { AnswerKind::Sealed } else { AnswerKind::Refusal { status } };
        let key = SigningKey::from_bytes(&exchange.steward.0).unwrap();
        let answer = sign_answer(&key, chain_id, &origin, &call.signature(), kind, &body, created + 1);
        assert_eq!(fields(&answer), exchange.answer);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erc8128 {
    key: B256,
    address: Address,
    base: String,
    body: String,
    input: String,
    content_digest: Option<String>,
    signature: String,
}

/// Its key id and its components are not ours, so the whole field is not; all that the signature rests on is.
#[test]
fn signs_bases_as_the_library_of_erc_8128() {
    let text = include_str!("../../../../tests/vectors/protocol/erc8128.json");
    let requests: Vec<Erc8128> = serde_json::from_str(text).unwrap();
    assert_eq!(requests.len(), 8);
    for request in requests {
        let key = SigningKey::from_bytes(&request.key.0).unwrap();
        assert_eq!(key.address(), request.address);
        let digest = personal_digest(request.base.as_bytes());
        let signature = key.sign_digest(digest);
        let item = signature_item(&signature.to_bytes(ParityByte::From27));
        assert_eq!(format!("eth={item}"), request.signature);
        assert_eq!(recover_low_s(digest, &signature), Ok(request.address));
        if let Some(expected) = request.content_digest {
            assert_eq!(content_digest(request.body.as_bytes()), expected);
        }
        // A field of another label and key id is no field of ours.
        let parsed = Parameters::parse(&request.input, "");
        assert_eq!(parsed, Err(HttpSignatureError::Label));
    }
}

/// RFC 9530 §B.1, §B.2, §B.3 and §B.9, and the content of RFC 9421's example (which has no line feed).
#[test]
fn digests_are_those_of_rfc_9530() {
    for (body, expected) in [
        ("{\"hello\": \"world\"}\n", "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
        ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ("\"world\"}\n", "jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ="),
        ("{\"title\": \"New Title\"}\n", "mEkdbO7Srd9LIOegftO0aBX+VPTVz7/CSHes2Z27gc4="),
        ("{\"hello\": \"world\"}", "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
    ] {
        assert_eq!(content_digest(body.as_bytes()), format!("sha-256=:{expected}:"), "{body}");
    }
}
