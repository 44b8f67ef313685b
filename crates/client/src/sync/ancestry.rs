//! What binds a new head to the header that was trusted before: that the one descends from the other.
//!
//! Enough signers that we trust prove that a head is *theirs*, not that it stands on the block we knew: the same
//! validators may seal a test network, too. So the way back is proven where that is cheap. Headers that follow each
//! other name their parent. On chains since Prague a system contract keeps the hashes of the last 8191 blocks
//! (EIP-2935), so one storage proof under the new head does it. Over a short distance the parents are fetched in one
//! request. Over a long one it rests on the network id in the registry, proven under every head.
//!
//! Source: EIP-2935; research on ancestry in light clients of committees (Tendermint binds by chain id instead).

use alloy_primitives::{Address, B256, U256, address};
use lightclient::{VerifiedHeader, verify_parent};

use super::SyncError;
use super::round::Round;
use crate::error::ClientError;
use crate::ports::Platform;

/// What binds a head to the header trusted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ancestry {
    /// The chain's own record of block hashes, proven under the head (EIP-2935).
    History,
    /// That the registry holds the id of this network, proven under the head.
    NetworkId,
    /// The parent hashes of all headers in between.
    Parents,
}

impl<P: Platform> Round<'_, P> {
    /// Binds a head that an endpoint showed to the header it was verified from.
    pub(super) async fn bind_ancestry(
        &self,
        index: usize,
        trusted: &VerifiedHeader,
        head: &VerifiedHeader,
    ) -> Result<Ancestry, ClientError> {
        if head.hash() == trusted.hash() || head.parent_hash() == trusted.hash() {
            return Ok(Ancestry::Parents);
        }
        let distance = head.number().saturating_sub(trusted.number());
        // Prague brought both the field and the contract.
        if head.raw().requests_hash.is_some()
            && distance <= HISTORY_BLOCKS
            && self.is_in_history(trusted, head).await?
        {
            return Ok(Ancestry::History);
        }
        if distance <= WALK_BACK {
            return self.walk_back(index, trusted, head).await;
        }
        Ok(Ancestry::NetworkId)
    }

    /// Whether the history contract names the trusted block; false where the contract is not deployed.
    async fn is_in_history(
        &self,
        trusted: &VerifiedHeader,
        head: &VerifiedHeader,
    ) -> Result<bool, ClientError> {
        // Engines differ in how they prove a slot of a contract that is not there; so ask for it first.
        let contract = self.client.prove(head, HISTORY_CONTRACT, &[], &self.requests).await?.account;
        if !contract.exists() {
            return Ok(false);
        }
        let slot = B256::from(U256::from(trusted.number() % HISTORY_BLOCKS));
        let state = self.client.prove(head, HISTORY_CONTRACT, &[slot], &self.requests).await?;
        let Some(found) = state.slots.first().map(|slot| slot.word()).filter(|word| !word.is_zero()) else {
            return Ok(false);
        };
        self.require_ancestor(trusted, found)?;
        Ok(true)
    }

    /// Fetches the headers in between; an endpoint that does not have them proves nothing and is no liar.
    async fn walk_back(
        &self,
        index: usize,
        trusted: &VerifiedHeader,
        head: &VerifiedHeader,
    ) -> Result<Ancestry, ClientError> {
        let (from, to) = (trusted.number().saturating_add(1), head.number().saturating_sub(1));
        let Ok(headers) = self.headers_from(index, from, to).await else { return Ok(Ancestry::NetworkId) };
        let mut child = head.clone();
        for header in headers.iter().rev() {
            child = verify_parent(&child, header, &self.client.network().rules)?;
        }
        self.require_ancestor(trusted, child.parent_hash())?;
        Ok(Ancestry::Parents)
    }

    fn require_ancestor(&self, trusted: &VerifiedHeader, found: B256) -> Result<(), ClientError> {
        let (number, expected) = (trusted.number(), trusted.hash());
        if found == expected { Ok(()) } else { Err(SyncError::Ancestry { number, expected, found }.into()) }
    }
}

/// The system contract of EIP-2935 and how many hashes it keeps, each in the slot `number % 8191`.
const HISTORY_CONTRACT: Address = address!("0000f90827f1c53a10cb7a002335175320002935");
const HISTORY_BLOCKS: u64 = 8_191;
/// Over so many headers the parents are fetched: about 100 kB of JSON.
const WALK_BACK: u64 = 64;
