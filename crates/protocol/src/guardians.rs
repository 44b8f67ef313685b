//! Guardians: people who together give somebody a new key when everything of theirs is lost.
//!
//! The chain keeps, for each address of the person, a digest of who they are (the *circle*), salted so that two addresses of one person have
//! nothing in common, and the person's next address, hidden. Whoever knows the secret, which the person hands to the
//! guardians, finds from the first address all others, and can spell the circle out. Nobody else learns who the guardians are, or
//! that there is more than a number, before they act.
//!
//! **Not** prevented: when they act, all addresses of the person get their new keys, and the guardians show themselves, in one
//! moment.
//!
//! Source: `Registry.sol` (`setGuardians`, `approveKey`); Solidity documentation, “Contract ABI Specification”.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolValue;
use lightclient::Fault;

mod handover;

pub use handover::{Handover, HandoverError, KeyRequest, Kit};

/// The most guardians of an address.
pub const MAX_GUARDIANS: usize = 16;
/// The most addresses of one person that a circle guards.
pub const MAX_GUARDED: usize = 128;
/// The shortest and longest time to object, in seconds (`MIN_DELAY`, `MAX_DELAY`).
pub const DELAYS: core::ops::RangeInclusive<u64> = 60..=90 * 86_400;

/// Who may give a person new keys, and how many of them it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Circle {
    secret: B256,
    threshold: u8,
    guardians: Vec<Address>,
}

impl Circle {
    /// Makes a circle of a secret of 32 random bytes and the guardians, in whatever order.
    ///
    /// # Errors
    /// [`CircleError`] if there is none or too many, one twice or zero, or a threshold that they can never or always reach.
    pub fn new(secret: B256, threshold: u8, mut guardians: Vec<Address>) -> Result<Self, CircleError> {
        guardians.sort_unstable();
        let found = guardians.len();
        if found == 0 || found > MAX_GUARDIANS {
            return Err(CircleError::Count { most: MAX_GUARDIANS, found });
        }
        if threshold == 0 || usize::from(threshold) > found {
            return Err(CircleError::Threshold { most: found, found: threshold });
        }
        let mut before = Address::ZERO;
        for guardian in &guardians {
            if *guardian == before {
                return Err(CircleError::Guardian { found: *guardian });
            }
            before = *guardian;
        }
        Ok(Self { secret, threshold, guardians })
    }

    /// How many guardians it takes.
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The guardians, in ascending order.
    pub fn guardians(&self) -> &[Address] {
        &self.guardians
    }

    /// What makes the digest of this address unlike that of any other one.
    pub fn salt(&self, identity: Address) -> B256 {
        self.derive(b"medrec-circle", identity)
    }

    /// What the chain keeps of the circle for an address of the person.
    pub fn digest(&self, identity: Address) -> B256 {
        let threshold = alloy_primitives::U256::from(self.threshold);
        keccak256((self.salt(identity), threshold, self.guardians.clone()).abi_encode_params())
    }

    /// Hides the person's next address, or that there is none, behind an address of theirs.
    pub fn hide(&self, identity: Address, next: Option<Address>) -> B256 {
        self.derive(b"medrec-next", identity) ^ next.unwrap_or_default().into_word()
    }

    /// Finds what [`hide`](Self::hide) has hidden.
    ///
    /// # Errors
    /// [`CircleError::Hidden`] if it was not hidden with this secret behind this address.
    pub fn find(&self, identity: Address, hidden: B256) -> Result<Option<Address>, CircleError> {
        let word = self.derive(b"medrec-next", identity) ^ hidden;
        let next = Address::from_word(word);
        if next.into_word() != word {
            return Err(CircleError::Hidden { identity });
        }
        Ok((!next.is_zero()).then_some(next))
    }

    fn derive(&self, purpose: &[u8], identity: Address) -> B256 {
        keccak256([purpose, self.secret.as_slice(), identity.as_slice()].concat())
    }
}

impl core::fmt::Debug for Circle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Circle({} of {}, [redacted])", self.threshold, self.guardians.len())
    }
}

/// Why some people are no circle, or a word was not hidden by one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CircleError {
    /// There is no guardian, or there are too many.
    #[error("{found} guardians, expected 1 to {most}")]
    Count {
        /// The most that there can be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// Somebody is named twice, or is nobody.
    #[error("guardian {found} is named twice, or is nobody")]
    Guardian {
        /// Who.
        found: Address,
    },
    /// A word on chain was not hidden with this secret.
    #[error("what is hidden behind {identity} is of another circle")]
    Hidden {
        /// Behind which address.
        identity: Address,
    },
    /// Nobody would have to agree, or more than there are.
    #[error("{found} guardians have to agree, expected 1 to {most}")]
    Threshold {
        /// As many as there are.
        most: usize,
        /// What was asked.
        found: u8,
    },
}

impl CircleError {
    /// Always the caller's: it chose the people, or holds another secret.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: B256 = B256::repeat_byte(7);

    fn who(number: u8) -> Address {
        Address::with_last_byte(number)
    }

    #[test]
    fn a_circle_is_of_different_people_who_can_agree() {
        let circle = |threshold, people: &[u8]| {
            Circle::new(SECRET, threshold, people.iter().map(|number| who(*number)).collect())
        };
        assert_eq!(circle(2, &[3, 1, 2]).unwrap().guardians(), [who(1), who(2), who(3)]);
        assert_eq!(circle(1, &[]), Err(CircleError::Count { most: 16, found: 0 }));
        let many: Vec<u8> = (1..=17).collect();
        assert_eq!(circle(1, &many), Err(CircleError::Count { most: 16, found: 17 }));
        assert!(circle(16, many.split_last().unwrap().1).is_ok());
        for found in [0, 4] {
            assert_eq!(circle(found, &[1, 2, 3]), Err(CircleError::Threshold { most: 3, found }));
        }
        assert_eq!(circle(1, &[2, 1, 2]), Err(CircleError::Guardian { found: who(2) }));
        assert_eq!(circle(1, &[0, 1]), Err(CircleError::Guardian { found: Address::ZERO }));
    }

    #[test]
    fn two_addresses_of_one_person_have_nothing_in_common() {
        let circle = Circle::new(SECRET, 1, vec![who(1)]).unwrap();
        assert_ne!(circle.digest(who(8)), circle.digest(who(9)));
        assert_ne!(circle.hide(who(8), None), circle.hide(who(9), None));
    }

    #[test]
    fn the_next_address_is_found_with_the_secret_alone() {
        let circle = Circle::new(SECRET, 1, vec![who(1)]).unwrap();
        let other = Circle::new(B256::repeat_byte(8), 1, vec![who(1)]).unwrap();
        for next in [None, Some(who(9)), Some(Address::repeat_byte(0xff))] {
            let hidden = circle.hide(who(8), next);
            assert_eq!(circle.find(who(8), hidden), Ok(next));
            assert_eq!(other.find(who(8), hidden), Err(CircleError::Hidden { identity: who(8) }));
            assert_eq!(circle.find(who(9), hidden), Err(CircleError::Hidden { identity: who(9) }));
        }
    }

    #[test]
    fn says_nothing_of_its_secret() {
        let circle = Circle::new(SECRET, 1, vec![who(1)]).unwrap();
        assert_eq!(format!("{circle:?}"), "Circle(1 of 1, [redacted])");
    }
}
