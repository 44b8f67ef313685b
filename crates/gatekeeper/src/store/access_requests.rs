//! Requests for access, until the patient has seen to them or a month is over.

use alloy_primitives::Address;
use lightclient::UnixTime;

use super::connection::values;
use super::{Store, StoreError, integer};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The patient will see it.
    Kept,
    /// The same one asked less than an hour ago, or too many others did.
    TooMany,
}

impl Store {
    /// Keeps a request in place of an older one of the same signer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_access_request(
        &self,
        pseudonym: Address,
        signer: Address,
        at: UnixTime,
        request: &str,
    ) -> Result<Asked, StoreError> {
        let now = integer(at)?;
        self.write(|db| {
            db.wait_turn(pseudonym.as_slice())?;
            db.execute(
                "DELETE FROM access_request WHERE pseudonym = ?1 AND at < ?2",
                values![&pseudonym, now - MAX_AGE],
            )?;
            let in_the_way: i64 = db.value(
                "SELECT count(*) + ?4 * count(CASE WHEN signer = ?2 THEN 1 END) AS value FROM access_request
                 WHERE pseudonym = ?1 AND (signer <> ?2 OR at > ?3)",
                values![&pseudonym, &signer, now - PAUSE, MAX_REQUESTS],
            )?;
            if in_the_way >= MAX_REQUESTS {
                return Ok(Asked::TooMany);
            }
            db.execute(
                "INSERT INTO access_request (pseudonym, signer, at, request) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (pseudonym, signer) DO UPDATE SET at = ?3, request = ?4",
                values![&pseudonym, &signer, now, request],
            )?;
            Ok(Asked::Kept)
        })
    }

    /// The requests that wait for the patient, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn access_requests(&self, pseudonym: Address, now: UnixTime) -> Result<Vec<String>, StoreError> {
        let since = integer(now)? - MAX_AGE;
        self.read(|db| {
            db.rows(
                "SELECT request FROM access_request WHERE pseudonym = ?1 AND at >= ?2 ORDER BY at DESC, signer",
                values![&pseudonym, since],
                |row| row.get("request"),
            )
        })
    }

    /// Forgets the request of a signer, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dismiss_access_request(&self, pseudonym: Address, signer: Address) -> Result<(), StoreError> {
        self.write(|db| {
            let sql = "DELETE FROM access_request WHERE pseudonym = ?1 AND signer = ?2";
            db.execute(sql, values![&pseudonym, &signer]).map(drop)
        })
    }
}

/// Seconds after which a request is forgotten: thirty days.
const MAX_AGE: i64 = 30 * 86_400;
/// Seconds after which the same signer may ask again.
const PAUSE: i64 = 3_600;
/// Requests that wait in one relationship at a time.
const MAX_REQUESTS: i64 = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{bound, scratch_with_patient};

    const ME: Address = Address::repeat_byte(1);
    const NOW: UnixTime = 1_800_000_000;

    #[test]
    fn keeps_the_newest_of_each_signer_for_a_month() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        let keep = |signer, at, text| store.keep_access_request(ME, Address::repeat_byte(signer), at, text);
        assert_eq!(keep(2, NOW, "a"), Ok(Asked::Kept));
        assert_eq!(keep(2, NOW + 3_599, "b"), Ok(Asked::TooMany));
        assert_eq!(keep(2, NOW + 3_600, "c"), Ok(Asked::Kept));
        assert_eq!(keep(3, NOW + 3_601, "d"), Ok(Asked::Kept));
        assert_eq!(store.access_requests(ME, NOW + 3_602), Ok(vec!["d".to_owned(), "c".to_owned()]));
        store.dismiss_access_request(ME, Address::repeat_byte(3)).unwrap();
        assert_eq!(store.access_requests(ME, NOW + 3_602), Ok(vec!["c".to_owned()]));
        assert_eq!(store.access_requests(ME, NOW + 3_601 + 30 * 86_400), Ok(vec![]));
        assert_eq!(store.access_requests(Address::ZERO, NOW), Ok(vec![]));
    }

    #[test]
    fn keeps_no_more_than_a_person_can_read() {
        let (store, _folder) = scratch_with_patient();
        bound(&store, ME);
        let keep = |signer: u8, at| store.keep_access_request(ME, Address::repeat_byte(signer), at, "a");
        for signer in 0..50 {
            assert_eq!(keep(signer, NOW), Ok(Asked::Kept), "{signer}");
        }
        assert_eq!(keep(50, NOW), Ok(Asked::TooMany));
        assert_eq!(keep(50, NOW + 30 * 86_400 + 1), Ok(Asked::Kept));
    }
}
