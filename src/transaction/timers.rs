//! The base values of all timers (RFC 3261 §17.1.1.1, table 4).

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Round-trip estimate: 500 ms.
    pub t1: Duration,
    /// Longest pause between retransmissions of non-INVITE requests and INVITE responses: 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network: 5 s.
    pub t4: Duration,
    /// How long an INVITE may wait for a response of the user before its 100 goes out: 150 ms. RFC 3261 §17.2.1 wants it
    /// within 200 ms, and none at all where something else is said before.
    pub trying: Duration,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            trying: Duration::from_millis(150),
        }
    }
}

impl Timers {
    /// 64·T1: timers B, F, H, J, L, M, and D (which must be at least 32 s).
    pub fn long(&self) -> Duration {
        self.t1 * 64
    }

    /// `wait`, or nothing at all on a reliable transport.
    pub(super) fn unless_reliable(wait: Duration, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { wait }
    }
}
