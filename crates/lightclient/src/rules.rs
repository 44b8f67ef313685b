//! What a client must know about a chain beforehand: from the network description, never from a server.
//!
//! A permissioned chain lives long: its operators change how blocks are sealed, how often, and now and then the
//! whole validator set, at heights that all nodes know from their genesis file (`transitions`). A [`Schedule`] is
//! that list as a client needs it. No header says any of it, so nothing here can be learnt from a server.
//!
//! Source: Besu `BftForksScheduleFactory`, GoQuorum `istanbul.Config.GetConfig` (`transitions`).

use alloy_primitives::{Address, U256};

use crate::{BlockNumber, Fault, UnixTime, ValidatorSet};

/// The rules by which the headers of one chain are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainRules {
    /// Chain id, for transactions and requests; no header carries it.
    pub chain_id: u64,
    /// How blocks are sealed, from which height on.
    pub schedule: Schedule,
    /// How many of the validators we trust must have sealed a header that we skip to.
    pub trust: TrustThreshold,
    /// Seconds after its `timestamp` for which a verified header is trusted as a starting point.
    pub trusting_period: u64,
    /// Seconds by which our clock and the validators' clocks may differ.
    pub clock_drift: u64,
}

/// How the blocks of a chain are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealScheme {
    /// Clique (EIP-225), one seal a block and no finality: MedRec 2.0, go-ethereum up to 1.13, Nethermind.
    Clique,
    /// Legacy Istanbul IBFT, as in GoQuorum.
    Ibft,
    /// IBFT 2.0, as in Hyperledger Besu.
    Ibft2,
    /// QBFT with the validators in the header, as in Hyperledger Besu and GoQuorum.
    Qbft,
    /// QBFT with the validators in a contract.
    QbftContract {
        /// The contract.
        address: Address,
        /// Where it keeps them: the storage slot of an `address[]`.
        slot: U256,
    },
}

/// How many of the validators we trust must be among the signers of a header that we skip to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrustThreshold {
    /// More than f and more than a third: one of them at least is honest.
    OneThird,
    /// A quorum, ceil(2n/3): the validators must have stayed nearly the same.
    TwoThirds,
}

impl TrustThreshold {
    /// The number for a set.
    pub fn of(self, validators: &ValidatorSet) -> usize {
        match self {
            Self::OneThird => validators.trust_threshold(),
            Self::TwoThirds => validators.quorum(),
        }
    }
}

/// What holds from one height on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The first block that it holds for.
    pub from: BlockNumber,
    /// How blocks are sealed.
    pub scheme: SealScheme,
    /// Blocks after which pending votes are dropped; under Clique also where the signers are listed.
    pub epoch_length: u64,
    /// Least seconds between a block and the one before it.
    pub block_period: u64,
    /// The set that seals block `from`, where the operators replaced it by configuration. The set before is not trusted
    /// for any later block.
    pub validators: Option<ValidatorSet>,
}

/// The transitions of a chain: the first from the genesis block on, the others in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    first: Transition,
    later: Vec<Transition>,
}

impl Schedule {
    /// A chain that is sealed in the same way from its genesis block on.
    pub const fn constant(scheme: SealScheme, epoch_length: u64, block_period: u64) -> Self {
        let first = Transition { from: 0, scheme, epoch_length, block_period, validators: None };
        Self { first, later: Vec::new() }
    }

    /// Makes a schedule of transitions in ascending order.
    ///
    /// # Errors
    /// [`ScheduleError`] when the list does not start at block 0, is not ascending, has an epoch of no blocks, or
    /// changes between Clique and the Istanbul family, which no engine can.
    pub fn new(transitions: Vec<Transition>) -> Result<Self, ScheduleError> {
        let mut transitions = transitions.into_iter();
        let first = transitions.next().ok_or(ScheduleError::Empty)?;
        if first.from != 0 {
            return Err(ScheduleError::Start { found: first.from });
        }
        let schedule = Self { first, later: transitions.collect() };
        for (previous, next) in schedule.iter().zip(&schedule.later) {
            if next.from <= previous.from {
                return Err(ScheduleError::Order { previous: previous.from, found: next.from });
            }
            if (previous.scheme == SealScheme::Clique) != (next.scheme == SealScheme::Clique) {
                return Err(ScheduleError::Family { number: next.from });
            }
        }
        let no_epoch = schedule.iter().find(|transition| transition.epoch_length == 0);
        if let Some(number) = no_epoch.map(|transition| transition.from) {
            return Err(ScheduleError::Epoch { number });
        }
        Ok(schedule)
    }

    /// The transitions in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = &Transition> {
        core::iter::once(&self.first).chain(&self.later)
    }

    /// What holds for a block.
    pub fn at(&self, number: BlockNumber) -> &Transition {
        self.later.iter().rev().find(|transition| transition.from <= number).unwrap_or(&self.first)
    }

    /// What holds from the last transition on.
    pub fn latest(&self) -> &Transition {
        self.later.last().unwrap_or(&self.first)
    }

    /// The set that the operators have configured for this very block, if it is the first of such a transition.
    pub(crate) fn validators_from(&self, number: BlockNumber) -> Option<&ValidatorSet> {
        let transition = self.at(number);
        transition.validators.as_ref().filter(|_| transition.from == number)
    }

    /// Whether the operators have replaced the set by configuration at a height between the two.
    pub(crate) fn replaces_between(&self, after: BlockNumber, before: BlockNumber) -> bool {
        let is_between = |from| after < from && from < before;
        self.later.iter().any(|transition| transition.validators.is_some() && is_between(transition.from))
    }

    /// The earliest time of block `number`, a block period for each block after block `trusted` made at `time`.
    pub(crate) fn earliest(&self, trusted: BlockNumber, time: UnixTime, number: BlockNumber) -> UnixTime {
        let mut earliest = time;
        let mut next = self.later.iter();
        for transition in self.iter() {
            let end = next.next().map_or(u64::MAX, |next| next.from.saturating_sub(1)).min(number);
            // Blocks of this transition that come after the trusted one.
            let start = transition.from.max(trusted.saturating_add(1));
            let blocks = if start > end { 0 } else { (end - start).saturating_add(1) };
            earliest = earliest.saturating_add(blocks.saturating_mul(transition.block_period));
        }
        earliest
    }
}

/// Why a list of transitions is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// No transition at all.
    #[error("no transition")]
    Empty,
    /// An epoch of no blocks.
    #[error("transition at block {number}: epoch of 0 blocks")]
    Epoch {
        /// Where it starts.
        number: BlockNumber,
    },
    /// From Clique to the Istanbul family or back.
    #[error("transition at block {number}: between Clique and the Istanbul family")]
    Family {
        /// Where it would be.
        number: BlockNumber,
    },
    /// A transition is not after the one before it.
    #[error("transition at block {found} after one at block {previous}, expected ascending order")]
    Order {
        /// Start of the one before.
        previous: BlockNumber,
        /// Start of the one that is not after it.
        found: BlockNumber,
    },
    /// The first does not start at the genesis block.
    #[error("first transition at block {found}, expected block 0")]
    Start {
        /// Where it starts.
        found: BlockNumber,
    },
}

impl ScheduleError {
    /// Whose fault it is: who wrote the network description.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(from: BlockNumber, scheme: SealScheme, block_period: u64) -> Transition {
        Transition { from, scheme, epoch_length: 10, block_period, validators: None }
    }

    #[test]
    fn each_block_is_under_the_last_transition_before_it() {
        let schedule = Schedule::new(vec![
            transition(0, SealScheme::Ibft, 1),
            transition(10, SealScheme::Qbft, 5),
            transition(20, SealScheme::Qbft, 2),
        ])
        .unwrap();
        let periods = [0, 9, 10, 19, 20, u64::MAX].map(|number| schedule.at(number).block_period);
        assert_eq!(periods, [1, 1, 5, 5, 2, 2]);
        assert_eq!(schedule.at(9).scheme, SealScheme::Ibft);
    }

    #[test]
    fn periods_add_up_over_transitions() {
        let schedule = Schedule::new(vec![
            transition(0, SealScheme::Qbft, 1),
            transition(10, SealScheme::Qbft, 5),
            transition(20, SealScheme::Qbft, 2),
        ])
        .unwrap();
        assert_eq!(schedule.earliest(0, 100, 0), 100);
        assert_eq!(schedule.earliest(0, 100, 9), 109);
        assert_eq!(schedule.earliest(0, 100, 10), 114);
        assert_eq!(schedule.earliest(8, 100, 21), 100 + 1 + 50 + 4);
        assert_eq!(schedule.earliest(12, 100, 14), 110);
        assert_eq!(schedule.earliest(30, 100, 31), 102);
        assert_eq!(schedule.earliest(31, 100, 30), 100);
        assert_eq!(schedule.earliest(0, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(schedule.earliest(0, 0, u64::MAX), u64::MAX);
    }

    #[test]
    fn refuses_what_is_no_schedule() {
        let (qbft, clique) = (SealScheme::Qbft, SealScheme::Clique);
        assert_eq!(Schedule::new(vec![]), Err(ScheduleError::Empty));
        assert_eq!(Schedule::new(vec![transition(1, qbft, 1)]), Err(ScheduleError::Start { found: 1 }));
        let twice = vec![transition(0, qbft, 1), transition(5, qbft, 1), transition(5, qbft, 2)];
        assert_eq!(Schedule::new(twice), Err(ScheduleError::Order { previous: 5, found: 5 }));
        let family = vec![transition(0, clique, 1), transition(5, qbft, 1)];
        assert_eq!(Schedule::new(family), Err(ScheduleError::Family { number: 5 }));
        let epoch = vec![Transition { epoch_length: 0, ..transition(0, qbft, 1) }];
        assert_eq!(Schedule::new(epoch), Err(ScheduleError::Epoch { number: 0 }));
    }

    #[test]
    fn the_trust_threshold_is_a_third_or_a_quorum() {
        let set = ValidatorSet::new((1..=7).map(Address::repeat_byte).collect()).unwrap();
        assert_eq!((TrustThreshold::OneThird.of(&set), TrustThreshold::TwoThirds.of(&set)), (3, 5));
    }
}
