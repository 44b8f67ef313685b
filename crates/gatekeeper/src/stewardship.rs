//! What the gatekeeper does on chain: propose relationships, publish record sets, anchor access logs.
//!
//! Each of these is a state to be reached, not a message to be sent once: what the chain shows is compared with what
//! the store holds, the difference is sent, and sent again if it does not show. Nothing is noted as done before it is
//! proven. So a lost transaction, a restart or a second process do no harm.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use client::ClientError;
use lightclient::Fault;
use protocol::contracts;
use protocol::keys::SigningKey;
use protocol::layout::{RelationshipQuery, RelationshipState, RelationshipStatus};
use tokio::sync::Mutex;

use crate::chain::Chain;
use crate::record_sets::RecordSets;
use crate::store::{SetRow, Store, StoreError};

/// What was sent and is not proven yet; locked while the chain is compared with the store.
#[derive(Debug, Default)]
pub struct Stewardship {
    waiting: Mutex<HashMap<(Address, Errand), Sent>>,
}

/// What a transaction is to bring about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Errand {
    /// The root is published, in a relationship that exists.
    Publish(B256),
    /// The log is anchored up to this many entries.
    Anchor(u64),
}

#[derive(Debug, Clone)]
struct Sent {
    transactions: Vec<B256>,
    at: Instant,
}

/// What stewardship works with.
#[derive(Debug, Clone, Copy)]
pub struct Steward<'a> {
    /// The member.
    pub member: Address,
    /// Signs the transactions.
    pub key: &'a SigningKey,
    /// The chain.
    pub chain: &'a Chain,
    /// The store.
    pub store: &'a Store,
    /// The record sets.
    pub sets: &'a std::sync::Arc<RecordSets>,
}

impl Stewardship {
    /// Sees to it that the relationship with `pseudonym` is proposed and its records are published.
    ///
    /// Returns the hashes of the transactions that are under way; none if the chain shows it all.
    ///
    /// # Errors
    /// [`StewardshipError`].
    pub async fn open(
        &self,
        steward: Steward<'_>,
        pseudonym: Address,
    ) -> Result<Vec<B256>, StewardshipError> {
        let mut waiting = self.waiting.lock().await;
        let sets = steward.sets.clone();
        let set = steward.store.run(move |store| sets.current(store, pseudonym)).await?;
        let errand = (pseudonym, Errand::Publish(set.root));
        if let Some(sent) = waiting.get(&errand).filter(|sent| sent.at.elapsed() < PATIENCE) {
            return Ok(sent.transactions.clone());
        }
        let head = steward.chain.client().fresh_head()?;
        let query = RelationshipQuery { patient: pseudonym, steward: steward.member };
        let state = steward.chain.client().relationship(&head, query).await?;
        let calls = missing_calls(&state, pseudonym, &set)?;
        if calls.is_empty() {
            waiting.remove(&errand);
            steward.store.run(move |store| store.note_published(set.id)).await?;
            return Ok(Vec::new());
        }
        let submitted = steward.chain.send(steward.key, calls).await?;
        let transactions: Vec<B256> = submitted.iter().map(|one| one.hash).collect();
        tracing::info!(transactions = transactions.len(), records = set.count, "record set on its way");
        waiting.insert(errand, Sent { transactions: transactions.clone(), at: Instant::now() });
        Ok(transactions)
    }

    /// Publishes every record set that the chain does not show yet, a few at a time.
    ///
    /// # Errors
    /// [`StewardshipError`] of the store; what fails for one relationship is logged and tried again later.
    pub async fn publish_all(&self, steward: Steward<'_>) -> Result<(), StewardshipError> {
        for pseudonym in steward.store.run(|store| store.unpublished(BATCH)).await? {
            match self.open(steward, pseudonym).await {
                Ok(_) => {}
                Err(StewardshipError::Closed { .. }) => {
                    steward.store.run(move |store| store.note_closed(pseudonym)).await?;
                }
                Err(error) => tracing::warn!(%error, "a record set could not be published"),
            }
        }
        Ok(())
    }

    /// Anchors every access log that is longer than what the chain shows, a few at a time.
    ///
    /// # Errors
    /// [`StewardshipError`] of the store or the chain; the next round tries again.
    pub async fn anchor_all(&self, steward: Steward<'_>) -> Result<(), StewardshipError> {
        let mut waiting = self.waiting.lock().await;
        waiting.retain(|_, sent| sent.at.elapsed() < PATIENCE);
        let logs = steward.store.run(|store| store.unanchored(BATCH)).await?;
        if logs.is_empty() {
            return Ok(());
        }
        let head = steward.chain.client().fresh_head()?;
        let queries: Vec<RelationshipQuery> = logs
            .iter()
            .map(|(patient, _)| RelationshipQuery { patient: *patient, steward: steward.member })
            .collect();
        let states = steward.chain.client().relationships(&head, &queries).await?;
        let mut errands = Vec::new();
        for ((pseudonym, log), state) in logs.into_iter().zip(states) {
            if state.status == RelationshipStatus::None {
                continue;
            }
            let anchored = state.access_log;
            if !steward.store.run(move |store| store.note_anchored(pseudonym, anchored)).await? {
                tracing::error!(
                    expected = anchored.point.count,
                    found = log.count,
                    "the access log is not the one on chain: entries were lost or changed"
                );
            } else if anchored.point.count < log.count && !is_waiting(&waiting, &state) {
                steward.store.run(move |store| store.note_anchor_sent(pseudonym, log.count)).await?;
                errands.push((pseudonym, log));
            }
        }
        if errands.is_empty() {
            return Ok(());
        }
        let calls = errands
            .iter()
            .map(|(pseudonym, log)| contracts::anchor_access_log(*pseudonym, log.head, log.count));
        let submitted = steward.chain.send(steward.key, calls.collect()).await?;
        for ((pseudonym, log), one) in errands.into_iter().zip(submitted) {
            let sent = Sent { transactions: vec![one.hash], at: Instant::now() };
            waiting.insert((pseudonym, Errand::Anchor(log.count)), sent);
        }
        Ok(())
    }
}

/// Whether an anchor that the chain does not show yet is under way; the next one waits until it is proven.
fn is_waiting(waiting: &HashMap<(Address, Errand), Sent>, state: &RelationshipState) -> bool {
    waiting.keys().any(|(whose, errand)| {
        *whose == state.patient
            && matches!(errand, Errand::Anchor(count) if *count > state.access_log.point.count)
    })
}

/// The calls that make the chain show the set.
fn missing_calls(
    state: &RelationshipState,
    pseudonym: Address,
    set: &SetRow,
) -> Result<Vec<Vec<u8>>, StewardshipError> {
    let publish = || contracts::publish(pseudonym, set.root, set.count);
    match state.status {
        RelationshipStatus::None => Ok(vec![contracts::propose(pseudonym), publish()]),
        RelationshipStatus::Proposed | RelationshipStatus::Active => {
            let is_shown = state.record_set.is_some_and(|anchor| anchor.root == set.root);
            Ok(if is_shown { Vec::new() } else { vec![publish()] })
        }
        found @ (RelationshipStatus::Rejected | RelationshipStatus::Ended) => {
            Err(StewardshipError::Closed { found })
        }
    }
}

/// Why the chain does not show what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StewardshipError {
    /// The endpoints did not prove or take it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The relationship was rejected or has ended.
    #[error("the relationship is {}, expected proposed or active", found.name())]
    Closed {
        /// Where it stands.
        found: RelationshipStatus,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StewardshipError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Client(error) => error.fault(),
            Self::Closed { .. } => Fault::Caller,
            Self::Store(error) => error.fault(),
        }
    }
}

/// How long a transaction has to show before it is sent again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Relationships worked on in one round; each takes at most two transactions, and a node holds sixteen of ours.
const BATCH: u32 = 8;
