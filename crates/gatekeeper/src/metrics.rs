//! Numbers for whoever runs the gatekeeper, in Prometheus' text format. No content, no addresses.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use lightclient::{BlockNumber, UnixTime};
use protocol::answer::RefusalCode;

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    answers: Mutex<BTreeMap<&'static str, u64>>,
}

/// Where the gatekeeper stands, for metrics and health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The newest verified block.
    pub block: BlockNumber,
    /// Its age in seconds.
    pub age: u64,
    /// Whether it is too old to decide at.
    pub is_stale: bool,
}

impl Standing {
    /// Where one stands at a head of this number and time.
    pub fn new(block: BlockNumber, time: UnixTime, now: UnixTime, max_age: u64) -> Self {
        let age = now.saturating_sub(time);
        Self { block, age, is_stale: age > max_age }
    }
}

impl Metrics {
    /// Counts an answer; `None` is an answer that is no refusal.
    pub fn count(&self, refusal: Option<RefusalCode>) {
        let name = refusal.map_or("ok", RefusalCode::name);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(name).or_default() += 1;
    }

    /// Writes everything in Prometheus' text format.
    pub fn to_text(&self, standing: Option<Standing>) -> String {
        let mut text = String::from(
            "# HELP medrec_calls_total Calls answered, by outcome.\n# TYPE medrec_calls_total counter\n",
        );
        for (outcome, count) in &*self.answers.lock().unwrap_or_else(PoisonError::into_inner) {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "medrec_calls_total{{outcome=\"{outcome}\"}} {count}");
        }
        if let Some(Standing { block, age, is_stale }) = standing {
            let _ = write!(
                text,
                "# HELP medrec_head_number Newest verified block.\n# TYPE medrec_head_number gauge\n\
                 medrec_head_number {block}\n\
                 # HELP medrec_head_age_seconds Age of that block.\n# TYPE medrec_head_age_seconds gauge\n\
                 medrec_head_age_seconds {age}\n\
                 # HELP medrec_head_stale Whether it is too old to decide at.\n# TYPE medrec_head_stale gauge\n\
                 medrec_head_stale {}\n",
                u8::from(is_stale)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_counters_and_gauges() {
        let metrics = Metrics::default();
        metrics.count(None);
        metrics.count(Some(RefusalCode::NoGrant));
        metrics.count(Some(RefusalCode::NoGrant));
        let text = metrics.to_text(Some(Standing::new(7, 100, 130, 20)));
        assert!(text.contains("medrec_calls_total{outcome=\"no_grant\"} 2\n"), "{text}");
        assert!(text.contains("medrec_calls_total{outcome=\"ok\"} 1\n"), "{text}");
        assert!(
            text.contains("medrec_head_number 7\n") && text.contains("medrec_head_age_seconds 30\n"),
            "{text}"
        );
        assert!(text.ends_with("medrec_head_stale 1\n"), "{text}");
    }
}
