//! How often somebody may write. Each write makes a record set, each set goes on chain, and a steward's publications of
//! one day are counted there: one hasty device must not use up what all patients need.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::Address;
use lightclient::UnixTime;

/// The writes of each signer within this hour.
#[derive(Debug, Default)]
pub(super) struct Pace {
    counted: Mutex<(u64, HashMap<Address, u32>)>,
}

impl Pace {
    /// Whether the signer has written as often as it may.
    pub(super) fn is_spent(&self, signer: Address, now: UnixTime) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 == now / HOUR && counted.1.get(&signer).is_some_and(|count| *count >= MAX_WRITES)
    }

    /// Counts a write of a signer that may write at all.
    pub(super) fn count(&self, signer: Address, now: UnixTime) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != now / HOUR {
            *counted = (now / HOUR, HashMap::new());
        }
        *counted.1.entry(signer).or_default() += 1;
    }
}

const HOUR: u64 = 3_600;
/// One a minute.
const MAX_WRITES: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signer_writes_once_a_minute_on_average() {
        let (pace, signer, other) = (Pace::default(), Address::repeat_byte(1), Address::repeat_byte(2));
        for number in 0..60 {
            assert!(!pace.is_spent(signer, 7_200 + number), "{number}");
            pace.count(signer, 7_200 + number);
        }
        assert!(pace.is_spent(signer, 10_799) && !pace.is_spent(other, 10_799));
        assert!(!pace.is_spent(signer, 10_800));
        pace.count(other, 10_800);
        assert!(!pace.is_spent(signer, 10_801));
    }
}
