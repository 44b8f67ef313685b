//! TLS in the process itself, for whoever has no proxy in front.
//!
//! The certificate is read again when its file changes, so that whatever renews it needs to do nothing else. A file that
//! cannot be used is said in the log, and the former certificate stays.
//!
//! Source: RFC 8446; RFC 7301 (ALPN).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lightclient::Fault;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Where certificate and key are kept, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The certificate in use.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: Mutex<(Option<SystemTime>, Arc<ServerConfig>)>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        // Changed while it is read: then it is read once more.
        let current = (modified(&files.certificate), Arc::new(configuration(&files)?));
        Ok(Self { files, current: Mutex::new(current) })
    }

    /// What answers the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.lock().unwrap_or_else(PoisonError::into_inner).1.clone())
    }

    /// Looks again and again whether the certificate was renewed.
    pub(crate) async fn renew(&self) {
        loop {
            tokio::time::sleep(PERIOD).await;
            let found = modified(&self.files.certificate);
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if found == current.0 {
                continue;
            }
            current.0 = found;
            match configuration(&self.files) {
                Ok(configuration) => {
                    current.1 = Arc::new(configuration);
                    tracing::info!("the certificate was renewed");
                }
                Err(error) => tracing::error!(%error, "the new certificate cannot be used"),
            }
        }
    }
}

fn configuration(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let failed = |path: &Path, reason: String| TlsError { path: path.to_owned(), reason };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| failed(&files.certificate, error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| failed(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut configuration = configuration.map_err(|error| failed(&files.certificate, error.to_string()))?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|found| found.modified()).ok()
}

/// Why certificate and key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("TLS: {}: {reason}", path.display())]
pub struct TlsError {
    /// The file.
    pub path: PathBuf,
    /// What was said.
    pub reason: String,
}

impl TlsError {
    /// Returns who is to blame: whoever configured the files.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_secs(5);
