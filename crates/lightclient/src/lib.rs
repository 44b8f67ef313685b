//! Proof-of-authority Ethereum, verified: headers, seals, validator sets, account and storage proofs.
//!
//! # What a light client is
//!
//! A full node executes every block of a chain. A light client executes none: it checks who vouches for a block, and
//! has all else proven by hashes that lead to the 32-byte roots in the block's header. In a permissioned chain, under
//! *proof of authority*, known accounts vouch for blocks: the *validators*, by their *seals*. No server is trusted.
//! What is trusted is in the client's hands before it asks the first one:
//!
//! * one header, the *trusted checkpoint*, by height and hash, and the rules of the chain ([`ChainRules`]);
//! * that of the validators of a header it trusts no more are faulty than an engine tolerates ([`ValidatorSet`]), and
//!   this only until the *trusting period* after that header ends;
//! * its own clock.
//!
//! From there on each step rests on the one before:
//!
//! | step | by | what it takes |
//! | --- | --- | --- |
//! | checkpoint | [`verify_checkpoint`] | the header whose hash is known |
//! | skip | [`verify_header`] | any later header that enough of the validators trusted so far have sealed |
//! | seals | [`verify_header`] | of that header: a quorum of its own validators, each once, and nobody else |
//! | state proof | [`verify_account`] | the trie nodes between its state root and an account |
//! | value | [`ProvenAccount::verify_slot`] | the trie nodes between the account's storage root and a storage slot |
//!
//! A value that is absent is proven like one that is present. Why a skip may leave out all headers in between, and
//! what is different under Clique, stands at the top of `src/verify.rs`.
//!
//! # How this crate is built
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
//!   other, skipping, or backward;
//! * [`verify_account`] and [`ProvenAccount::verify_slot`]: `eth_getProof` answers (EIP-1186);
//! * [`verify_transactions`], [`verify_receipts`]: all of a block, or by proof nodes [one](verify_transaction) of them;
//! * [`verify_logs`]: all logs of interest in a range of blocks;
//! * [`Transaction`], [`Signature`]: what a client needs to send a transaction of its own; [`SignedTransaction`],
//!   [`Receipt`]: those of others, encoded as they stand in a block.
//!
//! # Examples
//!
//! From the genesis block of a chain that GoQuorum sealed to a storage slot 205 blocks later, by one header and two
//! proofs; the validators have changed three times in between.
//!
//! ```
//! # use alloy_primitives::{B256, Bytes, U256};
//! # use lightclient::{
//! #     Asked, ChainRules, Evidence, Header, Schedule, SealScheme, TrustThreshold, TrustedCheckpoint,
//! #     VerifyError, verify_account, verify_checkpoint, verify_header,
//! # };
//! # macro_rules! recorded {
//! #     ($file:literal) => {
//! #         include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/recorded/goquorum-qbft/", $file))
//! #     };
//! # }
//! # fn read<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> T {
//! #     serde_json::from_value(value.clone()).unwrap()
//! # }
//! # let headers: serde_json::Value = serde_json::from_str(recorded!("headers.json"))?;
//! # let header_bytes = |number: usize| read::<Bytes>(&headers["headers"][number]["headerRlp"]);
//! # let proofs: serde_json::Value = serde_json::from_str(recorded!("proofs.json"))?;
//! # let mut answers = proofs["proofs"].as_array().unwrap().iter().rev();
//! # let answer = answers.find(|answer| answer["slots"][0]["value"] == "0x83").unwrap();
//! # let nodes = |positions: &serde_json::Value| {
//! #     let positions: Vec<usize> = read(positions);
//! #     positions.into_iter().map(|at| read(&proofs["nodes"][at])).collect::<Vec<Bytes>>()
//! # };
//! # let (account_nodes, slot_nodes) = (nodes(&answer["accountProof"]), nodes(&answer["slots"][0]["proof"]));
//! // From the network description.
//! let rules = ChainRules {
//!     chain_id: 81_337,
//!     schedule: Schedule::constant(SealScheme::Qbft, 60, 1),
//!     trust: TrustThreshold::OneThird,
//!     trusting_period: 86_400,
//!     clock_drift: 5,
//! };
//! let hash = "0x885be30a445e9e1d07d3ef1a8e4d8afc120587d62fca9ac18947364491ffa409".parse()?;
//! let checkpoint = TrustedCheckpoint { number: 0, hash };
//!
//! // Bytes from any server.
//! let genesis = Header::decode(&header_bytes(0))?;
//! let latest = Header::decode(&header_bytes(205))?;
//! let now = latest.timestamp + 1;
//!
//! let genesis = verify_checkpoint(&checkpoint, &genesis, Evidence::None, &rules)?;
//! let head = verify_header(&genesis, &latest, Evidence::None, Asked::Latest, &rules, now)?;
//! assert_eq!((head.number(), head.validators().len(), head.signers().len()), (205, 5, 4));
//!
//! let contract = "0x39bcfb18bd176a2960225949647c9b3da2d7668a".parse()?;
//! let account = verify_account(&head, contract, &account_nodes)?;
//! let slot = account.verify_slot(B256::ZERO, &slot_nodes)?;
//! assert_eq!(slot.value(), U256::from(0x83));
//!
//! // A header that says anything else is not what the validators have sealed.
//! let forged = Header { state_root: B256::ZERO, ..latest };
//! let refused = verify_header(&genesis, &forged, Evidence::None, Asked::Latest, &rules, now);
//! assert!(matches!(refused, Err(VerifyError::UnknownSigner { number: 205, .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bft;
mod clique;
mod fault;
mod header;
mod inclusion;
mod keccak;
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
    keccak::keccak256_pair,
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
