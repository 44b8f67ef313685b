//! What people hand each other: a steward's invitation and a viewer's card.
//!
//! An invitation travels as a link whose fragment (`#/invitation/…`) never reaches a server. It names the network, the
//! steward and a secret code that is redeemed once. A viewer card names the address that someone may grant to. Both
//! are checked as a whole, so that a text that lost a character on the way is refused, not misread.
//!
//! ```text
//! invitation  = base64url, no padding: 0x01 ‖ chain id (8) ‖ steward (20) ‖ code (16) ‖ checksum (4)
//! checksum    = first 4 bytes of SHA-256 of the bytes before
//! viewer card = medrec:viewer:<chain id>:<address with EIP-55 checksum>
//! ```

use core::fmt;
use core::str::FromStr;

use alloy_primitives::Address;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lightclient::Fault;
use sha2::{Digest, Sha256};

/// An invitation of a steward to open a relationship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The chain id of the network.
    pub network: u64,
    /// The steward that invites.
    pub steward: Address,
    /// The secret that is redeemed.
    pub code: InvitationCode,
}

impl Invitation {
    /// The invitation as text; it is a secret.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.network.to_be_bytes());
        bytes.extend(self.steward);
        bytes.extend(self.code.0);
        bytes.extend(checksum(&bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The fragment of a link to the patient app: `#/invitation/<text>`.
    pub fn to_fragment(&self) -> String {
        format!("{FRAGMENT}{}", self.to_text())
    }

    /// Parses the text of an invitation, or a whole link that ends in its fragment.
    ///
    /// # Errors
    /// [`InvitationError::Malformed`], [`InvitationError::Checksum`], [`InvitationError::Version`].
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        let text = text.trim();
        if text.len() > MAX_LINK {
            return Err(InvitationError::Malformed);
        }
        let text = text.rsplit_once(FRAGMENT).map_or(text, |(_, text)| text);
        // Which character helps nobody.
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_cause| InvitationError::Malformed)?;
        let [version, ..] = bytes.as_slice() else { return Err(InvitationError::Malformed) };
        if *version != VERSION {
            return Err(InvitationError::Version { expected: VERSION, found: *version });
        }
        Self::read(&bytes).ok_or(InvitationError::Malformed)?
    }

    fn read(bytes: &[u8]) -> Option<Result<Self, InvitationError>> {
        let (content, found) = bytes.split_last_chunk::<4>()?;
        let (network, rest) = content.split_first()?.1.split_first_chunk()?;
        let (steward, code) = rest.split_first_chunk::<20>()?;
        let code = InvitationCode(<[u8; 16]>::try_from(code).ok()?);
        if checksum(content) != *found {
            return Some(Err(InvitationError::Checksum));
        }
        Some(Ok(Self { network: u64::from_be_bytes(*network), steward: Address::from(*steward), code }))
    }
}

/// The secret of an invitation: 16 random bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InvitationCode(pub [u8; 16]);

impl InvitationCode {
    /// The code as it travels in `invitation.redeem`: base64url, 22 characters.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Parses a code.
    ///
    /// # Errors
    /// [`InvitationError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        // The code is a secret.
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_cause| InvitationError::Malformed)?;
        // The code is a secret.
        bytes.try_into().map(Self).map_err(|_cause| InvitationError::Malformed)
    }

    /// SHA-256 of the code: what a gatekeeper keeps instead of it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode([redacted])")
    }
}

/// The address that a person or member gives to whoever wants to let them read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewerCard {
    /// The chain id of the network.
    pub network: u64,
    /// The viewer's address.
    pub viewer: Address,
}

impl fmt::Display for ViewerCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CARD}{}:{}", self.network, self.viewer)
    }
}

impl FromStr for ViewerCard {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let read = || {
            let (network, address) = text.trim().strip_prefix(CARD)?.split_once(':')?;
            let (number, viewer) = (network.parse::<u64>().ok()?, parse_address(address)?);
            (number.to_string() == network).then_some(Self { network: number, viewer })
        };
        read().ok_or(InvitationError::Card)
    }
}

/// Reads an address as people write it: all lower case, or with its EIP-55 checksum.
///
/// `None` for anything else, so that a mistyped address with a checksum is never taken for another.
pub fn parse_address(text: &str) -> Option<Address> {
    let address = text.strip_prefix("0x").and_then(|digits| digits.parse::<Address>().ok())?;
    (format!("{address:#x}") == text || address.to_string() == text).then_some(address)
}

pub(crate) fn checksum(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(bytes));
    [a, b, c, d]
}

const VERSION: u8 = 1;
const FRAGMENT: &str = "#/invitation/";
const CARD: &str = "medrec:viewer:";
/// A link to the patient app is shorter than this.
const MAX_LINK: usize = 2048;

/// Why a text is no invitation or card; never says what the text was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// Not a viewer card.
    #[error("not a viewer card of the form medrec:viewer:<chain id>:<address>, or the address is mistyped")]
    Card,
    /// A character was changed on the way.
    #[error("the checksum of the invitation is wrong")]
    Checksum,
    /// Not of the form of an invitation.
    #[error("not an invitation")]
    Malformed,
    /// Of another version.
    #[error("invitation of version {found}, expected {expected}")]
    Version {
        /// Ours.
        expected: u8,
        /// The one in the text.
        found: u8,
    },
}

impl InvitationError {
    /// The person who entered the text gave a wrong one.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests;
