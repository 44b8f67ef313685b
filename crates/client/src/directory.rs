//! The directory and the relationships as the chain has them: typed reads over proven slots.
//!
//! Each read is bound to a [`Head`], so that several of them can be made at one height. Lists are read whole: their
//! length is proven first, so nothing can be left out.

use std::ops::Range;

use alloy_primitives::{Address, B256};
use lightclient::ProvenSlot;
use protocol::layout::{
    ApprovalsQuery, GrantQuery, GrantTerms, GroupQuery, GroupState, GuardianshipQuery, GuardianshipState,
    HistoryQuery, IdentityQuery, KeysQuery, KeysState, LayoutError, Member, MemberHead, MemberQuery,
    MembersQuery, Membership, MembershipQuery, RelationshipQuery, RelationshipState, SignsFor,
    SuccessionQuery, SummaryEntry, SummaryQuery, ViewersQuery,
};
use protocol::network::ContractRef;
use records::record_set::RecordSetAnchor;

use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::ports::Platform;

/// A viewer of a relationship and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// Who.
    pub address: Address,
    /// What it was granted; `None` after a revocation.
    pub terms: Option<GrantTerms>,
}

/// A group of viewers, or the staff of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its address, which is granted something.
    pub address: Address,
    /// Who keeps it.
    pub owner: Address,
    /// Who is in it now, and for what.
    pub members: Vec<Membership>,
}

impl<P: Platform> Client<P> {
    /// Proves the whole directory: every member that was ever admitted, removed ones included.
    ///
    /// # Errors
    /// What the endpoints did, or a registry that is not the one of the network description.
    pub async fn members(&self, head: &Head) -> Result<Vec<Member>, ClientError> {
        let registry = self.network().registry;
        let query = MembersQuery;
        let proven = self.state(head, &registry, &query.length_slots()).await?.slots;
        let length = query.decode_length(registry.address, &proven)?;
        if length == 0 {
            return Ok(Vec::new());
        }
        let proven = self.state(head, &registry, &query.slots(0..length)).await?.slots;
        let addresses = query.decode(registry.address, 0..length, &proven)?;
        self.members_of(head, &addresses).await
    }

    /// Proves one member's entry, or that this address was never admitted.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn member(&self, head: &Head, address: Address) -> Result<Option<Member>, ClientError> {
        Ok(self.members_of(head, &[address]).await?.pop())
    }

    /// Proves for whom a key signs: for another address (a member, a pseudonym), or for itself; `None` if another key has taken its place.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn identity(&self, head: &Head, key: Address) -> Result<Option<Address>, ClientError> {
        Ok(self.identities(head, &[key]).await?.pop().flatten())
    }

    /// Proves for whom several keys sign, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn identities(
        &self,
        head: &Head,
        keys: &[Address],
    ) -> Result<Vec<Option<Address>>, ClientError> {
        let registry = self.network().registry;
        let queries: Vec<IdentityQuery> = keys.iter().map(|key| IdentityQuery { key: *key }).collect();
        let found = self.each(head, &registry, &queries, IdentityQuery::slots, IdentityQuery::decode).await?;
        let others: Vec<SuccessionQuery> = found.iter().filter_map(SignsFor::other).collect();
        let others =
            self.each(head, &registry, &others, SuccessionQuery::slots, SuccessionQuery::decode).await?;
        let mut others = others.into_iter();
        let identities = keys.iter().zip(found).map(|(key, found)| match found {
            SignsFor::Itself => Some(*key),
            SignsFor::Nobody => None,
            SignsFor::Other(_) => others.next().flatten(),
        });
        Ok(identities.collect())
    }

    /// Proves which keys sign for these addresses, and which were offered to, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn keys(&self, head: &Head, identities: &[Address]) -> Result<Vec<KeysState>, ClientError> {
        let queries = identities.iter().map(|identity| KeysQuery { identity: *identity });
        let queries: Vec<KeysQuery> = queries.collect();
        self.each(head, &self.network().registry, &queries, KeysQuery::slots, KeysQuery::decode).await
    }

    /// Proves who may give these addresses new keys, and what they have approved, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn guardianships(
        &self,
        head: &Head,
        identities: &[Address],
    ) -> Result<Vec<Option<GuardianshipState>>, ClientError> {
        let queries = identities.iter().map(|identity| GuardianshipQuery { identity: *identity });
        let queries: Vec<GuardianshipQuery> = queries.collect();
        let registry = self.network().registry;
        self.each(head, &registry, &queries, GuardianshipQuery::slots, GuardianshipQuery::decode).await
    }

    /// Proves which guardians have approved which keys, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn approvals(
        &self,
        head: &Head,
        queries: &[ApprovalsQuery],
    ) -> Result<Vec<Vec<Address>>, ClientError> {
        let registry = self.network().registry;
        self.each(head, &registry, queries, ApprovalsQuery::slots, ApprovalsQuery::decode).await
    }

    /// Proves the entries of these addresses, leaving out those that were never admitted.
    async fn members_of(&self, head: &Head, addresses: &[Address]) -> Result<Vec<Member>, ClientError> {
        let registry = self.network().registry;
        let queries: Vec<MemberQuery> =
            addresses.iter().map(|member| MemberQuery { member: *member }).collect();
        let entries =
            self.each(head, &registry, &queries, MemberQuery::slots, MemberQuery::decode_head).await?;
        let entries: Vec<MemberHead> = entries.into_iter().flatten().collect();
        let slots: Vec<_> = entries.iter().flat_map(MemberHead::text_slots).collect();
        let proven =
            if slots.is_empty() { Vec::new() } else { self.state(head, &registry, &slots).await?.slots };
        let mut rest = Slots(&proven);
        let mut members = Vec::with_capacity(entries.len());
        for entry in entries {
            let length = entry.text_slots().len();
            members.push(entry.decode(registry.address, rest.take(length))?);
        }
        Ok(members)
    }

    /// Proves one relationship; its status is `None` if there is none.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn relationship(
        &self,
        head: &Head,
        query: RelationshipQuery,
    ) -> Result<RelationshipState, ClientError> {
        let contract = self.network().relationships;
        let proven = self.state(head, &contract, &query.slots()).await?.slots;
        Ok(query.decode(contract.address, &proven)?)
    }

    /// Proves several relationships, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn relationships(
        &self,
        head: &Head,
        queries: &[RelationshipQuery],
    ) -> Result<Vec<RelationshipState>, ClientError> {
        let contract = self.network().relationships;
        self.each(head, &contract, queries, RelationshipQuery::slots, RelationshipQuery::decode).await
    }

    /// Proves what one viewer was granted, or that it was granted nothing.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn grant_terms(
        &self,
        head: &Head,
        query: GrantQuery,
    ) -> Result<Option<GrantTerms>, ClientError> {
        Ok(self.grants(head, &[query]).await?.pop().flatten())
    }

    /// Proves several grants, in the order asked.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn grants(
        &self,
        head: &Head,
        queries: &[GrantQuery],
    ) -> Result<Vec<Option<GrantTerms>>, ClientError> {
        let contract = self.network().relationships;
        self.each(head, &contract, queries, GrantQuery::slots, GrantQuery::decode).await
    }

    /// Proves a relationship together with what one viewer was granted in it, by itself or through the group `via`: all
    /// that a decision needs, in one read.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn relationship_and_grant(
        &self,
        head: &Head,
        query: GrantQuery,
        via: Option<Address>,
    ) -> Result<(RelationshipState, Option<GrantTerms>), ClientError> {
        let contract = self.network().relationships;
        let relationship = RelationshipQuery { patient: query.patient, steward: query.steward };
        let membership = via.map(|group| MembershipQuery { group, person: query.viewer });
        let query = GrantQuery { viewer: via.unwrap_or(query.viewer), ..query };
        let mut slots = [relationship.slots(), query.slots()].concat();
        slots.extend(membership.iter().flat_map(MembershipQuery::slots));
        let proven = self.state(head, &contract, &slots).await?.slots;
        let mut rest = Slots(&proven);
        let state = relationship.decode(contract.address, rest.take(relationship.slots().len()))?;
        let terms = query.decode(contract.address, rest.take(query.slots().len()))?;
        let Some(membership) = membership else { return Ok((state, terms)) };
        let membership = membership.decode(contract.address, rest.take(1))?;
        let at = head.header().timestamp();
        Ok((state, membership.zip(terms).and_then(|(membership, terms)| membership.terms(&terms, at))))
    }

    /// Proves all viewers of a relationship, revoked ones included, and what each may do.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn viewers(
        &self,
        head: &Head,
        relationship: &RelationshipState,
    ) -> Result<Vec<Viewer>, ClientError> {
        let (patient, steward) = (relationship.patient, relationship.steward);
        let length = relationship.viewer_count;
        if length == 0 {
            return Ok(Vec::new());
        }
        let contract = self.network().relationships;
        let query = ViewersQuery { patient, steward };
        let proven = self.state(head, &contract, &query.slots(0..length)).await?.slots;
        let addresses = query.decode(contract.address, 0..length, &proven)?;
        let queries: Vec<GrantQuery> =
            addresses.iter().map(|viewer| GrantQuery { patient, steward, viewer: *viewer }).collect();
        let grants = self.grants(head, &queries).await?;
        Ok(addresses.into_iter().zip(grants).map(|(address, terms)| Viewer { address, terms }).collect())
    }

    /// Proves who keeps a group and who is in it, for whatever time; `None` if nobody ever made it.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn group(&self, head: &Head, address: Address) -> Result<Option<Group>, ClientError> {
        let contract = self.network().relationships;
        let query = GroupQuery { group: address };
        let proven = self.state(head, &contract, &query.slots()).await?.slots;
        let Some(GroupState { owner, member_count, .. }) = query.decode(contract.address, &proven)? else {
            return Ok(None);
        };
        let mut members = Vec::new();
        if member_count > 0 {
            let proven = self.state(head, &contract, &query.member_slots(0..member_count)).await?.slots;
            let people = query.decode_members(contract.address, 0..member_count, &proven)?;
            let queries = people.into_iter().map(|person| MembershipQuery { group: address, person });
            let queries: Vec<MembershipQuery> = queries.collect();
            let found =
                self.each(head, &contract, &queries, MembershipQuery::slots, MembershipQuery::decode).await?;
            members = found.into_iter().flatten().collect();
        }
        Ok(Some(Group { address, owner, members }))
    }

    /// Proves the record sets that a steward has published as these revisions.
    ///
    /// # Errors
    /// As [`members`](Self::members), also if there are not so many.
    pub async fn record_sets(
        &self,
        head: &Head,
        query: HistoryQuery,
        revisions: Range<u64>,
    ) -> Result<Vec<RecordSetAnchor>, ClientError> {
        let contract = self.network().relationships;
        let proven = self.state(head, &contract, &query.slots(revisions.clone())).await?.slots;
        Ok(query.decode(contract.address, revisions, &proven)?)
    }

    /// Proves the list of relationships that a participant (patient, steward or viewer) has a part in.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn summary(&self, head: &Head, participant: Address) -> Result<Vec<SummaryEntry>, ClientError> {
        let contract = self.network().summary;
        let query = SummaryQuery { participant };
        let proven = self.state(head, &contract, &query.length_slots()).await?.slots;
        let length = query.decode_length(contract.address, &proven)?;
        if length == 0 {
            return Ok(Vec::new());
        }
        let proven = self.state(head, &contract, &query.slots(0..length)).await?.slots;
        Ok(query.decode(contract.address, 0..length, &proven)?)
    }

    /// Proves, for several participants at once, how many relationships each has a part in. A restored key finds its
    /// relationships with this: one read for a whole range of derived addresses.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn summary_lengths(
        &self,
        head: &Head,
        participants: &[Address],
    ) -> Result<Vec<u64>, ClientError> {
        let contract = self.network().summary;
        let queries = participants.iter().map(|participant| SummaryQuery { participant: *participant });
        let queries: Vec<SummaryQuery> = queries.collect();
        self.each(head, &contract, &queries, SummaryQuery::length_slots, SummaryQuery::decode_length).await
    }

    /// Proves what several queries ask in one read, and decodes it in their order.
    async fn each<Q, T>(
        &self,
        head: &Head,
        contract: &ContractRef,
        queries: &[Q],
        slots: impl Fn(&Q) -> Vec<B256>,
        decode: impl Fn(&Q, Address, &[ProvenSlot]) -> Result<T, LayoutError>,
    ) -> Result<Vec<T>, ClientError> {
        let asked: Vec<Vec<B256>> = queries.iter().map(slots).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let proven = self.state(head, contract, &asked.concat()).await?.slots;
        let mut rest = Slots(&proven);
        let mut decoded = Vec::with_capacity(queries.len());
        for (query, asked) in queries.iter().zip(asked) {
            decoded.push(decode(query, contract.address, rest.take(asked.len()))?);
        }
        Ok(decoded)
    }
}

/// Hands out proven slots in the portions in which they were asked.
struct Slots<'a>(&'a [ProvenSlot]);

impl<'a> Slots<'a> {
    /// The next `length` slots; fewer at the end, which the decoder then refuses.
    fn take(&mut self, length: usize) -> &'a [ProvenSlot] {
        let (portion, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        portion
    }
}
