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
        let registry = self.network().registry.address;
        let mut sent: Vec<Submitted> = Vec::new();
        let head = self.head()?;
        for change in self.left(&head, changes, act).await? {
            let (key, call) = match act {
                Act::Offer => (change.identity.key, contracts::offer_key(change.next.address())),
                Act::Take => (change.next, contracts::take_key(change.identity.address)),
            };
            sent.extend(self.submit(&head, key, &[Message::call(registry, call)]).await?);
        }
        let mut wait = Wait::new(self, act.effect(), &sent);
        loop {
            let head = self.head()?;
            let left = self.left(&head, changes, act).await;
            if let Some(left) = wait.unless_silent(left)? {
                on_done(changes.len().saturating_sub(left.len()) as u64);
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
