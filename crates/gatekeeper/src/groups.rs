//! Groups that the provider keeps: people who share what patients grant to the group, such as an emergency room; and its
//! staff, who act for the provider's own address with keys of their own.
//!
//! A group is a state to be reached, as everything on chain is (`stewardship`): what is missing is sent, and waited for
//! until it is proven. Its members are known by their addresses alone.

use alloy_primitives::Address;
use client::{ClientError, Group, Platform};
use lightclient::{Fault, UnixTime};
use protocol::contracts;
use protocol::layout::{Membership, Rights, group_address};
use records::category::Categories;

use crate::gatekeeper::Gatekeeper;

/// Who is to be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChange {
    /// Somebody, for some of what the group is granted.
    Add(Address, Scope),
    /// Somebody no longer.
    Remove(Address),
}

/// For what, and until when, somebody is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// What of that which the group is granted.
    pub categories: Categories,
    /// What of that which the group may do.
    pub rights: Rights,
    /// Until when; `None` is an open end.
    pub until: Option<UnixTime>,
}

impl Scope {
    /// All that the group is granted, for as long as it is.
    pub const WHOLE: Self = Self { categories: Categories::ALL, rights: Rights::ALL, until: None };
}

/// Makes the provider's group with this number if there is none, changes it, and returns it as proven; without a number, its
/// staff.
///
/// # Errors
/// [`GroupError`].
pub async fn keep(
    gatekeeper: &Gatekeeper,
    number: Option<u64>,
    change: Option<GroupChange>,
) -> Result<Group, GroupError> {
    let own = gatekeeper.address();
    let address = number.map_or(own, |number| group_address(own, number));
    gatekeeper.chain().sync().await?;
    let mut head = gatekeeper.chain().client().fresh_head()?;
    let mut calls = Vec::new();
    if let Some(number) = number
        && gatekeeper.chain().client().group(&head, address).await?.is_none()
    {
        calls.push(contracts::create_group(number));
    }
    calls.extend(change.map(|change| match change {
        GroupChange::Add(person, Scope { categories, rights, until }) => {
            contracts::add_to_group(address, person, categories, rights, until)
        }
        GroupChange::Remove(person) => contracts::remove_from_group(address, person),
    }));
    if !calls.is_empty() {
        gatekeeper.send(calls).await?;
    }
    for _ in 0..ATTEMPTS {
        let mut group = gatekeeper.chain().client().group(&head, address).await?;
        if number.is_none() {
            // Staff is a group without being made.
            group = group.or(Some(Group { address, owner: own, members: Vec::new() }));
        }
        if let Some(group) = group.filter(|group| shows(group, change)) {
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
        Some(GroupChange::Add(person, scope)) => found(person).is_some_and(|member| {
            let Membership { categories, rights, until, .. } = *member;
            scope == Scope { categories, rights, until }
        }),
        Some(GroupChange::Remove(person)) => found(person).is_none(),
    }
}

/// Why a group is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The endpoints did not prove or take it.
    #[error(transparent)]
    Client(#[from] ClientError),
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
            Self::NotShown { .. } => Fault::Unavailable,
        }
    }
}

/// Looks at the chain before giving up: half a minute.
const ATTEMPTS: u32 = 60;
const PAUSE_MILLIS: u64 = 500;
