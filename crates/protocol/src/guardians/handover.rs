//! What goes from hand to hand between a person and the guardians: the kit that they keep, and the keys that they are asked to
//! approve.
//!
//! Both travel as links whose fragment (`#/guardian/…`) never reaches a server, and are checked as a whole.
//!
//! ```text
//! kit         = base64url, no padding: 0x02 ‖ chain id (8) ‖ first address (20) ‖ secret (32) ‖ threshold (1) ‖
//!               number of guardians (1) ‖ guardians (20 each, ascending) ‖ checksum (4)
//! key request = base64url, no padding: 0x03 ‖ chain id (8) ‖ first address (20) ‖ number of keys (1) ‖
//!               keys (20 each) ‖ checksum (4)
//! checksum    = first 4 bytes of SHA-256 of the bytes before
//! ```

use alloy_primitives::{Address, B256, U256, keccak256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lightclient::Fault;

use super::{Circle, CircleError, MAX_GUARDED};
use crate::invitation::checksum;

/// What a guardian keeps of somebody; it is a secret. It tells all addresses of the person, and changes nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// The chain id of the network.
    pub network: u64,
    /// The first address of the person, behind which all others are hidden.
    pub first: Address,
    /// Who the guardians are, and the secret.
    pub circle: Circle,
}

impl Kit {
    /// The kit as text.
    pub fn to_text(&self) -> String {
        let Circle { secret, threshold, guardians } = &self.circle;
        let mut bytes = vec![KIT];
        bytes.extend(self.network.to_be_bytes());
        bytes.extend(self.first);
        bytes.extend(secret);
        bytes.push(*threshold);
        list(guardians, bytes)
    }

    fn read(bytes: &[u8]) -> Option<Result<Self, HandoverError>> {
        let (network, rest) = bytes.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk::<20>()?;
        let (secret, rest) = rest.split_first_chunk::<32>()?;
        let (threshold, rest) = rest.split_first()?;
        let guardians = addresses(rest)?;
        // In no order but one, so that a kit has one text.
        if !guardians.is_sorted() {
            return None;
        }
        let circle = Circle::new(B256::from(*secret), *threshold, guardians);
        Some(circle.map_err(HandoverError::from).map(|circle| Self {
            network: u64::from_be_bytes(*network),
            first: Address::from(*first),
            circle,
        }))
    }
}

/// The keys that somebody who has lost the former ones asks the guardians to approve, in the order of the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// The chain id of the network.
    pub network: u64,
    /// The first address of the person.
    pub first: Address,
    /// The new keys: for the first address, the one hidden behind it, and so on.
    pub keys: Vec<Address>,
}

impl KeyRequest {
    /// The request as text.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![REQUEST];
        bytes.extend(self.network.to_be_bytes());
        bytes.extend(self.first);
        list(&self.keys, bytes)
    }

    /// Twenty digits, that the guardian and the person compare by voice: who wants to pass off other keys would have to try
    /// about 2^66 of them.
    pub fn digits(&self) -> [u16; 5] {
        let mut number = U256::from_be_bytes(keccak256(self.to_text()).0);
        let mut digits = [0; 5];
        for group in digits.iter_mut().rev() {
            *group = (number % GROUP).saturating_to();
            number /= GROUP;
        }
        digits
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (network, rest) = bytes.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk::<20>()?;
        let keys = addresses(rest).filter(|keys| (1..=MAX_GUARDED).contains(&keys.len()))?;
        Some(Self { network: u64::from_be_bytes(*network), first: Address::from(*first), keys })
    }
}

/// A text that went from hand to hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handover {
    /// What a guardian keeps.
    Kit(Kit),
    /// What a guardian is asked for.
    Request(KeyRequest),
}

impl Handover {
    /// Parses a text, or a whole link that ends in its fragment.
    ///
    /// # Errors
    /// [`HandoverError`]; it never says what the text was.
    pub fn parse(text: &str) -> Result<Self, HandoverError> {
        let text = text.trim();
        if text.len() > MAX_LINK {
            return Err(HandoverError::Malformed);
        }
        let text = text.rsplit_once(FRAGMENT).map_or(text, |(_, text)| text);
        // Which character helps nobody.
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_cause| HandoverError::Malformed)?;
        let (content, found) = bytes.split_last_chunk::<4>().ok_or(HandoverError::Malformed)?;
        let (kind, rest) = content.split_first().ok_or(HandoverError::Malformed)?;
        if !matches!(*kind, KIT | REQUEST) {
            return Err(HandoverError::Malformed);
        }
        if checksum(content) != *found {
            return Err(HandoverError::Checksum);
        }
        if *kind == KIT {
            return Kit::read(rest).ok_or(HandoverError::Malformed)?.map(Self::Kit);
        }
        KeyRequest::read(rest).map(Self::Request).ok_or(HandoverError::Malformed)
    }
}

/// Why a text is neither a kit nor a request; never says what the text was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// A character was changed on the way.
    #[error("the checksum of the guardian's text is wrong")]
    Checksum,
    /// The people that it names are no circle.
    #[error(transparent)]
    Circle(#[from] CircleError),
    /// Not of the form of either.
    #[error("neither a guardian's kit nor a request to one")]
    Malformed,
}

impl HandoverError {
    /// The person who entered the text gave a wrong one.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

fn list(addresses: &[Address], mut bytes: Vec<u8>) -> String {
    // There are never more than `MAX_GUARDED`.
    bytes.push(u8::try_from(addresses.len()).unwrap_or(u8::MAX));
    bytes.extend(addresses.iter().flatten());
    bytes.extend(checksum(&bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn addresses(bytes: &[u8]) -> Option<Vec<Address>> {
    let (count, rest) = bytes.split_first()?;
    let (addresses, rest) = rest.as_chunks::<20>();
    let is_whole = rest.is_empty() && addresses.len() == usize::from(*count);
    is_whole.then(|| addresses.iter().map(|bytes| Address::from(*bytes)).collect())
}

const GROUP: U256 = U256::from_limbs([10_000, 0, 0, 0]);
/// The first byte, which tells both from an invitation.
const KIT: u8 = 2;
const REQUEST: u8 = 3;
const FRAGMENT: &str = "#/guardian/";
/// A link with as many keys as there can be is shorter than this.
const MAX_LINK: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn kit() -> Kit {
        let guardians = vec![Address::repeat_byte(9), Address::repeat_byte(8)];
        let circle = Circle::new(B256::repeat_byte(7), 2, guardians).unwrap();
        Kit { network: 1337, first: Address::repeat_byte(5), circle }
    }

    fn request(keys: usize) -> KeyRequest {
        let keys = (1..=keys).map(|key| Address::with_last_byte(u8::try_from(key).unwrap())).collect();
        KeyRequest { network: 1337, first: Address::repeat_byte(5), keys }
    }

    #[test]
    fn texts_are_read_back_also_from_links() {
        let (kit, request) = (kit(), request(MAX_GUARDED));
        assert_eq!(Handover::parse(&kit.to_text()), Ok(Handover::Kit(kit.clone())));
        let link = format!("https://records.example/#/guardian/{}", request.to_text());
        assert!(link.len() < MAX_LINK);
        assert_eq!(Handover::parse(&link), Ok(Handover::Request(request)));
        let bytes = URL_SAFE_NO_PAD.decode(kit.to_text()).unwrap();
        assert_eq!((bytes.len(), &bytes[..10]), (107, &[2, 0, 0, 0, 0, 0, 0, 5, 57, 5][..]));
        assert_eq!((&bytes[61..64], bytes[83]), (&[2, 2, 8][..], 9));
    }

    #[test]
    fn a_text_that_lost_something_on_the_way_is_refused() {
        for text in [kit().to_text(), request(3).to_text()] {
            for at in 0..text.len() {
                assert!(Handover::parse(&text[..at]).is_err());
                let other = if &text[at..=at] == "A" { "B" } else { "A" };
                let changed = [&text[..at], other, &text[at + 1..]].concat();
                assert!(Handover::parse(&changed).is_err(), "{at}");
            }
        }
        for other in ["", "AA", "AQAAAA", &"A".repeat(5000)] {
            assert_eq!(Handover::parse(other), Err(HandoverError::Malformed));
        }
    }

    #[test]
    fn lists_that_are_none_are_refused() {
        for keys in [0, MAX_GUARDED + 1] {
            assert_eq!(Handover::parse(&request(keys).to_text()), Err(HandoverError::Malformed));
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(kit().to_text()).unwrap();
        bytes.truncate(bytes.len() - 4);
        bytes[61] = 3;
        bytes.extend(checksum(&bytes));
        let error = CircleError::Threshold { most: 2, found: 3 };
        let refused = Handover::parse(&URL_SAFE_NO_PAD.encode(&bytes));
        assert_eq!(refused, Err(HandoverError::Circle(error)));
    }

    #[test]
    fn other_keys_have_other_digits() {
        let digits = request(2).digits();
        assert!(digits.iter().all(|group| *group < 10_000));
        assert_ne!(digits, request(3).digits());
        assert_eq!(digits, request(2).digits());
    }
}
