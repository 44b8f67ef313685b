//! The chain as this gatekeeper has verified it, and its own transactions.
//!
//! The gatekeeper trusts no RPC node: it follows the chain with the same light client as the browser, in the
//! background and whenever a caller stands at a newer block. What a decision rests on is proven, and remembered for as
//! long as every newer head proves the same storage roots of the contracts: then no word in them has changed. Its
//! transactions go out one batch at a time, so that their nonces follow each other.
//!
//! Defends against a frozen or lying node (the head's age is checked, the endpoints are compared) and against a caller
//! that names a block that cannot exist yet, to keep us waiting.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use client::{Client, ClientError, Head, Message, Platform, Submitted, TransportError};
use lightclient::{BlockNumber, Fault};
use native::{FileHeads, Native};
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
    /// The newest block under which the storage roots of the contracts were proven; held while that is done.
    rooted: AsyncMutex<Rooted>,
    proven: Mutex<Proven>,
}

/// The storage roots of the contracts in a block.
#[derive(Debug, Clone, Copy, Default)]
struct Rooted {
    block: B256,
    roots: Roots,
}

/// Of `Relationships`, and of `Registry`, where keys are replaced.
type Roots = [B256; 2];

/// What was proven to be stored under these roots.
#[derive(Debug, Default)]
struct Proven {
    roots: Roots,
    /// By patient, key of the reader, and group.
    states: HashMap<(Address, Address, Option<Address>), Arc<AccessState>>,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessState {
    /// For whom the caller's key signs; `None` if another key has taken its place.
    pub reader: Option<Address>,
    /// The relationship.
    pub relationship: RelationshipState,
    /// What the reader was granted, by itself or through a group.
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
            rooted: AsyncMutex::default(),
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
        // Whoever stands at a newer block than we has usually just seen it: we look at once, and only then wait.
        let mut pause = 0;
        loop {
            let head = self.client.fresh_head()?;
            let found = head.header().number();
            if found >= stated {
                return Ok(head);
            }
            if stated > self.newest_possible(&head) || Instant::now() >= deadline {
                return Err(ChainError::Behind { expected: stated, found });
            }
            self.client.platform().sleep(pause).await;
            self.sync().await?;
            pause = POLL_MILLIS;
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

    /// Proves under `head` what a decision about the owner of a key needs, who may come through the group `via`.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint proves it.
    pub async fn access_state(
        &self,
        head: &Head,
        relationship: RelationshipQuery,
        key: Address,
        via: Option<Address>,
    ) -> Result<Arc<AccessState>, ClientError> {
        let roots = self.roots(head).await?;
        let place = (relationship.patient, key, via);
        if let Some(known) = self.proven(roots).states.get(&place) {
            return Ok(known.clone());
        }
        let reader = self.client.identity(head, key).await?;
        let query = GrantQuery {
            patient: relationship.patient,
            steward: relationship.steward,
            viewer: reader.unwrap_or(key),
        };
        let (relationship, terms) = self.client.relationship_and_grant(head, query, via).await?;
        let state = Arc::new(AccessState { reader, relationship, terms: reader.and(terms) });
        let mut proven = self.proven(roots);
        if proven.states.len() < MAX_REMEMBERED {
            proven.states.insert(place, state.clone());
        }
        Ok(state)
    }

    /// The storage roots under `head`, proven once for each block.
    async fn roots(&self, head: &Head) -> Result<Roots, ClientError> {
        let block = head.header().hash();
        let mut rooted = self.rooted.lock().await;
        if rooted.block != block {
            let Network { relationships, registry, .. } = self.network();
            let relationships = self.client.state(head, relationships, &[]).await?.account;
            let registry = self.client.state(head, registry, &[]).await?.account;
            *rooted = Rooted { block, roots: [relationships.storage_root(), registry.storage_root()] };
        }
        Ok(rooted.roots)
    }

    /// What is remembered under these roots; anything under others is forgotten.
    fn proven(&self, roots: Roots) -> std::sync::MutexGuard<'_, Proven> {
        // Each change is one assignment or insertion, so a panic leaves nothing half-written.
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.roots != roots {
            *proven = Proven { roots, states: HashMap::new() };
        }
        proven
    }

    /// Signs and sends calls of `Relationships`, one batch at a time.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint took them.
    pub async fn send(&self, key: &SigningKey, calls: Vec<Vec<u8>>) -> Result<Vec<Submitted>, ClientError> {
        self.send_to(self.network().relationships.address, key, calls).await
    }

    /// Signs and sends calls of a contract, one batch at a time.
    ///
    /// # Errors
    /// [`ClientError`] if no endpoint took them.
    pub async fn send_to(
        &self,
        contract: Address,
        key: &SigningKey,
        calls: Vec<Vec<u8>>,
    ) -> Result<Vec<Submitted>, ClientError> {
        let _turn = self.sending.lock().await;
        let messages: Vec<Message> = calls.into_iter().map(|data| Message::call(contract, data)).collect();
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
/// How many decisions are remembered at a time.
const MAX_REMEMBERED: usize = 4096;
