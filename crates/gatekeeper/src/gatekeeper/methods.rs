//! What each method does, once a call has passed the gates that all calls pass (`gatekeeper`).
//!
//! What may be read is decided from state that this process has proven itself; the access log is written before
//! anything is given out.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use client::Head;
use lightclient::{BlockNumber, UnixTime};
use protocol::access_request::AccessRequest;
use protocol::answer::{
    Description, DoneAnswer, InvitationAnswer, ListAnswer, RecordsAnswer, RefusalCode, RequestsAnswer,
    WriteAnswer,
};
use protocol::contribution::{Contribution, ContributionError, filed_under};
use protocol::grant::{AccessAsk, Grant, decide};
use protocol::layout::{MemberStatus, RelationshipQuery, RelationshipStatus, Right};
use protocol::request::{Call, InvitationCode, METHODS, Method, VerifiedCall};
use records::category::{Categories, Category};
use serde::Serialize;

use super::Gatekeeper;
use crate::audit::{self, Outcome};
use crate::chain::AccessState;
use crate::refusal::Refused;
use crate::store::{Access, Asked, NewRecord, StoreError};

impl Gatekeeper {
    /// Does what a verified call asks for, and returns the content of the answer.
    pub(super) async fn answer_call(&self, call: &VerifiedCall) -> Result<Vec<u8>, Refused> {
        match &call.call().method {
            Method::Describe => self.describe(call).await,
            Method::DismissRequest { from } => self.dismiss_request(call, *from).await,
            Method::RequestAccess { request } => self.request_access(call, request).await,
            Method::ListRequests => self.list_requests(call).await,
            Method::ListAccesses { before } => self.list_accesses(call, *before).await,
            Method::ListRecords { .. } | Method::ReadRecords { .. } | Method::ReadHistory { .. } => {
                self.read_records(call).await
            }
            Method::WriteRecords { category, contribution } => {
                self.write_records(call, *category, contribution).await
            }
            Method::RedeemInvitation { code } => self.redeem(call, code).await,
        }
    }

    /// What the signer may do. Nothing about the patient is given out that is not on chain, so there is no entry.
    async fn describe(&self, call: &VerifiedCall) -> Result<Vec<u8>, Refused> {
        let (head, state) = self.access_state(call).await?;
        let patient = call.call().patient;
        let may = |category, right| {
            let categories = Categories::NONE.with(category);
            decision(call, &state, categories, right, head.header().timestamp()).is_ok()
        };
        let read: Categories = Category::ALL.into_iter().filter(|one| may(*one, Right::Read)).collect();
        let write = Category::ALL.into_iter().filter(|one| {
            let is_filed_so = state.reader != Some(patient) || *one == Category::OwnData;
            is_filed_so && may(*one, Right::Contribute)
        });
        to_json(&Description {
            block: head.header().number(),
            read,
            write: write.collect(),
            until: state.terms.and_then(|terms| terms.until),
            methods: METHODS.map(str::to_owned).into(),
        })
    }

    async fn request_access(&self, call: &VerifiedCall, request: &AccessRequest) -> Result<Vec<u8>, Refused> {
        let (signer, created) = (call.signer(), call.created());
        let malformed = |reason: String| Refused::new(RefusalCode::Malformed, reason);
        request.verify(&self.relationship(call.call())).map_err(|error| malformed(error.to_string()))?;
        if request.from != signer || request.at.abs_diff(created) > MAX_REQUEST_AGE {
            let refused = malformed("the request is not of the call's signer, or not of now".to_owned());
            return Err(
                refused.with(format!("{signer} at {created}"), format!("{} at {}", request.from, request.at))
            );
        }
        let (head, state) = self.access_state(call).await?;
        let block = head.header().number();
        let reader = reader(call, &state).map_err(|refused| refused.at(block))?;
        let status = state.relationship.status;
        if status != RelationshipStatus::Active {
            let refused = Refused::new(RefusalCode::RelationshipNotActive, "the relationship is not active");
            return Err(refused.with("active", status.name()).at(block));
        }
        let member = self.chain.client().member(&head, reader).await?;
        if member.is_none_or(|member| member.status != MemberStatus::Active || member.key != signer) {
            return Err(
                Refused::new(RefusalCode::NotAMember, "only members of the network may ask").at(block)
            );
        }
        let (pseudonym, now) = (call.call().patient, self.now());
        let text = String::from_utf8(to_json(request)?).map_err(|error| malformed(error.to_string()))?;
        let asked =
            self.store.run(move |store| store.keep_access_request(pseudonym, signer, now, &text)).await?;
        if asked == Asked::TooMany {
            return Err(Refused::new(
                RefusalCode::TooManyRequests,
                "asked within the hour, or too many wait",
            )
            .at(block));
        }
        self.log(call, reader, block, None).await?;
        to_json(&DoneAnswer {})
    }

    async fn list_requests(&self, call: &VerifiedCall) -> Result<Vec<u8>, Refused> {
        let (pseudonym, now) = (self.only_patient(call).await?, self.now());
        let texts = self.store.run(move |store| store.access_requests(pseudonym, now)).await?;
        let requests = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>();
        let requests = requests.map_err(|_form| StoreError::Row { column: "request" })?;
        to_json(&RequestsAnswer { requests })
    }

    async fn dismiss_request(&self, call: &VerifiedCall, from: Address) -> Result<Vec<u8>, Refused> {
        let pseudonym = self.only_patient(call).await?;
        self.store.run(move |store| store.dismiss_access_request(pseudonym, from)).await?;
        to_json(&DoneAnswer {})
    }

    async fn redeem(&self, call: &VerifiedCall, code: &InvitationCode) -> Result<Vec<u8>, Refused> {
        let pseudonym = call.call().patient;
        // Whoever comes for the first time is nobody's successor, and costs no proof.
        if call.signer() != pseudonym {
            self.only_patient(call).await?;
        }
        self.head(call.call()).await?;
        let (code, now) = (code.digest().into(), self.now());
        self.store.run(move |store| store.redeem_invitation(code, pseudonym, now)).await?;
        // If another process has the duty, it sees in a moment that there is something to publish.
        let transactions = if self.is_on_duty().await? {
            self.stewardship.open(self.steward(), pseudonym).await?
        } else {
            Vec::new()
        };
        to_json(&InvitationAnswer { transactions })
    }

    async fn read_records(&self, call: &VerifiedCall) -> Result<Vec<u8>, Refused> {
        let (block, state) = self.permitted(call, Right::Read).await?;
        let anchor = state.relationship.record_set;
        let root = anchor.map(|anchor| anchor.root).ok_or_else(|| {
            Refused::new(RefusalCode::Unavailable, "no record set has been published yet").at(block)
        })?;
        let (sets, pseudonym, method) = (self.sets.clone(), call.call().patient, call.call().method.clone());
        let content = self.store.run(move |store| {
            let absent = |root: B256| {
                let refused = Refused::new(RefusalCode::Unavailable, "a published record set is not here");
                refused.with(root, "none").at(block)
            };
            match method {
                Method::ReadHistory { category, roots } => {
                    to_json(&sets.history(store, pseudonym, &roots, category)?.map_err(absent)?)
                }
                Method::ListRecords { categories } => {
                    let categories = sets.list(store, pseudonym, root, categories)?;
                    to_json(&ListAnswer { categories: categories.ok_or_else(|| absent(root))? })
                }
                method => {
                    let asked = method.categories().unwrap_or_default();
                    let categories = sets.answer(store, pseudonym, root, asked)?;
                    to_json(&RecordsAnswer { categories: categories.ok_or_else(|| absent(root))? })
                }
            }
        });
        content.await
    }

    async fn write_records(
        &self,
        call: &VerifiedCall,
        category: Category,
        contribution: &Contribution,
    ) -> Result<Vec<u8>, Refused> {
        let (relationship, author) = (self.relationship(call.call()), call.signer());
        let records = contribution.verify(&relationship, author).map_err(malformed)?;
        if self.writes.is_spent(author, self.now()) {
            return Err(Refused::new(RefusalCode::TooManyRequests, "more than sixty writes within the hour"));
        }
        let (_, state) = self.access_state(call).await?;
        let (provenance, contents) =
            records.split_last().ok_or_else(|| malformed(ContributionError::Empty))?;
        // Whose key was replaced is refused below, and logged.
        let filed = |record| state.reader.map(|reader| filed_under(&relationship, reader, record));
        if let Some(found) = contents.iter().filter_map(filed).find(|found| *found != category) {
            let refused = Refused::new(RefusalCode::Malformed, "a record of another category");
            return Err(refused.with(category, found));
        }
        let (block, _) = self.permitted(call, Right::Contribute).await?;
        self.writes.count(author, self.now());
        let records: Vec<NewRecord> =
            contents.iter().chain([provenance]).map(|record| NewRecord::new(record, category)).collect();
        let pseudonym = call.call().patient;
        let kept = self.store.run(move |store| store.contribute(pseudonym, &records)).await?;
        let kept = kept.ok_or_else(|| {
            Refused::new(RefusalCode::TooLarge, "more records than are kept of one patient").at(block)
        })?;
        let [added, replaced, unchanged] =
            [kept.added, kept.replaced, kept.unchanged].map(|count| count as u64);
        to_json(&WriteAnswer { added, replaced, unchanged })
    }

    /// Decides whether the signer may do this with the categories of its call, and writes that into the access log.
    async fn permitted(
        &self,
        call: &VerifiedCall,
        right: Right,
    ) -> Result<(BlockNumber, Arc<AccessState>), Refused> {
        let (head, state) = self.access_state(call).await?;
        let block = head.header().number();
        let categories = call.call().method.categories().unwrap_or_default();
        let decision = decision(call, &state, categories, right, head.header().timestamp());
        let refused = decision.err().map(|refused| refused.at(block));
        self.log(call, state.reader.unwrap_or(call.signer()), block, refused.as_ref()).await?;
        refused.map_or(Ok((block, state)), Err)
    }

    async fn list_accesses(&self, call: &VerifiedCall, before: Option<u64>) -> Result<Vec<u8>, Refused> {
        let (head, state) = self.access_state(call).await?;
        let pseudonym = match patient_alone(call, &state) {
            Ok(pseudonym) => pseudonym,
            Err(refused) => {
                let block = head.header().number();
                self.log(call, state.reader.unwrap_or(call.signer()), block, Some(&refused)).await?;
                return Err(refused.at(block));
            }
        };
        // What the client has proven to be anchored has to be known here, too, before the anchors are listed.
        let anchored = state.relationship.access_log;
        let answer = self.store.run(move |store| {
            store.note_anchored(pseudonym, anchored)?;
            store.accesses(pseudonym, before, MAX_LISTED)
        });
        to_json(&answer.await?)
    }

    /// The patient's own methods are for the patient only.
    async fn only_patient(&self, call: &VerifiedCall) -> Result<Address, Refused> {
        let (head, state) = self.access_state(call).await?;
        patient_alone(call, &state).map_err(|refused| refused.at(head.header().number()))
    }

    /// The head to decide at, and what is proven to hold there. About people whom nobody here knows, the chain is not asked:
    /// pseudonyms and keys cost strangers nothing, proofs cost us something.
    async fn access_state(&self, call: &VerifiedCall) -> Result<(Head, Arc<AccessState>), Refused> {
        let Call { patient, steward, .. } = *call.call();
        if !self.store.run(move |store| store.knows(patient)).await? {
            let refused = Refused::new(RefusalCode::NoRelationship, "nobody here has this pseudonym");
            return Err(refused.with("a pseudonym that redeemed an invitation", patient));
        }
        let head = self.head(call.call()).await?;
        let relationship = RelationshipQuery { patient, steward };
        let state = self.chain.access_state(&head, relationship, call.signer(), call.call().via).await?;
        Ok((head, state))
    }

    /// A head that is not older than the client's, and not of another chain.
    async fn head(&self, call: &Call) -> Result<Head, Refused> {
        let head = self.chain.head_for(call.head.number).await?;
        let header = head.header();
        if header.number() == call.head.number && header.hash() != call.head.hash {
            let refused = Refused::new(RefusalCode::StaleHead, "client and gatekeeper see different blocks");
            return Err(refused.with(header.hash(), call.head.hash).at(header.number()));
        }
        Ok(head)
    }

    /// Writes into the access log who did what, before anything is given out. Calls about people who are unknown here leave no entry.
    async fn log(
        &self,
        call: &VerifiedCall,
        caller: Address,
        block: BlockNumber,
        refused: Option<&Refused>,
    ) -> Result<(), Refused> {
        let at = self.now();
        let outcome = refused.map_or(Outcome::Released, |refused| Outcome::Refused(refused.code()));
        let entry = audit::entry(call, caller, outcome, block, at)?;
        let access = Access { pseudonym: call.call().patient, at, refused: refused.is_some(), entry };
        let kept = self.store.run(move |store| {
            if store.knows(access.pseudonym)? { store.append_access(&access) } else { Ok(None) }
        });
        kept.await.map(drop).map_err(|error: StoreError| error.into())
    }
}

/// For whom the caller's key signs.
fn reader(call: &VerifiedCall, state: &AccessState) -> Result<Address, Refused> {
    state.reader.ok_or_else(|| {
        let refused = Refused::new(RefusalCode::KeyReplaced, "another key has taken the place of this one");
        refused.with("the key that signs now", call.signer())
    })
}

/// The patient, if the caller's key signs for it.
fn patient_alone(call: &VerifiedCall, state: &AccessState) -> Result<Address, Refused> {
    let (patient, found) = (call.call().patient, reader(call, state)?);
    if found == patient {
        return Ok(patient);
    }
    Err(Refused::new(RefusalCode::RightNotGranted, "only the patient may do this").with(patient, found))
}

/// Whether the caller may do this with these categories at this time.
fn decision(
    call: &VerifiedCall,
    state: &AccessState,
    categories: Categories,
    right: Right,
    at: UnixTime,
) -> Result<Grant, Refused> {
    let Call { patient, steward, .. } = *call.call();
    let ask = AccessAsk { patient, steward, reader: reader(call, state)?, categories, right };
    Ok(decide(&ask, &state.relationship, state.terms.as_ref(), at)?)
}

fn malformed(error: ContributionError) -> Refused {
    Refused::new(RefusalCode::Malformed, error.to_string())
}

fn to_json(answer: &impl Serialize) -> Result<Vec<u8>, Refused> {
    serde_json::to_vec(answer).map_err(|error| StoreError::RecordSet { reason: error.to_string() }.into())
}

/// Seconds that a request for access and the call that brings it may lie apart: what a wrong clock is corrected by.
const MAX_REQUEST_AGE: u64 = 600;
/// Entries of the access log that are listed at once: about 0.7 MB.
const MAX_LISTED: u32 = 1_000;
