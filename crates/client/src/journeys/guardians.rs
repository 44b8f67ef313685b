//! Guardians: choosing them, and the way back for somebody who has lost every key.
//!
//! The person chooses them for all addresses at once. Whoever holds the kit finds those addresses by proof, a guardian approves
//! one new key for each, and once enough have and the delay is over, the new keys take over. Whoever still has the former ones
//! can object until then. What is already so is not done again.

use alloy_primitives::Address;
use lightclient::UnixTime;
use protocol::contracts;
use protocol::guardians::{Circle, KeyRequest, Kit, MAX_GUARDED};
use protocol::layout::{ApprovalsQuery, GuardianshipState};

use super::keys::Order;
use super::{Identity, JourneyError};
use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::ports::Platform;
use crate::progress::{Progress, Step};

/// An address of a person, and who may give it a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarded {
    /// The address.
    pub identity: Address,
    /// What the chain holds of its guardians.
    pub state: GuardianshipState,
}

/// How far the guardians have come with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// The guardians that have approved all of its keys that have not taken over yet.
    pub by: Vec<Address>,
    /// From when the keys may take over, if enough have.
    pub ready_at: Option<UnixTime>,
    /// Whether the keys have taken over.
    pub taken: bool,
}

impl<P: Platform> Client<P> {
    /// Lets these guardians give all addresses of the person new keys, and waits until that is proven. They take the place of
    /// others; what those have approved is void.
    ///
    /// # Errors
    /// What became of the transactions, and what the endpoints did.
    pub async fn set_guardians(
        &self,
        own: &[Identity<'_>],
        circle: &Circle,
        delay: u64,
        on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        let next = |index: usize| own.get(index.saturating_add(1)).map(|next| next.address);
        let wanted = |index: usize, identity: Address, state: Option<GuardianshipState>| {
            let is_set = state.is_some_and(|state| {
                let hidden = circle.hide(identity, next(index));
                (state.circle, state.delay, state.next) == (circle.digest(identity), delay, hidden)
            });
            (!is_set).then(|| contracts::set_guardians(circle, identity, delay, next(index)))
        };
        self.change_guardianships("guardians", own, wanted, on_progress).await
    }

    /// Lets nobody give these addresses new keys any more, and waits until that is proven.
    ///
    /// # Errors
    /// As [`set_guardians`](Self::set_guardians).
    pub async fn dismiss_guardians(
        &self,
        own: &[Identity<'_>],
        on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        let wanted = |_, _, state: Option<GuardianshipState>| state.map(|_| contracts::dismiss_guardians());
        self.change_guardianships("dismissed guardians", own, wanted, on_progress).await
    }

    /// Objects to the keys that the guardians have approved for these addresses, and waits until none is.
    ///
    /// # Errors
    /// As [`set_guardians`](Self::set_guardians).
    pub async fn veto_keys(
        &self,
        own: &[Identity<'_>],
        on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        let wanted = |_, _, state: Option<GuardianshipState>| {
            state.and_then(|state| state.approved).map(|_| contracts::veto_key())
        };
        self.change_guardianships("objection", own, wanted, on_progress).await
    }

    /// Finds the addresses of the person whose kit this is, from the first on.
    ///
    /// # Errors
    /// [`JourneyError::NotGuarded`] if the guardians of the kit are not those of the first one, or no more.
    pub async fn guarded(&self, head: &Head, kit: &Kit) -> Result<Vec<Guarded>, ClientError> {
        let (expected, found) = (self.network().rules.chain_id, kit.network);
        if found != expected {
            return Err(JourneyError::OtherNetwork { expected, found }.into());
        }
        let (mut guarded, mut next) = (Vec::new(), Some(kit.first));
        while let Some(identity) = next.take()
            && guarded.len() < MAX_GUARDED
        {
            let state = self.guardianships(head, &[identity]).await?.pop().flatten();
            // Behind an address of another circle is nothing of the person's.
            let Some(state) = state.filter(|state| state.circle == kit.circle.digest(identity)) else {
                break;
            };
            next = kit.circle.find(identity, state.next).map_err(JourneyError::from)?;
            guarded.push(Guarded { identity, state });
        }
        if guarded.is_empty() {
            return Err(JourneyError::NotGuarded { identity: kit.first }.into());
        }
        Ok(guarded)
    }

    /// Proves which guardians have approved the keys of a request, and whether these may take over or have.
    ///
    /// # Errors
    /// As [`guarded`](Self::guarded); [`JourneyError::Keys`] if it does not name one key for each address.
    pub async fn key_approvals(
        &self,
        head: &Head,
        kit: &Kit,
        request: &KeyRequest,
    ) -> Result<Approvals, ClientError> {
        let left = self.untaken(head, kit, request).await?;
        let queries: Vec<ApprovalsQuery> = left.iter().map(|(query, _)| query.clone()).collect();
        let by = self.approvals(head, &queries).await?;
        let has_approved = |guardian: &Address| !by.is_empty() && by.iter().all(|by| by.contains(guardian));
        let by = kit.circle.guardians().iter().filter(|guardian| has_approved(guardian)).copied().collect();
        let ready_at = left.iter().map(|(query, guarded)| {
            guarded
                .state
                .approved
                .filter(|(approved, _)| *approved == query.key)
                .map(|(_, ready_at)| ready_at)
        });
        let ready_at = ready_at.collect::<Option<Vec<_>>>().and_then(|times| times.into_iter().max());
        Ok(Approvals { by, ready_at, taken: left.is_empty() })
    }

    /// Approves the keys of a request as a guardian, and waits until that is proven for all of them.
    ///
    /// # Errors
    /// As [`key_approvals`](Self::key_approvals); [`JourneyError::NotGuardian`]; what became of the transactions.
    pub async fn approve_keys(
        &self,
        guardian: Identity<'_>,
        kit: &Kit,
        request: &KeyRequest,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        on_progress(Progress { step: Step::Sync, done: 0, total: 0 });
        let head = self.synced_head().await?;
        if !kit.circle.guardians().contains(&guardian.address) {
            return Err(JourneyError::NotGuardian { found: guardian.address }.into());
        }
        let queries = self.untaken(&head, kit, request).await?.into_iter().map(|(query, _)| query);
        let queries: Vec<ApprovalsQuery> = queries.collect();
        let left = async |head: &Head| {
            let by = self.approvals(head, &queries).await?;
            let left = queries.iter().zip(by).filter(|(_, by)| !by.contains(&guardian.address));
            let orders = left.map(|(ApprovalsQuery { identity, key, .. }, _)| Order {
                key: guardian.key,
                call: contracts::approve_key(&kit.circle, *identity, *key),
            });
            Ok(orders.collect())
        };
        let on_left = |left: usize| on_progress(waited(queries.len(), left));
        self.bring_about("approved keys", left, on_left).await
    }

    /// Lets keys that the guardians have approved take over, each for its address, and waits until that is proven.
    ///
    /// # Errors
    /// [`JourneyError::NotApproved`] if one is not approved, or the delay is not over; what became of the transactions.
    pub async fn take_approved_keys(
        &self,
        new: &[Identity<'_>],
        mut on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        on_progress(Progress { step: Step::Sync, done: 0, total: 0 });
        self.synced_head().await?;
        let identities: Vec<Address> = new.iter().map(|own| own.address).collect();
        let left = async |head: &Head| {
            let keys = self.keys(head, &identities).await?;
            let states = self.guardianships(head, &identities).await?;
            let mut left = Vec::new();
            for ((own, keys), state) in new.iter().zip(keys).zip(states) {
                let (identity, key) = (own.address, own.key.address());
                if keys.key == key {
                    continue;
                }
                let approved =
                    state.and_then(|state| state.approved).filter(|(approved, _)| *approved == key);
                let ready_at = approved.map(|(_, ready_at)| ready_at);
                if ready_at.is_none_or(|ready_at| ready_at > head.header().timestamp()) {
                    return Err(JourneyError::NotApproved { identity, ready_at }.into());
                }
                left.push(Order { key: own.key, call: contracts::take_key(identity) });
            }
            Ok(left)
        };
        let on_left = |left: usize| on_progress(waited(new.len(), left));
        self.bring_about("new keys", left, on_left).await
    }

    /// The addresses that a request is about and whose new keys have not taken over yet, with what to ask about each.
    async fn untaken(
        &self,
        head: &Head,
        kit: &Kit,
        request: &KeyRequest,
    ) -> Result<Vec<(ApprovalsQuery, Guarded)>, ClientError> {
        let guarded = self.guarded(head, kit).await?;
        let (expected, found) = (guarded.len(), request.keys.len());
        if (kit.network, kit.first) != (request.network, request.first) || found != expected {
            return Err(JourneyError::Keys { expected, found }.into());
        }
        let identities: Vec<Address> = guarded.iter().map(|guarded| guarded.identity).collect();
        let keys = self.keys(head, &identities).await?;
        let all = guarded.into_iter().zip(&request.keys).zip(keys);
        let untaken = all.filter(|((_, key), state)| state.key != **key).map(|((guarded, key), _)| {
            let (identity, round) = (guarded.identity, guarded.state.round);
            let guardians = kit.circle.guardians().to_vec();
            (ApprovalsQuery { identity, round, key: *key, guardians }, guarded)
        });
        Ok(untaken.collect())
    }

    /// Makes the calls that are wanted of each address, and waits until none is.
    async fn change_guardianships(
        &self,
        effect: &'static str,
        own: &[Identity<'_>],
        wanted: impl Fn(usize, Address, Option<GuardianshipState>) -> Option<Vec<u8>>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        on_progress(Progress { step: Step::Sync, done: 0, total: 0 });
        self.synced_head().await?;
        let identities: Vec<Address> = own.iter().map(|own| own.address).collect();
        let left = async |head: &Head| {
            let states = self.guardianships(head, &identities).await?;
            let orders = own.iter().zip(states).enumerate().filter_map(|(index, (own, state))| {
                wanted(index, own.address, state).map(|call| Order { key: own.key, call })
            });
            Ok(orders.collect())
        };
        let on_left = |left: usize| on_progress(waited(own.len(), left));
        self.bring_about(effect, left, on_left).await
    }
}

/// So many of all are done.
fn waited(total: usize, left: usize) -> Progress {
    Progress::of(Step::Wait, total.saturating_sub(left) as u64, total as u64)
}
