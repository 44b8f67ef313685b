//! Invitations: one-time codes by which a patient binds a fresh pseudonym to their records here.
//!
//! Only the hash of a code is kept, so that the file gives nobody a way in. The first pseudonym that redeems a code
//! owns it; the same pseudonym may redeem it again (its first answer may have been lost), nobody else ever.

use alloy_primitives::{Address, B256};
use lightclient::{Fault, UnixTime};

use super::connection::values;
use super::{Store, StoreError, integer};

/// The patient that a pseudonym is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The patient's local id.
    pub patient: String,
}

/// Why an invitation was not redeemed, or not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// The pseudonym already stands for another patient of this provider.
    #[error("pseudonym {found} is already bound to another patient")]
    Bound {
        /// The pseudonym.
        found: Address,
    },
    /// The code is too old.
    #[error("invitation ended at {expected}, now is {found}")]
    Expired {
        /// When it ended.
        expected: UnixTime,
        /// Time of the request.
        found: UnixTime,
    },
    /// Another pseudonym has redeemed the code.
    #[error("invitation has been used by another key")]
    Redeemed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such code was given out.
    #[error("no such invitation")]
    Unknown,
    /// There is no such patient.
    #[error("no patient {found:?}")]
    UnknownPatient {
        /// The id asked for.
        found: String,
    },
}

impl InvitationError {
    /// Returns who is to blame.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Store(error) => error.fault(),
            _ => Fault::Caller,
        }
    }
}

impl Store {
    /// Keeps the hash of a new code for `patient`.
    ///
    /// # Errors
    /// [`InvitationError::UnknownPatient`] or [`InvitationError::Store`].
    pub fn add_invitation(
        &self,
        code_hash: B256,
        patient: &str,
        now: UnixTime,
        expires: UnixTime,
    ) -> Result<(), InvitationError> {
        let (now, expires) = (integer(now)?, integer(expires)?);
        self.write(|db| {
            let inserted = db.execute(
                "INSERT INTO invitation (code_hash, patient, created_at, expires_at)
                 SELECT ?1, id, ?3, ?4 FROM patient WHERE id = ?2",
                values![&code_hash, patient, now, expires],
            )?;
            if inserted == 1 {
                Ok(())
            } else {
                Err(InvitationError::UnknownPatient { found: patient.to_owned() })
            }
        })
    }

    /// Binds `pseudonym` to the patient that the code was made for.
    ///
    /// # Errors
    /// [`InvitationError`]; nothing is bound then.
    pub fn redeem_invitation(
        &self,
        code_hash: B256,
        pseudonym: Address,
        now: UnixTime,
    ) -> Result<Bound, InvitationError> {
        self.write(|db| {
            db.wait_turn(code_hash.as_slice())?;
            let (patient, expires, owner): (String, u64, Option<Address>) = db
                .row(
                    "SELECT patient, expires_at, redeemed_by FROM invitation WHERE code_hash = ?1",
                    values![&code_hash],
                    |row| Ok((row.get("patient")?, row.get("expires_at")?, row.get("redeemed_by")?)),
                )?
                .ok_or(InvitationError::Unknown)?;
            match owner {
                Some(owner) if owner == pseudonym => return Ok(Bound { patient }),
                Some(_) => return Err(InvitationError::Redeemed),
                None => {}
            }
            if now >= expires {
                return Err(InvitationError::Expired { expected: expires, found: now });
            }
            db.execute(
                "INSERT INTO relationship (pseudonym, patient, opened_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                values![&pseudonym, &patient, integer(now)?],
            )?;
            let bound: String = db.value(
                "SELECT patient AS value FROM relationship WHERE pseudonym = ?1",
                values![&pseudonym],
            )?;
            if bound != patient {
                return Err(InvitationError::Bound { found: pseudonym });
            }
            db.execute(
                "UPDATE invitation SET redeemed_by = ?2 WHERE code_hash = ?1",
                values![&code_hash, &pseudonym],
            )?;
            Ok(Bound { patient })
        })
    }

    /// Whether a patient here stands behind `pseudonym`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn knows(&self, pseudonym: Address) -> Result<bool, StoreError> {
        self.read(|db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM relationship WHERE pseudonym = ?1) AS value";
            db.value(sql, values![&pseudonym])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{PATIENT, scratch_with_patient};

    const CODE: B256 = B256::repeat_byte(1);
    const FIRST: Address = Address::repeat_byte(1);
    const SECOND: Address = Address::repeat_byte(2);

    #[test]
    fn binds_the_first_pseudonym_and_again_only_that_one() {
        let (store, _folder) = scratch_with_patient();
        store.add_invitation(CODE, PATIENT, 10, 100).unwrap();
        let bound = Bound { patient: PATIENT.to_owned() };
        assert_eq!(store.redeem_invitation(CODE, FIRST, 20), Ok(bound.clone()));
        assert_eq!(store.redeem_invitation(CODE, FIRST, 1_000), Ok(bound));
        assert_eq!(store.redeem_invitation(CODE, SECOND, 20), Err(InvitationError::Redeemed));
        assert_eq!(store.knows(FIRST), Ok(true));
        assert_eq!(store.knows(SECOND), Ok(false));
    }

    #[test]
    fn refuses_an_unknown_and_an_expired_code() {
        let (store, _folder) = scratch_with_patient();
        store.add_invitation(CODE, PATIENT, 10, 100).unwrap();
        assert_eq!(store.redeem_invitation(B256::ZERO, FIRST, 20), Err(InvitationError::Unknown));
        assert_eq!(
            store.redeem_invitation(CODE, FIRST, 100),
            Err(InvitationError::Expired { expected: 100, found: 100 })
        );
        assert_eq!(store.knows(FIRST), Ok(false));
    }

    #[test]
    fn refuses_an_invitation_for_nobody() {
        let (store, _folder) = scratch_with_patient();
        assert_eq!(
            store.add_invitation(CODE, "nobody", 10, 100),
            Err(InvitationError::UnknownPatient { found: "nobody".to_owned() })
        );
    }

    #[test]
    fn gives_a_patient_as_many_pseudonyms_as_invitations() {
        let (store, _folder) = scratch_with_patient();
        store.add_invitation(CODE, PATIENT, 10, 100).unwrap();
        store.add_invitation(B256::ZERO, PATIENT, 10, 100).unwrap();
        store.redeem_invitation(CODE, FIRST, 20).unwrap();
        store.redeem_invitation(B256::ZERO, SECOND, 21).unwrap();
        assert_eq!((store.knows(FIRST), store.knows(SECOND)), (Ok(true), Ok(true)));
    }
}
