//! What the person's keys follow from: the seed of today and, while the words are being replaced, the one that comes after it.

use core::fmt;
use std::rc::Rc;

use protocol::keys::Seed;
use zeroize::Zeroizing;

use crate::vault::{
    error::VaultError,
    format::IDENTITY,
    session::{Contents, Session},
    storage::VaultStorage,
};

/// The seeds of one identity.
pub(crate) struct Seeds {
    /// All keys follow from it.
    pub(crate) current: Seed,
    /// They shall follow from this one, once the chain shows the new keys.
    pub(crate) next: Option<Seed>,
}

impl Seeds {
    /// The bytes of the record `identity`: one seed or two.
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * SEED_BYTES));
        for seed in [Some(&self.current), self.next.as_ref()].into_iter().flatten() {
            bytes.extend_from_slice(seed.as_bytes());
        }
        bytes
    }

    /// # Errors
    /// `Damaged` if it is not one seed or two.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut seeds = bytes.chunks(SEED_BYTES).map(|bytes| Some(Seed::from_bytes(bytes.try_into().ok()?)));
        match (seeds.next(), seeds.next(), seeds.next()) {
            (Some(Some(current)), next @ (None | Some(Some(_))), None) => {
                Ok(Self { current, next: next.flatten() })
            }
            _ => Err(VaultError::Damaged { part: IDENTITY }),
        }
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seeds([redacted])")
    }
}

impl Session {
    /// Keeps the seed that shall take over, before any key of it is shown to the chain.
    ///
    /// # Errors
    /// `Renewing` if there is one already: keys of it may have taken over; those of [`Session::update`].
    pub(crate) async fn begin_renewal(&self, storage: &VaultStorage, next: Seed) -> Result<(), VaultError> {
        self.rewrite(storage, |written| {
            if written.seeds.next.is_some() {
                return Err(VaultError::Renewing);
            }
            let current = copy(&written.seeds.current);
            written.seeds = Rc::new(Seeds { current, next: Some(next) });
            Ok(())
        })
        .await
    }

    /// Lets the next seed take over, if `change` finds the stored contents ready for that and brings them up to date. A backup
    /// of before has the former seed, so a new one is to be tried.
    ///
    /// # Errors
    /// Those of [`Session::update`].
    pub(crate) async fn finish_renewal(
        &self,
        storage: &VaultStorage,
        change: impl FnOnce(&mut Contents) -> bool,
    ) -> Result<bool, VaultError> {
        self.rewrite(storage, |written| {
            let Some(next) = &written.seeds.next else { return Ok(true) };
            let is_ready = change(&mut written.contents);
            if is_ready {
                written.contents.backup_tried = false;
                written.seeds = Rc::new(Seeds { current: copy(next), next: None });
            }
            Ok(is_ready)
        })
        .await
    }
}

fn copy(seed: &Seed) -> Seed {
    Seed::from_bytes(seed.as_bytes())
}

const SEED_BYTES: usize = 64;
