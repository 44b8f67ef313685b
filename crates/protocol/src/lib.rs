//! MedRec's own bytes: what is on the chain, what is in a record set, and what client and gatekeeper say to each other.
//!
//! Everything here is a pure function: no I/O, no clock, no randomness. Time, random bytes and what was asked are
//! arguments; what comes from outside (records, requests, answers, words of a phrase) is refused unless it is
//! exactly right. The protocol is written down for a second implementation in `docs/gatekeeper-protocol.md`.

pub mod access_log;
pub mod access_request;
pub mod answer;
pub mod checkpoint;
pub mod contracts;
pub mod contribution;
pub mod envelope;
pub mod grant;
pub mod guardians;
pub mod invitation;
pub mod keys;
pub mod layout;
pub mod network;
pub mod own_data;
pub mod relationship;
pub mod request;

mod httpsig;

#[cfg(test)]
mod tests;
