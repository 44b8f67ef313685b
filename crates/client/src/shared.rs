//! The proven directory, and what the chain lets a viewer do.

use alloy_primitives::Address;
use protocol::grant::{AccessAsk, Refusal, decide};
use protocol::layout::{GrantQuery, Member, RelationshipQuery, RelationshipState, Right};
use records::category::Categories;

use crate::client::{Client, Head};
use crate::directory::Viewer;
use crate::error::ClientError;
use crate::gatekeeper::GatekeeperError;
use crate::ports::Platform;

/// Every member that was ever admitted, as proven at one head.
#[derive(Debug)]
pub struct Directory {
    members: Vec<Member>,
}

impl Directory {
    /// Proves it.
    ///
    /// # Errors
    /// As [`Client::members`].
    pub async fn prove(client: &Client<impl Platform>, head: &Head) -> Result<Self, ClientError> {
        Ok(Self { members: client.members(head).await? })
    }

    /// All of them.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    /// The one with this address.
    ///
    /// # Errors
    /// [`GatekeeperError::NoMember`] if nobody was ever admitted with this address.
    pub fn member(&self, address: Address) -> Result<&Member, ClientError> {
        let found = self.members.iter().find(|member| member.address == address);
        found.ok_or_else(|| GatekeeperError::NoMember { steward: address }.into())
    }
}

/// Proves the relationships of others in which `viewer` has a part, and what it was granted in each.
///
/// # Errors
/// As [`Client::members`].
pub async fn shared_with(
    client: &Client<impl Platform>,
    head: &Head,
    viewer: Address,
) -> Result<Vec<(RelationshipState, Viewer)>, ClientError> {
    let mut entries = client.summary(head, viewer).await?;
    entries.retain(|entry| entry.patient != viewer);
    let relationships: Vec<_> = entries
        .iter()
        .map(|entry| RelationshipQuery { patient: entry.patient, steward: entry.steward })
        .collect();
    let grants: Vec<_> = entries
        .iter()
        .map(|entry| GrantQuery { patient: entry.patient, steward: entry.steward, viewer })
        .collect();
    let states = client.relationships(head, &relationships).await?;
    let terms = client.grants(head, &grants).await?;
    Ok(states
        .into_iter()
        .zip(terms)
        .map(|(state, terms)| (state, Viewer { address: viewer, terms }))
        .collect())
}

/// Decides whether a viewer may read, now, what its terms name.
///
/// # Errors
/// Why not.
pub fn read_right(head: &Head, state: &RelationshipState, viewer: &Viewer) -> Result<(), Refusal> {
    let ask = AccessAsk {
        patient: state.patient,
        steward: state.steward,
        reader: viewer.address,
        // Without terms there is nothing to ask for; the refusal is then about the missing grant.
        categories: viewer.terms.map_or(Categories::ALL, |terms| terms.categories),
        right: Right::Read,
    };
    decide(&ask, state, viewer.terms.as_ref(), head.header().timestamp()).map(|_grant| ())
}
