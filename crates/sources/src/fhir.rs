//! A FHIR R4 server as a source of records: how Epic, InterSystems and most others are reached.
//!
//! Each patient is read whole: the `Patient`, then what the configured searches find, page by page, as one bundle. The
//! gatekeeper is an ordinary client of the server, with SMART Backend Services where the server asks for it
//! ([`smart`](self)); it reads and never writes.
//!
//! Defends against a server (or who sits before it) that sends us elsewhere: pages are followed on the same origin only,
//! redirects are errors, and without TLS only this machine is spoken to. Sizes, pages and times are bounded. **Not**
//! checked: that the server tells everything it knows.
//!
//! Source: FHIR R4 §3.1 RESTful API, §3.1.1.1.6 paging; SMART App Launch 2.2, Backend Services.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lightclient::{Fault, UnixTime};
use records::json::{JsonError, JsonLimits, parse_json};
use reqwest::blocking::{Client, Response};
use reqwest::{Certificate, Url};
use serde::Deserialize;
use serde_json::{Value, json};

mod smart;

use smart::Backend;
pub use smart::{BackendKey, KeyError};

/// What is said about a FHIR server (`docs/sources.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FhirSettings {
    base: Url,
    patients: Option<String>,
    searches: Vec<String>,
    authority: Option<PathBuf>,
    backend: Option<BackendSettings>,
}

/// How the gatekeeper says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BackendSettings {
    client: String,
    key_file: PathBuf,
    token_url: Option<String>,
    scope: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fhir: FileFhir,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFhir {
    base: String,
    patients: Option<String>,
    searches: Option<Vec<String>>,
    authority: Option<PathBuf>,
    client: Option<String>,
    key_file: Option<PathBuf>,
    token_url: Option<String>,
    scope: Option<String>,
}

impl FhirSettings {
    /// Reads the text of a description; paths are taken from `folder`.
    ///
    /// # Errors
    /// [`FhirError::Toml`], [`FhirError::Url`] and [`FhirError::HalfBackend`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, FhirError> {
        let File { fhir } =
            toml::from_str(text).map_err(|error| FhirError::Toml { reason: error.to_string() })?;
        let base = safe_url(&format!("{}/", fhir.base.trim_end_matches('/')))?;
        let backend = match (fhir.client, fhir.key_file) {
            (Some(client), Some(key_file)) => Some(BackendSettings {
                client,
                key_file: folder.join(key_file),
                token_url: fhir.token_url,
                scope: fhir.scope.unwrap_or_else(|| "system/*.rs".to_owned()),
            }),
            (None, None) => None,
            _ => return Err(FhirError::HalfBackend),
        };
        Ok(Self {
            base,
            patients: fhir.patients,
            searches: fhir.searches.unwrap_or_else(|| vec!["Patient/{id}/$everything".to_owned()]),
            authority: fhir.authority.map(|path| folder.join(path)),
            backend,
        })
    }

    /// Where the key is kept that the gatekeeper signs its assertions with, if the server asks for them.
    pub fn key_file(&self) -> Option<&Path> {
        self.backend.as_ref().map(|backend| backend.key_file.as_path())
    }
}

/// A FHIR R4 server, for one round of reading.
#[derive(Debug)]
pub struct FhirServer {
    settings: FhirSettings,
    http: Client,
    backend: Option<Backend>,
}

impl FhirServer {
    /// Gets ready to read; nothing is asked yet.
    ///
    /// # Errors
    /// [`FhirError`] of the key or the certificate.
    pub fn open(settings: FhirSettings, now: UnixTime) -> Result<Self, FhirError> {
        let http = http_client(settings.authority.as_deref())?;
        let backend = settings.backend.as_ref().map(|backend| Backend::new(backend, now)).transpose()?;
        Ok(Self { settings, http, backend })
    }

    /// Its base URL.
    pub fn name(&self) -> &str {
        self.settings.base.as_str()
    }

    /// The ids of the patients that the configured search finds; none if there is no search.
    ///
    /// # Errors
    /// [`FhirError`].
    pub fn patients(&mut self) -> Result<Vec<String>, FhirError> {
        let Some(search) = self.settings.patients.clone() else { return Ok(Vec::new()) };
        let found = self.search(&search)?;
        let patients = found.iter().filter(|resource| text(resource, "resourceType") == "Patient");
        Ok(patients.map(|patient| text(patient, "id").to_owned()).collect())
    }

    /// Everything about one patient.
    ///
    /// # Errors
    /// [`FhirError`].
    pub fn bundle(&mut self, patient: &str) -> Result<Value, FhirError> {
        if !is_id(patient) {
            return Err(FhirError::Id);
        }
        let mut resources = vec![self.get(&self.resolve(&format!("Patient/{patient}"))?)?];
        for search in self.settings.searches.clone() {
            resources.extend(self.search(&search.replace("{id}", patient))?);
        }
        let mut names = HashSet::new();
        let base = self.settings.base.as_str().to_owned();
        let entries = resources.into_iter().filter_map(|mut resource| {
            let (kind, id) = (text(&resource, "resourceType").to_owned(), text(&resource, "id").to_owned());
            // What the server says about the search is no record.
            if kind == "OperationOutcome" || !names.insert((kind, id)) {
                return None;
            }
            make_relative(&mut resource, &base);
            Some(json!({ "resource": resource }))
        });
        Ok(json!({ "resourceType": "Bundle", "type": "collection", "entry": entries.collect::<Vec<_>>() }))
    }

    /// The resources of all pages of a search.
    fn search(&mut self, search: &str) -> Result<Vec<Value>, FhirError> {
        let mut resources = Vec::new();
        let mut next = Some(self.resolve(search)?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { return Ok(resources) };
            let mut page = self.get(&url)?;
            next = next_page(&page).map(|link| self.resolve(link)).transpose()?;
            if let Some(Value::Array(entries)) = page.get_mut("entry").map(Value::take) {
                resources.extend(
                    entries.into_iter().filter_map(|mut entry| Some(entry.get_mut("resource")?.take())),
                );
            }
        }
        Err(FhirError::TooManyPages { limit: MAX_PAGES })
    }

    /// A URL on the server, from a path of ours or a link of its.
    fn resolve(&self, link: &str) -> Result<Url, FhirError> {
        let url =
            self.settings.base.join(link).ok().filter(|url| url.origin() == self.settings.base.origin());
        url.ok_or_else(|| FhirError::Elsewhere { expected: self.settings.base.to_string(), found: cut(link) })
    }

    fn get(&mut self, url: &Url) -> Result<Value, FhirError> {
        let mut answer = self.send(url)?;
        if answer.status() == 401
            && let Some(backend) = &mut self.backend
        {
            backend.forget_token();
            answer = self.send(url)?;
        }
        read_json(answer, url)
    }

    fn send(&mut self, url: &Url) -> Result<Response, FhirError> {
        let mut request = self.http.get(url.clone()).header("accept", "application/fhir+json");
        if let Some(backend) = &mut self.backend {
            request = request.bearer_auth(backend.token(&self.http, &self.settings.base)?);
        }
        request.send().map_err(|error| unreachable(url, &error))
    }
}

/// An HTTP client that trusts the system's certificates, and that of `authority`.
fn http_client(authority: Option<&Path>) -> Result<Client, FhirError> {
    // Fails only if it was done before.
    let _done = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let never = reqwest::redirect::Policy::none();
        Client::builder().redirect(never).no_proxy().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT)
    };
    let failed = |reason: String| FhirError::Certificate { reason };
    let own = match authority {
        None => Vec::new(),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| failed(format!("{}: {error}", path.display())))?;
            Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.to_string()))?
        }
    };
    let ours = own.clone();
    // Where the system has no certificates at all, only ours are trusted.
    let client =
        builder().tls_certs_merge(own).build().or_else(|_none| builder().tls_certs_only(ours).build());
    client.map_err(|error| failed(error.to_string()))
}

fn read_json(answer: Response, url: &Url) -> Result<Value, FhirError> {
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(FhirError::Status { url: told(url), found: status });
    }
    let mut body = Vec::new();
    answer
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut body)
        .map_err(|error| FhirError::Unreachable { url: told(url), reason: error.to_string() })?;
    parse_json(&body, JsonLimits { bytes: MAX_BYTES, depth: 67 })
        .map_err(|source| FhirError::Json { url: told(url), source })
}

fn next_page(bundle: &Value) -> Option<&str> {
    let links = bundle.get("link")?.as_array()?;
    links.iter().find(|link| text(link, "relation") == "next")?.get("url")?.as_str()
}

/// Some servers write references as whole URLs of their own: as relative ones they mean the same, here and everywhere.
fn make_relative(value: &mut Value, base: &str) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "reference" => {
                        if let Some(rest) = text.strip_prefix(base) {
                            *text = rest.to_owned();
                        }
                    }
                    other => make_relative(other, base),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| make_relative(item, base)),
        _ => {}
    }
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// A URL to which health data may go: by TLS, or on this machine.
fn safe_url(text: &str) -> Result<Url, FhirError> {
    let url = Url::parse(text).ok().filter(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    });
    url.ok_or_else(|| FhirError::Url { found: cut(text) })
}

/// A URL for an error message: without the query, in which there may be ids.
fn told(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    cut(url.as_str())
}

fn unreachable(url: &Url, error: &reqwest::Error) -> FhirError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    FhirError::Unreachable { url: told(url), reason: format!("{}{cause}", error_kind(error)) }
}

/// What went wrong, without the URL, which reqwest would repeat.
fn error_kind(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "timed out",
        error if error.is_connect() => "no connection",
        _ => "the exchange failed",
    }
}

fn cut(text: &str) -> String {
    text.chars().take(128).collect()
}

/// The most bytes of one answer.
const MAX_BYTES: usize = 64 << 20;
/// The most pages of one search.
const MAX_PAGES: usize = 1_000;
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a FHIR server could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FhirError {
    /// A certificate cannot be used.
    #[error("certificates: {reason}")]
    Certificate {
        /// What was said.
        reason: String,
    },
    /// A page is said to be on another server.
    #[error("the next page is at {found}, expected one below {expected}")]
    Elsewhere {
        /// The base URL.
        expected: String,
        /// The link.
        found: String,
    },
    /// Only one of `client` and `key_file` is there.
    #[error("client and key_file are needed both, or none of them")]
    HalfBackend,
    /// The id of a patient is no FHIR id.
    #[error("the patient's id is not 1 to 64 of A-Z a-z 0-9 - .")]
    Id,
    /// The answer is not strict JSON.
    #[error("answer of {url}: {source}")]
    Json {
        /// What was asked.
        url: String,
        /// Why.
        source: JsonError,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another status than 200.
    #[error("{url} answered with status {found}, expected 200")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        found: u16,
    },
    /// The server gives no token.
    #[error("no token from {url}: {reason}")]
    Token {
        /// Who was asked.
        url: String,
        /// Why.
        reason: String,
    },
    /// A search does not end.
    #[error("a search has more than {limit} pages")]
    TooManyPages {
        /// The most pages.
        limit: usize,
    },
    /// The description is not TOML of the right keys.
    #[error("description of the FHIR server: {reason}")]
    Toml {
        /// Where and why.
        reason: String,
    },
    /// No answer.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why.
        reason: String,
    },
    /// A URL to which nothing may be sent.
    #[error("{found} is not the https URL of a server (http is for this machine alone)")]
    Url {
        /// The URL.
        found: String,
    },
}

impl FhirError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Certificate { .. }
            | Self::HalfBackend
            | Self::Id
            | Self::Key(_)
            | Self::Toml { .. }
            | Self::Url { .. } => Fault::Caller,
            Self::Elsewhere { .. } | Self::Json { .. } | Self::TooManyPages { .. } => Fault::Peer,
            Self::Status { .. } | Self::Token { .. } | Self::Unreachable { .. } => Fault::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests;
