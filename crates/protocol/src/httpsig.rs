//! The signature profile `medrec-httpsig-v1`: RFC 9421 message signatures by an Ethereum key.
//!
//! A message is turned into the signature base of RFC 9421, hashed as EIP-191 `personal_sign` does, and signed with
//! secp256k1 (`r ‖ s ‖ v`, low s, v 27 or 28), as ERC-8128 proposes. The profile leaves no choice: one label, one
//! list of components, one order of parameters. A verifier reads the values it needs, writes the fields again from
//! them, and refuses whatever is not byte for byte the same; so no two texts mean one signature.
//!
//! Source: RFC 9421 §2, §3; RFC 9530 §2; RFC 9651; EIP-191 (version 0x45); ERC-8128 (draft); frozen in
//! `docs/gatekeeper-protocol.md`.

use core::fmt::Write;

use alloy_primitives::{Address, B256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lightclient::{ParityByte, Signature, UnixTime, keccak256, recover_low_s};
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use sha2::{Digest, Sha256};

use crate::keys::SigningKey;

mod error;
mod origin;

pub use error::HttpSignatureError;
pub use origin::{Origin, OriginError};

/// The header fields of a message as they came, in any order and case.
pub type HeaderFields<'a> = &'a [(&'a str, &'a [u8])];

/// The four header fields that a signed message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    content_type: &'static str,
    content_digest: String,
    signature_input: String,
    signature: [u8; 65],
}

impl SignedHeaders {
    /// Names (lower case) and values, ready to be sent.
    pub fn fields(&self) -> [(&'static str, String); 4] {
        [
            (CONTENT_TYPE, self.content_type.to_owned()),
            (CONTENT_DIGEST, self.content_digest.clone()),
            (SIGNATURE_INPUT, self.signature_input.clone()),
            (SIGNATURE, signature_field(&self.signature)),
        ]
    }

    /// The signature, to which the answer and its seal are bound.
    pub const fn signature(&self) -> [u8; 65] {
        self.signature
    }
}

/// Reads the signature of a message, checking nothing but its form: to bind a refusal to a request that is refused.
///
/// # Errors
/// [`HttpSignatureError`] if the field is missing or not of the form `mr=:…:` with 65 bytes.
pub fn read_signature(headers: HeaderFields<'_>) -> Result<[u8; 65], HttpSignatureError> {
    let field = field(headers, SIGNATURE)?;
    let syntax = || HttpSignatureError::Syntax { field: SIGNATURE };
    let encoded = field.strip_prefix("mr=:").and_then(|rest| rest.strip_suffix(':')).ok_or_else(syntax)?;
    // The place of the odd character helps nobody.
    let bytes = STANDARD.decode(encoded).map_err(|_cause| syntax())?;
    <[u8; 65]>::try_from(bytes).map_err(|bytes| HttpSignatureError::SignatureLength { found: bytes.len() })
}

/// What is signed besides the components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) created: UnixTime,
    /// Requests only: when it ends, and the 16 bytes that make it unique.
    pub(crate) once: Option<(UnixTime, [u8; 16])>,
    pub(crate) chain_id: u64,
    pub(crate) signer: Address,
}

impl Parameters {
    /// The value of `@signature-params`, and of `signature-input` after its label.
    fn to_text(&self, components: &str) -> String {
        let mut text = format!("{components};created={}", self.created);
        if let Some((expires, nonce)) = &self.once {
            let nonce = URL_SAFE_NO_PAD.encode(nonce);
            // Writing into a String cannot fail.
            let _ = write!(text, ";expires={expires};nonce=\"{nonce}\"");
        }
        let _ = write!(text, ";keyid=\"eip155:{}:{:#x}\";tag=\"{TAG}\"", self.chain_id, self.signer);
        text
    }

    /// Reads `signature-input`, which must be exactly what [`Parameters::to_text`] writes.
    pub(crate) fn parse(field: &str, components: &str) -> Result<Self, HttpSignatureError> {
        let syntax = || HttpSignatureError::Syntax { field: SIGNATURE_INPUT };
        // The profile fixes the text.
        let dictionary: Dictionary = Parser::new(field).parse().map_err(|_cause| syntax())?;
        let Some(ListEntry::InnerList(list)) = dictionary.get(LABEL) else {
            return Err(HttpSignatureError::Label);
        };
        let integer = |name: &'static str| -> Result<UnixTime, HttpSignatureError> {
            let value = list.params.get(name).and_then(BareItem::as_integer).map(i64::from);
            let value = value.and_then(|value| UnixTime::try_from(value).ok());
            value.ok_or(HttpSignatureError::Parameter { name })
        };
        let string = |name: &'static str| -> Result<&str, HttpSignatureError> {
            let value = list.params.get(name).and_then(BareItem::as_string);
            value.map(|value| value.as_str()).ok_or(HttpSignatureError::Parameter { name })
        };
        let once = if list.params.contains_key("expires") || list.params.contains_key("nonce") {
            let nonce = URL_SAFE_NO_PAD.decode(string("nonce")?).ok();
            let nonce = nonce.and_then(|nonce| <[u8; 16]>::try_from(nonce).ok());
            Some((integer("expires")?, nonce.ok_or(HttpSignatureError::Parameter { name: "nonce" })?))
        } else {
            None
        };
        let (chain_id, signer) =
            parse_key_id(string("keyid")?).ok_or(HttpSignatureError::Parameter { name: "keyid" })?;
        let parameters = Self { created: integer("created")?, once, chain_id, signer };
        let expected = format!("{LABEL}={}", parameters.to_text(components));
        if field == expected {
            Ok(parameters)
        } else {
            Err(HttpSignatureError::Input { expected, found: field.to_owned() })
        }
    }
}

/// Signs a message: `components` is the inner list of names, `lines` the component values of its base.
pub(crate) fn sign(
    key: &SigningKey,
    message: &Message<'_>,
    parameters: &Parameters,
    content_type: &'static str,
) -> SignedHeaders {
    let content_digest = content_digest(message.body);
    let input = parameters.to_text(message.components);
    let digest = message.digest(&content_digest, content_type, &input);
    let signature = key.sign_digest(digest).to_bytes(ParityByte::From27);
    SignedHeaders { content_type, content_digest, signature_input: format!("{LABEL}={input}"), signature }
}

/// A message whose signature base is to be built.
pub(crate) struct Message<'a> {
    /// The inner list of component names.
    pub(crate) components: &'a str,
    /// The component lines before and after `content-digest` and `content-type`.
    pub(crate) before: String,
    /// See `before`.
    pub(crate) after: String,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// Verifies digest, signature and signer of a message against its parameters, in this order.
    pub(crate) fn verify(
        &self,
        headers: HeaderFields<'_>,
        parameters: &Parameters,
        content_type: &str,
    ) -> Result<[u8; 65], HttpSignatureError> {
        let found = field(headers, CONTENT_DIGEST)?;
        let expected = content_digest(self.body);
        if found != expected {
            return Err(HttpSignatureError::Digest { expected, found: found.to_owned() });
        }
        let bytes = read_signature(headers)?;
        // Two base64 texts of one signature would be two texts for one meaning.
        if signature_field(&bytes) != field(headers, SIGNATURE)? {
            return Err(HttpSignatureError::Syntax { field: SIGNATURE });
        }
        let signature = Signature::from_bytes(&bytes, ParityByte::From27)?;
        let digest = self.digest(&expected, content_type, &parameters.to_text(self.components));
        let found = recover_low_s(digest, &signature)?;
        if found == parameters.signer {
            Ok(bytes)
        } else {
            Err(HttpSignatureError::Signer { expected: parameters.signer, found })
        }
    }

    fn digest(&self, content_digest: &str, content_type: &str, input: &str) -> B256 {
        let Self { before, after, .. } = self;
        let base = format!(
            "{before}\"content-digest\": {content_digest}\n\"content-type\": {content_type}\n{after}\
             \"@signature-params\": {input}"
        );
        personal_digest(base.as_bytes())
    }
}

/// The value of the header field `name`, which must be there once, short and visible ASCII.
pub(crate) fn field<'a>(
    headers: HeaderFields<'a>,
    name: &'static str,
) -> Result<&'a str, HttpSignatureError> {
    let mut values = headers.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
    let (_, value) = values.next().ok_or(HttpSignatureError::Missing { field: name })?;
    if values.next().is_some() {
        return Err(HttpSignatureError::Repeated { field: name });
    }
    if value.len() > MAX_FIELD {
        return Err(HttpSignatureError::TooLong { field: name, limit: MAX_FIELD, found: value.len() });
    }
    let text =
        core::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    text.ok_or(HttpSignatureError::Syntax { field: name })
}

/// RFC 9530: `sha-256=:<base64>:`.
pub(crate) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The value of the `signature` field.
pub(crate) fn signature_field(signature: &[u8; 65]) -> String {
    format!("{LABEL}={}", signature_item(signature))
}

/// The value of the member `mr` of the `signature` field: `:<base64>:`.
pub(crate) fn signature_item(signature: &[u8; 65]) -> String {
    format!(":{}:", STANDARD.encode(signature))
}

/// EIP-191, version 0x45: what `personal_sign` hashes.
pub(crate) fn personal_digest(message: &[u8]) -> B256 {
    let mut text = format!("\x19Ethereum Signed Message:\n{}", message.len()).into_bytes();
    text.extend_from_slice(message);
    keccak256(text)
}

/// Reads `eip155:<chain>:<address>`; the text is compared as a whole later.
fn parse_key_id(text: &str) -> Option<(u64, Address)> {
    let (chain, address) = text.strip_prefix("eip155:")?.split_once(':')?;
    Some((chain.parse().ok()?, address.parse().ok()?))
}

pub(crate) const CONTENT_TYPE: &str = "content-type";
const CONTENT_DIGEST: &str = "content-digest";
pub(crate) const SIGNATURE_INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";
const LABEL: &str = "mr";
const TAG: &str = "medrec-v1";
/// Each field of ours is shorter than this many bytes.
const MAX_FIELD: usize = 512;

#[cfg(test)]
mod tests;
