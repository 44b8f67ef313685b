//! Which of the person's keys is for what: derivation indexes, and finding them again from the phrase.
//!
//! Index 0 is the person as a viewer; each relationship has the next free index. A vault remembers them; a restored
//! one finds them by proving, for one derived address after the other, whether the chain knows it (BIP-44 §gap limit).
//! New words keep the indexes: the key of the new seed takes the place of the former one, and the address that the chain
//! knows stays.

mod guardians;
mod renewal;

use alloy_primitives::{Address, B256};
use client::{Client, Head, Identity};
use protocol::{
    keys::{KeysError, Seed, SigningKey},
    layout::{RelationshipQuery, RelationshipStatus},
};

pub(crate) use crate::identity::{
    guardians::{
        WayBack, begin_way_back, choose_guardians, cover, drop_kits, is_of, keep, lost_kit, own_kit, wards,
    },
    renewal::{begin_renewal, finish_renewal},
};
use crate::{
    error::ErrorView,
    platform::WebPlatform,
    vault::{Contents, Session, StoredIdentity, StoredRelationship, VaultStorage},
};

/// A key of the person, and the address that it acts for.
#[derive(Debug)]
pub(crate) struct OwnKey {
    pub(crate) key: SigningKey,
    pub(crate) address: Address,
}

impl OwnKey {
    fn derive(
        client: &Client<WebPlatform>,
        seed: &Seed,
        contents: &Contents,
        index: u32,
    ) -> Result<Self, KeysError> {
        let (network, key) = (client.network().network_id, derive(client, seed, index)?);
        let stored = contents.identities.iter().find(|own| (own.network, own.index) == (network, index));
        let address = stored.map_or(key.address(), |own| own.address);
        Ok(Self { key, address })
    }

    pub(crate) const fn identity(&self) -> Identity<'_> {
        Identity { address: self.address, key: &self.key }
    }
}

/// One relationship of the person, with the key that acts in it.
#[derive(Debug)]
pub(crate) struct OwnRelationship {
    pub(crate) key: OwnKey,
    pub(crate) steward: Address,
}

impl OwnRelationship {
    pub(crate) const fn query(&self) -> RelationshipQuery {
        RelationshipQuery { patient: self.key.address, steward: self.steward }
    }
}

/// Returns the key that the person reads other people's records with.
pub(crate) fn viewer_key(client: &Client<WebPlatform>, session: &Session) -> Result<OwnKey, KeysError> {
    OwnKey::derive(client, &session.seeds().current, &session.contents(), VIEWER)
}

/// Returns the keys of a seed that are in use on this network, by their indexes: the viewer first.
pub(crate) fn own_keys(
    client: &Client<WebPlatform>,
    seed: &Seed,
    contents: &Contents,
) -> Result<Vec<(u32, OwnKey)>, KeysError> {
    let indexes = indexes(contents).into_iter();
    indexes.map(|index| Ok((index, OwnKey::derive(client, seed, contents, index)?))).collect()
}

/// The indexes whose keys are in use.
fn indexes(contents: &Contents) -> Vec<u32> {
    let mut indexes: Vec<u32> = contents.relationships.iter().map(|stored| stored.index).collect();
    indexes.push(VIEWER);
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

/// Returns the relationships that the vault remembers on this network, in the order of their keys.
pub(crate) fn own_relationships(
    client: &Client<WebPlatform>,
    session: &Session,
) -> Result<Vec<OwnRelationship>, KeysError> {
    let (network, seeds, contents) = (client.network().network_id, session.seeds(), session.contents());
    let stored = contents.relationships.iter().filter(|stored| stored.network == network);
    stored
        .map(|StoredRelationship { index, steward, .. }| {
            let key = OwnKey::derive(client, &seeds.current, &contents, *index)?;
            Ok(OwnRelationship { key, steward: *steward })
        })
        .collect()
}

/// Returns the relationship to take an invitation of this steward with: one that is open already, so that an
/// interrupted journey goes on where it stopped, or one with a fresh key, remembered before it is used.
pub(crate) async fn relationship_for(
    client: &Client<WebPlatform>,
    head: &Head,
    session: &Session,
    storage: &VaultStorage,
    steward: Address,
) -> Result<OwnRelationship, ErrorView> {
    stay_empty_on_way_back(client, session)?;
    let mut known = own_relationships(client, session)?;
    known.retain(|own| own.steward == steward);
    let queries: Vec<RelationshipQuery> = known.iter().map(OwnRelationship::query).collect();
    let states = client.relationships(head, &queries).await?;
    let is_closed = |status| matches!(status, RelationshipStatus::Ended | RelationshipStatus::Rejected);
    if let Some((own, _)) = known.into_iter().zip(states).rfind(|(_, state)| !is_closed(state.status)) {
        return Ok(own);
    }
    let network = client.network().network_id;
    loop {
        let index = unused_index(client, head, session).await?;
        let taken = session.update(storage, |contents| {
            // Another tab may have taken it meanwhile.
            let is_free = next_index(contents, network) <= index;
            if is_free {
                contents.relationships.push(StoredRelationship { network, index, steward });
            }
            is_free
        });
        if taken.await? {
            let key = OwnKey::derive(client, &session.seeds().current, &session.contents(), index)?;
            return Ok(OwnRelationship { key, steward });
        }
    }
}

/// Finds an index that neither this vault nor, by proof, the chain knows: the same phrase may be in use on another
/// device, and two stewards must never meet one pseudonym.
async fn unused_index(
    client: &Client<WebPlatform>,
    head: &Head,
    session: &Session,
) -> Result<u32, ErrorView> {
    let (seeds, mut first) = (session.seeds(), next_index(&session.contents(), client.network().network_id));
    loop {
        let indexes = first..first.saturating_add(GAP);
        let derived = indexes.clone().map(|index| Ok(derive(client, &seeds.current, index)?.address()));
        let addresses = derived.collect::<Result<Vec<Address>, KeysError>>()?;
        let lengths = client.summary_lengths(head, &addresses).await?;
        if let Some((index, _)) = indexes.zip(lengths).find(|(_, length)| *length == 0) {
            return Ok(index);
        }
        first = first.saturating_add(GAP);
    }
}

/// The index after those that the vault has used on a network.
fn next_index(contents: &Contents, network: B256) -> u32 {
    let used = contents.relationships.iter().filter(|stored| stored.network == network);
    used.map(|stored| stored.index).max().unwrap_or(VIEWER).saturating_add(1)
}

/// Finds the relationships of a phrase: proves, index by index, for whom the derived keys sign and whether the chain knows
/// those, until [`GAP`] in a row are unknown.
///
/// # Errors
/// `restore/words-replaced` if other keys have taken the place of all that are known.
pub(crate) async fn find_relationships(
    client: &Client<WebPlatform>,
    head: &Head,
    seed: &Seed,
    mut on_index: impl FnMut(u32),
) -> Result<Contents, ErrorView> {
    let network = client.network().network_id;
    let mut contents = Contents::default();
    let (mut next, mut last_known, mut replaced) = (VIEWER, VIEWER, 0);
    while next <= last_known + GAP {
        on_index(next);
        // The person as a viewer, and as many as may be unknown.
        let indexes = next..=next + GAP;
        let derived = indexes.clone().map(|index| Ok(derive(client, seed, index)?.address()));
        let keys = derived.collect::<Result<Vec<Address>, KeysError>>()?;
        let identities = client.identities(head, &keys).await?;
        let addresses: Vec<Address> =
            keys.iter().zip(&identities).map(|(key, identity)| identity.unwrap_or(*key)).collect();
        let lengths = client.summary_lengths(head, &addresses).await?;
        for (((index, key), identity), length) in indexes.zip(keys).zip(identities).zip(lengths) {
            let Some(address) = identity else {
                (last_known, replaced) = (index, replaced + 1);
                continue;
            };
            if address != key {
                last_known = index;
                contents.identities.push(StoredIdentity { network, index, address });
            }
            if length == 0 || index == VIEWER {
                continue;
            }
            last_known = index;
            let entries = client.summary(head, address).await?;
            let own = entries.into_iter().filter(|entry| entry.patient == address);
            contents.relationships.extend(own.map(|entry| StoredRelationship {
                network,
                index,
                steward: entry.steward,
            }));
        }
        next += GAP + 1;
    }
    if replaced > 0 && contents.identities.is_empty() && contents.relationships.is_empty() {
        return Err(ErrorView::words_replaced());
    }
    Ok(contents)
}

/// Adds what the chain knows of the person and this vault does not yet: the same words may be in use on another device.
pub(crate) async fn catch_up(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
) -> Result<(), ErrorView> {
    client.sync().await?;
    let found = find_relationships(client, &client.fresh_head()?, &session.seeds().current, |_| {}).await?;
    let contents = session.contents();
    let relationships = found.relationships.into_iter().filter(|one| !contents.relationships.contains(one));
    let identities = found.identities.into_iter().filter(|one| !contents.identities.contains(one));
    let (relationships, identities): (Vec<_>, Vec<_>) = (relationships.collect(), identities.collect());
    if relationships.is_empty() && identities.is_empty() {
        return Ok(());
    }
    let change = |contents: &mut Contents| {
        contents.relationships.extend(relationships);
        contents.identities.extend(identities);
    };
    Ok(session.update(storage, change).await?)
}

/// # Errors
/// `guardians/on-the-way` while the keys of this vault wait to take the place of lost ones: until then nothing is begun with them.
pub(crate) fn stay_empty_on_way_back(
    client: &Client<WebPlatform>,
    session: &Session,
) -> Result<(), ErrorView> {
    let lost = lost_kit(&session.contents(), client.network().network_id);
    if lost.is_some() { Err(ErrorView::on_way_back()) } else { Ok(()) }
}

fn derive(client: &Client<WebPlatform>, seed: &Seed, index: u32) -> Result<SigningKey, KeysError> {
    Ok(seed.derive_identity(client.network().rules.chain_id, index)?.sign)
}

/// The derivation index of the person as a viewer; relationships follow.
const VIEWER: u32 = 0;
/// How many unknown addresses in a row end the search.
const GAP: u32 = 20;
