//! Tests of answers: the vectors of another implementation, every rule once, every byte changed.

#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::request::tests::{Vector, VectorAnswer};

fn asked() -> Asked {
    let vector = Vector::load();
    Asked {
        origin: vector.origin(),
        chain_id: vector.chain_id,
        signer: vector.steward().address(),
        request_signature: vector.request_signature(),
    }
}

#[derive(Clone)]
struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Response {
    fn of(answer: &VectorAnswer) -> Self {
        let headers = answer.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().as_bytes().to_vec()));
        Self { status: answer.status, headers: headers.collect(), body: answer.body.to_vec() }
    }

    fn signed(kind: AnswerKind, body: &[u8]) -> Self {
        let vector = Vector::load();
        let signature = vector.request_signature();
        let signed = sign_answer(
            &vector.steward(),
            vector.chain_id,
            &vector.origin(),
            &signature,
            kind,
            body,
            1_700_000_002,
        );
        let headers = signed.fields().into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
        Self { status: kind.status(), headers: headers.collect(), body: body.to_vec() }
    }

    fn verify(&self, asked: &Asked) -> Result<VerifiedAnswer, AnswerError> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        verify_answer(self.status, &headers, &self.body, asked)
    }
}

fn refusal() -> RefusalBody {
    RefusalBody {
        code: RefusalCode::NoGrant,
        reason: "there is no grant for this viewer".to_owned(),
        expected: Some("a grant".to_owned()),
        found: Some("none".to_owned()),
        block: Some(1234),
    }
}

#[test]
fn verifies_and_signs_the_answers_of_another_implementation() {
    let vector = Vector::load();
    let sealed = Response::of(&vector.sealed).verify(&asked()).unwrap();
    assert_eq!(sealed, VerifiedAnswer { created: 1_700_000_002, content: AnswerContent::Sealed });
    let refused = Response::of(&vector.refusal).verify(&asked()).unwrap();
    let content = AnswerContent::Refusal(refusal());
    assert_eq!(refused, VerifiedAnswer { created: 1_700_000_002, content });
    let ours = Response::signed(AnswerKind::Refusal { status: 403 }, &vector.refusal.body);
    assert_eq!(ours.headers, Response::of(&vector.refusal).headers);
    assert_eq!(refusal().to_body(), vector.refusal.body.to_vec());
}

#[test]
fn refuses_an_answer_to_another_request_or_from_someone_else() {
    let vector = Vector::load();
    let response = Response::of(&vector.sealed);
    let steward = asked().signer;
    let bad = |asked| response.verify(&asked).unwrap_err();
    let signer = |error| matches!(error, AnswerError::Signature(HttpSignatureError::Signer { .. }));
    assert!(signer(bad(Asked { request_signature: [7; 65], ..asked() })));
    assert!(signer(bad(Asked { origin: Origin::parse("https://other.example").unwrap(), ..asked() })));
    let other = Address::repeat_byte(9);
    assert_eq!(
        bad(Asked { signer: other, ..asked() }),
        AnswerError::Signature(HttpSignatureError::Signer { expected: other, found: steward })
    );
    assert_eq!(bad(Asked { chain_id: 1, ..asked() }), AnswerError::Network { expected: 1, found: 81_777 });
}

#[test]
fn status_and_type_belong_together() {
    let vector = Vector::load();
    let mut status = Response::of(&vector.refusal);
    status.status = 200;
    assert_eq!(
        status.verify(&asked()),
        Err(AnswerError::ContentType { expected: SEALED, found: JSON.to_owned() })
    );
    let mut status = Response::of(&vector.refusal);
    status.status = 404;
    assert!(matches!(
        status.verify(&asked()),
        Err(AnswerError::Signature(HttpSignatureError::Signer { .. }))
    ));
}

#[test]
fn refuses_a_body_that_is_too_large_or_no_refusal() {
    let kind = AnswerKind::Refusal { status: 400 };
    let found = MAX_REFUSAL + 1;
    assert_eq!(
        Response::signed(kind, &vec![b' '; found]).verify(&asked()),
        Err(AnswerError::TooLarge { limit: MAX_REFUSAL, found })
    );
    for body in [
        "",
        "{}",
        r#"{"code":"because","reason":""}"#,
        r#"{"code":"no_grant","reason":"","spare":1}"#,
        r#"{"code":"no_grant","code":"expired","reason":""}"#,
    ] {
        let found = Response::signed(kind, body.as_bytes()).verify(&asked());
        assert!(matches!(found, Err(AnswerError::Refusal { .. })), "{body}: {found:?}");
    }
}

#[test]
fn refusal_codes_have_one_name() {
    for code in [
        RefusalCode::BadInvitation,
        RefusalCode::StaleHead,
        RefusalCode::WrongAudience,
        RefusalCode::NotAMember,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        assert_eq!(code.to_string(), code.name());
        assert!((400..600).contains(&code.status()));
    }
}

#[test]
fn no_changed_byte_of_the_fields_is_accepted() {
    let vector = Vector::load();
    for answer in [&vector.sealed, &vector.refusal] {
        let whole = Response::of(answer);
        for (field, (_, value)) in whole.headers.iter().enumerate() {
            for place in 0..value.len() {
                let mut response = whole.clone();
                response.headers[field].1[place] ^= 1;
                assert!(response.verify(&asked()).is_err());
            }
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[test]
    fn no_changed_byte_of_the_body_is_accepted(place in any::<prop::sample::Index>(), change in 1u8..) {
        let mut response = Response::of(&Vector::load().sealed);
        *place.get_mut(&mut response.body) ^= change;
        let found = response.verify(&asked());
        let noticed = matches!(found, Err(AnswerError::Signature(HttpSignatureError::Digest { .. })));
        prop_assert!(noticed);
    }
}
