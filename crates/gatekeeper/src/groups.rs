//! Groups that the provider keeps: people who share what patients grant to the group, such as an emergency room.
//!
//! A group is a state to be reached, as everything on chain is (`stewardship`): what is missing is sent, and waited for
//! until it is proven. Its members are known by their addresses alone.

use alloy_primitives::Address;
use client::{ClientError, Head, Platform};
use lightclient::{Fault, UnixTime};
use protocol::contracts;
use protocol::layout::{GroupQuery, LayoutError, Membership, MembershipQuery, group_address};

use crate::gatekeeper::Gatekeeper;

/// Who is to be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChange {
    /// Somebody, until a time.
    Add(Address, Option<UnixTime>),
    /// Somebody no longer.
    Remove(Address),
}

/// A group and who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its address, to be granted something.
    pub address: Address,
    /// Who is in it now.
    pub members: Vec<Membership>,
}

/// Makes the provider's group with this number if there is none, changes it, and returns it as proven.
///
/// # Errors
/// [`GroupError`].
pub async fn keep(
    gatekeeper: &Gatekeeper,
    number: u64,
    change: Option<GroupChange>,
) -> Result<Group, GroupError> {
    let address = group_address(gatekeeper.address(), number);
    gatekeeper.chain().sync().await?;
    let mut head = gatekeeper.chain().client().fresh_head()?;
    let mut calls = Vec::new();
    if read(gatekeeper, &head, address).await?.is_none() {
        calls.push(contracts::create_group(number));
    }
    calls.extend(change.map(|change| match change {
        GroupChange::Add(person, until) => contracts::add_to_group(address, person, until),
        GroupChange::Remove(person) => contracts::remove_from_group(address, person),
    }));
    if !calls.is_empty() {
        gatekeeper.send(calls).await?;
    }
    for _ in 0..ATTEMPTS {
        if let Some(group) = read(gatekeeper, &head, address).await?.filter(|group| shows(group, change)) {
            return Ok(group);
        }
        gatekeeper.chain().client().platform().sleep(PAUSE_MILLIS).await;
        gatekeeper.chain().sync().await?;
        head = gatekeeper.chain().client().fresh_head()?;
    }
    Err(GroupError::NotShown { group: address })
}

fn shows(group: &Group, change: Option<GroupChange>) -> bool {
    let found = |person| group.members.iter().find(|member| member.person == person);
    match change {
        None => true,
        Some(GroupChange::Add(person, until)) => found(person).is_some_and(|member| member.until == until),
        Some(GroupChange::Remove(person)) => found(person).is_none(),
    }
}

async fn read(gatekeeper: &Gatekeeper, head: &Head, address: Address) -> Result<Option<Group>, GroupError> {
    let (client, contract) = (gatekeeper.chain().client(), gatekeeper.chain().network().relationships);
    let query = GroupQuery { group: address };
    let proven = client.state(head, &contract, &query.slots()).await?.slots;
    let Some(state) = query.decode(contract.address, &proven)? else { return Ok(None) };
    let indexes = 0..state.member_count;
    let proven = client.state(head, &contract, &query.member_slots(indexes.clone())).await?.slots;
    let people = query.decode_members(contract.address, indexes, &proven)?;
    let queries: Vec<_> =
        people.into_iter().map(|person| MembershipQuery { group: address, person }).collect();
    let slots: Vec<_> = queries.iter().flat_map(MembershipQuery::slots).collect();
    let proven = client.state(head, &contract, &slots).await?.slots;
    let memberships = queries.iter().zip(proven.chunks(1));
    let memberships = memberships.map(|(query, proven)| query.decode(contract.address, proven));
    let members = memberships.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    Ok(Some(Group { address, members }))
}

/// Why a group is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The endpoints did not prove or take it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What is proven is nothing that the contract writes.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The chain does not show the change.
    #[error("the chain does not show the change of group {group}; it may have refused it")]
    NotShown {
        /// The group.
        group: Address,
    },
}

impl GroupError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Client(error) => error.fault(),
            Self::Layout(error) => error.fault(),
            Self::NotShown { .. } => Fault::Unavailable,
        }
    }
}

/// Looks at the chain before giving up: half a minute.
const ATTEMPTS: u32 = 60;
const PAUSE_MILLIS: u64 = 500;
