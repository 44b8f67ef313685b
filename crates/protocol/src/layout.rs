//! Where MedRec's contracts keep what a client proves, and what those 32-byte words mean.
//!
//! A query says what is asked (`RelationshipQuery { patient, steward }`), names the storage slots to prove,
//! and turns the proven slots into a typed state. Slot positions follow the Solidity storage layout
//! (mappings: `keccak256(key ‖ slot)`, arrays: length in the slot, elements from `keccak256(slot)`,
//! strings up to 31 bytes inside the slot); the numbers are compared with the compiler's `storageLayout` by a test.
//!
//! Defends against an answer to another question: each proven slot is bound to the contract and the slot that
//! were asked, and all of them to one block. Words with bits that the contract never sets are refused.
//! **Not** checked here: that the account runs the expected code (the caller compares the proven code hash).
//!
//! Source: Solidity documentation, “Layout of State Variables in Storage”.

mod error;
mod group;
mod guardianship;
mod registry;
mod relationship;
mod summary;
#[cfg(test)]
mod tests;
pub(crate) mod word;

pub use error::LayoutError;
pub use group::{GroupQuery, GroupState, Membership, MembershipQuery, group_address};
pub use guardianship::{ApprovalsQuery, GuardianshipQuery, GuardianshipState};
pub use registry::{
    IdentityQuery, KeysQuery, KeysState, Member, MemberHead, MemberKind, MemberQuery, MemberStatus,
    MembersQuery, NetworkIdQuery, SignsFor, SuccessionQuery,
};
pub use relationship::{
    ConfirmerQuery, GrantQuery, GrantTerms, HistoryQuery, RelationshipQuery, RelationshipState,
    RelationshipStatus, Right, Rights, ViewersQuery,
};
pub use summary::{SummaryEntry, SummaryQuery};

/// The longest list (members, viewers) that the contracts keep.
pub const MAX_LIST: u64 = 4096;

/// The longest text (name, endpoint) in bytes that the registry holds.
pub const MAX_TEXT: u64 = 256;
