//! The INVITE client transaction: RFC 3261 §17.1.1 as corrected by RFC 6026 §7.2, §8.4.

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
    interval: Duration,
    retransmit_at: Option<Instant>,
    /// Timer B, D or M.
    end_at: Option<Instant>,
}

impl InviteClient {
    /// The request has just been sent.
    pub fn new(now: Instant, timers: &Timers, reliable: bool) -> InviteClient {
        InviteClient {
            state: State::Calling,
            reliable,
            interval: timers.t1,
            retransmit_at: (!reliable).then(|| now + timers.t1), // checklist T1
            end_at: Some(now + timers.long()),
        }
    }

    pub fn receive(&mut self, now: Instant, code: u16, timers: &Timers) -> Received {
        match (self.state, code) {
            (State::Calling | State::Proceeding, 100..=199) => {
                self.enter(State::Proceeding, None);
                Received::Provisional
            }
            (State::Calling | State::Proceeding | State::Accepted, 200..=299) => {
                if self.state != State::Accepted {
                    self.enter(State::Accepted, Some(now + timers.long())); // timer M, checklist T5
                }
                Received::Success
            }
            (State::Calling | State::Proceeding, _) => {
                let d = Timers::unless_reliable(timers.long().max(Duration::from_secs(32)), self.reliable);
                self.enter(State::Completed, Some(now + d));
                Received::Failure
            }
            // A second final of another kind does not undo the first (checklist F25).
            (State::Completed, 300..) => Received::Repeated,
            _ => Received::Ignored,
        }
    }

    pub fn fire(&mut self, now: Instant) -> Fired {
        if self.end_at.is_some_and(|at| at <= now) {
            let calling = self.state == State::Calling;
            self.enter(State::Terminated, None);
            return if calling { Fired::TimedOut } else { Fired::Terminated };
        }
        if self.retransmit_at.is_some_and(|at| at <= now) {
            // From `now`, not from the missed deadline: after a stall one retransmission, not a burst (checklist C3).
            self.interval *= 2;
            self.retransmit_at = Some(now + self.interval);
            return Fired::Retransmit;
        }
        Fired::Nothing
    }

    /// Sends no more, but still waits for what comes: an attempt that was given up.
    pub fn quiet(&mut self) {
        self.retransmit_at = None;
    }

    /// Ends the machine: the transport failed, or its user waits no longer.
    pub fn terminate(&mut self) {
        self.enter(State::Terminated, None);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.retransmit_at.into_iter().chain(self.end_at).min()
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

    fn enter(&mut self, state: State, end_at: Option<Instant>) {
        self.state = state;
        self.retransmit_at = None;
        self.end_at = end_at;
    }
}
