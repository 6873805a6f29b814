//! The non-INVITE server transaction: RFC 3261 §17.2.2, with the 100 of RFC 4320 §4.1.

use super::due::Due;
use super::{Again, Fired, Timers};
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug)]
pub struct NonInviteServer {
    state: State,
    reliable: bool,
    /// Trying: when a 100 becomes obligatory (checklist T13). Completed: timer J.
    next_at: Due,
}

impl NonInviteServer {
    pub fn new(now: Instant, timers: &Timers, reliable: bool) -> NonInviteServer {
        // The sender's timer E has grown to T2 after T1·(1 + 2 + 4) = 3.5 s: then, and not before, it is told to
        // retransmit no faster (RFC 4320 §4.1).
        let next_at = if reliable { Due::NEVER } else { Due::at(now + timers.t1 * 7) };
        NonInviteServer { state: State::Trying, reliable, next_at }
    }

    /// The request came again.
    pub fn again(&self) -> Again {
        match self.state {
            State::Proceeding | State::Completed => Again::Resend,
            State::Trying | State::Terminated => Again::Absorb,
        }
    }

    /// The user sends a final response now; false when one was sent before.
    pub fn respond(&mut self, now: Instant, timers: &Timers) -> bool {
        if !matches!(self.state, State::Trying | State::Proceeding) {
            return false;
        }
        self.state = State::Completed; // checklist T4
        self.next_at = Due::at(now + Timers::unless_reliable(timers.long(), self.reliable));
        true
    }

    /// [`Fired::Retransmit`] here asks for the 100 Trying, once.
    pub fn fire(&mut self, now: Instant) -> Fired {
        if !self.next_at.passed(now) {
            return Fired::Nothing;
        }
        self.next_at = Due::NEVER;
        if self.state == State::Trying {
            self.state = State::Proceeding;
            return Fired::Retransmit;
        }
        self.state = State::Terminated;
        Fired::Terminated
    }

    /// Ends without a final: timer F fired downstream, and no 408 may be sent (checklist T13).
    pub fn terminate(&mut self) {
        self.state = State::Terminated;
        self.next_at = Due::NEVER;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.next_at.instant()
    }

    /// No final has been sent.
    pub fn open(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
    }

    pub fn terminated(&self) -> bool {
        self.state == State::Terminated
    }
}
