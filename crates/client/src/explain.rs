//! The stable code of each error, and the two sides of its mismatch as text.
//!
//! One table for all modules, so that codes can be compared at a glance; the page has its sentences for them.

use core::error::Error;
use core::fmt::Display;

use lightclient::{
    BftError, CliqueError, InclusionError, LogsError, ProofError, TrieError, ValidatorListError, VerifyError,
};
use protocol::access_log::AccessLogError;
use protocol::answer::AnswerError;
use protocol::checkpoint::CheckpointError;
use protocol::layout::LayoutError;
use records::json::JsonError;
use records::record_set::RecordSetError;

use crate::error::Explained;
use crate::gatekeeper::GatekeeperError;
use crate::history::HistoryError;
use crate::journeys::JourneyError;
use crate::ports::TransportError;
use crate::rpc::RpcError;
use crate::state::StateError;
use crate::sync::SyncError;
use crate::transact::TransactError;

/// A code alone.
pub(crate) fn plain(code: &str) -> Explained {
    Explained { code: code.to_owned(), expected: None, found: None }
}

/// A code and what was found.
pub(crate) fn found_at(code: &str, found: impl Display) -> Explained {
    Explained { code: code.to_owned(), expected: None, found: Some(found.to_string()) }
}

/// A code and what was expected.
pub(crate) fn expected(code: &str, expected: impl Display) -> Explained {
    Explained { code: code.to_owned(), expected: Some(expected.to_string()), found: None }
}

/// A code and both sides.
pub(crate) fn mismatch(code: &str, expected: impl Display, found: impl Display) -> Explained {
    Explained { code: code.to_owned(), expected: Some(expected.to_string()), found: Some(found.to_string()) }
}

/// The message of an error and of all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// `checkpoint/…`: what operators have signed, or have not.
pub(crate) fn checkpoint(error: &CheckpointError) -> Explained {
    match error {
        CheckpointError::Behind { expected, found } => mismatch("checkpoint/behind", expected, found),
        CheckpointError::Conflict { expected, found, .. } => mismatch("checkpoint/conflict", expected, found),
        CheckpointError::DoubleSigner { signer } => found_at("checkpoint/duplicate-signer", signer),
        CheckpointError::Form(_) | CheckpointError::Json { .. } => {
            found_at("checkpoint/malformed", chain(error))
        }
        CheckpointError::NetworkId { expected, found } => {
            mismatch("checkpoint/other-network", expected, found)
        }
        CheckpointError::NoOperators => plain("checkpoint/no-operators"),
        CheckpointError::Signature(_) => found_at("checkpoint/bad-signature", chain(error)),
        CheckpointError::TooFewSigners { expected, found } => {
            mismatch("checkpoint/not-enough-signers", expected, found)
        }
        CheckpointError::UnknownSigner { signer } => found_at("checkpoint/unknown-signer", signer),
    }
}

/// `header/…`
pub(crate) fn header(error: &VerifyError) -> Explained {
    match error {
        VerifyError::Backward { expected, found, .. } => mismatch("header/backward", expected, found),
        VerifyError::Clique { source, .. } => clique(source),
        VerifyError::ConfiguredValidators { found, .. } => mismatch("header/configured-validators", 0, found),
        VerifyError::Difficulty { expected, found, .. } => mismatch("header/constants", expected, found),
        VerifyError::DuplicateSigner { signer, .. } => found_at("header/duplicate-signer", signer),
        VerifyError::EvidenceMissing { .. } => plain("header/evidence-missing"),
        VerifyError::ExtraData { source, .. } => match source {
            BftError::ProposerSeal { .. } | BftError::Seal { .. } => {
                found_at("header/bad-seal", chain(source))
            }
            _ => found_at("header/extra-data", chain(source)),
        },
        VerifyError::Fork { expected, found, .. } => mismatch("network/equivocation", expected, found),
        VerifyError::FromFuture { expected, found, .. } => mismatch("clock/behind", expected, found),
        VerifyError::GasUsed { expected, found, .. } => mismatch("header/gas-used", expected, found),
        VerifyError::GenesisSealed { seals, .. } => mismatch("header/genesis-sealed", 0, seals),
        VerifyError::Hash { expected, found, .. } => mismatch("header/hash-mismatch", expected, found),
        VerifyError::Header(source) => found_at("header/malformed", chain(source)),
        VerifyError::MixHash { expected, found, .. } => mismatch("header/constants", expected, found),
        VerifyError::Nonce { found, .. } => {
            mismatch("header/constants", "0x0000000000000000", alloy_primitives::hex::encode_prefixed(found))
        }
        VerifyError::NotEnoughSeals { expected, found, .. } => {
            mismatch("header/not-enough-seals", expected, found)
        }
        VerifyError::NotEnoughTrust { expected, found, .. } => {
            mismatch("header/not-enough-trust", expected, found)
        }
        VerifyError::NotSettled { expected, found, .. } => mismatch("header/not-settled", expected, found),
        VerifyError::Number { expected, found } => mismatch("header/number-mismatch", expected, found),
        VerifyError::Ommers { expected, found, .. } => mismatch("header/constants", expected, found),
        VerifyError::Parent { expected, found, .. } => mismatch("header/parent-mismatch", expected, found),
        VerifyError::Proposer { proposer, .. } => found_at("header/unknown-proposer", proposer),
        VerifyError::SetChange { expected, found, .. } => mismatch("header/set-change", expected, found),
        VerifyError::TooEarly { expected, found, .. } => mismatch("header/too-early", expected, found),
        VerifyError::TrustExpired { expected, found, .. } => {
            mismatch("header/trust-expired", expected, found)
        }
        VerifyError::UnknownSigner { signer, .. } => found_at("header/unknown-signer", signer),
        VerifyError::UnvotedChange { expected, found, .. } => {
            let expected = expected.map_or_else(|| "none".to_owned(), |candidate| candidate.to_string());
            mismatch("header/unvoted-change", expected, found)
        }
        VerifyError::ValidatorList { source, .. } => match source {
            ValidatorListError::Proof(source) => proof(source),
            ValidatorListError::Length { expected, found, .. } => {
                mismatch("header/validator-list", expected, found)
            }
            _ => found_at("header/validator-list", chain(source)),
        },
    }
}

/// Clique's rules, by the code of the same rule elsewhere where there is one.
fn clique(error: &CliqueError) -> Explained {
    match error {
        CliqueError::Appended { field, .. } => found_at("header/constants", field),
        CliqueError::BaseFee { expected, found, .. } => {
            mismatch("header/base-fee", format_args!("{expected:?}"), format_args!("{found:?}"))
        }
        CliqueError::CheckpointSigners { expected, found, .. } => {
            mismatch("header/checkpoint-signers", format_args!("{expected:?}"), format_args!("{found:?}"))
        }
        CliqueError::Difficulty { found, .. } => mismatch("header/constants", "1 or 2", found),
        CliqueError::ExtraLength { .. } | CliqueError::SignerList { .. } => {
            found_at("header/extra-data", chain(error))
        }
        CliqueError::GasLimit { expected, found, .. } => mismatch("header/gas-limit", expected, found),
        CliqueError::GasUsed { expected, found, .. } => mismatch("header/gas-used", expected, found),
        CliqueError::CheckpointVote { .. }
        | CliqueError::MixHash { .. }
        | CliqueError::Nonce { .. }
        | CliqueError::Ommers { .. } => found_at("header/constants", error),
        CliqueError::NotCheckpoint { .. } => found_at("header/no-checkpoint", error),
        CliqueError::Number { expected, found } => mismatch("header/number-mismatch", expected, found),
        CliqueError::RecentSigner { signer, .. } => found_at("header/recent-signer", signer),
        CliqueError::Seal { .. } => found_at("header/bad-seal", chain(error)),
        CliqueError::TooEarly { expected, found, .. } => mismatch("header/too-early", expected, found),
        CliqueError::Turn { expected, found, .. } => mismatch("header/turn", expected, found),
        CliqueError::UnknownSigner { signer, .. } => found_at("header/unknown-signer", signer),
    }
}

/// `proof/…`
pub(crate) fn proof(error: &ProofError) -> Explained {
    match error {
        ProofError::Account { source, .. } | ProofError::Slot { source, .. } => trie(source),
        ProofError::AccountValue { source, .. } | ProofError::SlotValue { source, .. } => {
            found_at("proof/malformed", source)
        }
    }
}

fn trie(error: &TrieError) -> Explained {
    match error {
        TrieError::MissingNode { expected, .. } => self::expected("proof/incomplete", expected),
        TrieError::Node { expected, found, .. } => mismatch("proof/node-mismatch", expected, found),
        TrieError::Root { expected, found } => mismatch("proof/root-mismatch", expected, found),
        TrieError::SpareNodes { expected, found } => mismatch("proof/spare-nodes", expected, found),
        TrieError::NodeTooLong { expected, found, .. }
        | TrieError::TooLong { expected, found }
        | TrieError::TooManyNodes { expected, found } => mismatch("proof/too-large", expected, found),
        TrieError::Rlp { .. } | TrieError::Shape { .. } => found_at("proof/malformed", chain(error)),
    }
}

/// `proof/…`: transactions and receipts that are not those of a block.
pub(crate) fn inclusion(error: &InclusionError) -> Explained {
    match error {
        InclusionError::HeaderBloom { block } | InclusionError::ReceiptBloom { block, .. } => {
            found_at("proof/bloom-mismatch", block)
        }
        InclusionError::Proof { source, .. } => trie(source),
        InclusionError::Receipt { source, .. } => found_at("proof/malformed", chain(source)),
        InclusionError::Root { expected, found, .. } => mismatch("proof/root-mismatch", expected, found),
        InclusionError::TooLarge { expected, found, .. } => mismatch("proof/too-large", expected, found),
    }
}

/// `proof/…`: logs that are not all of a range.
pub(crate) fn logs(error: &LogsError) -> Explained {
    match error {
        LogsError::BodyMissing { hash, .. } => expected("proof/incomplete", hash),
        LogsError::BodySpare { hash } => found_at("proof/spare-block", hash),
        LogsError::Count { expected, found, .. } => mismatch("proof/receipt-count", expected, found),
        LogsError::HeaderMissing { number } => expected("proof/incomplete", number),
        LogsError::HeaderSpare { number } => found_at("proof/spare-block", number),
        LogsError::Parent { expected, found, .. } => mismatch("header/parent-mismatch", expected, found),
    }
}

/// `history/…`: what lies too far back, or not where a node says.
pub(crate) fn history(error: &HistoryError) -> Explained {
    match error {
        HistoryError::AfterHead { head, found } => mismatch("history/after-head", head, found),
        HistoryError::NoRange { from, to } => mismatch("history/no-range", from, to),
        HistoryError::NotInBlock { transaction, .. } => expected("history/not-in-block", transaction),
        HistoryError::TooFarBack { limit, found } => mismatch("history/too-far-back", limit, found),
        HistoryError::TooLarge { limit_bytes } => {
            expected("history/too-large", format!("at most {limit_bytes} bytes"))
        }
    }
}

/// `network/…` for nodes that do not answer, `rpc/…` for answers that are of no use.
pub(crate) fn rpc(error: &RpcError) -> Explained {
    match error {
        RpcError::Absent { what } => {
            Explained { code: "rpc/absent".to_owned(), expected: Some((*what).to_owned()), found: None }
        }
        RpcError::Data { expected, found, .. } | RpcError::Quantity { expected, found, .. } => {
            mismatch("rpc/malformed", expected, found)
        }
        RpcError::ForkFields { missing, present } => mismatch("rpc/malformed", missing, present),
        RpcError::Json(error @ JsonError::DuplicateName { .. }) => found_at("rpc/duplicate-name", error),
        RpcError::Json(error) => mismatch("rpc/not-json", "json", error),
        RpcError::Refused { message, .. } => found_at("rpc/refused", message),
        RpcError::Shape { expected, found, .. } => mismatch("rpc/malformed", expected, found),
        RpcError::SlotMissing { slot } => {
            Explained { code: "proof/slot-missing".to_owned(), expected: Some(slot.to_string()), found: None }
        }
        RpcError::SlotSpare { slot } => found_at("proof/slot-spare", slot),
        RpcError::Transport(error) => transport("network", error),
    }
}

/// No answer: `network/…` from an RPC endpoint, `gatekeeper/…` from a gatekeeper.
fn transport(whose: &str, error: &TransportError) -> Explained {
    let code = |what: &str| format!("{whose}/{what}");
    match error {
        TransportError::Connection { reason } => found_at(&code("unreachable"), reason),
        TransportError::Status { found } => mismatch(&code("http-status"), 200, found),
        TransportError::Timeout { limit_millis } => found_at(&code("timeout"), format!("{limit_millis} ms")),
        TransportError::TooLarge { limit_bytes } => {
            expected(&code("answer-too-large"), format!("at most {limit_bytes} bytes"))
        }
        TransportError::Url { url } => found_at(&code("bad-url"), url),
    }
}

/// `gatekeeper/…`; a signed refusal is `gatekeeper/refused/<code of the refusal>`.
pub(crate) fn gatekeeper(error: &GatekeeperError) -> Explained {
    match error {
        GatekeeperError::Answer(error) => answer(error),
        GatekeeperError::CategoryMissing { category } => expected("gatekeeper/category-missing", category),
        GatekeeperError::Content { reason } => found_at("gatekeeper/bad-content", reason),
        GatekeeperError::Envelope(error) => found_at("gatekeeper/not-for-us", error),
        GatekeeperError::MemberRemoved { steward } => found_at("gatekeeper/member-removed", steward),
        GatekeeperError::NoMember { steward } => expected("gatekeeper/no-member", steward),
        GatekeeperError::Origin { origin, .. } => found_at("gatekeeper/bad-origin", origin),
        GatekeeperError::Refused(refusal) => Explained {
            code: format!("gatekeeper/refused/{}", refusal.code),
            expected: refusal.expected.clone(),
            found: refusal.found.clone(),
        },
        GatekeeperError::Transport(error) => transport("gatekeeper", error),
    }
}

fn answer(error: &AnswerError) -> Explained {
    match error {
        AnswerError::ContentType { expected, found } => mismatch("gatekeeper/bad-answer", expected, found),
        AnswerError::Network { expected, found } => mismatch("gatekeeper/bad-answer", expected, found),
        AnswerError::Refusal { reason } => found_at("gatekeeper/bad-answer", reason),
        AnswerError::Signature(error) => found_at("gatekeeper/bad-signature", error),
        AnswerError::TooLarge { limit, found } => mismatch("gatekeeper/answer-too-large", limit, found),
    }
}

/// `access/<code of the refusal>` for what the proven state does not permit, `invitation/…`, `relationship/…`.
pub(crate) fn journey(error: &JourneyError) -> Explained {
    match error {
        JourneyError::Access(refusal) => {
            mismatch(&format!("access/{}", refusal.code), &refusal.expected, &refusal.found)
        }
        JourneyError::Contribution(error) => found_at("contribution/malformed", error),
        JourneyError::Circle(error) => found_at("guardians/hidden", error),
        JourneyError::KeyReplaced { expected, found, .. } => {
            mismatch("identity/key-replaced", expected, found)
        }
        JourneyError::Keys { expected, found } => mismatch("guardians/keys", expected, found),
        JourneyError::NotApproved { ready_at, .. } => Explained {
            code: "guardians/not-approved".to_owned(),
            expected: ready_at.map(|ready_at| ready_at.to_string()),
            found: None,
        },
        JourneyError::NotGuarded { identity } => found_at("guardians/not-guarded", identity),
        JourneyError::NotGuardian { found } => found_at("guardians/not-guardian", found),
        JourneyError::NotPublished { steward, .. } => expected("relationship/not-published", steward),
        JourneyError::OtherNetwork { expected, found } => {
            mismatch("invitation/other-network", expected, found)
        }
        JourneyError::Status { expected, found } => {
            mismatch("relationship/status", expected.name(), found.name())
        }
        JourneyError::UnknownSteward { steward } => found_at("invitation/unknown-steward", steward),
    }
}

/// `record/…`: a whole category that is not what was anchored.
pub(crate) fn records(error: &RecordSetError) -> Explained {
    match error {
        RecordSetError::Category { expected, found } => mismatch("record/category-mismatch", expected, found),
        RecordSetError::Count { expected, found, .. } => mismatch("record/count-mismatch", expected, found),
        RecordSetError::DuplicateRecord { id } => found_at("record/duplicate", id),
        RecordSetError::HalfRecord { index, .. } => found_at("record/half", index),
        RecordSetError::Listed { expected, found, .. } => mismatch("record/leaf-mismatch", expected, found),
        RecordSetError::Order { index, .. } => found_at("record/out-of-order", index),
        RecordSetError::Place { place, .. } => found_at("record/misplaced-change", place),
        RecordSetError::Revisions { expected, found, .. } => {
            mismatch("record/revisions-mismatch", expected, found)
        }
        RecordSetError::Root { expected, found, .. } => mismatch("record/root-mismatch", expected, found),
        RecordSetError::Total { expected, found } => mismatch("record/total-mismatch", expected, found),
    }
}

/// `network/…` for contracts that do not fit the network description.
pub(crate) fn state(error: &StateError) -> Explained {
    match error {
        StateError::ServedCode { expected, found, .. } => mismatch("proof/code-mismatch", expected, found),
        StateError::CodeHash { expected, found, .. } => mismatch("network/wrong-code", expected, found),
        StateError::NoContract { address, .. } => expected("network/no-contract", address),
    }
}

/// `network/…` for where the client stands.
pub(crate) fn sync(error: &SyncError) -> Explained {
    match error {
        SyncError::Ancestry { expected, found, .. } => mismatch("network/ancestry", expected, found),
        SyncError::Conflict { expected, found, .. } => mismatch("network/conflicting-head", expected, found),
        SyncError::Equivocation { expected, found, .. } => mismatch("network/equivocation", expected, found),
        SyncError::NoHead => plain("network/no-head"),
        SyncError::StaleHead { limit_seconds, age_seconds, .. } => {
            mismatch("network/stale-head", format!("at most {limit_seconds} s"), format!("{age_seconds} s"))
        }
        SyncError::TooManySteps { limit, number } => mismatch("header/too-many-steps", limit, number),
        SyncError::WrongNetwork { expected, found, .. } => mismatch("network/wrong-network", expected, found),
    }
}

/// `transaction/…`
pub(crate) fn transact(error: &TransactError) -> Explained {
    match error {
        TransactError::NoEffect { transaction, .. } => found_at("transaction/no-effect", transaction),
        TransactError::NotProven { limit_seconds, .. } => {
            found_at("transaction/not-proven", format!("{limit_seconds} s"))
        }
    }
}

/// `access-log/…`: a list of accesses that is not what is anchored.
pub(crate) fn access_log(error: &AccessLogError) -> Explained {
    match error {
        AccessLogError::Anchors { expected, found, .. } => {
            mismatch("access-log/other-anchors", expected, found)
        }
        AccessLogError::Head { expected, found, .. } => mismatch("access-log/other-head", expected, found),
        AccessLogError::NoFirst { found } | AccessLogError::NoSuchAnchor { found } => {
            found_at("access-log/numbering", found)
        }
        AccessLogError::Shortened { expected, found } => mismatch("access-log/shortened", expected, found),
    }
}

/// `layout/…`: proven words that this version's contracts never write.
pub(crate) fn layout(error: &LayoutError) -> Explained {
    match error {
        LayoutError::Block { expected, found, .. } | LayoutError::Slot { expected, found } => {
            mismatch("layout/other-slot", expected, found)
        }
        LayoutError::Contract { expected, found, .. } => mismatch("layout/other-slot", expected, found),
        LayoutError::SlotCount { expected, found } => mismatch("layout/other-slot", expected, found),
        LayoutError::Text { slot, .. } => found_at("layout/word", slot),
        LayoutError::TooLong { expected, found, .. } => mismatch("layout/too-long", expected, found),
        LayoutError::Word { word, .. } => found_at("layout/word", word),
    }
}
