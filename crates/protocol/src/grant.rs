//! Whether the chain lets someone do something with a patient's records: a grant, or a refusal with its reason.
//!
//! The gatekeeper decides with this before it answers, and the client before it asks, both from state that they
//! proved themselves. The inputs are types that only the layout decoders make, time is the time of the block the
//! state was proven at, and a state of another relationship or viewer than the one asked about refuses.
//!
//! Defends against every way of reading without a grant: revoked, expired, not yet valid, of another category,
//! viewer or relationship. **Not** checked here: that the steward still is a member, who signed the request, and
//! how old the block is.
//!
//! Source: `Relationships.sol`.

use alloy_primitives::Address;
use lightclient::UnixTime;
use records::category::Categories;

use crate::answer::RefusalCode;
use crate::layout::{GrantTerms, RelationshipState, RelationshipStatus, Right};

/// Decides whether `reader` may do what it asks, at the time `at` of the block where the state was proven.
///
/// The patient may do everything while the relationship is active, and read when it has ended; anyone else needs an
/// active relationship and terms that are in force and cover the right and every category asked.
///
/// # Errors
/// A [`Refusal`] that names the first condition that fails, in the order above.
pub fn decide(
    ask: &AccessAsk,
    relationship: &RelationshipState,
    terms: Option<&GrantTerms>,
    at: UnixTime,
) -> Result<Grant, Refusal> {
    if ask.categories.is_empty() {
        return Err(Refusal::new(RefusalCode::Malformed, "at least one category", "none"));
    }
    check_relationship(ask, relationship)?;
    if ask.reader == ask.patient {
        return Ok(Grant { ask: *ask, at, until: None });
    }
    let terms = terms
        .filter(|terms| {
            (terms.patient, terms.steward, terms.viewer) == (ask.patient, ask.steward, ask.reader)
        })
        .ok_or_else(|| Refusal::new(RefusalCode::NoGrant, format!("a grant for {}", ask.reader), "none"))?;
    check_terms(ask, terms, at)?;
    Ok(Grant { ask: *ask, at, until: terms.until })
}

/// What someone asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessAsk {
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward of the records.
    pub steward: Address,
    /// Who asks: the signer of the request.
    pub reader: Address,
    /// The categories it asks for; all must be granted.
    pub categories: Categories,
    /// What it wants to do with them.
    pub right: Right,
}

/// A decision that permits exactly what was asked. Made only by [`decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    ask: AccessAsk,
    at: UnixTime,
    until: Option<UnixTime>,
}

impl Grant {
    /// What was asked and is permitted.
    pub fn ask(&self) -> &AccessAsk {
        &self.ask
    }

    /// Time of the block from which it was decided.
    pub fn at(&self) -> UnixTime {
        self.at
    }

    /// First second at which it no longer holds; `None` is an open end.
    pub fn until(&self) -> Option<UnixTime> {
        self.until
    }
}

/// A decision against, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: found {found}, expected {expected}")]
pub struct Refusal {
    /// The reason, stable on the wire.
    pub code: RefusalCode,
    /// What would have been needed.
    pub expected: String,
    /// What there is.
    pub found: String,
}

impl Refusal {
    fn new(code: RefusalCode, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { code, expected: expected.into(), found: found.into() }
    }

    /// Always [`Fault::Caller`](lightclient::Fault::Caller): the one who asked has no right to it.
    pub fn fault(&self) -> lightclient::Fault {
        lightclient::Fault::Caller
    }
}

fn check_relationship(ask: &AccessAsk, relationship: &RelationshipState) -> Result<(), Refusal> {
    let none = |found: String| {
        Refusal::new(RefusalCode::NoRelationship, format!("{} with {}", ask.patient, ask.steward), found)
    };
    if (relationship.patient, relationship.steward) != (ask.patient, ask.steward) {
        return Err(none(format!("{} with {}", relationship.patient, relationship.steward)));
    }
    let reads_own = ask.reader == ask.patient && ask.right == Right::Read;
    match relationship.status {
        RelationshipStatus::None => Err(none("none".into())),
        RelationshipStatus::Active => Ok(()),
        RelationshipStatus::Ended if reads_own => Ok(()),
        status => {
            let expected = if reads_own { "active or ended" } else { "active" };
            Err(Refusal::new(RefusalCode::RelationshipNotActive, expected, status.name()))
        }
    }
}

fn check_terms(ask: &AccessAsk, terms: &GrantTerms, at: UnixTime) -> Result<(), Refusal> {
    if at < terms.from {
        let expected = format!("block time from {}", terms.from);
        return Err(Refusal::new(RefusalCode::GrantNotYetValid, expected, at.to_string()));
    }
    if let Some(until) = terms.until.filter(|&until| at >= until) {
        let expected = format!("block time before {until}");
        return Err(Refusal::new(RefusalCode::GrantExpired, expected, at.to_string()));
    }
    if !terms.rights.contains(ask.right) {
        let found = terms.rights.iter().map(Right::name).collect::<Vec<_>>().join(", ");
        return Err(Refusal::new(RefusalCode::RightNotGranted, ask.right.name(), found));
    }
    if !ask.categories.is_subset_of(terms.categories) {
        let (expected, found) = (ask.categories.to_string(), terms.categories.to_string());
        return Err(Refusal::new(RefusalCode::CategoryNotGranted, expected, found));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
