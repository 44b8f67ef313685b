//! `Relationships`: the entry of one patient and one steward, its viewers and their grants.

use std::ops::Range;

use alloy_primitives::{Address, B256};
use lightclient::{ProvenSlot, UnixTime};
use records::category::Categories;
use records::record_set::RecordSetAnchor;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LayoutError;
use super::word::{Fields, Word, address, bind, data, exactly, length, mapping, offset, variable};
use crate::access_log::{LogAnchor, LogPoint};

/// Asks for the entry of one relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelationshipQuery {
    /// The patient's pseudonym in this relationship.
    pub patient: Address,
    /// The member that stewards the records.
    pub steward: Address,
}

impl RelationshipQuery {
    /// The seven slots to prove in `Relationships`.
    pub fn slots(&self) -> Vec<B256> {
        let base = self.base();
        (STATUS..=VIEWERS).map(|word| offset(base, word)).collect()
    }

    /// Reads the proven slots.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<RelationshipState, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<RelationshipState, LayoutError> {
        let [status, root, set, log_head, log, anchors, viewers] = exactly(words)?;
        let mut fields = Fields::new("relationship status", status);
        let code = fields.u8();
        let (opened_at, changed_at) = (fields.u64(), fields.u64());
        let status = RelationshipStatus::from_code(code).ok_or_else(|| fields.refused())?;
        fields.end()?;
        let mut fields = Fields::new("access log count", log);
        let (count, anchored_at) = (fields.u64(), fields.u64());
        if (count == 0) != anchors.value.is_zero() {
            return Err(fields.refused());
        }
        fields.end()?;
        Ok(RelationshipState {
            patient: self.patient,
            steward: self.steward,
            status,
            opened_at,
            changed_at,
            record_set: record_set(root, set)?,
            access_log: LogAnchor { point: LogPoint { count, head: log_head.value }, digest: anchors.value },
            access_log_anchored_at: anchored_at,
            viewer_count: length("viewers", viewers)?,
        })
    }

    fn base(&self) -> B256 {
        mapping(mapping(variable(RELATIONSHIPS), self.patient), self.steward)
    }
}

/// The record set is absent until the first publication, which sets revision 1.
fn record_set(root: Word, set: Word) -> Result<Option<RecordSetAnchor>, LayoutError> {
    let mut fields = Fields::new("record set", set);
    let (count, revision, published_at) = (fields.u64(), fields.u64(), fields.u64());
    if (revision == 0) != root.value.is_zero() {
        return Err(fields.refused());
    }
    fields.end()?;
    let anchor = RecordSetAnchor { root: root.value, count, revision, published_at };
    Ok((revision != 0).then_some(anchor))
}

/// What the chain says about one relationship. Made only by [`RelationshipQuery::decode`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelationshipState {
    /// The patient's pseudonym, as asked.
    pub patient: Address,
    /// The steward, as asked.
    pub steward: Address,
    /// Where the relationship stands; `None` if there is none.
    pub status: RelationshipStatus,
    /// When it was proposed.
    pub opened_at: UnixTime,
    /// When the status last changed.
    pub changed_at: UnixTime,
    /// The newest record set; absent before the first publication.
    pub record_set: Option<RecordSetAnchor>,
    /// The newest anchor of the access log; [`LogAnchor::NONE`] before the first.
    pub access_log: LogAnchor,
    /// When it was anchored.
    pub access_log_anchored_at: UnixTime,
    /// How many viewers were ever granted something (see [`ViewersQuery`]).
    pub viewer_count: u64,
}

/// Where a relationship stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationshipStatus {
    /// There is no such relationship.
    None,
    /// Proposed by the steward, not answered by the patient.
    Proposed,
    /// Accepted by the patient.
    Active,
    /// Refused by the patient.
    Rejected,
    /// Ended by either.
    Ended,
}

impl RelationshipStatus {
    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::Proposed),
            2 => Some(Self::Active),
            3 => Some(Self::Rejected),
            4 => Some(Self::Ended),
            _ => None,
        }
    }

    /// The word for it in wire formats: `none`, `proposed`, `active`, `rejected`, `ended`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Proposed => "proposed",
            Self::Active => "active",
            Self::Rejected => "rejected",
            Self::Ended => "ended",
        }
    }
}

/// Asks what one viewer was granted within one relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantQuery {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
    /// The viewer.
    pub viewer: Address,
}

impl GrantQuery {
    /// The one slot to prove in `Relationships`.
    pub fn slots(&self) -> Vec<B256> {
        let Self { patient, steward, viewer } = *self;
        vec![mapping(offset(RelationshipQuery { patient, steward }.base(), GRANTS), viewer)]
    }

    /// The one slot of what waits for the confirmer.
    pub fn proposal_slots(&self) -> Vec<B256> {
        let Self { patient, steward, viewer } = *self;
        vec![mapping(offset(RelationshipQuery { patient, steward }.base(), PROPOSALS), viewer)]
    }

    /// Reads the proven slot of what waits for the confirmer; absent (zero) means nothing does.
    ///
    /// # Errors
    /// As [`GrantQuery::decode`].
    pub fn decode_proposal(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<GrantTerms>, LayoutError> {
        self.read(&bind(contract, &self.proposal_slots(), proven)?)
    }

    /// Reads the proven slot; absent (zero) means never granted, or revoked.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a word that the contract never writes.
    pub fn decode(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<GrantTerms>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Option<GrantTerms>, LayoutError> {
        let [word] = exactly(words)?;
        if word.value.is_zero() {
            return Ok(None);
        }
        let mut fields = Fields::new("grant", word);
        let (categories, rights, from, until) = (fields.u16(), fields.u8(), fields.u64(), fields.u64());
        let categories = Categories::from_bits(categories).ok().filter(|set| !set.is_empty());
        let (Some(categories), Some(rights)) = (categories, Rights::from_bits(rights)) else {
            return Err(fields.refused());
        };
        fields.end()?;
        Ok(Some(GrantTerms {
            patient: self.patient,
            steward: self.steward,
            viewer: self.viewer,
            categories,
            rights,
            from,
            until: (until != 0).then_some(until),
        }))
    }
}

/// What a patient lets one viewer do, and when. Made only by [`GrantQuery::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrantTerms {
    /// The patient's pseudonym, as asked.
    pub patient: Address,
    /// The steward, as asked.
    pub steward: Address,
    /// The viewer, as asked.
    pub viewer: Address,
    /// The categories granted; never empty.
    pub categories: Categories,
    /// The rights granted; never empty.
    pub rights: Rights,
    /// First second at which the grant holds.
    pub from: UnixTime,
    /// First second at which it no longer holds; `None` is an open end.
    pub until: Option<UnixTime>,
}

/// One thing that a grant may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Read the records.
    Read,
    /// Add records of one's own.
    Contribute,
    /// Let others read.
    Share,
}

impl Right {
    /// All rights, in the order of their bits.
    pub const ALL: [Self; 3] = [Self::Read, Self::Contribute, Self::Share];

    /// The word for it in wire formats: `read`, `contribute`, `share`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Contribute => "contribute",
            Self::Share => "share",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Contribute => 2,
            Self::Share => 4,
        }
    }
}

/// A non-empty set of rights, with the same bits as on chain (1 read, 2 contribute, 4 share).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rights(u8);

impl Rights {
    /// Only the right to read.
    pub const READ: Self = Self(1);
    /// Every right.
    pub const ALL: Self = Self(7);

    /// The set with these bits; `None` if it is empty or has an unknown bit.
    pub fn from_bits(bits: u8) -> Option<Self> {
        (1..=7).contains(&bits).then_some(Self(bits))
    }

    /// The bits as on chain.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether `right` is in the set.
    pub fn contains(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// The rights in the set, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |&right| self.contains(right))
    }
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Right::name))
    }
}

/// Reads a list of names in which no name is unknown or given twice, and of which there is one.
impl<'de> Deserialize<'de> for Rights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let bits = names.iter().try_fold(0, |bits, name| {
            let right = Right::ALL.into_iter().find(|right| right.name() == name)?;
            (bits & right.bit() == 0).then_some(bits | right.bit())
        });
        bits.and_then(Self::from_bits).ok_or_else(|| D::Error::custom("not a list of distinct rights"))
    }
}

/// Asks for the viewers of one relationship: everyone who was ever granted something, once each.
/// Their number is in [`RelationshipState::viewer_count`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewersQuery {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
}

impl ViewersQuery {
    /// The slots of the viewers with these indexes.
    pub fn slots(&self, indexes: Range<u64>) -> Vec<B256> {
        let Self { patient, steward } = *self;
        let first = data(offset(RelationshipQuery { patient, steward }.base(), VIEWERS));
        indexes.map(|index| offset(first, index)).collect()
    }

    /// Reads the proven slots of the viewers with these indexes.
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
        words.into_iter().map(|word| address("viewer", word)).collect()
    }
}

/// Asks who has to confirm each grant of one relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmerQuery {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
}

impl ConfirmerQuery {
    /// The one slot to prove in `Relationships`.
    pub fn slots(&self) -> Vec<B256> {
        let Self { patient, steward } = *self;
        vec![offset(RelationshipQuery { patient, steward }.base(), CONFIRMER)]
    }

    /// Reads the proven slot; `None` if nobody has to.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a word that is no address.
    pub fn decode(&self, contract: Address, proven: &[ProvenSlot]) -> Result<Option<Address>, LayoutError> {
        Self::read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(words: &[Word]) -> Result<Option<Address>, LayoutError> {
        let [word] = exactly(words)?;
        let confirmer = address("confirmer", word)?;
        Ok((!confirmer.is_zero()).then_some(confirmer))
    }
}

/// Asks for publications of one relationship, by their revisions: the first is 1, the newest the one in
/// [`RelationshipState::record_set`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
}

impl HistoryQuery {
    /// The slots of these revisions.
    pub fn slots(&self, revisions: Range<u64>) -> Vec<B256> {
        let Self { patient, steward } = *self;
        let first = data(offset(RelationshipQuery { patient, steward }.base(), HISTORY));
        let slots = |index: u64| {
            (0..PUBLICATION_WORDS)
                .map(move |word| offset(first, index.saturating_mul(PUBLICATION_WORDS).saturating_add(word)))
        };
        revisions.flat_map(|revision| slots(revision.saturating_sub(1))).collect()
    }

    /// Reads the proven slots of these revisions.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes; a revision that is not there
    /// is one of them.
    pub fn decode(
        &self,
        contract: Address,
        revisions: Range<u64>,
        proven: &[ProvenSlot],
    ) -> Result<Vec<RecordSetAnchor>, LayoutError> {
        let slots = self.slots(revisions.clone());
        Self::read(revisions, &bind(contract, &slots, proven)?)
    }

    pub(crate) fn read(revisions: Range<u64>, words: &[Word]) -> Result<Vec<RecordSetAnchor>, LayoutError> {
        let read = |(revision, words): (u64, &[Word; 2])| {
            let [root, set] = *words;
            let mut fields = Fields::new("publication", set);
            let (count, published_at) = (fields.u64(), fields.u64());
            if root.value.is_zero() {
                return Err(fields.refused());
            }
            fields.end()?;
            Ok(RecordSetAnchor { root: root.value, count, revision, published_at })
        };
        revisions.zip(words.as_chunks().0).map(read).collect()
    }
}

/// `Relationships.relationships`, a state variable.
pub(super) const RELATIONSHIPS: u64 = 0;
/// Words of the struct `Relationship`, in words from its start. Between the first and the viewers lie
/// the record set root (1), the record set (2), the access log's head (3), count (4) and digest of anchors (5).
pub(super) const STATUS: u64 = 0;
pub(super) const VIEWERS: u64 = 6;
pub(super) const GRANTS: u64 = 7;
pub(super) const HISTORY: u64 = 9;
pub(super) const CONFIRMER: u64 = 10;
pub(super) const PROPOSALS: u64 = 11;
/// Words of one publication: the root, then count and time.
pub(super) const PUBLICATION_WORDS: u64 = 2;
