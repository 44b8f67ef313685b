//! Why a signed message was refused.

use alloy_primitives::Address;
use lightclient::{Fault, SignatureError};

/// Why the signature of a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpSignatureError {
    /// The body is not the signed one.
    #[error("content-digest {found}, expected {expected}")]
    Digest {
        /// Computed from the body.
        expected: String,
        /// Found in the header.
        found: String,
    },
    /// `signature-input` is not written as the profile says.
    #[error("signature-input {found}, expected {expected}")]
    Input {
        /// The text that the profile gives for the same parameters.
        expected: String,
        /// The text that came.
        found: String,
    },
    /// There is no signature labelled `mr`.
    #[error("signature-input has no list labelled mr")]
    Label,
    /// A header field is missing.
    #[error("header field {field} is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A parameter of the signature is missing or of another type.
    #[error("signature parameter {name} is missing or malformed")]
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// A header field came more than once.
    #[error("header field {field} came more than once")]
    Repeated {
        /// Its name.
        field: &'static str,
    },
    /// The bytes are no signature.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A signature of another length.
    #[error("signature of {found} bytes, expected 65")]
    SignatureLength {
        /// Its bytes.
        found: usize,
    },
    /// Signed by someone else.
    #[error("signed by {found}, expected {expected}")]
    Signer {
        /// The address in `keyid`, or the one that had to sign.
        expected: Address,
        /// The address that signed, or that `keyid` names.
        found: Address,
    },
    /// A header field is not of its form.
    #[error("header field {field} is malformed")]
    Syntax {
        /// Its name.
        field: &'static str,
    },
    /// A header field is too long.
    #[error("header field {field} of {found} bytes, expected at most {limit}")]
    TooLong {
        /// Its name.
        field: &'static str,
        /// The most bytes.
        limit: usize,
        /// The bytes that came.
        found: usize,
    },
}

impl HttpSignatureError {
    /// Who sent the message is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}
