//! What came of a number of calls.

use super::caller::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts outcomes as calls end.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    sent: u64,
    answered: u64,
    codes: BTreeMap<u16, u64>,
    setups: Vec<Duration>,
}

/// The last line of `call --format json` (CONFIG-AND-CLI part (f)).
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Summary {
    pub sent: u64,
    /// With a 2xx.
    pub answered: u64,
    /// With anything else, or nothing.
    pub failed: u64,
    pub codes: BTreeMap<String, u64>,
    pub setup_ms: Percentiles,
}

/// From INVITE to answer, in milliseconds; absent without an answered call.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: Option<u64>,
    pub p99: Option<u64>,
}

impl Tally {
    pub fn add(&mut self, outcome: &Outcome) {
        self.sent += 1;
        *self.codes.entry(outcome.code).or_default() += 1;
        if outcome.answered() {
            self.answered += 1;
            self.setups.push(outcome.setup);
        }
    }

    pub fn summary(&self) -> Summary {
        let mut setups = self.setups.clone();
        setups.sort_unstable();
        Summary {
            sent: self.sent,
            answered: self.answered,
            failed: self.sent - self.answered,
            codes: self.codes.iter().map(|(code, count)| (code.to_string(), *count)).collect(),
            setup_ms: Percentiles { p50: percentile(&setups, 50), p99: percentile(&setups, 99) },
        }
    }
}

/// The smallest value that `percent` of all values do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (Some(50), Some(99)));
        assert_eq!(percentile(&values[..1], 99), Some(1));
        assert_eq!(percentile(&[], 50), None);
    }
}
