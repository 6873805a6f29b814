//! The INVITE client transaction: RFC 3261 §17.1.1 as corrected by RFC 6026 §7.2, §8.4.

use super::due::{Due, Interval};
use super::{Fired, Received, Timers};
use crate::time::Instant;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    /// A final failure was acknowledged; its repetitions are acknowledged again (timer D).
    Completed,
    /// A 2xx came; all further ones are passed up (timer M).
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug)]
pub struct InviteClient {
    state: State,
    reliable: bool,
    /// Timer A's present interval.
    interval: Interval,
    retransmit_at: Due,
    /// Timer B, D or M.
    end_at: Due,
}

impl InviteClient {
    /// The request has just been sent.
    pub fn new(now: Instant, timers: &Timers, reliable: bool) -> InviteClient {
        let interval = Interval::of(timers.t1);
        InviteClient {
            state: State::Calling,
            reliable,
            interval,
            retransmit_at: if reliable { Due::NEVER } else { interval.after(now) }, // checklist T1
            end_at: Due::at(now + timers.long()),
        }
    }

    pub fn receive(&mut self, now: Instant, code: u16, timers: &Timers) -> Received {
        match (self.state, code) {
            (State::Calling | State::Proceeding, 100..=199) => {
                self.enter(State::Proceeding, Due::NEVER);
                Received::Provisional
            }
            (State::Calling | State::Proceeding | State::Accepted, 200..=299) => {
                if self.state != State::Accepted {
                    self.enter(State::Accepted, Due::at(now + timers.long())); // timer M, checklist T5
                }
                Received::Success
            }
            (State::Calling | State::Proceeding, _) => {
                let d = Timers::unless_reliable(timers.long().max(Duration::from_secs(32)), self.reliable);
                self.enter(State::Completed, Due::at(now + d));
                Received::Failure
            }
            // A second final of another kind does not undo the first (checklist F25).
            (State::Completed, 300..) => Received::Repeated,
            _ => Received::Ignored,
        }
    }

    pub fn fire(&mut self, now: Instant) -> Fired {
        if self.end_at.passed(now) {
            let calling = self.state == State::Calling;
            self.enter(State::Terminated, Due::NEVER);
            return if calling { Fired::TimedOut } else { Fired::Terminated };
        }
        if self.retransmit_at.passed(now) {
            // From `now`, not from the missed deadline: after a stall one retransmission, not a burst (checklist C3).
            self.interval = self.interval.doubled(Duration::MAX);
            self.retransmit_at = self.interval.after(now);
            return Fired::Retransmit;
        }
        Fired::Nothing
    }

    /// Sends no more, but still waits for what comes: an attempt that was given up.
    pub fn quiet(&mut self) {
        self.retransmit_at = Due::NEVER;
    }

    /// Ends the machine: the transport failed, or its user waits no longer.
    pub fn terminate(&mut self) {
        self.enter(State::Terminated, Due::NEVER);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.retransmit_at.min(self.end_at).instant()
    }

    /// No response at all has come.
    pub fn calling(&self) -> bool {
        self.state == State::Calling
    }

    /// A final may still come.
    pub fn pending(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    pub fn terminated(&self) -> bool {
        self.state == State::Terminated
    }

    fn enter(&mut self, state: State, end_at: Due) {
        self.state = state;
        self.retransmit_at = Due::NEVER;
        self.end_at = end_at;
    }
}
