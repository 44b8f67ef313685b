//! What came of a check: how many of each kind hold, and what does not.

use std::error::Error;
use std::fmt;

/// Counts and failures.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) headers: Count,
    pub(crate) proofs: Count,
    pub(crate) receipts: Count,
    pub(crate) logs: Count,
    pub(crate) variants: Count,
    pub(crate) negatives: Count,
    /// One line each, in the order in which they were found.
    pub(crate) failures: Vec<String>,
}

/// How many hold, of how many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) held: usize,
    pub(crate) total: usize,
}

impl Count {
    pub(crate) fn count(&mut self, holds: bool) {
        self.held += usize::from(holds);
        self.total += 1;
    }
}

impl Report {
    pub(crate) fn fail(&mut self, failure: String) {
        self.failures.push(failure);
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.held, self.total)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, proofs, receipts, logs, variants, negatives, .. } = self;
        write!(f, "headers {headers}, proofs {proofs}, receipts {receipts}, logs {logs}, ")?;
        write!(f, "variants {variants}, negatives {negatives}")
    }
}

/// An error and its causes in one line.
pub(crate) fn said(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}
