//! Chance for the probes' intervals: a seeded generator (checklist C5), good enough to keep probes apart and no more.

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, any seed will do.
#[derive(Clone, Debug, Default)]
pub(super) struct Jitter(pub(super) u64);

impl Jitter {
    /// `pause` ± 20 % (checklist F14).
    pub(super) fn around(&mut self, pause: Duration) -> Duration {
        let micros = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4);
        let fifth = micros / 5;
        Duration::from_micros(micros - fifth + self.next() % (2 * fifth + 1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}
