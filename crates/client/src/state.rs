//! Proven reads: accounts and storage slots, verified against the state root of the head.
//!
//! The endpoints are asked one after the other until one proves what was asked; whoever answered with something that
//! does not verify is remembered as having lied. All slots of one read are proven under one header.
//!
//! Defends against forged, swapped and incomplete proofs, answers about another account, and (through the code hash)
//! a contract other than the one the network description names. Source: EIP-1186.

use core::sync::atomic::AtomicU64;

use alloy_primitives::{Address, B256, Bytes};
use lightclient::{Fault, ProvenAccount, ProvenSlot, VerifiedHeader, keccak256, verify_account};
use protocol::network::ContractRef;

use crate::client::{Client, Head, none_answered};
use crate::error::ClientError;
use crate::ports::Platform;
use crate::rpc::{Endpoint, ProofAnswer, RpcCall, RpcError, decode_bytes, decode_proof};

/// An account and slots of its storage, proven under one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenState {
    /// The account; it may be proven absent.
    pub account: ProvenAccount,
    /// The slots, in the order asked.
    pub slots: Vec<ProvenSlot>,
}

/// Why a proven account is not what the network description says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// There is no contract at this address.
    #[error("no contract at {address} in block {number}")]
    NoContract {
        /// The contract's address.
        address: Address,
        /// The block proven at.
        number: u64,
    },
    /// The contract at this address is another one.
    #[error("contract {address} has code {found} in block {number}, expected {expected}")]
    CodeHash {
        /// The contract's address.
        address: Address,
        /// The block proven at.
        number: u64,
        /// Code hash of the network description.
        expected: B256,
        /// Code hash proven.
        found: B256,
    },
    /// The code that an endpoint gave is not the account's.
    #[error("code of {address} in block {number} has hash {found}, expected {expected}")]
    ServedCode {
        /// The account's address.
        address: Address,
        /// The block asked about.
        number: u64,
        /// Code hash proven.
        expected: B256,
        /// Hash of the code served.
        found: B256,
    },
}

impl StateError {
    /// Returns who is to blame: where the state is proven, the network description does not fit the chain.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NoContract { .. } | Self::CodeHash { .. } => Fault::Caller,
            Self::ServedCode { .. } => Fault::Peer,
        }
    }
}

impl<P: Platform> Client<P> {
    /// Proves slots of a contract under `head` and that the contract runs the code that the network description names.
    ///
    /// # Errors
    /// What the endpoints did if none proved it, and [`StateError`].
    pub async fn state(
        &self,
        head: &Head,
        contract: &ContractRef,
        slots: &[B256],
    ) -> Result<ProvenState, ClientError> {
        let state = self.prove(&head.header, contract.address, slots, &AtomicU64::new(0)).await?;
        check_code(contract, &state.account)?;
        Ok(state)
    }

    /// Proves an account under `head`; an account that nobody has used is proven absent, with nonce 0.
    ///
    /// # Errors
    /// What the endpoints did if none proved it.
    pub async fn account(&self, head: &Head, address: Address) -> Result<ProvenAccount, ClientError> {
        Ok(self.prove(&head.header, address, &[], &AtomicU64::new(0)).await?.account)
    }

    /// Proves an account and slots of its storage under `head`, whatever code it has.
    ///
    /// # Errors
    /// What the endpoints did if none proved it.
    pub async fn storage(
        &self,
        head: &Head,
        address: Address,
        slots: &[B256],
    ) -> Result<ProvenState, ClientError> {
        self.prove(&head.header, address, slots, &AtomicU64::new(0)).await
    }

    /// Fetches the code of an account and compares it with the code hash proven under `head`.
    ///
    /// # Errors
    /// What the endpoints did if none has that code.
    pub async fn code(&self, head: &Head, address: Address) -> Result<Bytes, ClientError> {
        let account = self.account(head, address).await?;
        let number = head.header.number();
        if account.code_hash() == keccak256([]) {
            return Ok(Bytes::new());
        }
        let requests = AtomicU64::new(0);
        let mut failures = Vec::new();
        for index in self.reading_order(number) {
            let Some(endpoint) = self.endpoint(index, &requests) else { continue };
            match code_from(&endpoint, &account).await {
                Ok(code) => return Ok(code),
                Err(error) => {
                    let error = error.at(endpoint.url);
                    self.note_failure(index, &error);
                    failures.push(error);
                }
            }
        }
        Err(none_answered(failures))
    }

    /// Asks one endpoint after the other until one proves it.
    pub(crate) async fn prove(
        &self,
        header: &VerifiedHeader,
        address: Address,
        slots: &[B256],
        requests: &AtomicU64,
    ) -> Result<ProvenState, ClientError> {
        let mut failures = Vec::new();
        for index in self.reading_order(header.number()) {
            let Some(endpoint) = self.endpoint(index, requests) else { continue };
            match prove_from(&endpoint, header, address, slots).await {
                Ok(state) => return Ok(state),
                Err(error) => {
                    let error = error.at(endpoint.url);
                    self.note_failure(index, &error);
                    failures.push(error);
                }
            }
        }
        Err(none_answered(failures))
    }
}

/// Asks one endpoint for the code of an account.
async fn code_from<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    account: &ProvenAccount,
) -> Result<Bytes, ClientError> {
    let (address, number) = (account.address(), account.block_number());
    let code = decode_bytes("code", &endpoint.ask_one(RpcCall::code(address, number)).await?)?;
    let (expected, found) = (account.code_hash(), keccak256(&code));
    if found == expected {
        return Ok(code);
    }
    Err(StateError::ServedCode { address, number, expected, found }.into())
}

/// Compares a proven contract with its description.
pub(crate) fn check_code(contract: &ContractRef, account: &ProvenAccount) -> Result<(), StateError> {
    let (address, number) = (contract.address, account.block_number());
    if !account.exists() {
        return Err(StateError::NoContract { address, number });
    }
    if account.code_hash() != contract.code_hash {
        return Err(StateError::CodeHash {
            address,
            number,
            expected: contract.code_hash,
            found: account.code_hash(),
        });
    }
    Ok(())
}

/// Asks one endpoint for the proofs, in as few requests as its answer limit allows, and verifies them.
async fn prove_from<P: Platform>(
    endpoint: &Endpoint<'_, P>,
    header: &VerifiedHeader,
    address: Address,
    slots: &[B256],
) -> Result<ProvenState, ClientError> {
    let mut unique = slots.to_vec();
    unique.sort_unstable();
    unique.dedup();
    // One call even for no slots: it proves the account.
    let groups: Vec<&[B256]> =
        if unique.is_empty() { vec![&[]] } else { unique.chunks(MAX_SLOTS_PER_CALL).collect() };
    let mut account = None;
    let mut proven: Vec<ProvenSlot> = Vec::with_capacity(unique.len());
    for batch in groups.chunks(MAX_CALLS_PER_REQUEST) {
        let calls: Vec<RpcCall> =
            batch.iter().map(|group| RpcCall::proof(address, group, header.number())).collect();
        let answers = endpoint.ask(&calls).await?;
        for (group, answer) in batch.iter().zip(answers) {
            let answer = decode_proof(&answer?, group)?;
            account = Some(verify_answer(header, address, group, &answer, &mut proven)?);
        }
    }
    let account = account.ok_or(RpcError::Absent { what: "proof" })?;
    // Each slot was proven above; the order is that of the question again.
    let slots = slots
        .iter()
        .filter_map(|slot| proven.iter().find(|proven| proven.slot() == *slot).cloned())
        .collect();
    Ok(ProvenState { account, slots })
}

/// Verifies one answer and adds its slots to those proven.
fn verify_answer(
    header: &VerifiedHeader,
    address: Address,
    slots: &[B256],
    answer: &ProofAnswer,
    proven: &mut Vec<ProvenSlot>,
) -> Result<ProvenAccount, ClientError> {
    let account = verify_account(header, address, &answer.account_proof)?;
    for (slot, nodes) in slots.iter().zip(&answer.storage) {
        let nodes: &[_] = match nodes {
            Some(nodes) => nodes,
            // Besu lists no slots for an absent account; all of them are zero.
            None if !account.exists() => &[],
            None => return Err(RpcError::SlotMissing { slot: *slot }.into()),
        };
        proven.push(account.verify_slot(*slot, nodes)?);
    }
    Ok(account)
}

/// Slots in one `eth_getProof`: about 0.4 MB of JSON at the depth of a large contract.
const MAX_SLOTS_PER_CALL: usize = 64;
/// Calls in one request, so that the answer stays below the limit.
const MAX_CALLS_PER_REQUEST: usize = 8;

#[cfg(test)]
mod tests;
