//! Whether a worker keeps up with what arrives: it does as long as it finds its queues empty now and then.
//!
//! That is the delay of a message, measured without a system call or a time stamp: what a worker that has not caught up
//! for 100 ms reads has waited for about as long. That is far more than a burst of a healthy load takes, or than a thread
//! waits for a busy core, and a fifth of what a caller waits before it sends again (T1); a socket's buffer holds it (8 MiB
//! are some 7,000 messages). Where it has just been too much, 20 ms are enough: the swings stay small.

use crate::time::Instant;
use std::time::Duration;

/// Behind for as long as this is pressed.
const BEHIND_MOST: Duration = Duration::from_millis(100);
/// … or as this, where it was pressed within the last second.
const BEHIND_AGAIN: Duration = Duration::from_millis(20);
const RECENTLY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Default)]
pub struct Pressure {
    /// Since when no look has found the queues empty.
    behind_since: Option<Instant>,
    /// When this wake-up began to work.
    began: Option<Instant>,
    pressed: bool,
    /// When it was last pressed.
    pressed_at: Option<Instant>,
    times: u64,
}

impl Pressure {
    /// In the middle of a wake-up: returns whether new calls are to be refused from here on. What is read at the end of a
    /// long one has waited as long as it takes.
    pub fn glance(&mut self, now: Instant) -> bool {
        let began = *self.began.get_or_insert(now);
        let since = self.behind_since.unwrap_or(began);
        self.set(now, self.pressed || self.late(now, Some(since)))
    }

    /// The end of a wake-up at `now`: whether it left nothing waiting (`caught_up`), and whether a queue has run more than
    /// half full, beyond which the next burst would be lost. Returns whether new calls are to be refused.
    pub fn look(&mut self, now: Instant, caught_up: bool, brimming: bool) -> bool {
        let began = self.began.take().unwrap_or(now);
        self.behind_since = match (caught_up, self.behind_since) {
            (true, _) => None,
            (false, since) => Some(since.unwrap_or(began)),
        };
        let late = self.late(now, self.behind_since);
        // Once it is pressed it stays so until it has caught up.
        self.set(now, brimming || late || (self.pressed && !caught_up))
    }

    fn late(&self, now: Instant, since: Option<Instant>) -> bool {
        let recently = self.pressed_at.is_some_and(|at| now.since(at) < RECENTLY);
        let most = if recently { BEHIND_AGAIN } else { BEHIND_MOST };
        since.is_some_and(|since| now.since(since) >= most)
    }

    fn set(&mut self, now: Instant, pressed: bool) -> bool {
        self.times += u64::from(pressed && !self.pressed);
        self.pressed = pressed;
        if pressed {
            self.pressed_at = Some(now);
        }
        pressed
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
        assert!(!pressure.look(at(10_099), false, false));
        assert!(!pressure.look(at(10_101), true, false));
        assert!(!pressure.look(at(10_110), false, false), "it had caught up in between");
        assert_eq!(pressure.times(), 0);
    }

    #[test]
    fn behind_for_long_is_pressure_until_it_has_caught_up() {
        let mut pressure = Pressure::default();
        assert!(!pressure.look(at(0), false, false));
        assert!(pressure.look(at(100), false, false));
        assert!(pressure.look(at(500), false, false));
        assert!(!pressure.look(at(501), true, false), "at once");
        assert!(!pressure.look(at(502), false, false));
        assert_eq!(pressure.times(), 1);
        assert!(pressure.look(at(522), false, false), "sooner the next time");
        assert!(!pressure.look(at(523), true, false));
        assert!(!pressure.look(at(2000), false, false));
        assert!(!pressure.look(at(2099), false, false), "but not for ever");
    }

    #[test]
    fn a_wake_up_may_be_too_long_by_itself() {
        let mut pressure = Pressure::default();
        assert!(!pressure.glance(at(5000)) && !pressure.glance(at(5099)));
        assert!(pressure.glance(at(5100)), "what is read now has waited for 100 ms");
        assert!(!pressure.look(at(5110), true, false));
        assert!(!pressure.glance(at(7000)), "the next begins anew");
        assert!(!pressure.look(at(7030), false, false));
        assert!(pressure.glance(at(7100)), "or goes on, where the last left something");
    }

    #[test]
    fn a_queue_that_is_half_full_is_pressure_at_once() {
        let mut pressure = Pressure::default();
        assert!(pressure.look(at(0), false, true));
        assert!(pressure.look(at(1), false, false), "not yet caught up");
        assert!(!pressure.look(at(2), true, false));
    }
}
