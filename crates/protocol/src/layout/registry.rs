//! `Registry`: the network's id and the directory of members.

use std::ops::Range;

use alloy_primitives::{Address, B256, U256};
use lightclient::{ProvenSlot, UnixTime};

use super::word::{
    Fields, Word, address, bind, bounded, data, exactly, length, mapping, offset, refused, variable,
};
use super::{LayoutError, MAX_TEXT};

/// Asks for the network's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkIdQuery;

impl NetworkIdQuery {
    /// The one slot to prove in `Registry`.
    pub fn slots(&self) -> Vec<B256> {
        vec![variable(NETWORK_ID)]
    }

    /// Reads the proven slot; the caller compares it with the network description.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<B256, LayoutError> {
        let [word] = exactly(&bind(contract, &self.slots(), proven)?)?;
        Ok(word.value)
    }
}

/// Asks for the addresses of all members that were ever admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersQuery;

impl MembersQuery {
    /// The one slot of the list's length in `Registry`.
    pub fn length_slots(&self) -> Vec<B256> {
        vec![variable(MEMBER_LIST)]
    }

    /// Reads the list's length.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a length above [`MAX_LIST`](super::MAX_LIST).
    pub fn decode_length(&self, contract: Address, proven: &[ProvenSlot]) -> Result<u64, LayoutError> {
        Self::read_length(&bind(contract, &self.length_slots(), proven)?)
    }

    pub(crate) fn read_length(words: &[Word]) -> Result<u64, LayoutError> {
        let [word] = exactly(words)?;
        length("members", word)
    }

    /// The slots of the members with these indexes.
    pub fn slots(&self, indexes: Range<u64>) -> Vec<B256> {
        let first = data(variable(MEMBER_LIST));
        indexes.map(|index| offset(first, index)).collect()
    }

    /// Reads the proven slots of the members with these indexes.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that are no addresses.
    pub fn decode(
        &self,
        contract: Address,
        indexes: Range<u64>,
        proven: &[ProvenSlot],
    ) -> Result<Vec<Address>, LayoutError> {
        Self::read(bind(contract, &self.slots(indexes), proven)?)
    }

    pub(crate) fn read(words: Vec<Word>) -> Result<Vec<Address>, LayoutError> {
        words.into_iter().map(|word| address("member", word)).collect()
    }
}

/// Asks for one member's entry: first its six fixed words, then the words of texts that are longer than
/// 31 bytes (none otherwise).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberQuery {
    /// The member's address.
    pub member: Address,
}

impl MemberQuery {
    /// The six fixed slots to prove in `Registry`.
    pub fn slots(&self) -> Vec<B256> {
        let base = mapping(variable(MEMBERS), self.member);
        (0..=KEY).map(|word| offset(base, word)).collect()
    }

    /// Reads the fixed slots; `None` if this address was never admitted.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode_head(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<MemberHead>, LayoutError> {
        self.read_head(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read_head(&self, words: &[Word]) -> Result<Option<MemberHead>, LayoutError> {
        let [first, encryption_key, profile_digest, name, endpoint, key] = exactly(words)?;
        if first.value.is_zero() {
            return Ok(None);
        }
        let mut fields = Fields::new("member", first);
        let (kind, status, since) = (fields.u8(), fields.u8(), fields.u64());
        let (Some(kind), Some(status)) = (MemberKind::from_code(kind), MemberStatus::from_code(status))
        else {
            return Err(fields.refused());
        };
        fields.end()?;
        Ok(Some(MemberHead {
            member: self.member,
            kind,
            status,
            since,
            encryption_key: encryption_key.value,
            profile_digest: profile_digest.value,
            name: Text::read("member name", name)?,
            endpoint: Text::read("member endpoint", endpoint)?,
            key: key_of(self.member, key)?,
        }))
    }
}

/// A member's entry of which long texts are still to be proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberHead {
    member: Address,
    kind: MemberKind,
    status: MemberStatus,
    since: UnixTime,
    encryption_key: B256,
    profile_digest: B256,
    name: Text,
    endpoint: Text,
    key: Address,
}

impl MemberHead {
    /// The slots of the long texts; empty if both are short.
    pub fn text_slots(&self) -> Vec<B256> {
        let mut slots = self.name.slots();
        slots.extend(self.endpoint.slots());
        slots
    }

    /// Completes the entry with the proven slots of its long texts.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or texts that are not UTF-8.
    pub fn decode(self, contract: Address, proven: &[ProvenSlot]) -> Result<Member, LayoutError> {
        let words = bind(contract, &self.text_slots(), proven)?;
        self.read(&words)
    }

    pub(crate) fn read(self, words: &[Word]) -> Result<Member, LayoutError> {
        let (name, endpoint) = words.split_at_checked(self.name.slots().len()).unwrap_or((words, &[]));
        Ok(Member {
            address: self.member,
            kind: self.kind,
            status: self.status,
            since: self.since,
            encryption_key: self.encryption_key,
            profile_digest: self.profile_digest,
            name: self.name.join(name)?,
            endpoint: self.endpoint.join(endpoint)?,
            key: self.key,
        })
    }
}

/// One member of the network. Made only by [`MemberHead::decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its address, which stays.
    pub address: Address,
    /// What it is.
    pub kind: MemberKind,
    /// Whether it still is a member.
    pub status: MemberStatus,
    /// When the status last changed.
    pub since: UnixTime,
    /// Its X25519 public key.
    pub encryption_key: B256,
    /// SHA-256 of its profile document; zero if it has none.
    pub profile_digest: B256,
    /// Its name.
    pub name: String,
    /// The origin of its gatekeeper; may be empty.
    pub endpoint: String,
    /// The address of the key with which it signs answers and transactions now.
    pub key: Address,
}

/// Asks for whom a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityQuery {
    /// The address of the key.
    pub key: Address,
}

impl IdentityQuery {
    /// The two slots to prove in `Registry`: whose key it became, and who signs for its own address.
    pub fn slots(&self) -> Vec<B256> {
        vec![mapping(variable(IDENTITY_BY_KEY), self.key), key_slot(self.key)]
    }

    /// Reads the proven slots.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<SignsFor, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<SignsFor, LayoutError> {
        let [identity, own] = exactly(words)?;
        let (identity, own_key) = (address("identity of a key", identity)?, key_of(self.key, own)?);
        Ok(match (identity.is_zero(), own_key == self.key) {
            (true, true) => SignsFor::Itself,
            (true, false) => SignsFor::Nobody,
            (false, _) => SignsFor::Other(SuccessionQuery { identity, key: self.key }),
        })
    }
}

/// For whom a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignsFor {
    /// For its own address.
    Itself,
    /// It became the key of another address; whether it still is, is to be proven.
    Other(SuccessionQuery),
    /// For nobody: another key has taken its place.
    Nobody,
}

impl SignsFor {
    /// What is still to be proven.
    pub const fn other(&self) -> Option<SuccessionQuery> {
        match self {
            Self::Other(query) => Some(*query),
            Self::Itself | Self::Nobody => None,
        }
    }
}

/// Asks whether a key signs for another address now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuccessionQuery {
    /// For whom it should sign.
    pub identity: Address,
    /// The address of the key.
    pub key: Address,
}

impl SuccessionQuery {
    /// The one slot to prove in `Registry`.
    pub fn slots(&self) -> Vec<B256> {
        vec![key_slot(self.identity)]
    }

    /// Reads the proven slot: the identity, if the key is the one that signs for it.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a word that is no address.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<Option<Address>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Option<Address>, LayoutError> {
        let [word] = exactly(words)?;
        Ok((key_of(self.identity, word)? == self.key).then_some(self.identity))
    }
}

/// Asks which key signs for an address, and which one was offered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysQuery {
    /// For whom.
    pub identity: Address,
}

impl KeysQuery {
    /// The two slots to prove in `Registry`.
    pub fn slots(&self) -> Vec<B256> {
        let key = key_slot(self.identity);
        vec![key, offset(key, 1)]
    }

    /// Reads the proven slots.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that are no addresses.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<KeysState, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<KeysState, LayoutError> {
        let [key, next] = exactly(words)?;
        let next = address("offered key", next)?;
        Ok(KeysState { key: key_of(self.identity, key)?, offered: (!next.is_zero()).then_some(next) })
    }
}

/// The keys of an address. Made only by [`KeysQuery::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysState {
    /// The one that signs now.
    pub key: Address,
    /// The one that may take its place.
    pub offered: Option<Address>,
}

/// Where the key of an address is kept; the next word is the one that was offered.
fn key_slot(identity: Address) -> B256 {
    offset(mapping(variable(MEMBERS), identity), KEY)
}

/// Who signs for an address: itself, until another key has taken its place.
fn key_of(identity: Address, word: Word) -> Result<Address, LayoutError> {
    let key = address("key", word)?;
    Ok(if key.is_zero() { identity } else { key })
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A provider of care.
    Provider,
    /// A vendor of wearable devices.
    Vendor,
    /// A researcher.
    Researcher,
    /// An auditor.
    Auditor,
}

impl MemberKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Vendor, Self::Researcher, Self::Auditor];

    /// The code on chain (`Registry.Kind`).
    pub fn code(self) -> u8 {
        match self {
            Self::Provider => 1,
            Self::Vendor => 2,
            Self::Researcher => 3,
            Self::Auditor => 4,
        }
    }

    /// The word for it in wire formats: `provider`, `vendor`, `researcher`, `auditor`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Vendor => "vendor",
            Self::Researcher => "researcher",
            Self::Auditor => "auditor",
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Whether a member still is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberStatus {
    /// Admitted.
    Active,
    /// Removed by the operators.
    Removed,
}

impl MemberStatus {
    fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Active),
            2 => Some(Self::Removed),
            _ => None,
        }
    }
}

/// A Solidity `string`: in its slot up to 31 bytes, else its length there and the bytes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Text {
    Short { what: &'static str, slot: B256, bytes: Vec<u8> },
    Long { what: &'static str, slot: B256, length: usize },
}

impl Text {
    fn read(what: &'static str, word: Word) -> Result<Self, LayoutError> {
        let Word { slot, value } = word;
        let [bytes @ .., last] = value.0;
        if last % 2 == 0 {
            let length = usize::from(last / 2);
            return match bytes.split_at_checked(length) {
                Some((text, rest)) if rest.iter().all(|&byte| byte == 0) => {
                    Ok(Self::Short { what, slot, bytes: text.to_vec() })
                }
                _ => Err(refused(what, word)),
            };
        }
        let length = bounded(what, slot, U256::from_be_bytes(value.0) >> 1, MAX_TEXT)?;
        match usize::try_from(length) {
            Ok(length) if length > 31 => Ok(Self::Long { what, slot, length }),
            _ => Err(refused(what, word)),
        }
    }

    fn slots(&self) -> Vec<B256> {
        match self {
            Self::Short { .. } => Vec::new(),
            Self::Long { slot, length, .. } => {
                let first = data(*slot);
                (0..).map(|word| offset(first, word)).take(length.div_ceil(32)).collect()
            }
        }
    }

    fn join(self, words: &[Word]) -> Result<String, LayoutError> {
        let expected = self.slots().len();
        if words.len() != expected {
            return Err(LayoutError::SlotCount { expected, found: words.len() });
        }
        let (what, slot, bytes) = match self {
            Self::Short { what, slot, bytes } => (what, slot, bytes),
            Self::Long { what, slot, length } => {
                let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.value.0).collect();
                let padding = bytes.split_off(length.min(bytes.len()));
                if let Some(&last) = words.last()
                    && padding.iter().any(|&byte| byte != 0)
                {
                    return Err(refused(what, last));
                }
                (what, slot, bytes)
            }
        };
        // The offset of the first bad byte helps nobody; the slot does.
        String::from_utf8(bytes).ok().ok_or(LayoutError::Text { what, slot })
    }
}

/// State variables of `Registry`.
pub(super) const NETWORK_ID: u64 = 0;
pub(super) const MEMBER_LIST: u64 = 3;
pub(super) const MEMBERS: u64 = 4;
pub(super) const IDENTITY_BY_KEY: u64 = 10;
pub(super) const GUARDIANSHIPS: u64 = 11;
pub(super) const APPROVALS: u64 = 12;
/// Word of the struct `Member`; before it the kind, status and time (0), the encryption key (1), the profile digest (2), the
/// name (3) and the endpoint (4).
pub(super) const KEY: u64 = 5;
