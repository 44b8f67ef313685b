//! Validator sets and the thresholds that follow from their size.
//!
//! With n validators at most f = (n-1)/3 may be faulty. A block is final with seals of ceil(2n/3) of them:
//! any two such quorums share an honest validator. More than f of a set we trust include at least one honest
//! validator, and an honest validator seals only what follows from the chain; that is what lets a client jump
//! over headers. With n of 3 or less no fault is tolerated.
//!
//! The quorum is Besu's `ceil(2n/3)`. It is not Tendermint's "more than 2/3", which refuses valid blocks when
//! 3 divides n, and not GoQuorum's verifier, which is content with f+1 seals.
//!
//! Source: Besu `BftHelpers.calculateRequiredValidatorQuorum`; Tendermint light client for the trust threshold.

use alloy_primitives::Address;

use crate::Fault;

/// The accounts that may seal a block: never empty, in ascending order, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorSet(Vec<Address>);

impl ValidatorSet {
    /// Makes a set of addresses that are in ascending order already.
    ///
    /// # Errors
    /// [`ValidatorSetError`] when the list is empty, or an address is not above the one before it.
    pub fn new(addresses: Vec<Address>) -> Result<Self, ValidatorSetError> {
        if addresses.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        for (previous, next) in addresses.iter().zip(addresses.iter().skip(1)) {
            if previous >= next {
                return Err(ValidatorSetError::Order { previous: *previous, found: *next });
            }
        }
        Ok(Self(addresses))
    }

    /// Makes a set of addresses in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`] when the list is empty, or names an address twice.
    pub(crate) fn of_unordered(mut addresses: Vec<Address>) -> Result<Self, ValidatorSetError> {
        addresses.sort_unstable();
        Self::new(addresses)
    }

    /// Number of validators, n; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a validator set is never empty")]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether `address` may seal.
    pub fn contains(&self, address: &Address) -> bool {
        self.0.binary_search(address).is_ok()
    }

    /// Seals a block needs: ceil(2n/3).
    pub const fn quorum(&self) -> usize {
        (2 * self.len()).div_ceil(3)
    }

    /// Faulty validators the set tolerates: floor((n-1)/3).
    pub const fn max_faulty(&self) -> usize {
        (self.len() - 1) / 3
    }

    /// Signers of this set that a header further on needs so that one of them is honest: more than f and
    /// more than a third.
    pub fn trust_threshold(&self) -> usize {
        (self.max_faulty() + 1).max(self.len() / 3 + 1)
    }

    /// The validators in ascending order.
    pub fn iter(&self) -> core::slice::Iter<'_, Address> {
        self.0.iter()
    }

    /// The validators that are in one of the two sets but not in both.
    pub(crate) fn difference(&self, other: &Self) -> Vec<Address> {
        let removed = self.iter().filter(|address| !other.contains(address));
        let added = other.iter().filter(|address| !self.contains(address));
        removed.chain(added).copied().collect()
    }
}

impl<'a> IntoIterator for &'a ValidatorSet {
    type Item = &'a Address;
    type IntoIter = core::slice::Iter<'a, Address>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Why a list of addresses is not a validator set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// No validator at all (also what a chain that keeps its validators in a contract has in `extraData`).
    #[error("no validators")]
    Empty,
    /// An address is not above the one before it.
    #[error("validator {found} after {previous}, expected ascending order")]
    Order {
        /// The address before.
        previous: Address,
        /// The address that is not above it.
        found: Address,
    },
}

impl ValidatorSetError {
    /// Whose fault it is: who sent the list.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(n: u8) -> ValidatorSet {
        ValidatorSet::new((1..=n).map(Address::repeat_byte).collect()).unwrap()
    }

    #[test]
    fn thresholds_follow_the_table_for_one_to_ten_validators() {
        // n: (f, quorum, trust)
        let expected = [
            (0, 1, 1),
            (0, 2, 1),
            (0, 2, 2),
            (1, 3, 2),
            (1, 4, 2),
            (1, 4, 3),
            (2, 5, 3),
            (2, 6, 3),
            (2, 6, 4),
            (3, 7, 4),
        ];
        let found: Vec<_> =
            (1..=10).map(|n| (set(n).max_faulty(), set(n).quorum(), set(n).trust_threshold())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn two_quorums_share_more_than_the_faulty_when_faults_are_tolerated() {
        for n in 1..=100 {
            let set = set(n);
            assert!(2 * set.quorum() > set.len() + set.max_faulty(), "{n} validators");
            assert!(set.trust_threshold() > set.max_faulty(), "{n} validators");
        }
    }

    #[test]
    fn refuses_an_empty_set() {
        assert_eq!(ValidatorSet::new(vec![]), Err(ValidatorSetError::Empty));
    }

    #[test]
    fn refuses_a_set_that_is_not_ascending() {
        let [one, two] = [Address::repeat_byte(1), Address::repeat_byte(2)];
        assert_eq!(
            ValidatorSet::new(vec![two, one]),
            Err(ValidatorSetError::Order { previous: two, found: one })
        );
    }

    #[test]
    fn refuses_a_validator_named_twice() {
        let one = Address::repeat_byte(1);
        assert_eq!(
            ValidatorSet::new(vec![one, one]),
            Err(ValidatorSetError::Order { previous: one, found: one })
        );
    }

    #[test]
    fn knows_its_members_and_nobody_else() {
        let set = set(4);
        assert_eq!(set.len(), 4);
        assert!(set.iter().all(|address| set.contains(address)));
        assert!(!set.contains(&Address::repeat_byte(5)));
    }

    #[test]
    fn names_who_left_and_who_came() {
        let [one, two, three] = [1, 2, 3].map(Address::repeat_byte);
        let before = ValidatorSet::new(vec![one, two]).unwrap();
        let after = ValidatorSet::new(vec![one, three]).unwrap();
        assert_eq!(before.difference(&after), vec![two, three]);
        assert!(before.difference(&before).is_empty());
    }
}
