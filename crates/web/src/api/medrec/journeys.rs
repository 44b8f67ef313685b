//! The chain and the journeys.

use alloy_primitives::Address;
use client::{Directory, GrantOffer, Head, Platform as _, ReadAsk, Viewer, read_right, shared_with};
use js_sys::Function;
use protocol::{
    invitation::{Invitation, ViewerCard, parse_address},
    keys::SigningKey,
    layout::{RelationshipQuery, RelationshipStatus, Rights},
};
use records::category::Categories;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    api::{
        arguments::{parse_address_argument, parse_whole},
        medrec::{
            Medrec,
            arguments::{parse_categories, parse_name},
        },
        running::{CallOptions, run},
    },
    error::ErrorView,
    identity::{OwnKey, OwnRelationship, cover, own_relationships, relationship_for, viewer_key},
    vault::{Contents, StoredViewer},
    views::{
        ProgressView, SyncView,
        accesses::AccessesView,
        directory::{
            InvitationView, MemberView, PersonView, RelationshipView, SharedView, ViewerView, relationship_id,
        },
        records::RecordsView,
        to_js,
        versions::VersionsView,
    },
};

#[wasm_bindgen]
impl Medrec {
    /// Brings the client to the newest block that it can verify.
    #[wasm_bindgen(unchecked_return_type = "SyncView")]
    pub async fn sync(&self, options: Option<CallOptions>) -> Result<JsValue, ErrorView> {
        run(&self.client, options, async {
            let report = self.client.sync().await?;
            Ok(to_js(&SyncView::new(report, self.client.network())))
        })
        .await
    }

    /// Returns the evidence that two sealed blocks share a height, if that was seen: a JSON text to keep as a file.
    pub fn evidence(&self) -> Option<String> {
        self.client.evidence()
    }

    /// Tells the identity that others grant to.
    #[wasm_bindgen(unchecked_return_type = "PersonView")]
    pub fn person(&self) -> Result<JsValue, ErrorView> {
        let viewer = self.viewer_key()?.address;
        let card = ViewerCard { network: self.client.network().rules.chain_id, viewer };
        Ok(to_js(&PersonView { viewer_address: viewer.to_string(), viewer_card: card.to_string() }))
    }

    /// Proves the directory.
    #[wasm_bindgen(unchecked_return_type = "MemberView[]")]
    pub async fn members(&self) -> Result<JsValue, ErrorView> {
        let directory = Directory::prove(&self.client, &self.head().await?).await?;
        Ok(to_js(&directory.members().map(MemberView::from).collect::<Vec<_>>()))
    }

    /// Reads an invitation and proves who sent it.
    #[wasm_bindgen(unchecked_return_type = "InvitationView")]
    pub async fn invitation(&self, text: &str) -> Result<JsValue, ErrorView> {
        let invitation = Invitation::parse(text)?;
        let head = self.fresh_head().await?;
        let steward = self.client.inviter(&head, &invitation).await?;
        let mut already_accepted = false;
        if let Ok(session) = self.session() {
            let own = own_relationships(&self.client, &session)?;
            let with_steward = own.iter().filter(|own| own.steward == steward.address);
            let queries: Vec<_> = with_steward.map(OwnRelationship::query).collect();
            let states = self.client.relationships(&head, &queries).await?;
            already_accepted = states.iter().any(|state| state.status == RelationshipStatus::Active);
        }
        let text = invitation.to_text();
        Ok(to_js(&InvitationView { text, steward: MemberView::from(&steward), already_accepted }))
    }

    /// Takes an invitation: a fresh key, the steward's proposal, the person's acceptance, each proven.
    #[wasm_bindgen(js_name = acceptInvitation, unchecked_return_type = "RelationshipView")]
    pub async fn accept_invitation(
        &self,
        text: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let invitation = Invitation::parse(text)?;
        let session = self.session()?;
        let head = self.fresh_head().await?;
        let steward = self.client.inviter(&head, &invitation).await?;
        let own = relationship_for(&self.client, &head, &session, &self.storage, steward.address).await?;
        let first = |progress| ProgressView::within(progress, 0, 3).tell(on_progress);
        self.client.redeem_invitation(&invitation, own.key.identity(), first).await?;
        let second = |progress| ProgressView::within(progress, 4, 0).tell(on_progress);
        let state = self.client.accept_relationship(own.key.identity(), own.steward, second).await?;
        // The relationship stands; over what the guardians do not watch yet is told with them.
        let _later = cover(&self.client, &session, &self.storage, |_| {}).await;
        Ok(to_js(&RelationshipView::new(&state, &steward)))
    }

    /// Proves the person's own relationships.
    #[wasm_bindgen(unchecked_return_type = "RelationshipView[]")]
    pub async fn relationships(&self) -> Result<JsValue, ErrorView> {
        let own = own_relationships(&self.client, &*self.session()?)?;
        let head = self.head().await?;
        let queries: Vec<_> = own.iter().map(OwnRelationship::query).collect();
        let mut states = self.client.relationships(&head, &queries).await?;
        // A key whose invitation was never answered has no relationship yet.
        states.retain(|state| state.status != RelationshipStatus::None);
        let directory = Directory::prove(&self.client, &head).await?;
        let view = |state| Ok(RelationshipView::new(state, directory.member(state.steward)?));
        Ok(to_js(&states.iter().map(view).collect::<Result<Vec<_>, ErrorView>>()?))
    }

    /// Reads the records of an own relationship, all of them, verified.
    #[wasm_bindgen(unchecked_return_type = "RecordsView")]
    pub async fn records(
        &self,
        relationship: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let own = self.own(relationship)?;
        self.read(&own.key.key, own.query(), on_progress).await
    }

    /// Proves all versions of a record (`Type/id`) of an own relationship, the newest first.
    #[wasm_bindgen(unchecked_return_type = "VersionsView")]
    pub async fn versions(
        &self,
        relationship: &str,
        #[wasm_bindgen(unchecked_param_type = "CategoryName")] category: &str,
        record: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let own = self.own(relationship)?;
        let RelationshipQuery { patient, steward } = own.query();
        let key = &own.key.key;
        let ask = ReadAsk { key, patient, steward, categories: Categories::ALL, via: None };
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        let past = self.client.read_past(ask, category.parse()?, progress).await?;
        Ok(to_js(&VersionsView::new(&past, record)))
    }

    /// Proves who read the own records or tried to, newest first: back to what is anchored at least, or all of it.
    #[wasm_bindgen(unchecked_return_type = "AccessesView")]
    pub async fn accesses(&self, relationship: &str, all: bool) -> Result<JsValue, ErrorView> {
        let own = self.own(relationship)?;
        let mut reading = self.client.read_accesses(own.key.identity(), own.steward).await?;
        while all && !reading.is_whole() {
            self.client.read_older_accesses(own.key.identity(), &mut reading).await?;
        }
        let directory = Directory::prove(&self.client, &reading.head).await?;
        let name_of = |caller| self.viewer_name(&directory, caller);
        Ok(to_js(&AccessesView::new(own.query(), &reading, name_of)?))
    }

    /// Proves what others let this person read.
    #[wasm_bindgen(js_name = sharedWithMe, unchecked_return_type = "SharedView[]")]
    pub async fn shared_with_me(&self) -> Result<JsValue, ErrorView> {
        let me = self.viewer_key()?.address;
        let head = self.head().await?;
        let directory = Directory::prove(&self.client, &head).await?;
        let mut views = Vec::new();
        for (state, viewer) in shared_with(&self.client, &head, me).await? {
            let decided = read_right(&head, &state, &viewer);
            let steward = directory.member(state.steward)?;
            views.push(SharedView::new(state.patient, steward, viewer.terms.as_ref(), decided));
        }
        Ok(to_js(&views))
    }

    /// Reads somebody else's records, as far as they are granted, verified.
    #[wasm_bindgen(js_name = sharedRecords, unchecked_return_type = "RecordsView")]
    pub async fn shared_records(
        &self,
        patient: &str,
        steward: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let query = RelationshipQuery {
            patient: parse_address_argument("patient", patient)?,
            steward: parse_address_argument("steward", steward)?,
        };
        self.read(&self.viewer_key()?.key, query, on_progress).await
    }

    /// Proves who may read within an own relationship, former viewers included.
    #[wasm_bindgen(unchecked_return_type = "ViewerView[]")]
    pub async fn viewers(&self, relationship: &str) -> Result<JsValue, ErrorView> {
        let own = self.own(relationship)?;
        let head = self.head().await?;
        let state = self.client.relationship(&head, own.query()).await?;
        let viewers = self.client.viewers(&head, &state).await?;
        let directory = Directory::prove(&self.client, &head).await?;
        let mut views = Vec::new();
        for viewer in viewers {
            let name = self.viewer_name(&directory, viewer.address)?;
            let decided = read_right(&head, &state, &viewer);
            views.push(ViewerView::new(viewer.address, name, viewer.terms.as_ref(), decided));
        }
        Ok(to_js(&views))
    }

    /// Lets a viewer (an address or a viewer card) read categories, and waits until that is proven. Each grant has to be
    /// confirmed before (`confirmWithPassword`, `confirmWithPasskey`): an unlocked screen is not enough.
    #[wasm_bindgen(unchecked_return_type = "ViewerView")]
    pub async fn grant(
        &self,
        relationship: &str,
        viewer: &str,
        #[wasm_bindgen(unchecked_param_type = "readonly CategoryName[]")] categories: Vec<String>,
        until: Option<f64>,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let own = self.own(relationship)?;
        let viewer = self.parse_viewer(viewer)?;
        let categories = parse_categories(&categories)?;
        let until = until.map(|until| parse_whole("until", until)).transpose()?;
        self.session()?.take_confirmation()?;
        let head = self.fresh_head().await?;
        let from = head.header().timestamp();
        if let Some(until) = until.filter(|until| *until <= from) {
            return Err(ErrorView::grant_in_the_past(from, until));
        }
        let offer =
            GrantOffer { steward: own.steward, viewer, categories, rights: Rights::READ, from, until };
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        let terms = self.client.grant(own.key.identity(), offer, progress).await?;
        let viewer = Viewer { address: viewer, terms: Some(terms) };
        let head = self.head().await?;
        let state = self.client.relationship(&head, own.query()).await?;
        let name = self.viewer_name(&Directory::prove(&self.client, &head).await?, viewer.address)?;
        let decided = read_right(&head, &state, &viewer);
        Ok(to_js(&ViewerView::new(viewer.address, name, viewer.terms.as_ref(), decided)))
    }

    /// Takes back what a viewer was granted, and waits until its absence is proven.
    pub async fn revoke(
        &self,
        relationship: &str,
        viewer: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let own = self.own(relationship)?;
        let viewer = self.parse_viewer(viewer)?;
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        self.client.revoke(own.key.identity(), own.steward, viewer, progress).await?;
        Ok(())
    }

    /// Remembers what the person calls a viewer; an empty name forgets it.
    #[wasm_bindgen(js_name = nameViewer)]
    pub async fn name_viewer(&self, viewer: &str, name: &str) -> Result<(), ErrorView> {
        let viewer = self.parse_viewer(viewer)?;
        let name = parse_name(name);
        let session = self.session()?;
        let change = |contents: &mut Contents| {
            contents.viewers.retain(|stored| stored.viewer != viewer);
            if !name.is_empty() {
                contents.viewers.push(StoredViewer { viewer, name });
            }
        };
        session.update(&self.storage, change).await?;
        Ok(())
    }
}

impl Medrec {
    async fn read(
        &self,
        key: &SigningKey,
        query: RelationshipQuery,
        on_progress: &Function,
    ) -> Result<JsValue, ErrorView> {
        let RelationshipQuery { patient, steward } = query;
        let ask = ReadAsk { key, patient, steward, categories: Categories::ALL, via: None };
        let progress = |progress| ProgressView::within(progress, 0, 0).tell(on_progress);
        let reading = self.client.read_records(ask, progress).await?;
        Ok(to_js(&RecordsView::new(&reading, self.client.network())))
    }

    /// Returns a head to prove against, a few seconds old at most; nodes keep proofs of recent blocks only.
    pub(super) async fn head(&self) -> Result<Head, ErrorView> {
        if let Ok(head) = self.client.head() {
            let age = self.client.platform().now().saturating_sub(head.header().timestamp());
            if age <= RECENT_SECONDS {
                return Ok(head);
            }
        }
        self.client.sync().await?;
        Ok(self.client.head()?)
    }

    /// Returns a head to act upon: one that the network's description does not call stale.
    pub(super) async fn fresh_head(&self) -> Result<Head, ErrorView> {
        self.head().await?;
        Ok(self.client.fresh_head()?)
    }

    fn viewer_key(&self) -> Result<OwnKey, ErrorView> {
        Ok(viewer_key(&self.client, &*self.session()?)?)
    }

    /// Returns the own relationship with this id, `patient:steward`.
    pub(super) fn own(&self, id: &str) -> Result<OwnRelationship, ErrorView> {
        let own = own_relationships(&self.client, &*self.session()?)?;
        own.into_iter().find(|own| relationship_id(own.query()) == id).ok_or_else(|| ErrorView::not_own(id))
    }

    /// Reads a viewer card of this network, or a plain address.
    pub(super) fn parse_viewer(&self, text: &str) -> Result<Address, ErrorView> {
        if let Some(address) = parse_address(text.trim()) {
            return Ok(address);
        }
        let ViewerCard { network, viewer } = text.parse()?;
        let expected = self.client.network().rules.chain_id;
        if network != expected {
            return Err(ErrorView::other_network(expected, network));
        }
        Ok(viewer)
    }

    /// Returns a viewer's name in the directory, or the one that the person gave it.
    pub(super) fn viewer_name(
        &self,
        directory: &Directory,
        viewer: Address,
    ) -> Result<Option<String>, ErrorView> {
        if let Ok(member) = directory.member(viewer) {
            return Ok(Some(member.name.clone()));
        }
        let named = self.session()?.contents().viewers.into_iter().find(|stored| stored.viewer == viewer);
        Ok(named.map(|stored| stored.name))
    }
}

/// The head is brought up to date before a read if it is older than this.
const RECENT_SECONDS: u64 = 5;
