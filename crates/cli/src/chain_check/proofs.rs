//! Answers to `eth_getProof`: the nodes prove, under a verified header, exactly the values that the answer states.

use alloy_primitives::{B256, U256};
use client::rpc::{ProofAnswer, RpcError, decode_proof};
use lightclient::{ProofError, ProvenAccount, VerifiedHeader, verify_account};

use super::chain::Chain;
use super::json::{FormError, Node};
use super::recording::RecordedProof;
use super::report::{Report, said};

/// A proof that holds: the question, and the nodes that answer it.
#[derive(Debug)]
pub(crate) struct HeldProof<'c> {
    pub(crate) header: &'c VerifiedHeader,
    pub(crate) account: ProvenAccount,
    pub(crate) nodes: ProofAnswer,
    pub(crate) slots: &'c [B256],
}

/// Verifies all proofs of the recording, and returns those that hold.
pub(crate) fn verify<'c>(chain: &'c Chain<'_>, report: &mut Report) -> Vec<HeldProof<'c>> {
    let mut held = Vec::new();
    for proof in &chain.recording.proofs {
        let result = judge(chain, proof);
        report.proofs.count(result.is_ok());
        match result {
            Ok(proof) => held.push(proof),
            Err(error) => {
                report.fail(format!("proof of {} at block {}: {}", proof.address, proof.block, said(&error)));
            }
        }
    }
    held
}

/// Judges one as the answer to its question.
pub(crate) fn judge<'c>(
    chain: &'c Chain<'_>,
    proof: &'c RecordedProof,
) -> Result<HeldProof<'c>, AnswerError> {
    let header = chain.at(proof.block).ok_or(AnswerError::NoHeader)?;
    compare("stateRoot", proof.state_root.unwrap_or(header.state_root()), header.state_root())?;
    let answer = decode_answer(proof)?;
    let account = verify_account(header, proof.address, &answer.nodes.account_proof)?;
    answer.compare_account(&account)?;
    for (slot, nodes) in proof.slots.iter().zip(&answer.nodes.storage) {
        let proven = account.verify_slot(*slot, nodes.as_deref().unwrap_or_default())?;
        // An absent account may come without any slot, which states zeros.
        let expected = answer.value_of(*slot)?.unwrap_or_default();
        if expected != proven.value() {
            return Err(AnswerError::Slot { slot: *slot, expected, found: proven.value() });
        }
    }
    Ok(HeldProof { header, account, nodes: answer.nodes, slots: &proof.slots })
}

/// An answer with its nodes decoded.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    json: Node<'a>,
    pub(crate) nodes: ProofAnswer,
}

/// Reads the nodes of an answer.
pub(crate) fn decode_answer(proof: &RecordedProof) -> Result<Answer<'_>, RpcError> {
    let nodes = decode_proof(&proof.answer, &proof.slots)?;
    Ok(Answer { json: Node::new("answer", &proof.answer), nodes })
}

impl Answer<'_> {
    /// The value that the answer states for a slot.
    pub(crate) fn value_of(&self, slot: B256) -> Result<Option<U256>, FormError> {
        for entry in self.json.member(&["storageProof"])?.list()? {
            if B256::from(entry.member(&["key"])?.word()?) == slot {
                return entry.member(&["value"])?.word().map(Some);
            }
        }
        Ok(None)
    }

    fn compare_account(&self, account: &ProvenAccount) -> Result<(), AnswerError> {
        if let Some(address) = self.json.find(&["address"]) {
            compare("address", address.address()?, account.address())?;
        }
        compare("nonce", self.json.member(&["nonce"])?.word()?, U256::from(account.nonce()))?;
        compare("balance", self.json.member(&["balance"])?.word()?, account.balance())?;
        for (name, found) in [("codeHash", account.code_hash()), ("storageHash", account.storage_root())] {
            let stated = self.json.member(&[name])?.hash()?;
            // Of an absent account, go-ethereum states zeros, others the hashes of nothing.
            let is_zero = stated.is_zero() && !account.exists();
            compare(name, if is_zero { found } else { stated }, found)?;
        }
        Ok(())
    }
}

fn compare<T: PartialEq + ToString>(what: &'static str, expected: T, found: T) -> Result<(), AnswerError> {
    if expected == found {
        return Ok(());
    }
    Err(AnswerError::Value { what, expected: expected.to_string(), found: found.to_string() })
}

/// Why an answer is not the answer to its question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("expected a verified header, found none")]
    NoHeader,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Rpc(#[from] RpcError),
    #[error("slot {slot}: expected {expected}, found {found}")]
    Slot { slot: B256, expected: U256, found: U256 },
    #[error("{what}: expected {expected}, found {found}")]
    Value { what: &'static str, expected: String, found: String },
}
