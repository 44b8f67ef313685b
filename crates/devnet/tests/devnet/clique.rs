//! Checks Clique headers the way EIP-225 says, from their JSON alone; the recorded chain of a real engine passes too.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::Header;
use alloy_primitives::{Address, B64, B256, Signature, U256};
use serde_json::Value;

use crate::check::header_of;
use crate::harness::hash;

/// Who may sign, and what they have voted, after a block.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) epoch: u64,
    pub(crate) signers: BTreeSet<Address>,
    recents: BTreeMap<u64, Address>,
    votes: Vec<(Address, Address, bool)>,
}

/// Why a header does not follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Checkpoint,
    Difficulty(U256),
    Fields,
    Hash,
    Recent(Address),
    Signer(Address),
}

impl Snapshot {
    /// Starts from a genesis block.
    pub(crate) fn genesis(block: &Value, epoch: u64) -> Self {
        let header = header_of(block);
        assert_eq!(header.hash_slow(), hash(&block["hash"]));
        let (listed, seal) = parts(&header).expect("vanity, signers and seal");
        assert_eq!(seal, [0; 65]);
        Self { epoch, signers: listed.into_iter().collect(), recents: BTreeMap::new(), votes: Vec::new() }
    }

    /// Checks the next header and takes note of it; returns its signer.
    pub(crate) fn apply(&mut self, block: &Value) -> Result<Address, Fault> {
        let header = header_of(block);
        if header.hash_slow() != hash(&block["hash"]) {
            return Err(Fault::Hash);
        }
        let (number, is_epoch) = (header.number, header.number.is_multiple_of(self.epoch));
        let (listed, seal) = parts(&header).ok_or(Fault::Checkpoint)?;
        let expected: Vec<Address> = self.signers.iter().copied().filter(|_| is_epoch).collect();
        let is_vote = header.nonce == B64::repeat_byte(0xff) || header.nonce == B64::ZERO;
        if listed != expected || (is_epoch && (header.nonce != B64::ZERO || !header.beneficiary.is_zero())) {
            return Err(Fault::Checkpoint);
        }
        if !is_vote || header.mix_hash != B256::ZERO || header.ommers_hash != Header::default().ommers_hash {
            return Err(Fault::Fields);
        }
        let signature = Signature::from_bytes_and_parity(&seal[..64], seal[64] == 1);
        let cut = header.extra_data.len() - 65;
        let bare = Header { extra_data: header.extra_data.slice(..cut), ..header };
        let signer = signature.recover_address_from_prehash(&bare.hash_slow()).unwrap_or_default();
        let Some(place) = self.signers.iter().position(|known| *known == signer) else {
            return Err(Fault::Signer(signer));
        };
        let limit = self.signers.len() as u64 / 2 + 1;
        let is_recent = |(seen, other): (&u64, &Address)| *other == signer && seen + limit > number;
        if self.recents.iter().any(is_recent) {
            return Err(Fault::Recent(signer));
        }
        let in_turn = number % self.signers.len() as u64 == place as u64;
        if header.difficulty != U256::from(if in_turn { 2 } else { 1 }) {
            return Err(Fault::Difficulty(header.difficulty));
        }
        self.count(number, signer, (!is_epoch).then_some((header.beneficiary, header.nonce != B64::ZERO)));
        Ok(signer)
    }

    fn count(&mut self, number: u64, signer: Address, vote: Option<(Address, bool)>) {
        self.recents.remove(&number.wrapping_sub(self.signers.len() as u64 / 2 + 1));
        self.recents.insert(number, signer);
        let Some((candidate, adds)) = vote else {
            self.votes.clear();
            return;
        };
        self.votes.retain(|(voter, other, _)| (*voter, *other) != (signer, candidate));
        if candidate.is_zero() || self.signers.contains(&candidate) == adds {
            return;
        }
        self.votes.push((signer, candidate, adds));
        let agreeing =
            self.votes.iter().filter(|(_, other, way)| (*other, *way) == (candidate, adds)).count();
        if agreeing <= self.signers.len() / 2 {
            return;
        }
        if adds {
            self.signers.insert(candidate);
        } else {
            self.signers.remove(&candidate);
            self.recents.remove(&number.wrapping_sub(self.signers.len() as u64 / 2 + 1));
            self.votes.retain(|(voter, ..)| *voter != candidate);
        }
        self.votes.retain(|(_, other, _)| *other != candidate);
    }
}

/// Takes vanity, signers and seal apart.
fn parts(header: &Header) -> Option<(Vec<Address>, Vec<u8>)> {
    let cut = header.extra_data.len().checked_sub(65)?;
    let listed = header.extra_data.get(32..cut)?;
    let signers = listed.chunks(20).map(|address| Address::try_from(address).ok()).collect::<Option<_>>()?;
    Some((signers, header.extra_data[cut..].to_vec()))
}
