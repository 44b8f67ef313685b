//! Proof-of-authority Ethereum, verified: headers, seals, validator sets, account and storage proofs.
//!
//! Everything a server says about the chain enters here as untrusted bytes and leaves as a type that only a
//! verifier of this crate can make. The types form one chain, each made from the one before it:
//!
//! ```text
//! TrustedCheckpoint → VerifiedHeader → ProvenAccount → ProvenSlot
//!                                    → ProvenTransactions, ProvenReceipts → ProvenLog
//! ```
//!
//! so that a value nobody proved cannot be used by mistake. A verifier takes *what was asked* as an argument
//! and never reads it from the answer. Nothing here does I/O, reads a clock, or needs randomness: time and
//! trust roots are arguments.
//!
//! * [`verify_checkpoint`], [`verify_header`] and [`verify_parent`]: headers of five seal schemes, one after the
//!   other, skipping, or backward; start reading there to learn how such a light client works;
//! * [`verify_account`] and [`ProvenAccount::verify_slot`]: `eth_getProof` answers (EIP-1186);
//! * [`verify_transactions`], [`verify_receipts`]: all of a block, or by proof nodes [one](verify_transaction) of them;
//! * [`verify_logs`]: all logs of interest in a range of blocks;
//! * [`Transaction`], [`Signature`]: what a client needs to send a transaction of its own; [`SignedTransaction`],
//!   [`Receipt`]: those of others, encoded as they stand in a block.

mod bft;
mod clique;
mod fault;
mod header;
mod inclusion;
mod known_key;
mod logs;
mod ordered_trie;
mod proof;
mod receipt;
mod rlp;
mod rules;
mod seals;
mod signature;
mod signed_transaction;
mod transaction;
mod trie;
mod validator_list;
mod validators;
mod verify;

pub use alloy_primitives::keccak256;

pub use crate::{
    bft::BftError,
    clique::CliqueError,
    fault::Fault,
    header::{Header, HeaderError},
    inclusion::{
        InclusionError, ItemKind, ProvenReceipt, ProvenReceipts, ProvenTransaction, ProvenTransactions,
        verify_receipt, verify_receipts, verify_transaction, verify_transactions,
    },
    known_key::{KnownKeys, Signed},
    logs::{LogFilter, LogsError, ProvenLog, verify_logs},
    proof::{ProofError, ProvenAccount, ProvenSlot, verify_account},
    receipt::{Log, Outcome, Receipt, ReceiptError},
    rlp::{RlpError, RlpKind},
    rules::{ChainRules, Schedule, ScheduleError, SealScheme, Transition, TrustThreshold},
    seals::unite_seals,
    signature::{ParityByte, Signature, SignatureError, public_key_address, recover_low_s, recover_signer},
    signed_transaction::{
        Access, AccessListItem, Authorization, Fees, SignedTransaction, TransactionError, TransactionKind,
    },
    transaction::{Transaction, transaction_hash},
    trie::TrieError,
    validator_list::{ValidatorListError, ValidatorProof, validator_slots},
    validators::{ValidatorSet, ValidatorSetError},
    verify::{
        Asked, Evidence, TrustedCheckpoint, UnsettledHeader, VerifiedHeader, VerifyError, block_hash, rewalk,
        verify_checkpoint, verify_header, verify_headers, verify_parent, verify_unsettled,
    },
};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds, as in a header's `timestamp`.
pub type UnixTime = u64;

/// Height of a block; the genesis block has number 0.
pub type BlockNumber = u64;

#[cfg(test)]
mod testing;
