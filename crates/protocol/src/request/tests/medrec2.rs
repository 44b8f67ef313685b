//! Tests of the faults of MedRec 2.0's calls, each of them gone (`research/medrec.md` §1.11; the numbers are those of its
//! table). Those of its contracts are tested beside the contracts, fault 1 where the gatekeeper decides, fault 5 where a
//! grant does; fault 14's pasted SQL is `sources`' business.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn code(request: &Request) -> Option<RefusalCode> {
    request.verify().err().map(|error| error.refusal())
}

#[test]
fn fault_2_a_signature_is_for_one_method_its_arguments_and_one_provider() {
    let valid = Request::valid();
    assert_eq!(code(&valid), None);
    let text = String::from_utf8(valid.body.clone()).unwrap();
    for (from, to) in [("records.read", "accesses.list"), ("allergies", "problems"), ("1234", "1235")] {
        assert!(text.contains(from), "{from}");
        let other = Request { body: text.replace(from, to).into_bytes(), ..valid.clone() };
        assert_eq!(code(&other), Some(RefusalCode::BadSignature), "{to}");
    }
    let mut elsewhere = valid.clone();
    elsewhere.audience.origin = Origin::parse("https://other.example").unwrap();
    assert_eq!(code(&elsewhere), Some(RefusalCode::BadSignature));
    let mut other_steward = valid;
    other_steward.audience.steward = Address::ZERO;
    assert_eq!(code(&other_steward), Some(RefusalCode::WrongAudience));
}

#[test]
fn fault_3_a_captured_signature_is_good_for_a_minute_whatever_time_it_names() {
    let created = Vector::load().created;
    for now in [created + 91, created + 3_600, created * 1_000] {
        assert_eq!(code(&Request { now, ..Request::valid() }), Some(RefusalCode::Expired), "{now}");
    }
    // Seconds that are milliseconds, or another century, have not come yet.
    for now in [created / 1_000, created - 31] {
        assert_eq!(code(&Request { now, ..Request::valid() }), Some(RefusalCode::NotYetValid), "{now}");
    }
}

#[test]
fn fault_4_no_method_answers_without_a_signature() {
    let vector = Vector::load();
    for method in [
        Method::ListAccesses { before: None },
        Method::ReadRecords { categories: [Category::Allergies].into_iter().collect() },
        Method::RedeemInvitation { code: InvitationCode([1; 16]) },
    ] {
        let call = Call { method, ..Request::valid().verify().unwrap().call().clone() };
        let body = String::from_utf8(call.to_body()).unwrap();
        assert_eq!(code(&Request::with_body(&body)), None, "{body}");
        let mut unsigned = Request::with_body(&body);
        unsigned.headers.retain(|(name, _)| name == "content-type" || name == "content-digest");
        assert_eq!(code(&unsigned), Some(RefusalCode::BadSignature), "{body}");
        // Somebody who signs in the name of another.
        let mut forged = Request::with_body(&body);
        let (own, other) = (vector.key().address(), vector.steward().address());
        forged.replace("signature-input", &format!("{own:#x}"), &format!("{other:#x}"));
        assert_eq!(code(&forged), Some(RefusalCode::BadSignature), "{body}");
    }
}

#[test]
fn fault_14_what_a_request_says_of_its_host_is_nobodys_word() {
    let mut rebound = Request::valid();
    for name in ["host", "x-forwarded-host", "origin"] {
        rebound.headers.push((name.to_owned(), b"localhost".to_vec()));
    }
    assert_eq!(code(&rebound), None);
    rebound.audience.origin = Origin::parse("http://localhost").unwrap();
    assert_eq!(code(&rebound), Some(RefusalCode::BadSignature));
}
