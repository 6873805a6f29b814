//! The non-INVITE client transaction: RFC 3261 §17.1.2.

use super::due::{Due, Interval};
use super::{Fired, Received, Timers};
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug)]
pub struct NonInviteClient {
    state: State,
    reliable: bool,
    interval: Interval,
    retransmit_at: Due,
    /// Timer F, then K.
    end_at: Due,
}

impl NonInviteClient {
    /// The request has just been sent.
    pub fn new(now: Instant, timers: &Timers, reliable: bool) -> NonInviteClient {
        let interval = Interval::of(timers.t1);
        NonInviteClient {
            state: State::Trying,
            reliable,
            interval,
            retransmit_at: if reliable { Due::NEVER } else { interval.after(now) }, // checklist T2
            end_at: Due::at(now + timers.long()),
        }
    }

    pub fn receive(&mut self, now: Instant, code: u16, timers: &Timers) -> Received {
        match (self.state, code) {
            (State::Trying | State::Proceeding, 100..=199) => {
                if self.state == State::Trying && !self.reliable {
                    // After a provisional, timer E stays at T2 (checklist T2).
                    self.interval = Interval::of(timers.t2);
                    self.retransmit_at = self.interval.after(now);
                }
                self.state = State::Proceeding;
                Received::Provisional
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.retransmit_at = Due::NEVER;
                self.end_at = Due::at(now + Timers::unless_reliable(timers.t4, self.reliable));
                if code < 300 { Received::Success } else { Received::Failure }
            }
            (State::Completed, 200..) => Received::Repeated,
            _ => Received::Ignored,
        }
    }

    pub fn fire(&mut self, now: Instant, timers: &Timers) -> Fired {
        if self.end_at.passed(now) {
            let pending = self.pending();
            self.terminate();
            return if pending { Fired::TimedOut } else { Fired::Terminated };
        }
        if self.retransmit_at.passed(now) {
            self.interval = self.interval.doubled(timers.t2);
            self.retransmit_at = self.interval.after(now);
            return Fired::Retransmit;
        }
        Fired::Nothing
    }

    pub fn terminate(&mut self) {
        self.state = State::Terminated;
        (self.retransmit_at, self.end_at) = (Due::NEVER, Due::NEVER);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.retransmit_at.min(self.end_at).instant()
    }

    /// A final may still come.
    pub fn pending(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
    }

    /// No response at all has come.
    pub fn trying(&self) -> bool {
        self.state == State::Trying
    }

    pub fn terminated(&self) -> bool {
        self.state == State::Terminated
    }
}
