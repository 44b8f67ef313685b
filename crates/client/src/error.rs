//! One error for every method of the client, with a stable code for each case.
//!
//! A code (`header/not-enough-seals`) names what is wrong for programs and translations; `expected` and `found` are the
//! two sides of a mismatch; `endpoint` says who sent it; `fault` says whom to distrust. Codes are never reused for
//! something else.

use core::fmt;

use lightclient::{Fault, HeaderError, InclusionError, LogsError, ProofError, VerifyError};
use protocol::access_log::AccessLogError;
use protocol::checkpoint::CheckpointError;
use protocol::grant::Refusal;
use protocol::layout::LayoutError;
use records::record_set::RecordSetError;

use crate::explain;
use crate::gatekeeper::GatekeeperError;
use crate::history::HistoryError;
use crate::journeys::JourneyError;
use crate::ports::EntropyError;
use crate::rpc::RpcError;
use crate::state::StateError;
use crate::sync::SyncError;
use crate::transact::TransactError;

/// What went wrong, and at which endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// What went wrong.
    pub problem: Box<Problem>,
    /// The RPC endpoint or gatekeeper that caused it, if one did.
    pub endpoint: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// An access log is not the one on chain.
    #[error(transparent)]
    AccessLog(#[from] AccessLogError),
    /// A checkpoint that operators have signed is of no use.
    #[error("{}", explain::chain(.0))]
    Checkpoint(#[source] CheckpointError),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A gatekeeper's answer is of no use.
    #[error(transparent)]
    Gatekeeper(#[from] GatekeeperError),
    /// A header is not valid.
    #[error("{}", explain::chain(.0))]
    Header(#[source] VerifyError),
    /// The past cannot be looked up.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Transactions or receipts are not those of a block.
    #[error("{}", explain::chain(.0))]
    Inclusion(#[source] InclusionError),
    /// A journey cannot go on.
    #[error(transparent)]
    Journey(#[from] JourneyError),
    /// Proven words are not what the contracts write.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Logs are not all of a range.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// A state proof is not valid.
    #[error("{}", explain::chain(.0))]
    Proof(#[source] ProofError),
    /// Records do not lead to the root on chain.
    #[error(transparent)]
    Records(#[from] RecordSetError),
    /// A node's answer is of no use.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// A contract is not the one of the network description.
    #[error(transparent)]
    State(#[from] StateError),
    /// The client does not stand where it should.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The effect of a transaction is not there.
    #[error(transparent)]
    Transact(#[from] TransactError),
    /// No endpoint answered.
    #[error("no endpoint answered: {}", EndpointFailure::list(.endpoints))]
    Unreachable {
        /// How each of them failed.
        endpoints: Vec<EndpointFailure>,
    },
}

/// How one endpoint failed to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointFailure {
    /// Its address.
    pub url: String,
    /// Why, as [`ClientError::code`] has it.
    pub code: String,
    /// Why, in words.
    pub reason: String,
}

/// The parts of an error that programs and translations use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) code: String,
    pub(crate) expected: Option<String>,
    pub(crate) found: Option<String>,
}

impl ClientError {
    /// Names the endpoint, unless one is named already.
    #[must_use]
    pub fn at(mut self, endpoint: &str) -> Self {
        self.endpoint.get_or_insert_with(|| endpoint.to_owned());
        self
    }

    /// Returns the stable code, such as `header/not-enough-seals`.
    #[must_use]
    pub fn code(&self) -> String {
        self.problem.explain().code
    }

    /// Returns what should have been, if this is a mismatch.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        self.problem.explain().expected
    }

    /// Returns what was there instead, if this is a mismatch.
    #[must_use]
    pub fn found(&self) -> Option<String> {
        self.problem.explain().found
    }

    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match &*self.problem {
            Problem::Checkpoint(error) => error.fault(),
            Problem::AccessLog(error) => error.fault(),
            Problem::Entropy(_) => Fault::Caller,
            Problem::Gatekeeper(error) => error.fault(),
            Problem::Header(error) => error.fault(),
            Problem::History(error) => error.fault(),
            Problem::Inclusion(error) => error.fault(),
            Problem::Journey(error) => error.fault(),
            Problem::Layout(error) => error.fault(),
            Problem::Logs(error) => error.fault(),
            Problem::Proof(error) => error.fault(),
            Problem::Records(error) => error.fault(),
            Problem::Rpc(error) => error.fault(),
            Problem::State(error) => error.fault(),
            Problem::Sync(error) => error.fault(),
            Problem::Transact(error) => error.fault(),
            Problem::Unreachable { .. } => Fault::Unavailable,
        }
    }

    /// Whether this is the evidence of two sealed headers at one height.
    #[must_use]
    pub fn is_equivocation(&self) -> bool {
        matches!(&*self.problem, Problem::Sync(SyncError::Equivocation { .. }))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(formatter, "{endpoint}: {}", self.problem),
            None => write!(formatter, "{}", self.problem),
        }
    }
}

impl core::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&*self.problem)
    }
}

impl<E: Into<Problem>> From<E> for ClientError {
    fn from(error: E) -> Self {
        Self { problem: Box::new(error.into()), endpoint: None }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Journey(refusal.into())
    }
}

impl From<CheckpointError> for Problem {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        Self::Header(error)
    }
}

impl From<HeaderError> for Problem {
    fn from(error: HeaderError) -> Self {
        Self::Header(error.into())
    }
}

impl From<InclusionError> for Problem {
    fn from(error: InclusionError) -> Self {
        Self::Inclusion(error)
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

impl Problem {
    /// The code and the two sides of the mismatch.
    fn explain(&self) -> Explained {
        match self {
            Self::Checkpoint(error) => explain::checkpoint(error),
            Self::Entropy(_) => explain::plain("platform/no-randomness"),
            Self::Gatekeeper(error) => explain::gatekeeper(error),
            Self::Header(error) => explain::header(error),
            Self::History(error) => explain::history(error),
            Self::Inclusion(error) => explain::inclusion(error),
            Self::Journey(error) => explain::journey(error),
            Self::AccessLog(error) => explain::access_log(error),
            Self::Layout(error) => explain::layout(error),
            Self::Logs(error) => explain::logs(error),
            Self::Proof(error) => explain::proof(error),
            Self::Records(error) => explain::records(error),
            Self::Rpc(error) => explain::rpc(error),
            Self::State(error) => explain::state(error),
            Self::Sync(error) => explain::sync(error),
            Self::Transact(error) => explain::transact(error),
            Self::Unreachable { endpoints } => {
                explain::found_at("network/unreachable", EndpointFailure::list(endpoints))
            }
        }
    }
}

impl EndpointFailure {
    fn list(failures: &[Self]) -> String {
        let list: Vec<String> =
            failures.iter().map(|failure| format!("{} ({})", failure.url, failure.reason)).collect();
        list.join(", ")
    }
}
