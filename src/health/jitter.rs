//! Chance for the probes' intervals: a seeded generator (checklist C5), good enough to keep probes apart and no more.

use crate::mix::SplitMix;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub(super) struct Jitter(SplitMix);

impl Jitter {
    pub(super) fn new(seed: u64) -> Jitter {
        Jitter(SplitMix::new(seed))
    }

    /// `pause` ± 20 % (checklist F14).
    pub(super) fn around(&mut self, pause: Duration) -> Duration {
        let micros = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4);
        let fifth = micros / 5;
        Duration::from_micros(micros - fifth + self.0.draw() % (2 * fifth + 1))
    }
}
