//! The signers after a block, with what decides who may seal the next one.
//!
//! A [`Snapshot`] starts at a trusted checkpoint and takes up one header after the other; each must be sealed
//! by a signer of the snapshot before it. A vote needs no direction: it can only ask for what is not so yet, so
//! all votes on one candidate ask for the same, *in* if the candidate is no signer and *out* if it is; and when
//! the candidate comes or goes all of them are dropped. So pending votes are pairs (candidate, voter), a voter
//! has at most one on each candidate, and a tally is a count.
//!
//! Source: go-ethereum 1.13 `consensus/clique/snapshot.go`; EIP-225, whose 23 scenarios are tests.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use super::{
    CliqueError, ExtraData,
    rules::{IN_TURN, OUT_OF_TURN, VOTE_IN, check_fields, check_forks, check_number},
};
use crate::{BlockNumber, Header};

/// Who may seal the block after `number`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Height of the block after which this holds.
    number: BlockNumber,
    /// Ascending. Empty once the last signer has voted itself out: then the chain has ended.
    signers: Vec<Address>,
    /// Pending votes since the last checkpoint: candidate and voter.
    votes: BTreeSet<(Address, Address)>,
    /// Who sealed the last blocks, newest last: as many as known, at most a majority.
    recents: Vec<Address>,
}

impl Snapshot {
    /// Starts at a header that names the set: the genesis block, or a checkpoint that the caller trusts.
    ///
    /// The seal of a checkpoint is checked against its own list; the genesis block has none.
    ///
    /// # Errors
    /// [`CliqueError`] when the header names no set or breaks a rule.
    pub(crate) fn at_checkpoint(header: &Header, epoch_length: u64) -> Result<Self, CliqueError> {
        let number = header.number;
        let extra = if number == 0 {
            check_forks(header)?;
            ExtraData::decode(header, epoch_length)?
        } else {
            check_fields(header, epoch_length)?
        };
        let listed = extra.signers.as_ref().ok_or(CliqueError::NotCheckpoint { number, epoch_length })?;
        let signers = listed.iter().copied().collect();
        let mut snapshot = Self { number, signers, votes: BTreeSet::new(), recents: Vec::new() };
        if number > 0 {
            let signer = snapshot.check_seal(header, &extra)?;
            snapshot.recents.push(signer);
        }
        Ok(snapshot)
    }

    /// Takes up the next header and returns who sealed it. A header that is refused changes nothing.
    ///
    /// What must follow from the parent is not checked: see [`super::check_successor`].
    ///
    /// # Errors
    /// [`CliqueError`] when the header breaks a rule or its signer may not seal it.
    pub(crate) fn apply(&mut self, header: &Header, epoch_length: u64) -> Result<Address, CliqueError> {
        check_number(self.number, header)?;
        let extra = check_fields(header, epoch_length)?;
        if let Some(listed) = &extra.signers
            && !listed.iter().eq(&self.signers)
        {
            return Err(CliqueError::CheckpointSigners {
                number: header.number,
                expected: self.signers.clone(),
                found: listed.iter().copied().collect(),
            });
        }
        let signer = self.check_seal(header, &extra)?;

        self.number = header.number;
        self.recents.push(signer);
        if extra.signers.is_some() {
            self.votes.clear();
        }
        self.count_vote(signer, header);
        let forgotten = self.recents.len().saturating_sub(majority(self.signers.len()));
        self.recents.drain(..forgotten);
        Ok(signer)
    }

    /// Who may seal the next block, if not too recent: ascending, empty when the chain has ended.
    pub(crate) fn signers(&self) -> &[Address] {
        &self.signers
    }

    /// The signer of the block this snapshot is of; nobody for a genesis block.
    pub(crate) fn sealed_by(&self) -> Option<Address> {
        self.recents.last().copied()
    }

    /// The seal is by a signer, one who did not seal lately, and the difficulty says whether in turn.
    fn check_seal(&self, header: &Header, extra: &ExtraData<'_>) -> Result<Address, CliqueError> {
        let number = header.number;
        let signer = extra.signer(header)?;
        let Ok(position) = self.signers.binary_search(&signer) else {
            return Err(CliqueError::UnknownSigner { number, signer });
        };
        let window = self.signers.len() / 2;
        if self.recents.iter().rev().take(window).any(|recent| *recent == signer) {
            return Err(CliqueError::RecentSigner { number, signer, window });
        }
        let is_in_turn = U256::from(number) % U256::from(self.signers.len()) == U256::from(position);
        let expected = if is_in_turn { IN_TURN } else { OUT_OF_TURN };
        if header.difficulty != expected {
            return Err(CliqueError::Turn { number, signer, expected, found: header.difficulty });
        }
        Ok(signer)
    }

    /// Counts the header's vote, and changes the set when more than half of it agree.
    ///
    /// A vote for what is so already only takes the voter's older vote back. The tally is looked at all the
    /// same: the set may have shrunk since the last vote, so that fewer suffice now (EIP-225, "on touch").
    fn count_vote(&mut self, voter: Address, header: &Header) {
        let candidate = header.coinbase;
        let position = self.signers.binary_search(&candidate);
        if position.is_ok() == (header.nonce == VOTE_IN) {
            self.votes.remove(&(candidate, voter));
        } else {
            self.votes.insert((candidate, voter));
        }
        let on_candidate = self.votes.range((candidate, Address::ZERO)..);
        let tally = on_candidate.take_while(|(about, _)| *about == candidate).count();
        if tally < majority(self.signers.len()) {
            return;
        }
        self.votes.retain(|(about, _)| *about != candidate);
        match position {
            Ok(position) => {
                self.signers.remove(position);
                self.votes.retain(|(_, voter)| *voter != candidate);
            }
            Err(position) => self.signers.insert(position, candidate),
        }
    }
}

/// More than half of the signers: floor(n/2)+1.
///
/// As many votes change the set. While the set stays as it is, as many blocks in a row are by distinct signers;
/// as many distinct signers with blocks on top of a block settle it.
pub(crate) const fn majority(signers: usize) -> usize {
    signers / 2 + 1
}
