//! Guardians of the person, people whom the person guards, and the way back to lost keys.
//!
//! The vault keeps kits; what is in force is proven. The kit of one's own guardians is in the vault before the chain is told of
//! them, so that whatever interrupts that, it goes on with the same ones.

use alloy_primitives::{Address, B256};
use client::{Client, Guarded, Head, Identity, Progress};
use protocol::{
    guardians::{Circle, Handover, KeyRequest, Kit},
    keys::{KeysError, SigningKey},
};

use super::{catch_up, derive, find_relationships, own_keys, stay_empty_on_way_back, viewer_key};
use crate::{
    error::ErrorView,
    platform::WebPlatform,
    vault::{Contents, Session, StoredKit, VaultStorage, Whose, random},
};

/// Returns the kit of the person's own guardians, and how many seconds there are to object.
pub(crate) fn own_kit(contents: &Contents, network: B256) -> Option<(Kit, u64)> {
    contents.kits.iter().filter(|stored| stored.network == network).find_map(|stored| match stored.whose {
        Whose::Own { delay } => Some((kit_of(stored)?, delay)),
        _ => None,
    })
}

/// Returns the kit of the keys that were lost, if the person is on the way back to them.
pub(crate) fn lost_kit(contents: &Contents, network: B256) -> Option<Kit> {
    let is_it = |stored: &&StoredKit| stored.network == network && stored.whose == Whose::Lost;
    contents.kits.iter().find(is_it).and_then(kit_of)
}

/// Returns those whom the person guards, by the name that was given to them.
pub(crate) fn wards(contents: &Contents, network: B256) -> Vec<(String, Kit)> {
    let kits = contents.kits.iter().filter(|stored| stored.network == network);
    let wards = kits.filter_map(|stored| match &stored.whose {
        Whose::Other { name } => Some((name.clone(), kit_of(stored)?)),
        _ => None,
    });
    wards.collect()
}

/// Keeps new guardians in the place of former ones, and lets them be in force.
pub(crate) async fn choose_guardians(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    (guardians, threshold, delay): (Vec<Address>, u8, u64),
    on_progress: impl FnMut(Progress),
) -> Result<(), ErrorView> {
    stay_empty_on_way_back(client, session)?;
    let first = viewer_key(client, session)?.address;
    let circle = Circle::new(B256::from(random::<32>()?), threshold, guardians)?;
    let kit = Kit { network: client.network().rules.chain_id, first, circle };
    keep(client, session, storage, &kit, Whose::Own { delay }).await?;
    cover(client, session, storage, on_progress).await
}

/// Lets the guardians that the vault knows watch over all addresses of the person. Nothing to be done is no error.
pub(crate) async fn cover(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    on_progress: impl FnMut(Progress),
) -> Result<(), ErrorView> {
    if own_kit(&session.contents(), client.network().network_id).is_none() {
        return Ok(());
    }
    // Each address hides the next one: one that is left out would be lost to the guardians.
    catch_up(client, session, storage).await?;
    let Some((kit, delay)) = own_kit(&session.contents(), client.network().network_id) else { return Ok(()) };
    let keys = own_keys(client, &session.seeds().current, &session.contents())?;
    let own: Vec<Identity<'_>> = keys.iter().map(|(_, own)| own.identity()).collect();
    Ok(client.set_guardians(&own, &kit.circle, delay, on_progress).await?)
}

/// Keeps a kit in the place of a former one for the same purpose.
pub(crate) async fn keep(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    kit: &Kit,
    whose: Whose,
) -> Result<(), ErrorView> {
    let network = client.network().network_id;
    let change = |contents: &mut Contents| {
        contents.kits.retain(|stored| {
            let is_same = match (&stored.whose, &whose) {
                (Whose::Other { .. }, Whose::Other { .. }) => is_of(stored, kit.first),
                (former, new) => core::mem::discriminant(former) == core::mem::discriminant(new),
            };
            stored.network != network || !is_same
        });
        contents.kits.push(StoredKit { network, whose, text: kit.to_text() });
    };
    Ok(session.update(storage, change).await?)
}

/// Keeps no kit any more that `is_gone` names.
pub(crate) async fn drop_kits(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    is_gone: impl Fn(&StoredKit) -> bool,
) -> Result<(), ErrorView> {
    let network = client.network().network_id;
    let stays = |stored: &StoredKit| stored.network != network || !is_gone(stored);
    Ok(session.update(storage, |contents| contents.kits.retain(stays)).await?)
}

/// Whether a kit is of the person with this first address.
pub(crate) fn is_of(stored: &StoredKit, first: Address) -> bool {
    kit_of(stored).is_some_and(|kit| kit.first == first)
}

/// Begins the way back to the keys that a kit is of.
///
/// # Errors
/// `guardians/in-use` if the vault is not empty, or somebody counts on its address: its keys would have to become those of two
/// people.
pub(crate) async fn begin_way_back(
    client: &Client<WebPlatform>,
    head: &Head,
    session: &Session,
    storage: &VaultStorage,
    kit: &Kit,
) -> Result<(), ErrorView> {
    client.guarded(head, kit).await?;
    let (contents, own) = (session.contents(), viewer_key(client, session)?.address);
    let network = client.network().network_id;
    let is_empty = contents.relationships.is_empty()
        && contents.identities.is_empty()
        && contents.kits.iter().all(|stored| stored.network != network || stored.whose == Whose::Lost)
        && client.summary_lengths(head, &[own]).await? == [0];
    if !is_empty || own == kit.first || session.seeds().next.is_some() {
        return Err(ErrorView::way_back_in_use());
    }
    keep(client, session, storage, kit, Whose::Lost).await
}

/// The way back: the addresses, and the key of this vault for each of them.
pub(crate) struct WayBack {
    pub(crate) kit: Kit,
    pub(crate) guarded: Vec<Guarded>,
    keys: Vec<SigningKey>,
}

impl WayBack {
    /// Finds how far the lost addresses reach; `None` if the person is not on the way back.
    pub(crate) async fn find(
        client: &Client<WebPlatform>,
        head: &Head,
        session: &Session,
    ) -> Result<Option<Self>, ErrorView> {
        let Some(kit) = lost_kit(&session.contents(), client.network().network_id) else { return Ok(None) };
        let (guarded, seeds) = (client.guarded(head, &kit).await?, session.seeds());
        let keys = (0..).zip(&guarded).map(|(index, _)| derive(client, &seeds.current, index));
        let keys = keys.collect::<Result<Vec<_>, KeysError>>()?;
        Ok(Some(Self { kit, guarded, keys }))
    }

    /// What the guardians are asked for.
    pub(crate) fn request(&self) -> KeyRequest {
        let keys = self.keys.iter().map(SigningKey::address).collect();
        KeyRequest { network: self.kit.network, first: self.kit.first, keys }
    }

    /// Lets the new keys take over, and finds what was lost.
    pub(crate) async fn finish(
        self,
        client: &Client<WebPlatform>,
        session: &Session,
        storage: &VaultStorage,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<(), ErrorView> {
        let own = self.guarded.iter().zip(&self.keys);
        let own = own.map(|(Guarded { identity, .. }, key)| Identity { address: *identity, key });
        client.take_approved_keys(&own.collect::<Vec<_>>(), &mut on_progress).await?;
        let head = client.fresh_head()?;
        let found = find_relationships(client, &head, &session.seeds().current, |_| {}).await?;
        let delay = self.guarded.first().map(|guarded| guarded.state.delay).unwrap_or_default();
        let network = client.network().network_id;
        let change = |contents: &mut Contents| {
            contents.relationships = found.relationships;
            contents.identities = found.identities;
            contents.backup_tried = false;
            // The same guardians watch over the new keys.
            contents
                .kits
                .retain(|stored| stored.network != network || matches!(stored.whose, Whose::Other { .. }));
            let text = self.kit.to_text();
            contents.kits.push(StoredKit { network, whose: Whose::Own { delay }, text });
        };
        Ok(session.update(storage, change).await?)
    }
}

fn kit_of(stored: &StoredKit) -> Option<Kit> {
    match Handover::parse(&stored.text) {
        Ok(Handover::Kit(kit)) => Some(kit),
        _ => None,
    }
}
