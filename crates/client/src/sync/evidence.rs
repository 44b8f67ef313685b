//! The evidence that two sealed blocks share a height: kept over a restart, and handed out as a file.
//!
//! Who has seen it must not believe the chain again after a reload, so both headers are kept in the place for heads,
//! under a key of their own. What is loaded is checked again: both must be blocks of the chain at one height with
//! different hashes, and where their validators stand in them, sealed. **Not** checked again where a contract or Clique
//! says who seals; the double signers are then those that were written down: who can write this store can only stop us.
//!
//! Format: `0x02 ‖ number of double signers (4, big-endian) ‖ their addresses, 20 each ‖ length of the first header (4) ‖
//! first header RLP ‖ second header RLP`.

use alloy_primitives::{Address, B256, Bytes};
use lightclient::{
    Evidence, Header, SealScheme, TrustedCheckpoint, block_hash, keccak256, verify_checkpoint,
};
use protocol::network::Network;
use serde_json::json;

use super::SyncError;
use crate::client::Client;
use crate::error::Problem;
use crate::ports::Platform;

impl<P: Platform> Client<P> {
    /// The evidence of an equivocation, if one was seen: a JSON text with both headers, to keep as a file and to show to
    /// the operators of the network.
    pub fn evidence(&self) -> Option<String> {
        let memory = self.memory();
        let Problem::Sync(SyncError::Equivocation {
            number,
            expected,
            found,
            first_header,
            second_header,
            double_signers,
        }) = &*memory.frozen.as_ref()?.problem
        else {
            return None;
        };
        let evidence = json!({
            "networkId": self.network().network_id.to_string(),
            "chainId": self.network().rules.chain_id,
            "number": number,
            "first": { "hash": expected.to_string(), "header": first_header.to_string() },
            "second": { "hash": found.to_string(), "header": second_header.to_string() },
            "doubleSigners": double_signers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        Some(evidence.to_string())
    }

    /// Keeps the evidence; where that fails it holds until this client ends.
    pub(super) async fn keep_evidence(&self, error: &SyncError) {
        let Some(bytes) = encode(error) else { return };
        let _kept = self.platform().save_head(key(self.network()), bytes, |_| true).await;
    }

    /// What was kept by an earlier visit, if it is what it says.
    pub(super) async fn kept_evidence(&self) -> Option<SyncError> {
        let bytes = self.platform().load_head(key(self.network())).await.ok()??;
        decode(&bytes, self.network())
    }
}

/// Where the evidence about a network is kept.
fn key(network: &Network) -> B256 {
    keccak256([network.network_id.as_slice(), b"equivocation"].concat())
}

fn encode(error: &SyncError) -> Option<Vec<u8>> {
    let SyncError::Equivocation { first_header, second_header, double_signers, .. } = error else {
        return None;
    };
    let length = |count: usize| u32::try_from(count).ok().map(u32::to_be_bytes);
    let mut bytes = vec![FORMAT];
    bytes.extend(length(double_signers.len())?);
    double_signers.iter().for_each(|signer| bytes.extend(signer.as_slice()));
    bytes.extend(length(first_header.len())?);
    bytes.extend_from_slice(first_header);
    bytes.extend_from_slice(second_header);
    Some(bytes)
}

fn decode(bytes: &[u8], network: &Network) -> Option<SyncError> {
    let (written, rest) = split_counted(bytes.strip_prefix(&[FORMAT])?, Address::len_bytes())?;
    let (first, second) = split_counted(rest, 1)?;
    let [(number, expected, signers), (other_number, found, other_signers)] =
        [read(first, network)?, read(second, network)?];
    let double_signers = match signers.zip(other_signers) {
        Some((ours, theirs)) => theirs.into_iter().filter(|signer| ours.contains(signer)).collect(),
        None => written.chunks(Address::len_bytes()).map(Address::from_slice).collect(),
    };
    let is_evidence = number == other_number && expected != found;
    is_evidence.then(|| SyncError::Equivocation {
        number,
        expected,
        found,
        first_header: Bytes::copy_from_slice(first),
        second_header: Bytes::copy_from_slice(second),
        double_signers,
    })
}

/// What is counted (4 bytes, big-endian) in units of so many bytes, and what comes after.
fn split_counted(bytes: &[u8], unit: usize) -> Option<(&[u8], &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*count)).ok()?.checked_mul(unit)?)
}

/// Height, hash and signers of a header, sealed as far as it says itself by whom.
fn read(rlp: &[u8], network: &Network) -> Option<(u64, B256, Option<Vec<Address>>)> {
    let header = Header::decode(rlp).ok()?;
    let (number, hash) = (header.number, block_hash(&header, &network.rules).ok()?);
    if matches!(
        network.rules.schedule.at(number).scheme,
        SealScheme::Clique | SealScheme::QbftContract { .. }
    ) {
        return Some((number, hash, None));
    }
    let own = TrustedCheckpoint { number, hash };
    let sealed = verify_checkpoint(&own, &header, Evidence::None, &network.rules).ok()?;
    Some((number, hash, Some(sealed.signers().to_vec())))
}

const FORMAT: u8 = 2;
