//! Whether a worker keeps up with what arrives: it does as long as it finds its queues empty now and then.
//!
//! That is the delay of a message, measured without a system call or a time stamp: what a worker that has not caught up
//! for 20 ms reads has waited for about as long. Twenty milliseconds are far more than a burst of a healthy load takes,
//! and less than a socket's buffer holds (8 MiB are some 7,000 messages; a core handles that many in 50 to 100 ms).

use crate::time::Instant;
use std::time::Duration;

/// Behind for longer than this is pressed.
const BEHIND_MOST: Duration = Duration::from_millis(20);

/// See the module.
#[derive(Debug, Default)]
pub struct Pressure {
    /// Since when no look has found the queues empty.
    behind_since: Option<Instant>,
    pressed: bool,
    times: u64,
}

impl Pressure {
    /// The end of a wake-up at `now`: whether it left nothing waiting (`caught_up`), and whether a queue has run more than
    /// half full, beyond which the next burst would be lost. Returns whether new calls are to be refused.
    pub fn look(&mut self, now: Instant, caught_up: bool, brimming: bool) -> bool {
        let since = match (caught_up, self.behind_since) {
            (true, _) => None,
            (false, None) => Some(now),
            (false, since) => since,
        };
        self.behind_since = since;
        let pressed = brimming || since.is_some_and(|since| now.since(since) >= BEHIND_MOST);
        // Until it has caught up: between the two it would only swing faster.
        let pressed = pressed || (self.pressed && !caught_up);
        self.times += u64::from(pressed && !self.pressed);
        self.pressed = pressed;
        pressed
    }

    /// Whether the last look left something to be looked at again.
    pub fn behind(&self) -> bool {
        self.pressed || self.behind_since.is_some()
    }

    pub fn pressed(&self) -> bool {
        self.pressed
    }

    /// How often it began.
    pub fn times(&self) -> u64 {
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant(ms * 1000)
    }

    #[test]
    fn a_burst_is_not_pressure() {
        let mut pressure = Pressure::default();
        assert!(!pressure.look(at(0), true, false));
        // Ten seconds of sleep, then more than one look's worth.
        assert!(!pressure.look(at(10_000), false, false));
        assert!(!pressure.look(at(10_019), false, false));
        assert!(!pressure.look(at(10_021), true, false));
        assert!(!pressure.look(at(10_030), false, false), "it had caught up in between");
        assert_eq!(pressure.times(), 0);
    }

    #[test]
    fn behind_for_long_is_pressure_until_it_has_caught_up() {
        let mut pressure = Pressure::default();
        assert!(!pressure.look(at(0), false, false));
        assert!(pressure.look(at(20), false, false));
        assert!(pressure.look(at(500), false, false));
        assert!(!pressure.look(at(501), true, false), "at once");
        assert!(!pressure.look(at(502), false, false));
        assert_eq!(pressure.times(), 1);
    }

    #[test]
    fn a_queue_that_is_half_full_is_pressure_at_once() {
        let mut pressure = Pressure::default();
        assert!(pressure.look(at(0), false, true));
        assert!(pressure.look(at(1), false, false), "not yet caught up");
        assert!(!pressure.look(at(2), true, false));
    }
}
