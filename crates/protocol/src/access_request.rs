//! A request for access: what a member of the network would like to be granted, and why.
//!
//! The gatekeeper keeps it for the patient, who decides; nothing follows from it by itself. It is signed apart from the
//! call that brings it, so that the patient sees who asks without believing the gatekeeper.
//!
//! **Not** checked: that whoever signed it is a member (chain state says that), and that the reason is true.
//!
//! Source: EIP-191 (version 0x45); `docs/gatekeeper-protocol.md` §12.

use alloy_primitives::{Address, B256, FixedBytes};
use lightclient::{Fault, ParityByte, Signature, SignatureError, UnixTime, recover_low_s};
use records::category::Categories;
use serde::{Deserialize, Serialize};

use crate::httpsig::personal_digest;
use crate::keys::SigningKey;
use crate::layout::{Right, Rights};
use crate::relationship::RelationshipId;

/// What somebody would like to be granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRequest {
    /// Who asks.
    pub from: Address,
    /// For which categories.
    pub categories: Categories,
    /// To do what.
    pub rights: Rights,
    /// Why, for the patient to read: 1 to 280 characters on one line.
    pub reason: String,
    /// When it was asked.
    pub at: UnixTime,
    signature: FixedBytes<65>,
}

impl AccessRequest {
    /// Signs a request.
    ///
    /// # Errors
    /// [`AccessRequestError::Empty`] and [`AccessRequestError::Reason`].
    pub fn sign(
        key: &SigningKey,
        relationship: &RelationshipId,
        (categories, rights): (Categories, Rights),
        reason: &str,
        at: UnixTime,
    ) -> Result<Self, AccessRequestError> {
        let (from, reason, signature) = (key.address(), reason.to_owned(), FixedBytes::ZERO);
        let mut request = Self { from, categories, rights, reason, at, signature };
        request.check()?;
        let signature = key.sign_digest(request.digest(relationship));
        request.signature = FixedBytes(signature.to_bytes(ParityByte::From27));
        Ok(request)
    }

    /// Verifies that it is a request of whom it says, in this relationship.
    ///
    /// # Errors
    /// [`AccessRequestError`].
    pub fn verify(&self, relationship: &RelationshipId) -> Result<(), AccessRequestError> {
        self.check()?;
        let signature = Signature::from_bytes(self.signature.as_slice(), ParityByte::From27)?;
        let found = recover_low_s(self.digest(relationship), &signature)?;
        if found == self.from {
            Ok(())
        } else {
            Err(AccessRequestError::Signer { expected: self.from, found })
        }
    }

    fn check(&self) -> Result<(), AccessRequestError> {
        if self.categories.is_empty() {
            return Err(AccessRequestError::Empty);
        }
        let length = self.reason.chars().count();
        if (1..=MAX_REASON).contains(&length) && !self.reason.contains(char::is_control) {
            Ok(())
        } else {
            Err(AccessRequestError::Reason { limit: MAX_REASON, found: length })
        }
    }

    fn digest(&self, relationship: &RelationshipId) -> B256 {
        let RelationshipId { chain_id, contract, patient, steward } = relationship;
        let Self { categories, rights, at, reason, .. } = self;
        let rights = rights.iter().map(Right::name).collect::<Vec<_>>().join(", ");
        let message = format!(
            "medrec-access-request-v1\n{chain_id}\n{contract:#x}\n{patient:#x}\n{steward:#x}\n{categories}\n{rights}\n\
             {at}\n{reason}"
        );
        personal_digest(message.as_bytes())
    }
}

/// The most characters of a reason.
const MAX_REASON: usize = 280;

/// Why a request for access was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRequestError {
    /// It asks for nothing.
    #[error("access to no category")]
    Empty,
    /// No reason, too long a one, or one with control characters.
    #[error("reason of {found} characters, expected 1 to {limit} on one line")]
    Reason {
        /// The most characters.
        limit: usize,
        /// The characters.
        found: usize,
    },
    /// The signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Signed by somebody else, or for another relationship.
    #[error("request of {found}, expected {expected}")]
    Signer {
        /// Whom it names.
        expected: Address,
        /// Who signed.
        found: Address,
    },
}

impl AccessRequestError {
    /// Who asks is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const RELATIONSHIP: RelationshipId = RelationshipId {
        chain_id: 81_777,
        contract: Address::repeat_byte(1),
        patient: Address::repeat_byte(2),
        steward: Address::repeat_byte(3),
    };

    fn sign(reason: &str) -> Result<AccessRequest, AccessRequestError> {
        let key = SigningKey::from_bytes(&[9; 32]).unwrap();
        AccessRequest::sign(&key, &RELATIONSHIP, (Categories::ALL, Rights::READ), reason, 1_800_000_000)
    }

    #[test]
    fn is_verified_as_it_was_signed_and_in_no_other_way() {
        let request = sign("To prepare your visit on Monday").unwrap();
        assert_eq!(request.verify(&RELATIONSHIP), Ok(()));
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<AccessRequest>(&text).unwrap(), request);
        for (from, to) in [
            ("Monday", "Friday"),
            ("1800000000", "1800000001"),
            (r#"["read"]"#, r#"["read","share"]"#),
            (r#""allergies","#, ""),
        ] {
            let changed: AccessRequest = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
            assert!(
                matches!(
                    changed.verify(&RELATIONSHIP),
                    Err(AccessRequestError::Signer { .. } | AccessRequestError::Signature(_))
                ),
                "{to}"
            );
        }
        let other = RelationshipId { steward: Address::ZERO, ..RELATIONSHIP };
        assert!(request.verify(&other).is_err());
    }

    #[test]
    fn says_why_in_one_short_line() {
        assert!(sign(&"é".repeat(280)).is_ok());
        for (reason, found) in [("", 0), (&*"x".repeat(281), 281), ("a\nb", 3)] {
            assert_eq!(sign(reason), Err(AccessRequestError::Reason { limit: 280, found }));
        }
        let nothing = AccessRequest { categories: Categories::NONE, ..sign("a").unwrap() };
        assert_eq!(nothing.verify(&RELATIONSHIP), Err(AccessRequestError::Empty));
        for rights in ["[]", r#"["read","read"]"#, r#"["rule"]"#] {
            let text = serde_json::to_string(&sign("a").unwrap()).unwrap().replace(r#"["read"]"#, rights);
            assert!(serde_json::from_str::<AccessRequest>(&text).is_err(), "{rights}");
        }
    }
}
