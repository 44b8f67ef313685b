//! Guardians: choosing them, being one, objecting, and the way back to lost keys.

use alloy_primitives::Address;
use client::{Directory, Identity, Progress};
use js_sys::Function;
use lightclient::Fault;
use protocol::guardians::{DELAYS, Handover, KeyRequest, Kit};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    api::{
        arguments::{parse_address_argument, parse_whole},
        medrec::{Medrec, arguments::parse_name},
    },
    error::ErrorView,
    identity::{
        OwnKey, WayBack, begin_way_back, catch_up, choose_guardians, cover, drop_kits, is_of, keep, lost_kit,
        own_keys, own_kit, stay_empty_on_way_back, viewer_key, wards,
    },
    vault::Whose,
    views::{
        ProgressView,
        directory::NamedView,
        guardians::{ApprovalsView, GuardiansView, HandoverView, WardView, WayBackView},
        to_js,
    },
};

#[wasm_bindgen]
impl Medrec {
    /// Proves how the own guardians stand: who they are, over how much they watch, and whether they have approved keys.
    #[wasm_bindgen(unchecked_return_type = "GuardiansView")]
    pub async fn guardians(&self) -> Result<JsValue, ErrorView> {
        let session = self.session()?;
        let (head, network) = (self.head().await?, self.client.network().network_id);
        let addresses: Vec<Address> = self.own_keys()?.iter().map(|own| own.address).collect();
        let states = self.client.guardianships(&head, &addresses).await?;
        let own = own_kit(&session.contents(), network);
        // As the guardians find them: one behind the other.
        let guarded = match &own {
            Some((kit, _)) => match self.client.guarded(&head, kit).await {
                Err(error) if error.fault() != Fault::Caller => return Err(error.into()),
                guarded => guarded.unwrap_or_default(),
            },
            None => Vec::new(),
        };
        let is_found = |address: &Address| guarded.iter().any(|one| one.identity == *address);
        let covered = addresses.iter().filter(|address| is_found(address)).count();
        let watched = addresses.iter().zip(&states).filter(|(_, state)| state.is_some());
        let unknown = watched.filter(|(address, _)| !is_found(address)).count() > 0;
        let approved = states.iter().flatten().filter_map(|state| state.approved);
        let directory = Directory::prove(&self.client, &head).await?;
        let mut guardians = Vec::new();
        for guardian in own.iter().flat_map(|(kit, _)| kit.circle.guardians()) {
            guardians.push(NamedView::new(*guardian, self.viewer_name(&directory, *guardian)?));
        }
        Ok(to_js(&GuardiansView {
            kit: own.as_ref().map(|(kit, _)| kit.to_text()),
            threshold: own.as_ref().map_or(0, |(kit, _)| kit.circle.threshold()),
            guardians,
            delay_seconds: own.map(|(_, delay)| delay.into()),
            covered,
            addresses: addresses.len(),
            unknown,
            ready_at: approved.map(|(_, ready_at)| ready_at).min().map(Into::into),
            lost: lost_kit(&session.contents(), network).is_some(),
        }))
    }

    /// Chooses guardians, so many of whom can give the person new keys after a delay, and waits until that is proven for all
    /// addresses. Has to be confirmed before (`confirmWithPassword`, `confirmWithPasskey`).
    #[wasm_bindgen(js_name = chooseGuardians)]
    pub async fn choose_guardians(
        &self,
        guardians: Vec<String>,
        threshold: f64,
        #[wasm_bindgen(js_name = delaySeconds)] delay_seconds: f64,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let guardians =
            guardians.iter().map(|text| self.parse_viewer(text)).collect::<Result<Vec<_>, _>>()?;
        let threshold = u8::try_from(parse_whole("threshold", threshold)?).unwrap_or(u8::MAX);
        let delay = parse_whole("delaySeconds", delay_seconds)?;
        if !DELAYS.contains(&delay) {
            let expected = format!("from {} to {}", DELAYS.start(), DELAYS.end());
            return Err(ErrorView::argument("delaySeconds", &expected, &delay.to_string()));
        }
        let session = self.session()?;
        if guardians.contains(&viewer_key(&self.client, &session)?.address) {
            return Err(ErrorView::own_guardian());
        }
        session.take_confirmation()?;
        let choice = (guardians, threshold, delay);
        choose_guardians(&self.client, &session, &self.storage, choice, telling(on_progress)).await
    }

    /// Lets the chosen guardians watch over addresses that came later. Nothing to be done is no error.
    #[wasm_bindgen(js_name = coverWithGuardians)]
    pub async fn cover_with_guardians(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        cover(&self.client, &*self.session()?, &self.storage, telling(on_progress)).await
    }

    /// Has no guardians any more. Has to be confirmed before.
    #[wasm_bindgen(js_name = dismissGuardians)]
    pub async fn dismiss_guardians(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let session = self.session()?;
        session.take_confirmation()?;
        catch_up(&self.client, &session, &self.storage).await?;
        let keys = self.own_keys()?;
        self.client.dismiss_guardians(&identities(&keys), telling(on_progress)).await?;
        drop_kits(&self.client, &session, &self.storage, |one| matches!(one.whose, Whose::Own { .. })).await
    }

    /// Objects to the keys that the guardians have approved. It only keeps what is, so nothing is asked for.
    #[wasm_bindgen(js_name = objectToKeys)]
    pub async fn object_to_keys(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        // Also for what another device began.
        catch_up(&self.client, &*self.session()?, &self.storage).await?;
        let keys = self.own_keys()?;
        Ok(self.client.veto_keys(&identities(&keys), telling(on_progress)).await?)
    }

    /// Reads what somebody gave to a guardian: a kit to keep, or keys to approve, with what is proven of it.
    #[wasm_bindgen(unchecked_return_type = "HandoverView")]
    pub async fn handover(&self, text: &str) -> Result<JsValue, ErrorView> {
        // What somebody wrote down a moment ago is seen.
        self.client.sync().await?;
        let (session, head) = (self.session()?, self.client.fresh_head()?);
        let own = viewer_key(&self.client, &session)?.address;
        Ok(to_js(&match Handover::parse(text)? {
            Handover::Kit(kit) => {
                // Whether it is good for anything.
                self.client.guarded(&head, &kit).await?;
                HandoverView::Kit {
                    person: kit.first.to_string(),
                    threshold: kit.circle.threshold(),
                    guardians: kit.circle.guardians().len(),
                    mine: kit.circle.guardians().contains(&own),
                    name: self.ward(kit.first)?.map(|(name, _)| name),
                }
            }
            Handover::Request(request) => {
                let (name, kit) = self.ward(request.first)?.ok_or_else(ErrorView::no_kit)?;
                let approvals = self.client.key_approvals(&head, &kit, &request).await?;
                let approved = approvals.by.contains(&own);
                let guarded = self.client.guarded(&head, &kit).await?;
                HandoverView::Request {
                    name,
                    approved,
                    approvals: ApprovalsView::new(&kit, &guarded, &request, &approvals),
                }
            }
        }))
    }

    /// Keeps the kit of somebody whom the person guards, under a name.
    #[wasm_bindgen(js_name = keepKit)]
    pub async fn keep_kit(&self, text: &str, name: &str) -> Result<(), ErrorView> {
        let Handover::Kit(kit) = Handover::parse(text)? else { return Err(ErrorView::no_kit()) };
        let (whose, session) = (Whose::Other { name: parse_name(name) }, self.session()?);
        stay_empty_on_way_back(&self.client, &session)?;
        keep(&self.client, &session, &self.storage, &kit, whose).await
    }

    /// Returns those whom the person guards.
    #[wasm_bindgen(unchecked_return_type = "WardView[]")]
    pub fn wards(&self) -> Result<JsValue, ErrorView> {
        let wards = wards(&self.session()?.contents(), self.client.network().network_id);
        let view =
            |(name, kit): (String, Kit)| WardView { person: kit.first.to_string(), name, kit: kit.to_text() };
        Ok(to_js(&wards.into_iter().map(view).collect::<Vec<_>>()))
    }

    /// Guards somebody no more: the kit is forgotten. That person is not told by it.
    #[wasm_bindgen(js_name = dropKit)]
    pub async fn drop_kit(&self, person: &str) -> Result<(), ErrorView> {
        let first = parse_address_argument("person", person)?;
        let is_gone = |stored: &_| is_of(stored, first) && matches!(stored.whose, Whose::Other { .. });
        drop_kits(&self.client, &*self.session()?, &self.storage, is_gone).await
    }

    /// Approves the keys of a request as a guardian, and waits until that is proven. Has to be confirmed before.
    #[wasm_bindgen(js_name = approveKeys)]
    pub async fn approve_keys(
        &self,
        text: &str,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let request = self.request(text)?;
        let (_, kit) = self.ward(request.first)?.ok_or_else(ErrorView::no_kit)?;
        let session = self.session()?;
        session.take_confirmation()?;
        let own = viewer_key(&self.client, &session)?;
        Ok(self.client.approve_keys(own.identity(), &kit, &request, telling(on_progress)).await?)
    }

    /// Begins the way back to lost keys, with the kit that a guardian has kept. The vault must be a fresh one.
    #[wasm_bindgen(js_name = beginWayBack)]
    pub async fn begin_way_back(&self, text: &str) -> Result<(), ErrorView> {
        let Handover::Kit(kit) = Handover::parse(text)? else { return Err(ErrorView::no_kit()) };
        self.client.sync().await?;
        let head = self.client.fresh_head()?;
        begin_way_back(&self.client, &head, &*self.session()?, &self.storage, &kit).await
    }

    /// Proves how far the way back has come; null if the person is on none.
    #[wasm_bindgen(js_name = wayBack, unchecked_return_type = "WayBackView | null")]
    pub async fn way_back(&self) -> Result<JsValue, ErrorView> {
        let (session, head) = (self.session()?, self.head().await?);
        let Some(way) = WayBack::find(&self.client, &head, &session).await? else { return Ok(JsValue::NULL) };
        let request = way.request();
        let approvals = self.client.key_approvals(&head, &way.kit, &request).await?;
        let now = head.header().timestamp();
        Ok(to_js(&WayBackView {
            request: request.to_text(),
            ready: approvals.taken || approvals.ready_at.is_some_and(|ready_at| ready_at <= now),
            approvals: ApprovalsView::new(&way.kit, &way.guarded, &request, &approvals),
        }))
    }

    /// Lets the approved keys take over, and finds every hospital again. Interrupted, it goes on.
    #[wasm_bindgen(js_name = finishWayBack)]
    pub async fn finish_way_back(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_param_type = "OnProgress")] on_progress: &Function,
    ) -> Result<(), ErrorView> {
        let (session, head) = (self.session()?, self.fresh_head().await?);
        let Some(way) = WayBack::find(&self.client, &head, &session).await? else { return Ok(()) };
        way.finish(&self.client, &session, &self.storage, telling(on_progress)).await
    }

    /// Gives up the way back; the vault is an empty one again.
    #[wasm_bindgen(js_name = leaveWayBack)]
    pub async fn leave_way_back(&self) -> Result<(), ErrorView> {
        drop_kits(&self.client, &*self.session()?, &self.storage, |one| one.whose == Whose::Lost).await
    }
}

impl Medrec {
    fn own_keys(&self) -> Result<Vec<OwnKey>, ErrorView> {
        let session = self.session()?;
        let keys = own_keys(&self.client, &session.seeds().current, &session.contents())?;
        Ok(keys.into_iter().map(|(_, own)| own).collect())
    }

    /// Somebody whom the person guards, by the first address.
    fn ward(&self, first: Address) -> Result<Option<(String, Kit)>, ErrorView> {
        let wards = wards(&self.session()?.contents(), self.client.network().network_id);
        Ok(wards.into_iter().find(|(_, kit)| kit.first == first))
    }

    fn request(&self, text: &str) -> Result<KeyRequest, ErrorView> {
        match Handover::parse(text)? {
            Handover::Request(request) => Ok(request),
            Handover::Kit(_) => Err(ErrorView::argument("text", "a request", "a kit")),
        }
    }
}

fn identities(keys: &[OwnKey]) -> Vec<Identity<'_>> {
    keys.iter().map(OwnKey::identity).collect()
}

fn telling(on_progress: &Function) -> impl FnMut(Progress) + '_ {
    |progress| ProgressView::within(progress, 0, 0).tell(on_progress)
}
