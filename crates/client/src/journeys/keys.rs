//! New keys in the place of those that sign now: for a pseudonym, a viewer or a member.
//!
//! The former key offers, the new one takes; each step is proven before the next. What is already so is not done again, so that
//! whoever was interrupted goes on with the same keys.

use alloy_primitives::Address;
use protocol::contracts;
use protocol::keys::SigningKey;
use protocol::layout::KeysState;

use super::{Identity, JourneyError};
use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::transact::{Message, Submitted, Wait};

/// One address and the key that shall sign for it.
#[derive(Debug, Clone, Copy)]
pub struct KeyChange<'a> {
    /// The address, with the key that has signed for it.
    pub identity: Identity<'a>,
    /// The key that shall sign from now on.
    pub next: &'a SigningKey,
}

impl<P: Platform> Client<P> {
    /// Puts new keys in the place of those that sign now, and waits until that is proven for all of them.
    ///
    /// # Errors
    /// [`JourneyError::KeyReplaced`] if a third key signs for one of them; what became of the transactions.
    pub async fn replace_keys(
        &self,
        changes: &[KeyChange<'_>],
        mut on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        on_progress(Progress { step: Step::Sync, done: 0, total: 0 });
        self.synced_head().await?;
        let total = changes.len().saturating_mul(2) as u64;
        self.offer_or_take(changes, Act::Offer, |done| on_progress(Progress::of(Step::Send, done, total)))
            .await?;
        let offered = total / 2;
        self.offer_or_take(changes, Act::Take, |done| {
            on_progress(Progress::of(Step::Wait, offered.saturating_add(done), total));
        })
        .await
    }

    async fn offer_or_take(
        &self,
        changes: &[KeyChange<'_>],
        act: Act,
        mut on_done: impl FnMut(u64),
    ) -> Result<(), ClientError> {
        let left = async |head: &Head| {
            let left = self.left(head, changes, act).await?;
            Ok(left.into_iter().map(|change| act.order(change)).collect())
        };
        let on_left = |left: usize| on_done(changes.len().saturating_sub(left) as u64);
        self.bring_about(act.effect(), left, on_left).await
    }

    /// Tells the directory whatever is left to be told, and waits until the proven state leaves nothing.
    pub(super) async fn bring_about<'k>(
        &self,
        effect: &'static str,
        left: impl AsyncFn(&Head) -> Result<Vec<Order<'k>>, ClientError>,
        mut on_left: impl FnMut(usize),
    ) -> Result<(), ClientError> {
        let registry = self.network().registry.address;
        let head = self.head()?;
        let mut sent: Vec<Submitted> = Vec::new();
        // The orders of one key go together, with nonces that follow on each other.
        for orders in left(&head).await?.chunk_by(|a, b| a.key.address() == b.key.address()) {
            let calls = orders.iter().map(|order| Message::call(registry, order.call.clone()));
            if let Some(Order { key, .. }) = orders.first() {
                sent.extend(self.submit(&head, key, &calls.collect::<Vec<_>>()).await?);
            }
        }
        let mut wait = Wait::new(self, effect, &sent);
        loop {
            let head = self.head()?;
            let left = left(&head).await;
            if let Some(left) = wait.unless_silent(left)? {
                on_left(left.len());
                if left.is_empty() {
                    return Ok(());
                }
            }
            wait.turn(&head).await?;
        }
    }

    /// The changes of which this is still to be done.
    async fn left<'a>(
        &self,
        head: &Head,
        changes: &[KeyChange<'a>],
        act: Act,
    ) -> Result<Vec<KeyChange<'a>>, ClientError> {
        let identities: Vec<Address> = changes.iter().map(|change| change.identity.address).collect();
        let mut left = Vec::new();
        for (change, state) in changes.iter().zip(self.keys(head, &identities).await?) {
            if act.is_left(change, state)? {
                left.push(*change);
            }
        }
        Ok(left)
    }
}

/// What is to be told to the directory, and the key that signs it.
pub(super) struct Order<'k> {
    pub(super) key: &'k SigningKey,
    pub(super) call: Vec<u8>,
}

/// Each key is offered, then taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Offer,
    Take,
}

impl Act {
    const fn effect(self) -> &'static str {
        match self {
            Self::Offer => "offered key",
            Self::Take => "new key",
        }
    }

    fn order(self, change: KeyChange<'_>) -> Order<'_> {
        let KeyChange { identity, next } = change;
        match self {
            Self::Offer => Order { key: identity.key, call: contracts::offer_key(next.address()) },
            Self::Take => Order { key: next, call: contracts::take_key(identity.address) },
        }
    }

    fn is_left(self, change: &KeyChange<'_>, state: KeysState) -> Result<bool, JourneyError> {
        let KeyChange { identity: Identity { address: identity, key }, next } = *change;
        let (expected, next) = (key.address(), next.address());
        match state.key {
            found if found == next => Ok(false),
            found if found == expected => Ok(self == Self::Take || state.offered != Some(next)),
            found => Err(JourneyError::KeyReplaced { identity, expected, found }),
        }
    }
}
