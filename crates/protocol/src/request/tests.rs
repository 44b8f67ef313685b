//! Tests of calls: a vector of another implementation, every rule once, every byte changed.

use std::collections::BTreeSet;

use alloy_primitives::Bytes;
#[cfg(not(target_arch = "wasm32"))]
use proptest::prelude::*;
use records::category::Category;
use records::json::JsonError;
use serde::Deserialize;
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::answer::RefusalCode;
use crate::layout::Rights;
use crate::relationship::RelationshipId;

mod medrec2;

/// `tests/vectors/protocol/call.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Vector {
    pub(crate) patient_key: B256,
    pub(crate) steward_key: B256,
    pub(crate) origin: String,
    pub(crate) chain_id: u64,
    pub(crate) created: UnixTime,
    nonce: Bytes,
    pub(crate) reply_secret: B256,
    pub(crate) randomness: B256,
    pub(crate) contract: Address,
    base: String,
    pub(crate) body: String,
    headers: serde_json::Map<String, Value>,
    pub(crate) sealed: VectorAnswer,
    pub(crate) refusal: VectorAnswer,
    pub(crate) plaintext: String,
    pub(crate) large: LargeVector,
}

#[derive(Deserialize)]
pub(crate) struct VectorAnswer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) headers: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LargeVector {
    pub(crate) byte: u8,
    pub(crate) length: usize,
    pub(crate) sha256: B256,
    pub(crate) length_sealed: usize,
}

impl Vector {
    pub(crate) fn load() -> Self {
        let text = include_str!("../../../../tests/vectors/protocol/call.json");
        serde_json::from_str(text).unwrap()
    }

    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.patient_key.0).unwrap()
    }

    pub(crate) fn steward(&self) -> SigningKey {
        SigningKey::from_bytes(&self.steward_key.0).unwrap()
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::parse(&self.origin).unwrap()
    }

    pub(crate) fn context(&self) -> RelationshipId {
        RelationshipId {
            chain_id: self.chain_id,
            contract: self.contract,
            patient: self.key().address(),
            steward: self.steward().address(),
        }
    }

    pub(crate) fn request_signature(&self) -> [u8; 65] {
        self.sign(self.created).signature()
    }

    fn sign(&self, created: UnixTime) -> SignedHeaders {
        let nonce = <[u8; 16]>::try_from(self.nonce.as_ref()).unwrap();
        sign_call(&self.key(), self.chain_id, &self.origin(), self.body.as_bytes(), created, nonce)
    }

    fn audience(&self) -> Audience {
        Audience {
            origin: self.origin(),
            chain_id: self.chain_id,
            contract: self.contract,
            steward: self.steward().address(),
        }
    }
}

/// A request that tests change before it is verified.
#[derive(Clone)]
struct Request {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    audience: Audience,
    now: UnixTime,
}

impl Request {
    fn valid() -> Self {
        let vector = Vector::load();
        let fields = vector.sign(vector.created).fields();
        Self {
            method: "POST".to_owned(),
            path: "/v1/call".to_owned(),
            query: None,
            headers: fields.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
            body: vector.body.clone().into_bytes(),
            audience: vector.audience(),
            now: vector.created,
        }
    }

    /// A valid request with another body.
    fn with_body(body: &str) -> Self {
        let vector = Vector { body: body.to_owned(), ..Vector::load() };
        let fields = vector.sign(vector.created).fields();
        let headers = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
        Self { headers: headers.collect(), body: body.as_bytes().to_vec(), ..Self::valid() }
    }

    fn header(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.headers.iter_mut().find(|(field, _)| field == name).unwrap().1
    }

    fn replace(&mut self, name: &str, from: &str, to: &str) {
        let value = String::from_utf8(self.header(name).clone()).unwrap();
        assert!(value.contains(from));
        *self.header(name) = value.replace(from, to).into_bytes();
    }

    fn verify(&self) -> Result<VerifiedCall, CallError> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let parts = HttpParts {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
        };
        verify_call(&parts, &self.audience, &self.body, self.now, SKEW)
    }
}

const SKEW: u64 = 30;

#[test]
fn signs_and_verifies_the_call_of_another_implementation() {
    let vector = Vector::load();
    let signed = vector.sign(vector.created);
    for (name, value) in signed.fields() {
        assert_eq!(vector.headers[name], value, "{name}");
    }
    assert!(vector.base.ends_with(&vector.headers["signature-input"].as_str().unwrap()[3..]));
    let call = Request::valid().verify().unwrap();
    assert_eq!(call.signer(), vector.key().address());
    assert_eq!(call.nonce().as_slice(), vector.nonce.as_ref());
    assert_eq!(call.created(), vector.created);
    assert_eq!(call.forget_after(), vector.created + 60 + SKEW);
    assert_eq!(*call.signature(), signed.signature());
    let categories = [Category::Allergies, Category::VitalSigns].into_iter().collect();
    assert_eq!(call.call().method, Method::ReadRecords { categories });
    assert_eq!(call.call().head, HeadRef { number: 1234, hash: B256::repeat_byte(0xab) });
    assert_eq!(call.call().to_body(), vector.body.into_bytes());
}

#[test]
fn signs_as_the_erc_8128_draft_does() {
    // The draft's positive vector: its base M, digest H and signature S, key 1.
    let base = concat!(
        "\"@scheme\": https\n\"@authority\": api.example\n\"@method\": POST\n\"@path\": /items\n",
        "\"@query\": ?view=full\n",
        "\"content-digest\": sha-256=:k6I5cakU5erL8KjSUVTNownDwccvu5kU1Hxg88toFYg=:\n",
        "\"content-type\": application/json\n\"@signature-params\": ",
        "(\"@scheme\" \"@authority\" \"@method\" \"@path\" \"@query\" \"content-digest\" \"content-type\")",
        ";created=1700000000;expires=1700000060;nonce=\"EjRWeJCrze8BI0VniavN7w\"",
        ";keyid=\"eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf\";tag=\"erc8128\""
    );
    assert_eq!(base.len(), 449);
    let digest = httpsig::personal_digest(base.as_bytes());
    assert_eq!(digest.to_string(), "0xa7a6074cd2ab23379c04a8839a3566e98689326367a0ad9cd8ef389a961f96de");
    assert_eq!(
        httpsig::content_digest(br#"{"hello":"world"}"#),
        "sha-256=:k6I5cakU5erL8KjSUVTNownDwccvu5kU1Hxg88toFYg=:"
    );
    let signature = Vector::load().key().sign_digest(digest).to_bytes(lightclient::ParityByte::From27);
    assert_eq!(
        Bytes::from(signature).to_string(),
        "0xfc1a444e8b24c64309eb9b9199a3543e20706f0c20eb3dc2c440c9270118444231d47c27f396752fc5e546920b1b1e2af34c9e88dba0633694b153d688f701d01b"
    );
}

#[test]
fn time_counts_to_the_second() {
    let created = Vector::load().created;
    let at = |now| Request { now, ..Request::valid() }.verify().map(|_| ());
    assert_eq!(at(created - 30), Ok(()));
    assert_eq!(at(created + 90), Ok(()));
    let now = created - 31;
    assert_eq!(at(now), Err(CallError::NotYetValid { created, now }));
    let now = created + 91;
    assert_eq!(at(now), Err(CallError::Expired { expires: created + 60, now }));
    assert_eq!(at(0), Err(CallError::NotYetValid { created, now: 0 }));
    assert_eq!(at(u64::MAX), Err(CallError::Expired { expires: created + 60, now: u64::MAX }));
}

#[test]
fn refuses_a_life_of_none_or_too_many_seconds() {
    let created = Vector::load().created;
    for expires in [created, created + 61, created - 1, 999_999_999_999_999] {
        let mut request = Request::valid();
        request.replace("signature-input", "expires=1700000060", &format!("expires={expires}"));
        assert_eq!(request.verify(), Err(CallError::Lifetime { limit: 60, created, expires }));
    }
}

#[test]
fn refuses_another_target() {
    let target = |found: &str| Err(CallError::Target { expected: "/v1/call", found: found.to_owned() });
    let method = Request { method: "GET".to_owned(), ..Request::valid() };
    assert_eq!(method.verify(), Err(CallError::HttpMethod { expected: "POST", found: "GET".to_owned() }));
    let path = Request { path: "/v1/call/".to_owned(), ..Request::valid() };
    assert_eq!(path.verify(), target("/v1/call/"));
    let query = Request { query: Some(String::new()), ..Request::valid() };
    assert_eq!(query.verify(), target("/v1/call?"));
}

#[test]
fn refuses_fields_that_are_missing_repeated_or_of_another_form() {
    for name in ["content-type", "content-digest", "signature-input", "signature"] {
        let mut missing = Request::valid();
        missing.headers.retain(|(field, _)| field != name);
        assert_eq!(missing.verify(), Err(HttpSignatureError::Missing { field: name }.into()));
        let mut repeated = Request::valid();
        let again = repeated.header(name).clone();
        repeated.headers.push((name.to_uppercase(), again));
        assert_eq!(repeated.verify(), Err(HttpSignatureError::Repeated { field: name }.into()));
        let mut long = Request::valid();
        long.header(name).resize(513, b'a');
        let too_long = HttpSignatureError::TooLong { field: name, limit: 512, found: 513 };
        assert_eq!(long.verify(), Err(too_long.into()));
        let mut odd = Request::valid();
        odd.header(name).push(0xff);
        assert_eq!(odd.verify(), Err(HttpSignatureError::Syntax { field: name }.into()));
    }
    let mut html = Request::valid();
    *html.header("content-type") = b"text/html".to_vec();
    assert_eq!(
        html.verify(),
        Err(CallError::ContentType { expected: "application/json", found: "text/html".to_owned() })
    );
}

#[test]
fn refuses_a_signature_input_that_is_written_otherwise() {
    let parameter = |name| CallError::Signature(HttpSignatureError::Parameter { name });
    let syntax = CallError::Signature(HttpSignatureError::Syntax { field: "signature-input" });
    for (from, to, expected) in [
        ("mr=(", "mr=((", Some(syntax)),
        ("mr=(", "sig=(", Some(CallError::Signature(HttpSignatureError::Label))),
        ("created=1700000000", "created=\"now\"", Some(parameter("created"))),
        ("created=1700000000", "created=-1", Some(parameter("created"))),
        ("nonce=\"", "nonce=\"A", Some(parameter("nonce"))),
        (";nonce=\"AAECAwQFBgcICQoLDA0ODw\"", "", Some(parameter("nonce"))),
        (";expires=1700000060;nonce=\"AAECAwQFBgcICQoLDA0ODw\"", "", Some(parameter("expires"))),
        ("eip155:81777:", "eip155:81777", Some(parameter("keyid"))),
        ("eip155:", "erc8128:", Some(parameter("keyid"))),
        ("eip155:81777:0x7e", "eip155:081777:0x7e", None),
        (":0x7e5f", ":0x7E5F", None),
        ("medrec-v1", "erc8128", None),
        (";tag=\"medrec-v1\"", "", None),
        (";created", ";alg=\"x\";created", None),
        ("\"@query\" ", "", None),
        ("\"@scheme\" \"@authority\"", "\"@authority\" \"@scheme\"", None),
        ("\"@path\"", "\"@path\";req", None),
        (";created", "; created", None),
        ("\"medrec-v1\"", "\"medrec-v1\", other=()", None),
    ] {
        let mut request = Request::valid();
        request.replace("signature-input", from, to);
        let found = request.verify().unwrap_err();
        match expected {
            Some(expected) => assert_eq!(found, expected, "{from} {to}"),
            None => assert!(
                matches!(found, CallError::Signature(HttpSignatureError::Input { .. })),
                "{from} {to}: {found}"
            ),
        }
    }
}

#[test]
fn refuses_a_call_for_another_audience() {
    let ours = Vector::load().audience();
    let other = Address::repeat_byte(9);
    let network = Audience { chain_id: 1, ..ours.clone() };
    let contract = Audience { contract: other, ..ours.clone() };
    let steward = Audience { steward: other, ..ours.clone() };
    let verify = |audience| Request { audience, ..Request::valid() }.verify();
    assert_eq!(verify(network), Err(CallError::Network { expected: 1, found: 81_777 }));
    assert_eq!(verify(contract), Err(CallError::Contract { expected: other, found: ours.contract }));
    assert_eq!(verify(steward), Err(CallError::Steward { expected: other, found: ours.steward }));
    for origin in ["http://records.example:8443", "https://records.example", "https://other.example:8443"] {
        let audience = Audience { origin: Origin::parse(origin).unwrap(), ..ours.clone() };
        let found = verify(audience).unwrap_err();
        assert!(
            matches!(found, CallError::Signature(HttpSignatureError::Signer { .. })),
            "{origin}: {found}"
        );
    }
}

#[test]
fn refuses_another_body_signer_or_signature() {
    let mut body = Request::valid();
    body.body.push(b' ');
    assert!(matches!(body.verify(), Err(CallError::Signature(HttpSignatureError::Digest { .. }))));
    let mut signer = Request::valid();
    signer.replace(
        "signature-input",
        "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf",
        &format!("{:#x}", Address::ZERO),
    );
    assert!(matches!(
        signer.verify(),
        Err(CallError::Signature(HttpSignatureError::Signer { expected: Address::ZERO, .. }))
    ));
    let large = Request { body: vec![b' '; MAX_BODY + 1], ..Request::valid() };
    assert_eq!(large.verify(), Err(CallError::BodyTooLarge { limit: MAX_BODY, found: MAX_BODY + 1 }));
}

#[test]
fn refuses_the_twin_with_the_high_s_and_other_parity_bytes() {
    use lightclient::{ParityByte, Signature, SignatureError};
    let vector = Vector::load();
    let bytes = vector.request_signature();
    let with = |bytes: &[u8]| {
        let mut request = Request::valid();
        *request.header("signature") = format!("mr=:{}:", base64(bytes)).into_bytes();
        request.verify().unwrap_err()
    };
    let signature = Signature::from_bytes(&bytes, ParityByte::From27).unwrap();
    let order = k256::elliptic_curve::bigint::U256::from_be_hex(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    );
    let low = k256::elliptic_curve::bigint::U256::from_be_slice(signature.s.as_slice());
    let high = order.wrapping_sub(&low).to_be_bytes();
    let twin = Signature { s: B256::from_slice(high.as_ref()), y_parity: !signature.y_parity, ..signature };
    let high_s = CallError::Signature(HttpSignatureError::Signature(SignatureError::HighS));
    assert_eq!(with(&twin.to_bytes(ParityByte::From27)), high_s);
    let found = bytes[64] - 27;
    let parity = SignatureError::Parity { expected: ParityByte::From27, found };
    assert_eq!(
        with(&signature.to_bytes(ParityByte::FromZero)),
        CallError::Signature(HttpSignatureError::Signature(parity))
    );
    assert_eq!(with(&bytes[..64]), HttpSignatureError::SignatureLength { found: 64 }.into());
    assert!(matches!(
        with(&[0; 65]),
        CallError::Signature(HttpSignatureError::Signature(SignatureError::Parity { .. }))
    ));
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn every_method_survives_the_way_through_a_body() {
    let call = |method| Call {
        method,
        network: 81_777,
        contract: Address::repeat_byte(1),
        patient: Address::repeat_byte(2),
        steward: Address::repeat_byte(3),
        via: None,
        head: HeadRef { number: 7, hash: B256::repeat_byte(4) },
        reply_key: [5; 32],
    };
    let mut named = BTreeSet::new();
    for method in [
        Method::Describe,
        Method::DismissRequest { from: Address::repeat_byte(8) },
        Method::ListRequests,
        Method::RequestAccess { request: access_request() },
        Method::ListAccesses { before: None },
        Method::ListAccesses { before: Some(2) },
        Method::ListRecords { categories: Categories::ALL },
        Method::ReadHistory { category: Category::OwnData, roots: vec![B256::repeat_byte(7); MAX_REVISIONS] },
        Method::ReadRecords { categories: Categories::ALL },
        Method::WriteRecords {
            category: Category::OwnData,
            contribution: Contribution { records: vec!["{}".to_owned()], provenance: "{}".to_owned() },
        },
        Method::RedeemInvitation { code: InvitationCode([6; 16]) },
    ] {
        named.insert(method.name());
        let call = call(method);
        assert_eq!(Call::parse(&call.to_body()), Ok(call));
    }
    assert_eq!(named, METHODS.into());
    let through_a_group = Call { via: Some(Address::repeat_byte(9)), ..call(Method::Describe) };
    assert_eq!(Call::parse(&through_a_group.to_body()), Ok(through_a_group));
}

fn access_request() -> AccessRequest {
    let key = SigningKey::from_bytes(&[9; 32]).unwrap();
    let relationship = Vector::load().context();
    AccessRequest::sign(&key, &relationship, (Categories::ALL, Rights::READ), "for you", 1_800_000_000)
        .unwrap()
}

#[test]
fn refuses_bodies_that_are_no_call() {
    let body = Vector::load().body;
    let reason = |reason: &str| CallError::Body { reason: reason.to_owned() };
    for (from, to, expected) in [
        (r#""version":1"#, r#""version":2"#, CallError::Version { expected: 1, found: 2 }),
        ("records.read", "records.burn", CallError::UnknownMethod { found: "records.burn".to_owned() }),
        (r#"["allergies","vital-signs"]"#, "[]", reason("no category is asked")),
        (r#""version":1"#, r#""version":1,"version":1"#, {
            reason(&JsonError::DuplicateName { line: 1, column: 22 }.to_string())
        }),
    ] {
        let body = body.replace(from, to);
        assert_eq!(Request::with_body(&body).verify(), Err(expected), "{to}");
    }
    for (from, to) in [
        (r#""version":1,"#, ""),
        (r#""version":1"#, r#""version":1,"spare":1"#),
        (r#""number":1234"#, r#""number":-1"#),
        (r#""number":1234"#, r#""number":1234,"spare":1"#),
        ("vital-signs", "vitals"),
        ("vital-signs", "allergies"),
        (r#""network":81777"#, r#""network":"81777""#),
        ("0x5a5a", "0x5a"),
    ] {
        let found = Request::with_body(&body.replacen(from, to, 1)).verify();
        assert!(matches!(found, Err(CallError::Body { .. })), "{to}: {found:?}");
    }
}

#[test]
fn every_refusal_has_a_code() {
    let created = 1;
    for (error, expected) in [
        (CallError::Body { reason: String::new() }, RefusalCode::Malformed),
        (CallError::BodyTooLarge { limit: 1, found: 2 }, RefusalCode::TooLarge),
        (CallError::Network { expected: 1, found: 2 }, RefusalCode::WrongAudience),
        (CallError::Expired { expires: 1, now: 2 }, RefusalCode::Expired),
        (CallError::NotYetValid { created, now: 0 }, RefusalCode::NotYetValid),
        (CallError::Signature(HttpSignatureError::Label), RefusalCode::BadSignature),
        (CallError::UnknownMethod { found: String::new() }, RefusalCode::UnknownMethod),
    ] {
        assert_eq!(error.refusal(), expected);
    }
}

#[test]
fn no_changed_byte_of_the_covered_fields_is_accepted() {
    for name in ["content-type", "content-digest", "signature-input", "signature"] {
        let length = Request::valid().header(name).len();
        for place in 0..length {
            for change in [1, 0x20, 0x80] {
                let mut request = Request::valid();
                request.header(name)[place] ^= change;
                assert!(request.verify().is_err(), "{name} byte {place} ^ {change}");
            }
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
proptest! {
    #[test]
    fn no_changed_byte_of_method_path_or_body_is_accepted(
        part in 0..3, place in any::<prop::sample::Index>(), change in 1u8..128,
    ) {
        let mut request = Request::valid();
        let text = match part {
            0 => core::mem::take(&mut request.method).into_bytes(),
            1 => core::mem::take(&mut request.path).into_bytes(),
            _ => core::mem::take(&mut request.body),
        };
        let mut bytes = text;
        *place.get_mut(&mut bytes) ^= change;
        match part {
            0 => request.method = String::from_utf8(bytes).unwrap(),
            1 => request.path = String::from_utf8(bytes).unwrap(),
            _ => request.body = bytes,
        }
        prop_assert!(request.verify().is_err());
    }

    #[test]
    fn any_fields_and_body_are_refused_without_a_panic(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 4),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut request = Request { body, ..Request::valid() };
        for ((_, value), other) in request.headers.iter_mut().zip(values) {
            *value = other;
        }
        prop_assert!(request.verify().is_err());
    }

    #[test]
    fn any_signature_input_is_refused_without_a_panic(rest in "[ -~]{0,200}") {
        let mut request = Request::valid();
        *request.header("signature-input") = format!("mr=({rest}").into_bytes();
        prop_assert!(request.verify().is_err());
    }
}
