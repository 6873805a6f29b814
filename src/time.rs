//! Time as the pure layers see it: a value handed in, never a clock that is asked.

use std::time::Duration;

/// A moment of the monotonic clock, in microseconds since some start of the process. Never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub u64);

/// A moment of the wall clock, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wall(pub i64);

/// One reading of both clocks: `at` orders events and arms timers, `wall` is for people and schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    pub at: Instant,
    pub wall: Wall,
}

impl Now {
    /// Both clocks at a later moment; an earlier one is now.
    pub fn moved_to(self, at: Instant) -> Now {
        let by = at.0.saturating_sub(self.at.0);
        Now { at: Instant(self.at.0 + by), wall: Wall(self.wall.0.saturating_add_unsigned(by)) }
    }
}

impl Instant {
    /// The time from `earlier` to `self`; zero when `earlier` is later.
    pub fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Wall {
    /// Whole milliseconds since the epoch, the unit of records.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
}
