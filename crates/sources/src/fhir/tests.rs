//! Tests against a server that answers what it is told to; a real one is in `gatekeeper/tests/upstream.rs`.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use super::*;

/// Answers one connection after the other with these texts; tells what was asked.
fn server(answers: impl FnOnce(&str) -> Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    let (tell, told) = channel();
    let answers = answers(&base);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                request.push(byte[0]);
            }
            let head = String::from_utf8(request).unwrap();
            tell.send(head.lines().next().unwrap_or_default().to_owned()).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (base, told)
}

fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Test\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn page(resources: &[Value], next: Option<&str>) -> String {
    let entries: Vec<Value> = resources.iter().map(|resource| json!({ "resource": resource })).collect();
    let links: Vec<Value> = next.iter().map(|next| json!({ "relation": "next", "url": next })).collect();
    answer(200, &json!({ "resourceType": "Bundle", "link": links, "entry": entries }).to_string())
}

fn open(base: &str, rest: &str) -> FhirServer {
    let text = format!("[fhir]\nbase = \"{base}\"\nsearches = [\"Condition?patient={{id}}\"]\n{rest}");
    FhirServer::open(FhirSettings::parse(&text, Path::new("")).unwrap(), 0).unwrap()
}

fn patient() -> String {
    answer(200, r#"{"resourceType":"Patient","id":"ada"}"#)
}

fn condition(id: &str, base: &str) -> Value {
    json!({ "resourceType": "Condition", "id": id, "subject": { "reference": format!("{base}/Patient/ada") } })
}

#[test]
fn reads_every_page_once_and_writes_references_as_everyone_does() {
    let (base, asked) = server(|base| {
        vec![
            patient(),
            page(
                &[condition("a", base), json!({ "resourceType": "OperationOutcome" })],
                Some(&format!("{base}?page=2")),
            ),
            page(&[condition("b", "https://elsewhere.example"), condition("a", base)], None),
        ]
    });
    let bundle = open(&base, "").bundle("ada").unwrap();
    let told: Vec<_> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (entry["resource"]["id"].as_str().unwrap(), entry["resource"]["subject"]["reference"].as_str())
        })
        .collect();
    assert_eq!(
        told,
        [("ada", None), ("a", Some("Patient/ada")), ("b", Some("https://elsewhere.example/Patient/ada"))]
    );
    let asked: Vec<_> = asked.iter().collect();
    assert_eq!(
        asked,
        [
            "GET /fhir/Patient/ada HTTP/1.1",
            "GET /fhir/Condition?patient=ada HTTP/1.1",
            "GET /fhir?page=2 HTTP/1.1"
        ]
    );
}

#[test]
fn finds_patients_only_where_a_search_is_configured() {
    assert_eq!(open("http://127.0.0.1:9", "").patients(), Ok(vec![]));
    let (base, asked) = server(|base| {
        vec![page(&[json!({ "resourceType": "Patient", "id": "ada" }), condition("a", base)], None)]
    });
    assert_eq!(open(&base, "patients = \"Patient?active=true\"").patients(), Ok(vec!["ada".to_owned()]));
    assert_eq!(asked.recv().unwrap(), "GET /fhir/Patient?active=true HTTP/1.1");
}

#[test]
fn goes_nowhere_else() {
    for next in [
        "https://elsewhere.example/fhir?page=2",
        "http://127.0.0.1:1/fhir",
        "//elsewhere.example/",
        "file:///etc/passwd",
    ] {
        let (base, _asked) = server(|_| vec![patient(), page(&[], Some(next))]);
        let error = open(&base, "").bundle("ada").unwrap_err();
        assert_eq!(error, FhirError::Elsewhere { expected: format!("{base}/"), found: next.to_owned() });
        assert_eq!(error.fault(), Fault::Peer);
    }
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (base, _asked) = server(|_| vec![moved.to_owned()]);
    let error = open(&base, "").bundle("ada").unwrap_err();
    assert_eq!(error, FhirError::Status { url: format!("{base}/Patient/ada"), found: 302 });
    // What a patient is called never leads anywhere, either.
    for id in ["", "../Patient", "a/b", "a?b", &"x".repeat(65)] {
        assert_eq!(open("http://127.0.0.1:9", "").bundle(id), Err(FhirError::Id), "{id}");
    }
}

#[test]
fn ends_a_search_that_does_not_and_refuses_what_is_no_strict_json() {
    let (base, _asked) = server(|base| {
        let again = page(&[], Some(&format!("{base}/Condition")));
        std::iter::once(patient()).chain(std::iter::repeat_n(again, MAX_PAGES)).collect()
    });
    assert_eq!(open(&base, "").bundle("ada"), Err(FhirError::TooManyPages { limit: MAX_PAGES }));
    for body in ["<html>", r#"{"id":"a","id":"b"}"#, r#"{"value":1e999}"#] {
        let (base, _asked) = server(|_| vec![answer(200, body)]);
        let error = open(&base, "").bundle("ada").unwrap_err();
        assert!(matches!(&error, FhirError::Json { .. }), "{body}: {error}");
    }
    let nobody = open("http://127.0.0.1:9", "").bundle("ada").unwrap_err();
    assert_eq!(
        nobody,
        FhirError::Unreachable {
            url: "http://127.0.0.1:9/Patient/ada".to_owned(),
            reason: nobody_there(&nobody)
        }
    );
}

fn nobody_there(error: &FhirError) -> String {
    let FhirError::Unreachable { reason, .. } = error else { panic!("{error:?}") };
    assert!(reason.starts_with("no connection"), "{reason}");
    reason.clone()
}

#[test]
fn sends_health_data_by_tls_or_to_this_machine_alone() {
    let parse = |text: &str| FhirSettings::parse(text, Path::new("/etc"));
    for base in ["https://ehr.example/r4", "http://localhost:8090/fhir/", "http://[::1]/fhir"] {
        assert!(parse(&format!("[fhir]\nbase = \"{base}\"")).is_ok(), "{base}");
    }
    for base in ["http://ehr.example/r4", "ftp://127.0.0.1/", "ehr.example", "", "http://127.0.0.1.example/"]
    {
        let refused = parse(&format!("[fhir]\nbase = \"{base}\"")).unwrap_err();
        assert!(matches!(refused, FhirError::Url { .. }), "{base}: {refused}");
    }
    let half = "[fhir]\nbase = \"https://ehr.example\"\nclient = \"medrec\"";
    assert_eq!(parse(half), Err(FhirError::HalfBackend));
    let whole = parse(&format!("{half}\nkey_file = \"ehr.key\"")).unwrap();
    assert_eq!(whole.key_file(), Some(Path::new("/etc/ehr.key")));
    assert!(matches!(
        parse("[fhir]\nbase = \"https://a.example\"\nsercret = 1"),
        Err(FhirError::Toml { .. })
    ));
}

#[test]
fn reads_the_descriptions_that_the_documentation_shows() {
    let text = include_str!("../../../../docs/sources.md");
    let examples: Vec<_> =
        text.split("```toml").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let of_servers = examples.iter().filter(|example| example.contains("[fhir]"));
    let read =
        of_servers.map(|example| FhirSettings::parse(example, Path::new(""))).collect::<Result<Vec<_>, _>>();
    assert_eq!(read.unwrap().len(), 2);
}

#[test]
fn a_key_is_made_once_and_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::env::temp_dir().join(format!("medrec-backend-key-{}", std::process::id()));
    let made = BackendKey::load_or_generate(&path).unwrap().public_keys();
    assert_eq!(BackendKey::load_or_generate(&path).unwrap().public_keys(), made);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made["keys"][0]["crv"], "P-384");
    assert_eq!(made["keys"][0].get("d"), None);
    std::fs::write(&path, "no key").unwrap();
    assert!(BackendKey::load(&path).is_err());
    std::fs::remove_file(&path).unwrap();
}
