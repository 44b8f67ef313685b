//! New recovery words: keys of a new seed take the place of all keys of the former one.
//!
//! The new seed is in the vault before any of its keys is on chain, and takes over once all of them are proven to be. Whatever
//! interrupts that, it goes on with the same seeds.

use client::{Client, KeyChange, Progress};
use protocol::keys::{KeysError, Phrase};

use super::{derive, indexes, own_keys, stay_empty_on_way_back};
use crate::{
    error::ErrorView,
    platform::WebPlatform,
    vault::{Session, StoredIdentity, VaultStorage},
};

/// Keeps what follows from the new words, which the person has written down.
///
/// # Errors
/// `vault/renewing` if others are about to take over already; `vault/used-elsewhere`: a page follows one network, and keys that
/// it cannot replace would be lost.
pub(crate) async fn begin_renewal(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    words: &Phrase,
) -> Result<(), ErrorView> {
    stay_empty_on_way_back(client, session)?;
    let here = client.network().network_id;
    let contents = session.contents();
    let networks = contents.relationships.iter().map(|stored| stored.network);
    let mut networks = networks.chain(contents.identities.iter().map(|stored| stored.network));
    if let Some(other) = networks.find(|network| *network != here) {
        return Err(ErrorView::in_use_elsewhere(other));
    }
    Ok(session.begin_renewal(storage, words.to_seed()).await?)
}

/// Replaces all keys on chain, then in the vault. Nothing to be done is no error.
///
/// # Errors
/// `identity/key-replaced` if keys of other words have taken over; what the endpoints did.
pub(crate) async fn finish_renewal(
    client: &Client<WebPlatform>,
    session: &Session,
    storage: &VaultStorage,
    mut on_progress: impl FnMut(Progress),
) -> Result<(), ErrorView> {
    let network = client.network().network_id;
    loop {
        let (seeds, contents) = (session.seeds(), session.contents());
        let Some(next) = &seeds.next else { return Ok(()) };
        let former = own_keys(client, &seeds.current, &contents)?.into_iter();
        let keys = former.map(|(index, former)| Ok((index, former, derive(client, next, index)?)));
        let keys = keys.collect::<Result<Vec<_>, KeysError>>()?;
        let changes: Vec<KeyChange<'_>> =
            keys.iter().map(|(_, former, next)| KeyChange { identity: former.identity(), next }).collect();
        client.replace_keys(&changes, &mut on_progress).await?;
        let taken = keys.iter().map(|(index, former, _)| StoredIdentity {
            network,
            index: *index,
            address: former.address,
        });
        let taken: Vec<StoredIdentity> = taken.collect();
        let finished = session.finish_renewal(storage, |contents| {
            // Another tab may have begun a relationship meanwhile, with a key of the former seed.
            let is_ready = indexes(contents).iter().all(|index| taken.iter().any(|own| own.index == *index));
            if is_ready {
                contents.identities = taken;
            }
            is_ready
        });
        if finished.await? {
            return Ok(());
        }
    }
}
