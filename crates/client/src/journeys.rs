//! The journeys of patients and viewers: take an invitation, accept, read, grant, revoke.
//!
//! Each one begins with a sync, refuses to act on a stale head, and ends with proven state, never with somebody's word:
//! a transaction counts when its effect is proven, a record when it leads to the root that the relationship holds on
//! chain. What is already so is not done again, so that an interrupted journey can simply be repeated.

use alloy_primitives::Address;
use lightclient::{Fault, UnixTime};
use protocol::contracts;
use protocol::contribution::ContributionError;
use protocol::grant::Refusal;
use protocol::guardians::CircleError;
use protocol::invitation::Invitation;
use protocol::keys::SigningKey;
use protocol::layout::{
    GrantQuery, GrantTerms, Member, MemberStatus, RelationshipQuery, RelationshipState, RelationshipStatus,
    Rights,
};
use protocol::request::Method;
use records::category::Categories;

use crate::client::{Client, Head};
use crate::error::ClientError;
use crate::gatekeeper::Caller;
use crate::ports::Platform;
use crate::progress::{Progress, Step};
use crate::transact::{Message, Wait};

mod accesses;
mod contribute;
mod guardians;
mod keys;
mod read;
mod versions;

pub use accesses::AccessReading;
pub use contribute::Addition;
pub use guardians::{Approvals, Guarded};
pub use keys::KeyChange;
pub use read::{CategoryOutcome, CategoryReading, Holding, ReadAsk, Reading};
pub use versions::PastReading;

/// Why a journey cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JourneyError {
    /// The proven state does not permit the access.
    #[error(transparent)]
    Access(#[from] Refusal),
    /// What hides the person's addresses was hidden with another secret.
    #[error(transparent)]
    Circle(#[from] CircleError),
    /// Records that cannot be contributed as they are.
    #[error(transparent)]
    Contribution(#[from] ContributionError),
    /// Not one new key for each address of the person.
    #[error("a request for {found} keys of this person, expected {expected}")]
    Keys {
        /// As many addresses as the person has.
        expected: usize,
        /// How many keys are asked for.
        found: usize,
    },
    /// The key may not take over: too few guardians have approved it, or the delay is not over.
    #[error("the key for {identity} may not take over yet")]
    NotApproved {
        /// The address.
        identity: Address,
        /// From when on it may, if enough have approved it.
        ready_at: Option<UnixTime>,
    },
    /// The guardians of the kit are not those that the chain knows for this address.
    #[error("other guardians watch over {identity}, or none")]
    NotGuarded {
        /// The address.
        identity: Address,
    },
    /// Whoever was about to approve is none of the guardians.
    #[error("{found} is none of the guardians")]
    NotGuardian {
        /// Who.
        found: Address,
    },
    /// There is no record set on chain to verify against.
    #[error("{steward} has not published a record set for {patient}")]
    NotPublished {
        /// The patient's pseudonym.
        patient: Address,
        /// The steward.
        steward: Address,
    },
    /// Another key signs for this address than the one that was about to.
    #[error("{found} signs for {identity}, expected {expected}")]
    KeyReplaced {
        /// The address.
        identity: Address,
        /// The key at hand.
        expected: Address,
        /// The key that signs now.
        found: Address,
    },
    /// The invitation is for another network.
    #[error("invitation for the chain {found}, expected {expected}")]
    OtherNetwork {
        /// Our chain id.
        expected: u64,
        /// The chain id in the invitation.
        found: u64,
    },
    /// The relationship does not stand where this step needs it.
    #[error("relationship is {}, expected {}", .found.name(), .expected.name())]
    Status {
        /// What is needed.
        expected: RelationshipStatus,
        /// What is proven.
        found: RelationshipStatus,
    },
    /// Whoever invites is no active member of the network.
    #[error("{steward} is no active member of the network")]
    UnknownSteward {
        /// The address in the invitation.
        steward: Address,
    },
}

impl JourneyError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NotPublished { .. } => Fault::Unavailable,
            _ => Fault::Caller,
        }
    }
}

/// Who acts: the address that the chain knows, and the key that signs for it now.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// What relationships and grants name; it stays when the key changes.
    pub address: Address,
    /// The key.
    pub key: &'a SigningKey,
}

/// A key that was never changed signs for its own address.
impl<'a> From<&'a SigningKey> for Identity<'a> {
    fn from(key: &'a SigningKey) -> Self {
        Self { address: key.address(), key }
    }
}

/// What a patient lets a viewer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantOffer {
    /// The steward of the records.
    pub steward: Address,
    /// Who may read them.
    pub viewer: Address,
    /// Which of them.
    pub categories: Categories,
    /// What the viewer may do.
    pub rights: Rights,
    /// From when on.
    pub from: UnixTime,
    /// Until when; `None` is an open end.
    pub until: Option<UnixTime>,
}

impl<P: Platform> Client<P> {
    /// Proves who sent an invitation: an active member of this network.
    ///
    /// # Errors
    /// [`JourneyError::OtherNetwork`], [`JourneyError::UnknownSteward`], or what the endpoints did.
    pub async fn inviter(&self, head: &Head, invitation: &Invitation) -> Result<Member, ClientError> {
        let expected = self.network().rules.chain_id;
        if invitation.network != expected {
            return Err(JourneyError::OtherNetwork { expected, found: invitation.network }.into());
        }
        let steward = invitation.steward;
        self.member(head, steward)
            .await?
            .filter(|member| member.status == MemberStatus::Active)
            .ok_or_else(|| JourneyError::UnknownSteward { steward }.into())
    }

    /// Takes an invitation with a fresh pseudonym and waits until the relationship and its record set are proven.
    /// Nothing is asked of the gatekeeper if they are already.
    ///
    /// # Errors
    /// As [`inviter`](Self::inviter); what the gatekeeper answers; [`TransactError::NotProven`](crate::TransactError)
    /// if the chain does not show the relationship in time.
    pub async fn redeem_invitation(
        &self,
        invitation: &Invitation,
        who: impl Into<Identity<'_>>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<RelationshipState, ClientError> {
        let who = who.into();
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        tell(Step::Prove, 1);
        let member = self.inviter(&head, invitation).await?;
        let query = RelationshipQuery { patient: who.address, steward: invitation.steward };
        if self.relationship(&head, query).await?.status == RelationshipStatus::None {
            tell(Step::Ask, 2);
            let caller = Caller { key: who.key, patient: who.address, via: None };
            let method = Method::RedeemInvitation { code: invitation.code.clone() };
            self.call_gatekeeper(&head, &member, caller, method).await?;
        }
        tell(Step::Wait, 3);
        let mut wait = Wait::new(self, "relationship with its record set", &[]);
        loop {
            let head = self.head()?;
            let state = self.relationship(&head, query).await;
            match wait.unless_silent(state)? {
                Some(state) if state.status != RelationshipStatus::None && state.record_set.is_some() => {
                    tell(Step::Wait, 4);
                    return Ok(state);
                }
                _ => wait.turn(&head).await?,
            }
        }
    }

    /// Accepts a relationship that was proposed to this pseudonym, and waits until that is proven.
    ///
    /// # Errors
    /// [`JourneyError::Status`] if it is not proposed; what became of the transaction.
    pub async fn accept_relationship(
        &self,
        who: impl Into<Identity<'_>>,
        steward: Address,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<RelationshipState, ClientError> {
        let who = who.into();
        let mut tell = |step, done| on_progress(Progress { step, done, total: 3 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        let query = RelationshipQuery { patient: who.address, steward };
        let state = self.relationship(&head, query).await?;
        match state.status {
            RelationshipStatus::Active => return Ok(state),
            RelationshipStatus::Proposed => {}
            found => {
                return Err(JourneyError::Status { expected: RelationshipStatus::Proposed, found }.into());
            }
        }
        tell(Step::Send, 1);
        let message = Message::call(self.network().relationships.address, contracts::accept(steward));
        let sent = self.submit(&head, who.key, &[message]).await?;
        tell(Step::Wait, 2);
        let mut wait = Wait::new(self, "accepted relationship", &sent);
        loop {
            let head = self.head()?;
            let state = self.relationship(&head, query).await;
            match wait.unless_silent(state)? {
                Some(state) if state.status == RelationshipStatus::Active => {
                    tell(Step::Wait, 3);
                    return Ok(state);
                }
                _ => wait.turn(&head).await?,
            }
        }
    }

    /// Lets a viewer read, and waits until exactly that is proven.
    ///
    /// # Errors
    /// [`JourneyError::Status`] if the relationship is not active; what became of the transaction.
    pub async fn grant(
        &self,
        who: impl Into<Identity<'_>>,
        offer: GrantOffer,
        on_progress: impl FnMut(Progress),
    ) -> Result<GrantTerms, ClientError> {
        let who = who.into();
        let GrantOffer { steward, viewer, categories, rights, from, until } = offer;
        let change = GrantChange {
            who,
            query: GrantQuery { patient: who.address, steward, viewer },
            what: "grant",
            calldata: contracts::grant(steward, viewer, categories, rights, from, until),
        };
        let is_granted = |terms: Option<GrantTerms>| {
            terms.filter(|terms| {
                (terms.categories, terms.rights, terms.from, terms.until) == (categories, rights, from, until)
            })
        };
        self.change_grant(change, is_granted, on_progress).await
    }

    /// Takes back what a viewer was granted, and waits until its absence is proven.
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub async fn revoke(
        &self,
        who: impl Into<Identity<'_>>,
        steward: Address,
        viewer: Address,
        on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        let who = who.into();
        let change = GrantChange {
            who,
            query: GrantQuery { patient: who.address, steward, viewer },
            what: "revocation",
            calldata: contracts::revoke(steward, viewer),
        };
        let is_gone = |terms: Option<GrantTerms>| terms.is_none().then_some(());
        self.change_grant(change, is_gone, on_progress).await
    }

    /// Sends the transaction of a grant or revocation, unless it is so already, and waits until `wanted` is proven.
    async fn change_grant<T>(
        &self,
        change: GrantChange<'_>,
        wanted: impl Fn(Option<GrantTerms>) -> Option<T>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<T, ClientError> {
        let GrantChange { who, query, what, calldata } = change;
        let mut tell = |step, done| on_progress(Progress { step, done, total: 3 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        let (relationship, terms) = self.relationship_and_grant(&head, query, None).await?;
        if relationship.status != RelationshipStatus::Active {
            let (expected, found) = (RelationshipStatus::Active, relationship.status);
            return Err(JourneyError::Status { expected, found }.into());
        }
        if let Some(done) = wanted(terms) {
            return Ok(done);
        }
        tell(Step::Send, 1);
        let message = Message::call(self.network().relationships.address, calldata);
        let sent = self.submit(&head, who.key, &[message]).await?;
        tell(Step::Wait, 2);
        let mut wait = Wait::new(self, what, &sent);
        loop {
            let head = self.head()?;
            let terms = self.grant_terms(&head, query).await;
            if let Some(done) = wait.unless_silent(terms)?.and_then(&wanted) {
                tell(Step::Wait, 3);
                return Ok(done);
            }
            wait.turn(&head).await?;
        }
    }

    /// Syncs, and returns the head if it is fresh.
    pub(crate) async fn synced_head(&self) -> Result<Head, ClientError> {
        self.sync().await?;
        self.fresh_head()
    }
}

/// A grant or revocation to bring about.
struct GrantChange<'a> {
    who: Identity<'a>,
    query: GrantQuery,
    what: &'static str,
    calldata: Vec<u8>,
}
