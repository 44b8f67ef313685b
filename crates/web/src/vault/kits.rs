//! Kits of guardians, as a vault keeps them.

use core::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

/// What is needed for guardians to help. A phrase does not find it again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredKit {
    /// The network's id.
    pub(crate) network: B256,
    /// Whose guardians they are.
    pub(crate) whose: Whose,
    /// The kit as text; it is a secret.
    pub(crate) text: String,
}

impl fmt::Debug for StoredKit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoredKit([redacted])")
    }
}

/// Whose kit it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Whose {
    /// The person's, who has so many seconds to object.
    Own {
        /// The seconds.
        delay: u64,
    },
    /// The person's, whose keys were lost.
    Lost,
    /// Of somebody whom the person guards.
    Other {
        /// What the person calls them.
        name: String,
    },
}
