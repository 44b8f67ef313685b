//! Duties: what one gatekeeper does for all those over one database.

use lightclient::UnixTime;

use super::connection::values;
use super::{Store, StoreError, integer};

impl Store {
    /// Takes the steward's duty, or keeps it: whether `holder` has it now, until another time. Who has it may die: then
    /// somebody else has it from that time on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_duty(&self, holder: &str, now: UnixTime) -> Result<bool, StoreError> {
        let (now, until) = (integer(now)?, integer(now.saturating_add(TERM))?);
        self.write(|db| {
            let taken = db.execute(
                "INSERT INTO duty (name, holder, until) VALUES ('steward', ?1, ?2) ON CONFLICT (name)
                 DO UPDATE SET holder = ?1, until = ?2 WHERE duty.holder = ?1 OR duty.until < ?3",
                values![holder, until, now],
            )?;
            Ok(taken == 1)
        })
    }

    /// Leaves the duty to somebody else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn leave_duty(&self, holder: &str) -> Result<(), StoreError> {
        self.write(|db| db.execute("DELETE FROM duty WHERE holder = ?1", values![holder]).map(drop))
    }
}

/// How long the duty is kept without a word, in seconds: longer than a round of work, and than clocks differ.
const TERM: u64 = 60;

#[cfg(test)]
mod tests {
    use crate::store::tests::scratch;

    #[test]
    fn one_at_a_time_has_it_and_leaves_it_or_dies() {
        let (store, _folder) = scratch();
        let (first, second) = ("first", "second");
        assert_eq!(store.take_duty(first, 100), Ok(true));
        assert_eq!(store.take_duty(second, 150), Ok(false));
        assert_eq!(store.take_duty(first, 150), Ok(true));
        assert_eq!(store.take_duty(second, 210), Ok(false));
        assert_eq!(store.take_duty(second, 211), Ok(true));
        assert_eq!(store.take_duty(first, 211), Ok(false));
        store.leave_duty(first).unwrap();
        assert_eq!(store.take_duty(first, 211), Ok(false));
        store.leave_duty(second).unwrap();
        assert_eq!(store.take_duty(first, 211), Ok(true));
    }
}
