//! The council: who may seal the next block, what they have voted, and whose turn it is.
//!
//! A vote stands in the header of the block its voter makes, and counts at once: when a majority (half of the set, rounded
//! down, and one) agrees, the next block belongs to the new set. In epoch blocks all votes lapse and nobody votes.
//!
//! Source: Besu (`VoteTally`, `BftProposerSelector`), EIP-225 §Authorizing, geth's `snapshot.go`.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use crate::seal::Vote;

/// The validators with their votes after a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Council {
    /// Who may seal the next block, ascending.
    pub(crate) validators: Vec<Address>,
    /// Votes that count, each with its voter.
    votes: Vec<(Address, Vote)>,
    /// What this process wants every member to vote, until it has come true.
    proposals: Vec<Vote>,
    /// Who made the latest blocks, the newest last.
    sealers: Vec<Address>,
}

/// Why a vote was not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// A validator cannot be voted in.
    #[error("{0} is a validator already, or is being voted in")]
    Member(Address),
    /// Only a validator can be voted out.
    #[error("{0} is no validator, or is being voted out")]
    NoMember(Address),
    /// Somebody has to seal.
    #[error("{0} is the last validator")]
    Last(Address),
    /// Nobody here could seal for it.
    #[error("the key of {0} is not here")]
    NoKey(Address),
}

impl Council {
    /// Starts with these validators and no votes.
    pub(crate) fn new(mut validators: Vec<Address>) -> Self {
        validators.sort();
        Self { validators, votes: Vec::new(), proposals: Vec::new(), sealers: Vec::new() }
    }

    /// Makes every member vote for this in the blocks it makes from now on.
    ///
    /// # Errors
    /// When it would change nothing, or leave nobody.
    pub(crate) fn propose(&mut self, vote: Vote) -> Result<(), VoteError> {
        let candidate = vote.candidate();
        let is_member = self.validators.contains(&candidate);
        let is_proposed = self.proposals.contains(&vote);
        let dropped = self.proposals.iter().filter(|proposal| matches!(proposal, Vote::Drop(_))).count();
        match vote {
            Vote::Add(_) if is_member || is_proposed => return Err(VoteError::Member(candidate)),
            Vote::Drop(_) if !is_member || is_proposed => return Err(VoteError::NoMember(candidate)),
            Vote::Drop(_) if self.validators.len() <= dropped + 1 => return Err(VoteError::Last(candidate)),
            _ => self.proposals.push(vote),
        }
        Ok(())
    }

    /// Returns what a member votes: the first proposal it has not voted for.
    pub(crate) fn vote_of(&self, voter: Address) -> Option<Vote> {
        self.proposals.iter().copied().find(|vote| !self.votes.contains(&(voter, *vote)))
    }

    /// Returns whose turn it is in the BFT schemes: the one after the last proposer, moved on by each failed round.
    pub(crate) fn proposer(&self, round: u32) -> Address {
        let last = self.sealers.last().copied().unwrap_or_default();
        let start = self.validators.partition_point(|validator| *validator <= last);
        let start = if self.sealers.is_empty() { 0 } else { start };
        let turns = start.saturating_add(usize::try_from(round).unwrap_or(usize::MAX));
        self.member(turns)
    }

    /// Returns who signs a Clique block: the one whose turn it is unless late, or else the next who may.
    pub(crate) fn signer(&self, number: u64, is_late: bool) -> Address {
        let turn = self.turn(number);
        let may_sign = |signer: &Address| !self.recent().contains(signer);
        let in_order = (0..self.validators.len()).map(|step| self.member(turn + step));
        in_order.clone().skip(usize::from(is_late)).find(may_sign).unwrap_or_else(|| self.member(turn))
    }

    /// Returns whose turn a Clique block is, as a place in the set.
    pub(crate) fn turn(&self, number: u64) -> usize {
        let count = u64::try_from(self.validators.len()).unwrap_or(1).max(1);
        usize::try_from(number % count).unwrap_or_default()
    }

    /// Returns the member at a place; places go round.
    pub(crate) fn member(&self, place: usize) -> Address {
        let place = place % self.validators.len().max(1);
        self.validators.get(place).copied().unwrap_or_default()
    }

    /// Returns who may not sign the next Clique block: whoever signed one of the last `floor(n/2)`.
    pub(crate) fn recent(&self) -> &[Address] {
        let first = self.sealers.len().saturating_sub(self.validators.len() / 2);
        self.sealers.get(first..).unwrap_or_default()
    }

    /// Takes note of a block: who made it, whether votes lapse in it, and what was voted.
    pub(crate) fn apply(&mut self, sealer: Address, is_epoch: bool, vote: Option<Vote>) {
        self.sealers.push(sealer);
        // Enough for the rule on recent signers in the largest set that an epoch's list can make.
        self.sealers.drain(..self.sealers.len().saturating_sub(MAX_SEALERS));
        if is_epoch {
            self.votes.clear();
        } else if let Some(vote) = vote {
            self.votes.push((sealer, vote));
            self.count(vote);
        }
    }

    /// Replaces the set, for the scheme where a contract names it.
    pub(crate) fn replace(&mut self, mut validators: Vec<Address>) {
        validators.sort();
        self.validators = validators;
    }

    fn count(&mut self, vote: Vote) {
        let agreeing: BTreeSet<Address> =
            self.votes.iter().filter(|(_, other)| *other == vote).map(|(voter, _)| *voter).collect();
        if agreeing.len() <= self.validators.len() / 2 {
            return;
        }
        let candidate = vote.candidate();
        self.validators.retain(|validator| *validator != candidate);
        if matches!(vote, Vote::Add(_)) {
            self.validators.push(candidate);
            self.validators.sort();
        }
        let is_dropped = matches!(vote, Vote::Drop(_));
        self.votes
            .retain(|(voter, other)| other.candidate() != candidate && !(is_dropped && *voter == candidate));
        self.proposals.retain(|proposal| *proposal != vote);
    }
}

const MAX_SEALERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(byte: u8) -> Address {
        Address::repeat_byte(byte)
    }

    fn council(count: u8) -> Council {
        Council::new((1..=count).rev().map(address).collect())
    }

    #[test]
    fn passes_the_turn_on_with_each_block_and_each_round() {
        let mut council = council(4);
        assert!(council.validators.is_sorted());
        assert_eq!(council.proposer(0), address(1));
        council.apply(address(1), false, None);
        assert_eq!((council.proposer(0), council.proposer(1)), (address(2), address(3)));
        council.apply(address(4), false, None);
        assert_eq!((council.proposer(0), council.proposer(5)), (address(1), address(2)));
    }

    #[test]
    fn passes_the_turn_of_somebody_who_left_to_the_next_higher_address() {
        let mut council = council(4);
        council.apply(address(2), false, None);
        council.replace(vec![address(1), address(3), address(4)]);
        assert_eq!(council.proposer(0), address(3));
    }

    #[test]
    fn takes_a_candidate_in_when_more_than_half_agree() {
        let mut council = council(4);
        let vote = Vote::Add(address(9));
        council.propose(vote).unwrap();
        assert_eq!(council.propose(vote), Err(VoteError::Member(address(9))));
        for voter in [1, 2, 2] {
            assert_eq!(
                council.vote_of(address(voter)),
                (voter == 1 || council.votes.len() == 1).then_some(vote)
            );
            council.apply(address(voter), false, Some(vote));
            assert_eq!(council.validators.len(), 4);
        }
        council.apply(address(3), false, Some(vote));
        assert_eq!(council.validators, [1, 2, 3, 4, 9].map(address));
        assert_eq!((council.vote_of(address(4)), council.votes.len()), (None, 0));
    }

    #[test]
    fn forgets_votes_in_an_epoch_block_and_those_of_a_removed_member() {
        let mut council = council(3);
        let (drop, other) = (Vote::Drop(address(3)), Vote::Drop(address(2)));
        council.propose(drop).unwrap();
        council.apply(address(1), false, Some(drop));
        council.apply(address(2), true, Some(drop));
        assert_eq!(council.votes, []);
        council.apply(address(3), false, Some(other));
        council.apply(address(1), false, Some(drop));
        council.apply(address(2), false, Some(drop));
        assert_eq!(
            (council.validators.clone(), council.votes.clone()),
            ([1, 2].map(address).to_vec(), vec![])
        );
    }

    #[test]
    fn refuses_votes_that_would_change_nothing_or_leave_nobody() {
        let mut council = council(2);
        assert_eq!(council.propose(Vote::Add(address(1))), Err(VoteError::Member(address(1))));
        assert_eq!(council.propose(Vote::Drop(address(7))), Err(VoteError::NoMember(address(7))));
        council.propose(Vote::Drop(address(1))).unwrap();
        assert_eq!(council.propose(Vote::Drop(address(2))), Err(VoteError::Last(address(2))));
    }

    #[test]
    fn never_lets_a_signer_sign_twice_in_half_a_round() {
        for count in 1..=7 {
            let mut council = council(count);
            let mut signers = Vec::new();
            for number in 1..100 {
                let signer = council.signer(number, number % 5 == 0);
                let recent: &[Address] = &signers[signers.len().saturating_sub(usize::from(count) / 2)..];
                assert!(!recent.contains(&signer), "block {number} of {count} signers");
                council.apply(signer, false, None);
                signers.push(signer);
            }
        }
    }
}
