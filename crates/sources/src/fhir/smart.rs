//! SMART Backend Services: the gatekeeper proves to a FHIR server who it is, and gets a token for a while.
//!
//! The gatekeeper signs a short-lived assertion with a P-384 key (ES384) that only it has; the server knows the public
//! half, as a JWK set. No password travels, and a token is kept in memory alone.
//!
//! Source: SMART App Launch 2.2, Backend Services and Asymmetric Client Authentication; RFC 7523; RFC 7515; RFC 7638.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lightclient::UnixTime;
use p384::SecretKey;
use p384::ecdsa::signature::Signer;
use p384::ecdsa::{Signature, SigningKey};
use p384::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use reqwest::Url;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{BackendSettings, FhirError, cut, read_json, safe_url, told, unreachable};

/// The gatekeeper as a client of one server.
pub(super) struct Backend {
    settings: BackendSettings,
    key: BackendKey,
    /// When this round of reading began.
    began: (UnixTime, Instant),
    token: Option<Token>,
}

struct Token {
    value: String,
    expires: UnixTime,
}

impl core::fmt::Debug for Backend {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Backend").field("client", &self.settings.client).finish_non_exhaustive()
    }
}

impl Backend {
    pub(super) fn new(settings: &BackendSettings, now: UnixTime) -> Result<Self, FhirError> {
        let key = BackendKey::load(&settings.key_file)?;
        Ok(Self { settings: settings.clone(), key, began: (now, Instant::now()), token: None })
    }

    pub(super) fn forget_token(&mut self) {
        self.token = None;
    }

    /// A token that is good for a while yet.
    pub(super) fn token(&mut self, http: &Client, base: &Url) -> Result<&str, FhirError> {
        let now = self.began.0.saturating_add(self.began.1.elapsed().as_secs());
        if self.token.as_ref().is_none_or(|token| token.expires <= now) {
            let url = self.token_url(http, base)?;
            self.token = Some(self.fetch(http, &url, now)?);
        }
        Ok(self.token.as_ref().map_or("", |token| &token.value))
    }

    fn fetch(&self, http: &Client, url: &Url, now: UnixTime) -> Result<Token, FhirError> {
        let assertion = self.key.assertion(&self.settings.client, url.as_str(), now)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", &self.settings.scope),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let answer = http.post(url.clone()).header("accept", "application/json").form(&form);
        let answer = answer.send().map_err(|error| unreachable(url, &error))?;
        let refused = |reason: String| FhirError::Token { url: told(url), reason };
        if answer.status() != 200 {
            let status = answer.status().as_u16();
            // RFC 6749 §5.2: the server says why.
            let why: Value = serde_json::from_reader(answer.take(MAX_REFUSAL)).unwrap_or_default();
            let why = why.get("error").and_then(Value::as_str).unwrap_or_default();
            return Err(refused(cut(&format!("status {status} {why}"))));
        }
        let answer = read_json(answer, url)?;
        let value = answer.get("access_token").and_then(Value::as_str).map(str::to_owned);
        let value = value.ok_or_else(|| refused("the answer holds no access_token".to_owned()))?;
        let lifetime = answer.get("expires_in").and_then(Value::as_u64).unwrap_or(DEFAULT_LIFETIME);
        Ok(Token { value, expires: now.saturating_add(lifetime.saturating_sub(MARGIN)) })
    }

    /// Where tokens are given: as configured, else as the server says.
    fn token_url(&self, http: &Client, base: &Url) -> Result<Url, FhirError> {
        if let Some(url) = &self.settings.token_url {
            return safe_url(url);
        }
        let url = base.join(".well-known/smart-configuration");
        let url = url.map_err(|_relative| FhirError::Url { found: cut(base.as_str()) })?;
        let answer = http.get(url.clone()).header("accept", "application/json").send();
        let configuration = read_json(answer.map_err(|error| unreachable(&url, &error))?, &url)?;
        safe_url(configuration.get("token_endpoint").and_then(Value::as_str).unwrap_or_default())
    }
}

/// The key that the gatekeeper signs its assertions with.
pub struct BackendKey(SigningKey);

impl core::fmt::Debug for BackendKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BackendKey").finish_non_exhaustive()
    }
}

impl BackendKey {
    /// Reads a P-384 key from a PKCS #8 file (PEM).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |reason: String| KeyError { path: path.to_owned(), reason };
        let pem = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let key = SecretKey::from_pkcs8_pem(&pem).map_err(|error| failed(error.to_string()))?;
        Ok(Self(key.into()))
    }

    /// Reads the key, or makes one that only its owner can read.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn load_or_generate(path: &Path) -> Result<Self, KeyError> {
        if path.exists() {
            return Self::load(path);
        }
        let failed = |reason: String| KeyError { path: path.to_owned(), reason };
        let mut bytes = zeroize::Zeroizing::new([0; 48]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| failed(error.to_string()))?;
        // All but one of 2^190 texts of 48 random bytes are a key.
        let key = SecretKey::from_slice(bytes.as_slice()).map_err(|error| failed(error.to_string()))?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(error.to_string()))?;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, pem.as_bytes()));
        written.map_err(|error| failed(error.to_string()))?;
        Ok(Self(key.into()))
    }

    /// The public half, as the JWK set that is registered with the server.
    pub fn public_keys(&self) -> Value {
        let mut key = self.public_members();
        if let Some(members) = key.as_object_mut() {
            for (name, value) in [("alg", ALGORITHM), ("use", "sig"), ("kid", &*self.key_id())] {
                members.insert(name.to_owned(), Value::from(value));
            }
        }
        json!({ "keys": [key] })
    }

    /// RFC 7638: the digest of the members that make up the key, in the order of their names.
    fn key_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.public_members().to_string()))
    }

    fn public_members(&self) -> Value {
        let point = self.0.verifying_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        let (x, y) = (point.x().map(|x| x.as_slice()), point.y().map(|y| y.as_slice()));
        json!({ "crv": "P-384", "kty": "EC", "x": coordinate(x), "y": coordinate(y) })
    }

    /// An assertion that `client` made for `audience`, good for four minutes and once.
    fn assertion(&self, client: &str, audience: &str, now: UnixTime) -> Result<String, FhirError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .map_err(|error| FhirError::Token { url: cut(audience), reason: error.to_string() })?;
        let header = json!({ "alg": ALGORITHM, "typ": "JWT", "kid": self.key_id() });
        let claims = json!({
            "iss": client, "sub": client, "aud": audience,
            "jti": URL_SAFE_NO_PAD.encode(id), "iat": now, "exp": now.saturating_add(ASSERTION_LIFETIME),
        });
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signature: Signature = self.0.sign(format!("{header}.{claims}").as_bytes());
        Ok(format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key file {}: {reason}", path.display())]
pub struct KeyError {
    /// The file.
    pub path: PathBuf,
    /// What was said.
    pub reason: String,
}

const ALGORITHM: &str = "ES384";
/// Bytes of a refusal that are read.
const MAX_REFUSAL: u64 = 8 << 10;
/// Seconds; servers take at most five minutes.
const ASSERTION_LIFETIME: u64 = 240;
/// Seconds of a token whose server does not say.
const DEFAULT_LIFETIME: u64 = 300;
/// Seconds before its end at which a token is no longer used.
const MARGIN: u64 = 30;
