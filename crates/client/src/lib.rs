//! The journeys: sync, read, accept, grant, revoke; written once, over small ports, for browser and server alike.
//!
//! A [`Client`] follows one network. [`Client::sync`] brings it to the newest header it can verify; a [`Head`] is then
//! what every read is proven against. Nothing that an endpoint or a gatekeeper says is returned before it has been
//! verified by `lightclient` or `protocol`, against what was asked.
//!
//! The generic functions never spawn and hold no lock while waiting, so their futures are `Send` on a platform whose
//! futures are (a server), and run just as well on one whose are not (a browser).
#![allow(
    async_fn_in_trait,
    reason = "the futures are Send exactly when the platform's are; a bound would shut the browser out"
)]

mod client;
mod directory;
mod error;
mod explain;
mod gatekeeper;
mod head_store;
mod history;
mod join;
mod journeys;
mod ports;
mod progress;
pub mod rpc;
mod shared;
mod state;
mod sync;
#[cfg(test)]
mod testing;
mod transact;

pub use client::{Client, Head};
pub use directory::{Group, Viewer};
pub use error::{ClientError, EndpointFailure, Problem};
pub use gatekeeper::{Answer, Caller, GatekeeperError};
pub use head_store::{StoredHeadError, encode_stored_head, verify_stored_head};
pub use history::HistoryError;
pub use journeys::{
    AccessReading, Addition, Approvals, CategoryOutcome, CategoryReading, GrantOffer, Guarded, Holding,
    Identity, JourneyError, KeyChange, PastReading, ReadAsk, Reading,
};
pub use ports::{
    EntropyError, HeadStore, Http, HttpAnswer, HttpRequest, Platform, StoreError, TransportError,
};
pub use progress::{Progress, Step};
pub use shared::{Directory, read_right, shared_with};
pub use state::{ProvenState, StateError};
pub use sync::{Ancestry, EndpointReport, EndpointState, SyncError, SyncReport, SyncStart};
pub use transact::{Message, Submitted, TransactError};
