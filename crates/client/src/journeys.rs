//! The journeys of patients and viewers: take an invitation, accept, read, grant, revoke.
//!
//! Each one begins with a sync, refuses to act on a stale head, and ends with proven state, never with somebody's word:
//! a transaction counts when its effect is proven, a record when it leads to the root that the relationship holds on
//! chain. What is already so is not done again, so that an interrupted journey can simply be repeated.

use alloy_primitives::Address;
use lightclient::{Fault, UnixTime};
use protocol::answer::{RecordsAnswer, RefusalCode};
use protocol::category::{Categories, Category};
use protocol::contracts;
use protocol::grant::{AccessAsk, Refusal, decide};
use protocol::invitation::Invitation;
use protocol::keys::SigningKey;
use protocol::layout::{
    GrantQuery, GrantTerms, Member, MemberStatus, RecordSetAnchor, RelationshipQuery, RelationshipState,
    RelationshipStatus, Right, Rights,
};
use protocol::record_set::{RecordSetError, VerifiedCategory, verify_category};
use protocol::request::Method;

use crate::client::{Client, Head};
use crate::error::{ClientError, Problem};
use crate::gatekeeper::{Caller, GatekeeperError};
use crate::ports::Platform;
use crate::transact::{Message, Wait};

/// How far a journey has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done now.
    pub step: Step,
    /// Steps done.
    pub done: u32,
    /// Steps in all.
    pub total: u32,
}

/// A step of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Asking the gatekeeper.
    Ask,
    /// Proving what the chain says.
    Prove,
    /// Signing and sending a transaction.
    Send,
    /// Bringing the light client to the newest block.
    Sync,
    /// Verifying what the gatekeeper answered.
    Verify,
    /// Waiting until the chain proves the effect.
    Wait,
}

impl Step {
    /// The stable name: `ask`, `prove`, `send`, `sync`, `verify`, `wait`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Prove => "prove",
            Self::Send => "send",
            Self::Sync => "sync",
            Self::Verify => "verify",
            Self::Wait => "wait",
        }
    }
}

/// Why a journey cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JourneyError {
    /// The proven state does not permit the access.
    #[error(transparent)]
    Access(#[from] Refusal),
    /// There is no record set on chain to verify against.
    #[error("{steward} has not published a record set for {patient}")]
    NotPublished {
        /// The patient's pseudonym.
        patient: Address,
        /// The steward.
        steward: Address,
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

/// What was asked for when reading, and the proofs it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The head that everything is proven against.
    pub head: Head,
    /// The steward, proven in the registry.
    pub steward: Member,
    /// The relationship, proven.
    pub relationship: RelationshipState,
    /// The grant that permits it; `None` for the patient's own records.
    pub terms: Option<GrantTerms>,
    /// The record set that the records were verified against.
    pub anchor: RecordSetAnchor,
    /// Each category asked for, in their order.
    pub categories: Vec<CategoryReading>,
}

/// One category of a reading.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryReading {
    /// The category.
    pub category: Category,
    /// What became of it.
    pub outcome: CategoryOutcome,
}

/// What became of one category.
#[derive(Debug, Clone, PartialEq)]
pub enum CategoryOutcome {
    /// It does not lead to the root on chain; nothing of it may be shown.
    Broken(ClientError),
    /// Complete: its leaves lead to the root on chain. Each record has its own verdict.
    Complete(VerifiedCategory),
    /// The proven grant does not cover it; it was not asked for.
    NotGranted(Refusal),
}

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct ReadAsk<'a> {
    /// The key of the reader: the patient's pseudonym, or a viewer.
    pub key: &'a SigningKey,
    /// The patient's pseudonym.
    pub patient: Address,
    /// The steward of the records.
    pub steward: Address,
    /// The categories; at least one.
    pub categories: Categories,
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
        key: &SigningKey,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<RelationshipState, ClientError> {
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        tell(Step::Prove, 1);
        let member = self.inviter(&head, invitation).await?;
        let query = RelationshipQuery { patient: key.address(), steward: invitation.steward };
        if self.relationship(&head, query).await?.status == RelationshipStatus::None {
            tell(Step::Ask, 2);
            let caller = Caller { key, patient: key.address() };
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
        key: &SigningKey,
        steward: Address,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<RelationshipState, ClientError> {
        let mut tell = |step, done| on_progress(Progress { step, done, total: 3 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        let query = RelationshipQuery { patient: key.address(), steward };
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
        let sent = self.submit(&head, key, &[message]).await?;
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
        key: &SigningKey,
        offer: GrantOffer,
        on_progress: impl FnMut(Progress),
    ) -> Result<GrantTerms, ClientError> {
        let GrantOffer { steward, viewer, categories, rights, from, until } = offer;
        let change = GrantChange {
            key,
            query: GrantQuery { patient: key.address(), steward, viewer },
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
        key: &SigningKey,
        steward: Address,
        viewer: Address,
        on_progress: impl FnMut(Progress),
    ) -> Result<(), ClientError> {
        let change = GrantChange {
            key,
            query: GrantQuery { patient: key.address(), steward, viewer },
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
        let GrantChange { key, query, what, calldata } = change;
        let mut tell = |step, done| on_progress(Progress { step, done, total: 3 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        let (relationship, terms) = self.relationship_and_grant(&head, query).await?;
        if relationship.status != RelationshipStatus::Active {
            let (expected, found) = (RelationshipStatus::Active, relationship.status);
            return Err(JourneyError::Status { expected, found }.into());
        }
        if let Some(done) = wanted(terms) {
            return Ok(done);
        }
        tell(Step::Send, 1);
        let message = Message::call(self.network().relationships.address, calldata);
        let sent = self.submit(&head, key, &[message]).await?;
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

    /// Reads records and verifies that they are what the steward anchored on chain, all of them.
    ///
    /// The proven grant is consulted first: categories that it does not cover are not even asked for. If the gatekeeper
    /// turns out to stand at another block or revision than we, both are brought together and it is asked once more.
    ///
    /// # Errors
    /// [`JourneyError::Access`] if nothing is permitted, [`JourneyError::NotPublished`], [`GatekeeperError`] or what the
    /// endpoints did. A category that does not verify is no error of the whole: see [`CategoryOutcome`].
    pub async fn read_records(
        &self,
        ask: ReadAsk<'_>,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Reading, ClientError> {
        let mut tell = |step, done| on_progress(Progress { step, done, total: 4 });
        tell(Step::Sync, 0);
        let head = self.synced_head().await?;
        match self.read_once(&ask, head, &mut tell).await {
            Ok(reading) if !reading.is_out_of_step() => Ok(reading),
            Err(error) if !is_out_of_step(&error) => Err(error),
            _ => {
                tell(Step::Sync, 0);
                let head = self.synced_head().await?;
                self.read_once(&ask, head, &mut tell).await
            }
        }
    }

    async fn read_once(
        &self,
        ask: &ReadAsk<'_>,
        head: Head,
        tell: &mut impl FnMut(Step, u32),
    ) -> Result<Reading, ClientError> {
        let ReadAsk { key, patient, steward, categories } = *ask;
        tell(Step::Prove, 1);
        let member = self.member(&head, steward).await?.ok_or(GatekeeperError::NoMember { steward })?;
        let query = GrantQuery { patient, steward, viewer: key.address() };
        let (relationship, terms) = self.relationship_and_grant(&head, query).await?;
        let permitted = permitted(ask, &relationship, terms.as_ref(), head.header().timestamp())?;
        let anchor = relationship.record_set.ok_or(JourneyError::NotPublished { patient, steward })?;
        tell(Step::Ask, 2);
        let method = Method::ReadRecords { categories: permitted };
        let answer = self.call_gatekeeper(&head, &member, Caller { key, patient }, method).await?;
        tell(Step::Verify, 3);
        let answer =
            decode_records(&answer.content, permitted).map_err(|error| error.at(&member.endpoint))?;
        let readings = categories
            .iter()
            .map(|category| {
                let one = Categories::NONE.with(category);
                let asked = AccessAsk {
                    patient,
                    steward,
                    reader: key.address(),
                    categories: one,
                    right: Right::Read,
                };
                let outcome = match decide(&asked, &relationship, terms.as_ref(), head.header().timestamp()) {
                    Err(refusal) => CategoryOutcome::NotGranted(refusal),
                    Ok(_) => match judge(&anchor, category, &answer) {
                        Ok(complete) => CategoryOutcome::Complete(complete),
                        Err(error) => CategoryOutcome::Broken(error.at(&member.endpoint)),
                    },
                };
                CategoryReading { category, outcome }
            })
            .collect();
        tell(Step::Verify, 4);
        let terms = terms.filter(|_| key.address() != patient);
        Ok(Reading { head, steward: member, relationship, terms, anchor, categories: readings })
    }

    /// Syncs, and returns the head if it is fresh.
    async fn synced_head(&self) -> Result<Head, ClientError> {
        self.sync().await?;
        self.fresh_head()
    }
}

impl Reading {
    /// Whether a category leads to another root: the gatekeeper may have published meanwhile.
    fn is_out_of_step(&self) -> bool {
        self.categories.iter().any(|reading| {
            matches!(&reading.outcome, CategoryOutcome::Broken(error) if matches!(
                &*error.problem,
                Problem::Records(RecordSetError::Root { .. } | RecordSetError::Total { .. })
            ))
        })
    }
}

/// A grant or revocation to bring about.
struct GrantChange<'a> {
    key: &'a SigningKey,
    query: GrantQuery,
    what: &'static str,
    calldata: Vec<u8>,
}

/// The categories asked for that the proven state permits.
fn permitted(
    ask: &ReadAsk<'_>,
    relationship: &RelationshipState,
    terms: Option<&GrantTerms>,
    at: UnixTime,
) -> Result<Categories, JourneyError> {
    let ReadAsk { key, patient, steward, categories } = *ask;
    let asked = AccessAsk { patient, steward, reader: key.address(), categories, right: Right::Read };
    match decide(&asked, relationship, terms, at) {
        Ok(_) => Ok(categories),
        Err(refusal) if refusal.code == RefusalCode::CategoryNotGranted => {
            let granted = terms.map(|terms| categories.intersection(terms.categories));
            granted.filter(|granted| !granted.is_empty()).ok_or_else(|| refusal.into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Reads the content of an answer to `records.read`: only about the categories asked, each once.
fn decode_records(content: &[u8], asked: Categories) -> Result<RecordsAnswer, ClientError> {
    let answer: RecordsAnswer = serde_json::from_slice(content)
        .map_err(|error| GatekeeperError::Content { reason: error.to_string() })?;
    let mut seen = Categories::NONE;
    for category in answer.categories.iter().map(|answer| answer.category) {
        if !asked.contains(category) || seen.contains(category) {
            let reason = format!("category {category} was not asked for, or came twice");
            return Err(GatekeeperError::Content { reason }.into());
        }
        seen = seen.with(category);
    }
    Ok(answer)
}

/// Verifies one category of an answer.
fn judge(
    anchor: &RecordSetAnchor,
    category: Category,
    answer: &RecordsAnswer,
) -> Result<VerifiedCategory, ClientError> {
    let of_category = answer.categories.iter().find(|answer| answer.category == category);
    let answer = of_category.ok_or(GatekeeperError::CategoryMissing { category })?;
    Ok(verify_category(anchor, category, answer)?)
}

/// Whether the gatekeeper refuses because it stands at another block than we.
fn is_out_of_step(error: &ClientError) -> bool {
    matches!(
        &*error.problem,
        Problem::Gatekeeper(GatekeeperError::Refused(refusal)) if refusal.code == RefusalCode::StaleHead
    )
}
