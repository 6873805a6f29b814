//! A deadline that may be none, in eight bytes: transactions are remembered by the ten thousand.

use crate::time::Instant;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due(Instant);

impl Due {
    pub const NEVER: Due = Due(Instant(u64::MAX));

    pub fn at(at: Instant) -> Due {
        Due(at)
    }

    pub fn passed(self, now: Instant) -> bool {
        self.0 <= now
    }

    pub fn instant(self) -> Option<Instant> {
        (self != Due::NEVER).then_some(self.0)
    }
}

/// An interval of timers A, E and G in microseconds; they stay far below the 71 minutes that fit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval(u32);

impl Interval {
    pub const NONE: Interval = Interval(0);

    pub fn of(interval: Duration) -> Interval {
        Interval(u32::try_from(interval.as_micros()).unwrap_or(u32::MAX))
    }

    pub fn doubled(self, most: Duration) -> Interval {
        Interval(self.0.saturating_mul(2).min(Interval::of(most).0))
    }

    pub fn after(self, now: Instant) -> Due {
        Due(Instant(now.0 + u64::from(self.0)))
    }
}
