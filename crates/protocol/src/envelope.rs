//! Sealing an answer to the key in the request: HPKE, so that only the asking client can read it.
//!
//! The client makes a fresh X25519 key for each call and sends it inside the signed request; the gatekeeper seals to
//! it and the client forgets it: recorded traffic stays closed even if all long-term keys leak later. Chain, contract
//! and relationship are bound as `info`, the request's signature as associated data. The content is padded, so that
//! its length says little, and sealed in chunks: a piece of it can be opened as soon as it is there, and an end that is
//! missing is noticed, because only the last chunk says that it is the last.
//!
//! ```text
//! sealed  = enc (32 bytes) ‖ chunk ‖ chunk ‖ …                    DHKEM(X25519), HKDF-SHA256, AES-256-GCM; base mode
//! chunk i = ciphertext ‖ tag (16 bytes) of the i-th 64 KiB of the content, with the sequence number i
//! info    = "medrec/v1" ‖ chain id (8) ‖ contract (20) ‖ patient (20) ‖ steward (20)
//! aad     = SHA-256(request signature) ‖ 1 if the chunk is the last one, else 0
//! content = length (4, big-endian) ‖ plaintext ‖ zeros, to a multiple of 4 KiB (64 KiB from 64 KiB on)
//! ```
//!
//! **Not** given by this alone: who sealed (the answer's signature says so).
//!
//! Source: RFC 9180 §5.1.1, §5.2 (KEM 0x0020, KDF 0x0001, AEAD 0x0002).

use core::convert::Infallible;

use hpke::aead::{AeadCtxR, AeadCtxS, AesGcm256};
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, HpkeError, OpModeR, OpModeS, Serializable};
use lightclient::Fault;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::keys::EncryptionKey;
use crate::relationship::RelationshipId;

/// Seals `plaintext` to the key of a request; `randomness` is 32 fresh random bytes, never used twice.
///
/// # Errors
/// [`EnvelopeError::TooLarge`]; [`EnvelopeError::Key`] if the request's key is one of the few that give everyone the
/// same secret.
pub fn seal(
    reply_key: &[u8; 32],
    context: &RelationshipId,
    request_signature: &[u8; 65],
    plaintext: &[u8],
    randomness: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
    seal_padded(reply_key, context, request_signature, &pad(plaintext)?, randomness)
}

fn seal_padded(
    reply_key: &[u8; 32],
    context: &RelationshipId,
    request_signature: &[u8; 65],
    padded: &[u8],
    randomness: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
    let (mut sealed, mut sealer) = sealer(reply_key, &info(context), randomness)?;
    sealed.reserve_exact(padded.len() + padded.len().div_ceil(CHUNK) * TAG);
    let mut chunks = padded.chunks(CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        sealed.extend(sealer.seal(chunk, &aad(request_signature, chunks.peek().is_none()))?);
    }
    Ok(sealed)
}

/// Opens what was sealed to `key` in answer to the request with this signature.
///
/// # Errors
/// [`EnvelopeError`]: too short or too large, not sealed to this key, relationship and request, or padded otherwise.
pub fn open(
    key: &EncryptionKey,
    context: &RelationshipId,
    request_signature: &[u8; 65],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    if sealed.len() > MAX_SEALED {
        return Err(EnvelopeError::TooLarge { limit: MAX_SEALED, found: sealed.len() });
    }
    let short = EnvelopeError::TooShort { limit: MIN_SEALED, found: sealed.len() };
    let (enc, ciphertext) = sealed.split_at_checked(32).ok_or_else(|| short.clone())?;
    if sealed.len() < MIN_SEALED {
        return Err(short);
    }
    let mut opener = opener(key, enc, &info(context))?;
    let mut padded = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    let mut chunks = ciphertext.chunks(CHUNK + TAG).peekable();
    while let Some(chunk) = chunks.next() {
        let aad = aad(request_signature, chunks.peek().is_none());
        padded.extend_from_slice(&Zeroizing::new(opener.open(chunk, &aad)?));
    }
    unpad(padded)
}

/// What binds a chunk to the request, and to its place at the end or before it; its number is in its nonce.
fn aad(request_signature: &[u8; 65], is_last: bool) -> [u8; 33] {
    let mut aad = [0; 33];
    let (digest, last) = aad.split_at_mut(32);
    digest.copy_from_slice(&Sha256::digest(request_signature));
    last.fill(is_last.into());
    aad
}

/// HPKE base mode: what opens chunk after chunk.
fn opener(key: &EncryptionKey, enc: &[u8], info: &[u8]) -> Result<Opener, HpkeError> {
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(enc)?;
    hpke::setup_receiver(&OpModeR::Base, key.private(), &enc, info)
}

/// HPKE base mode: enc, and what seals chunk after chunk.
fn sealer(reply_key: &[u8; 32], info: &[u8], randomness: [u8; 32]) -> Result<(Vec<u8>, Sealer), HpkeError> {
    let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(reply_key)?;
    let mut given = Given { bytes: randomness, used: 0 };
    let (enc, sealer) =
        hpke::setup_sender_with_rng::<_, _, X25519HkdfSha256>(&OpModeS::Base, &recipient, info, &mut given)?;
    Ok((enc.to_bytes().to_vec(), sealer))
}

type Opener = AeadCtxR<AesGcm256, HkdfSha256, X25519HkdfSha256>;
type Sealer = AeadCtxS<AesGcm256, HkdfSha256, X25519HkdfSha256>;

fn info(relationship: &RelationshipId) -> Vec<u8> {
    let RelationshipId { chain_id, contract, patient, steward } = relationship;
    let mut info = b"medrec/v1".to_vec();
    info.extend(chain_id.to_be_bytes());
    for address in [contract, patient, steward] {
        info.extend(address);
    }
    info
}

fn pad(plaintext: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let too_large = EnvelopeError::TooLarge { limit: MAX_PLAINTEXT, found: plaintext.len() };
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(too_large);
    }
    // Checked above.
    let length = u32::try_from(plaintext.len()).map_err(|_cause| too_large)?;
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length(plaintext.len())));
    padded.extend(length.to_be_bytes());
    padded.extend(plaintext);
    padded.resize(padded_length(plaintext.len()), 0);
    Ok(padded)
}

fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (length, rest) = padded.split_first_chunk::<4>().ok_or(EnvelopeError::Padding)?;
    // A length that is no usize is longer than the rest, too.
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_cause| EnvelopeError::Padding)?;
    let (_, zeros) = rest.split_at_checked(length).ok_or(EnvelopeError::Padding)?;
    if zeros.iter().any(|byte| *byte != 0) || padded_length(length) != padded.len() {
        return Err(EnvelopeError::Padding);
    }
    padded.drain(..4);
    padded.truncate(length);
    Ok(padded)
}

/// The bytes of length, plaintext and zeros.
const fn padded_length(plaintext: usize) -> usize {
    let length = plaintext + 4;
    if length < LARGE { length.next_multiple_of(SMALL) } else { length.next_multiple_of(LARGE) }
}

/// Gives the 32 random bytes of the caller to HPKE, which takes exactly 32 for X25519 (`DeriveKeyPair`).
///
/// Bytes beyond them, which no version asks for, would be a hash of what was given before: never the same again.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Given {
    bytes: [u8; 32],
    used: usize,
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for byte in target {
            if self.used == self.bytes.len() {
                let next = Sha256::new().chain_update("medrec/more").chain_update(self.bytes).finalize();
                self.bytes = next.into();
                self.used = 0;
            }
            *byte = self.bytes.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}

/// Steps of the length of small answers.
const SMALL: usize = 4 << 10;
/// From here on, and steps of the length of large answers.
const LARGE: usize = 64 << 10;
/// The most bytes that one answer holds.
pub const MAX_PLAINTEXT: usize = MAX_SEALED - 32 - MAX_SEALED / CHUNK * TAG - LARGE;
const MAX_SEALED: usize = crate::answer::MAX_ANSWER;
const MIN_SEALED: usize = 32 + SMALL + TAG;
/// How much of the content is sealed at a time.
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A public key with which no secret can be shared.
    #[error("no secret can be shared with this public key")]
    Key,
    /// Not sealed to this key, for this relationship and this request, or damaged.
    #[error("not sealed to this key, relationship and request, or damaged")]
    NotForUs,
    /// The padding is not the one of the content.
    #[error("the padding of the content is wrong")]
    Padding,
    /// Too many bytes.
    #[error("{found} bytes, expected at most {limit}")]
    TooLarge {
        /// The most bytes.
        limit: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// Too few bytes.
    #[error("{found} bytes of sealed content, expected at least {limit}")]
    TooShort {
        /// The fewest bytes.
        limit: usize,
        /// The bytes that there are.
        found: usize,
    },
}

impl EnvelopeError {
    /// Who sealed, or who gave the key, is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

impl From<HpkeError> for EnvelopeError {
    fn from(error: HpkeError) -> Self {
        match error {
            HpkeError::EncapError | HpkeError::ValidationError | HpkeError::IncorrectInputLength(..) => {
                Self::Key
            }
            _ => Self::NotForUs,
        }
    }
}

#[cfg(test)]
mod tests;
