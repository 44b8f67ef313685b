//! Nonces: a signed request is good once.
//!
//! The insertion itself decides, so that of any number of equal requests at one time exactly one wins, across
//! processes and restarts. A key can hold only so many live nonces.

use alloy_primitives::Address;
use lightclient::UnixTime;

use super::connection::values;
use super::{Store, StoreError, integer};

/// What became of a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceUse {
    /// It was new and is now used.
    First,
    /// It had been used before.
    Replayed,
    /// The signer has too many live nonces.
    TooMany,
}

impl Store {
    /// Uses up a nonce of `signer`, to be remembered until `keep_until`.
    ///
    /// # Errors
    /// [`StoreError`]; the request must then be refused.
    pub fn use_nonce(
        &self,
        signer: Address,
        nonce: &[u8; 16],
        keep_until: UnixTime,
    ) -> Result<NonceUse, StoreError> {
        let keep_until = integer(keep_until)?;
        self.write(|db| {
            db.wait_turn(signer.as_slice())?;
            let live: u32 = db.value(
                "SELECT count(*) AS value FROM (SELECT 1 FROM nonce WHERE signer = ?1 LIMIT ?2) AS live",
                values![&signer, MAX_LIVE_NONCES],
            )?;
            if live >= MAX_LIVE_NONCES {
                return Ok(NonceUse::TooMany);
            }
            let inserted = db.execute(
                "INSERT INTO nonce (signer, nonce, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                values![&signer, nonce, keep_until],
            )?;
            Ok(if inserted == 1 { NonceUse::First } else { NonceUse::Replayed })
        })
    }

    /// Forgets nonces that no request can use any more; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_nonces(&self, now: UnixTime) -> Result<usize, StoreError> {
        let now = integer(now)?;
        self.write(|db| db.execute("DELETE FROM nonce WHERE expires_at < ?1", values![now]))
    }
}

/// Live nonces per signer: more than five signed requests a second for the whole life of a request.
const MAX_LIVE_NONCES: u32 = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::scratch;

    const SIGNER: Address = Address::repeat_byte(7);

    #[test]
    fn accepts_a_nonce_once_per_signer() {
        let (store, _folder) = scratch();
        assert_eq!(store.use_nonce(SIGNER, &[1; 16], 100), Ok(NonceUse::First));
        assert_eq!(store.use_nonce(SIGNER, &[1; 16], 200), Ok(NonceUse::Replayed));
        assert_eq!(store.use_nonce(SIGNER, &[2; 16], 100), Ok(NonceUse::First));
        assert_eq!(store.use_nonce(Address::ZERO, &[1; 16], 100), Ok(NonceUse::First));
    }

    #[test]
    fn remembers_a_nonce_until_its_request_has_expired_and_across_restarts() {
        let (store, folder) = scratch();
        assert_eq!(store.use_nonce(SIGNER, &[1; 16], 100), Ok(NonceUse::First));
        assert_eq!(store.forget_nonces(100), Ok(0));
        let again = Store::open(&folder.database()).unwrap();
        assert_eq!(again.use_nonce(SIGNER, &[1; 16], 100), Ok(NonceUse::Replayed));
        assert_eq!(again.forget_nonces(101), Ok(1));
        assert_eq!(again.use_nonce(SIGNER, &[1; 16], 300), Ok(NonceUse::First));
    }

    #[test]
    fn accepts_exactly_one_of_sixty_four_at_once_whichever_process_they_come_to() {
        let (store, folder) = scratch();
        let other = Store::open(&folder.database()).unwrap();
        let uses: Vec<NonceUse> = std::thread::scope(|scope| {
            let one = |number| if number % 2 == 0 { &store } else { &other };
            let threads: Vec<_> = (0..64)
                .map(|number| scope.spawn(move || one(number).use_nonce(SIGNER, &[9; 16], 100).unwrap()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(uses.iter().filter(|&&one| one == NonceUse::First).count(), 1);
        assert_eq!(uses.iter().filter(|&&one| one == NonceUse::Replayed).count(), 63);
    }

    #[test]
    fn bounds_the_nonces_of_one_signer() {
        let (store, _folder) = scratch();
        for number in 0..MAX_LIVE_NONCES {
            let mut nonce = [0; 16];
            nonce[..4].copy_from_slice(&number.to_be_bytes());
            assert_eq!(store.use_nonce(SIGNER, &nonce, 100), Ok(NonceUse::First));
        }
        assert_eq!(store.use_nonce(SIGNER, &[255; 16], 100), Ok(NonceUse::TooMany));
        assert_eq!(store.use_nonce(Address::ZERO, &[255; 16], 100), Ok(NonceUse::First));
    }
}
