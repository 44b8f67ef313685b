//! The chain as this gatekeeper has verified it, and its own transactions.
//!
//! The gatekeeper trusts no RPC node: it follows the chain with the same light client as the browser, in the
//! background and whenever a caller stands at a newer block. What a decision rests on is proven under one head and
//! remembered only as long as that head is the newest. Its transactions go out one batch at a time, so that their
//! nonces follow each other.
//!
//! Defends against a frozen or lying node (the head's age is checked, the endpoints are compared) and against a caller
//! that names a block that cannot exist yet, to keep us waiting.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use client::{Client, ClientError, FileHeads, Head, Message, Native, Platform, Submitted, TransportError};
use lightclient::{BlockNumber, Fault};
use protocol::keys::SigningKey;
use protocol::layout::{GrantQuery, GrantTerms, RelationshipQuery, RelationshipState};
use protocol::network::Network;
use tokio::sync::Mutex as AsyncMutex;

/// The gatekeeper's light client.
#[derive(Debug)]
pub struct Chain {
    client: Client<Native<FileHeads>>,
    /// When the newest finished sync began; held while one runs.
    syncing: AsyncMutex<Option<Instant>>,
    sending: AsyncMutex<()>,
    proven: Mutex<Proven>,
}

/// What was proven under the newest head.
#[derive(Debug, Default)]
struct Proven {
    block: B256,
    states: HashMap<(Address, Address), Arc<AccessState>>,
}

/// What a decision rests on, proven under one head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessState {
    /// The head it was proven under.
    pub head: Head,
    /// The relationship.
    pub relationship: RelationshipState,
    /// What the reader was granted.
    pub terms: Option<GrantTerms>,
}

impl Chain {
    /// Makes a client of `network` that keeps its heads in `folder`.
    ///
    /// # Errors
    /// [`TransportError`] if there is no HTTP client to be had.
    pub fn new(network: Network, folder: &Path) -> Result<Self, TransportError> {
        let platform = Native::new(FileHeads::new(folder.to_owned()))?;
        Ok(Self {
            client: Client::new(network, platform),
            syncing: AsyncMutex::default(),
            sending: AsyncMutex::default(),
            proven: Mutex::default(),
        })
    }

    /// The light client itself.
    pub const fn client(&self) -> &Client<Native<FileHeads>> {
        &self.client
    }

    /// The network's description.
    pub const fn network(&self) -> &Network {
        self.client.network()
    }

    /// Syncs, or waits for a sync that began after this call.
    ///
    /// # Errors
    /// [`ClientError`] of the sync.
    pub async fn sync(&self) -> Result<(), ClientError> {
        self.sync_unless_since(Instant::now()).await
    }

    /// Syncs, unless a sync that began at `asked` or later has finished meanwhile.
    async fn sync_unless_since(&self, asked: Instant) -> Result<(), ClientError> {
        let mut newest = self.syncing.lock().await;
        if newest.is_some_and(|began| began >= asked) {
            return Ok(());
        }
        let began = Instant::now();
        let report = self.client.sync().await?;
        *newest = Some(began);
        tracing::debug!(block = report.head.number(), age = report.age_seconds, "synced");
        Ok(())
    }

    /// A fresh head that is not older than the block at which the caller stands.
    ///
    /// # Errors
    /// [`ChainError`].
    pub async fn head_for(&self, stated: BlockNumber) -> Result<Head, ChainError> {
        let period = Duration::from_secs(self.network().rules.schedule.at(stated).block_period);
        let now = Instant::now();
        self.sync_unless_since(now.checked_sub(period).unwrap_or(now)).await?;
        let deadline = now + MAX_WAIT;
        loop {
            let head = self.client.fresh_head()?;
            let found = head.header().number();
            if found >= stated {
                return Ok(head);
            }
            if stated > self.newest_possible(&head) || Instant::now() >= deadline {
                return Err(ChainError::Behind { expected: stated, found });
            }
            self.client.platform().sleep(POLL_MILLIS).await;
            self.sync().await?;
        }
    }

    /// The newest block that can exist by now, with some slack for clocks.
    fn newest_possible(&self, head: &Head) -> BlockNumber {
        let rules = &self.network().rules;
        let age = self.client.platform().now().saturating_add(rules.clock_drift);
        let age = age.saturating_sub(head.header().timestamp());
        let number = head.header().number();
        number.saturating_add(age / rules.schedule.at(number).block_period.max(1)).saturating_add(2)
    }

    /// Proves under `head` what a decision about `reader` needs.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint proves it.
    pub async fn access_state(
        &self,
        head: &Head,
        relationship: RelationshipQuery,
        reader: Address,
    ) -> Result<Arc<AccessState>, ClientError> {
        let block = head.header().hash();
        let key = (relationship.patient, reader);
        if let Some(known) = self.proven(block).states.get(&key) {
            return Ok(known.clone());
        }
        let query =
            GrantQuery { patient: relationship.patient, steward: relationship.steward, viewer: reader };
        let (relationship, terms) = self.client.relationship_and_grant(head, query).await?;
        let state = Arc::new(AccessState { head: head.clone(), relationship, terms });
        let mut proven = self.proven(block);
        if proven.states.len() < MAX_REMEMBERED {
            proven.states.insert(key, state.clone());
        }
        Ok(state)
    }

    /// What is remembered of this block; anything of another block is forgotten.
    fn proven(&self, block: B256) -> std::sync::MutexGuard<'_, Proven> {
        // Each change is one assignment or insertion, so a panic leaves nothing half-written.
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.block != block {
            *proven = Proven { block, states: HashMap::new() };
        }
        proven
    }

    /// Signs and sends calls of `Relationships`, one batch at a time.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint took them.
    pub async fn send(&self, key: &SigningKey, calls: Vec<Vec<u8>>) -> Result<Vec<Submitted>, ClientError> {
        let _turn = self.sending.lock().await;
        let to = self.network().relationships.address;
        let messages: Vec<Message> = calls.into_iter().map(|data| Message::call(to, data)).collect();
        self.client.submit(&self.client.fresh_head()?, key, &messages).await
    }
}

/// Why there is no head to decide at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The caller stands at a block that we have not seen.
    #[error("newest verified block is {found}, expected {expected}")]
    Behind {
        /// Where the caller stands.
        expected: BlockNumber,
        /// Where we stand.
        found: BlockNumber,
    },
    /// No head, or only an old one.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl ChainError {
    /// Returns who is to blame.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Behind { .. } => Fault::Unavailable,
            Self::Client(error) => error.fault(),
        }
    }
}

/// How long a caller with a newer head is made to wait.
const MAX_WAIT: Duration = Duration::from_secs(4);
/// How long to wait between two looks.
const POLL_MILLIS: u64 = 200;
/// How many decisions are remembered per block.
const MAX_REMEMBERED: usize = 4096;
