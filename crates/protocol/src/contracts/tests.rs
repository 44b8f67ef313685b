//! Tests of the contracts: the compiled code, run, and what the decoders read of it.

#![cfg(not(target_arch = "wasm32"))]

mod chain;
mod consent;
mod groups;
mod guardians;
mod interface;
mod medrec2;
mod model;
mod registry;
mod relationships;
mod rotation;

use alloy_primitives::{Address, B256};

use self::chain::Chain;
use super::*;
use crate::layout::{
    ConfirmerQuery, GrantQuery, GrantTerms, GroupQuery, IdentityQuery, Member, MemberQuery, MembersQuery,
    Membership, MembershipQuery, RelationshipQuery, RelationshipState, SignsFor, SummaryEntry, SummaryQuery,
    ViewersQuery,
};

/// The errors that the contracts revert with.
mod errors {
    alloy_sol_types::sol! {
        error NotOperator(address caller);
        error NotMember(address account);
        error AlreadyMember(address member);
        error AlreadyOperator(address operator);
        error UnknownOperator(address operator);
        error LastOperator();
        error AlreadyVoted(address operator);
        error NoVote(address operator);
        error NameTaken(address member);
        error ZeroAddress();
        error ZeroWord();
        error NoKind();
        error BadLength(uint256 found, uint256 max);
        error Full(uint256 max);
        error NotParty(address caller);
        error WrongStatus(uint8 found);
        error BadAddress(address found);
        error BadCategories(uint16 found);
        error BadRights(uint8 found);
        error BadPeriod(uint64 from, uint64 until);
        error NoGrant(address viewer);
        error LogNotLonger(uint64 expectedAbove, uint64 found);
        error QuotaSpent(uint64 limit);
        error NotRelationships(address caller);
        error KeyUsed(address key);
        error NotOffered(address caller);
        error KeyReplaced(address caller);
        error WrongCircle();
        error NotGuardian(address caller);
        error NotReady(uint64 readyAt);
        error BadDelay(uint64 found);
        error WrongConfirmer(address found);
        error OtherTerms();
        error GroupExists(address group);
        error NotGroupOwner(address caller);
        error NotInGroup(address person);
    }
}

/// An address made of one number.
fn account(number: u8) -> Address {
    Address::with_last_byte(number)
}

fn admission(member: Address, name: &str) -> Admission {
    Admission {
        member,
        kind: MemberKind::Provider,
        encryption_key: B256::repeat_byte(0xee),
        profile_digest: B256::repeat_byte(0xdd),
        name: name.into(),
        endpoint: "https://gatekeeper.example.org".into(),
    }
}

/// What the decoders read, from raw words.
impl Chain {
    fn relationship(&self, patient: Address, steward: Address) -> RelationshipState {
        let query = RelationshipQuery { patient, steward };
        query.read(&self.words(self.at.relationships, query.slots())).unwrap()
    }

    fn grant(&self, patient: Address, steward: Address, viewer: Address) -> Option<GrantTerms> {
        let query = GrantQuery { patient, steward, viewer };
        query.read(&self.words(self.at.relationships, query.slots())).unwrap()
    }

    /// What waits for the confirmer.
    fn proposal(&self, patient: Address, steward: Address, viewer: Address) -> Option<GrantTerms> {
        let query = GrantQuery { patient, steward, viewer };
        query.read(&self.words(self.at.relationships, query.proposal_slots())).unwrap()
    }

    fn confirmer(&self, patient: Address, steward: Address) -> Option<Address> {
        let query = ConfirmerQuery { patient, steward };
        ConfirmerQuery::read(&self.words(self.at.relationships, query.slots())).unwrap()
    }

    /// Who keeps a group, and who was ever in it.
    fn group(&self, group: Address) -> Option<(Address, Vec<Address>)> {
        let query = GroupQuery { group };
        let state = query.read(&self.words(self.at.relationships, query.slots())).unwrap()?;
        let slots = query.member_slots(0..state.member_count);
        Some((state.owner, GroupQuery::read_members(self.words(self.at.relationships, slots)).unwrap()))
    }

    fn membership(&self, group: Address, person: Address) -> Option<Membership> {
        let query = MembershipQuery { group, person };
        query.read(&self.words(self.at.relationships, query.slots())).unwrap()
    }

    fn viewers(&self, patient: Address, steward: Address) -> Vec<Address> {
        let count = self.relationship(patient, steward).viewer_count;
        let slots = ViewersQuery { patient, steward }.slots(0..count);
        ViewersQuery::read(self.words(self.at.relationships, slots)).unwrap()
    }

    fn summary(&self, participant: Address) -> Vec<SummaryEntry> {
        let query = SummaryQuery { participant };
        let count = SummaryQuery::read_length(&self.words(self.at.summary, query.length_slots())).unwrap();
        SummaryQuery::read(&self.words(self.at.summary, query.slots(0..count))).unwrap()
    }

    /// For whom a key signs, as a client reads it.
    fn identity(&self, key: Address) -> Option<Address> {
        let query = IdentityQuery { key };
        match query.read(&self.words(self.at.registry, query.slots())).unwrap() {
            SignsFor::Itself => Some(key),
            SignsFor::Nobody => None,
            SignsFor::Other(query) => query.read(&self.words(self.at.registry, query.slots())).unwrap(),
        }
    }

    fn members(&self) -> Vec<Address> {
        let count = MembersQuery::read_length(&self.words(self.at.registry, MembersQuery.length_slots()));
        MembersQuery::read(self.words(self.at.registry, MembersQuery.slots(0..count.unwrap()))).unwrap()
    }

    fn member(&self, member: Address) -> Option<Member> {
        let query = MemberQuery { member };
        let head = query.read_head(&self.words(self.at.registry, query.slots())).unwrap()?;
        let texts = self.words(self.at.registry, head.text_slots());
        Some(head.read(&texts).unwrap())
    }
}
