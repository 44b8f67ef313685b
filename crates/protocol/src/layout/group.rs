//! `Relationships`: groups of viewers, and who is in them.

use std::ops::Range;

use alloy_primitives::{Address, B256, keccak256};
use lightclient::{ProvenSlot, UnixTime};
use records::category::Categories;

use super::LayoutError;
use super::relationship::{GrantTerms, Rights};
use super::word::{Fields, Word, address, bind, data, exactly, length, mapping, offset, variable};

/// The address of a group: of its owner's choosing, and no key's.
pub fn group_address(owner: Address, number: u64) -> Address {
    let parts: [&[u8]; 3] = [b"medrec-group", owner.as_slice(), &number.to_be_bytes()];
    Address::from_word(keccak256(parts.concat()))
}

/// Asks who keeps a group, and how many people were ever in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupQuery {
    /// The group.
    pub group: Address,
}

/// What the chain says about a group. Made only by [`GroupQuery::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupState {
    /// The group, as asked.
    pub group: Address,
    /// Who keeps it.
    pub owner: Address,
    /// How many people were ever in it.
    pub member_count: u64,
}

impl GroupQuery {
    /// The two slots to prove in `Relationships`.
    pub fn slots(&self) -> Vec<B256> {
        vec![self.base(), offset(self.base(), MEMBERS)]
    }

    /// Reads the proven slots; `None` if there is no such group.
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that the contract never writes.
    pub fn decode(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<GroupState>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Option<GroupState>, LayoutError> {
        let [owner, members] = exactly(words)?;
        let (owner, member_count) = (address("group owner", owner)?, length("group members", members)?);
        Ok((!owner.is_zero()).then_some(GroupState { group: self.group, owner, member_count }))
    }

    /// The slots of the people with these indexes, of [`GroupState::member_count`].
    pub fn member_slots(&self, indexes: Range<u64>) -> Vec<B256> {
        let first = data(offset(self.base(), MEMBERS));
        indexes.map(|index| offset(first, index)).collect()
    }

    /// Reads the proven slots of the people with these indexes; whether they still are in it says [`MembershipQuery`].
    ///
    /// # Errors
    /// Slots other than those asked in `contract`, or words that are no addresses.
    pub fn decode_members(
        &self,
        contract: Address,
        indexes: Range<u64>,
        proven: &[ProvenSlot],
    ) -> Result<Vec<Address>, LayoutError> {
        Self::read_members(bind(contract, &self.member_slots(indexes), proven)?)
    }

    pub(crate) fn read_members(words: Vec<Word>) -> Result<Vec<Address>, LayoutError> {
        words.into_iter().map(|word| address("group member", word)).collect()
    }

    fn base(&self) -> B256 {
        mapping(variable(GROUPS), self.group)
    }
}

/// Asks whether somebody is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipQuery {
    /// The group.
    pub group: Address,
    /// The person.
    pub person: Address,
}

/// That somebody is in a group. Made only by [`MembershipQuery::decode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The group, as asked.
    pub group: Address,
    /// The person, as asked.
    pub person: Address,
    /// Since when.
    pub since: UnixTime,
    /// First second at which it no longer holds; `None` is an open end.
    pub until: Option<UnixTime>,
    /// What of that which the group is granted.
    pub categories: Categories,
    /// What of that which the group may do.
    pub rights: Rights,
}

impl MembershipQuery {
    /// The one slot to prove in `Relationships`.
    pub fn slots(&self) -> Vec<B256> {
        vec![mapping(offset(GroupQuery { group: self.group }.base(), MEMBERSHIPS), self.person)]
    }

    /// Reads the proven slot; `None` if the person never was in the group, or is no longer.
    ///
    /// # Errors
    /// A slot other than the one asked in `contract`, or a word that the contract never writes.
    pub fn decode(
        &self,
        contract: Address,
        proven: &[ProvenSlot],
    ) -> Result<Option<Membership>, LayoutError> {
        self.read(&bind(contract, &self.slots(), proven)?)
    }

    pub(crate) fn read(&self, words: &[Word]) -> Result<Option<Membership>, LayoutError> {
        let [word] = exactly(words)?;
        let mut fields = Fields::new("group membership", word);
        let (is_listed, since, until) = (fields.u8(), fields.u64(), fields.u64());
        let (categories, rights) = (fields.u16(), fields.u8());
        // Whoever was never listed has a zero word, and whoever left nothing but the listing.
        let is_out = since == 0 && until == 0 && categories == 0 && rights == 0;
        if is_listed > 1 || (is_listed == 0 && !is_out) {
            return Err(fields.refused());
        }
        let categories = Categories::from_bits(categories).ok().filter(|set| !set.is_empty());
        let scope = categories.zip(Rights::from_bits(rights)).filter(|_| since != 0);
        if is_out == scope.is_some() {
            return Err(fields.refused());
        }
        fields.end()?;
        let (Self { group, person }, until) = (*self, (until != 0).then_some(until));
        Ok(scope.map(|(categories, rights)| Membership { group, person, since, until, categories, rights }))
    }
}

impl Membership {
    /// Whether it holds at this time.
    pub fn holds(&self, at: UnixTime) -> bool {
        self.since <= at && self.until.is_none_or(|until| at < until)
    }

    /// What the group was granted, as far as whoever is in it shares that at this time; it ends with either. `None` for
    /// terms of another viewer, or if nothing is left.
    pub fn terms(&self, of_group: &GrantTerms, at: UnixTime) -> Option<GrantTerms> {
        let until = [self.until, of_group.until].into_iter().flatten().min();
        let categories = of_group.categories.intersection(self.categories);
        let rights = Rights::from_bits(of_group.rights.bits() & self.rights.bits())?;
        let fits = of_group.viewer == self.group && self.holds(at) && !categories.is_empty();
        fits.then_some(GrantTerms { viewer: self.person, categories, rights, until, ..*of_group })
    }
}

/// `Relationships.groups`, a state variable.
pub(super) const GROUPS: u64 = 2;
/// Words of the struct `Group`, in words from its start: the owner lies in the first.
pub(super) const MEMBERS: u64 = 1;
pub(super) const MEMBERSHIPS: u64 = 2;
