//! The only place of the running router that asks the operating system for the time.
//!
//! `Now.at` counts from the start of the process on CLOCK_MONOTONIC. The wall clock is read together with it once a
//! second and carried forward in between, so that a reading costs one vDSO call and a step of the wall clock is
//! followed within a second without ever touching a timer.

use crate::time::{Instant, Now, Wall};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long one reading of the wall clock is carried forward.
const WALL_READING: u64 = 1_000_000;
/// Where the monotonic clock starts: calls that an earlier process answered began before this one, and their age must
/// have room below. In microseconds more than a year, the longest `max_duration`.
const ORIGIN: u64 = 400 * 86_400 * 1_000_000;

/// A reader of both clocks. Copies share the origin, so readings of different threads compare.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
    /// The last reading of the wall clock, and when it was taken.
    wall: i64,
    wall_at: u64,
}

impl Clock {
    /// A clock whose monotonic origin is now.
    pub fn start() -> Clock {
        Clock { origin: std::time::Instant::now(), wall: wall_micros(), wall_at: ORIGIN }
    }

    /// Both clocks.
    pub fn now(&mut self) -> Now {
        let elapsed = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        let at = ORIGIN.saturating_add(elapsed);
        if at.saturating_sub(self.wall_at) >= WALL_READING {
            (self.wall, self.wall_at) = (wall_micros(), at);
        }
        let carried = i64::try_from(at - self.wall_at).unwrap_or(0);
        Now { at: Instant(at), wall: Wall(self.wall.saturating_add(carried)) }
    }

    /// From now to `deadline`; zero when it has passed.
    pub fn until(&mut self, deadline: Instant) -> Duration {
        deadline.since(self.now().at)
    }
}

fn wall_micros() -> i64 {
    // A clock before 1970 is a broken clock; records then say 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_never_go_back_and_copies_agree() {
        let mut clock = Clock::start();
        let mut copy = clock;
        let first = clock.now();
        let second = copy.now();
        assert!(second.at >= first.at);
        assert!(second.wall.0 > 1_600_000_000_000_000);
        assert_eq!(clock.until(first.at), Duration::ZERO);
    }
}
