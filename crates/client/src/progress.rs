//! How far something has come that takes long enough for a person to wonder.

/// How far a journey, or a long verification, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done now.
    pub step: Step,
    /// Steps done.
    pub done: u32,
    /// Steps in all; 0 while that is not known.
    pub total: u32,
}

impl Progress {
    /// `done` of `total` blocks, or of whatever else there can be very many of.
    pub(crate) fn of(step: Step, done: u64, total: u64) -> Self {
        let whole = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { step, done: whole(done), total: whole(total) }
    }
}

/// A step of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Asking the gatekeeper.
    Ask,
    /// Proving what the chain says.
    Prove,
    /// Signing and sending a transaction.
    Send,
    /// Bringing the light client to the newest block.
    Sync,
    /// Verifying what the gatekeeper answered.
    Verify,
    /// Waiting until the chain proves the effect.
    Wait,
}

impl Step {
    /// The stable name: `ask`, `prove`, `send`, `sync`, `verify`, `wait`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Prove => "prove",
            Self::Send => "send",
            Self::Sync => "sync",
            Self::Verify => "verify",
            Self::Wait => "wait",
        }
    }
}
