//! The gateways' figures of the last hour: samples of counters, a minute apart.

use crate::proxy::{GatewayCount, Tally};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
/// An hour of minutes, and the one before it.
const MOST: usize = 61;

/// How attempts on one gateway ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    pub attempts: u64,
    pub answered: u64,
    pub failed: u64,
}

/// See the module. Before the first sample all counters were zero.
#[derive(Debug, Default)]
pub struct Hour {
    samples: VecDeque<(Instant, BTreeMap<Arc<str>, Ends>)>,
}

impl Hour {
    pub fn sample(&mut self, now: Instant, tally: &Tally) {
        self.samples.push_back((now, of(tally)));
        while self.samples.len() > MOST {
            self.samples.pop_front();
        }
    }

    /// What happened since an hour ago.
    pub fn last(&self, now: Instant, tally: &Tally) -> BTreeMap<Arc<str>, Ends> {
        let before = self.samples.iter().rev().find(|(at, _)| now.duration_since(*at) >= HOUR);
        let mut ends = of(tally);
        if let Some((_, before)) = before {
            for (gateway, then) in before {
                if let Some(ends) = ends.get_mut(gateway) {
                    ends.attempts = ends.attempts.saturating_sub(then.attempts);
                    ends.answered = ends.answered.saturating_sub(then.answered);
                    ends.failed = ends.failed.saturating_sub(then.failed);
                }
            }
        }
        ends
    }
}

fn of(tally: &Tally) -> BTreeMap<Arc<str>, Ends> {
    let ends = |c: &GatewayCount| Ends { attempts: c.attempts, answered: c.answered, failed: c.failed };
    tally.gateways().map(|count| (count.gateway.clone(), ends(count))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_hour_counts() {
        let (start, gateway) = (Instant::now(), Arc::<str>::from("a"));
        let after = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let (mut hour, mut tally) = (Hour::default(), Tally::default());
        for minute in 1..=90 {
            tally.answered(&gateway);
            hour.sample(after(minute), &tally);
        }
        tally.answered(&gateway);
        let answered = |minute| hour.last(after(minute), &tally).get(&gateway).map(|ends| ends.answered);
        assert_eq!(answered(90), Some(61));
        assert_eq!(Hour::default().last(after(90), &tally).get(&gateway).map(|ends| ends.answered), Some(91));
        assert!(hour.samples.len() <= MOST);
    }
}
