//! Which relationship something belongs to.

use alloy_primitives::Address;

/// One patient's relationship with one steward, on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelationshipId {
    /// The chain id of the network.
    pub chain_id: u64,
    /// The `Relationships` contract.
    pub contract: Address,
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward.
    pub steward: Address,
}
