//! A hospital's FHIR server as the source of records: a real one, by TLS, with SMART Backend Services.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails where it stands")]

mod stack;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use protocol::request::Method;
use records::category::{Categories, Category};
use records::record_set::{CategoryHistory, verify_category, verify_history};
use serde_json::{Value, json};

use stack::{Stack, eventually, free_ports, installed, make_certificate, trusting};

/// SEKMET (`tests/fhir-server`), with data that the test writes as a clinician would.
struct Hospital {
    folder: PathBuf,
    base: String,
    http: reqwest::Client,
    server: Child,
}

impl Hospital {
    /// Starts a server that gives tokens to whoever has the key in `keys`.
    async fn start(folder: &Path, keys: &Value, port: u16) -> Self {
        let settings = json!({
            "base_url": format!("https://localhost:{port}/fhir"),
            "host": "127.0.0.1",
            "port": port,
            "tls_certfile": "tls.crt",
            "tls_keyfile": "tls.key",
            "data_dir": "data",
            "server_auth": {
                "types": ["smart", "basic"],
                "users": { "clinician": "secret" },
                "smart_clients": [{ "client_id": "medrec", "jwks": keys, "scopes": "system/*.rs" }],
            },
            // As some servers do.
            "server_behaviour": { "absolute_references": true },
            "simulator": { "enabled": false },
        });
        // JSON is YAML, too.
        std::fs::write(folder.join("settings.yaml"), settings.to_string()).unwrap();
        let log = std::fs::File::create(folder.join("sekmet.log")).unwrap();
        let mut serve = Command::new(installed("sekmet"));
        serve.args(["serve", "--config", "settings.yaml"]).current_dir(folder);
        let server = serve.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let http = trusting(folder);
        let base = format!("https://localhost:{port}/fhir");
        let hospital = Self { folder: folder.to_owned(), base, http, server };
        let ready = eventually("the FHIR server", async || {
            hospital.http.get(format!("{}/metadata", hospital.base)).send().await.ok()
        });
        ready.await;
        hospital
    }

    async fn put(&self, resource: Value) {
        let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let url = format!("{}/{kind}/{id}", self.base);
        let request = self.http.put(url).basic_auth("clinician", Some("secret"));
        let answer = request.header("content-type", "application/fhir+json").body(resource.to_string());
        let answer = answer.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn condition(&self, id: &str, text: &str) {
        let active = json!({ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active",
        }] });
        self.put(json!({
            "resourceType": "Condition",
            "id": id,
            "clinicalStatus": active,
            "code": { "text": text },
            "subject": { "reference": "Patient/ada" },
            "onsetDateTime": "2020-01-01",
        }))
        .await;
    }

    async fn delete(&self, what: &str) {
        let request =
            self.http.delete(format!("{}/{what}", self.base)).basic_auth("clinician", Some("secret"));
        assert!(request.send().await.unwrap().status().is_success());
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.folder.join("sekmet.log")).unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn what_changes_on_a_fhir_server_is_published_and_read() {
    let mut stack = Stack::start();
    stack.kill_gatekeeper();
    let folder = stack.folder.clone();
    make_certificate(&folder);
    let [port] = free_ports();
    let source = folder.join("fhir.toml");
    let description = format!(
        "[fhir]\nbase = \"https://localhost:{port}/fhir\"\nauthority = \"authority.pem\"\nclient = \"medrec\"\nkey_file = \"fhir.key\"\n\
         searches = [\"Condition?patient={{id}}&_count=2\", \"Patient/{{id}}/$everything\"]\n"
    );
    std::fs::write(&source, description).unwrap();
    let source = source.to_str().unwrap().to_owned();
    let keys: Value = serde_json::from_str(&stack.command(&["jwks", "--source", &source])).unwrap();
    let hospital = Hospital::start(&folder, &keys, port).await;
    hospital.put(json!({ "resourceType": "Patient", "id": "ada", "name": [{ "family": "Lovelace" }] })).await;
    hospital.put(json!({ "resourceType": "Patient", "id": "bob", "name": [{ "family": "Builder" }] })).await;
    for (id, text) in [("a", "Asthma"), ("b", "Hay fever"), ("c", "Fracture")] {
        hospital.condition(id, text).await;
    }

    // Only whom somebody asks for is taken in; from then on by itself.
    let told = stack.command(&["import", "--source", &source, "--patient", "ada"]);
    assert_eq!(told, r#"{"patients":1,"added":4,"replaced":0,"unchanged":0,"removed":0,"refused":[]}"#);
    stack.configure("anchor_seconds", "source = \"fhir.toml\"\nsource_seconds = 1\nanchor_seconds");
    stack.start_gatekeeper();
    let browser = stack.browser();
    let patient = stack.redeem(&browser, &stack.invitation_of("ada"), 1).await;
    let me = patient.address();
    let read = Method::ReadRecords { categories: Categories::NONE.with(Category::Problems) };
    let answer = stack.ask(&browser, &patient, me, read).await.unwrap();
    let answer: protocol::answer::RecordsAnswer = serde_json::from_slice(&answer).unwrap();
    let anchor = stack.published(&browser, me, 1).await[0];
    let verified = verify_category(&anchor, Category::Problems, &answer.categories[0]).unwrap();
    let subjects: BTreeSet<_> = verified
        .records()
        .iter()
        .map(|record| record.verified().unwrap().resource()["subject"]["reference"].to_string())
        .collect();
    assert_eq!((verified.records().len(), subjects), (3, ["\"Patient/ada\"".to_owned()].into()));

    hospital.condition("a", "Asthma, mild").await;
    hospital.delete("Condition/b").await;
    hospital.condition("d", "Migraine").await;
    let told = eventually("all changes", async || {
        let anchors = stack.published(&browser, me, 2).await;
        let roots = anchors.iter().map(|anchor| anchor.root).collect();
        let history = Method::ReadHistory { category: Category::Problems, roots };
        let history = stack.ask(&browser, &patient, me, history).await.ok()?;
        let history: CategoryHistory = serde_json::from_slice(&history).unwrap();
        let verified = verify_history(&anchors, Category::Problems, &history).unwrap();
        let versions = verified.versions().iter().map(|version| {
            let record = version.verdict.verified().unwrap();
            let text = record.resource()["code"]["text"].as_str().unwrap().to_owned();
            (record.record().id().to_owned(), text, version.until.is_none())
        });
        let versions: BTreeSet<_> = versions.collect();
        (versions.len() == 5).then_some(versions)
    });
    let expected = [
        ("a", "Asthma", false),
        ("a", "Asthma, mild", true),
        ("b", "Hay fever", false),
        ("c", "Fracture", true),
        ("d", "Migraine", true),
    ];
    let expected = expected.map(|(id, text, is_now)| (id.to_owned(), text.to_owned(), is_now));
    assert_eq!(told.await, expected.into());

    // Another key gets no token, and the store stays as it is.
    std::fs::remove_file(folder.join("fhir.key")).unwrap();
    stack.command(&["jwks", "--source", &source]);
    let refused = stack.failure(&["import", "--source", &source]);
    assert!(refused.contains("no token") && refused.contains("401 invalid_client"), "{refused}");
    let counts: Value = serde_json::from_str(&stack.command(&["status"])).unwrap();
    // Ada herself and three conditions, and the patient of every stack.
    assert_eq!(counts["records"], 531 + 4);
}
