//! The INVITE server transaction: RFC 3261 §17.2.1 as corrected by RFC 6026 §7.1, §8.5.

use super::due::{Due, Interval};
use super::{Again, Fired, Timers};
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proceeding,
    /// A final failure was sent and waits for its ACK (timers G, H).
    Completed,
    /// The ACK came; further ones are absorbed (timer I).
    Confirmed,
    /// A 2xx was sent; further ones pass, INVITEs are absorbed (timer L).
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug)]
pub struct InviteServer {
    state: State,
    reliable: bool,
    interval: Interval,
    /// Proceeding: when the 100 is due. Completed: timer G.
    send_at: Due,
    end_at: Due,
}

impl InviteServer {
    pub fn new(now: Instant, reliable: bool, timers: &Timers) -> InviteServer {
        let (send_at, end_at) = (Due::at(now + timers.trying), Due::NEVER); // checklist X1
        InviteServer { state: State::Proceeding, reliable, interval: Interval::NONE, send_at, end_at }
    }

    /// The user sends a provisional response now: the 100 is not needed any longer.
    pub fn provisional(&mut self) {
        if self.state == State::Proceeding {
            self.send_at = Due::NEVER;
        }
    }

    /// The INVITE came again.
    pub fn again(&self) -> Again {
        match self.state {
            State::Proceeding | State::Completed => Again::Resend, // checklist T11
            _ => Again::Absorb,                                    // checklist T5
        }
    }

    /// The user sends a final response now. False when that is no longer possible: one final, or any number of 2xx.
    pub fn respond(&mut self, now: Instant, code: u16, timers: &Timers) -> bool {
        match (self.state, code) {
            (State::Proceeding, 200..=299) => {
                self.state = State::Accepted; // checklist T5, T6: 2xx are not retransmitted here
                self.send_at = Due::NEVER;
                self.end_at = Due::at(now + timers.long());
                true
            }
            (State::Proceeding, 300..) => {
                self.state = State::Completed; // checklist T3
                self.interval = Interval::of(timers.t1);
                self.send_at = if self.reliable { Due::NEVER } else { self.interval.after(now) };
                self.end_at = Due::at(now + timers.long());
                true
            }
            (State::Accepted, 200..=299) => true,
            _ => false,
        }
    }

    /// An ACK that matches this transaction came; true when it belongs to a failure and ends here.
    pub fn ack(&mut self, now: Instant, timers: &Timers) -> bool {
        match self.state {
            State::Completed => {
                self.state = State::Confirmed;
                self.send_at = Due::NEVER;
                self.end_at = Due::at(now + Timers::unless_reliable(timers.t4, self.reliable));
                true
            }
            State::Confirmed | State::Terminated => true,
            State::Proceeding | State::Accepted => false,
        }
    }

    pub fn fire(&mut self, now: Instant, timers: &Timers) -> Fired {
        if self.end_at.passed(now) {
            let unacknowledged = self.state == State::Completed;
            self.state = State::Terminated;
            (self.send_at, self.end_at) = (Due::NEVER, Due::NEVER);
            return if unacknowledged { Fired::TimedOut } else { Fired::Terminated };
        }
        if self.send_at.passed(now) {
            if self.state == State::Proceeding {
                self.send_at = Due::NEVER;
                return Fired::Retransmit;
            }
            self.interval = self.interval.doubled(timers.t2);
            self.send_at = self.interval.after(now);
            return Fired::Retransmit;
        }
        Fired::Nothing
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.send_at.min(self.end_at).instant()
    }

    /// No final has been sent.
    pub fn proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    pub fn accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// A failure was sent and its ACK has not come.
    pub fn awaits_ack(&self) -> bool {
        self.state == State::Completed
    }

    pub fn terminated(&self) -> bool {
        self.state == State::Terminated
    }
}
