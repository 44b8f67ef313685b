//! Who is to blame for an error.
//!
//! Each public error of this crate answers `fault()`, so that a client can decide what to do (leave that
//! server, try again, tell the user) without knowing every variant.

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Our own bug, the user's input, or the user's clock.
    Caller,
    /// The source answered with something that is not true, or not well-formed: distrust it.
    Peer,
    /// Nothing is wrong with the answer, but it does not suffice: try again or ask for more.
    Unavailable,
}
